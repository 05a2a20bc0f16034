//! The predicates: one small function each, from an answer to whether it is as it must be.

use serde_json::Value;

use crate::answer::{error_code, granted, summary, without_query};
use crate::comparison::{shown, test_all, test_value};
use crate::evaluate::{evaluate, spell};
use crate::expectation::{
    Distinct, ElementMember, Elements, JwtMember, Member, Predicate, Source, Test, Verification,
};
use crate::history::{History, Landing, Record, Variables};
use crate::jose;
use crate::locate::{locate, member, outline, response, target};
use crate::template::Template;
use crate::wire::Response;

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

/// Whether a predicate holds for a step.
pub fn holds(predicate: &Predicate, record: &Record, variables: &Variables) -> Outcome {
    if let Some(unknown) = undecidable(predicate, record) {
        return unknown;
    }
    let at = |source: Source| locate(&source, record, variables);
    match predicate {
        Predicate::Accepted => accepted(record),
        Predicate::Refused => refused(record),
        Predicate::Error(codes) => error(codes, record),
        Predicate::Status(codes) => status(codes, record),
        Predicate::MediaType(types) => media_type(types, record),
        Predicate::Json(m) => test_member(at(Source::Json(m.at.clone())), m, variables),
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
        Predicate::Verifies(v) => verifies(v, variables),
        Predicate::Distinct(d) => distinct(d, &record.branches),
        Predicate::ScopeWithin(words) => scope_within(words, record, variables),
        Predicate::NeverReaches(address) => never_reaches(address, record, variables),
    }
}

/// What makes every predicate undecidable: no answer at all, throttling, a page in the way.
fn undecidable(predicate: &Predicate, record: &Record) -> Option<Outcome> {
    if record.exchanges.is_empty() && !record.branches.is_empty() {
        return None;
    }
    let response = match response(record) {
        Ok(response) => response,
        Err(why) => return Some(Outcome::Unknown(why)),
    };
    if let Some(Landing::Stuck { why, page }) = &record.landing {
        return Some(Outcome::Unknown(format!("{why} (at {})", without_query(page))));
    }
    let asked_for =
        matches!(predicate, Predicate::Status(codes) if codes.contains(&response.status));
    // 429 and 503 say nothing about the request, whatever it was.
    let throttled = matches!(response.status, 429 | 503) && !asked_for;
    throttled
        .then(|| Outcome::Unknown(format!("throttled: the provider answered {}", response.status)))
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

fn status(codes: &[u16], record: &Record) -> Outcome {
    let actual = response(record).map_or(0, |response| response.status);
    if codes.contains(&actual) {
        return Outcome::Holds;
    }
    let expected: Vec<String> = codes.iter().map(u16::to_string).collect();
    fails(format!("status {}", expected.join(" or ")), summary(record))
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
    let found = read(&jwt).and_then(|document| member(&document, &m.at, "JWT"));
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
    match member(&document, path, "answer").map(|found| found.as_array().cloned()) {
        Ok(Some(items)) => Ok(items),
        Ok(None) => Err(fails(format!("`{path}` is an array"), outline(&document))),
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

fn verifies(v: &Verification, variables: &Variables) -> Outcome {
    let filled = |template| evaluate(template, variables);
    let sets = v.keys.iter().map(filled).collect::<Result<Vec<_>, _>>();
    let (jwt, sets) = match filled(&v.jwt).and_then(|jwt| Ok((spell(&jwt), sets?))) {
        Ok(filled) => filled,
        Err(why) => return Outcome::Unknown(why),
    };
    let mut verdicts = sets.iter().map(|keys| jose::verify(&jwt, keys));
    match verdicts.find(Result::is_ok).or_else(|| Some(jose::verify(&jwt, sets.last()?))) {
        Some(Ok(())) => Outcome::Holds,
        Some(Err(why)) => {
            fails("the signature verifies with the published key that `kid` names", why)
        }
        None => Outcome::Unknown("no key set is named".into()),
    }
}

fn distinct(d: &Distinct, branches: &[History]) -> Outcome {
    let last = branches.iter().map(|branch| branch.records.last());
    let last: Vec<&Record> = last.flatten().collect();
    let decided =
        |r: &&&Record| response(r).is_ok_and(|response| !matches!(response.status, 429 | 503));
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

fn scope_within(words: &Template, record: &Record, variables: &Variables) -> Outcome {
    let allowed = match evaluate(words, variables) {
        Ok(value) => spell(&value),
        Err(why) => return Outcome::Unknown(why),
    };
    if granted(record).is_empty() {
        return refused(record);
    }
    let expected = format!("what is granted has no scope but {allowed:?}");
    match locate(&Source::Json("scope".into()), record, variables) {
        Ok(Value::String(scope)) => {
            let beyond = |word: &str| !allowed.split(' ').any(|known| known == word);
            if scope.split(' ').any(beyond) {
                fails(expected, format!("scope {scope:?}"))
            } else {
                Outcome::Holds
            }
        }
        Ok(other) => fails(expected, format!("scope {}", shown(&other))),
        Err(why) => fails(expected, format!("{why}; without `scope` it is what was asked for")),
    }
}

fn never_reaches(address: &Template, record: &Record, variables: &Variables) -> Outcome {
    let stranger = match evaluate(address, variables) {
        Ok(value) => spell(&value),
        Err(why) => return Outcome::Unknown(why),
    };
    let hops = record.exchanges.iter().filter_map(|exchange| {
        let location = exchange.response()?.header("location")?;
        exchange.request.url.join(location).ok()
    });
    let reached = hops.chain(target(record)).find(|hop| hop.as_str().starts_with(&stranger));
    match reached {
        Some(hop) => fails(format!("the browser is never sent to {stranger}"), hop.to_string()),
        None => Outcome::Holds,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::wire::{Exchange, Request};

    fn answered(status: u16, body: &str) -> Record {
        let request = Request {
            method: "POST".into(),
            url: "http://provider.test/token".parse().expect("an address"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let body = body.as_bytes().to_vec();
        let response = Response { status, headers: Vec::new(), body, truncated: false };
        let exchange = Exchange {
            request,
            outcome: Ok(response),
            started: SystemTime::UNIX_EPOCH,
            elapsed: Duration::ZERO,
        };
        Record { exchanges: vec![exchange], ..Record::default() }
    }

    #[test]
    fn a_scope_is_within_the_words_or_the_request_is_refused() {
        let rows = [
            (200, r#"{"access_token":"t","scope":"openid email"}"#, true),
            (200, r#"{"access_token":"t","scope":"email"}"#, true),
            (200, r#"{"access_token":"t","scope":"openid profile"}"#, false),
            (200, r#"{"access_token":"t","scope":["openid"]}"#, false),
            (200, r#"{"access_token":"t"}"#, false),
            (400, r#"{"error":"invalid_scope"}"#, true),
            (500, "", false),
        ];
        let within = Predicate::ScopeWithin(Template::literal("openid email"));
        for (status, body, good) in rows {
            let outcome = holds(&within, &answered(status, body), &Variables::default());
            assert_eq!(outcome == Outcome::Holds, good, "{status} {body}: {outcome:?}");
        }
    }
}
