//! Redaction: secrets are taken out once, here, before any writer sees a finding.

use std::sync::OnceLock;

use chrono::{DateTime, SecondsFormat, Utc};
use regex::Regex;

use crate::credential::{NAMES, shorten};
use crate::finding::Evidence;
use crate::secret::Secret;
use crate::spelling;
use crate::wire::{Exchange, Request, Response};

/// What stands in for a secret.
const MASK: &str = "***";

/// Credentials that are masked whole: they belong to the client or user for good.
const LASTING: [&str; 2] = ["client_secret", "password"];

/// Takes the secrets of a provider file out of text.
#[derive(Debug, Default)]
pub struct Redactor {
    patterns: Vec<String>,
    /// Made when it is first needed: a run in which nothing fails shows nothing.
    compiled: OnceLock<Regex>,
    /// A header field that carries a login, in lower case.
    header: Option<String>,
}

impl Redactor {
    /// A redactor for these secrets, in every spelling in which they may come back.
    pub fn new(secrets: &[Secret]) -> Self {
        let patterns = secrets.iter().filter_map(spelling::pattern).collect();
        Self { patterns, compiled: OnceLock::new(), header: None }
    }

    /// The redactor, masking a header field too.
    #[must_use]
    pub fn masking(mut self, header: Option<&str>) -> Self {
        self.header = header.map(str::to_ascii_lowercase);
        self
    }

    /// Text without the secrets.
    pub fn text(&self, text: &str) -> String {
        if self.patterns.is_empty() {
            return text.to_owned();
        }
        let any = || Regex::new(&self.patterns.join("|")).expect("a pattern is made of escapes");
        self.compiled.get_or_init(any).replace_all(text, MASK).into_owned()
    }

    /// An exchange as a report shows it.
    pub fn evidence(&self, exchange: &Exchange) -> Evidence {
        let response = match &exchange.outcome {
            Ok(response) => waited(exchange.repeats) + &self.show_response(response),
            Err(error) => error.to_string(),
        };
        Evidence {
            request: self.text(&self.show_request(&exchange.request)),
            response: self.text(&response),
            started: Some(
                DateTime::<Utc>::from(exchange.started)
                    .to_rfc3339_opts(SecondsFormat::Millis, true),
            ),
            elapsed_ms: u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn show_request(&self, request: &Request) -> String {
        let mut url = request.url.clone();
        if let Some(query) = request.url.query() {
            url.set_query(Some(&show_form(&self.text(query))));
        }
        let head = format!("{} {url}", request.method);
        let body = String::from_utf8_lossy(&request.body);
        let form = request.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type") && value.contains("x-www-form-urlencoded")
        });
        let body = if form { show_form(&self.text(&body)) } else { self.show_body(&body) };
        self.assemble(head, &request.headers, &body)
    }

    fn show_response(&self, response: &Response) -> String {
        let rest = if response.truncated { "\n[the rest was not read]" } else { "" };
        let body = self.show_body(&response.text()) + rest;
        self.assemble(response.status.to_string(), &response.headers, &body)
    }

    fn assemble(&self, head: String, headers: &[(String, String)], body: &str) -> String {
        let headers = headers.iter().map(|(name, value)| {
            let value = self.text(value);
            let masked = self.header.as_deref() == Some(&name.to_ascii_lowercase());
            let shown = if masked { MASK.to_owned() } else { show_header(name, &value) };
            format!("\n{name}: {shown}")
        });
        let text = head + &headers.collect::<String>();
        if body.is_empty() { text } else { format!("{text}\n\n{body}") }
    }

    /// A body without secrets and of a readable length. It is cut last: half a secret at the end
    /// would not be found any more.
    fn show_body(&self, body: &str) -> String {
        const LIMIT: usize = 4000;
        let clean = self.text(body);
        let shown = match serde_json::from_str::<serde_json::Value>(&clean) {
            Ok(mut document) if document.is_object() => {
                shorten_members(&mut document);
                self.text(&document.to_string())
            }
            _ => clean,
        };
        match shown.char_indices().nth(LIMIT) {
            Some((end, _)) => format!("{}…\n[{} bytes in all]", &shown[..end], body.len()),
            None => shown,
        }
    }
}

/// A line that says that the answer is not the first one.
fn waited(repeats: u32) -> String {
    match repeats {
        0 => String::new(),
        times => format!("(sent {times} times before, and told each time to wait: 429)\n"),
    }
}

fn show_header(name: &str, value: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {MASK}"),
            None => MASK.into(),
        },
        "cookie" => value.split("; ").map(show_cookie).collect::<Vec<_>>().join("; "),
        "set-cookie" => show_cookie(value),
        "location" | "referer" => show_address(value),
        _ => value.to_owned(),
    }
}

/// An address whose query and fragment may carry credentials.
fn show_address(address: &str) -> String {
    let (rest, fragment) = address.split_once('#').map_or((address, None), |(r, f)| (r, Some(f)));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
    let query = query.map(|query| format!("?{}", show_form(query))).unwrap_or_default();
    let fragment = fragment.map(|part| format!("#{}", show_form(part))).unwrap_or_default();
    format!("{path}{query}{fragment}")
}

fn show_cookie(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').map_or((cookie, ""), |(p, a)| (p, a));
    let name = pair.split('=').next().unwrap_or_default();
    let attributes = if attributes.is_empty() { String::new() } else { format!(";{attributes}") };
    format!("{name}={MASK}{attributes}")
}

fn show_form(form: &str) -> String {
    let pairs = form.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if LASTING.contains(&name) => format!("{name}={MASK}"),
        Some((name, value)) if NAMES.contains(&name) => format!("{name}={}", shorten(value)),
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn shorten_members(document: &mut serde_json::Value) {
    let Some(members) = document.as_object_mut() else {
        return;
    };
    for (name, value) in members {
        match value.as_str() {
            Some(_) if LASTING.contains(&name.as_str()) => *value = MASK.into(),
            Some(text) if NAMES.contains(&name.as_str()) => *value = shorten(text).into(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_cut_short_wherever_they_stand() {
        let token = "abcdefghijklmnopqrstuvwxyz";
        let header = |name: &str, value: String| (name.to_owned(), value);
        let request = Request {
            method: "POST".into(),
            url: format!("http://h/p?code={token}").parse().expect("an address"),
            headers: vec![
                header("Authorization", format!("Bearer {token}")),
                header("Cookie", format!("sid={token}")),
                header("Content-Type", "application/x-www-form-urlencoded".into()),
            ],
            body: format!("refresh_token={token}&scope=read").into_bytes(),
        };
        let redactor = Redactor::default();
        let shown = redactor.show_request(&request);
        assert!(!shown.contains(token) && shown.contains("scope=read"), "{shown}");
        let response = Response {
            status: 302,
            headers: vec![
                header(
                    "location",
                    format!("http://c/cb?code={token}&state=s#access_token={token}&more=f"),
                ),
                header("set-cookie", format!("sid={token}; Path=/")),
            ],
            body: format!("{{\"access_token\":\"{token}\",\"expires_in\":5}}").into_bytes(),
            ..Response::default()
        };
        let shown = redactor.show_response(&response);
        assert!(!shown.contains(token) && shown.contains("state=s"), "{shown}");
        assert!(shown.contains("more=f"), "{shown}");
    }
}
