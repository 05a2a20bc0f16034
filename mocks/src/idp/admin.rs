//! `AdminInitiateAuth` and `AdminRespondToAuthChallenge`: signing users in from a server. The product
//! wants these calls signed; see `unsigned_admin_calls`.

use serde::Deserialize;
use serde_json::Value;

use super::client::{self, check_flow};
use super::exception::{Exception, Outcome, exception, invalid_parameter};
use super::input::{self, Parameters, parameter, required};
use super::{initiate_auth, respond, sign_in};
use crate::provider::Provider;
use crate::user_pool::{self, AuthFlow};
use crate::wire::{Request, headers};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    user_pool_id: Option<String>,
    client_id: Option<String>,
    auth_flow: Option<String>,
    auth_parameters: Option<Parameters>,
}

/// Whether a call for administrators is answered at all.
pub fn check(provider: &Provider, request: &Request) -> Result<(), Exception> {
    if user_pool::of(provider).switches.unsigned_admin_calls {
        return Ok(());
    }
    Err(match headers(request, "authorization").next() {
        None => exception("MissingAuthenticationTokenException", "Missing Authentication Token"),
        // Whoever signs has credentials that nobody here has issued.
        Some(_) => exception(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    })
}

/// Answers `AdminInitiateAuth`.
pub fn initiate(provider: &mut Provider, input: Value) -> Outcome {
    let Input { user_pool_id, client_id, auth_flow, auth_parameters } =
        input::parse(input.clone())?;
    check_pool(provider, user_pool_id.as_ref())?;
    match required(auth_flow.as_ref(), "authFlow")? {
        flow @ ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH") => {
            let client = client::find(provider, required(client_id.as_ref(), "clientId")?)?;
            check_flow(provider, &client, AuthFlow::AdminUserPassword, flow)?;
            let parameters = auth_parameters.unwrap_or_default();
            let attempt = initiate_auth::attempt(provider, client, &parameters)?;
            sign_in::with_password(provider, &attempt, parameter(&parameters, "PASSWORD")?)
        }
        "USER_PASSWORD_AUTH" => Err(invalid_parameter("Initiate Auth method not supported.")),
        _ => initiate_auth::answer(provider, input),
    }
}

/// Answers `AdminRespondToAuthChallenge`.
pub fn respond(provider: &mut Provider, input: Value) -> Outcome {
    let Input { user_pool_id, .. } = input::parse(input.clone())?;
    check_pool(provider, user_pool_id.as_ref())?;
    respond::answer(provider, input)
}

fn check_pool(provider: &Provider, id: Option<&String>) -> Result<(), Exception> {
    let id = required(id, "userPoolId")?;
    if id == user_pool::of(provider).id {
        return Ok(());
    }
    Err(exception("ResourceNotFoundException", format!("User pool {id} does not exist.")))
}
