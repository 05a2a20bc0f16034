//! RP-initiated logout: OIDC RP-Initiated Logout 1.0 §2 and §3.

use crate::dialect;
use crate::form::{self, Malformed, Parameters, one};
use crate::jwt;
use crate::page;
use crate::provider::{self, Provider};
use crate::store::Session;
use crate::wire::{self, Request, Response, with_header};

/// What a logout request proves about its origin.
#[derive(Debug, Default)]
struct Origin {
    /// The client, from the hint or as the request names it.
    client_id: Option<String>,
    /// The session that the hint was issued in.
    sid: Option<String>,
}

/// Answers at the end session endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let parameters = match parameters(request) {
        Ok(parameters) if form::repeated(&parameters).is_none() => parameters,
        _ => return page::error(400, "The request's parameters are malformed or repeated."),
    };
    let origin = origin(provider, &parameters);
    let session = provider::session(provider, request);
    match session {
        Some((_, session)) if !is_agreed(&session, &origin, request, &parameters) => {
            ask(provider, &session, &parameters)
        }
        Some((cookie, _)) => {
            provider.store.sessions.remove(&cookie);
            done(provider, request, &origin, &parameters)
        }
        None => done(provider, request, &origin, &parameters),
    }
}

fn parameters(request: &Request) -> Result<Parameters, Malformed> {
    // §2: GET with a query, or POST with a form.
    if request.method == "POST" {
        return form::body(request).map_err(|_| Malformed);
    }
    form::parse(request.query.as_bytes())
}

fn origin(provider: &Provider, parameters: &Parameters) -> Origin {
    let named = one(parameters, "client_id").map(str::to_owned);
    // §2: a hint is accepted although it has expired; its signature must be ours.
    let claims = one(parameters, "id_token_hint").map(|hint| jwt::verify(provider, hint));
    let Some(claims) = claims else {
        return Origin { client_id: named, sid: None };
    };
    let claim = |name: &str| claims.as_ref().and_then(|claims| claims[name].as_str());
    match (claim("iss"), claim("aud")) {
        // §2: a client_id beside the hint must be the one the hint was issued to.
        (Some(iss), Some(aud))
            if iss == provider.issuer && named.as_deref().is_none_or(|named| named == aud) =>
        {
            Origin { client_id: Some(aud.into()), sid: claim("sid").map(str::to_owned) }
        }
        _ => Origin::default(),
    }
}

/// Whether this logout needs no question: §2 wants one unless the hint fits the session.
fn is_agreed(session: &Session, origin: &Origin, request: &Request, form: &Parameters) -> bool {
    let confirmed = request.method == "POST" && one(form, "csrf") == Some(&session.csrf);
    confirmed || origin.sid.as_ref() == Some(&session.sid)
}

fn ask(provider: &Provider, session: &Session, parameters: &Parameters) -> Response {
    let mut fields = vec![("csrf", session.csrf.as_str())];
    for name in ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"] {
        fields.extend(one(parameters, name).map(|value| (name, value)));
    }
    let button = "<button type=\"submit\" name=\"confirm\" value=\"yes\">Log out</button>";
    let form = page::form(&provider.dialect.endpoints.end_session, &fields, button);
    page::page(200, "Log out?", &format!("<p>Do you want to log out?</p>\n{form}"))
}

fn done(
    provider: &Provider,
    request: &Request,
    origin: &Origin,
    parameters: &Parameters,
) -> Response {
    let response = match registered_address(provider, origin, parameters) {
        Some(address) => wire::redirect(request, &with_state(address, parameters)),
        None => page::page(200, "Logged out", "<p>You are logged out.</p>"),
    };
    let name = &provider.dialect.login.session_cookie;
    let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    with_header(response, "Set-Cookie", &cookie)
}

/// §3: the address must be registered for the client, compared exactly; otherwise stay here.
fn registered_address<'a>(
    provider: &Provider,
    origin: &Origin,
    parameters: &'a Parameters,
) -> Option<&'a str> {
    let address = one(parameters, "post_logout_redirect_uri")?;
    let client = dialect::client(&provider.dialect, origin.client_id.as_deref()?)?;
    let registered = client.post_logout_redirect_uris.iter().any(|known| known == address);
    registered.then_some(address)
}

fn with_state(address: &str, parameters: &Parameters) -> String {
    // §3: state is passed back if the request had one.
    let Some(state) = one(parameters, "state") else {
        return address.to_owned();
    };
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{}", form::encode(&[("state", state)]))
}
