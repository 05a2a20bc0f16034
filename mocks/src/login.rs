//! The login page. The dialect says what it looks like and how it knows what it is for.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::authorize;
use crate::csrf;
use crate::decide::{self, Freshness};
use crate::form::{self, Parameters, one};
use crate::manners::Carrier;
use crate::page;
use crate::provider::{self, Provider};
use crate::random;
use crate::reason::Reason;
use crate::reply;
use crate::scripted;
use crate::store::{Goal, Pending, Session};
use crate::user_pool;
use crate::verification;
use crate::wire::{self, Request, Response, with_header};

/// A login that somebody waits for.
struct Waiting {
    /// What the page carries: see [`Carrier`].
    carried: String,
    goal: Goal,
}

/// Answers at the login page.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    match request.method.as_str() {
        "POST" if provider.dialect.login.scripted => scripted::answer(&submit(provider, request)),
        "POST" => submit(provider, request),
        _ => show(provider, request),
    }
}

fn show(provider: &Provider, request: &Request) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    match waiting(provider, request, &query) {
        Some(waiting) => login_page(provider, request, &waiting.carried, None),
        None => unknown_request(),
    }
}

/// What waits for this login.
fn waiting(provider: &Provider, request: &Request, parameters: &Parameters) -> Option<Waiting> {
    let carried = || one(parameters, &provider.dialect.login.parameter).map(str::to_owned);
    match provider.dialect.login.carries {
        Carrier::Handle => {
            let carried = carried()?;
            let pending = provider.store.pending.get(&carried)?;
            let live = pending.session.is_none() && provider::now(provider) < pending.expires_at;
            live.then(|| Waiting { carried, goal: pending.goal.clone() })
        }
        Carrier::Query => {
            let query = form::parse(request.query.as_bytes()).ok()?;
            let authorization = authorize::sound(provider, &query)?;
            let goal = Goal::Authorization(Box::new(authorization));
            Some(Waiting { carried: request.query.clone(), goal })
        }
        Carrier::Next => {
            let carried = carried()?;
            // Only an address of the stub itself: the page must not be an open redirector.
            let own = carried.starts_with('/') && !carried.starts_with("//");
            own.then(|| Waiting { goal: Goal::Address(carried.clone()), carried })
        }
    }
}

fn unknown_request() -> Response {
    page::error(400, "This login is unknown or took too long. Start again at the application.")
}

fn login_page(
    provider: &Provider,
    request: &Request,
    carried: &str,
    message: Option<&str>,
) -> Response {
    let login = &provider.dialect.login;
    let csrf = csrf::text(provider, request);
    let path = &provider.dialect.endpoints.login;
    let action = match login.carries {
        Carrier::Query => format!("{path}?{carried}"),
        Carrier::Handle | Carrier::Next => path.clone(),
    };
    let hint = match login.carries {
        Carrier::Query => form::parse(carried.as_bytes()).unwrap_or_default(),
        Carrier::Handle | Carrier::Next => Parameters::default(),
    };
    let facts = [
        ("action", action.as_str()),
        ("login_hint", one(&hint, "login_hint").unwrap_or_default()),
        ("csrf", &csrf),
        ("carried", carried),
        ("message", message.unwrap_or_default()),
    ];
    let status = message.map_or(200, |_| login.failed_status);
    let template = if login.scripted { scripted::PAGE } else { &login.page };
    let page = page::filled(status, "Log in", template, &facts);
    if login.fields.csrf.is_empty() {
        return page;
    }
    csrf::with_cookie(provider, page, &csrf)
}

fn submit(provider: &mut Provider, request: &Request) -> Response {
    let Ok(form) = form::body(request) else {
        return page::error(400, "The form is malformed.");
    };
    // A page without such a field has its handle instead, which nobody can guess.
    let protected = !provider.dialect.login.fields.csrf.is_empty();
    if protected && !csrf::is_own(provider, request, &form) {
        return page::error(403, "This form does not come from the login page of this browser.");
    }
    let Some(Waiting { carried, goal }) = waiting(provider, request, &form) else {
        return unknown_request();
    };
    if one(&form, "cancel").is_some() {
        provider.store.pending.remove(&carried);
        return cancel(provider, request, &goal);
    }
    match verified(provider, &form) {
        Some(username) => {
            provider.store.pending.remove(&carried);
            log_in(provider, request, username, goal)
        }
        None => login_page(provider, request, &carried, Some(scripted::WRONG)),
    }
}

fn cancel(provider: &Provider, request: &Request, goal: &Goal) -> Response {
    match goal {
        Goal::Authorization(authorization) => {
            reply::deny(provider, request, &authorization.reply_to, Reason::LoginCancelled)
        }
        Goal::DeviceVerification(_) | Goal::Address(_) => {
            page::page(200, "Cancelled", "<p>Nothing was approved.</p>")
        }
    }
}

/// The user whose name and password the form has.
fn verified(provider: &Provider, form: &Parameters) -> Option<String> {
    let fields = &provider.dialect.login.fields;
    let user = user_pool::user(&provider.dialect, one(form, &fields.username)?)?;
    if !user_pool::may_log_in(provider, &user.username) {
        return None;
    }
    let password = one(form, &fields.password)?;
    verify_slices_are_equal(user.password.as_bytes(), password.as_bytes()).ok()?;
    Some(user.username.clone())
}

/// Answers where a login leads before it leads to the client.
pub fn resume(provider: &mut Provider, request: &Request) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    let handle = one(&query, &provider.dialect.login.parameter).unwrap_or_default();
    let session = provider::session(provider, request);
    let own = session.as_ref().map(|(cookie, _)| cookie);
    let waits = provider.store.pending.get(handle);
    match waits.filter(|pending| pending.session.as_ref() == own && own.is_some()) {
        Some(Pending { goal: Goal::Authorization(authorization), .. }) => {
            let authorization = authorization.as_ref().clone();
            provider.store.pending.remove(handle);
            decide::proceed(provider, request, authorization, session, Freshness::Now)
        }
        _ => unknown_request(),
    }
}

fn log_in(provider: &mut Provider, request: &Request, username: String, goal: Goal) -> Response {
    if let Some((old, _)) = provider::session(provider, request) {
        provider.store.sessions.remove(&old);
    }
    *provider.counters.logins.entry(username.clone()).or_default() += 1;
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
        Goal::Authorization(_) if !provider.dialect.endpoints.resume.is_empty() => {
            let page = provider.dialect.endpoints.resume.clone();
            decide::wait(provider, request, &page, goal, Some(cookie.clone()))
        }
        Goal::Authorization(authorization) => {
            let session = Some((cookie.clone(), session));
            decide::proceed(provider, request, *authorization, session, Freshness::Now)
        }
        Goal::DeviceVerification(code) => verification::resume(provider, request, code.as_deref()),
        Goal::Address(path) => wire::redirect(request, &format!("{}{path}", provider.base_url)),
    };
    let (login, secure) = (&provider.dialect.login, csrf::secure(provider));
    let age = format!("Max-Age={}; ", provider.dialect.lifetimes.session);
    let age = if login.session_cookie_outlives_browser { &*age } else { "" };
    let name = &login.session_cookie;
    let cookie = format!("{name}={cookie}; {age}Path=/;{secure} HttpOnly; SameSite=Lax");
    with_header(response, "Set-Cookie", &cookie)
}
