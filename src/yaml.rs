//! Reading YAML: the only module that names the YAML crate.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};

use crate::diagnostic::{Diagnostic, Place};

/// A value and where it stands in its file, so that a mistake found later still shows its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<T>::deserialize(deserializer)?;
        let place = place(spanned.defined);
        Ok(Self { value: spanned.value, place })
    }
}

/// The place is found, not written.
impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: fmt::Display> fmt::Display for Located<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Parses one document of a file.
///
/// # Errors
/// A [`Diagnostic`] that points at the mistake. Documents nested deeper than 64 levels or larger
/// than 20,000 nodes are refused: no scenario needs them and hostile files do.
pub fn parse<T: DeserializeOwned>(file: &str, source: &str) -> Result<T, Diagnostic> {
    serde_yaml::from_str_with_options(source, options()).map_err(|error| {
        let bare = error.without_snippet();
        let place = bare.location().map(place).unwrap_or_default();
        Diagnostic::new(file, source, place, clean(&bare.to_string()))
    })
}

fn options() -> serde_yaml::Options {
    let mut options = serde_yaml::Options::default();
    // Otherwise `country: NO` would become a boolean wherever a JSON value is expected.
    options.strict_booleans = true;
    options.with_snippet = false;
    options.budget = serde_yaml::budget! { max_nodes: 20_000, max_depth: 64 };
    options
}

fn place(location: serde_yaml::Location) -> Place {
    let number = |n: u64| usize::try_from(n).unwrap_or_default();
    Place { line: number(location.line()), column: number(location.column()) }
}

/// The crate's message without the location that it ends or begins with: a diagnostic has its own.
fn clean(message: &str) -> String {
    let mut text = message.strip_prefix("error: ").unwrap_or(message);
    if let Some((head, rest)) = text.split_once(": ")
        && head.starts_with("line ")
    {
        text = rest;
    }
    if let Some((head, tail)) = text.rsplit_once(" at line ")
        && tail.chars().all(|c| c.is_ascii_digit() || "column, ".contains(c))
    {
        text = head;
    }
    // It advises programs that use the crate.
    text.trim_end_matches(", set DuplicateKeyPolicy in Options if acceptable").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: Located<String>,
        #[serde(default)]
        list: Vec<Located<String>>,
    }

    #[test]
    fn values_know_their_place() {
        let sample: Sample = parse("s.yaml", "name: a\nlist:\n  - b\n  - ${c}\n").expect("valid");
        assert_eq!(sample.name.place, Place { line: 1, column: 7 });
        assert_eq!(sample.list[1].place, Place { line: 4, column: 5 });
        assert_eq!(sample.list[1].value, "${c}");
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let rows = [
            ("name: a\nnmae: b\n", "s.yaml:2:1", "unknown field `nmae`"),
            ("name: a\nname: b\n", "s.yaml:2:1", "duplicate"),
            ("list: [a\n", "s.yaml:", ""),
            ("name: [a]\n", "s.yaml:1:7", ""),
            ("", "s.yaml", ""),
        ];
        for (source, place, message) in rows {
            let error = parse::<Sample>("s.yaml", source).expect_err(source).to_string();
            assert!(error.contains(place) && error.contains(message), "{source:?} gave:\n{error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_at_once() {
        let source = "[".repeat(100_000);
        let started = std::time::Instant::now();
        assert!(parse::<Sample>("s.yaml", &source).is_err());
        assert!(started.elapsed().as_secs() < 5, "took {:?}", started.elapsed());
    }
}
