//! What was sent, in one line and as a command that sends it again.
//!
//! Both are made from the evidence, in which secrets are masked and credentials cut short: where
//! one stood, the command names a variable of the shell.

use super::exchange::{self, Message};
use super::words::hides;
use crate::finding::Evidence;

/// The request in one line: its line, how the client authenticated, its body.
pub fn sent(evidence: &Evidence) -> String {
    let request = exchange::message(&evidence.request);
    let mut line = request.head.to_owned();
    if let Some(value) = request.header("authorization") {
        line += &format!(" · authorization: {value}");
    }
    if !request.body.is_empty() {
        line += &format!(" · {}", request.body.replace('\n', " "));
    }
    line
}

/// The request with each of its parameters on a line of its own.
pub fn sent_lines(evidence: &Evidence) -> String {
    let request = exchange::message(&evidence.request);
    let mut lines: Vec<&str> = Vec::new();
    let (address, query) = request.head.split_once('?').unwrap_or((request.head, ""));
    lines.push(address);
    lines.extend(query.split('&'));
    let authorization =
        request.header("authorization").map(|value| format!("authorization: {value}"));
    lines.extend(authorization.as_deref());
    let form = request.header("content-type").is_some_and(|value| value.contains("urlencoded"));
    lines.extend(if form { request.body.split('&').collect() } else { vec![request.body] });
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A `curl` command that sends the request again; `None` when it is not known as a whole.
pub fn curl(evidence: &Evidence) -> Option<String> {
    let request = exchange::message(&evidence.request);
    let cut = request.body.ends_with(" bytes in all]");
    if cut || evidence.request.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let (method, url) = exchange::method_and_url(request.head);
    let mut lines =
        vec![format!("curl --include --globoff --path-as-is{}", verb(method, &request))];
    lines.extend(headers(&request));
    if !request.body.is_empty() {
        lines.push(format!("--data-raw {}", shell_word(&body(request.body))));
    }
    lines.push(format!("--url {}", shell_word(&address(url))));
    Some(lines.join(" \\\n  "))
}

fn verb(method: &str, request: &Message<'_>) -> String {
    match method {
        "GET" if request.body.is_empty() => String::new(),
        "HEAD" => " --head".into(),
        method if method.bytes().all(|b| b.is_ascii_uppercase()) => format!(" --request {method}"),
        method => format!(" --request {}", shell_word(method)),
    }
}

fn headers(request: &Message<'_>) -> Vec<String> {
    let own = request.headers.iter().filter(|(name, _)| {
        !["content-length", "transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own))
    });
    let mut lines: Vec<String> = own
        .map(|(name, value)| match *value {
            // curl takes a name with a colon and nothing behind it as the wish to leave it out.
            "" => format!("--header {}", shell_word(&format!("{name};"))),
            value => {
                format!("--header {}", shell_word(&format!("{name}: {}", header(name, value))))
            }
        })
        .collect();
    if !request.body.is_empty() && request.header("content-type").is_none() {
        lines.push("--header 'content-type:'".into());
    }
    lines
}

/// What stands around the name of a variable until the quotes are set: no evidence has it, because
/// header fields and forms cannot, and JSON escapes it.
const VARIABLE: [char; 2] = ['\u{1}', '\u{2}'];

fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(plain).collect();
    format!("{}AUTHGAUGE_{name}{}", VARIABLE[0], VARIABLE[1])
}

/// Whether a value is no value, but what redaction has left of one.
fn is_masked(value: &str) -> bool {
    let cut = |mark: &str| {
        let rest = value.rsplit_once(mark).and_then(|(_, rest)| rest.strip_suffix(')'));
        rest.is_some_and(|length| !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()))
    };
    value.contains("***") || cut("…(") || cut("%E2%80%A6(")
}

fn filled(name: &str, value: &str) -> String {
    if is_masked(value) { variable(name) } else { plain(value) }
}

fn plain(text: &str) -> String {
    text.replace(VARIABLE, "")
}

fn header(name: &str, value: &str) -> String {
    match (name.to_ascii_lowercase().as_str(), value.split_once(' ')) {
        ("authorization", Some((scheme, rest))) => {
            let credential =
                if scheme.eq_ignore_ascii_case("basic") { "basic" } else { "access_token" };
            format!("{} {}", plain(scheme), filled(credential, rest))
        }
        ("cookie", _) => value.split("; ").map(cookie).collect::<Vec<_>>().join("; "),
        _ => filled(name, value),
    }
}

fn cookie(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => {
            format!("{}={}", plain(name), filled(&format!("cookie_{name}"), value))
        }
        None => plain(pair),
    }
}

fn address(url: &str) -> String {
    match url.split_once('?') {
        Some((path, query)) => format!("{}?{}", filled("address", path), form(query)),
        None => filled("address", url),
    }
}

fn form(text: &str) -> String {
    let pairs = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => format!("{}={}", plain(name), filled(name, value)),
        None => filled("value", pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A body: JSON has its masked members filled in, everything else is taken as a form.
fn body(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(members)) => {
            let members = members.iter().map(|(name, value)| {
                let value = match value.as_str() {
                    Some(text) if is_masked(text) => format!("\"{}\"", variable(name)),
                    _ => value.to_string(),
                };
                format!("{}:{value}", serde_json::Value::from(name.as_str()))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        _ => form(text),
    }
}

/// A word that a shell takes as exactly this text, with the variables put in by the shell.
fn shell_word(text: &str) -> String {
    let mut word = String::new();
    for (index, piece) in text.split(VARIABLE).enumerate() {
        match piece {
            "" => {}
            name if index % 2 == 1 => word += &format!("\"${name}\""),
            literal => word += &quoted(literal),
        }
    }
    if word.is_empty() { "''".into() } else { word }
}

/// Text in single quotes; what could not be seen in a terminal is written as bytes.
fn quoted(text: &str) -> String {
    if !text.contains(hides) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let escaped = text.chars().map(|c| match c {
        '\\' | '\'' => format!("\\{c}"),
        c if hides(c) => bytes(c),
        c => c.to_string(),
    });
    format!("$'{}'", escaped.collect::<String>())
}

fn bytes(c: char) -> String {
    let mut utf8 = [0; 4];
    let bytes = c.encode_utf8(&mut utf8).bytes();
    bytes.fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(request: &str) -> Option<String> {
        let evidence = Evidence {
            request: request.into(),
            response: String::new(),
            started: None,
            elapsed_ms: 0,
        };
        curl(&evidence)
    }

    #[test]
    fn a_form_is_sent_again_with_variables_for_what_was_masked() {
        let request = "POST https://op.test/token?x=[1]\nauthorization: Basic ***\ncontent-type: \
            application/x-www-form-urlencoded\n\ncode=abcdef…(40)&client_secret=***&state=it's";
        let expected = r#"curl --include --globoff --path-as-is --request POST \
  --header 'authorization: Basic '"$AUTHGAUGE_BASIC" \
  --header 'content-type: application/x-www-form-urlencoded' \
  --data-raw 'code='"$AUTHGAUGE_CODE"'&client_secret='"$AUTHGAUGE_CLIENT_SECRET"'&state=it'\''s' \
  --url 'https://op.test/token?x=[1]'"#;
        assert_eq!(command(request).as_deref(), Some(expected));
    }

    #[test]
    fn masks_are_found_wherever_they_stand() {
        let rows = [
            ("GET https://op.test/a?code=abc%E2%80%A6(9)&s=1", "?code='\"$AUTHGAUGE_CODE\"'&s=1"),
            ("GET https://op.test/a\nCookie: a=1; sid=***", "a=1; sid='\"$AUTHGAUGE_COOKIE_SID\""),
            ("GET https://op.test/a\nAuthorization: Bearer ***", "\"$AUTHGAUGE_ACCESS_TOKEN\""),
            ("POST https://op.test/a\n\n{\"password\":\"***\",\"n\":1}", ",\"n\":1}'"),
            ("GET https://op.test/a?n=1(2)", "n=1(2)'"),
        ];
        for (request, part) in rows {
            let command = command(request).expect("it can be replayed");
            assert!(command.contains(part), "{command}");
            assert!(!command.contains("***") && !command.contains('…'), "{command}");
        }
    }

    #[test]
    fn what_is_not_known_as_a_whole_is_not_replayed() {
        assert_eq!(command("POST https://op.test/a\n\nabc…\n[5000 bytes in all]"), None);
        assert_eq!(command("POST https://op.test/a\n\n\u{fffd}"), None);
    }
}
