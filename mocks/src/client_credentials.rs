//! The client credentials grant: RFC 6749 §4.4.

use serde_json::{Value, json};

use crate::authorize;
use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::issue::{self, Occasion};
use crate::jwt;
use crate::provider::{Provider, has};
use crate::reason::Reason;
use crate::reuse;
use crate::scope;
use crate::self_contained;

/// Issues an access token to the client itself.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Reason> {
    // RFC 6749 §4.4: confidential clients only.
    let lax = [Fault::UnknownGrantTypeAccepted, Fault::GrantTypesUnchecked];
    if client.secret.is_none() && !lax.iter().any(|fault| has(provider, *fault)) {
        return Err(Reason::PublicClientActsForItself);
    }
    let asked = one(form, "scope");
    if asked == Some("openid") && has(provider, Fault::ClientCredentialsWithIdToken) {
        return with_id_token(provider, client);
    }
    let scope = match asked.map(scope::split) {
        Some(asked) if has(provider, Fault::ClientCredentialsWithAnyScope) => asked,
        _ => scope::requested(&provider.dialect, client, asked)?,
    };
    let audience = authorize::audience(provider, form)?;
    if audience.is_none()
        && let Some(tokens) = reuse::find(provider, client, &scope)
            .or_else(|| self_contained::tokens(provider, client, &scope))
    {
        return Ok(tokens);
    }
    let number = issue::own_grant(provider, client, &scope);
    if let Some(grant) = provider.store.grants.get_mut(&number) {
        grant.audience.clone_from(&audience);
    }
    let tokens = issue::tokens(provider, number, &scope, Occasion::Grant)?;
    if audience.is_none() {
        reuse::keep(provider, client, &scope, &tokens);
    }
    Ok(tokens)
}

/// An ID token about a client, which no specification knows.
fn with_id_token(provider: &mut Provider, client: &Client) -> Result<Value, Reason> {
    let mut tokens = issue::undeserved(provider, client)?;
    let claims = json!({ "iss": provider.issuer, "sub": client.id, "aud": client.id });
    tokens["id_token"] = jwt::sign(provider, &claims).into();
    Ok(tokens)
}
