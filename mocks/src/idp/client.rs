//! The app client that a request names.

use super::exception::{Exception, exception, invalid_member, invalid_parameter, not_authorized};
use crate::dialect;
use crate::fault::Fault;
use crate::provider::{Provider, has};
use crate::user_pool::{AuthFlow, ClientSettings, Switches};

/// An app client.
#[derive(Clone, Debug)]
pub struct AppClient {
    /// The `client_id`.
    pub id: String,
    /// The secret, if it has one.
    pub secret: Option<String>,
    /// What it may do.
    pub settings: ClientSettings,
    /// How the pool answers.
    pub switches: Switches,
}

/// The client with that identifier.
pub fn find(provider: &Provider, id: &str) -> Result<AppClient, Exception> {
    let word = |character: char| character.is_ascii_alphanumeric() || "_+".contains(character);
    if !(1..=128).contains(&id.len()) || !id.chars().all(word) {
        let constraint = "Member must satisfy regular expression pattern: [\\w+]+";
        return Err(invalid_member("clientId", constraint));
    }
    let client = dialect::client(&provider.dialect, id);
    let pool = provider.dialect.user_pool.as_ref();
    let (client, pool) = client.zip(pool).ok_or_else(|| unknown(id))?;
    Ok(AppClient {
        id: client.id.clone(),
        secret: client.secret.clone(),
        settings: pool.clients.get(id).cloned().unwrap_or_default(),
        switches: pool.switches,
    })
}

fn unknown(id: &str) -> Exception {
    let message = format!("User pool client {id} does not exist.");
    exception("ResourceNotFoundException", message)
}

/// Whether the client may use an authentication flow, which a request calls `name`.
pub fn check_flow(
    provider: &Provider,
    client: &AppClient,
    flow: AuthFlow,
    name: &str,
) -> Result<(), Exception> {
    // Rotation would be undone by a flow that never replaces the token.
    let rotates = client.settings.refresh_token_rotation.is_some();
    let excluded = flow == AuthFlow::RefreshToken && rotates;
    let allowed = client.settings.explicit_auth_flows.contains(&flow) && !excluded;
    if allowed || has(provider, Fault::ApiDisabledFlowAccepted) {
        return Ok(());
    }
    let message = format!("{name} flow not enabled for this client");
    if client.switches.disabled_flow_not_authorized {
        return Err(not_authorized(message));
    }
    Err(invalid_parameter(message))
}
