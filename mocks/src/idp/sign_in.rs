//! Signing in with a password, however it is proven.

use std::cell::Cell;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::json;

use super::client::AppClient;
use super::exception::{Exception, Outcome, exception, not_authorized};
use super::user::{self, Account};
use super::{challenge, lockout, secret_hash, software_token, tokens};
use crate::fault::Fault;
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::random;
use crate::store::{self, Grant, Login};
use crate::user_pool::{UserExistenceErrors, UserStatus};

/// Someone who wants to sign in.
#[derive(Debug)]
pub struct Attempt {
    /// The client they use.
    pub client: AppClient,
    /// Their username; what they typed if they do not exist.
    pub username: String,
    /// Who they are, unless they do not exist and must not learn that.
    pub account: Option<Account>,
}

/// The attempt of someone who calls themselves `name`.
pub fn attempt(
    provider: &Provider,
    client: AppClient,
    name: &str,
    hash: Option<&str>,
) -> Result<Attempt, Exception> {
    secret_hash::check(provider, &client, name, hash)?;
    let account = user::find(provider, name);
    let told = client.settings.prevent_user_existence_errors == UserExistenceErrors::Legacy;
    if account.is_none() && (told || has(provider, Fault::ApiUnknownUserTold)) {
        return Err(exception("UserNotFoundException", "User does not exist."));
    }
    let username = account.as_ref().map_or(name, |account| &account.user.username).to_owned();
    Ok(Attempt { client, username, account })
}

/// Signs in with a password.
pub fn with_password(provider: &mut Provider, attempt: &Attempt, password: &str) -> Outcome {
    let expected = attempt.account.as_ref().map(|account| account.user.password.as_bytes());
    let same = |expected| verify_slices_are_equal(expected, password.as_bytes()).is_ok();
    let unchecked = has(provider, Fault::ApiWrongPasswordAccepted);
    let right = expected.is_some_and(|expected| same(expected) || unchecked);
    conclude(provider, attempt, right)
}

/// Ends an attempt, now that it is known whether the password was right.
pub fn conclude(provider: &mut Provider, attempt: &Attempt, right: bool) -> Outcome {
    let incorrect = || not_authorized("Incorrect username or password.");
    let account = attempt.account.as_ref().ok_or_else(incorrect)?;
    lockout::check(provider, &attempt.username)?;
    // The product says so to whoever knows the name, whatever the password.
    check_status(provider, account)?;
    if !right {
        lockout::fail(provider, &attempt.username);
        return Err(incorrect());
    }
    lockout::reset(provider, &attempt.username);
    if account.status == UserStatus::ForceChangePassword {
        return Ok(challenge::new_password(provider, attempt));
    }
    let device = software_token::enabled(provider, &attempt.username);
    let device = device.filter(|_| !has(provider, Fault::ApiMfaSkipped));
    match device.map(|device| device.name.clone()) {
        Some(name) => Ok(challenge::software_token(provider, attempt, &name)),
        None => Ok(signed_in(provider, &attempt.client, &attempt.username)),
    }
}

/// Whether the user can log in at all.
pub fn check_status(provider: &Provider, account: &Account) -> Result<(), Exception> {
    match account.status {
        UserStatus::Unconfirmed if has(provider, Fault::ApiUnconfirmedUserSignsIn) => Ok(()),
        UserStatus::Confirmed | UserStatus::ForceChangePassword => Ok(()),
        UserStatus::Disabled => Err(not_authorized("User is disabled.")),
        UserStatus::Unconfirmed => {
            Err(exception("UserNotConfirmedException", "User is not confirmed."))
        }
        UserStatus::ResetRequired => {
            let message = "Password reset required for the user";
            Err(exception("PasswordResetRequiredException", message))
        }
    }
}

/// The answer to someone who has signed in: a new grant's first tokens.
pub fn signed_in(provider: &mut Provider, client: &AppClient, username: &str) -> serde_json::Value {
    let now = provider::now(provider);
    let login = Login { username: username.to_owned(), auth_time: now, sid: String::new() };
    let grant = Grant {
        client_id: client.id.clone(),
        login: Some(login),
        scope: vec![tokens::API_SCOPE.to_owned()],
        nonce: None,
        audience: None,
        revoked: false,
        id: random::uuid(),
        last_access_token: None,
        used_at: Cell::default(),
    };
    let number = store::add_grant(&mut provider.store, grant.clone());
    let refresh_token = issue::refresh_token(provider, number);
    let occasion = Occasion::Grant;
    let result =
        tokens::authentication_result(provider, number, &grant, Some(refresh_token), occasion);
    json!({ "AuthenticationResult": result, "ChallengeParameters": {} })
}
