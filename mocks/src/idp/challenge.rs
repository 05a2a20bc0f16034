//! Putting challenges, and finding them again when they are answered.

use std::collections::hash_map::Entry;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::exception::{Exception, Outcome, invalid_parameter, not_authorized};
use super::sign_in::Attempt;
use super::srp::{self, Identity};
use super::state::{Challenge, Question};
use super::user;
use crate::fault::Fault;
use crate::provider::{self, Provider, has};
use crate::random;
use crate::user_pool::{self, short_name};

/// Asks for a signature with the key that SRP agrees upon; `digits` are the client's `SRP_A`.
pub fn password_verifier(provider: &mut Provider, attempt: &Attempt, digits: &str) -> Outcome {
    let client = srp::client_public(digits);
    let client = client.ok_or_else(|| invalid_parameter("Invalid SRP_A value"))?;
    let username = &attempt.username;
    // Nobody's password: the answer to this challenge is always wrong.
    let nobody = random::secret();
    let password = attempt.account.as_ref().map_or(&nobody, |account| &account.user.password);
    let pool = user_pool::of(provider);
    // The same at every attempt, also for users who do not exist.
    let salt = &Sha256::digest(format!("{}{username}", pool.id))[..16];
    let identity = Identity { pool: short_name(pool), user: username };
    let server = srp::respond(identity, password, salt, &client, &random::bytes(128));
    let parameters = json!({
        "SALT": srp::hexadecimal(salt),
        "SECRET_BLOCK": STANDARD.encode(random::bytes(192)),
        "SRP_B": server.public,
        "USERNAME": username,
        "USER_ID_FOR_SRP": username,
    });
    let handle = parameters["SECRET_BLOCK"].as_str().unwrap_or_default().to_owned();
    remember(provider, attempt, handle, Question::PasswordVerifier { key: server.key });
    Ok(json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters }))
}

/// Asks for the password.
pub fn password(provider: &mut Provider, attempt: &Attempt) -> Value {
    with_session(provider, attempt, "PASSWORD", Question::Password)
}

/// Asks which challenge it shall be.
pub fn select(provider: &mut Provider, attempt: &Attempt) -> Value {
    let mut output = with_session(provider, attempt, "SELECT_CHALLENGE", Question::Select);
    output["AvailableChallenges"] = json!(["PASSWORD_SRP", "PASSWORD"]);
    output
}

/// Asks for a password that replaces the temporary one.
pub fn new_password(provider: &mut Provider, attempt: &Attempt) -> Value {
    let name = "NEW_PASSWORD_REQUIRED";
    let mut output = with_session(provider, attempt, name, Question::NewPassword);
    let attributes = attempt.account.as_ref().map_or_else(Map::new, user::attributes_without_sub);
    output["ChallengeParameters"] = json!({
        "USER_ID_FOR_SRP": attempt.username,
        "requiredAttributes": "[]",
        "userAttributes": Value::Object(attributes).to_string(),
    });
    output
}

/// Asks for the code of an authenticator app.
pub fn software_token(provider: &mut Provider, attempt: &Attempt, device: &str) -> Value {
    let name = "SOFTWARE_TOKEN_MFA";
    let mut output = with_session(provider, attempt, name, Question::SoftwareToken);
    output["ChallengeParameters"] = json!({
        "FRIENDLY_DEVICE_NAME": device,
        "USER_ID_FOR_SRP": attempt.username,
    });
    output
}

fn with_session(
    provider: &mut Provider,
    attempt: &Attempt,
    name: &str,
    question: Question,
) -> Value {
    let session = STANDARD.encode(random::bytes(192));
    remember(provider, attempt, session.clone(), question);
    json!({ "ChallengeName": name, "ChallengeParameters": {}, "Session": session })
}

fn remember(provider: &mut Provider, attempt: &Attempt, handle: String, question: Question) {
    let challenge = Challenge {
        client_id: attempt.client.id.clone(),
        username: attempt.username.clone(),
        question,
        expires_at: provider::now(provider) + user_pool::of(provider).session,
    };
    provider.store.pool.challenges.insert(handle, challenge);
}

/// Takes the challenge that a client answers; `reply` finds in its question what the answer needs.
pub fn take<T>(
    provider: &mut Provider,
    client_id: &str,
    handle: &str,
    reply: impl FnOnce(&Question) -> Option<T>,
) -> Result<(Challenge, T), Exception> {
    let invalid = || not_authorized("Invalid session for the user.");
    let now = provider::now(provider);
    let stays = has(provider, Fault::ApiSessionReusable);
    let Entry::Occupied(entry) = provider.store.pool.challenges.entry(handle.to_owned()) else {
        return Err(invalid());
    };
    let expected = reply(&entry.get().question).filter(|_| entry.get().client_id == client_id);
    let expected = expected.ok_or_else(invalid)?;
    let challenge = if stays { entry.get().clone() } else { entry.remove() };
    if now >= challenge.expires_at {
        return Err(not_authorized("Invalid session for the user, session is expired."));
    }
    Ok((challenge, expected))
}

/// Puts a challenge back whose answer was unsuitable.
pub fn put_back(provider: &mut Provider, handle: &str, challenge: Challenge) {
    provider.store.pool.challenges.insert(handle.to_owned(), challenge);
}
