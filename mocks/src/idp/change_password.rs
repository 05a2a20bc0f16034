//! `ChangePassword`: a new password for someone who knows the old one.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::exception::{Outcome, not_authorized};
use super::{access, input, lockout, password_policy, user};
use crate::provider::Provider;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    access_token: Option<String>,
    previous_password: Option<String>,
    proposed_password: Option<String>,
}

/// Answers `ChangePassword`. What was issued before stays good.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let token = input::token(input.access_token.as_ref(), "accessToken")?;
    let previous = input::required(input.previous_password.as_ref(), "previousPassword")?;
    let proposed = input::required(input.proposed_password.as_ref(), "proposedPassword")?;
    let known = access::account(provider, token)?.user;
    lockout::check(provider, &known.username)?;
    if verify_slices_are_equal(known.password.as_bytes(), previous.as_bytes()).is_err() {
        lockout::fail(provider, &known.username);
        return Err(not_authorized("Incorrect username or password."));
    }
    password_policy::check(provider, proposed)?;
    user::set_password(provider, &known.username, proposed);
    Ok(json!({}))
}
