//! A device grant whose one endpoint issues device codes and tokens, with all parameters in the
//! query: a gateway before a provider that has no device grant of its own.

use crate::client_auth;
use crate::decide;
use crate::device;
use crate::dialect::Client;
use crate::form::{self, Parameters, one};
use crate::page;
use crate::provider::{self, Provider};
use crate::random;
use crate::reason::Reason;
use crate::refusal;
use crate::store::{Decision, Goal, Pending};
use crate::verification::{decide as record, undecided};
use crate::wire::{self, Request, Response};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Answers at the endpoint for devices.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let outcome = serve(provider, request);
    refusal::either(provider, outcome)
}

fn serve(provider: &mut Provider, request: &Request) -> Result<Response, Reason> {
    // The body is not even looked at.
    let query = form::parse(request.query.as_bytes()).map_err(|_| Reason::ParametersMalformed)?;
    one(&query, "client_id").ok_or(Reason::ClientIdMissing)?;
    let client = client(provider, request, &query)?;
    match (one(&query, "grant_type"), one(&query, "device_code")) {
        (None, None) => device::begin(provider, client, &query),
        (Some(DEVICE_GRANT), Some(_)) => {
            device::poll(provider, &client, &query).map(|tokens| wire::json(200, &tokens))
        }
        _ => Err(Reason::GrantTypeUnsupported),
    }
}

/// Only a client with a secret can prove who it is.
fn client(provider: &Provider, request: &Request, query: &Parameters) -> Result<Client, Reason> {
    let client = client_auth::authenticate(provider, request, query)?;
    if client.secret.is_some() { Ok(client) } else { Err(Reason::SecretWrong) }
}

/// Answers at the page for users: a code in the URL, with `authorize`, is decided at once.
pub fn page(provider: &mut Provider, request: &Request) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    if provider::session(provider, request).is_none() {
        let address = match request.query.as_str() {
            "" => request.path.clone(),
            query => format!("{}?{query}", request.path),
        };
        return decide::wait_for_login(provider, request, Goal::Address(address));
    }
    let (Some(code), Some(authorize)) = (one(&query, "code"), one(&query, "authorize")) else {
        return code_form(provider);
    };
    // Its codes are compared letter by letter, although RFC 8628 §6.1 advises against it.
    let exact = undecided(provider, code).filter(|(_, device)| device.user_code == code);
    match exact {
        None => page::page(400, "Device", "<p>Sorry, code has expired</p>"),
        Some((device_code, _)) if authorize == "true" => upstream(provider, request, device_code),
        Some((device_code, _)) => {
            record(provider, &device_code, Decision::Denied);
            thanks("unauthorized")
        }
    }
}

fn code_form(provider: &Provider) -> Response {
    let action = &provider.dialect.endpoints.device_verification;
    let form = format!(
        "<form method=\"get\" action=\"{action}\">\n\
         <label>Code <input name=\"code\" autocomplete=\"off\"></label>\n\
         <button type=\"submit\" name=\"authorize\" value=\"true\">Authorize</button>\n\
         <button type=\"submit\" name=\"authorize\" value=\"false\">Deny</button>\n</form>"
    );
    page::page(200, "Connect a device", &form)
}

/// The way over the upstream provider, where the user is logged in already.
fn upstream(provider: &mut Provider, request: &Request, device_code: String) -> Response {
    let session = provider::session(provider, request).map(|(cookie, _)| cookie);
    let expires_at = provider::now(provider) + provider.dialect.lifetimes.pending_authorization;
    let (state, code) = (random::secret(), random::uuid());
    let pending = Pending { goal: Goal::Address(device_code), session, expires_at };
    provider.store.pending.insert(state.clone(), pending);
    let callback = &provider.dialect.endpoints.device_callback;
    let query = form::encode(&[("code", &code), ("state", &state)]);
    wire::redirect(request, &format!("{}{callback}?{query}", provider.base_url))
}

/// Answers where the upstream provider returns to.
pub fn callback(provider: &mut Provider, request: &Request) -> Response {
    let query = form::parse(request.query.as_bytes()).unwrap_or_default();
    let pending = one(&query, "state").and_then(|state| provider.store.pending.remove(state));
    let session = provider::session(provider, request);
    match (pending, session) {
        (
            Some(Pending { goal: Goal::Address(device_code), session: own, .. }),
            Some((cookie, by)),
        ) if own.as_ref() == Some(&cookie) => {
            record(provider, &device_code, Decision::Approved(decide::login(&by)));
            thanks("Authorized")
        }
        _ => page::page(400, "Device", "<p>Error, can't update status</p>"),
    }
}

fn thanks(what: &str) -> Response {
    let text = format!("<p>Thanks, Device has been {what}. You can return to your device.</p>");
    page::page(200, "Device", &text)
}
