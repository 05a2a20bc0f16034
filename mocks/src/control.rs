//! The control plane under `/_stub/`: time, keys, faults, and a user who decides at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::dialect::{self, User};
use crate::fault::{self, Fault};
use crate::keys::{self, Rotation};
use crate::latency;
use crate::provider::{self, Provider, has};
use crate::quota::{self, Quota};
use crate::random;
use crate::store::{self, Decision, Login};
use crate::user_pool;
use crate::verification;
use crate::wire::{self, Request, Response, with_header};

/// The prefix of every path here.
pub const PREFIX: &str = "/_stub/";

/// One century, in seconds: no sum of times overflows.
const FARTHEST: u64 = 100 * 365 * 86_400;

/// Ten minutes, in milliseconds.
const LONGEST_STALL: u64 = 600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    advance: Option<Value>,
    #[serde(default)]
    reset: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Rotate {
    #[serde(default)]
    mode: Rotation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decide {
    user_code: String,
    action: Action,
    user: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Action {
    Approve,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginPage {
    scripted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    set: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delays {
    p50: Option<f64>,
    p99: Option<f64>,
    stall_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Change {
    Add(User),
    Disable(String),
    Enable(String),
}

/// What a control request is answered with, or why it cannot be.
type Outcome = Result<Value, String>;

/// Answers at a path under [`PREFIX`].
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let name = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let get = matches!(request.method.as_str(), "GET" | "HEAD");
    match (name, get, request.method == "POST") {
        ("", true, _) => wire::json(200, &index(provider)),
        ("counters", true, _) => wire::json(200, &counters(provider)),
        ("faults", true, _) => wire::json(200, &active_faults(provider)),
        ("faults", _, true) => respond(set_faults(provider, &request.body)),
        ("clock", _, true) => respond(advance(provider, &request.body)),
        ("rotate", _, true) => respond(rotate(provider, &request.body)),
        ("device", _, true) => respond(decide(provider, &request.body)),
        ("login", _, true) => respond(set_login_page(provider, &request.body)),
        ("codes", true, _) => wire::json(200, &codes(provider)),
        ("users", true, _) => wire::json(200, &users(provider)),
        ("users", _, true) => respond(change_users(provider, &request.body)),
        ("latency", _, true) => respond(set_latency(provider, &request.body)),
        ("quota", _, true) => respond(set_quotas(provider, &request.body)),
        ("" | "counters" | "codes", ..) => wrong_method("GET"),
        ("faults" | "users", ..) => wrong_method("GET, POST"),
        ("clock" | "rotate" | "device" | "latency" | "quota" | "login", ..) => wrong_method("POST"),
        _ => bad(404, "no such control: GET /_stub/ lists them"),
    }
}

fn respond(outcome: Outcome) -> Response {
    outcome.map_or_else(|message| bad(400, &message), |value| wire::json(200, &value))
}

fn bad(status: u16, message: &str) -> Response {
    wire::json(status, &json!({ "error": message }))
}

fn wrong_method(allow: &str) -> Response {
    with_header(bad(405, &format!("use {allow} here")), "Allow", allow)
}

fn index(provider: &Provider) -> Value {
    json!({
        "dialect": provider.dialect.name,
        "issuer": provider.issuer,
        "POST /_stub/clock": {
            "advance": "seconds to add to the stub's time",
            "reset": "true: the real time again",
        },
        "POST /_stub/rotate": { "mode": "overlap (default) | drop | prepublish" },
        "POST /_stub/device": {
            "user_code": "as shown to the user",
            "action": "approve | deny",
            "user": "who approves; the first user by default",
        },
        "POST /_stub/login": { "scripted": "whether a script builds the login page: true | false" },
        "GET /_stub/faults": "the faults that are on, and all others",
        "POST /_stub/faults": { "set": ["the names of the faults to be on; all others go off"] },
        "GET /_stub/users": "who can log in, and whose account is locked",
        "POST /_stub/users": {
            "add": "a user as in the dialect's file; replaces the one of that name",
            "disable": "a name: no more logins, and all sessions and tokens are dead",
            "enable": "a name: logins are possible again",
        },
        "GET /_stub/codes": "what users would find in their mail: by whom, for what, and the code",
        "POST /_stub/latency": {
            "p50": "the median of all delays in milliseconds; 0 for no delays",
            "p99": "their 99th percentile in milliseconds",
            "stall_ms": "once: no answer for so many milliseconds from now",
        },
        "POST /_stub/quota": "requests per second by endpoint, or of all; {} for no quotas",
        "GET /_stub/counters": "requests by endpoint, those beyond a quota, and what was issued",
    })
}

/// Parses a body; `hint` says what it should look like.
fn parse<T: DeserializeOwned>(body: &[u8], hint: &str) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("{error}; send {hint}"))
}

fn advance(provider: &mut Provider, body: &[u8]) -> Outcome {
    let hint = r#"{"advance": 60}, in whole seconds, or {"reset": true}"#;
    let SetClock { advance, reset } = parse(body, hint)?;
    let advance = match (advance, reset) {
        (None, true) => {
            provider.clock.ahead = 0;
            0.into()
        }
        (Some(advance), false) => advance,
        _ => return Err(format!("send {hint}")),
    };
    // Digits in a text will do: a caller may have the number from a template.
    let digits = || advance.as_str().and_then(|text| text.parse().ok());
    let advance = advance.as_u64().or_else(digits);
    let advance: u64 = advance.ok_or_else(|| format!("send {hint}"))?;
    let ahead = provider.clock.ahead.checked_add(advance).filter(|ahead| *ahead <= FARTHEST);
    provider.clock.ahead = ahead.ok_or("the stub's time can be at most a century ahead")?;
    Ok(json!({ "now": provider::now(provider), "ahead": provider.clock.ahead }))
}

fn rotate(provider: &mut Provider, body: &[u8]) -> Outcome {
    let hint = r#"{"mode": "overlap"}, "drop" or "prepublish", or no body"#;
    let mode = if body.is_empty() { Rotate::default() } else { parse(body, hint)? }.mode;
    let drops = has(provider, Fault::DropsOldKeyAtRotation) && mode == Rotation::Overlap;
    let mode = if drops { Rotation::Drop } else { mode };
    let now = provider::now(provider);
    let old = provider.keys.signing;
    // The last ID token of the old key is as old as this rotation.
    let retires_at = now + provider.dialect.lifetimes.id_token;
    keys::rotate(&mut provider.keys, mode, now, retires_at);
    if provider.dialect.keys.next_published {
        keys::rotate(&mut provider.keys, Rotation::Prepublish, now, retires_at);
    }
    if let Some(ring) = &mut provider.access_token_keys {
        keys::rotate(ring, mode, now, now + provider.dialect.lifetimes.access_token);
    }
    if has(provider, Fault::KeepsOldSignerAtRotation) {
        provider.keys.signing = old;
        provider.keys.keys[old].retires_at = None;
    }
    if provider.keys.signing != old {
        spoil_rotation(provider, old, now);
    }
    let signing = &provider.keys.keys[provider.keys.signing];
    Ok(json!({ "signing_kid": signing.kid }))
}

/// What the faults about rotation do once a new key signs.
fn spoil_rotation(provider: &mut Provider, old: usize, now: u64) {
    let reuses_kid = has(provider, Fault::ReusesKidAtRotation);
    let late = has(provider, Fault::PublishesNewKeyLate);
    if has(provider, Fault::RotationEndsAccessTokens) {
        provider.store.access_tokens.values_mut().for_each(|token| token.revoked = true);
    }
    let ring = &mut provider.keys;
    if reuses_kid {
        ring.keys[old].retires_at = Some(now);
        ring.keys[ring.signing].kid = ring.keys[old].kid.clone();
    }
    if late {
        ring.keys[ring.signing].hidden_answers = 4;
    }
}

fn decide(provider: &mut Provider, body: &[u8]) -> Outcome {
    let hint = r#"{"user_code": "…", "action": "approve" or "deny", "user": "alice"}"#;
    let decide: Decide = parse(body, hint)?;
    let found = verification::undecided(provider, &decide.user_code);
    let (device_code, device) = found.ok_or("the user_code is unknown, used or expired")?;
    let decision = match decide.action {
        Action::Deny => Decision::Denied,
        Action::Approve => Decision::Approved(login(provider, decide.user.as_deref())?),
    };
    verification::decide(provider, &device_code, decision);
    Ok(json!({ "client_id": device.client_id, "scope": device.scope.join(" ") }))
}

/// A login of that user, now.
fn login(provider: &Provider, username: Option<&str>) -> Result<Login, String> {
    let named = |name| dialect::user(&provider.dialect, name);
    let user = username.map_or_else(|| provider.dialect.users.first(), named);
    let known: Vec<_> = provider.dialect.users.iter().map(|user| &*user.username).collect();
    let user = user.ok_or_else(|| format!("unknown user; known: {}", known.join(", ")))?;
    let (auth_time, sid) = (provider::now(provider), random::secret());
    Ok(Login { username: user.username.clone(), auth_time, sid })
}

fn set_faults(provider: &mut Provider, body: &[u8]) -> Outcome {
    let Faults { set } = parse(body, r#"{"set": ["code_reusable"]}, or [] for none"#)?;
    let known = |name: &String| {
        let unknown = || format!("unknown fault {name:?}; known: {}", fault::names().join(", "));
        fault::find(name).ok_or_else(unknown)
    };
    provider.faults = set.iter().map(known).collect::<Result<BTreeSet<Fault>, String>>()?;
    Ok(active_faults(provider))
}

fn set_login_page(provider: &mut Provider, body: &[u8]) -> Outcome {
    let LoginPage { scripted } = parse(body, r#"{"scripted": true}"#)?;
    provider.dialect.login.scripted = scripted;
    Ok(json!({ "scripted": scripted }))
}

fn active_faults(provider: &Provider) -> Value {
    let active: Vec<Fault> = provider.faults.iter().copied().collect();
    json!({ "set": active, "known": fault::ALL })
}

fn counters(provider: &Provider) -> Value {
    let counters = &provider.counters;
    json!({
        "requests": counters.requests,
        "limited": counters.limited,
        "issued": counters.issued,
        "logins": counters.logins,
    })
}

fn users(provider: &Provider) -> Value {
    let users = provider.dialect.users.iter();
    let users = users.map(|user| json!({ "username": user.username, "disabled": user.disabled }));
    json!({ "users": users.collect::<Vec<_>>() })
}

fn codes(provider: &Provider) -> Value {
    let waiting = provider.store.pool.confirmations.iter();
    let live = waiting.filter(|(_, code)| provider::now(provider) < code.expires_at);
    let mut codes: Vec<Value> = live
        .map(|((occasion, username), code)| {
            json!({ "username": username, "for": occasion, "code": code.code })
        })
        .collect();
    codes.sort_by_key(Value::to_string);
    json!({ "codes": codes })
}

fn change_users(provider: &mut Provider, body: &[u8]) -> Outcome {
    let hint = r#"{"disable": "alice"}, {"enable": "alice"} or {"add": {"username": "eve", …}}"#;
    match parse(body, hint)? {
        Change::Add(user) => user_pool::add(&mut provider.dialect, user)?,
        Change::Disable(username) => {
            lock(provider, &username, true)?;
            store::forget_user(&mut provider.store, &username);
        }
        Change::Enable(username) => lock(provider, &username, false)?,
    }
    Ok(users(provider))
}

fn lock(provider: &mut Provider, username: &str, disabled: bool) -> Result<(), String> {
    let known = |user: &&mut User| user.username == username;
    let user = provider.dialect.users.iter_mut().find(known).ok_or("the user is unknown")?;
    user.disabled = disabled;
    Ok(())
}

fn set_latency(provider: &mut Provider, body: &[u8]) -> Outcome {
    let hint = r#"{"p50": 20, "p99": 120}, {"p50": 0, "p99": 0} or {"stall_ms": 1500}"#;
    let delays: Delays = parse(body, hint)?;
    let conditions = &mut provider.conditions;
    match (delays.p50, delays.p99, delays.stall_ms) {
        (Some(0.0), Some(0.0), None) => conditions.latency = None,
        (Some(p50), Some(p99), None) => conditions.latency = Some(latency::new(p50, p99)?),
        (None, None, Some(stall)) if stall <= LONGEST_STALL => {
            conditions.stalled_until = Instant::now().checked_add(Duration::from_millis(stall));
        }
        (None, None, Some(_)) => return Err("a stall is at most ten minutes".into()),
        _ => return Err(format!("send {hint}")),
    }
    let latency = conditions.latency;
    Ok(json!({ "p50": latency.map(|l| l.p50), "p99": latency.map(|l| l.p99) }))
}

fn set_quotas(provider: &mut Provider, body: &[u8]) -> Outcome {
    let rates: BTreeMap<String, f64> = parse(body, r#"{"token": 120, "all": 500}, or {}"#)?;
    let quotas = rates.iter().map(|(endpoint, rate)| quota::new(endpoint, *rate));
    let quotas = quotas.collect::<Result<Vec<Quota>, String>>()?;
    for quota in &quotas {
        quota::check(quota, &provider.endpoints)?;
    }
    provider.conditions.quotas = quotas;
    Ok(json!(rates))
}
