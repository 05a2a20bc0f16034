//! What the API answers to those who may have tokens.

use serde_json::{Value, json};

use crate::issue::{self, Occasion};
use crate::provider::{self, Provider};
use crate::store::Grant;

/// The scope of access tokens from the API, and what the API asks of one.
pub const API_SCOPE: &str = "aws.cognito.signin.user.admin";

/// What the API answers to a sign-in or a refresh.
pub fn authentication_result(
    provider: &mut Provider,
    number: u64,
    grant: &Grant,
    refresh_token: Option<String>,
    occasion: Occasion,
) -> Value {
    let access_token = issue::access_token(provider, number, grant, &grant.scope, occasion);
    // An ID token from the API tells all attributes, whatever the access token is for.
    let attributes = ["openid", "profile", "email"].map(str::to_owned);
    let id_token = issue::id_token(provider, grant, &attributes, &access_token, occasion);
    provider::count_issued(provider, "id_token");
    let mut result = json!({
        "AccessToken": access_token,
        "ExpiresIn": provider.dialect.lifetimes.access_token,
        "IdToken": id_token,
        "TokenType": "Bearer",
    });
    if let Some(refresh_token) = refresh_token {
        result["RefreshToken"] = refresh_token.into();
    }
    result
}
