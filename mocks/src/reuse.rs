//! The token that a client has already: some providers give it again instead of a new one.

use serde_json::Value;

use crate::dialect::Client;
use crate::provider::{self, Provider};
use crate::userinfo;

/// A token response that may be given again.
#[derive(Clone, Debug)]
pub struct Reused {
    /// The response.
    pub tokens: Value,
    /// When it was new, in seconds since 1970.
    pub issued_at: u64,
}

/// The response that the client got for this scope, if it is recent and the token still works.
pub fn find(provider: &Provider, client: &Client, scope: &[String]) -> Option<Value> {
    let reused = provider.store.reused.get(&key(client, scope))?;
    let age = provider::now(provider).saturating_sub(reused.issued_at);
    if age >= provider.conditions.reuse_tokens {
        return None;
    }
    let token = userinfo::live(provider, reused.tokens["access_token"].as_str()?)?;
    let mut tokens = reused.tokens.clone();
    tokens["expires_in"] = token.expires_at.saturating_sub(provider::now(provider)).into();
    Some(tokens)
}

/// Keeps a response, if tokens are to be given again at all.
pub fn keep(provider: &mut Provider, client: &Client, scope: &[String], tokens: &Value) {
    if provider.conditions.reuse_tokens > 0 {
        let reused = Reused { tokens: tokens.clone(), issued_at: provider::now(provider) };
        provider.store.reused.insert(key(client, scope), reused);
    }
}

fn key(client: &Client, scope: &[String]) -> (String, String) {
    (client.id.clone(), scope.join(" "))
}
