//! `GlobalSignOut`: the end of everything that was issued to a user.

use serde::Deserialize;
use serde_json::{Value, json};

use super::exception::Outcome;
use super::{access, input};
use crate::fault::Fault;
use crate::provider::{Provider, has};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    access_token: Option<String>,
}

/// Answers `GlobalSignOut`. The cookie of a browser stays good.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let token = input::token(input.access_token.as_ref(), "accessToken")?;
    let username = access::account(provider, token)?.user.username;
    if has(provider, Fault::ApiGlobalSignOutDoesNothing) {
        return Ok(json!({}));
    }
    for grant in provider.store.grants.values_mut() {
        if grant.login.as_ref().is_some_and(|login| login.username == username) {
            grant.revoked = true;
        }
    }
    Ok(json!({}))
}
