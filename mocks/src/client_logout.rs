//! A product's own logout: a client names itself and the address to return to.

use crate::dialect;
use crate::form::{self, Parameters, one};
use crate::page;
use crate::provider::{self, Provider};
use crate::wire::{self, Request, Response, with_header};

/// Answers at the endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let parameters = form::parse(request.query.as_bytes()).unwrap_or_default();
    let Some(address) = address(provider, request, &parameters) else {
        let error = &provider.dialect.client_logout.error;
        let Some(page) = &provider.dialect.authorization.error_page else {
            return page::error(400, error);
        };
        let query = form::encode(&[("error", error.as_str())]);
        return wire::redirect(request, &format!("{}{page}?{query}", provider.base_url));
    };
    if let Some((cookie, _)) = provider::session(provider, request) {
        provider.store.sessions.remove(&cookie);
    }
    let name = &provider.dialect.login.session_cookie;
    let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    with_header(wire::redirect(request, &address), "Set-Cookie", &cookie)
}

/// Where the browser goes afterwards: the registered address, or else the login page.
fn address(provider: &Provider, request: &Request, parameters: &Parameters) -> Option<String> {
    let client = dialect::client(&provider.dialect, one(parameters, "client_id")?)?;
    let manners = &provider.dialect.client_logout;
    if let Some(sent) = one(parameters, &manners.address) {
        let registered = client.post_logout_redirect_uris.iter().any(|known| known == sent);
        return registered.then(|| sent.to_owned());
    }
    let asks =
        one(parameters, "redirect_uri").is_some() && one(parameters, "response_type").is_some();
    let login = &provider.dialect.endpoints.login;
    let back = manners.back_to_login && asks;
    back.then(|| format!("{}{login}?{}", provider.base_url, request.query))
}
