//! Who calls: client authentication as RFC 6749 §2.3 has it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::dialect::{self, Authentication, Client};
use crate::fault::Fault;
use crate::form::{self, Malformed, Parameters, one};
use crate::provider::{Provider, has};
use crate::reason::Reason;
use crate::wire::{Request, headers};

/// What a request says about its client.
struct Credentials {
    id: String,
    secret: Option<String>,
    method: Authentication,
}

/// The client that a request comes from.
pub fn authenticate(
    provider: &Provider,
    request: &Request,
    form: &Parameters,
) -> Result<Client, Reason> {
    if let Some(client) = owner(provider, request, form) {
        return Ok(client);
    }
    let credentials = credentials(provider, request, form)?;
    let client = dialect::client(&provider.dialect, &credentials.id);
    // RFC 6749 §5.2: invalid_client for an unknown client and a method that it may not use.
    let client = client.ok_or(Reason::ClientUnknown)?;
    if credentials.secret.is_none() && has(provider, Fault::ClientSecretOptional) {
        return Ok(client.clone());
    }
    let unheard = credentials.method == Authentication::ClientSecretPost
        && has(provider, Fault::RefusesClientSecretPost);
    if unheard || !client.authentication.contains(&credentials.method) {
        return Err(Reason::AuthenticationMethodNotAllowed);
    }
    let Some(expected) = &client.secret else {
        return Ok(client.clone());
    };
    match &credentials.secret {
        Some(_) if has(provider, Fault::IgnoresClientSecret) => Ok(client.clone()),
        Some(sent) if sent.is_empty() && has(provider, Fault::EmptySecretAccepted) => {
            Ok(client.clone())
        }
        Some(sent) if same(sent, expected) => Ok(client.clone()),
        _ => Err(Reason::SecretWrong),
    }
}

fn same(sent: &str, expected: &str) -> bool {
    verify_slices_are_equal(sent.as_bytes(), expected.as_bytes()).is_ok()
}

/// The client of the code in a request that names no client: only a fault asks the code.
fn owner(provider: &Provider, request: &Request, form: &Parameters) -> Option<Client> {
    let named = one(form, "client_id").is_some() || headers(request, "authorization").count() > 0;
    if named || !has(provider, Fault::ClientIdentificationOptional) {
        return None;
    }
    let code = provider.store.codes.get(one(form, "code")?)?;
    let grant = provider.store.grants.get(&code.grant)?;
    dialect::client(&provider.dialect, &grant.client_id).cloned()
}

fn credentials(
    provider: &Provider,
    request: &Request,
    form: &Parameters,
) -> Result<Credentials, Reason> {
    let mut authorization = headers(request, "authorization");
    match (authorization.next(), authorization.next()) {
        (None, _) => from_form(form),
        (Some(header), None) => from_header(provider, header, form),
        (Some(_), Some(_)) => Err(Reason::TwoAuthorizationHeaders),
    }
}

fn from_form(form: &Parameters) -> Result<Credentials, Reason> {
    let id = one(form, "client_id");
    let id = id.ok_or(Reason::ClientNotNamed)?.to_owned();
    let secret = one(form, "client_secret").map(str::to_owned);
    let post = secret.is_some();
    let method = if post { Authentication::ClientSecretPost } else { Authentication::None };
    Ok(Credentials { id, secret, method })
}

fn from_header(
    provider: &Provider,
    header: &str,
    form: &Parameters,
) -> Result<Credentials, Reason> {
    let lax = has(provider, Fault::SeveralClientAuthenticationsAccepted);
    // RFC 6749 §2.3: no more than one method in each request.
    if !lax && ["client_secret", "client_assertion"].iter().any(|name| one(form, name).is_some()) {
        return Err(Reason::SeveralAuthentications);
    }
    let (id, secret) = basic(header).ok_or(Reason::CredentialsMalformed)?;
    if one(form, "client_id").is_some_and(|named| named != id) {
        return Err(Reason::ClientsDiffer);
    }
    Ok(Credentials { id, secret: Some(secret), method: Authentication::ClientSecretBasic })
}

/// The two halves of a Basic header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.trim().split_once(' ')?;
    // RFC 7235 §2.1: the scheme is compared without regard to case.
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // RFC 6749 §2.3.1: both halves are form-urlencoded before they are joined.
    let halves = (form::decode(id.as_bytes()), form::decode(secret.as_bytes()));
    match halves {
        (Ok(id), Ok(secret)) => Some((id, secret)),
        (Err(Malformed), _) | (_, Err(Malformed)) => None,
    }
}
