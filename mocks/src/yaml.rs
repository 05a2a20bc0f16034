//! The embedded YAML files; the only module that names the YAML crate.

use serde::de::DeserializeOwned;

/// Parses a file that is compiled into the crate.
///
/// # Panics
/// When the file is invalid: a unit test parses each of them, so that a build that passes never does.
pub fn parse<T: DeserializeOwned>(embedded: &str) -> T {
    serde_yaml::from_str(embedded).expect("the tests have parsed every embedded file")
}
