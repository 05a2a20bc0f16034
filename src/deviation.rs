//! Known deviations: what a provider file accepts for now, held against what was found.

use chrono::NaiveDate;

use crate::finding::{Finding, Known, KnownState, Verdict};
use crate::provider_file::KnownDeviation;

pub mod update;

/// Marks the findings that fall under known deviations.
///
/// Observed within its time: known, and green. Not observed any more: stale, and the run fails
/// until the entry is gone, unless it is one that comes and goes. Past its last day: expired, and
/// the run fails.
pub fn apply(known: &[KnownDeviation], findings: &mut [Finding], today: NaiveDate) {
    for entry in known {
        let mut own: Vec<&mut Finding> =
            findings.iter_mut().filter(|finding| covers(entry, finding)).collect();
        let observed = own.iter().any(|finding| finding.verdict == Verdict::Fail);
        for finding in &mut own {
            finding.known = state(entry, finding.verdict, observed, today).map(|state| Known {
                state,
                reason: entry.reason.clone(),
                source: entry.source.clone(),
                until: entry.until.to_string(),
            });
        }
    }
}

fn covers(entry: &KnownDeviation, finding: &Finding) -> bool {
    finding.requirement == entry.requirement.value
        && entry.case.as_ref().is_none_or(|case| case.value == finding.case)
}

/// An entry that covers several cases is stale only when none of them deviates.
fn state(
    entry: &KnownDeviation,
    verdict: Verdict,
    observed: bool,
    today: NaiveDate,
) -> Option<KnownState> {
    match verdict {
        Verdict::Fail if today > entry.until => Some(KnownState::Expired),
        Verdict::Fail => Some(KnownState::Observed),
        Verdict::Pass if !observed && !entry.intermittent => Some(KnownState::Stale),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Level, Severity, SpecReference};
    use crate::yaml::Located;

    fn finding(case: &str, verdict: Verdict) -> Finding {
        let spec =
            SpecReference { document: String::new(), section: String::new(), url: String::new() };
        Finding {
            requirement: "r/1/x".into(),
            catalogue: None,
            case: case.into(),
            title: String::new(),
            level: Level::Must,
            verdict,
            severity: Severity::Failure,
            known: None,
            value: None,
            expected: None,
            actual: None,
            why: None,
            observed: None,
            text: String::new(),
            spec,
            about_refusal: false,
            file: String::new(),
            line: 0,
            exchanges: Vec::new(),
        }
    }

    fn entry(case: Option<&str>) -> KnownDeviation {
        let located = |text: &str| Located {
            value: text.to_owned(),
            place: crate::diagnostic::Place::default(),
        };
        KnownDeviation {
            requirement: located("r/1/x"),
            case: case.map(located),
            reason: "because".into(),
            source: "https://example.test".into(),
            intermittent: false,
            until: NaiveDate::from_ymd_opt(2030, 6, 30).expect("a date"),
        }
    }

    #[test]
    fn an_entry_is_observed_stale_or_expired() {
        let rows = [
            (None, Verdict::Fail, "2030-06-30", Some(KnownState::Observed)),
            (None, Verdict::Fail, "2030-07-01", Some(KnownState::Expired)),
            (None, Verdict::Pass, "2030-06-30", Some(KnownState::Stale)),
            (None, Verdict::Inconclusive, "2030-06-30", None),
            (Some("other"), Verdict::Fail, "2030-06-30", None),
        ];
        for (case, verdict, today, state) in rows {
            let mut findings = [finding("c", verdict)];
            apply(&[entry(case)], &mut findings, today.parse().expect("a date"));
            assert_eq!(findings[0].known.as_ref().map(|known| known.state), state, "{verdict:?}");
        }
    }

    #[test]
    fn what_comes_and_goes_is_never_stale() {
        let entry = KnownDeviation { intermittent: true, ..entry(None) };
        for (verdict, state) in [(Verdict::Pass, None), (Verdict::Fail, Some(KnownState::Observed))]
        {
            let mut findings = [finding("c", verdict)];
            apply(
                std::slice::from_ref(&entry),
                &mut findings,
                "2030-01-01".parse().expect("a date"),
            );
            assert_eq!(findings[0].known.as_ref().map(|known| known.state), state, "{verdict:?}");
        }
    }

    #[test]
    fn one_deviating_case_keeps_the_entry_alive() {
        let mut findings = [finding("a", Verdict::Fail), finding("b", Verdict::Pass)];
        apply(&[entry(None)], &mut findings, "2030-01-01".parse().expect("a date"));
        assert!(findings[0].known.is_some() && findings[1].known.is_none());
    }
}
