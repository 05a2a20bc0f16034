//! Merging: the logs of the machines that shared a load become one, without loss. Histograms are
//! added; no percentile is ever averaged. Pure but for the log that it writes, line by line.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::DateTime;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::load::interval_log::{self, Logged, Reader};
use crate::load::profile::Model;
use crate::load::reckoning::{self, Part};
use crate::load::record::{Closing, Opening};
use crate::load::recorder::{self, Interval};
use crate::load::run::Measured;
use crate::load::summary;

/// A log and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

/// A log that is being read.
struct Open<'a> {
    name: &'a str,
    opening: Opening,
    reader: Reader<'a>,
    /// The interval that comes next.
    next: Option<Logged>,
    /// All of its intervals so far.
    own: Interval,
}

/// Merges logs; `log` takes the lines of the merged one.
///
/// # Errors
/// Says which log cannot be read or does not belong to the others.
pub fn merge(sources: &[Source<'_>], log: &mut dyn FnMut(&str)) -> Result<Measured, String> {
    let mut logs = Vec::new();
    for source in sources {
        let parts = interval_log::split(source.text);
        if parts.is_empty() {
            return Err(format!("{} is no interval log", source.name));
        }
        for text in parts {
            logs.push(open(source.name, text)?);
        }
    }
    logs.sort_by_key(|log| log.opening.worker);
    let absent = belong_together(&logs)?;
    let first = &logs[0].opening;
    let started = DateTime::parse_from_rfc3339(&first.started).map(SystemTime::from);
    let about = json!({ "merged": logs.iter().map(|log| &log.opening).collect::<Vec<_>>() });
    log(&interval_log::header(started.unwrap_or(SystemTime::UNIX_EPOCH), &about));
    let names: Vec<String> = first.operations.iter().map(|(name, _)| name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scheduled = first.model == Model::Open;
    let (mut total, mut seconds) = (Interval::default(), Vec::new());
    while let Some(logged) = next_second(&mut logs)? {
        log(&interval_log::lines(&logged)?);
        recorder::add(&mut total, &logged.interval);
        let at = (logged.begun + logged.length).as_secs_f64();
        seconds.push(summary::second(at, &logged.interval, &names, scheduled));
    }
    let parts: Vec<Part> = logs.into_iter().map(close).collect();
    let summary = reckoning::summarise(&parts, &absent, &total, seconds);
    Ok(Measured { summary, total, parts })
}

/// Begins to read a log: what it says of itself stands before its first interval.
fn open<'a>(name: &'a str, text: &'a str) -> Result<Open<'a>, String> {
    let opening = text.lines().find_map(|line| line.strip_prefix("#[authgauge "));
    let opening = opening.and_then(|note| serde_json::from_str(note.strip_suffix(']')?).ok());
    let opening: Value = opening.unwrap_or_default();
    if opening.get("merged").is_some() {
        return Err(format!("{name} is merged already; give the logs that it was made of"));
    }
    let opening = member(&opening, "opening").ok_or_else(|| {
        format!("{name} does not say what load it is of; is it a log of `authgauge load`?")
    })?;
    let reader = interval_log::reader(text);
    let mut log = Open { name, opening, reader, next: None, own: Interval::default() };
    advance(&mut log)?;
    Ok(log)
}

fn member<T: DeserializeOwned>(note: &Value, name: &str) -> Option<T> {
    serde_json::from_value(note.get(name)?.clone()).ok()
}

/// Whether the logs are parts of one load. Says which of its machines left none.
fn belong_together(logs: &[Open<'_>]) -> Result<Vec<usize>, String> {
    let Some(first) = logs.first() else {
        return Err("there is no interval log to merge".into());
    };
    let mut by_worker: BTreeMap<usize, &str> = BTreeMap::new();
    for log in logs {
        let differs = |what: &str, theirs: &str, ours: &str| {
            let (name, other) = (log.name, first.name);
            Err(format!(
                "{name} is not of the same load as {other}: its {what} is {theirs}, there {ours}"
            ))
        };
        let (ours, theirs) = (&first.opening, &log.opening);
        let rows = [
            ("version of authgauge", &theirs.authgauge, &ours.authgauge),
            ("profile", &theirs.profile, &ours.profile),
            ("profile, by its digest", &theirs.fingerprint, &ours.fingerprint),
            ("issuer", &theirs.issuer, &ours.issuer),
            ("number of workers", &theirs.workers.to_string(), &ours.workers.to_string()),
        ];
        if let Some((what, theirs, ours)) = rows.into_iter().find(|(_, a, b)| a != b) {
            return differs(what, theirs, ours);
        }
        if let Some(other) = by_worker.insert(theirs.worker, log.name) {
            let (worker, of) = (theirs.worker, theirs.workers);
            return Err(format!("{other} and {} are both of worker {worker} of {of}", log.name));
        }
    }
    Ok((0..first.opening.workers).filter(|worker| !by_worker.contains_key(worker)).collect())
}

/// The next second of all machines, added up; it begins when the first of them begins it.
fn next_second(logs: &mut [Open<'_>]) -> Result<Option<Logged>, String> {
    let begun = |log: &Open<'_>| log.next.as_ref().map(|next| next.begun.as_secs());
    let Some(second) = logs.iter().filter_map(begun).min() else { return Ok(None) };
    let mut sum: Option<Logged> = None;
    for log in logs {
        while begun(log) == Some(second)
            && let Some(next) = log.next.take()
        {
            advance(log)?;
            recorder::add(&mut log.own, &next.interval);
            match &mut sum {
                None => sum = Some(next),
                Some(sum) => add(sum, &next),
            }
        }
    }
    Ok(sum)
}

/// Reads the next interval of a log.
fn advance(log: &mut Open<'_>) -> Result<(), String> {
    log.next = log.reader.next().transpose().map_err(|why| format!("{}: {why}", log.name))?;
    Ok(())
}

fn add(sum: &mut Logged, next: &Logged) {
    let end = (sum.begun + sum.length).max(next.begun + next.length);
    sum.begun = sum.begun.min(next.begun);
    sum.length = end.saturating_sub(sum.begun);
    recorder::add(&mut sum.interval, &next.interval);
}

/// What a log says of itself at its end.
fn close(log: Open<'_>) -> Part {
    let closing: Option<Closing> =
        log.reader.notes.iter().rev().find_map(|note| member(note, "closing"));
    reckoning::part(log.opening, closing, &log.own)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::outcome::Outcome;
    use crate::load::profile::Validity;
    use crate::load::recorder::{Recorder, Sample};
    use crate::load::sender::Kind;
    use crate::load::threshold::{Limit, What};

    const SECONDS: u64 = 3;

    fn opening(worker: usize, workers: usize) -> Opening {
        Opening {
            authgauge: "1.2.3".into(),
            profile: "p.yaml".into(),
            title: "t".into(),
            fingerprint: "f".into(),
            provider: "p".into(),
            issuer: "http://127.0.0.1".into(),
            transport: Kind::Standard,
            model: Model::Open,
            worker,
            workers,
            started: format!("2030-01-01T00:00:00.0{worker:02}Z"),
            expected: 1200.0,
            random: false,
            duration_s: 3.0,
            users: 8,
            judge_every: 1,
            operations: vec![("token".into(), 1.0)],
            steps: vec!["token".into()],
            validity: Validity::default(),
            thresholds: vec![Limit { step: "token".into(), what: What::Achieved, limit: 0.9 }],
        }
    }

    fn closing() -> Closing {
        Closing {
            elapsed_s: 3.0,
            paced_s: 3.0,
            done_s: 3.0,
            stopped: None,
            failed: false,
            preparing_requests: 1,
            requests: 10,
            key_fetches: 0,
            key_rotations: 0,
            judged: 5,
            processors: 2,
            spent_s: Some(0.5),
            spent_by_stub_s: None,
            saturated_share: 0.0,
            counted_by_pool: Some(10),
        }
    }

    /// The log of one of several machines that share out the same 1200 measurements.
    fn log(worker: usize, workers: usize) -> String {
        let about = json!({ "opening": opening(worker, workers) });
        let mut text = interval_log::header(SystemTime::UNIX_EPOCH, &about);
        for second in 0..SECONDS {
            let recorder = Recorder::new(vec!["token".into()]);
            for k in (0..400_u64).filter(|k| k % workers as u64 == worker as u64) {
                let response = Some(Duration::from_micros(300 + (k + second) * (k + 7) % 90_001));
                let outcome = if k % 50 == 0 { Outcome::Throttled } else { Outcome::Ok };
                let reason = (k % 50 == 0).then(|| "status 429".to_owned());
                let retry_after = reason.as_ref().map(|_| k);
                let sample = Sample {
                    response,
                    service: response,
                    reason,
                    retry_after,
                    ..Sample::default()
                };
                recorder.record(0, outcome, sample);
                recorder.lag(Duration::from_micros(40 + k % 13));
            }
            let (begun, length) = (Duration::from_secs(second), Duration::from_secs(1));
            let logged = Logged { begun, length, interval: recorder.collect() };
            text.push_str(&interval_log::lines(&logged).expect("encodes"));
        }
        text + &interval_log::note(&json!({ "closing": closing() }))
    }

    fn merged(logs: &[String]) -> Result<(Measured, String), String> {
        let sources: Vec<Source<'_>> =
            logs.iter().map(|text| Source { name: "w.hlog", text }).collect();
        let mut lines = String::new();
        let measured = merge(&sources, &mut |text| lines.push_str(text))?;
        Ok((measured, lines))
    }

    fn histograms(log: &str) -> Vec<&str> {
        log.lines().filter(|line| line.starts_with("Tag=")).collect()
    }

    #[test]
    fn the_parts_add_up_to_the_whole_bit_for_bit() {
        let whole = log(0, 1);
        for workers in [2, 4, 5] {
            let logs: Vec<String> = (0..workers).map(|worker| log(worker, workers)).collect();
            let (measured, lines) = merged(&logs).expect("parts of one load");
            assert_eq!(histograms(&lines), histograms(&whole), "{workers} parts");
            let (alone, _) = merged(std::slice::from_ref(&whole)).expect("one part is a whole");
            assert_eq!(measured.total, alone.total);
            let (sum, one) = (measured.summary, alone.summary);
            assert_eq!(json!([sum.steps, sum.seconds]), json!([one.steps, one.seconds]));
            assert_eq!(sum.thresholds, one.thresholds);
            assert_eq!((sum.load.due, sum.load.done), (1200, 1200));
            assert_eq!(sum.load.requests, 10 * workers as u64);
            assert_eq!(sum.machines.len(), workers);
            assert_eq!((sum.valid, sum.exit_code), (true, 0), "{:?}", sum.invalid_because);
        }
        // The outputs of all machines in one stream are as good as files.
        let stream: String = (0..3).map(|worker| log(worker, 3)).collect();
        assert_eq!(histograms(&merged(&[stream]).expect("a stream").1), histograms(&whole));
    }

    #[test]
    fn the_load_lasts_as_long_as_its_slowest_machine() {
        for slow in [0, 1] {
            let mut logs = [log(0, 2), log(1, 2)];
            logs[slow] = logs[slow].replace("\"done_s\":3.0", "\"done_s\":6.0");
            let (measured, _) = merged(&logs).expect("parts of one load");
            let rate = measured.summary.load.achieved_per_s;
            // 392 of the 400 of each second are right, and six seconds have to do for those of three.
            assert!((rate - 196.0).abs() < 1e-9, "{rate}");
        }
    }

    #[test]
    fn a_machine_that_is_missing_or_was_cut_off_is_said_to_be() {
        let (measured, _) = merged(&[log(0, 3), log(2, 3)]).expect("parts of one load");
        let summary = measured.summary;
        assert_eq!((summary.valid, summary.exit_code), (false, 5));
        assert!(summary.invalid_because[0].contains("worker 1 of 3 left no log"));
        let cut = log(1, 2).lines().take(9).collect::<Vec<_>>().join("\n");
        let (measured, _) = merged(&[log(0, 2), cut]).expect("parts of one load");
        let reasons = measured.summary.invalid_because.join("\n");
        assert!(reasons.contains("worker 1 of 2: its log has no end"), "{reasons}");
        assert!(measured.summary.load.done > 600, "what there is of it counts");
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let changed = |from: &str, to: &str| log(1, 2).replacen(from, to, 1);
        let rows = [
            (vec![], "no interval log to merge"),
            (vec!["nothing".into()], "is no interval log"),
            (vec![log(0, 2), changed("1.2.3", "1.2.4")], "version of authgauge"),
            (vec![log(0, 2), changed("p.yaml", "q.yaml")], "profile"),
            (vec![log(0, 2), changed("\"f\"", "\"g\"")], "digest"),
            (vec![log(0, 2), log(1, 3)], "number of workers"),
            (vec![log(1, 2), log(1, 2)], "both of worker 1 of 2"),
            (vec![changed("opening", "closing")], "does not say what load"),
            (vec![log(0, 2), changed("HISTFA", "HISTGG")], "line 7"),
        ];
        for (logs, why) in rows {
            let refusal = merged(&logs).map(|_| ()).expect_err(why);
            assert!(refusal.contains(why), "{refusal}");
        }
        let (_, lines) = merged(&[log(0, 2), log(1, 2)]).expect("parts of one load");
        assert!(merged(&[lines]).is_err_and(|why| why.contains("merged already")));
    }
}
