//! The authorization endpoint: who asks, where the answer goes, and whether the request is sound.

use crate::decide::{self, Freshness};
use crate::dialect::{self, Client, GrantType};
use crate::fault::Fault;
use crate::form::{self, Malformed, Parameters, all, one};
use crate::page;
use crate::provider::{self, Provider, has};
use crate::redirect_uri;
use crate::reply;
use crate::scope;
use crate::wire::{Request, Response};

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

/// How the parameters of an authorization response travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// A PKCE challenge.
#[derive(Clone, Debug)]
pub enum Challenge {
    /// The hash of the verifier.
    S256(String),
    /// The verifier itself, which only a fault accepts.
    Plain(String),
}

/// An error to send to the client: RFC 6749 §4.1.2.1.
#[derive(Clone, Copy, Debug)]
pub struct Denial {
    /// The error code.
    pub error: &'static str,
    /// A sentence for the developer of the client.
    pub description: &'static str,
}

/// Answers at the authorization endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    if has(provider, Fault::MalformedAuthorizationCrashes) && overwhelms(request) {
        return page::error(500, "Something went wrong.");
    }
    let mut parameters = match parameters(request) {
        Ok(parameters) => parameters,
        Err(Malformed) => return page::error(400, "The request's parameters are malformed."),
    };
    if has(provider, Fault::AuthorizeRefusesGet) && request.method != "POST" {
        return page::error(405, "The method is not allowed here.");
    }
    if has(provider, Fault::RepeatedClientIdAccepted) {
        leave_one(&mut parameters, "client_id");
    }
    let reply_to = match reply_to(provider, &parameters) {
        Ok(reply_to) => reply_to,
        Err(_) if redirects_mistakes(provider, &parameters) => {
            let denial = denial("invalid_request", "this must not be told by a redirect");
            let to = as_asked(&parameters);
            return reply::deny(provider, request, &to, denial);
        }
        // RFC 6749 §4.1.2.1: tell the user, and do not redirect.
        Err(message) => return page::error(400, message),
    };
    match validate(provider, &reply_to, &parameters) {
        Ok(authorization) => {
            let session = provider::session(provider, request);
            decide::proceed(provider, request, authorization, session, Freshness::Earlier)
        }
        Err(denial) => reply::deny(provider, request, &reply_to, denial),
    }
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
fn reply_to(provider: &Provider, parameters: &Parameters) -> Result<ReplyTo, &'static str> {
    let client_id = single(parameters, "client_id")?.ok_or("The client_id is missing.")?;
    let client = dialect::client(&provider.dialect, client_id).ok_or("The client is unknown.")?;
    let sent = single(parameters, "redirect_uri")?;
    let redirect_uri = match sent {
        Some(sent) if redirect_uri::is_registered(provider, client, sent) => sent.to_owned(),
        Some(_) => return Err("The redirect_uri is not registered for this client."),
        None => only_redirect_uri(provider, client, parameters)?,
    };
    Ok(ReplyTo {
        client_id: client.id.clone(),
        redirect_uri,
        redirect_uri_sent: sent.is_some(),
        state: one(parameters, "state").map(str::to_owned),
        response_mode: match one(parameters, "response_mode") {
            Some("form_post") => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        },
    })
}

fn single<'a>(
    parameters: &'a Parameters,
    name: &'static str,
) -> Result<Option<&'a str>, &'static str> {
    match all(parameters, name).count() {
        0 | 1 => Ok(one(parameters, name)),
        _ => Err("The client_id or the redirect_uri is sent more than once."),
    }
}

fn only_redirect_uri(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<String, &'static str> {
    // OIDC Core §3.1.2.1: redirect_uri is required. RFC 6749 §3.1.2.3: only with several, or none.
    let openid = one(parameters, "scope").is_some_and(|scope| scope.split(' ').any(is_openid));
    match client.redirect_uris.as_slice() {
        [only] if !openid => Ok(only.clone()),
        [first, _, ..] if has(provider, Fault::RedirectUriDefaultsToFirst) => Ok(first.clone()),
        _ => Err("The redirect_uri is missing."),
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
) -> Result<Authorization, Denial> {
    let client = dialect::client(&provider.dialect, &reply_to.client_id)
        .ok_or(denial("unauthorized_client", "the client is unknown"))?;
    check_form(parameters)?;
    check_names(provider, parameters)?;
    check_response(provider, client, parameters)?;
    let scope = granted_scope(provider, client, one(parameters, "scope"))?;
    Ok(Authorization {
        reply_to: reply_to.clone(),
        scope,
        nonce: one(parameters, "nonce").map(str::to_owned),
        challenge: challenge(provider, client, parameters)?,
        prompt: prompt(parameters)?,
        max_age: max_age(parameters)?,
        expected_sub: expected_sub(provider, parameters)?,
    })
}

fn granted_scope(
    provider: &Provider,
    client: &Client,
    asked: Option<&str>,
) -> Result<Vec<String>, Denial> {
    let tokens = asked.map(scope::split).unwrap_or_default();
    if has(provider, Fault::UnknownScopeGranted) && !tokens.is_empty() {
        return Ok(tokens);
    }
    let unknown = tokens.iter().any(|token| !client.scopes.contains(token));
    if has(provider, Fault::UnknownScopeRefusedWithOpenid) && unknown {
        return Err(denial("invalid_scope", "the scope is unknown"));
    }
    scope::requested(&provider.dialect, client, asked)
        .map_err(|refusal| denial(refusal.error, refusal.description))
}

/// A denial with this code.
pub fn denial(error: &'static str, description: &'static str) -> Denial {
    Denial { error, description }
}

fn check_form(parameters: &Parameters) -> Result<(), Denial> {
    if form::repeated(parameters).is_some() {
        // RFC 6749 §3.1: parameters must not be included more than once.
        return Err(denial("invalid_request", "a parameter is sent more than once"));
    }
    // OIDC Core §3.1.2.6: the codes for what this provider does not support.
    if one(parameters, "request").is_some() {
        return Err(denial("request_not_supported", "request objects are not supported"));
    }
    if one(parameters, "request_uri").is_some() {
        return Err(denial("request_uri_not_supported", "request_uri is not supported"));
    }
    Ok(())
}

/// RFC 6749 §3.1: unrecognized parameters are ignored, but for a fault.
fn check_names(provider: &Provider, parameters: &Parameters) -> Result<(), Denial> {
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
        return Err(denial("invalid_request", "a parameter is unknown"));
    }
    Ok(())
}

fn check_response(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<(), Denial> {
    match one(parameters, "response_type") {
        Some("code") => {}
        None if has(provider, Fault::ResponseTypeOptional) => {}
        Some(_) if has(provider, Fault::UnknownResponseTypeIsCode) => {}
        // RFC 6749 §3.1.1: a missing response_type is an error of its own.
        None => return Err(denial("invalid_request", "response_type is missing")),
        Some(_) => {
            return Err(denial("unsupported_response_type", "only code is supported"));
        }
    }
    if !client.grants.contains(&GrantType::AuthorizationCode) {
        return Err(denial("unauthorized_client", "the client may not use this grant"));
    }
    match one(parameters, "response_mode") {
        None | Some("query" | "form_post") => Ok(()),
        Some(_) => Err(denial("invalid_request", "the response_mode is not supported")),
    }
}

fn challenge(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<Challenge>, Denial> {
    let method = one(parameters, "code_challenge_method");
    let Some(value) = one(parameters, "code_challenge") else {
        // RFC 9700 §2.1.1: public clients must use PKCE; RFC 7636 §4.4.1: invalid_request.
        let lax = has(provider, Fault::PublicClientNeedsNoPkce);
        let required = (client.secret.is_none() && !lax) || method.is_some();
        let missing = denial("invalid_request", "code_challenge is required");
        return if required { Err(missing) } else { Ok(None) };
    };
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    // RFC 7636 §4.2: 43 base64url characters are what SHA-256 gives.
    if value.len() != 43 || !value.bytes().all(base64url) {
        return Err(denial("invalid_request", "code_challenge must be 43 base64url characters"));
    }
    match method {
        Some("S256") => Ok(Some(Challenge::S256(value.into()))),
        Some("s256") if has(provider, Fault::LowercaseS256MeansPlain) => {
            Ok(Some(Challenge::Plain(value.into())))
        }
        Some("s256") if has(provider, Fault::AcceptsLowercaseS256) => {
            Ok(Some(Challenge::S256(value.into())))
        }
        Some("plain") if has(provider, Fault::PlainChallengeAccepted) => {
            Ok(Some(Challenge::Plain(value.into())))
        }
        None if has(provider, Fault::MissingMethodMeansS256) => {
            Ok(Some(Challenge::S256(value.into())))
        }
        Some(unknown)
            if !matches!(unknown, "s256" | "plain")
                && has(provider, Fault::UnknownChallengeMethodAccepted) =>
        {
            Ok(Some(Challenge::S256(value.into())))
        }
        // RFC 7636 §4.3: a missing method means plain, which this provider does not support.
        _ => Err(denial("invalid_request", "code_challenge_method must be S256")),
    }
}

fn prompt(parameters: &Parameters) -> Result<Vec<String>, Denial> {
    let prompt = one(parameters, "prompt").map(scope::split).unwrap_or_default();
    let known = ["none", "login", "consent", "select_account"];
    if !prompt.iter().all(|value| known.contains(&value.as_str())) {
        return Err(denial("invalid_request", "the prompt is not supported"));
    }
    // OIDC Core §3.1.2.1: none with any other value is an error.
    if prompt.len() > 1 && scope::contains(&prompt, "none") {
        return Err(denial("invalid_request", "prompt=none allows no other prompt"));
    }
    Ok(prompt)
}

fn max_age(parameters: &Parameters) -> Result<Option<u64>, Denial> {
    let parse = |text: &str| text.parse().ok().filter(|_| !text.starts_with('+'));
    one(parameters, "max_age")
        .map(|text| parse(text).ok_or(denial("invalid_request", "max_age must be whole seconds")))
        .transpose()
}

fn expected_sub(provider: &Provider, parameters: &Parameters) -> Result<Option<String>, Denial> {
    let Some(hint) = one(parameters, "id_token_hint") else {
        return Ok(None);
    };
    let claims = crate::jwt::verify(provider, hint);
    let sub = claims.and_then(|claims| claims["sub"].as_str().map(str::to_owned));
    let invalid = denial("invalid_request", "the id_token_hint is not one of ours");
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
