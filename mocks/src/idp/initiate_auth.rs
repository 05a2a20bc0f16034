//! `InitiateAuth`: how a sign-in begins.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{self, AppClient, check_flow};
use super::exception::{Outcome, invalid_member, invalid_parameter};
use super::input::{self, Parameters, optional, parameter, required};
use super::refresh;
use super::sign_in::{self, Attempt};
use super::{challenge, exception::Exception};
use crate::provider::Provider;
use crate::user_pool::AuthFlow;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    auth_flow: Option<String>,
    client_id: Option<String>,
    auth_parameters: Option<Parameters>,
}

/// Answers `InitiateAuth`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let flow = required(input.auth_flow.as_ref(), "authFlow")?;
    let client = client::find(provider, required(input.client_id.as_ref(), "clientId")?)?;
    let parameters = input.auth_parameters.unwrap_or_default();
    match flow {
        "USER_PASSWORD_AUTH" => {
            check_flow(provider, &client, AuthFlow::UserPassword, flow)?;
            let attempt = attempt(provider, client, &parameters)?;
            sign_in::with_password(provider, &attempt, parameter(&parameters, "PASSWORD")?)
        }
        "USER_SRP_AUTH" => {
            check_flow(provider, &client, AuthFlow::UserSrp, flow)?;
            let attempt = attempt(provider, client, &parameters)?;
            challenge::password_verifier(provider, &attempt, parameter(&parameters, "SRP_A")?)
        }
        "USER_AUTH" => {
            check_flow(provider, &client, AuthFlow::User, flow)?;
            let attempt = attempt(provider, client, &parameters)?;
            preferred(provider, &attempt, &parameters)
        }
        "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
            check_flow(provider, &client, AuthFlow::RefreshToken, flow)?;
            let token = parameter(&parameters, "REFRESH_TOKEN")?;
            let hash = optional(&parameters, "SECRET_HASH");
            let result = refresh::with_hash(provider, &client, token, hash)?;
            Ok(json!({ "AuthenticationResult": result, "ChallengeParameters": {} }))
        }
        _ => Err(elsewhere(provider, &client, flow)),
    }
}

/// The attempt of the user that the parameters name.
pub fn attempt(
    provider: &Provider,
    client: AppClient,
    parameters: &Parameters,
) -> Result<Attempt, Exception> {
    let name = parameter(parameters, "USERNAME")?;
    sign_in::attempt(provider, client, name, optional(parameters, "SECRET_HASH"))
}

/// The challenge that the user prefers, or else a choice.
fn preferred(provider: &mut Provider, attempt: &Attempt, parameters: &Parameters) -> Outcome {
    match (optional(parameters, "PREFERRED_CHALLENGE"), optional(parameters, "PASSWORD")) {
        (Some("PASSWORD"), Some(password)) => sign_in::with_password(provider, attempt, password),
        (Some("PASSWORD"), None) => Ok(challenge::password(provider, attempt)),
        (Some("PASSWORD_SRP"), _) => {
            challenge::password_verifier(provider, attempt, parameter(parameters, "SRP_A")?)
        }
        _ => Ok(challenge::select(provider, attempt)),
    }
}

/// Flows that the stub does not have: those for administrators, for triggers, and nobody's.
fn elsewhere(provider: &Provider, client: &AppClient, flow: &str) -> Exception {
    match flow {
        "ADMIN_NO_SRP_AUTH" | "ADMIN_USER_PASSWORD_AUTH" => {
            invalid_parameter("Initiate Auth method not supported.")
        }
        "CUSTOM_AUTH" => match check_flow(provider, client, AuthFlow::Custom, flow) {
            Ok(()) => {
                invalid_parameter("Custom auth lambda trigger is not configured for the user pool.")
            }
            Err(exception) => exception,
        },
        _ => {
            let known = "ADMIN_NO_SRP_AUTH, ADMIN_USER_PASSWORD_AUTH, CUSTOM_AUTH, REFRESH_TOKEN, \
                REFRESH_TOKEN_AUTH, USER_AUTH, USER_PASSWORD_AUTH, USER_SRP_AUTH";
            let constraint = format!("Member must satisfy enum value set: [{known}]");
            invalid_member("authFlow", &constraint)
        }
    }
}
