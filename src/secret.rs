//! Secrets: named in a provider file, kept in the environment or in files, never shown.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::diagnostic::Place;
use crate::yaml::Located;

/// Where a secret is kept. A provider file has no place for the secret itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretSource {
    /// The name of an environment variable.
    Env(Located<String>),
    /// The path of a file that holds nothing but the secret; a trailing line break is dropped.
    File(Located<String>),
    /// A published value of a provider that exists for testing, such as the embedded stub.
    Published(Located<String>),
}

/// A secret's value; it has no `Display`, and its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps a value as a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value, for the wire and for redaction.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl SecretSource {
    /// Where the source stands in the provider file.
    pub fn place(&self) -> Place {
        match self {
            Self::Env(at) | Self::File(at) | Self::Published(at) => at.place,
        }
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// Names the variable or file that is missing, and says what to do.
    pub fn read(&self) -> Result<Secret, String> {
        match self {
            Self::Env(name) => std::env::var(&name.value)
                .map(Secret::new)
                .map_err(|_| format!("the environment variable {name} is not set")),
            Self::File(path) => std::fs::read_to_string(&path.value)
                .map(|text| Secret::new(text.trim_end_matches(['\r', '\n'])))
                .map_err(|e| format!("the secret file {path} cannot be read: {e}")),
            Self::Published(value) => Ok(Secret::new(value.value.clone())),
        }
    }
}
