//! Authenticator apps as a second factor: `AssociateSoftwareToken`, `VerifySoftwareToken`,
//! `SetUserMFAPreference`, and the challenge `SOFTWARE_TOKEN_MFA`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::exception::{Exception, Outcome, exception, invalid_parameter};
use super::input::{self, parameter};
use super::respond::{self, Answer, session};
use super::state::{Authenticator, Question};
use super::{access, challenge, lockout, sign_in, totp};
use crate::provider::{self, Provider};
use crate::random;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    access_token: Option<String>,
    user_code: Option<String>,
    friendly_device_name: Option<String>,
    software_token_mfa_settings: Option<Settings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(default)]
    enabled: bool,
}

/// The username of whoever sends an access token.
fn username(provider: &Provider, input: &Input) -> Result<String, Exception> {
    let token = input::token(input.access_token.as_ref(), "accessToken")?;
    Ok(access::account(provider, token)?.user.username)
}

/// Answers `AssociateSoftwareToken`: a new secret, which counts once it is verified.
pub fn associate(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let username = username(provider, &input)?;
    let secret = random::bytes(32);
    let output = json!({ "SecretCode": totp::base32(&secret) });
    provider.store.pool.authenticators.entry(username).or_default().pending = Some(secret);
    Ok(output)
}

/// Answers `VerifySoftwareToken`.
pub fn verify(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let username = username(provider, &input)?;
    let code = input::required(input.user_code.as_ref(), "userCode")?;
    let now = provider::now(provider);
    let authenticator = provider.store.pool.authenticators.get_mut(&username);
    let associated = authenticator.and_then(|known| Some((known.pending.clone()?, known)));
    let Some((secret, authenticator)) = associated else {
        return Err(invalid_parameter("No software token is waiting to be verified."));
    };
    if !totp::is_right(&secret, now, code) {
        return Err(exception("EnableSoftwareTokenMFAException", "Code mismatch"));
    }
    let name = input.friendly_device_name.unwrap_or_default();
    *authenticator = Authenticator { pending: None, secret: Some(secret), name, ..*authenticator };
    Ok(json!({ "Status": "SUCCESS" }))
}

/// Answers `SetUserMFAPreference`: whether a sign-in asks for a code.
pub fn prefer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let username = username(provider, &input)?;
    let Some(Settings { enabled }) = input.software_token_mfa_settings else {
        return Ok(json!({}));
    };
    let authenticator = provider.store.pool.authenticators.get_mut(&username);
    match authenticator.filter(|known| known.secret.is_some()) {
        Some(authenticator) => authenticator.enabled = enabled,
        None if enabled => {
            return Err(invalid_parameter("User has not verified software token mfa"));
        }
        None => {}
    }
    Ok(json!({}))
}

/// What a sign-in must ask this user for, if anything.
pub fn enabled<'a>(provider: &'a Provider, username: &str) -> Option<&'a Authenticator> {
    provider.store.pool.authenticators.get(username).filter(|known| known.enabled)
}

/// Answers the challenge.
pub fn answer(provider: &mut Provider, answer: &Answer) -> Outcome {
    let code = parameter(&answer.responses, "SOFTWARE_TOKEN_MFA_CODE")?;
    let handle = session(answer)?;
    let (challenge, ()) = challenge::take(provider, &answer.client.id, handle, |question| {
        matches!(question, Question::SoftwareToken).then_some(())
    })?;
    let attempt = respond::attempt(provider, answer, &challenge)?;
    lockout::check(provider, &attempt.username)?;
    let now = provider::now(provider);
    let secret = enabled(provider, &attempt.username).and_then(|known| known.secret.as_ref());
    if !secret.is_some_and(|secret| totp::is_right(secret, now, code)) {
        lockout::fail(provider, &attempt.username);
        challenge::put_back(provider, handle, challenge);
        return Err(exception("CodeMismatchException", "Invalid code or auth state for the user."));
    }
    lockout::reset(provider, &attempt.username);
    Ok(sign_in::signed_in(provider, &attempt.client, &attempt.username))
}
