//! `ForgotPassword` and `ConfirmForgotPassword`: a new password for whoever gets the user's messages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{self, AppClient};
use super::exception::{Exception, Outcome, exception, invalid_parameter, not_authorized};
use super::state::Occasion;
use super::user::{self, Account};
use super::{confirmation, input, lockout, password_policy, secret_hash};
use crate::provider::Provider;
use crate::user_pool::{UserExistenceErrors, UserStatus};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    client_id: Option<String>,
    secret_hash: Option<String>,
    username: Option<String>,
    confirmation_code: Option<String>,
    password: Option<String>,
}

/// Answers `ForgotPassword`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let (client, username) = named(provider, &input)?;
    send(provider, &client, &username)
}

/// Answers `ConfirmForgotPassword`.
pub fn confirm(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let (client, username) = named(provider, &input)?;
    let code = input::required(input.confirmation_code.as_ref(), "confirmationCode")?;
    let password = input::required(input.password.as_ref(), "password")?;
    replace(provider, &client, &username, code, password)?;
    Ok(json!({}))
}

fn named(provider: &Provider, input: &Input) -> Result<(AppClient, String), Exception> {
    let client = client::find(provider, input::required(input.client_id.as_ref(), "clientId")?)?;
    let username = input::required(input.username.as_ref(), "username")?;
    secret_hash::check(provider, &client, username, input.secret_hash.as_deref())?;
    Ok((client, username.to_owned()))
}

/// Sends a user a code. Where errors hide users, nobody gets one and the answer is the same.
pub fn send(provider: &mut Provider, client: &AppClient, name: &str) -> Outcome {
    let Some(account) = user::find(provider, name) else {
        return match client.settings.prevent_user_existence_errors {
            UserExistenceErrors::Legacy => Err(unknown()),
            UserExistenceErrors::Enabled => Ok(confirmation::delivery(name)),
        };
    };
    check_status(&account)?;
    Ok(confirmation::send(provider, &account.user.username, Occasion::ForgotPassword))
}

fn unknown() -> Exception {
    exception("UserNotFoundException", "User does not exist.")
}

fn check_status(account: &Account) -> Result<(), Exception> {
    match account.status {
        UserStatus::Confirmed | UserStatus::ResetRequired => Ok(()),
        UserStatus::Disabled => Err(not_authorized("User is disabled.")),
        UserStatus::ForceChangePassword => {
            Err(not_authorized("User password cannot be reset in the current state."))
        }
        UserStatus::Unconfirmed => {
            let message = "Cannot reset password for the user as there is no \
                registered/verified email or phone_number";
            Err(invalid_parameter(message))
        }
    }
}

/// Replaces the password of a user who has the code, and ends a lock.
pub fn replace(
    provider: &mut Provider,
    client: &AppClient,
    name: &str,
    code: &str,
    password: &str,
) -> Result<(), Exception> {
    let Some(account) = user::find(provider, name) else {
        let told = client.settings.prevent_user_existence_errors == UserExistenceErrors::Legacy;
        let hidden = "Invalid code provided, please request a code again.";
        return Err(if told { unknown() } else { exception("ExpiredCodeException", hidden) });
    };
    check_status(&account)?;
    password_policy::check(provider, password)?;
    let username = &account.user.username;
    confirmation::take(provider, username, Occasion::ForgotPassword, code)?;
    user::set_password(provider, username, password);
    lockout::reset(provider, username);
    Ok(())
}
