//! What the pages have in common on which people sign up and replace forgotten passwords: they belong to
//! the authorization request in their query, and lead back to its login page.

use crate::authorize;
use crate::csrf;
use crate::form::{self, Parameters, one};
use crate::idp::Exception;
use crate::idp::client::{self, AppClient};
use crate::page;
use crate::provider::Provider;
use crate::wire::{self, Request, Response};

/// A page with one form.
#[derive(Clone, Copy, Debug)]
pub struct AccountPage {
    /// Its heading.
    pub title: &'static str,
    /// The visible part of the form, as HTML.
    pub inputs: &'static str,
}

/// A form that was posted from such a page.
#[derive(Debug)]
pub struct Posted {
    /// The app client of the authorization request.
    pub client: AppClient,
    /// The form, in which the name of the user may come from the query.
    pub form: Parameters,
}

/// The value of a field, empty if it is not there.
pub fn field<'a>(form: &'a Parameters, name: &str) -> &'a str {
    one(form, name).unwrap_or_default()
}

/// Shows the page, or lets `submit` work with what was posted. It says where to go next, or why not.
pub fn answer(
    provider: &mut Provider,
    request: &Request,
    page: AccountPage,
    submit: impl FnOnce(&mut Provider, &Posted) -> Result<String, Exception>,
) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    let sound = authorize::sound(provider, &query);
    let client = sound.and_then(|sound| client::find(provider, &sound.reply_to.client_id).ok());
    let Some(client) = client else {
        return page::error(400, "This page is unknown. Start again at the application.");
    };
    if request.method != "POST" {
        return show(provider, request, page, "");
    }
    let Ok(mut form) = form::body(request) else {
        return page::error(400, "The form is malformed.");
    };
    if !csrf::is_own(provider, request, &form) {
        return page::error(403, "This form does not come from a page of this browser.");
    }
    form.0.extend(query.0.into_iter().filter(|(name, _)| name == USERNAME));
    match submit(provider, &Posted { client, form }) {
        Ok(address) => wire::redirect(request, &format!("{}{address}", provider.base_url)),
        Err(refusal) => show(provider, request, page, &refusal.message.unwrap_or_default()),
    }
}

/// The name of the user who signs up or has forgotten a password, in the queries of the later pages.
pub const USERNAME: &str = "username";

/// The address of a page of the same authorization request, about a user if one is named.
pub fn address(path: &str, request: &Request, username: Option<&str>) -> String {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    let others = query.0.iter().filter(|(name, _)| name != USERNAME);
    let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = others.chain(username.map(|username| (USERNAME, username))).collect();
    format!("{path}?{}", form::encode(&all))
}

fn show(provider: &Provider, request: &Request, page: AccountPage, message: &str) -> Response {
    let csrf = csrf::text(provider, request);
    let action = format!("{}?{}", request.path, request.query);
    let hidden = [(&*provider.dialect.login.fields.csrf, &*csrf)];
    let message = format!("<p id=\"errorMessage\">{}</p>\n", page::escape(message));
    let form = page::form(&action, &hidden, page.inputs);
    let page = page::page(200, page.title, &(message + &form));
    csrf::with_cookie(provider, page, &csrf)
}
