//! The interval log: what a load run leaves behind and what machines exchange.
//!
//! It is the HdrHistogram log format, version 1.3, in microseconds, with one tagged line for each
//! series and interval, so that public HdrHistogram tools read it. `#[authgauge …]` comments carry
//! what is no histogram, in JSON.

use std::iter::{Enumerate, Peekable};
use std::str::Lines;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::load::histogram::Histogram;
use crate::load::outcome::{Clock, Outcome};
use crate::load::recorder::{GENERATOR, Interval, Series};

/// What every log begins with.
const FIRST_LINE: &str = "#[Histogram log format version 1.3]";

/// An interval as logged: when it began, counted from the start of the run, and how long it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// When it began.
    pub begun: Duration,
    /// How long it was.
    pub length: Duration,
    /// What happened in it.
    pub interval: Interval,
}

/// A log as read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The intervals in their order.
    pub intervals: Vec<Logged>,
    /// What the comments say, in their order.
    pub notes: Vec<Value>,
}

/// The first lines of a log.
pub fn header(started: SystemTime, about: &Value) -> String {
    let start = started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    format!(
        "{FIRST_LINE}\n\
         #[values are microseconds; Interval_Max is in milliseconds]\n\
         {}\
         #[BaseTime: {start:.3} (seconds since epoch)]\n\
         #[StartTime: {start:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        note(about)
    )
}

/// A comment that [`read`] gives back and other tools skip.
pub fn note(value: &Value) -> String {
    format!("#[authgauge {value}]\n")
}

/// The lines of an interval.
///
/// # Errors
/// When a histogram cannot be encoded.
pub fn lines(logged: &Logged) -> Result<String, String> {
    let Logged { begun, length, interval } = logged;
    let line = |tag: &str, histogram: &Histogram| {
        let (begun, length, max) = (begun.as_secs_f64(), length.as_secs_f64(), histogram.max_ms());
        let payload = histogram.encode()?;
        Ok(format!("Tag={tag},{begun:.3},{length:.3},{max:.3},{payload}\n"))
    };
    let series = interval.series.iter().map(|(series, h)| line(&tag(series), h));
    let lag = (interval.lag.count() > 0).then(|| line(&format!("{GENERATOR}.lag"), &interval.lag));
    let mut text: String = series.chain(lag).collect::<Result<_, String>>()?;
    for ((step, outcome, reason), count) in &interval.reasons {
        let reason = json!({
            "step": step, "outcome": outcome, "reason": reason, "count": count,
        });
        text.push_str(&note(&reason));
    }
    for (step, seconds) in &interval.retry_after {
        text.push_str(&note(&json!({ "step": step, "retry_after_s": seconds })));
    }
    Ok(text)
}

fn tag(series: &Series) -> String {
    format!("{}.{}.{}", series.step, series.outcome.name(), series.clock.name())
}

/// Reads a log.
///
/// # Errors
/// Names the line and what is malformed in it.
pub fn read(text: &str) -> Result<Log, String> {
    let mut reader = reader(text);
    let intervals = reader.by_ref().collect::<Result<_, _>>()?;
    Ok(Log { intervals, notes: reader.notes })
}

/// The logs in a text that has several one after the other, as collected outputs have. What stands
/// before the first is not theirs.
pub fn split(text: &str) -> Vec<&str> {
    let starts: Vec<usize> = text.match_indices(FIRST_LINE).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

/// Reads a log interval by interval.
#[derive(Debug)]
pub struct Reader<'a> {
    lines: Peekable<Enumerate<Lines<'a>>>,
    /// What the comments said so far, in their order.
    pub notes: Vec<Value>,
}

/// The reader of a log. Lines that are neither intervals nor our comments are skipped.
pub fn reader(text: &str) -> Reader<'_> {
    Reader { lines: text.lines().enumerate().peekable(), notes: Vec::new() }
}

impl Iterator for Reader<'_> {
    type Item = Result<Logged, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut current: Option<Logged> = None;
        while let Some((index, line)) = self.lines.peek().copied() {
            let malformed = |why: String| format!("line {}: {why}", index + 1);
            if let Some(note) = line.strip_prefix("#[authgauge ").and_then(|l| l.strip_suffix(']'))
            {
                match serde_json::from_str(note) {
                    Ok(note) => self.notes.extend(unless_about(current.as_mut(), note)),
                    Err(why) => return Some(self.give_up(malformed(why.to_string()))),
                }
            } else if line.starts_with("Tag=") {
                let entry = match entry(line) {
                    Ok(entry) => entry,
                    Err(why) => return Some(self.give_up(malformed(why))),
                };
                let open = current.get_or_insert_with(|| Logged {
                    begun: entry.begun,
                    length: entry.length,
                    interval: Interval::default(),
                });
                if open.begun != entry.begun {
                    break;
                }
                add(&mut open.interval, entry);
            }
            self.lines.next();
        }
        current.map(Ok)
    }
}

impl Reader<'_> {
    /// Ends the reading: after damage nothing is certain.
    fn give_up(&mut self, why: String) -> Result<Logged, String> {
        self.lines = "".lines().enumerate().peekable();
        Err(why)
    }
}

/// Adds a note to the interval that it is about; gives back one that is about none.
fn unless_about(current: Option<&mut Logged>, note: Value) -> Option<Value> {
    let text = |name: &str| note.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| note.get(name).and_then(Value::as_u64);
    let (Some(step), Some(open)) = (text("step"), current) else { return Some(note) };
    let outcome = text("outcome").and_then(|name| named(&name));
    if let (Some(outcome), Some(reason), Some(count)) = (outcome, text("reason"), number("count")) {
        *open.interval.reasons.entry((step, outcome, reason)).or_default() += count;
    } else if let Some(seconds) = number("retry_after_s") {
        let longest = open.interval.retry_after.entry(step).or_default();
        *longest = seconds.max(*longest);
    } else {
        return Some(note);
    }
    None
}

/// A line with a histogram.
struct Entry {
    begun: Duration,
    length: Duration,
    /// What it is of; the lag of the pacer has none.
    series: Option<Series>,
    histogram: Histogram,
}

fn entry(line: &str) -> Result<Entry, String> {
    let fields: Vec<&str> = line.trim_start_matches("Tag=").split(',').collect();
    let [tag, begun, length, _, payload] = fields[..] else {
        return Err(format!("expected 5 fields, but found {}", fields.len()));
    };
    let (begun, length) = (seconds(begun)?, seconds(length)?);
    let histogram = Histogram::decode(payload)?;
    let lag = tag == format!("{GENERATOR}.lag");
    let series = if lag { None } else { Some(series(tag)?) };
    Ok(Entry { begun, length, series, histogram })
}

fn series(tag: &str) -> Result<Series, String> {
    let mut parts = tag.rsplitn(3, '.');
    let clock = parts.next().and_then(|name| Clock::ALL.into_iter().find(|c| c.name() == name));
    let outcome = parts.next().and_then(named);
    match (parts.next(), outcome, clock) {
        (Some(step), Some(outcome), Some(clock)) => {
            Ok(Series { step: step.to_owned(), outcome, clock })
        }
        _ => Err(format!("the tag `{tag}` is not step.outcome.clock")),
    }
}

fn add(interval: &mut Interval, entry: Entry) {
    let sum = match entry.series {
        None => &mut interval.lag,
        Some(series) => interval.series.entry(series).or_default(),
    };
    sum.add(&entry.histogram);
}

fn named(name: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
    Duration::try_from_secs_f64(number).map_err(|e| format!("`{text}` is no duration: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::recorder::{Recorder, Sample};

    fn second(number: u64) -> Logged {
        let recorder = Recorder::new(vec!["token".into(), "sign_in/redeem".into()]);
        for k in 0..100 {
            let service = Some(Duration::from_micros(300 + k * 17 * (number + 1)));
            let wait = Some(Duration::from_micros(k));
            let sample = Sample { response: service, service, wait, ..Sample::default() };
            recorder.record(0, Outcome::Ok, sample);
            recorder.lag(Duration::from_micros(50 + k));
        }
        let reason = Some("status 500, \"quoted\"".to_owned());
        let sample = Sample {
            step: 1,
            reason,
            retry_after: Some(7),
            service: Some(Duration::from_secs(3)),
            ..Sample::default()
        };
        recorder.record(0, Outcome::Error, sample);
        let length = Duration::from_secs(1);
        Logged { begun: Duration::from_secs(number), length, interval: recorder.collect() }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let intervals: Vec<Logged> = (0..3).map(second).collect();
        let mut text = header(SystemTime::now(), &json!({"profile": "p"}));
        for logged in &intervals {
            text.push_str(&lines(logged).expect("encodes"));
        }
        let log = read(&text).expect("well-formed");
        assert_eq!(log.intervals, intervals);
        assert_eq!(log.notes, [json!({"profile": "p"})]);
        let collected = format!("some talk\n{text}more talk\n{text}");
        let each = split(&collected).into_iter().map(|log| read(log).expect("well-formed"));
        assert_eq!(each.collect::<Vec<_>>(), [log.clone(), log]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let good = lines(&second(0)).expect("encodes");
        let rows = [
            (good.replace(",1.000,", ","), "5 fields"),
            (good.replace(".ok.", ".fine."), "step.outcome.clock"),
            (good.replace(",0.000,", ",-1,"), "no duration"),
            (good.replacen("HISTFA", "HISTGG", 1), "line 1"),
            ("Tag=".to_owned(), "5 fields"),
        ];
        for (text, why) in rows {
            let error = read(&text).expect_err(why);
            assert!(error.starts_with("line ") && error.contains(why), "{error}");
        }
    }
}
