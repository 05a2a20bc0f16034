//! Finding a value in an answer.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

use crate::expectation::Source;
use crate::history::{Landing, Record};
use crate::jose;
use crate::variables::Variables;
use crate::wire::Response;

/// The value at a place of a step's answer.
///
/// # Errors
/// Says what is there instead.
pub fn locate(source: &Source, record: &Record, variables: &Variables) -> Result<Value, String> {
    match source {
        Source::Json(path) => json(path, record),
        Source::Header(name) => header(name, record),
        Source::Query(name) => parameter(name, record, Url::query, "query"),
        Source::Fragment(name) => parameter(name, record, Url::fragment, "fragment"),
        Source::Claim(name, path) => member(&jose::claims(&token(name, variables)?)?, path, "JWT"),
        Source::Jose(name, path) => {
            member(&jose::header(&token(name, variables)?)?, path, "JOSE header")
        }
    }
}

/// The last response of a step.
///
/// # Errors
/// Why there is none.
pub fn response(record: &Record) -> Result<&Response, String> {
    let exchange = record.exchanges.last().ok_or("nothing was sent")?;
    exchange.outcome.as_ref().map_err(ToString::to_string)
}

/// A member of a document by its path: names and positions separated by dots; empty for all of it.
///
/// # Errors
/// Says what `what` has instead.
pub fn member(document: &Value, path: &str, what: &str) -> Result<Value, String> {
    if path.is_empty() {
        return Ok(document.clone());
    }
    let inside = || path.split('.').try_fold(document, step);
    let found = document.get(path).or_else(inside);
    found.cloned().ok_or_else(|| format!("the {what} has no `{path}`, only {}", outline(document)))
}

/// A member by its name, or an item by its position.
fn step<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    }
}

/// The member names of an object, or the type of anything else: enough to see what came.
pub fn outline(document: &Value) -> String {
    match document {
        Value::Object(members) if members.is_empty() => "{}".into(),
        Value::Object(members) => {
            format!("{{{}}}", members.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("an array of {}", items.len()),
        other => format!("the {} {other}", kind(other)),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "value",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The address that carries the answer of an authorization request: the callback of a visit, or
/// the target of a redirect.
pub fn target(record: &Record) -> Option<Cow<'_, Url>> {
    match &record.landing {
        Some(Landing::Callback(url) | Landing::Away(url)) => Some(Cow::Borrowed(url)),
        Some(_) => None,
        None => {
            let exchange = record.exchanges.last()?;
            let location = exchange.response()?.header("location")?;
            exchange.request.url.join(location).ok().map(Cow::Owned)
        }
    }
}

/// A parameter of a query or fragment, form-decoded.
pub fn decoded(encoded: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(encoded.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn json(path: &str, record: &Record) -> Result<Value, String> {
    member(response(record)?.json()?, path, "answer")
}

fn header(name: &str, record: &Record) -> Result<Value, String> {
    let values: Vec<&str> = response(record)?.headers_named(name).collect();
    if values.is_empty() {
        return Err(format!("the answer has no header `{name}`"));
    }
    Ok(Value::from(values.join(", ")))
}

fn parameter(
    name: &str,
    record: &Record,
    part: fn(&Url) -> Option<&str>,
    what: &str,
) -> Result<Value, String> {
    let target = target(record).ok_or_else(|| match &record.landing {
        Some(Landing::Stuck { why, .. }) => why.clone(),
        _ => format!("the browser was not sent back to the client{}", ending(record)),
    })?;
    let encoded = part(&target).unwrap_or_default();
    let found = decoded(encoded, name).map(Value::from);
    found.ok_or_else(|| format!("the {what} has no `{name}`: {}", names(encoded)))
}

fn ending(record: &Record) -> String {
    match response(record) {
        Ok(response) => format!(", but got a page with status {}", response.status),
        Err(why) => format!(": {why}"),
    }
}

/// The parameters of a query; the value is shown for `error` alone.
fn names(encoded: &str) -> String {
    let pairs = url::form_urlencoded::parse(encoded.as_bytes());
    let shown = pairs.map(|(name, value)| match name.as_ref() {
        "error" | "error_description" => format!("{name}={value}"),
        _ => name.into_owned(),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "it is empty".into() } else { shown.join(", ") }
}

fn token(name: &str, variables: &Variables) -> Result<String, String> {
    let value = variables.get(name).and_then(Value::as_str);
    value.map(str::to_owned).ok_or_else(|| format!("`${{{name}}}` has no value"))
}
