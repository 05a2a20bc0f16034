//! `RespondToAuthChallenge`: how a sign-in goes on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;

use super::client::{self, AppClient};
use super::exception::{Exception, Outcome, invalid_member, invalid_parameter, not_authorized};
use super::input::{self, Parameters, optional, parameter, required};
use super::sign_in::{self, Attempt};
use super::srp::{self, Identity};
use super::state::{Challenge, Question};
use super::{challenge, new_password, secret_hash, software_token, timestamp, user};
use crate::fault::Fault;
use crate::provider::{Provider, has};
use crate::user_pool::{self, short_name};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    client_id: Option<String>,
    challenge_name: Option<String>,
    session: Option<String>,
    challenge_responses: Option<Parameters>,
}

/// An answer to a challenge that waits for it.
pub struct Answer {
    /// Who answers.
    pub client: AppClient,
    /// The session, if the request names one.
    pub session: Option<String>,
    /// What is answered.
    pub responses: Parameters,
}

/// Answers `RespondToAuthChallenge`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let client = client::find(provider, required(input.client_id.as_ref(), "clientId")?)?;
    let name = required(input.challenge_name.as_ref(), "challengeName")?;
    let responses = input.challenge_responses.clone().unwrap_or_default();
    let answer = Answer { client, session: input.session.clone(), responses };
    match name {
        "PASSWORD_VERIFIER" => verify(provider, &answer),
        "PASSWORD" => password(provider, &answer),
        "SELECT_CHALLENGE" => selected(provider, &answer),
        "NEW_PASSWORD_REQUIRED" => new_password::answer(provider, &answer),
        "SOFTWARE_TOKEN_MFA" => software_token::answer(provider, &answer),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Exception {
    // The other challenges of the model are never put by this stub, so nobody has a session for them.
    const OTHERS: [&str; 11] = [
        "SMS_MFA",
        "EMAIL_OTP",
        "SELECT_MFA_TYPE",
        "MFA_SETUP",
        "CUSTOM_CHALLENGE",
        "DEVICE_SRP_AUTH",
        "DEVICE_PASSWORD_VERIFIER",
        "ADMIN_NO_SRP_AUTH",
        "SMS_OTP",
        "WEB_AUTHN",
        "PASSWORD_SRP",
    ];
    if OTHERS.contains(&name) {
        return not_authorized("Invalid session for the user.");
    }
    invalid_member("challengeName", "Member must satisfy enum value set of challenge names")
}

/// The session that an answer must name.
pub fn session(answer: &Answer) -> Result<&str, Exception> {
    let missing = || invalid_parameter("Missing required parameter Session");
    answer.session.as_deref().filter(|session| !session.is_empty()).ok_or_else(missing)
}

/// The attempt that a challenge belongs to, if the answer names its user.
pub fn attempt(
    provider: &Provider,
    answer: &Answer,
    challenge: &Challenge,
) -> Result<Attempt, Exception> {
    let (name, username) = (parameter(&answer.responses, "USERNAME")?, &challenge.username);
    let account = user::find(provider, name);
    let named = account.as_ref().map_or(name, |account| &account.user.username);
    if named != username {
        return Err(not_authorized("Invalid session for the user."));
    }
    // Here the hash is about the username that the challenge has told, never about an alias.
    let hash = optional(&answer.responses, "SECRET_HASH");
    secret_hash::check(provider, &answer.client, username, hash)?;
    Ok(Attempt { client: answer.client.clone(), username: username.clone(), account })
}

fn verify(provider: &mut Provider, answer: &Answer) -> Outcome {
    let responses = &answer.responses;
    let block = parameter(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
    let claim = parameter(responses, "PASSWORD_CLAIM_SIGNATURE")?;
    let format = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.";
    let timestamp = timestamp::canonical(parameter(responses, "TIMESTAMP")?);
    let timestamp = timestamp.ok_or_else(|| invalid_parameter(format))?;
    let (challenge, key) = challenge::take(provider, &answer.client.id, block, |question| {
        if let Question::PasswordVerifier { key } = question { Some(*key) } else { None }
    })?;
    let attempt = attempt(provider, answer, &challenge)?;
    let pool = short_name(user_pool::of(provider));
    let identity = Identity { pool, user: &attempt.username };
    let secret_block = STANDARD.decode(block).unwrap_or_default();
    let expected = srp::signature(&key, identity, &secret_block, &timestamp);
    let unchecked = has(provider, Fault::ApiPasswordVerifierUnchecked);
    let right = attempt.account.is_some() && (STANDARD.encode(expected) == claim || unchecked);
    sign_in::conclude(provider, &attempt, right)
}

fn password(provider: &mut Provider, answer: &Answer) -> Outcome {
    let password = parameter(&answer.responses, "PASSWORD")?;
    let (challenge, ()) =
        challenge::take(provider, &answer.client.id, session(answer)?, |question| {
            matches!(question, Question::Password).then_some(())
        })?;
    let attempt = attempt(provider, answer, &challenge)?;
    sign_in::with_password(provider, &attempt, password)
}

fn selected(provider: &mut Provider, answer: &Answer) -> Outcome {
    let responses = &answer.responses;
    let choice = parameter(responses, "ANSWER")?;
    if !["PASSWORD", "PASSWORD_SRP"].contains(&choice) {
        return Err(invalid_parameter("The selected challenge is not available."));
    }
    let (challenge, ()) =
        challenge::take(provider, &answer.client.id, session(answer)?, |question| {
            matches!(question, Question::Select).then_some(())
        })?;
    let attempt = attempt(provider, answer, &challenge)?;
    match (choice, optional(responses, "PASSWORD")) {
        ("PASSWORD", Some(password)) => sign_in::with_password(provider, &attempt, password),
        ("PASSWORD", None) => Ok(challenge::password(provider, &attempt)),
        _ => challenge::password_verifier(provider, &attempt, parameter(responses, "SRP_A")?),
    }
}
