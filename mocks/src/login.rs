//! The login page. It resembles real ones on purpose: the first button cancels.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::authorize::denial;
use crate::decide::{self, Freshness};
use crate::dialect;
use crate::form::{self, Parameters, one};
use crate::page;
use crate::provider::{self, Provider, SESSION_COOKIE};
use crate::random;
use crate::reply;
use crate::store::{Goal, Pending, Session};
use crate::verification;
use crate::wire::{Request, Response, cookie, with_header};

const CSRF_COOKIE: &str = "stub_csrf";

/// Answers at the login page.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    if request.method == "POST" { submit(provider, request) } else { show(provider, request) }
}

fn show(provider: &Provider, request: &Request) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    match live_pending(provider, &query) {
        Some((handle, _)) => login_page(provider, request, &handle, ""),
        None => unknown_request(),
    }
}

/// What waits for this login, with its handle.
fn live_pending(provider: &Provider, parameters: &Parameters) -> Option<(String, Pending)> {
    let handle = one(parameters, "request")?;
    let pending = provider.store.pending.get(handle)?;
    let waits = pending.session.is_none() && provider::now(provider) < pending.expires_at;
    waits.then(|| (handle.to_owned(), pending.clone()))
}

fn unknown_request() -> Response {
    page::error(400, "This login is unknown or took too long. Start again at the application.")
}

fn login_page(provider: &Provider, request: &Request, handle: &str, message: &str) -> Response {
    // One browser keeps one token: logins that wait in two tabs do not disturb each other.
    let csrf = csrf_cookie(request).map_or_else(random::secret, str::to_owned);
    let path = &provider.dialect.endpoints.login;
    let form = page::form(path, &[("csrf", &csrf), ("request", handle)], INPUTS);
    let page = page::page(200, "Log in", &format!("<p>{message}</p>\n{form}"));
    let cookie = format!("{CSRF_COOKIE}={csrf}; Path={path}; HttpOnly; SameSite=Lax");
    with_header(page, "Set-Cookie", &cookie)
}

const INPUTS: &str = "<button type=\"submit\" name=\"cancel\" value=\"yes\">Cancel</button>
<label>Username <input name=\"username\" autocomplete=\"username\"></label>
<label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\"></label>
<button type=\"submit\">Log in</button>";

/// The browser's token, if it is one that the stub may have made.
fn csrf_cookie(request: &Request) -> Option<&str> {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    cookie(request, CSRF_COOKIE).filter(|value| value.len() == 32 && value.bytes().all(base64url))
}

fn submit(provider: &mut Provider, request: &Request) -> Response {
    let Ok(form) = form::body(request) else {
        return page::error(400, "The form is malformed.");
    };
    let (sent, expected) = (one(&form, "csrf"), csrf_cookie(request));
    if sent.is_none() || sent != expected {
        return page::error(403, "This form does not come from the login page of this browser.");
    }
    let Some((handle, pending)) = live_pending(provider, &form) else {
        return unknown_request();
    };
    if one(&form, "cancel").is_some() {
        provider.store.pending.remove(&handle);
        return cancel(provider, request, &pending.goal);
    }
    match verified(provider, &form) {
        Some(username) => {
            provider.store.pending.remove(&handle);
            log_in(provider, request, username, pending.goal)
        }
        None => login_page(provider, request, &handle, "The username or the password is wrong."),
    }
}

fn cancel(provider: &Provider, request: &Request, goal: &Goal) -> Response {
    match goal {
        Goal::Authorization(authorization) => {
            let denial = denial("access_denied", "the user has cancelled the login");
            reply::deny(provider, request, &authorization.reply_to, denial)
        }
        Goal::DeviceVerification(_) => page::page(200, "Cancelled", "<p>Nothing was approved.</p>"),
    }
}

/// The user whose name and password the form has.
fn verified(provider: &Provider, form: &Parameters) -> Option<String> {
    let user = dialect::user(&provider.dialect, one(form, "username")?)?;
    let password = one(form, "password").filter(|_| !user.disabled)?;
    verify_slices_are_equal(user.password.as_bytes(), password.as_bytes()).ok()?;
    Some(user.username.clone())
}

fn log_in(provider: &mut Provider, request: &Request, username: String, goal: Goal) -> Response {
    if let Some((old, _)) = provider::session(provider, request) {
        provider.store.sessions.remove(&old);
    }
    let now = provider::now(provider);
    let session = Session {
        username,
        auth_time: now,
        expires_at: now + provider.dialect.lifetimes.session,
        sid: random::secret(),
        csrf: random::secret(),
    };
    // A new secret at every login, so that nobody can plant a session before it.
    let cookie = random::secret();
    provider.store.sessions.insert(cookie.clone(), session.clone());
    let response = match goal {
        Goal::Authorization(authorization) => {
            let session = Some((cookie.clone(), session));
            decide::proceed(provider, request, authorization, session, Freshness::Now)
        }
        Goal::DeviceVerification(code) => verification::resume(provider, request, code.as_deref()),
    };
    let attributes = "Path=/; HttpOnly; SameSite=Lax";
    with_header(response, "Set-Cookie", &format!("{SESSION_COOKIE}={cookie}; {attributes}"))
}
