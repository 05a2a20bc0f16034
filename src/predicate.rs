//! The predicates: one small function each, from an answer to whether it is as it must be.

use serde_json::Value;
use url::Url;

use crate::answer::{error_code, granted, summary, without_query};
use crate::comparison::{shown, test_all, test_value};
use crate::evaluate::{evaluate, spell};
use crate::expectation::{
    Distinct, ElementMember, Elements, JwtMember, Member, Predicate, Source, Test,
};
use crate::history::{History, Landing, Record};
use crate::jose;
use crate::locate::{locate, member, outline, response, target};
use crate::template::Template;
use crate::variables::Variables;
use crate::wire::Response;

mod body;
mod token;

/// Whether a predicate holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Holds,
    /// It does not.
    Fails {
        /// What had to be.
        expected: String,
        /// What was.
        actual: String,
    },
    /// It cannot be told, for example because the provider throttled the request.
    Unknown(String),
    /// The predicate does not apply to what happened.
    Moot(String),
}

/// What had to be beside what was.
pub fn contrast(expected: &str, actual: &str) -> String {
    format!("expected that {expected}, but found {actual}")
}

/// Whether a predicate holds for a step.
pub fn holds(predicate: &Predicate, record: &Record, variables: &Variables) -> Outcome {
    // Where the browser was sent is known even when the driver could go no further.
    if let Predicate::NeverReaches(address) = predicate
        && let Some(reached) = reached(address, record, variables)
    {
        return reached;
    }
    if let Some(unknown) = undecidable(predicate, record) {
        return unknown;
    }
    let at = |source: Source| locate(&source, record, variables);
    match predicate {
        Predicate::Accepted => accepted(record),
        Predicate::Refused => refused(record),
        Predicate::Error(codes) => error(codes, record),
        Predicate::NotError(codes) => not_error(codes, record),
        Predicate::Status(codes) => status(codes, record),
        Predicate::MediaType(types) => media_type(types, record),
        Predicate::Json(m) => test_member(at(Source::Json(m.at.clone())), m, variables),
        Predicate::OnlyMembers(names) => body::only_members(names, record),
        Predicate::Header(m) => {
            test_member(at(Source::Header(m.at.to_ascii_lowercase())), m, variables)
        }
        Predicate::Query(m) => test_member(at(Source::Query(m.at.clone())), m, variables),
        Predicate::Fragment(m) => test_member(at(Source::Fragment(m.at.clone())), m, variables),
        Predicate::Claim(m) => test_token(m, jose::claims, variables),
        Predicate::Jose(m) => test_token(m, jose::header, variables),
        Predicate::Present(l) => present(at(l.source.clone()), &l.source),
        Predicate::Absent(l) => absent(at(l.source.clone()), &l.source),
        Predicate::Each(m) => elements(m, record, variables, true),
        Predicate::Some(m) => elements(m, record, variables, false),
        Predicate::Distinguishable(e) => distinguishable(e, record),
        Predicate::Verifies(v) => token::verifies(v, variables),
        Predicate::FitsKey(v) => token::fits_key(v, variables),
        Predicate::KeySet(rule) => token::key_set(*rule, record),
        Predicate::KeepsKids(earlier) => token::keeps_kids(earlier, record, variables),
        Predicate::LeftHash(l) => token::left_hash(l, variables),
        Predicate::NoEmptyArrays(path) => body::no_empty_arrays(path, record),
        Predicate::Agrees(a) => body::agrees(a, record, variables),
        Predicate::Distinct(d) => distinct(d, &record.branches),
        Predicate::StatesScope => body::states_scope(record, variables),
        Predicate::ScopeWithin(words) => body::scope_within(words, record, variables),
        Predicate::NeverReaches(_) => Outcome::Holds,
        Predicate::NotStatus(codes) => not_status(codes, record),
        Predicate::NoServerError => no_server_error(record),
        Predicate::Once(name) => once(name, record),
    }
}

/// What makes every predicate undecidable, but for one that asks for the very status.
fn undecidable(predicate: &Predicate, record: &Record) -> Option<Outcome> {
    if record.exchanges.is_empty() && !record.branches.is_empty() {
        return None;
    }
    let asked_for =
        |status| matches!(predicate, Predicate::Status(codes) if codes.contains(&status));
    if response(record).is_ok_and(|response| asked_for(response.status) && is_throttled(response)) {
        return None;
    }
    tells_nothing(record).map(Outcome::Unknown)
}

/// Why an answer says nothing of what was asked: there is none, a page is in the way, it was not
/// read to its end, or the provider throttles.
pub fn tells_nothing(record: &Record) -> Option<String> {
    let response = match response(record) {
        Ok(response) => response,
        Err(why) => return Some(why),
    };
    if let Some(Landing::Stuck { why, page }) = &record.landing {
        return Some(format!("{why} (at {})", without_query(page)));
    }
    if response.truncated {
        let length = response.body.len();
        return Some(format!("the body is longer than {length} bytes and was not read"));
    }
    is_throttled(response).then(|| format!("throttled: the provider answered {}", response.status))
}

/// 429 and 503 say nothing about the request, whatever it was. But `slow_down` is the answer to a
/// device's poll (RFC 8628 §3.5), even with the wrong status.
fn is_throttled(response: &Response) -> bool {
    let slow_down = || response.json().is_ok_and(|body| body["error"] == "slow_down");
    matches!(response.status, 429 | 503) && !slow_down()
}

/// A predicate that does not hold.
pub fn fails(expected: impl Into<String>, actual: impl Into<String>) -> Outcome {
    Outcome::Fails { expected: expected.into(), actual: actual.into() }
}

fn accepted(record: &Record) -> Outcome {
    let expected = "the request is granted";
    let good = match (&record.landing, response(record)) {
        (Some(Landing::Callback(_)), _) => {
            error_code(record).is_none() && !granted(record).is_empty()
        }
        (Some(_), _) | (None, Err(_)) => false,
        (None, Ok(response)) => {
            (200..300).contains(&response.status) && error_code(record).is_none()
        }
    };
    if good { Outcome::Holds } else { fails(expected, summary(record)) }
}

fn refused(record: &Record) -> Outcome {
    let expected = "the request is refused and nothing is granted";
    let status = response(record).map_or(0, |response| response.status);
    if !granted(record).is_empty() {
        return fails(expected, summary(record));
    }
    match &record.landing {
        Some(Landing::Away(url)) => {
            Outcome::Unknown(format!("the browser was sent to {}", without_query(url)))
        }
        Some(Landing::Callback(_)) => Outcome::Holds,
        // A crash is no refusal: nobody decided anything.
        _ if status >= 500 => fails(expected, summary(record)),
        Some(_) => Outcome::Holds,
        None if status >= 400 || error_code(record).is_some() => Outcome::Holds,
        None if status >= 300 => Outcome::Unknown(format!("answered by {}", summary(record))),
        None => fails(expected, summary(record)),
    }
}

fn error(codes: &[String], record: &Record) -> Outcome {
    let expected = format!("error={}", codes.join(" or "));
    match (refused(record), error_code(record)) {
        (Outcome::Fails { .. }, _) => Outcome::Moot("the request was not refused".into()),
        (Outcome::Holds, Some(code)) if codes.contains(&code) => Outcome::Holds,
        (Outcome::Holds, _) => fails(expected, summary(record)),
        (undecided, _) => undecided,
    }
}

fn not_error(codes: &[String], record: &Record) -> Outcome {
    match error_code(record) {
        Some(code) if codes.contains(&code) => {
            fails(format!("no error={}", codes.join(" or ")), summary(record))
        }
        _ => Outcome::Holds,
    }
}

fn status(codes: &[u16], record: &Record) -> Outcome {
    let actual = response(record).map_or(0, |response| response.status);
    if codes.contains(&actual) {
        return Outcome::Holds;
    }
    let expected: Vec<String> = codes.iter().map(u16::to_string).collect();
    fails(format!("status {}", expected.join(" or ")), summary(record))
}

fn not_status(codes: &[u16], record: &Record) -> Outcome {
    let unwanted: Vec<String> = codes.iter().map(u16::to_string).collect();
    match status(codes, record) {
        Outcome::Holds => fails(format!("not status {}", unwanted.join(" or ")), summary(record)),
        _ => Outcome::Holds,
    }
}

fn no_server_error(record: &Record) -> Outcome {
    match response(record).map_or(0, |response| response.status) {
        500.. => fails("no server error", summary(record)),
        _ => Outcome::Holds,
    }
}

fn once(name: &str, record: &Record) -> Outcome {
    let target = target(record);
    let query = target.as_deref().and_then(Url::query).unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    match pairs.filter(|(own, _)| own == name).count() {
        1 => Outcome::Holds,
        0 => fails(format!("`{name}` once in the query"), "it is not there"),
        times => fails(format!("`{name}` once in the query"), format!("it is there {times} times")),
    }
}

fn media_type(types: &[String], record: &Record) -> Outcome {
    let actual = response(record).ok().and_then(Response::media_type);
    match actual {
        Some(actual) if types.contains(&actual) => Outcome::Holds,
        Some(actual) => fails(format!("Content-Type {}", types.join(" or ")), actual),
        None => fails(format!("Content-Type {}", types.join(" or ")), "no Content-Type"),
    }
}

fn test_member(found: Result<Value, String>, m: &Member, variables: &Variables) -> Outcome {
    if m.optional && found.is_err() {
        return Outcome::Holds;
    }
    test_all(found, &m.at, &m.tests, variables)
}

fn test_token(
    m: &JwtMember,
    read: fn(&str) -> Result<Value, String>,
    variables: &Variables,
) -> Outcome {
    let jwt = match evaluate(&m.jwt, variables) {
        Ok(jwt) => spell(&jwt),
        Err(why) => return Outcome::Unknown(why),
    };
    let document = match read(&jwt) {
        Ok(document) => document,
        Err(why) => return fails("a JWT", why),
    };
    let found = member(&document, &m.at, "JWT");
    if m.optional && found.is_err() {
        return Outcome::Holds;
    }
    test_all(found, &m.at, &m.tests, variables)
}

fn place(source: &Source) -> String {
    match source {
        Source::Json(path) if path.is_empty() => "a JSON body".into(),
        Source::Json(path) => format!("`{path}` in the JSON body"),
        Source::Header(name) => format!("the header `{name}`"),
        Source::Query(name) => format!("`{name}` in the query"),
        Source::Fragment(name) => format!("`{name}` in the fragment"),
        Source::Claim(name, path) => format!("the claim `{path}` of `{name}`"),
        Source::Jose(name, path) => format!("`{path}` in the header of `{name}`"),
    }
}

fn present(found: Result<Value, String>, source: &Source) -> Outcome {
    found.map_or_else(|why| fails(place(source), why), |_| Outcome::Holds)
}

fn absent(found: Result<Value, String>, source: &Source) -> Outcome {
    found.map_or(Outcome::Holds, |value| {
        fails(format!("no {}", place(source).trim_start_matches("the ")), shown(&value))
    })
}

fn array(path: &str, record: &Record) -> Result<Vec<Value>, Outcome> {
    let document =
        response(record).and_then(Response::json).map_err(|why| fails("a JSON body", why))?;
    match member(document, path, "answer").map(|found| found.as_array().cloned()) {
        Ok(Some(items)) => Ok(items),
        Ok(None) => Err(fails(format!("`{path}` is an array"), outline(document))),
        Err(why) => Err(fails(format!("an array `{path}`"), why)),
    }
}

fn elements(m: &ElementMember, record: &Record, variables: &Variables, all: bool) -> Outcome {
    let items = match array(&m.at, record) {
        Ok(items) => items,
        Err(outcome) => return outcome,
    };
    let name = |index: usize| format!("{}.{index}.{}", m.at, m.member);
    let outcomes = items.iter().enumerate().map(|(index, item)| {
        test_all(member(item, &m.member, "element"), &name(index), &m.tests, variables)
    });
    let outcomes: Vec<Outcome> = outcomes.collect();
    if all {
        return outcomes.into_iter().find(|o| *o != Outcome::Holds).unwrap_or(Outcome::Holds);
    }
    if outcomes.contains(&Outcome::Holds) {
        return Outcome::Holds;
    }
    let values: Vec<String> = items.iter().filter_map(|i| i.get(&m.member)).map(shown).collect();
    let expected =
        format!("an element of `{}` whose `{}` {}", m.at, m.member, wanted(&m.tests, variables));
    fails(expected, format!("{} element(s): {}", items.len(), values.join(", ")))
}

fn wanted(tests: &[Test], variables: &Variables) -> String {
    let probes = tests.iter().map(|test| match test_value(test, &Value::Null, variables) {
        Outcome::Fails { expected, .. } => expected,
        _ => "is as asked".into(),
    });
    probes.collect::<Vec<_>>().join(" and ")
}

fn distinguishable(e: &Elements, record: &Record) -> Outcome {
    let items = match array(&e.at, record) {
        Ok(items) if items.len() < 2 => return Outcome::Holds,
        Ok(items) => items,
        Err(outcome) => return outcome,
    };
    let expected =
        format!("each of the {} elements of `{}` has its own `{}`", items.len(), e.at, e.by);
    let names: Vec<Option<String>> = items.iter().map(|item| item.get(&e.by).map(shown)).collect();
    let mut known: Vec<&String> = names.iter().flatten().collect();
    known.sort();
    known.dedup();
    if known.len() == items.len() {
        return Outcome::Holds;
    }
    let listed = names.iter().map(|name| name.clone().unwrap_or_else(|| "none".into()));
    fails(expected, listed.collect::<Vec<_>>().join(", "))
}

fn distinct(d: &Distinct, branches: &[History]) -> Outcome {
    let last = branches.iter().map(|branch| branch.records.last());
    let last: Vec<&Record> = last.flatten().collect();
    let decided = |r: &&&Record| response(r).is_ok_and(|response| !is_throttled(response));
    let mut values: Vec<String> = last
        .iter()
        .filter_map(|record| locate(&d.of.source, record, &record.variables).ok())
        .map(|value| spell(&value))
        .collect();
    values.sort();
    values.dedup();
    let (count, answered) = (values.len(), last.iter().filter(decided).count());
    if count > d.at_most || (count < d.at_least && answered == branches.len()) {
        let range = if d.at_least == d.at_most {
            d.at_most.to_string()
        } else {
            format!("{} to {}", d.at_least, d.at_most)
        };
        let expected = format!("{range} different value(s) of {}", place(&d.of.source));
        return fails(expected, format!("{count} in {} answers at once", branches.len()));
    }
    if answered < branches.len() {
        let lost = branches.len() - answered;
        return Outcome::Unknown(format!(
            "{lost} of {} requests got no usable answer",
            branches.len()
        ));
    }
    Outcome::Holds
}

/// What to say when a hop leads to an address that begins with this one, as text or as a browser
/// reads it.
fn reached(address: &Template, record: &Record, variables: &Variables) -> Option<Outcome> {
    let stranger = match evaluate(address, variables) {
        Ok(value) => spell(&value),
        Err(why) => return Some(Outcome::Unknown(why)),
    };
    let normal = Url::parse(&stranger).map_or_else(|_| stranger.clone(), String::from);
    let raw =
        record.exchanges.iter().filter_map(|e| Some(e.response()?.header("location")?.to_owned()));
    let hops = record.exchanges.iter().filter_map(|exchange| {
        let location = exchange.response()?.header("location")?;
        exchange.request.url.join(location).ok().map(String::from)
    });
    let mut all = raw.chain(hops).chain(target(record).map(|target| target.to_string()));
    let hop = all.find(|hop| hop.starts_with(&stranger) || hop.starts_with(&normal))?;
    Some(fails(format!("the browser is never sent to {stranger}"), hop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Exchange, Request};

    /// A redirect with this status to this address.
    fn answered(status: u16, location: &str) -> Record {
        let url = Url::parse("http://127.0.0.1/authorize").expect("an address");
        let request = Request { method: "GET".into(), url, headers: vec![], body: vec![] };
        let headers = vec![("location".into(), location.into())];
        let outcome = Ok(Response { status, headers, ..Response::default() });
        let (started, elapsed) = (std::time::UNIX_EPOCH, std::time::Duration::ZERO);
        let exchange = Exchange { request, outcome, started, elapsed, repeats: 0 };
        Record { exchanges: vec![exchange], ..Record::default() }
    }

    fn check(predicate: &Predicate, record: &Record, expected: bool) {
        let outcome = holds(predicate, record, &Variables::default());
        assert_eq!(outcome == Outcome::Holds, expected, "{predicate:?}: {outcome:?}");
    }

    #[test]
    fn what_is_there_once_is_neither_missing_nor_repeated() {
        for (query, once) in
            [("?iss=a", true), ("?iss=a&iss=a", false), ("?x=y", false), ("", false)]
        {
            let record = answered(302, &format!("http://127.0.0.1/callback{query}"));
            check(&Predicate::Once("iss".into()), &record, once);
        }
    }

    #[test]
    fn a_throttled_request_is_neither_a_crash_nor_fine() {
        for (code, sound, other) in
            [(200, true, true), (404, true, false), (500, false, true), (503, false, false)]
        {
            let record = answered(code, "/");
            check(&Predicate::NoServerError, &record, sound);
            check(&Predicate::NotStatus(vec![404]), &record, other);
        }
    }
}
