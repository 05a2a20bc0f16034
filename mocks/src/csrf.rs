//! Text against forged forms: a hidden input that must equal a cookie of the browser.

use crate::form::{Parameters, one};
use crate::manners::Fields;
use crate::provider::Provider;
use crate::random;
use crate::wire::{Request, Response, cookie, with_header};

/// The text for a page. One browser keeps one: forms that wait in two tabs do not disturb each other.
pub fn text(provider: &Provider, request: &Request) -> String {
    let fields = fields(provider);
    known(provider, request).map_or_else(|| random::text(fields.csrf_form), str::to_owned)
}

/// The page with the cookie that its form must equal.
pub fn with_cookie(provider: &Provider, page: Response, text: &str) -> Response {
    let (name, secure) = (&fields(provider).csrf_cookie, secure(provider));
    let cookie = format!("{name}={text}; Path=/;{secure} HttpOnly; SameSite=Lax");
    with_header(page, "Set-Cookie", &cookie)
}

/// Whether a form comes from a page of this browser.
pub fn is_own(provider: &Provider, request: &Request, form: &Parameters) -> bool {
    let sent = one(form, &fields(provider).csrf);
    sent.is_some() && sent == known(provider, request)
}

/// The attribute by which a cookie travels over TLS only, where that is what clients use.
pub fn secure(provider: &Provider) -> &'static str {
    if provider.base_url.starts_with("https:") { " Secure;" } else { "" }
}

fn fields(provider: &Provider) -> &Fields {
    &provider.dialect.login.fields
}

/// The browser's text, if it is one that the stub may have made.
fn known<'a>(provider: &Provider, request: &'a Request) -> Option<&'a str> {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let value = cookie(request, &fields(provider).csrf_cookie);
    value.filter(|value| matches!(value.len(), 32 | 36) && value.bytes().all(base64url))
}
