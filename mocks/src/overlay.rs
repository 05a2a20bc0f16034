//! A user's file over a dialect: the users, clients and life times of somebody else's provider.

use std::path::Path;

use serde_json::Value;

use crate::dialect::{self, Dialect};
use crate::error::StubError;
use crate::yaml::{self, Located, Place};

/// One century, in seconds: no sum of times overflows.
const LARGEST: u64 = 100 * 365 * 86_400;

/// A dialect as a user wants it.
#[derive(Debug)]
pub struct Configured {
    /// The dialect.
    pub dialect: Dialect,
    /// Where clients reach the stub, if that is not where it listens.
    pub base_url: Option<String>,
}

/// Reads a file and lays it over a dialect: mappings are merged, all else is replaced as a whole.
///
/// # Errors
/// When the dialect is unknown, or the file cannot be read or says what no dialect can: with the
/// place in the file.
pub fn read(dialect: &str, path: &Path) -> Result<Configured, StubError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| StubError::ConfigUnreadable { file: file.clone(), source })?;
    parse(dialect, &text, &file)
}

/// Lays a text over a dialect; `name` is what messages call the text.
///
/// # Errors
/// As [`read`].
pub fn parse(dialect: &str, text: &str, name: &str) -> Result<Configured, StubError> {
    let base = dialect::embedded(dialect)?;
    apply(base, text).map_err(|((line, column), message)| StubError::Config {
        file: name.to_owned(),
        line,
        column,
        message,
    })
}

fn apply(dialect: &str, text: &str) -> Result<Configured, (Place, String)> {
    let Located { value, places } = yaml::parse_located(text)?;
    let fail = |path: &str, message: String| (place(&places, path), message);
    let Value::Object(mut members) = value else {
        return Err(fail("", "the file must be a mapping, such as `lifetimes: …`".into()));
    };
    let base_url = members.shift_remove("base_url").map(|value| base_url(&value)).transpose();
    let base_url = base_url.map_err(|message| fail("base_url", message))?;
    let overlay = Value::Object(members);
    if let Some(path) = too_large(&overlay, "") {
        return Err(fail(&path, format!("a number must be at most {LARGEST}")));
    }
    let merged = merge(yaml::parse(dialect), overlay);
    let dialect: Dialect = serde_path_to_error::deserialize(merged)
        .map_err(|error| fail(&error.path().to_string(), error.inner().to_string()))?;
    match contradiction(&dialect) {
        Some((path, message)) => Err(fail(&path, message)),
        None => Ok(Configured { dialect, base_url }),
    }
}

/// The place of a path, or of the nearest part around it that stands in the file.
fn place(places: &std::collections::BTreeMap<String, Place>, path: &str) -> Place {
    let mut path = path;
    loop {
        match places.get(path) {
            Some(place) => return *place,
            None if path.is_empty() => return (1, 1),
            None => path = path.rfind(['.', '[']).map_or("", |end| &path[..end]),
        }
    }
}

fn base_url(value: &Value) -> Result<String, String> {
    let wanted = "base_url must be an http or https URL, such as https://login.example.com";
    let text = value.as_str().ok_or(wanted)?.trim_end_matches('/');
    let url = url::Url::parse(text).map_err(|error| format!("{wanted}: {error}"))?;
    let sound = matches!(url.scheme(), "http" | "https")
        && url.query().is_none()
        && url.fragment().is_none();
    if sound { Ok(text.to_owned()) } else { Err(wanted.into()) }
}

fn too_large(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Number(number) => {
            let small = number.as_u64().is_none_or(|number| number <= LARGEST);
            (!small).then(|| path.to_owned())
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| too_large(item, &format!("{path}[{index}]"))),
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            too_large(value, &format!("{path}{dot}{key}"))
        }),
        _ => None,
    }
}

fn merge(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (key, value) in over {
                let below = base.shift_remove(&key).unwrap_or_default();
                base.insert(key, merge(below, value));
            }
            Value::Object(base)
        }
        (_, over) => over,
    }
}

/// What is well formed and still cannot be served.
fn contradiction(dialect: &Dialect) -> Option<(String, String)> {
    if dialect.users.is_empty() {
        return Some(("users".into(), "there must be at least one user".into()));
    }
    for (index, client) in dialect.clients.iter().enumerate() {
        let unknown = client.scopes.iter().position(|scope| !dialect.scopes.contains(scope));
        if let Some(at) = unknown {
            let message = format!(
                "client {} may have the scope {}, which is not in `scopes`: {}",
                client.id,
                client.scopes[at],
                dialect.scopes.join(", ")
            );
            return Some((format!("clients[{index}].scopes[{at}]"), message));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<Configured, (Place, String)> {
        apply(dialect::embedded("strict").expect("embedded"), text)
    }

    #[test]
    fn mappings_are_merged_and_lists_are_replaced() {
        let text = "base_url: https://login.example.com/\nlifetimes:\n  access_token: 60\nusers:\n  \
                    - { username: eve, password: p, sub: s, name: Eve, email: eve@example.com }\n";
        let Configured { dialect, base_url } = strict(text).expect("valid");
        assert_eq!(base_url.as_deref(), Some("https://login.example.com"));
        assert_eq!((dialect.lifetimes.access_token, dialect.lifetimes.id_token), (60, 3600));
        assert_eq!((dialect.users.len(), &*dialect.users[0].username), (1, "eve"));
        assert!(dialect.clients.len() > 5);
    }

    #[test]
    fn mistakes_have_a_place() {
        let rows = [
            ("lifetimes:\n  acess_token: 60\n", (2, 3), "unknown field `acess_token`"),
            ("users:\n  - username: eve\n    pasword: x\n", (3, 5), "unknown field `pasword`"),
            ("users:\n  - username: eve\n", (2, 5), "missing field"),
            ("scopes: [a]\n\nlifetimes:\n  id_token: soon\n", (4, 3), "invalid type"),
            ("users: []\n", (1, 1), "at least one user"),
            ("lifetimes: { id_token: 18446744073709551615 }\n", (1, 14), "at most 3153600000"),
            ("# nothing\nbase_url: ftp://x\n", (2, 1), "http or https"),
            ("a: [\n", (1, 4), "unclosed bracket"),
            ("- a\n", (1, 1), "must be a mapping"),
            ("a: 1\na: 2\n", (2, 1), "duplicate"),
            ("scopes: [openid]\n", (1, 1), "which is not in `scopes`"),
        ];
        for (text, place, part) in rows {
            let (at, message) = strict(text).expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
            assert_eq!(at, place, "{text}: {message}");
        }
    }
}
