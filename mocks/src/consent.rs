//! The consent page.

use std::fmt::Write as _;

use crate::authorize::Authorization;
use crate::decide;
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::page::{self, escape};
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::reply;
use crate::store::{Goal, Session};
use crate::wire::{Request, Response};

/// Answers at the consent page.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    if request.method == "POST" {
        return submit(provider, request);
    }
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    match waiting(provider, request, &query) {
        Some(waiting) => show(provider, &waiting),
        None => unknown_request(),
    }
}

/// An authorization request that waits for the consent of the browser's user.
struct Waiting {
    handle: String,
    authorization: Authorization,
    session: Session,
}

fn waiting(provider: &Provider, request: &Request, parameters: &Parameters) -> Option<Waiting> {
    let handle = one(parameters, &provider.dialect.login.parameter)?.to_owned();
    let pending = provider.store.pending.get(&handle)?;
    let (cookie, session) = provider::session(provider, request)?;
    let Goal::Authorization(authorization) = pending.goal.clone() else {
        return None;
    };
    let waits = pending.session == Some(cookie) && provider::now(provider) < pending.expires_at;
    waits.then_some(Waiting { handle, authorization: *authorization, session })
}

fn unknown_request() -> Response {
    page::error(400, "Nothing waits for your consent here. Start again at the application.")
}

fn show(provider: &Provider, waiting: &Waiting) -> Response {
    let Waiting { handle, authorization, session } = waiting;
    let fields = [
        ("csrf", session.csrf.as_str()),
        (provider.dialect.login.parameter.as_str(), handle.as_str()),
    ];
    let form = page::form(&provider.dialect.endpoints.consent, &fields, BUTTONS);
    let what = asked_for(&authorization.reply_to.client_id, &authorization.scope);
    page::page(200, "Do you agree?", &format!("{what}\n{form}"))
}

/// The buttons of every page on which the user decides.
pub const BUTTONS: &str = "<button type=\"submit\" name=\"deny\" value=\"yes\">Deny</button>
<button type=\"submit\" name=\"approve\" value=\"yes\">Approve</button>";

/// Who asks, and for what, as HTML.
pub fn asked_for(client_id: &str, scope: &[String]) -> String {
    let client_id = escape(client_id);
    let mut html = format!("<p>The application <b>{client_id}</b> asks for:</p>\n<ul>\n");
    for scope in scope {
        // Writing to a String does not fail.
        let _ = writeln!(html, "<li>{}</li>", escape(scope));
    }
    html + "</ul>"
}

fn submit(provider: &mut Provider, request: &Request) -> Response {
    let Ok(form) = form::body(request) else {
        return page::error(400, "The form is malformed.");
    };
    let Some(waiting) = waiting(provider, request, &form) else {
        return unknown_request();
    };
    if one(&form, "csrf") != Some(&waiting.session.csrf) {
        return page::error(403, "This form does not come from the consent page.");
    }
    match (one(&form, "deny"), one(&form, "approve")) {
        (None, None) => show(provider, &waiting),
        (None, Some(_)) => approve(provider, request, waiting),
        (Some(_), _) if has(provider, Fault::DenialGrantsCode) => {
            approve(provider, request, waiting)
        }
        (Some(_), _) => deny(provider, request, &waiting),
    }
}

fn approve(provider: &mut Provider, request: &Request, waiting: Waiting) -> Response {
    let Waiting { handle, authorization, session } = waiting;
    provider.store.pending.remove(&handle);
    let key = (session.username.clone(), authorization.reply_to.client_id.clone());
    let agreed = provider.store.consents.entry(key).or_default();
    agreed.extend(authorization.scope.iter().cloned());
    decide::issue_code(provider, request, authorization, &session)
}

fn deny(provider: &mut Provider, request: &Request, waiting: &Waiting) -> Response {
    provider.store.pending.remove(&waiting.handle);
    if has(provider, Fault::DenialIsAPage) {
        return page::page(200, "Denied", "<p>You have denied the request.</p>");
    }
    // RFC 6749 §4.1.2.1: the client is told.
    let reason = Reason::UserDenied;
    reply::deny(provider, request, &waiting.authorization.reply_to, reason)
}
