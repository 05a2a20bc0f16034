//! The tokens of a user pool: their claims, for the API and for the sign-in pages alike.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::user::{self, Account};
use crate::jwt;
use crate::provider::{self, Provider};
use crate::random;
use crate::store::{Grant, RefreshToken};
use crate::user_pool;

/// The scope of access tokens from the API, and what the API asks of one.
pub const API_SCOPE: &str = "aws.cognito.signin.user.admin";

/// What tokens are about.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    /// The client they are for.
    pub client_id: &'a str,
    /// The user they are about; none if the client acts for itself.
    pub username: Option<&'a str>,
    /// The scope of the access token.
    pub scope: &'a str,
    /// When the user typed the password, which no refresh changes.
    pub auth_time: u64,
    /// The number of the grant, which `origin_jti` tells.
    pub grant: u64,
    /// The `nonce` of the authorization request.
    pub nonce: Option<&'a str>,
    /// The claim `event_id`, common to the tokens of one answer.
    pub event_id: &'a str,
    /// Who issues them.
    pub origin: Origin,
}

/// Who issues tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The JSON API.
    Api,
    /// The token endpoint: access tokens have a `version`, ID tokens an `at_hash`.
    TokenEndpoint,
}

/// A signed access token.
pub fn access_token(provider: &mut Provider, ticket: &Ticket) -> String {
    provider::count_issued(provider, "access_token");
    jwt::sign_access_token(provider, &access_claims(provider, ticket))
}

/// A signed ID token; none without a user.
pub fn id_token(provider: &mut Provider, ticket: &Ticket, access_token: &str) -> Option<String> {
    let account = user::find(provider, ticket.username?)?;
    provider::count_issued(provider, "id_token");
    let mut claims = id_claims(provider, ticket, &account);
    if ticket.origin == Origin::TokenEndpoint {
        // OIDC Core §3.1.3.6: the left half of the hash that RS256 uses.
        let half = &Sha256::digest(access_token)[..16];
        claims["at_hash"] = URL_SAFE_NO_PAD.encode(half).into();
    }
    Some(jwt::sign(provider, &claims))
}

/// A new refresh token of a grant. It has the five parts of an encrypted JWT, and nobody can read it.
pub fn refresh_token(provider: &mut Provider, grant: u64, expires_at: u64) -> String {
    let header = r#"{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}"#;
    let lengths = [256, 12, 256, 16];
    let parts = lengths.map(|length| URL_SAFE_NO_PAD.encode(random::bytes(length)));
    let secret = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), parts.join("."));
    let issued_at = provider::now(provider);
    let token = RefreshToken { grant, issued_at, expires_at, used: false };
    provider.store.refresh_tokens.insert(secret.clone(), token);
    provider::count_issued(provider, "refresh_token");
    secret
}

/// What the API answers to a sign-in or a refresh.
pub fn authentication_result(
    provider: &mut Provider,
    number: u64,
    grant: &Grant,
    refresh_token: Option<String>,
) -> Value {
    let login = grant.login.as_ref();
    let ticket = Ticket {
        client_id: &grant.client_id,
        username: login.map(|login| &*login.username),
        scope: &grant.scope.join(" "),
        auth_time: login.map_or(0, |login| login.auth_time),
        grant: number,
        nonce: None,
        event_id: &random::fresh_uuid(),
        origin: Origin::Api,
    };
    let access_token = access_token(provider, &ticket);
    let id_token = id_token(provider, &ticket, &access_token);
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

fn access_claims(provider: &Provider, ticket: &Ticket) -> Value {
    let account = ticket.username.and_then(|name| user::find(provider, name));
    let sub = account.as_ref().map_or(ticket.client_id, |account| &account.user.sub);
    let mut claims = json!({ "sub": sub });
    if let Some(account) = &account {
        add_groups(&mut claims, account);
    }
    claims["iss"] = provider.issuer.clone().into();
    if ticket.origin == Origin::TokenEndpoint {
        claims["version"] = 2.into();
    }
    claims["client_id"] = ticket.client_id.into();
    if account.is_some() {
        add_origin(provider, &mut claims, ticket);
    }
    claims["token_use"] = "access".into();
    claims["scope"] = ticket.scope.into();
    add_times(provider, &mut claims, ticket, provider.dialect.lifetimes.access_token);
    if let Some(account) = &account {
        claims["username"] = account.user.username.clone().into();
    }
    claims
}

fn id_claims(provider: &Provider, ticket: &Ticket, account: &Account) -> Value {
    let mut claims = json!({ "sub": account.user.sub });
    add_groups(&mut claims, account);
    claims["iss"] = provider.issuer.clone().into();
    claims["cognito:username"] = account.user.username.clone().into();
    if let Some(nonce) = ticket.nonce {
        claims["nonce"] = nonce.into();
    }
    add_origin(provider, &mut claims, ticket);
    claims["aud"] = ticket.client_id.into();
    claims["token_use"] = "id".into();
    add_times(provider, &mut claims, ticket, provider.dialect.lifetimes.id_token);
    for (name, value) in user::attributes_without_sub(account) {
        // Attributes are text, but this claim is a boolean (OIDC Core §5.1), here and not in userInfo.
        let boolean = name == "email_verified" || name == "phone_number_verified";
        claims[name] = if boolean { (value == "true").into() } else { value };
    }
    claims
}

fn add_groups(claims: &mut Value, account: &Account) {
    if !account.settings.groups.is_empty() {
        claims["cognito:groups"] = account.settings.groups.clone().into();
    }
}

/// What makes a token revocable, and tells which event it comes from.
fn add_origin(provider: &Provider, claims: &mut Value, ticket: &Ticket) {
    if is_revocable(provider, ticket.client_id) {
        claims["origin_jti"] = origin_jti(provider, ticket.grant).into();
    }
    claims["event_id"] = ticket.event_id.into();
}

fn add_times(provider: &Provider, claims: &mut Value, ticket: &Ticket, lifetime: u64) {
    let now = provider::now(provider);
    claims["auth_time"] = ticket.auth_time.into();
    claims["exp"] = (now + lifetime).into();
    claims["iat"] = now.into();
    if is_revocable(provider, ticket.client_id) {
        claims["jti"] = random::fresh_uuid().into();
    }
}

fn is_revocable(provider: &Provider, client_id: &str) -> bool {
    let settings = user_pool::of(provider).clients.get(client_id);
    settings.is_none_or(|settings| settings.enable_token_revocation)
}

/// The `origin_jti` of a grant: its number, masked, so that a token tells which grant it comes from
/// and nothing must be remembered about it.
fn origin_jti(provider: &Provider, grant: u64) -> String {
    let mask = mask(provider, grant);
    random::uuid((u128::from(mask) << 64 | u128::from(mask ^ grant)).to_be_bytes())
}

/// The number of the grant that an `origin_jti` of this stub tells.
pub fn grant_of(provider: &Provider, origin_jti: &str) -> Option<u64> {
    let number = u128::from_str_radix(&origin_jti.replace('-', ""), 16).ok()?;
    let grant = u64::try_from((number ^ number >> 64) & u128::from(u64::MAX)).ok()?;
    (u128::from(mask(provider, grant)) == number >> 64).then_some(grant)
}

fn mask(provider: &Provider, grant: u64) -> u64 {
    let hash = Sha256::digest(format!("{}{grant}", provider.issuer));
    hash[..8].iter().fold(0, |mask, byte| mask << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::of_dialect;

    fn ticket() -> Ticket<'static> {
        Ticket {
            client_id: "public",
            username: Some("bob"),
            scope: "openid profile",
            auth_time: 7,
            grant: 3,
            nonce: Some("n-0S6_WzA2Mj"),
            event_id: "event",
            origin: Origin::TokenEndpoint,
        }
    }

    #[test]
    fn an_origin_tells_its_grant_and_cannot_be_made_up() {
        let provider = of_dialect("cognito");
        for grant in [0, 1, 255, 1 << 40, u64::MAX] {
            assert_eq!(grant_of(&provider, &origin_jti(&provider, grant)), Some(grant));
        }
        for made_up in ["", "x", "00000000-0000-0000-0000-000000000001", &"f".repeat(33)] {
            assert_eq!(grant_of(&provider, made_up), None, "{made_up}");
        }
    }

    #[test]
    fn tokens_of_the_token_endpoint_have_a_version_a_nonce_and_an_at_hash() {
        let mut provider = of_dialect("cognito");
        let access = access_token(&mut provider, &ticket());
        let id = id_token(&mut provider, &ticket(), &access).expect("bob exists");
        let access_claims = jwt::verify(&provider, &access).expect("signed");
        let claims = jwt::verify(&provider, &id).expect("signed");
        assert_eq!(access_claims["version"], 2);
        assert_eq!(access_claims["cognito:groups"], Value::Null, "bob is in no group");
        assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
        assert_eq!(claims["auth_time"], 7);
        let half = URL_SAFE_NO_PAD.encode(&Sha256::digest(&access)[..16]);
        assert_eq!(claims["at_hash"], half);
    }

    #[test]
    fn a_client_that_acts_for_itself_is_the_subject() {
        let mut provider = of_dialect("cognito");
        let ticket = Ticket { username: None, client_id: "service", ..ticket() };
        let access = access_token(&mut provider, &ticket);
        let claims = jwt::verify(&provider, &access).expect("signed");
        assert_eq!(claims["sub"], "service");
        for absent in ["username", "origin_jti", "event_id", "cognito:groups"] {
            assert_eq!(claims[absent], Value::Null, "{absent}");
        }
        assert_eq!(id_token(&mut provider, &ticket, &access), None);
    }
}
