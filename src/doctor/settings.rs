//! The settings of a provider file as a person finds them: the key, and where its secret is kept.

use crate::diagnostic::Diagnostic;
use crate::provider_file::ProviderFile;
use crate::secret::SecretSource;
use crate::yaml;

/// A provider file as it is written, for messages that name the setting to change.
#[derive(Debug, Clone)]
pub struct Settings(ProviderFile);

impl Settings {
    /// Reads a provider file; no secret is read.
    ///
    /// # Errors
    /// Points at the mistake.
    pub fn parse(file: &str, source: &str) -> Result<Self, Diagnostic> {
        yaml::parse(file, source).map(Self)
    }

    /// How a message names the secret of a client.
    pub fn secret(&self, role: &str) -> String {
        let source = self.0.clients.get(role).and_then(|client| client.secret.as_ref());
        named(&format!("clients.{role}.secret"), source)
    }

    /// How a message names the password of a user.
    pub fn password(&self, user: &str) -> String {
        let source = self.0.users.get(user).map(|user| &user.password);
        named(&format!("users.{user}.password"), source)
    }
}

fn named(key: &str, source: Option<&SecretSource>) -> String {
    match source {
        Some(SecretSource::Env(name)) => format!("`{key}`, the environment variable {name}"),
        Some(SecretSource::File(path)) => format!("`{key}`, the file {path}"),
        Some(SecretSource::Published(_)) | None => format!("`{key}`"),
    }
}
