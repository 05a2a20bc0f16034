//! `SignUp`, `ConfirmSignUp` and `ResendConfirmationCode`: how a user comes into the pool.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{self, AppClient};
use super::exception::{Exception, Outcome, exception, invalid_parameter, not_authorized};
use super::state::Occasion;
use super::{confirmation, input, password_policy, secret_hash, user};
use crate::dialect::User;
use crate::provider::Provider;
use crate::random;
use crate::user_pool::{self, UserStatus};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    client_id: Option<String>,
    secret_hash: Option<String>,
    username: Option<String>,
    password: Option<String>,
    user_attributes: Option<Vec<Attribute>>,
    confirmation_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    name: String,
    value: Option<String>,
}

/// What someone signs up with.
#[derive(Debug)]
pub struct Registration {
    /// The name that they choose.
    pub username: String,
    /// The password.
    pub password: String,
    /// What else they tell, by the name of the attribute.
    pub attributes: BTreeMap<String, String>,
}

/// Answers `SignUp`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let (_, username) = named(provider, &input)?;
    let password = input::required(input.password.as_ref(), "password")?.to_owned();
    let attributes = input.user_attributes.unwrap_or_default().into_iter();
    let attributes = attributes.filter_map(|attribute| Some((attribute.name, attribute.value?)));
    let attributes = attributes.collect();
    let (sub, mut output) = register(provider, Registration { username, password, attributes })?;
    output["UserConfirmed"] = false.into();
    output["UserSub"] = sub.into();
    Ok(output)
}

/// The client and the username of a request that has proven that it knows the client's secret.
fn named(provider: &Provider, input: &Input) -> Result<(AppClient, String), Exception> {
    let client = client::find(provider, input::required(input.client_id.as_ref(), "clientId")?)?;
    let username = input::required(input.username.as_ref(), "username")?;
    secret_hash::check(provider, &client, username, input.secret_hash.as_deref())?;
    Ok((client, username.to_owned()))
}

/// Adds a user who must confirm the address before the first login. Returns the `sub`, and where the
/// code would have gone.
pub fn register(
    provider: &mut Provider,
    registration: Registration,
) -> Result<(String, Value), Exception> {
    let Registration { username, password, mut attributes } = registration;
    check_name(provider, &username)?;
    password_policy::check(provider, &password)?;
    if let Some(name) = attributes.keys().find(|name| !is_writable(name)) {
        let message = format!("Attributes did not conform to the schema: {name}: unknown or fixed");
        return Err(invalid_parameter(message));
    }
    let sub = random::uuid();
    let name = attributes.remove("name").unwrap_or_default();
    let email = attributes.remove("email").unwrap_or_default();
    let user = User {
        username: username.clone(),
        password,
        sub: sub.clone(),
        name,
        email,
        groups: Vec::new(),
        attributes,
        disabled: false,
    };
    let full = |_| exception("LimitExceededException", "Exceeded the number of users.");
    user_pool::add(&mut provider.dialect, user).map_err(full)?;
    user::set_status(provider, &username, UserStatus::Unconfirmed);
    Ok((sub, confirmation::send(provider, &username, Occasion::SignUp)))
}

fn check_name(provider: &Provider, username: &str) -> Result<(), Exception> {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if !(1..=128).contains(&username.chars().count()) || !username.chars().all(visible) {
        let constraint = "Member must satisfy regular expression pattern: \
            [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+";
        return Err(super::exception::invalid_member("username", constraint));
    }
    if user_pool::of(provider).email_alias && username.contains('@') {
        let message =
            "Username cannot be of email format, since user pool is configured for email alias.";
        return Err(invalid_parameter(message));
    }
    match user::find(provider, username) {
        Some(_) => Err(exception("UsernameExistsException", "User already exists")),
        None => Ok(()),
    }
}

/// Whether users may set an attribute: a standard one (OIDC Core §5.1) or one of the pool's own.
fn is_writable(name: &str) -> bool {
    const STANDARD: [&str; 16] = [
        "address",
        "birthdate",
        "email",
        "family_name",
        "gender",
        "given_name",
        "locale",
        "middle_name",
        "name",
        "nickname",
        "phone_number",
        "picture",
        "preferred_username",
        "profile",
        "website",
        "zoneinfo",
    ];
    STANDARD.contains(&name) || name.starts_with("custom:")
}

/// Answers `ConfirmSignUp`.
pub fn confirm(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let (_, username) = named(provider, &input)?;
    let code = input::required(input.confirmation_code.as_ref(), "confirmationCode")?;
    confirmed(provider, &username, code)?;
    Ok(json!({}))
}

/// Confirms a user who has the code.
pub fn confirmed(provider: &mut Provider, username: &str, code: &str) -> Result<(), Exception> {
    let username = unconfirmed(provider, username, "User cannot be confirmed")?;
    confirmation::take(provider, &username, Occasion::SignUp, code)?;
    user::set_status(provider, &username, UserStatus::Confirmed);
    Ok(())
}

/// Answers `ResendConfirmationCode`.
pub fn resend(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let (_, username) = named(provider, &input)?;
    sent_again(provider, &username)
}

/// Sends a user another code.
pub fn sent_again(provider: &mut Provider, username: &str) -> Outcome {
    match unconfirmed(provider, username, "") {
        Ok(username) => Ok(confirmation::send(provider, &username, Occasion::SignUp)),
        Err(refusal) if refusal.name == "NotAuthorizedException" => {
            Err(invalid_parameter("User is already confirmed."))
        }
        Err(refusal) => Err(refusal),
    }
}

/// The username of someone who waits for a confirmation.
fn unconfirmed(provider: &Provider, name: &str, what: &str) -> Result<String, Exception> {
    let missing = || exception("UserNotFoundException", "User does not exist.");
    let account = user::find(provider, name).ok_or_else(missing)?;
    if account.status == UserStatus::Unconfirmed {
        return Ok(account.user.username);
    }
    let status = user_pool::status_name(account.status);
    Err(not_authorized(format!("{what}. Current status is {status}")))
}
