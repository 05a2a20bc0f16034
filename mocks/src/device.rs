//! The device authorization grant on the device's side: RFC 8628 §3.1, §3.2, §3.4 and §3.5.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::authorize;
use crate::client_auth;
use crate::dialect::{self, Client, GrantType};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::random;
use crate::reason::Reason;
use crate::refusal::either;
use crate::scope;
use crate::store::{self, Decision, Device, Grant, Login};
use crate::wire::{self, Request, Response};

/// Answers at the device authorization endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let outcome = authorize(provider, request);
    either(provider, outcome)
}

fn authorize(provider: &mut Provider, request: &Request) -> Result<Response, Reason> {
    let form = parameters(request)?;
    let client = client(provider, request, &form)?;
    let may = client.grants.contains(&GrantType::DeviceCode);
    if !may && !has(provider, Fault::DeviceGrantForEveryClient) {
        return Err(Reason::GrantNotAllowed);
    }
    begin(provider, client, &form)
}

/// Issues the codes that a client has asked for.
pub fn begin(
    provider: &mut Provider,
    client: Client,
    form: &Parameters,
) -> Result<Response, Reason> {
    let scope = match one(form, "scope") {
        Some(asked) if has(provider, Fault::DeviceGrantsUnknownScope) => scope::split(asked),
        asked => scope::requested(&provider.dialect, &client, asked)?,
    };
    let now = provider::now(provider);
    let polling = &provider.dialect.device;
    let device = Device {
        client_id: client.id,
        user_code: match &polling.user_code {
            Some(shape) => random::of(&shape.alphabet, shape.length),
            None => random::of(random::CONSONANTS, 8),
        },
        scope,
        audience: authorize::audience(provider, form)?,
        expires_at: now + provider.dialect.lifetimes.device_code,
        interval: polling.interval,
        last_poll: polling.timed_from_issue.then_some(now),
        polls: 0,
        decision: Decision::Pending,
        used: false,
    };
    let shape = polling.device_code.as_ref();
    let device_code =
        shape.map_or_else(random::secret, |shape| random::of(&shape.alphabet, shape.length));
    let response = wire::json(200, &description(provider, &device_code, &device));
    provider.store.devices.insert(device_code, device);
    provider::count_issued(provider, "device_code");
    Ok(response)
}

/// A GET comes here only with [`Fault::DeviceEndpointAnswersGet`].
fn parameters(request: &Request) -> Result<Parameters, Reason> {
    if request.method == "POST" {
        return form::back_channel(request);
    }
    let malformed = |_| Reason::QueryMalformed;
    form::parse(request.query.as_bytes()).map_err(malformed)
}

/// The client that asks. RFC 8628 §3.1: it authenticates, or names itself, as at the token endpoint.
fn client(provider: &Provider, request: &Request, form: &Parameters) -> Result<Client, Reason> {
    let refusal = match client_auth::authenticate(provider, request, form) {
        Ok(client) => return Ok(client),
        Err(refusal) => refusal,
    };
    let named = one(form, "client_id");
    let known = named.and_then(|id| dialect::client(&provider.dialect, id));
    let anybody = || dialect::client(&provider.dialect, "device");
    let accepted = match (named, known) {
        (None, _) if has(provider, Fault::DeviceEndpointNeedsNoClient) => anybody(),
        (Some(_), None) if has(provider, Fault::DeviceEndpointAcceptsUnknownClients) => anybody(),
        (Some(_), Some(client)) if has(provider, Fault::DeviceEndpointNeedsNoSecret) => {
            Some(client)
        }
        _ => None,
    };
    accepted.cloned().ok_or(refusal)
}

/// RFC 8628 §3.2: the device authorization response.
fn description(provider: &Provider, device_code: &str, device: &Device) -> Value {
    let user_code = displayed(provider, &device.user_code);
    let page = format!("{}{}", provider.base_url, provider.dialect.endpoints.device_verification);
    let complete = match provider.dialect.endpoints.device_grant.as_str() {
        "" => format!("{page}?user_code={user_code}"),
        _ => format!("{page}?code={user_code}&authorize=true"),
    };
    let mut description = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": complete,
    });
    if !has(provider, Fault::DeviceResponseWithoutExpiresIn) {
        description["expires_in"] = provider.dialect.lifetimes.device_code.into();
    }
    let as_string = has(provider, Fault::DeviceIntervalAsString);
    description["interval"] =
        if as_string { device.interval.to_string().into() } else { device.interval.into() };
    description
}

/// A user code as people read it.
pub fn displayed(provider: &Provider, user_code: &str) -> String {
    let group = provider.dialect.device.user_code.as_ref().map_or(4, |shape| shape.group);
    match user_code.split_at_checked(group) {
        Some((first, second)) if group > 0 => format!("{first}-{second}"),
        _ => user_code.to_owned(),
    }
}

/// Answers a device that asks whether it may have its tokens now.
pub fn poll(provider: &mut Provider, client: &Client, form: &Parameters) -> Result<Value, Reason> {
    let code = one(form, "device_code");
    let code = code.ok_or(Reason::DeviceCodeMissing)?;
    let device = usable(provider, client, code)?;
    if has_expired(provider, &device) {
        if provider.dialect.device.expired_told_once {
            provider.store.devices.remove(code);
        }
        let forgotten = has(provider, Fault::ExpiredDeviceCodeIsUnknown);
        return Err(if forgotten {
            Reason::DeviceCodeForgotten
        } else {
            Reason::DeviceCodeExpired
        });
    }
    match decision(provider, &device) {
        Decision::Pending => Err(pending(provider, code, &device)),
        Decision::Denied => Err(denied(provider, code)),
        Decision::Approved(login) => redeem(provider, code, &device, login),
    }
}

fn usable(provider: &Provider, client: &Client, code: &str) -> Result<Device, Reason> {
    let device = provider.store.devices.get(code).cloned();
    if device.is_none() && has(provider, Fault::UnknownDeviceCodeIsPending) {
        return Err(Reason::AuthorizationPending);
    }
    let any_client = has(provider, Fault::DeviceCodeOfAnyClient);
    let reusable = has(provider, Fault::DeviceCodeReusable);
    // RFC 8628 §3.4 and RFC 6749 §5.2: bound to its client; good for one exchange.
    let device = device.ok_or(Reason::DeviceCodeUnknown)?;
    if !any_client && device.client_id != client.id {
        return Err(Reason::DeviceCodeOfOtherClient);
    }
    if device.used && !reusable {
        return Err(Reason::DeviceCodeUsed);
    }
    Ok(device)
}

fn has_expired(provider: &Provider, device: &Device) -> bool {
    let expired = provider::now(provider) >= device.expires_at;
    expired && !has(provider, Fault::DeviceCodeNeverExpires)
}

/// What the stub takes the user to have decided.
fn decision(provider: &Provider, device: &Device) -> Decision {
    match &device.decision {
        Decision::Approved(_) if has(provider, Fault::DeviceApprovalLost) => Decision::Pending,
        Decision::Approved(_) if slowed(provider, device, Fault::SlowDownLosesApproval) => {
            Decision::Pending
        }
        Decision::Denied if has(provider, Fault::DeviceDenialLost) => Decision::Pending,
        Decision::Pending if has(provider, Fault::DeviceNeedsNoApproval) => nobody(provider),
        other => other.clone(),
    }
}

/// Whether a fault is on that concerns devices that were told to slow down.
fn slowed(provider: &Provider, device: &Device, fault: Fault) -> bool {
    has(provider, fault) && device.interval > provider.dialect.device.interval
}

fn denied(provider: &mut Provider, code: &str) -> Reason {
    if has(provider, Fault::DeniedDeviceIsToldOnce)
        && let Some(device) = provider.store.devices.get_mut(code)
    {
        device.decision = Decision::Pending;
    }
    Reason::UserDenied
}

/// The approval of somebody who has never been asked.
fn nobody(provider: &Provider) -> Decision {
    let auth_time = provider::now(provider);
    provider.dialect.users.first().map_or(Decision::Pending, |user| {
        let (username, sid) = (user.username.clone(), random::secret());
        Decision::Approved(Login { username, auth_time, sid })
    })
}

/// RFC 8628 §3.5: `slow_down` is `authorization_pending` for a client that polls too fast.
fn pending(provider: &mut Provider, code: &str, device: &Device) -> Reason {
    let now = provider::now(provider);
    let early = device.last_poll.is_some_and(|last| now < last.saturating_add(device.interval));
    let first = device.last_poll.is_none();
    let tired = device.polls >= 9 && has(provider, Fault::PatienceIsSlowedDown);
    let slow_down = tired
        || early && !has(provider, Fault::NeverSlowsDown)
        || first && has(provider, Fault::FirstPollSlowsDown)
        || slowed(provider, device, Fault::SlowDownIsForEver);
    let polling = &provider.dialect.device;
    if has(provider, Fault::PatienceIsDenied) && is_patient(provider, device, now) {
        return Reason::PatienceEnded;
    }
    let expires_at = if has(provider, Fault::PollingExtendsDeviceCode) {
        now + provider.dialect.lifetimes.device_code
    } else {
        device.expires_at
    };
    // RFC 8628 §3.5: the interval grows by 5 seconds for this and all subsequent requests.
    let longer = (device.interval + polling.slow_down).min(polling.longest_interval);
    if let Some(device) = provider.store.devices.get_mut(code) {
        device.last_poll = Some(now);
        device.polls += 1;
        device.expires_at = expires_at;
        device.interval = if slow_down { longer } else { device.interval };
    }
    if slow_down {
        return Reason::SlowDown;
    }
    Reason::AuthorizationPending
}

/// Whether a device has polled before, and not since its interval has passed.
fn is_patient(provider: &Provider, device: &Device, now: u64) -> bool {
    let interval = provider.dialect.device.interval;
    let waited = device.last_poll.is_some_and(|last| now >= last.saturating_add(device.interval));
    waited && device.interval == interval
}

fn redeem(
    provider: &mut Provider,
    code: &str,
    device: &Device,
    login: Login,
) -> Result<Value, Reason> {
    if let Some(device) = provider.store.devices.get_mut(code) {
        device.used = true;
    }
    let grant = Grant {
        client_id: device.client_id.clone(),
        login: Some(login),
        scope: device.scope.clone(),
        nonce: None,
        audience: device.audience.clone(),
        revoked: false,
        last_access_token: None,
        used_at: Cell::default(),
        id: random::uuid(),
    };
    let number = store::add_grant(&mut provider.store, grant);
    issue::tokens(provider, number, &device.scope, Occasion::Grant)
}
