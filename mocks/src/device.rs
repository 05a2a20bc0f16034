//! The device authorization grant on the device's side: RFC 8628 §3.1, §3.2, §3.4 and §3.5.

use serde_json::{Value, json};

use crate::client_auth;
use crate::dialect::{Client, GrantType};
use crate::fault::Fault;
use crate::form::{self, Parameters, one};
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::random;
use crate::refusal::{Refusal, either, refuse};
use crate::scope;
use crate::store::{self, Decision, Device, Grant, Login};
use crate::wire::{self, Request, Response};

/// Answers at the device authorization endpoint.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    either(authorize(provider, request))
}

fn authorize(provider: &mut Provider, request: &Request) -> Result<Response, Refusal> {
    let form = form::back_channel(request)?;
    let client = client_auth::authenticate(provider, request, &form)?;
    if !client.grants.contains(&GrantType::DeviceCode) {
        return Err(refuse("unauthorized_client", "the client may not use this grant"));
    }
    let scope = scope::requested(&provider.dialect, &client, one(&form, "scope"))?;
    let device = Device {
        client_id: client.id,
        user_code: random::letters(8),
        scope,
        expires_at: provider::now(provider) + provider.dialect.lifetimes.device_code,
        interval: provider.dialect.device.interval,
        last_poll: None,
        decision: Decision::Pending,
        used: false,
    };
    let device_code = random::secret();
    let response = wire::json(200, &description(provider, &device_code, &device));
    provider.store.devices.insert(device_code, device);
    provider::count_issued(provider, "device_code");
    Ok(response)
}

/// RFC 8628 §3.2: the device authorization response.
fn description(provider: &Provider, device_code: &str, device: &Device) -> Value {
    let user_code = displayed(&device.user_code);
    let page = format!("{}{}", provider.issuer, provider.dialect.endpoints.device_verification);
    let mut description = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
    });
    if !has(provider, Fault::DeviceResponseWithoutExpiresIn) {
        description["expires_in"] = provider.dialect.lifetimes.device_code.into();
    }
    description["interval"] = device.interval.into();
    description
}

/// A user code as people read it.
pub fn displayed(user_code: &str) -> String {
    let (first, second) = user_code.split_at_checked(4).unwrap_or((user_code, ""));
    format!("{first}-{second}")
}

/// Answers a device that asks whether it may have its tokens now.
pub fn poll(provider: &mut Provider, client: &Client, form: &Parameters) -> Result<Value, Refusal> {
    let code = one(form, "device_code");
    let code = code.ok_or(refuse("invalid_request", "device_code is missing"))?;
    let device = provider.store.devices.get(code).cloned();
    // RFC 8628 §3.4 and RFC 6749 §5.2: bound to its client; good for one exchange.
    let device = device
        .filter(|device| device.client_id == client.id && !device.used)
        .ok_or(refuse("invalid_grant", "the device_code is unknown or was used"))?;
    if has_expired(provider, &device) {
        let forgotten = has(provider, Fault::ExpiredDeviceCodeIsUnknown);
        let error = if forgotten { "invalid_grant" } else { "expired_token" };
        return Err(refuse(error, "the device_code has expired"));
    }
    match decision(provider, &device) {
        Decision::Pending => Err(pending(provider, code, &device)),
        Decision::Denied => Err(refuse("access_denied", "the user has denied the request")),
        Decision::Approved(login) => redeem(provider, code, &device, login),
    }
}

fn has_expired(provider: &Provider, device: &Device) -> bool {
    let expired = provider::now(provider) >= device.expires_at;
    expired && !has(provider, Fault::DeviceCodeNeverExpires)
}

/// What the stub takes the user to have decided.
fn decision(provider: &Provider, device: &Device) -> Decision {
    match &device.decision {
        Decision::Approved(_) if has(provider, Fault::DeviceApprovalLost) => Decision::Pending,
        Decision::Pending if has(provider, Fault::DeviceNeedsNoApproval) => nobody(provider),
        other => other.clone(),
    }
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
fn pending(provider: &mut Provider, code: &str, device: &Device) -> Refusal {
    let now = provider::now(provider);
    let early = device.last_poll.is_some_and(|last| now < last.saturating_add(device.interval));
    let slow_down = early && !has(provider, Fault::NeverSlowsDown);
    let polling = &provider.dialect.device;
    // RFC 8628 §3.5: the interval grows by 5 seconds for this and all subsequent requests.
    let longer = (device.interval + polling.slow_down).min(polling.longest_interval);
    if let Some(device) = provider.store.devices.get_mut(code) {
        device.last_poll = Some(now);
        device.interval = if slow_down { longer } else { device.interval };
    }
    if slow_down {
        return refuse("slow_down", "wait five seconds longer between polls");
    }
    refuse("authorization_pending", "the user has not decided yet")
}

fn redeem(
    provider: &mut Provider,
    code: &str,
    device: &Device,
    login: Login,
) -> Result<Value, Refusal> {
    if let Some(device) = provider.store.devices.get_mut(code) {
        device.used = true;
    }
    let grant = Grant {
        client_id: device.client_id.clone(),
        login: Some(login),
        scope: device.scope.clone(),
        nonce: None,
        revoked: false,
        last_access_token: None,
    };
    let number = store::add_grant(&mut provider.store, grant);
    issue::tokens(provider, number, &device.scope, Occasion::Grant)
}
