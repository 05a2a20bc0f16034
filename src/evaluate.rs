//! Filling in templates.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::diagnostic::Place;
use crate::template::{Function, Reference, Segment, Template};
use crate::variables::Variables;

/// The name under which the `client_id` of each role is bound.
pub const CLIENT_IDS: &str = "client_ids";

/// The value of a template. One that is a single reference keeps the type of what it refers to;
/// any other is text.
///
/// # Errors
/// Names the reference that has no value.
pub fn evaluate(template: &Template, variables: &Variables) -> Result<Value, String> {
    if let [Segment::Reference(reference)] = template.segments.as_slice() {
        return value(reference, variables).map(Cow::into_owned);
    }
    let mut text = String::new();
    for segment in &template.segments {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Reference(reference) => match value(reference, variables)?.as_ref() {
                Value::String(part) => text.push_str(part),
                other => text.push_str(&spell(other)),
            },
        }
    }
    Ok(Value::String(text))
}

/// The text of a template; `None` when it is a single reference to a name bound to nothing, which
/// is how an optional parameter is left out.
///
/// # Errors
/// As [`evaluate`].
pub fn text(template: &Template, variables: &Variables) -> Result<Option<String>, String> {
    Ok(match evaluate(template, variables)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(spell(&other)),
    })
}

/// A JSON document in which every text is a template.
///
/// # Errors
/// As [`evaluate`]; also for a malformed `${…}`.
pub fn document(value: &Value, variables: &Variables) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => evaluate(&Template::parse(text, Place::default())?, variables)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|v| document(v, variables)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let members = members.iter().map(|(k, v)| Ok((k.clone(), document(v, variables)?)));
            Value::Object(members.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// The text of a template of a provider file: the environment and the issuer are all it can use.
///
/// # Errors
/// Names the environment variable that is not set.
pub fn environment(template: &Template, issuer: &str) -> Result<String, String> {
    let mut text = String::new();
    for segment in &template.segments {
        match segment {
            Segment::Literal(literal) => text.push_str(literal),
            Segment::Reference(Reference::Call(Function::Env, arguments)) => {
                text.push_str(&variable(&arguments[0], arguments.get(1))?);
            }
            Segment::Reference(Reference::Name(name)) if name == "issuer" => text.push_str(issuer),
            Segment::Reference(Reference::Call(Function::Url, arguments))
                if arguments[0] == "issuer" =>
            {
                text.push_str(&url_part(issuer, arguments.get(1).map_or("", String::as_str))?);
            }
            Segment::Reference(_) => {
                return Err(format!(
                    "`{template}`: only ${{issuer}}, ${{url:issuer:origin}} and ${{env:NAME}} work here"
                ));
            }
        }
    }
    Ok(text)
}

fn variable(name: &str, default: Option<&String>) -> Result<String, String> {
    match (std::env::var(name), default) {
        (Ok(value), _) => Ok(value),
        (Err(_), Some(default)) => Ok(default.clone()),
        (Err(_), None) => Err(format!("the environment variable {name} is not set")),
    }
}

/// Text as it is, anything else in its JSON spelling.
pub fn spell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn value<'a>(reference: &Reference, variables: &'a Variables) -> Result<Cow<'a, Value>, String> {
    match reference {
        Reference::Name(name) => bound(name, variables).map(Cow::Borrowed),
        Reference::Call(function, arguments) => {
            call(*function, arguments, variables).map(Cow::Owned)
        }
    }
}

fn bound<'a>(name: &str, variables: &'a Variables) -> Result<&'a Value, String> {
    variables.get(name).ok_or_else(|| format!("`${{{name}}}` has no value"))
}

fn call(function: Function, arguments: &[String], variables: &Variables) -> Result<Value, String> {
    let first = arguments.first().map_or("", String::as_str);
    let subject =
        if function.takes_name() { spell(bound(first, variables)?) } else { String::new() };
    let second = arguments.get(1).map_or("", String::as_str);
    Ok(Value::String(match function {
        Function::Random => unreserved(number(first)?),
        Function::Now => return Ok(Value::from(now() + offset(first)?)),
        Function::S256 => s256(&subject),
        Function::Swapcase => subject.chars().map(swapcase).collect(),
        Function::Upper => subject.to_uppercase(),
        Function::Truncate => subject.chars().take(number(second)?).collect(),
        Function::Append => subject + second,
        Function::Without => without(&subject, second),
        Function::Tamper => tamper(&subject),
        Function::Base64url => URL_SAFE_NO_PAD.encode(subject),
        Function::Divide => return divide(&subject, number(second)?),
        Function::Url => url_part(&subject, second)?,
        Function::ClientId => client_id(first, variables)?,
        // Only hooks come here with it: reference::check refuses it in scenarios.
        Function::Env => variable(first, arguments.get(1))?,
    }))
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number <= 1_000_000 => Ok(number),
        _ => Err(format!("expected a number up to 1000000, but found `{text}`")),
    }
}

fn divide(dividend: &str, divisor: usize) -> Result<Value, String> {
    let number: f64 = dividend
        .parse()
        .map_err(|_| format!("expected a number to divide, but found {dividend:?}"))?;
    let divisor = u32::try_from(divisor).ok().filter(|divisor| *divisor > 0);
    let divisor = divisor.ok_or("expected a number to divide by that is not 0")?;
    Ok(Value::from((number / f64::from(divisor)).ceil()))
}

fn offset(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() {
        Ok(0)
    } else {
        digits.parse().map_err(|_| format!("expected a number of seconds, but found `{text}`"))
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// RFC 7636 §4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))).
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Random characters of the unreserved set of RFC 3986 §2.3, of which RFC 7636 §4.1 makes verifiers.
pub fn unreserved(length: usize) -> String {
    // 64 of the 66 characters, so that six bits choose one without bias.
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = vec![0; length];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| char::from(SET[usize::from(byte & 63)])).collect()
}

fn swapcase(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

/// The words of a scope (RFC 6749 §3.3) but one.
fn without(words: &str, word: &str) -> String {
    words.split(' ').filter(|other| *other != word).collect::<Vec<_>>().join(" ")
}

/// Changes the character in the middle: the last one of a base64url text may carry padding bits
/// that a decoder ignores.
fn tamper(text: &str) -> String {
    let middle = text.chars().count() / 2;
    let other = |c| if c == 'A' { 'B' } else { 'A' };
    text.chars().enumerate().map(|(i, c)| if i == middle { other(c) } else { c }).collect()
}

/// A part of an address, as text. The path is that of RFC 8414 §3.1, without a terminating slash; the
/// rest is whatever stands behind the origin.
fn url_part(address: &str, part: &str) -> Result<String, String> {
    let url = Url::parse(address).map_err(|e| format!("`{address}` is not an address: {e}"))?;
    Ok(match part {
        "scheme" => url.scheme().to_owned(),
        "host" => url.host_str().unwrap_or_default().to_owned(),
        "authority" => url[Position::BeforeHost..Position::AfterPort].to_owned(),
        "origin" => url[..Position::AfterPort].to_owned(),
        "rest" => url[Position::BeforePath..].to_owned(),
        "path" => url.path().trim_end_matches('/').to_owned(),
        _ => return Err(format!("an address has no part `{part}`")),
    })
}

fn client_id(role: &str, variables: &Variables) -> Result<String, String> {
    let role = variables.get(role).map_or_else(|| role.to_owned(), spell);
    let ids = variables.get(CLIENT_IDS).and_then(|ids| ids.get(&role));
    ids.map(spell).ok_or_else(|| format!("the provider file has no client for the role `{role}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let pairs = [
            ("code", Value::from("aBc")),
            ("scope", Value::from("openid profile email")),
            ("n", Value::from(5)),
            ("none", Value::Null),
        ];
        let variables = pairs.map(|(k, v)| (k.to_owned(), v)).into_iter().collect();
        let template = Template::parse(source, Place::default()).expect(source);
        assert_eq!(evaluate(&template, &variables).map(|v| v.to_string()), Ok(expected.into()));
    }

    #[test]
    fn references_are_filled_in() {
        check("${code}", r#""aBc""#);
        check("${n}", "5");
        check("${none}", "null");
        check("x${code}-${n}", r#""xaBc-5""#);
        check("${swapcase:code}", r#""AbC""#);
        check("${upper:code}", r#""ABC""#);
        check("${truncate:code:2}", r#""aB""#);
        check("${append:code:!}", r#""aBc!""#);
        check("${tamper:code}", r#""aAc""#);
        check("${divide:n:2}", "3.0");
        check("${without:scope:profile}", r#""openid email""#);
        check("${without:scope:read}", r#""openid profile email""#);
    }

    #[test]
    fn addresses_have_parts() {
        let rows = [
            ("scheme", "http"),
            ("host", "127.0.0.1"),
            ("authority", "127.0.0.1:18999"),
            ("origin", "http://127.0.0.1:18999"),
            ("path", "/a/b"),
            ("rest", "/a/b/?q#f"),
        ];
        for (part, expected) in rows {
            let found = url_part("http://127.0.0.1:18999/a/b/?q#f", part);
            assert_eq!(found, Ok(expected.into()), "{part}");
        }
        assert_eq!(url_part("https://h", "path"), Ok(String::new()));
        assert!(url_part("https://h", "port").is_err() && url_part("h", "host").is_err());
    }

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(s256(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn random_text_has_its_length_and_alphabet() {
        let text = unreserved(128);
        assert_eq!(text.len(), 128);
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        assert_ne!(text, unreserved(128));
    }
}
