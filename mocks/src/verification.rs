//! The device authorization grant on the user's side: RFC 8628 §3.3.

use crate::consent::{BUTTONS, asked_for};
use crate::decide;
use crate::device::displayed;
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::page::{self, escape};
use crate::provider::{self, Provider, has};
use crate::store::{Decision, Device, Goal, Session};
use crate::wire::{self, Request, Response};

/// Answers at the verification page.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let post = request.method == "POST";
    let parameters =
        if post { form::body(request).ok() } else { form::parse(request.query.as_bytes()).ok() };
    let Some(parameters) = parameters else {
        return page::error(400, "The form is malformed.");
    };
    let user_code = one(&parameters, "user_code").map(str::to_owned);
    match session(provider, request) {
        None => decide::wait_for_login(provider, request, Goal::DeviceVerification(user_code)),
        Some(session) if post => submit(provider, &session, &parameters),
        // RFC 8628 §3.3.1 and §5.4: a link with the code in it must not approve anything.
        Some(session) => code_form(provider, &session, user_code.as_deref(), ""),
    }
}

/// RFC 8628 §3.3: only somebody who is logged in may decide.
fn session(provider: &Provider, request: &Request) -> Option<Session> {
    let session = provider::session(provider, request).map(|(_, session)| session);
    let anybody = || {
        let user = provider.dialect.users.first()?;
        Some(Session {
            username: user.username.clone(),
            auth_time: provider::now(provider),
            expires_at: u64::MAX,
            sid: "nobody".into(),
            csrf: "nobody".into(),
        })
    };
    let careless = has(provider, Fault::VerificationNeedsNoLogin);
    session.or_else(|| anybody().filter(|_| careless))
}

/// Sends the browser back here after its login.
pub fn resume(provider: &Provider, request: &Request, user_code: Option<&str>) -> Response {
    let page = format!("{}{}", provider.base_url, provider.dialect.endpoints.device_verification);
    let query = user_code.map(|code| format!("?{}", form::encode(&[("user_code", code)])));
    wire::redirect(request, &(page + &query.unwrap_or_default()))
}

fn code_form(
    provider: &Provider,
    session: &Session,
    user_code: Option<&str>,
    message: &str,
) -> Response {
    let value = escape(user_code.unwrap_or_default());
    let input = format!(
        "<label>Code <input name=\"user_code\" value=\"{value}\" autocomplete=\"off\"></label>\n\
         <button type=\"submit\">Continue</button>"
    );
    let action = &provider.dialect.endpoints.device_verification;
    let form = page::form(action, &[("csrf", &session.csrf)], &input);
    page::page(200, "Connect a device", &format!("<p>{message}</p>\n{form}"))
}

fn submit(provider: &mut Provider, session: &Session, form: &Parameters) -> Response {
    if one(form, "csrf") != Some(&session.csrf) {
        return page::error(403, "This form does not come from the verification page.");
    }
    let typed = one(form, "user_code");
    let Some((device_code, device)) = typed.and_then(|typed| undecided(provider, typed)) else {
        return code_form(provider, session, None, "This code is unknown, used or expired.");
    };
    match (one(form, "deny"), one(form, "approve")) {
        (None, None) => confirm(provider, session, &device),
        (None, Some(_)) => {
            decide(provider, &device_code, Decision::Approved(decide::login(session)));
            page::page(200, "Device connected", "<p>You may return to the device.</p>")
        }
        (Some(_), _) => {
            decide(provider, &device_code, Decision::Denied);
            page::page(200, "Device denied", "<p>The device gets no access.</p>")
        }
    }
}

/// RFC 8628 §5.4: the user confirms which client gets which access.
fn confirm(provider: &Provider, session: &Session, device: &Device) -> Response {
    let user_code = displayed(provider, &device.user_code);
    let fields = [("csrf", session.csrf.as_str()), ("user_code", &user_code)];
    let form = page::form(&provider.dialect.endpoints.device_verification, &fields, BUTTONS);
    let what = asked_for(&device.client_id, &device.scope);
    let shown = format!("<p>Does the device show <b>{user_code}</b>?</p>\n{what}\n{form}");
    page::page(200, "Connect this device?", &shown)
}

/// The device with that user code on which nobody has decided, with its device code.
pub fn undecided(provider: &Provider, typed: &str) -> Option<(String, Device)> {
    let now = provider::now(provider);
    let letters = normalized(typed);
    let open = |device: &Device| {
        now < device.expires_at && !device.used && matches!(device.decision, Decision::Pending)
    };
    let mut devices = provider.store.devices.iter();
    let found = devices.find(|(_, device)| device.user_code == letters && open(device));
    found.map(|(code, device)| (code.clone(), device.clone()))
}

/// RFC 8628 §6.1: compare without regard to case, and without punctuation.
fn normalized(typed: &str) -> String {
    let letters = typed.chars().filter(|character| !matches!(character, '-' | ' '));
    letters.map(|character| character.to_ascii_uppercase()).collect()
}

/// Records what the user has decided.
pub fn decide(provider: &mut Provider, device_code: &str, decision: Decision) {
    if let Some(device) = provider.store.devices.get_mut(device_code) {
        device.decision = decision;
    }
}
