//! Scopes: space-separated, compared by case (RFC 6749 §3.3).

use crate::dialect::{Client, Dialect};
use crate::reason::Reason;

/// The scopes that a request is granted.
pub fn requested(
    dialect: &Dialect,
    client: &Client,
    scope: Option<&str>,
) -> Result<Vec<String>, Reason> {
    // RFC 6749 §3.3: without a scope there is a default, which is no more than the client may have.
    let default = || dialect.default_scope.iter().filter(|scope| client.scopes.contains(scope));
    let asked: Vec<String> = scope.map_or_else(|| default().cloned().collect(), split);
    // OIDC Core §3.1.2.1: scope values that are not understood should be ignored. That is a rule for
    // OpenID requests; RFC 6749 §3.3 lets a plain OAuth request be refused.
    // The default is everybody's, and a client gets what it may have of it.
    let by_default = scope.is_none();
    let lenient = by_default || contains(&asked, "openid") && contains(&client.scopes, "openid");
    let (known, unknown): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|scope| client.scopes.contains(scope));
    if known.is_empty() || (!lenient && !unknown.is_empty()) {
        return Err(Reason::ScopeNotAllowed);
    }
    Ok(known)
}

/// The distinct scopes of a space-separated list.
pub fn split(scope: &str) -> Vec<String> {
    let mut distinct = Vec::new();
    for token in scope.split(' ').filter(|token| !token.is_empty()) {
        if !contains(&distinct, token) {
            distinct.push(token.to_owned());
        }
    }
    distinct
}

/// Whether a scope is among the granted ones.
pub fn contains(scopes: &[String], scope: &str) -> bool {
    scopes.iter().any(|granted| granted == scope)
}
