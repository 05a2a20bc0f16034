//! Issuing tokens, once it is decided that they are deserved: RFC 6749 §5.1, OIDC Core §2 and §3.1.3.3.

use std::cell::Cell;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::dialect::{self, Client, GrantType};
use crate::fault::Fault;
use crate::jwt;
use crate::key;
use crate::manners;
use crate::provider::{self, Provider, has};
use crate::random;
use crate::reason::Reason;
use crate::scope;
use crate::store::{self, AccessToken, Grant, RefreshToken};
use crate::template::{self, Facts};
use crate::user;
use crate::user_pool;

/// Why tokens are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A grant is exchanged for the first time.
    Grant,
    /// A refresh token is exchanged.
    Refresh,
}

/// The token response for a live grant, whose `scope` may have been narrowed.
pub fn tokens(
    provider: &mut Provider,
    number: u64,
    scope: &[String],
    occasion: Occasion,
) -> Result<Value, Reason> {
    let grant = provider.store.grants.get(&number).filter(|grant| !grant.revoked).cloned();
    let grant = grant.ok_or(Reason::GrantRevoked)?;
    let access_token = access_token(provider, number, &grant, scope, occasion);
    let mut response = response(provider, &access_token, scope);
    if may_refresh(provider, &grant, occasion) {
        response["refresh_token"] = refresh_token(provider, number).into();
    }
    if grant.login.is_some() && wants_id_token(provider, scope) {
        let id_token = id_token(provider, &grant, scope, &access_token, occasion);
        response["id_token"] = id_token.into();
        provider::count_issued(provider, "id_token");
    }
    Ok(as_sent(provider, response))
}

/// The token response as this dialect sends it.
pub fn as_sent(provider: &Provider, mut response: Value) -> Value {
    if let Some(members) = response.as_object_mut() {
        members.retain(|name, _| !provider.dialect.tokens.response_omits.contains(name));
    }
    response
}

/// The members that every token response has.
pub fn response(provider: &Provider, access_token: &str, scope: &[String]) -> Value {
    let mut response = json!({ "access_token": access_token });
    if !has(provider, Fault::TokenResponseWithoutTokenType) {
        // RFC 6749 §5.1: token_type is required.
        response["token_type"] = "Bearer".into();
    }
    let lifetime = provider.dialect.lifetimes.access_token;
    let as_string = has(provider, Fault::ExpiresInAsString);
    response["expires_in"] = if as_string { json!(lifetime.to_string()) } else { json!(lifetime) };
    response["scope"] = scope.join(" ").into();
    response
}

/// OIDC Core §3.1.2.1: the scope openid makes it an OpenID request.
fn wants_id_token(provider: &Provider, scope: &[String]) -> bool {
    let openid = scope::contains(scope, "openid");
    let fault = if openid { Fault::IdTokenLeftOut } else { Fault::IdTokenWithoutOpenid };
    openid != has(provider, fault)
}

/// Tokens that nobody has granted: only faults issue them.
pub fn undeserved(provider: &mut Provider, client: &Client) -> Result<Value, Reason> {
    let scope = provider.dialect.default_scope.clone();
    let number = own_grant(provider, client, &scope);
    tokens(provider, number, &scope, Occasion::Grant)
}

/// The number of a new grant that a client gives itself.
pub fn own_grant(provider: &mut Provider, client: &Client, scope: &[String]) -> u64 {
    store::add_grant(&mut provider.store, grant_to_itself(&client.id, scope))
}

/// What a client grants itself.
pub fn grant_to_itself(client_id: &str, scope: &[String]) -> Grant {
    Grant {
        client_id: client_id.to_owned(),
        login: None,
        scope: scope.to_vec(),
        nonce: None,
        audience: None,
        revoked: false,
        last_access_token: None,
        used_at: Cell::default(),
        id: random::uuid(),
    }
}

/// A new access token of a grant.
pub fn access_token(
    provider: &mut Provider,
    number: u64,
    grant: &Grant,
    scope: &[String],
    occasion: Occasion,
) -> String {
    let same = has(provider, Fault::RefreshReturnsSameAccessToken) && occasion == Occasion::Refresh;
    if let Some(last) = grant.last_access_token.as_ref().filter(|_| same) {
        return last.clone();
    }
    let now = provider::now(provider);
    let token = AccessToken {
        grant: number,
        scope: scope.to_vec(),
        issued_at: now,
        expires_at: now + provider.dialect.lifetimes.access_token,
        revoked: false,
    };
    let claims = access_token_claims(provider, grant, scope);
    let form = provider.dialect.tokens.access_token_form;
    let secret = match claims {
        Some(claims) => jwt::sign_access_token(provider, &claims),
        None => random::text(form),
    };
    provider.store.access_tokens.insert(secret.clone(), token);
    if let Some(grant) = provider.store.grants.get_mut(&number) {
        grant.last_access_token = Some(secret.clone());
        grant.used_at.set(provider.store.last_grant);
    }
    provider::count_issued(provider, "access_token");
    secret
}

/// The claims of an access token; none if it is random text.
pub fn access_token_claims(provider: &Provider, grant: &Grant, scope: &[String]) -> Option<Value> {
    let manners = &provider.dialect.tokens;
    let opaque = manners.opaque_without_audience && grant.audience.is_none();
    let claims = manners.access_token_claims.as_ref().filter(|_| !opaque)?;
    let mut facts = facts(provider, grant, scope);
    let now = provider::now(provider);
    facts.insert("exp", (now + provider.dialect.lifetimes.access_token).into());
    // RFC 9068 §2.2: the subject of a client that acts for itself is the client.
    if grant.login.is_none() {
        let subject = manners.client_subject.as_deref().unwrap_or("${client_id}");
        facts.insert("sub", subject.replace("${client_id}", &grant.client_id).into());
        facts.insert("gty", "client-credentials".into());
    }
    if scope::contains(scope, "openid") {
        let userinfo = &provider.dialect.endpoints.userinfo;
        facts.insert("userinfo", format!("{}{userinfo}", provider.base_url).into());
    }
    Some(template::members(claims, &facts).into())
}

fn may_refresh(provider: &Provider, grant: &Grant, occasion: Occasion) -> bool {
    if grant.login.is_none() && has(provider, Fault::ClientCredentialsWithRefreshToken) {
        return true;
    }
    if occasion == Occasion::Refresh && has(provider, Fault::RefreshTokenNotRotated) {
        return false;
    }
    let client = dialect::client(&provider.dialect, &grant.client_id);
    // OIDC Core §11: offline_access asks for a refresh token. RFC 6749 §4.4.3: a client that acts
    // for itself should get none.
    let always = provider.dialect.tokens.refresh_token == manners::RefreshToken::Always;
    (always || scope::contains(&grant.scope, "offline_access"))
        && grant.login.is_some()
        && client.is_some_and(|client| client.grants.contains(&GrantType::RefreshToken))
}

/// A new refresh token of a grant.
pub fn refresh_token(provider: &mut Provider, number: u64) -> String {
    let now = provider::now(provider);
    let expires_at = now + provider.dialect.lifetimes.refresh_token;
    let token = RefreshToken { grant: number, issued_at: now, expires_at, used: false };
    let secret = random::text(provider.dialect.tokens.refresh_token_form);
    provider.store.refresh_tokens.insert(secret.clone(), token);
    provider::count_issued(provider, "refresh_token");
    secret
}

/// A new ID token about the user of a grant.
pub fn id_token(
    provider: &mut Provider,
    grant: &Grant,
    scope: &[String],
    access_token: &str,
    occasion: Occasion,
) -> String {
    let now = provider::now(provider);
    let mut facts = facts(provider, grant, scope);
    facts.insert("exp", (now + provider.dialect.lifetimes.id_token).into());
    if !is_by_api(grant) {
        facts.insert("at_hash", half_hash(provider, access_token).into());
    }
    // OIDC Core §3.1.3.7 no. 11: the nonce of the request; §12.2: after a refresh there should be none.
    let nonce = grant.nonce.as_ref().filter(|_| occasion == Occasion::Grant);
    facts.insert("nonce", nonce.cloned().into());
    let mut claims = template::members(&provider.dialect.tokens.id_token_claims, &facts);
    claims.extend(attributes(provider, grant));
    let mut claims = claims.into();
    spoil(provider, &mut claims);
    jwt::sign_later(provider, &claims)
}

/// What the claims of every token may tell of a grant.
fn facts(provider: &Provider, grant: &Grant, scope: &[String]) -> Facts {
    let mut facts = Facts::from([
        ("issuer", provider.issuer.clone().into()),
        ("resource", provider.dialect.resource.clone().into()),
        ("client_id", grant.client_id.clone().into()),
        ("scope", scope.join(" ").into()),
        ("now", provider::now(provider).into()),
        ("jti", random::uuid().into()),
        ("origin_jti", grant.id.clone().into()),
        ("event_id", provider.event_id.get_or_init(random::uuid).clone().into()),
        ("audience", grant.audience.clone().into()),
    ]);
    if let Some(login) = &grant.login {
        facts.insert("auth_time", login.auth_time.into());
        facts.insert("sid", login.sid.clone().into());
        let user = dialect::user(&provider.dialect, &login.username);
        let user = user.map(|user| user::facts(&provider.dialect, user, scope));
        facts.extend(user.into_iter().flatten());
    } else {
        // A client that acts for itself logs in by its request, and nothing else stems from that.
        facts.insert("auth_time", provider::now(provider).into());
        facts.retain(|name, _| !["origin_jti", "event_id"].contains(name));
    }
    if !is_by_api(grant) {
        facts.insert("version", 2.into());
    }
    if !user_pool::is_revocable(&provider.dialect, &grant.client_id) {
        // What a revocation would go by.
        facts.retain(|name, _| !["jti", "origin_jti"].contains(name));
    }
    facts
}

/// Whether the user has logged in by an API, not in a browser.
fn is_by_api(grant: &Grant) -> bool {
    grant.login.as_ref().is_some_and(|login| login.sid.is_empty())
}

/// The claims that only some users have.
fn attributes(provider: &Provider, grant: &Grant) -> Vec<(String, Value)> {
    let user = grant.login.as_ref();
    let user = user.and_then(|login| dialect::user(&provider.dialect, &login.username));
    let attributes = user.into_iter().flat_map(|user| &user.attributes);
    attributes.map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

/// What the faults about ID tokens change.
fn spoil(provider: &Provider, claims: &mut Value) {
    if has(provider, Fault::IdTokenOfOtherIssuer) {
        claims["iss"] = format!("{}/", provider.issuer).into();
    }
    if has(provider, Fault::IdTokenSubChanges) {
        claims["sub"] = random::secret().into();
    }
    if has(provider, Fault::IdTokenSubTooLong) {
        claims["sub"] = format!("{}{}", claims["sub"], "x".repeat(255)).into();
    }
    if has(provider, Fault::IdTokenForFurtherAudience) {
        claims["aud"] = json!([claims["aud"], "another-audience"]);
    }
    if has(provider, Fault::IdTokenForOtherAudience) {
        claims["aud"] = provider.issuer.clone().into();
    }
    if has(provider, Fault::IdTokenAzpOfOtherClient) {
        claims["azp"] = "another-client".into();
    }
    if has(provider, Fault::IdTokenTimesInMilliseconds) {
        let milliseconds = |time: &Value| time.as_u64().map(|seconds| seconds * 1000);
        (claims["iat"], claims["exp"]) =
            (milliseconds(&claims["iat"]).into(), milliseconds(&claims["exp"]).into());
    }
    if has(provider, Fault::IdTokenCutsNonce)
        && let Some(nonce) = claims["nonce"].as_str()
    {
        claims["nonce"] = nonce.chars().take(20).collect::<String>().into();
    }
    if has(provider, Fault::IdTokenInventsNonce) && claims["nonce"].is_null() {
        claims["nonce"] = random::secret().into();
    }
}

/// OIDC Core §3.1.3.6: the left half of the hash that the algorithm uses.
fn half_hash(provider: &Provider, access_token: &str) -> String {
    let hash = key::hash(provider.dialect.keys.signing, access_token);
    let whole = has(provider, Fault::IdTokenAtHashOfWholeHash);
    URL_SAFE_NO_PAD.encode(if whole { &hash } else { &hash[..hash.len() / 2] })
}
