//! The exchanges of a report as an HTTP archive (HAR 1.2), for the tools that show one.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::Report;
use super::exchange::{self, Message};
use super::words::visible;
use crate::finding::{Evidence, Finding};

/// Not known: a body was cut or its secrets were taken out.
const UNKNOWN: i8 = -1;

/// The redacted exchanges behind what failed or could not be told, each once.
pub fn write(report: &Report) -> String {
    let mut seen: Vec<(&str, &Evidence)> = Vec::new();
    let mut entries = Vec::new();
    for finding in &report.findings {
        for evidence in &finding.exchanges {
            if !seen.contains(&(&finding.case, evidence)) {
                seen.push((&finding.case, evidence));
                entries.push(entry(finding, evidence, &report.started));
            }
        }
    }
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "authgauge", "version": report.authgauge },
        "comment": format!("{}; secrets are masked", visible(&report.provider.name)),
        "entries": entries,
    }});
    format!("{archive:#}\n")
}

fn entry(finding: &Finding, evidence: &Evidence, run_started: &str) -> Value {
    json!({
        "startedDateTime": evidence.started.as_deref().unwrap_or(run_started),
        "time": evidence.elapsed_ms,
        "request": request(&exchange::message(&evidence.request)),
        "response": response(&evidence.response),
        "cache": {},
        "timings": { "send": 0, "wait": evidence.elapsed_ms, "receive": 0 },
        "comment": visible(&format!("{} · {}", finding.requirement, finding.case)),
    })
}

fn request(message: &Message<'_>) -> Value {
    let (method, url) = exchange::method_and_url(message.head);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = form_urlencoded::parse(query.as_bytes());
    let query: Vec<Value> = query.map(|(name, value)| pair(&name, &value)).collect();
    let mut request = json!({
        "method": method,
        "url": url,
        "httpVersion": "unknown",
        "cookies": [],
        "headers": headers(message),
        "queryString": query,
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
    });
    if !message.body.is_empty() {
        let media_type = message.header("content-type").unwrap_or_default();
        request["postData"] = json!({ "mimeType": media_type, "params": [], "text": message.body });
    }
    request
}

/// The response; status 0 where there is none, with the reason as a comment.
fn response(text: &str) -> Value {
    let message = exchange::message(text);
    let status = exchange::status(text);
    let body = if status.is_some() { message.body } else { "" };
    let mut response = json!({
        "status": status.unwrap_or(0),
        "statusText": "",
        "httpVersion": "unknown",
        "cookies": [],
        "headers": if status.is_some() { headers(&message) } else { Vec::new() },
        "content": {
            "size": body.len(),
            "mimeType": message.header("content-type").unwrap_or_default(),
            "text": body,
        },
        "redirectURL": message.header("location").unwrap_or_default(),
        "headersSize": UNKNOWN,
        "bodySize": UNKNOWN,
    });
    if status.is_none() {
        response["comment"] = text.into();
    }
    response
}

fn headers(message: &Message<'_>) -> Vec<Value> {
    message.headers.iter().map(|(name, value)| pair(name, value)).collect()
}

fn pair(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}
