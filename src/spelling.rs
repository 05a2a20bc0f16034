//! The spellings of a secret: everything that a provider may make of one before it sends it back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use url::form_urlencoded::byte_serialize;

use crate::secret::Secret;

/// Shorter than this a secret would be found in every other word.
const LEAST: usize = 3;

/// A regular expression for a secret as it is, percent-encoded, form-encoded, escaped for JSON or
/// HTML, and inside base64; `None` for one that is too short to be told from other text.
pub fn pattern(secret: &Secret) -> Option<String> {
    let text = secret.expose();
    if text.chars().count() < LEAST {
        return None;
    }
    let plain: String = text.chars().map(character).collect();
    let form: String = byte_serialize(text.as_bytes()).collect();
    let mut spellings = vec![plain];
    for bytes in [text.as_bytes(), form.as_bytes()] {
        spellings.extend((0..3).filter_map(|offset| inside_base64(bytes, offset)));
    }
    spellings.dedup();
    Some(spellings.join("|"))
}

/// A character in all its spellings; escapes may themselves be escaped.
fn character(c: char) -> String {
    let code = u32::from(c);
    let raw = match c {
        '\\' => r"\\+".to_owned(),
        _ => format!(r"\\*{}", regex::escape(c.encode_utf8(&mut [0; 4]))),
    };
    let mut utf8 = [0; 4];
    let percent: String = c.encode_utf8(&mut utf8).bytes().map(percent).collect();
    let mut utf16 = [0; 2];
    let units = c.encode_utf16(&mut utf16).iter();
    let json: String = units.map(|unit| [r"\\+u", &hex(&format!("{unit:04x}"))].concat()).collect();
    let amp = "&(?:amp;)*";
    let html = format!("{amp}#0*{code};|{amp}#[xX]0*{};", hex(&format!("{code:x}")));
    let named = match c {
        '"' => format!("|{amp}quot;"),
        '&' => format!("|{amp}amp;"),
        '\'' => format!("|{amp}apos;"),
        '<' => format!("|{amp}lt;"),
        '>' => format!("|{amp}gt;"),
        ' ' => r"|\+".to_owned(),
        _ => String::new(),
    };
    format!("(?:{raw}|{percent}|{json}|{html}{named})")
}

/// RFC 3986 §2.1, also when the percent sign was encoded once more.
fn percent(byte: u8) -> String {
    format!("%(?:25)*{}", hex(&format!("{byte:02x}")))
}

/// Hexadecimal digits in either case.
fn hex(digits: &str) -> String {
    let either = |d: char| [Some(d), d.is_ascii_lowercase().then(|| d.to_ascii_uppercase())];
    let classes = digits.chars().map(|d| either(d).into_iter().flatten().collect::<String>());
    classes.map(|class| if class.len() > 1 { ["[", &class, "]"].concat() } else { class }).collect()
}

/// What base64 makes of bytes that stand `offset` bytes after a group of three: the characters that
/// depend on these bytes alone.
fn inside_base64(bytes: &[u8], offset: usize) -> Option<String> {
    const LEAST: usize = 6;
    let padded = [&[0; 2][..offset], bytes].concat();
    let encoded = STANDARD_NO_PAD.encode(&padded);
    let first = [0, 2, 3][offset];
    let last = encoded.len() - usize::from(padded.len() % 3 != 0);
    let own = encoded.get(first..last).filter(|own| own.len() >= LEAST)?;
    Some(own.chars().map(base64_character).collect())
}

/// In either alphabet of RFC 4648, also percent-encoded.
fn base64_character(c: char) -> String {
    match c {
        '+' => r"(?:[+\-]|%2[bB])".to_owned(),
        '/' => r"(?:\\*[/_]|%2[fF])".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn every_spelling_is_found_whole() {
        let secret = "pa ss\"w\\örd/+1";
        let encoded: String = byte_serialize(secret.as_bytes()).collect();
        let escaped = |text: &str| serde_json::Value::from(text).to_string();
        let inside = |json: String| json[1..json.len() - 1].to_owned();
        let json = inside(escaped(secret));
        let rows = [
            secret.to_owned(),
            encoded.to_lowercase(),
            encoded.replace('+', "%20"),
            encoded.replace('%', "%25"),
            json.clone(),
            inside(escaped(&json)),
            r"pa ss\u0022w\\\u00F6rd\/+1".to_owned(),
            "pa ss&quot;w\\&#246;rd/&#x2B;1".to_owned(),
        ];
        let pattern = Regex::new(&pattern(&Secret::new(secret)).expect("long enough"));
        let pattern = pattern.expect("a pattern");
        for row in rows {
            assert_eq!(pattern.replace_all(&format!("<{row}>"), "***"), "<***>", "{row}");
        }
        for before in ["", "a", "ab"] {
            let token = STANDARD_NO_PAD.encode(format!("{before}{secret}x"));
            assert!(pattern.is_match(&token), "{before}");
        }
        assert!(!pattern.is_match("pa ss"));
    }

    #[test]
    fn a_secret_like_any_word_is_not_looked_for() {
        assert_eq!(pattern(&Secret::new("ab")), None);
    }
}
