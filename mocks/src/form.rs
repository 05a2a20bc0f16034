//! Parameters as `application/x-www-form-urlencoded`: read without guessing, written for redirects.

use serde_json::{Map, Value};

use crate::reason::Reason;
use crate::wire::{Request, headers};

/// Parameters in the order of arrival. Those without a value are absent.
#[derive(Clone, Debug, Default)]
pub struct Parameters(pub Vec<(String, String)>);

/// The text is no valid form encoding of UTF-8 text without NULs.
#[derive(Debug)]
pub struct Malformed;

/// The value of the first parameter of that name.
pub fn one<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    all(parameters, name).next()
}

/// The values of every parameter of that name.
pub fn all<'a>(parameters: &'a Parameters, name: &str) -> impl Iterator<Item = &'a str> {
    parameters.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The name of a parameter that is sent twice although it must not be.
pub fn repeated(parameters: &Parameters) -> Option<&str> {
    // RFC 8707 §2 and RFC 8693 §2.1: `resource` and `audience` may be repeated.
    let single = |name: &str| !matches!(name, "resource" | "audience");
    let names: Vec<&str> = parameters.0.iter().map(|(name, _)| name.as_str()).collect();
    let twice = |(at, name): &(usize, &&str)| single(name) && names[..*at].contains(name);
    names.iter().enumerate().find(twice).map(|(_, name)| *name)
}

/// Parses a query or a form.
pub fn parse(raw: &[u8]) -> Result<Parameters, Malformed> {
    let mut pairs = Vec::new();
    for pair in raw.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|&byte| byte == b'=');
        let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (decode(name)?, decode(value)?);
        // RFC 6749 §3.1: a parameter sent without a value is treated as if it were omitted.
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    Ok(Parameters(pairs))
}

/// Decodes one name or value.
pub fn decode(encoded: &[u8]) -> Result<String, Malformed> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (digits, tail) = tail.split_at_checked(2).ok_or(Malformed)?;
                rest = tail;
                hexadecimal(digits)?
            }
            other => other,
        });
    }
    let text = String::from_utf8(decoded).map_err(|_| Malformed)?;
    if text.contains('\0') { Err(Malformed) } else { Ok(text) }
}

fn hexadecimal(digits: &[u8]) -> Result<u8, Malformed> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match (digit(digits[0]), digit(digits[1])) {
        (Some(high), Some(low)) => Ok(high * 16 + low),
        _ => Err(Malformed),
    }
}

/// The form in a request's body.
pub fn body(request: &Request) -> Result<Parameters, Reason> {
    // RFC 6749 §3.2: parameters are sent in the body as application/x-www-form-urlencoded.
    let media_type = headers(request, "content-type").next().unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(FORM) {
        return Err(Reason::MediaTypeWrong);
    }
    parse(&request.body).map_err(|Malformed| Reason::FormMalformed)
}

/// The form in the body of a request to an endpoint that serves no browser.
pub fn back_channel(request: &Request) -> Result<Parameters, Reason> {
    if !request.query.is_empty() {
        // RFC 6749 §2.3.1: the parameters must not be included in the request URI.
        return Err(Reason::ParametersInUrl);
    }
    let form = body(request)?;
    // RFC 6749 §3.2: parameters must not be included more than once.
    match repeated(&form) {
        Some(_) => Err(Reason::ParameterRepeated),
        None => Ok(form),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The request with the members of its JSON object as a form; nothing if it has none.
pub fn from_json(request: &Request) -> Option<Request> {
    let members: Map<String, Value> = serde_json::from_slice(&request.body).ok()?;
    let texts = members.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    Some(with_form(request, encode(&texts.collect::<Vec<_>>()), request.query.clone()))
}

/// A GET with its query as the form of a POST.
pub fn from_query(request: &Request) -> Request {
    with_form(request, request.query.clone(), String::new())
}

fn with_form(request: &Request, form: String, query: String) -> Request {
    let mut headers = request.headers.clone();
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    headers.push(("Content-Type".into(), FORM.into()));
    let (method, path) = ("POST".into(), request.path.clone());
    Request { method, path, query, headers, body: form.into_bytes() }
}

/// Encodes parameters for a query or a form.
pub fn encode(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_or_refuses() {
        let cases: [(&[u8], Option<&str>); 9] = [
            (b"plain", Some("plain")),
            (b"a+b%20c", Some("a b c")),
            (b"%C3%A9", Some("é")),
            (b"%", None),
            (b"%4", None),
            (b"%zz", None),
            (b"%+1", None),
            (b"%ff", None),
            (b"%00", None),
        ];
        for (encoded, decoded) in cases {
            assert_eq!(decode(encoded).ok().as_deref(), decoded, "{encoded:?}");
        }
    }

    #[test]
    fn empty_values_are_omitted_and_repetition_is_seen() {
        let cases = [
            ("a=1&b=2", None),
            ("a=1&a=", None),
            ("a=1&b=2&a=1", Some("a")),
            ("resource=x&resource=y", None),
        ];
        for (query, name) in cases {
            assert_eq!(repeated(&parse(query.as_bytes()).expect(query)), name, "{query}");
        }
    }
}
