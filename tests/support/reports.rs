//! Reports that tests write out: every kind of finding, hostile text, nothing, very many.

use authgauge::finding::{Evidence, Finding, Known, KnownState, Verdict};
use authgauge::provider_file::Basis;
use authgauge::report::{ProviderIdentity, Report, SCHEMA, Totals, exit_code};
use authgauge::spec::{Level, Severity, SpecReference};

/// What a provider may send to whoever reads a report.
pub const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7} ]]> <script>alert(1)</script> & \"quoted\" 'too' \
    \0\u{1}\u{8}\u{7f}\u{85}\u{9b}31m \u{202e}desrever \u{2028} \u{feff}\u{fffe}\u{ffff} \u{1f600}\r\nnext: line\ttab";

/// A finding of each kind, so that each label and each way to be counted appears.
pub fn every_kind() -> Report {
    let known = |state| {
        Some(Known {
            state,
            reason: "fixed in version 2".into(),
            source: "https://example.test/issues/1".into(),
            until: "2026-12-31".into(),
        })
    };
    let failed = |finding: Finding| Finding {
        expected: Some("the request is refused and nothing is granted".into()),
        actual: Some("200 {access_token}".into()),
        exchanges: exchanges(3),
        ..finding
    };
    let findings = vec![
        finding("4.6/matching-verifier", Verdict::Pass),
        failed(finding("4.6/wrong-verifier", Verdict::Fail)),
        failed(Finding {
            level: Level::Should,
            severity: Severity::Warning,
            catalogue: None,
            ..finding("4.10/warned", Verdict::Fail)
        }),
        failed(Finding { known: known(KnownState::Observed), ..finding("5/known", Verdict::Fail) }),
        Finding { known: known(KnownState::Stale), ..finding("5/stale", Verdict::Pass) },
        failed(Finding {
            known: known(KnownState::Expired),
            ..finding("5/expired", Verdict::Fail)
        }),
        Finding {
            why: Some("throttled: the provider answered 429".into()),
            exchanges: exchanges(1),
            ..finding("5/untold", Verdict::Inconclusive)
        },
        Finding {
            why: Some("needs pkce: the metadata's list has no S256".into()),
            ..finding("5/not-offered", Verdict::NotApplicable)
        },
        Finding {
            why: Some("already refused at the step `asked`".into()),
            ..finding("5/refused-before", Verdict::Pass)
        },
        Finding {
            level: Level::Info,
            severity: Severity::Info,
            value: Some("3600".into()),
            ..finding("5/recorded", Verdict::Pass)
        },
    ];
    report("every kind", findings, Some("the run was interrupted"))
}

pub fn hostile() -> Report {
    let long = "x".repeat(5000);
    let exchange = Evidence {
        request: format!("GET https://op.test/{HOSTILE}\nx: {long}"),
        response: format!("200\nserver: {HOSTILE}\n\n{HOSTILE}{long}\n{}", "line\n".repeat(100)),
        started: Some("2026-01-02T03:04:05.700Z".into()),
        elapsed_ms: 7,
    };
    let findings = vec![
        Finding {
            expected: Some(format!("`error` is {HOSTILE}")),
            actual: Some(format!("{HOSTILE}{long}")),
            exchanges: vec![exchange.clone()],
            ..finding("4.6/wrong-verifier", Verdict::Fail)
        },
        Finding {
            why: Some(format!("login refused: it says \"{HOSTILE}{long}\"")),
            exchanges: vec![exchange],
            ..finding("4.6/untold", Verdict::Inconclusive)
        },
        Finding {
            why: Some(format!("needs pkce: {HOSTILE}{long}")),
            ..finding("4.6/not-offered", Verdict::NotApplicable)
        },
        Finding {
            value: Some(format!("{HOSTILE}{long}")),
            ..finding("4.6/recorded", Verdict::Pass)
        },
        hostile_throughout(),
    ];
    let report = report("hostile", findings, None);
    let issuer = format!("https://op.test/{HOSTILE}");
    Report {
        provider: ProviderIdentity { name: HOSTILE.into(), issuer, ..report.provider },
        ..report
    }
}

/// A finding of a scenario folder and a provider file that mean harm themselves.
fn hostile_throughout() -> Finding {
    let bad = || HOSTILE.to_owned();
    let known = Known {
        state: KnownState::Observed,
        reason: bad(),
        source: "javascript:alert(1)".into(),
        until: "2026-12-31".into(),
    };
    Finding {
        catalogue: Some(bad()),
        title: bad(),
        known: Some(known),
        text: format!(
            "{HOSTILE} @everyone **a** `code` ``` [a](javascript:b) ![c](https://op.test/d) | e"
        ),
        spec: SpecReference {
            document: bad(),
            section: "4.6".into(),
            url: "javascript:alert(1)".into(),
        },
        file: bad(),
        ..finding("4.6/hostile", Verdict::Fail)
    }
}

pub fn empty() -> Report {
    report("empty", Vec::new(), Some("the run was interrupted"))
}

pub fn report(name: &str, findings: Vec<Finding>, interrupted: Option<&str>) -> Report {
    Report {
        schema: SCHEMA.into(),
        authgauge: "0.0.0".into(),
        run: "run-1234".into(),
        profile: "bcp".into(),
        provider: ProviderIdentity {
            name: name.into(),
            issuer: "https://op.test".into(),
            evidence: Basis::Measured,
        },
        started: "2026-01-02T03:04:05.678Z".into(),
        elapsed_ms: 1234,
        strict: false,
        throttled: 0,
        interrupted: interrupted.map(str::to_owned),
        totals: Totals::count(&findings),
        exit_code: exit_code(&findings, false, interrupted.is_some()),
        findings,
    }
}

pub fn finding(id: &str, verdict: Verdict) -> Finding {
    let (section, slug) = id.split_once('/').expect("a section and a slug");
    Finding {
        requirement: format!("rfc7636/{id}"),
        catalogue: Some("PKCE-02".into()),
        case: format!("rfc7636/{section}/case/{slug}"),
        title: "The token endpoint refuses a code_verifier that does not match".into(),
        level: Level::Must,
        verdict,
        severity: Severity::Failure,
        known: None,
        expected: None,
        value: None,
        actual: None,
        why: None,
        observed: None,
        text: "A code_verifier that does not match the code_challenge is refused.".into(),
        spec: SpecReference {
            document: "RFC 7636".into(),
            section: section.into(),
            url: format!("https://www.rfc-editor.org/rfc/rfc7636#section-{section}"),
        },
        about_refusal: false,
        file: "scenarios/specs/rfc7636/4.6-verify-code-verifier.yaml".into(),
        line: 15,
        exchanges: Vec::new(),
    }
}

pub fn exchanges(count: u64) -> Vec<Evidence> {
    let exchange = |index| Evidence {
        request: format!(
            "POST https://op.test/token\naccept: application/json\n\ngrant_type=x{index}"
        ),
        response: "200\ncontent-type: application/json\n\n{\"access_token\":\"abcdef…(40)\"}"
            .into(),
        started: Some(format!("2026-01-02T03:04:05.70{index}Z")),
        elapsed_ms: index,
    };
    (1..=count).map(exchange).collect()
}

/// A run with so many findings: every third is broken, with a transcript of some size.
pub fn many(count: usize) -> Report {
    let findings = (0..count).map(|index| {
        let id = format!("{}.{}/rule-{index}", index % 9, index % 5);
        match index % 3 {
            0 => Finding {
                expected: Some("the request is refused and nothing is granted".into()),
                actual: Some("200 {access_token, token_type, expires_in, scope}".into()),
                exchanges: exchanges(6),
                ..finding(&id, Verdict::Fail)
            },
            1 => Finding {
                why: Some("throttled: the provider answered 429".into()),
                exchanges: exchanges(2),
                ..finding(&id, Verdict::Inconclusive)
            },
            _ => finding(&id, Verdict::Pass),
        }
    });
    report("many", findings.collect(), None)
}
