//! The client credentials grant: RFC 6749 §4.4.

use serde_json::Value;

use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::issue::{self, Occasion};
use crate::provider::{Provider, has};
use crate::refusal::{Refusal, refuse};
use crate::scope;
use crate::store::{self, Grant};

/// Issues an access token to the client itself.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Refusal> {
    // RFC 6749 §4.4: confidential clients only.
    if client.secret.is_none() && !has(provider, Fault::UnknownGrantTypeAccepted) {
        return Err(refuse("unauthorized_client", "public clients may not use this grant"));
    }
    let scope = scope::requested(&provider.dialect, client, one(form, "scope"))?;
    let grant = Grant {
        client_id: client.id.clone(),
        login: None,
        scope: scope.clone(),
        nonce: None,
        revoked: false,
        last_access_token: None,
    };
    let number = store::add_grant(&mut provider.store, grant);
    issue::tokens(provider, number, &scope, Occasion::Grant)
}
