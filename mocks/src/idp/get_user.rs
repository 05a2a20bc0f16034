//! `GetUser`: the attributes of the user that an access token speaks for.

use serde::Deserialize;
use serde_json::{Value, json};

use super::exception::Outcome;
use super::{access, input, software_token, user};
use crate::provider::Provider;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    access_token: Option<String>,
}

/// Answers `GetUser`.
pub fn answer(provider: &mut Provider, input: Value) -> Outcome {
    let input: Input = input::parse(input)?;
    let token = input::token(input.access_token.as_ref(), "accessToken")?;
    let account = access::account(provider, token)?;
    let attributes = user::attributes(&account).into_iter();
    let attributes: Vec<Value> =
        attributes.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let mut output = json!({ "Username": account.user.username, "UserAttributes": attributes });
    if software_token::enabled(provider, &account.user.username).is_some() {
        let name = "SOFTWARE_TOKEN_MFA";
        output["PreferredMfaSetting"] = name.into();
        output["UserMFASettingList"] = json!([name]);
    }
    Ok(output)
}
