//! Credentials: values that let somebody in. They are found by the names that they go by, and are
//! cut short rather than masked, so that two of them can still be told apart.

use std::collections::BTreeSet;

use serde_json::Value;
use url::form_urlencoded;

use crate::history::History;
use crate::wire::Exchange;

/// Parameters and JSON members whose values are credentials.
pub const NAMES: [&str; 13] = [
    "access_token",
    "assertion",
    "client_assertion",
    "code",
    "code_verifier",
    "device_code",
    "id_token",
    "id_token_hint",
    "refresh_token",
    "request",
    "subject_token",
    "token",
    "user_code",
];

/// Shorter values stand for too much else to be looked for in text.
const LEAST: usize = 8;

/// The beginning of a credential: enough to tell two apart, too little to use one.
pub fn shorten(credential: &str) -> String {
    let length = credential.chars().count();
    let shown: String = credential.chars().take(6.min(length / 4)).collect();
    if credential.is_empty() { String::new() } else { format!("{shown}…({length})") }
}

/// The credentials that came or went in a case, the longest first.
pub fn of(history: &History) -> Vec<String> {
    let mut found = BTreeSet::new();
    collect(history, &mut found);
    let mut found: Vec<String> = found.into_iter().collect();
    found.sort_by_key(|credential| std::cmp::Reverse(credential.len()));
    found
}

/// Text in which these credentials are cut short.
pub fn cut(text: &str, credentials: &[String]) -> String {
    let found = credentials.iter().filter(|credential| text.contains(credential.as_str()));
    found.fold(text.to_owned(), |text, credential| text.replace(credential, &shorten(credential)))
}

fn collect(history: &History, found: &mut BTreeSet<String>) {
    for record in &history.records {
        record.exchanges.iter().for_each(|exchange| collect_exchange(exchange, found));
        record.branches.iter().for_each(|branch| collect(branch, found));
    }
}

fn collect_exchange(exchange: &Exchange, found: &mut BTreeSet<String>) {
    let request = &exchange.request;
    collect_form(request.url.query().unwrap_or_default().as_bytes(), found);
    collect_form(&request.body, found);
    let Some(response) = exchange.response() else {
        return;
    };
    if let Some((_, parameters)) =
        response.header("location").and_then(|target| target.split_once(['?', '#']))
    {
        parameters.split('#').for_each(|part| collect_form(part.as_bytes(), found));
    }
    if let Ok(document) = response.json() {
        collect_members(document, found);
    }
}

fn collect_form(form: &[u8], found: &mut BTreeSet<String>) {
    for (name, value) in form_urlencoded::parse(form) {
        keep(&name, &value, found);
    }
}

fn collect_members(document: &Value, found: &mut BTreeSet<String>) {
    for (name, value) in document.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => keep(name, text, found),
            other => collect_members(other, found),
        }
    }
}

fn keep(name: &str, value: &str, found: &mut BTreeSet<String>) {
    if NAMES.contains(&name) && value.len() >= LEAST {
        found.insert(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::history::Record;
    use crate::wire::{Request, Response};

    #[test]
    fn what_came_and_went_is_cut_short_in_text() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let exchange = Exchange {
            request: Request {
                method: "POST".into(),
                url: "http://h/p?id_token_hint=hint-hint-hint".parse().expect("an address"),
                headers: Vec::new(),
                body: b"grant_type=x&refresh_token=refresh-refresh&code=short".to_vec(),
            },
            outcome: Ok(Response {
                status: 200,
                headers: vec![header("location", "http://c/cb?state=s#access_token=in-a-fragment")],
                body: br#"{"access_token":"access-access","inner":{"id_token":"inner-inner"}}"#
                    .to_vec(),
                ..Response::default()
            }),
            repeats: 0,
            started: SystemTime::now(),
            elapsed: Duration::ZERO,
        };
        let inner = Record { exchanges: vec![exchange], ..Record::default() };
        let branch = History { records: vec![inner], ..History::default() };
        let outer = Record { branches: vec![branch], ..Record::default() };
        let history = History { records: vec![outer], ..History::default() };
        let credentials = of(&history);
        assert_eq!(credentials.len(), 5, "{credentials:?}");
        let text =
            cut("`access_token` is something else than \"access-access\", or short", &credentials);
        assert_eq!(text, "`access_token` is something else than \"acc…(13)\", or short");
    }
}
