//! Text with `${…}` in it: parsed when a file is loaded, filled in when a step runs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::diagnostic::Place;
use crate::yaml::Located;

/// Text in which `${name}` stands for a bound name and `${function:argument}` for a computed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Literal text and references, in order.
    pub segments: Vec<Segment>,
    /// Where the text stands in its file.
    pub place: Place,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text that stands for itself.
    Literal(String),
    /// A value to be filled in.
    Reference(Reference),
}

/// What stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `${name}`: the value bound to a name.
    Name(String),
    /// `${function:argument:…}`.
    Call(Function, Vec<String>),
}

/// The functions a template can call; a closed vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `${random:N}`: N characters of RFC 3986's unreserved set, new each time.
    Random,
    /// `${now}` or `${now:+60}`: seconds since 1970, as a number.
    Now,
    /// `${s256:name}`: BASE64URL(SHA-256(value)), the S256 transformation of RFC 7636 §4.2.
    S256,
    /// `${swapcase:name}`: the value with the case of every letter changed.
    Swapcase,
    /// `${upper:name}`: the value in upper case.
    Upper,
    /// `${truncate:name:N}`: the first N characters of the value.
    Truncate,
    /// `${append:name:text}`: the value with text behind it.
    Append,
    /// `${without:name:word}`: the space-separated words of the value, but not this one.
    Without,
    /// `${tamper:name}`: the value with one character in its middle replaced by another.
    Tamper,
    /// `${base64url:name}`: the value's bytes, base64url-encoded without padding.
    Base64url,
    /// `${divide:name:N}`: the N-th part of the value, a number, rounded up to a whole one.
    Divide,
    /// `${url:name:part}`: the scheme, host, authority, origin, path or rest of an address: a path without
    /// a slash at its end, the rest with everything behind the origin.
    Url,
    /// `${client_id:role}`: the `client_id` of a client role; the role may be a bound name.
    ClientId,
    /// `${env:NAME}` or `${env:NAME:default}`: an environment variable, in provider files only.
    Env,
}

impl Function {
    /// Every function, with the number of arguments it takes at the least and at the most.
    pub const ALL: [(&'static str, Self, usize, usize); 14] = [
        ("random", Self::Random, 1, 1),
        ("now", Self::Now, 0, 1),
        ("s256", Self::S256, 1, 1),
        ("swapcase", Self::Swapcase, 1, 1),
        ("upper", Self::Upper, 1, 1),
        ("truncate", Self::Truncate, 2, 2),
        ("append", Self::Append, 2, 2),
        ("without", Self::Without, 2, 2),
        ("tamper", Self::Tamper, 1, 1),
        ("base64url", Self::Base64url, 1, 1),
        ("divide", Self::Divide, 2, 2),
        ("url", Self::Url, 2, 2),
        ("client_id", Self::ClientId, 1, 1),
        ("env", Self::Env, 1, 2),
    ];

    /// Which argument is a number; one that is never given for functions without any.
    fn number_at(self) -> usize {
        match self {
            Self::Random | Self::Now => 0,
            Self::Truncate => 1,
            _ => usize::MAX,
        }
    }

    /// Whether the first argument is a bound name, rather than a number or text.
    pub fn takes_name(self) -> bool {
        !matches!(self, Self::Random | Self::Now | Self::ClientId | Self::Env)
    }
}

impl Template {
    /// Parses text; the place is where it stands in its file.
    ///
    /// # Errors
    /// Says which `${…}` is malformed and why.
    pub fn parse(text: &str, place: Place) -> Result<Self, String> {
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let end = rest[start..]
                .find('}')
                .ok_or_else(|| format!("`{}` has no closing brace", &rest[start..]))?;
            push_literal(&mut segments, &rest[..start]);
            segments.push(Segment::Reference(reference(&rest[start + 2..start + end])?));
            rest = &rest[start + end + 1..];
        }
        push_literal(&mut segments, rest);
        Ok(Self { segments, place })
    }

    /// A template that is just this text.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { segments: vec![Segment::Literal(text.into())], place: Place::default() }
    }

    /// Whether it stands for the value of this name, and nothing else.
    pub fn is_just(&self, name: &str) -> bool {
        matches!(&self.segments[..], [Segment::Reference(Reference::Name(own))] if own == name)
    }

    /// The names the template needs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Reference(Reference::Name(name)) => Some(name.as_str()),
            Segment::Reference(Reference::Call(function, arguments)) if function.takes_name() => {
                arguments.first().map(String::as_str)
            }
            _ => None,
        })
    }
}

fn push_literal(segments: &mut Vec<Segment>, text: &str) {
    if !text.is_empty() {
        segments.push(Segment::Literal(text.to_owned()));
    }
}

fn reference(inside: &str) -> Result<Reference, String> {
    let mut parts = inside.split(':').map(str::to_owned);
    let head = parts.next().unwrap_or_default();
    let arguments: Vec<String> = parts.collect();
    match Function::ALL.iter().find(|(name, ..)| *name == head) {
        Some((_, Function::Env, ..)) if !arguments.is_empty() => {
            // A default may hold colons itself: `${env:ISSUER:http://127.0.0.1:8000}`.
            let (name, default) = (arguments[0].clone(), arguments[1..].join(":"));
            let given = arguments.len() > 1;
            Ok(Reference::Call(Function::Env, if given { vec![name, default] } else { vec![name] }))
        }
        Some((_, function, least, most)) if (*least..=*most).contains(&arguments.len()) => {
            match arguments.get(function.number_at()) {
                Some(number) if number.parse::<i64>().is_err() => {
                    Err(format!("`${{{inside}}}`: `{number}` is no number"))
                }
                _ => Ok(Reference::Call(*function, arguments)),
            }
        }
        Some((_, _, least, _)) => {
            Err(format!("`${{{inside}}}`: `{head}` takes {least} argument(s), separated by `:`"))
        }
        None if arguments.is_empty() && is_name(&head) => Ok(Reference::Name(head)),
        None => Err(format!(
            "`${{{inside}}}`: unknown function `{head}`, expected one of {}",
            Function::ALL.map(|(name, ..)| name).join(", ")
        )),
    }
}

/// Names are the words of the specifications: letters, digits and underscores.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Located::<String>::deserialize(deserializer)?;
        Self::parse(&text.value, text.place).map_err(D::Error::custom)
    }
}

impl JsonSchema for Template {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // YAML's numbers and booleans are read as the text that is written.
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => f.write_str(text),
            Segment::Reference(Reference::Name(name)) => write!(f, "${{{name}}}"),
            Segment::Reference(Reference::Call(function, arguments)) => {
                let name = Function::ALL.iter().find(|(_, known, ..)| known == function);
                write!(f, "${{{}", name.map_or("", |(name, ..)| *name))?;
                arguments.iter().try_for_each(|argument| write!(f, ":{argument}"))?;
                f.write_str("}")
            }
        })
    }
}

/// Every text of a JSON document, as a template.
pub fn texts(document: &serde_json::Value, templates: &mut Vec<Template>) {
    match document {
        serde_json::Value::String(text) => {
            templates.extend(Template::parse(text, Place::default()).ok());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, templates)),
        serde_json::Value::Object(members) => {
            members.values().for_each(|value| texts(value, templates));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_print_as_they_were_written() {
        let rows = ["plain", "${code}", "a${code}b", "${random:43}", "${env:A:http://h:80}", "$x"];
        for text in rows {
            let template = Template::parse(text, Place::default()).expect(text);
            assert_eq!(template.to_string(), text);
        }
    }

    #[test]
    fn malformed_references_say_why() {
        let rows = [
            ("${code", "no closing brace"),
            ("${sha:code}", "unknown function `sha`"),
            ("${random}", "takes 1 argument"),
            ("${Code}", "unknown function"),
            ("${}", "unknown function"),
        ];
        for (text, message) in rows {
            let error = Template::parse(text, Place::default()).expect_err(text);
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn names_are_those_that_must_be_bound() {
        let template = Template::parse("${a}-${s256:b}-${random:3}", Place::default());
        assert_eq!(template.expect("valid").names().collect::<Vec<_>>(), ["a", "b"]);
    }
}
