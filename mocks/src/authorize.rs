//! The authorization endpoint: who asks, where the answer goes, and whether the request is sound.

use crate::decide::{self, Freshness};
use crate::dialect::{self, Client};
use crate::fault::Fault;
use crate::form::{self, Malformed, Parameters, all, one};
use crate::page;
use crate::pkce::{self, Challenge};
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::redirect_uri;
use crate::refusal;
use crate::reply;
use crate::response_type::{self, ResponseMode};
use crate::scope;
use crate::wire::{self, Request, Response};

/// A sound authorization request.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Where the answer goes.
    pub reply_to: ReplyTo,
    /// What the client will be granted.
    pub scope: Vec<String>,
    /// The `nonce` for the ID token.
    pub nonce: Option<String>,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// The values of `prompt`.
    pub prompt: Vec<String>,
    /// The audience of the access token.
    pub audience: Option<String>,
    /// The greatest age of the login, in seconds.
    pub max_age: Option<u64>,
    /// The `sub` of the user that the client expects, from its `id_token_hint`.
    pub expected_sub: Option<String>,
}

/// Where the answer to an authorization request goes, and how.
#[derive(Clone, Debug)]
pub struct ReplyTo {
    /// The client.
    pub client_id: String,
    /// A registered redirection URI.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_uri_sent: bool,
    /// The client's `state`.
    pub state: Option<String>,
    /// How the parameters travel.
    pub response_mode: ResponseMode,
}

/// Answers at the authorization endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    if has(provider, Fault::MalformedAuthorizationCrashes) && overwhelms(request) {
        return page::error(500, "Something went wrong.");
    }
    let mut parameters = match parameters(request) {
        Ok(parameters) => parameters,
        Err(Malformed) => return tell_user(provider, request, None, Reason::ParametersMalformed),
    };
    forget_ignored(provider, &mut parameters);
    if has(provider, Fault::AuthorizeRefusesGet) && request.method != "POST" {
        return tell_user(provider, request, None, Reason::MethodNotAllowed);
    }
    if has(provider, Fault::RepeatedClientIdAccepted) {
        leave_one(&mut parameters, "client_id");
    }
    let reply_to = match reply_to(provider, &parameters) {
        Ok(reply_to) => reply_to,
        Err(_) if redirects_mistakes(provider, &parameters) => {
            let reason = Reason::MustNotBeRedirected;
            let to = as_asked(&parameters);
            return reply::deny(provider, request, &to, reason);
        }
        // RFC 6749 §4.1.2.1: tell the user, and do not redirect.
        Err(reason) => {
            return tell_user(provider, request, one(&parameters, "client_id"), reason);
        }
    };
    match validate(provider, &reply_to, &parameters) {
        Ok(authorization) => {
            let session = provider::session(provider, request);
            decide::proceed(provider, request, authorization, session, Freshness::Earlier)
        }
        Err(reason) => reply::deny(provider, request, &reply_to, reason),
    }
}

/// Says what is wrong to whoever sits in front of the browser.
fn tell_user(
    provider: &Provider,
    request: &Request,
    client_id: Option<&str>,
    reason: Reason,
) -> Response {
    let refusal = refusal::worded(provider, reason);
    let Some(page) = &provider.dialect.authorization.error_page else {
        let shown = refusal.description.unwrap_or_else(|| refusal.error.clone());
        return match &provider.dialect.authorization.error_html {
            Some(html) => {
                let facts = [("error", refusal.error.as_str()), ("description", &shown)];
                page::filled(refusal.status, "Error", html, &facts)
            }
            None => page::error(refusal.status, &shown),
        };
    };
    // The page of a dialect gets the error in its address.
    let client_id = client_id.map(|id| ("client_id", id));
    let parameters = [("error", refusal.error.as_str())].into_iter().chain(client_id);
    let query = form::encode(&parameters.collect::<Vec<_>>());
    wire::redirect(request, &format!("{}{page}?{query}", provider.base_url))
}

/// The sound request that these parameters are, for a page that carries them.
pub fn sound(provider: &Provider, parameters: &Parameters) -> Option<Authorization> {
    let reply_to = reply_to(provider, parameters).ok()?;
    validate(provider, &reply_to, parameters).ok()
}

/// Whether a fault makes the stub tell a mistake to a redirect URI that it has not checked.
fn redirects_mistakes(provider: &Provider, parameters: &Parameters) -> bool {
    let id = one(parameters, "client_id");
    let client = id.and_then(|id| dialect::client(&provider.dialect, id));
    match client {
        None => has(provider, Fault::ClientErrorsAreRedirected),
        Some(client) if has(provider, Fault::RedirectUriCheckedLast) => {
            let to = as_asked(parameters);
            validate(provider, &ReplyTo { client_id: client.id.clone(), ..to }, parameters).is_err()
        }
        Some(_) => {
            let silent = one(parameters, "prompt") == Some("none");
            silent && has(provider, Fault::RedirectUriUncheckedWithPromptNone)
        }
    }
}

fn as_asked(parameters: &Parameters) -> ReplyTo {
    ReplyTo {
        client_id: one(parameters, "client_id").unwrap_or_default().to_owned(),
        redirect_uri: one(parameters, "redirect_uri").unwrap_or_default().to_owned(),
        redirect_uri_sent: true,
        state: one(parameters, "state").map(str::to_owned),
        response_mode: ResponseMode::Query,
    }
}

fn forget_ignored(provider: &Provider, parameters: &mut Parameters) {
    let ignored = &provider.dialect.authorization.ignored;
    parameters.0.retain(|(name, _)| !ignored.contains(name));
}

/// Whether a request is more than a careless reader can take.
fn overwhelms(request: &Request) -> bool {
    request.query.len() > 8192 || parameters(request).is_err()
}

fn leave_one(parameters: &mut Parameters, name: &str) {
    let mut seen = false;
    parameters.0.retain(|(own, _)| own != name || !std::mem::replace(&mut seen, true));
}

/// OIDC Core §3.1.2.1: GET sends the parameters in the query, POST in a form.
fn parameters(request: &Request) -> Result<Parameters, Malformed> {
    if request.method == "POST" {
        return form::body(request).map_err(|_| Malformed);
    }
    form::parse(request.query.as_bytes())
}

/// Everything that must be right before any redirect.
fn reply_to(provider: &Provider, parameters: &Parameters) -> Result<ReplyTo, Reason> {
    let client_id = single(parameters, "client_id")?.ok_or(Reason::ClientIdMissing)?;
    let client = dialect::client(&provider.dialect, client_id).ok_or(Reason::ClientIdUnknown)?;
    let sent = single(parameters, "redirect_uri")?;
    let redirect_uri = match sent {
        Some(sent) if redirect_uri::is_registered(provider, client, sent) => sent.to_owned(),
        Some(_) => return Err(Reason::RedirectUriUnregistered),
        None => only_redirect_uri(provider, client, parameters)?,
    };
    if !knows_identity_provider(provider, parameters) {
        return Err(Reason::IdentityProviderUnknown);
    }
    Ok(ReplyTo {
        client_id: client.id.clone(),
        redirect_uri,
        redirect_uri_sent: sent.is_some(),
        state: one(parameters, "state").map(str::to_owned),
        response_mode: response_type::mode(provider, parameters),
    })
}

/// Whether the provider knows the upstream that the request names.
fn knows_identity_provider(provider: &Provider, parameters: &Parameters) -> bool {
    let known = &provider.dialect.authorization.identity_providers;
    let named = one(parameters, "identity_provider");
    known.is_empty() || named.is_none_or(|named| known.iter().any(|known| known == named))
}

fn single<'a>(parameters: &'a Parameters, name: &'static str) -> Result<Option<&'a str>, Reason> {
    match all(parameters, name).count() {
        0 | 1 => Ok(one(parameters, name)),
        _ => Err(Reason::ClientOrRedirectUriRepeated),
    }
}

fn only_redirect_uri(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<String, Reason> {
    // OIDC Core §3.1.2.1: redirect_uri is required. RFC 6749 §3.1.2.3: only with several, or none.
    let openid = one(parameters, "scope").is_some_and(|scope| scope.split(' ').any(is_openid));
    match client.redirect_uris.as_slice() {
        [only] if !openid || provider.dialect.authorization.redirect_uri_optional => {
            Ok(only.clone())
        }
        [first, _, ..] if has(provider, Fault::RedirectUriDefaultsToFirst) => Ok(first.clone()),
        _ => Err(Reason::RedirectUriMissing),
    }
}

fn is_openid(scope: &str) -> bool {
    scope == "openid"
}

/// Everything whose error is told to the client.
fn validate(
    provider: &Provider,
    reply_to: &ReplyTo,
    parameters: &Parameters,
) -> Result<Authorization, Reason> {
    let client =
        dialect::client(&provider.dialect, &reply_to.client_id).ok_or(Reason::ClientUnknown)?;
    check_form(parameters)?;
    check_names(provider, parameters)?;
    response_type::check(provider, client, parameters)?;
    let implicit = reply_to.response_mode == ResponseMode::Fragment;
    let scope = granted_scope(provider, client, one(parameters, "scope"))?;
    Ok(Authorization {
        reply_to: reply_to.clone(),
        scope,
        nonce: one(parameters, "nonce").map(str::to_owned),
        challenge: if implicit { None } else { pkce::challenge(provider, client, parameters)? },
        prompt: prompt(parameters)?,
        audience: audience(provider, parameters)?,
        max_age: max_age(parameters)?,
        expected_sub: expected_sub(provider, parameters)?,
    })
}

fn granted_scope(
    provider: &Provider,
    client: &Client,
    asked: Option<&str>,
) -> Result<Vec<String>, Reason> {
    let tokens = asked.map(scope::split).unwrap_or_default();
    if has(provider, Fault::UnknownScopeGranted) && !tokens.is_empty() {
        return Ok(tokens);
    }
    let unknown = tokens.iter().any(|token| !client.scopes.contains(token));
    if has(provider, Fault::UnknownScopeRefusedWithOpenid) && unknown {
        return Err(Reason::ScopeUnknown);
    }
    scope::requested(&provider.dialect, client, asked)
}

fn check_form(parameters: &Parameters) -> Result<(), Reason> {
    if form::repeated(parameters).is_some() {
        // RFC 6749 §3.1: parameters must not be included more than once.
        return Err(Reason::ParameterRepeated);
    }
    // OIDC Core §3.1.2.6: the codes for what this provider does not support.
    if one(parameters, "request").is_some() {
        return Err(Reason::RequestObject);
    }
    if one(parameters, "request_uri").is_some() {
        return Err(Reason::RequestUri);
    }
    Ok(())
}

/// RFC 6749 §3.1: unrecognized parameters are ignored, but for a fault.
fn check_names(provider: &Provider, parameters: &Parameters) -> Result<(), Reason> {
    const KNOWN: [&str; 12] = [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "id_token_hint",
        "code_challenge",
        "code_challenge_method",
    ];
    let unknown = parameters.0.iter().any(|(name, _)| !KNOWN.contains(&name.as_str()));
    if has(provider, Fault::RefusesUnknownParameters) && unknown {
        return Err(Reason::ParameterUnknown);
    }
    Ok(())
}

fn prompt(parameters: &Parameters) -> Result<Vec<String>, Reason> {
    let prompt = one(parameters, "prompt").map(scope::split).unwrap_or_default();
    let known = ["none", "login", "consent", "select_account"];
    if !prompt.iter().all(|value| known.contains(&value.as_str())) {
        return Err(Reason::PromptUnsupported);
    }
    // OIDC Core §3.1.2.1: none with any other value is an error.
    if prompt.len() > 1 && scope::contains(&prompt, "none") {
        return Err(Reason::PromptNoneWithOthers);
    }
    Ok(prompt)
}

/// The audience that a request names: RFC 8707 §2, or the product's own parameter.
pub fn audience(provider: &Provider, parameters: &Parameters) -> Result<Option<String>, Reason> {
    let authorization = &provider.dialect.authorization;
    let named = authorization.audience.iter().find_map(|name| one(parameters, name));
    let sent: usize = authorization.audience.iter().map(|name| all(parameters, name).count()).sum();
    if authorization.one_audience && sent > 1 {
        return Err(Reason::ParameterRepeated);
    }
    let known = &authorization.audiences;
    match named {
        Some(named) if !known.is_empty() && !known.iter().any(|known| known == named) => {
            Err(Reason::AudienceUnknown)
        }
        named => Ok(named.map(str::to_owned)),
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<u64>, Reason> {
    let parse = |text: &str| text.parse().ok().filter(|_| !text.starts_with('+'));
    one(parameters, "max_age").map(|text| parse(text).ok_or(Reason::MaxAgeMalformed)).transpose()
}

fn expected_sub(provider: &Provider, parameters: &Parameters) -> Result<Option<String>, Reason> {
    let Some(hint) = one(parameters, "id_token_hint") else {
        return Ok(None);
    };
    let claims = crate::jwt::verify(provider, hint);
    let sub = claims.and_then(|claims| claims["sub"].as_str().map(str::to_owned));
    let invalid = Reason::IdTokenHintInvalid;
    sub.map(Some).ok_or(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_a_loopback_literal_is_free() {
        let provider = provider::tests::strict();
        let client = dialect::client(&provider.dialect, "public").expect("in the dialect");
        let cases = [
            ("http://127.0.0.1:18999/callback", true),
            ("http://127.0.0.1:1/callback", true),
            ("http://127.0.0.1/callback", true),
            ("http://127.0.0.1:99999/callback", false),
            ("http://127.0.0.1:/callback", false),
            ("http://127.0.0.1:+1/callback", false),
            ("http://127.0.0.1:18999/callback/", false),
            ("http://127.0.0.1:18999/callback?x=y", false),
            ("http://127.0.0.1:18999/Callback", false),
            ("http://127.0.0.1.example.com/callback", false),
            ("http://127.0.0.1:18999@example.com/callback", false),
            ("http://localhost:18999/callback", false),
            ("http://[::1]:18999/callback", false),
            ("https://127.0.0.1:18999/callback", false),
        ];
        for (uri, registered) in cases {
            assert_eq!(redirect_uri::is_registered(&provider, client, uri), registered, "{uri}");
        }
    }
}
