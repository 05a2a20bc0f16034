//! What became of an operation, read off its history. Pure: no I/O, no clock.

use crate::case::{Case, CaseStep};
use crate::finding::{Finding, Verdict};
use crate::history::{History, Record};
use crate::judge;
use crate::library::Library;
use crate::load::outcome::Outcome;
use crate::predicate;
use crate::redact::Redactor;
use crate::spec::Severity;
use crate::wire::{Exchange, Response, TransportError};

/// What became of something, and why it was not right.
pub type Told = (Outcome, Option<String>);

/// Error codes by which providers say that a request is one too many, where the status does not.
const THROTTLED: [&str; 3] =
    ["TooManyRequestsException", "LimitExceededException", "too_many_requests"];

/// What the exchanges alone say: no answer, too many requests, an answer that is an error of the
/// server. None when there is an answer that can be judged.
pub fn transport_trouble(exchanges: &[Exchange]) -> Option<Told> {
    exchanges.iter().find_map(|exchange| match &exchange.outcome {
        Err(TransportError::TimedOut { .. }) => {
            Some((Outcome::Timeout, Some("no complete response in time".into())))
        }
        Err(error) => Some((Outcome::Error, Some(error.to_string()))),
        Ok(response) if is_throttled(response) => {
            Some((Outcome::Throttled, Some(refusal(response))))
        }
        Ok(response) if response.status >= 500 => {
            Some((Outcome::Error, Some(format!("status {}", response.status))))
        }
        Ok(_) => None,
    })
}

/// The same of all that was exchanged.
fn trouble(history: &History) -> Option<Told> {
    let recorded = history.records.iter().map(|record| record.exchanges.as_slice());
    recorded.chain([history.unjudged.as_slice()]).find_map(transport_trouble)
}

/// What a refusal says of the quota: its status, its error code, and the limit if a header field
/// tells it.
fn refusal(response: &Response) -> String {
    let body = response.json().ok();
    let code = |name| body.as_ref()?.get(name)?.as_str().map(str::to_owned);
    // The JSON protocols of some APIs put a namespace before the code.
    let code = code("error").or_else(|| code("__type")).or_else(|| code("code"));
    let code = code.map(|code| format!(" {}", code.rsplit('#').next().unwrap_or(&code)));
    let limit = ["ratelimit-limit", "x-ratelimit-limit"].iter().find_map(|n| response.header(n));
    let limit = limit.map(|limit| format!(", which says that the limit is {limit}"));
    let status = response.status;
    format!("status {status}{}{}", code.unwrap_or_default(), limit.unwrap_or_default())
}

/// RFC 6585 §4, or the same in an error code.
fn is_throttled(response: &Response) -> bool {
    if response.status == 429 {
        return true;
    }
    (400..500).contains(&response.status) && {
        let text = response.text();
        THROTTLED.iter().any(|code| text.contains(code))
    }
}

/// The longest `Retry-After` of the answers, in seconds (RFC 9110 §10.2.3).
pub fn retry_after(history: &History) -> Option<u64> {
    let recorded = history.records.iter().flat_map(|record| &record.exchanges);
    let responses = recorded.chain(&history.unjudged).filter_map(Exchange::response);
    responses.filter_map(|r| r.header("retry-after")?.parse().ok()).max()
}

/// Steps and what they assume: the first that does not hold makes the operation wrong.
pub fn judge_steps(steps: &[CaseStep], history: &History, redactor: &Redactor) -> Told {
    if let Some(trouble) = trouble(history) {
        return cleaned(trouble, redactor);
    }
    let broken = history
        .records
        .iter()
        .find_map(|record: &Record| steps.get(record.step).and_then(|step| unmet(step, record)));
    let stopped = || history.stopped.as_ref().map(|stop| stop.why.clone());
    match broken.or_else(stopped) {
        None => (Outcome::Ok, None),
        Some(why) => cleaned((Outcome::Wrong, Some(why)), redactor),
    }
}

/// What did not go as it must, and at which step.
fn unmet(step: &CaseStep, record: &Record) -> Option<String> {
    let why = match judge::unmet(step, record)? {
        predicate::Outcome::Fails { expected, actual } => predicate::contrast(&expected, &actual),
        predicate::Outcome::Unknown(why) | predicate::Outcome::Moot(why) => why,
        predicate::Outcome::Holds => return None,
    };
    Some(step.name.as_ref().map_or_else(|| why.clone(), |name| format!("at `{name}`: {why}")))
}

/// A case and its requirements: a violation makes the operation wrong, and so does what could not
/// be told.
pub fn judge_case(library: &Library, case: &Case, history: &History, redactor: &Redactor) -> Told {
    if let Some(trouble) = trouble(history) {
        return cleaned(trouble, redactor);
    }
    let findings = judge::judge(library, case, history, redactor);
    let bad = findings.iter().find(|finding| match finding.verdict {
        Verdict::Fail => finding.severity == Severity::Failure,
        Verdict::Inconclusive => true,
        Verdict::Pass | Verdict::NotApplicable => false,
    });
    match bad {
        None => (Outcome::Ok, None),
        Some(finding) => (Outcome::Wrong, Some(explain(finding))),
    }
}

fn explain(finding: &Finding) -> String {
    let told = match (&finding.expected, &finding.actual) {
        (Some(expected), Some(actual)) => predicate::contrast(expected, actual),
        _ => finding.why.clone().unwrap_or_default(),
    };
    format!("{}: {told}", finding.requirement)
}

/// What is not judged this time: only whether there was an answer to every step.
pub fn judge_none(history: &History, redactor: &Redactor) -> Told {
    judge_steps(&[], history, redactor)
}

/// The reason without secrets, and short enough to be one of few.
fn cleaned((outcome, reason): Told, redactor: &Redactor) -> Told {
    const LENGTH: usize = 200;
    let short = |text: String| match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    };
    (outcome, reason.map(|reason| short(redactor.text(&reason))))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use url::Url;

    use super::*;
    use crate::wire::Request;

    fn exchange(outcome: Result<Response, TransportError>) -> Exchange {
        let url = Url::parse("http://127.0.0.1/token").expect("an address");
        let request = Request { method: "GET".into(), url, headers: Vec::new(), body: Vec::new() };
        Exchange { request, outcome, started: UNIX_EPOCH, elapsed: Duration::ZERO, repeats: 0 }
    }

    fn answer(status: u16, body: &str) -> Exchange {
        exchange(Ok(Response { status, body: body.into(), ..Response::default() }))
    }

    #[test]
    fn each_kind_of_trouble_has_its_own_class() {
        let host = || "127.0.0.1:1".to_owned();
        let late = TransportError::TimedOut { host: host(), after: Duration::from_secs(1) };
        let refused = TransportError::Connect { host: host(), cause: "refused".into() };
        let rows = [
            (exchange(Err(late)), Some(Outcome::Timeout)),
            (exchange(Err(refused)), Some(Outcome::Error)),
            (answer(429, ""), Some(Outcome::Throttled)),
            (answer(400, r#"{"__type":"TooManyRequestsException"}"#), Some(Outcome::Throttled)),
            (answer(503, ""), Some(Outcome::Error)),
            (answer(400, r#"{"error":"invalid_grant"}"#), None),
            (answer(200, "{}"), None),
        ];
        for (exchange, wanted) in rows {
            let told = transport_trouble(&[answer(200, ""), exchange]).map(|(outcome, _)| outcome);
            assert_eq!(told, wanted);
        }
    }
}
