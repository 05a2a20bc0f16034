//! From an answer to the setting that it speaks about. No I/O here.

use crate::action::AuthMethod;
use crate::answer::{error_code, summary, without_query};
use crate::history::{History, Landing, Record};
use crate::locate::response;
use crate::provider::Provider;

use super::settings::Settings;

/// The grant type of RFC 8628 §3.4.
pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What was found.
    pub found: String,
    /// The setting to change.
    pub next: String,
}

/// Whom an answer is about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// How messages name its settings.
    pub settings: &'a Settings,
    /// The client role.
    pub role: &'a str,
    /// The user.
    pub user: &'a str,
    /// The grant, as `grant_type` has it.
    pub grant: &'a str,
}

impl Advice {
    fn new(found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { found: found.into(), next: next.into() }
    }
}

/// The first step of a history that was not granted, as advice; `None` when all were.
pub fn on_history(history: &History, about: &About<'_>) -> Option<Advice> {
    let visited = history.records.iter().find_map(|record| match record.landing {
        Some(_) => on_landing(record, about),
        None => record.exchanges.last().and_then(|_| on_token_answer(record, about)),
    });
    visited.or_else(|| {
        let why = &history.stopped.as_ref()?.why;
        let next = if why.starts_with("login refused") {
            on_stuck(why, about.settings, about.user)
        } else {
            "correct what the message names, in the provider file or at the provider".into()
        };
        Some(Advice::new(why.clone(), next))
    })
}

/// An answer of the token endpoint, or of another one that authenticates clients.
pub fn on_token_answer(record: &Record, about: &About<'_>) -> Option<Advice> {
    let answer = match response(record) {
        Ok(answer) => answer,
        Err(why) => {
            return Some(Advice::new(why, "add its host to `origins`, or see `connection`"));
        }
    };
    if (200..300).contains(&answer.status) && answer.json().is_ok() {
        return None;
    }
    let code = error_code(record).unwrap_or_default();
    let found = format!("{}: {}{}", about.grant, summary(record), described(record));
    Some(Advice::new(found, on_error(&code, answer.status, about)))
}

/// RFC 6749 §5.2: what the provider says about its refusal, for whoever repairs it.
pub fn described(record: &Record) -> String {
    let body = response(record).ok().and_then(|answer| answer.json().ok());
    let text = body.and_then(|body| body.get("error_description")?.as_str());
    let text = text.map(|text| text.chars().take(200).collect::<String>());
    text.map(|text| format!(", \"{}\"", text.escape_debug())).unwrap_or_default()
}

/// What an error code or a status is usually about.
fn on_error(code: &str, status: u16, about: &About<'_>) -> String {
    let About { role, grant, .. } = about;
    match (code, status) {
        ("invalid_client", _) | ("", 401) => credentials(about),
        ("unauthorized_client" | "unsupported_grant_type" | "unsupported_response_type", _) => {
            format!(
                "enable the grant {grant} for the client `{role}` at the provider; if it is not \
             offered at all, set `offers` in the provider file"
            )
        }
        ("invalid_scope", _) => format!(
            "ask for less in `scope` (or `clients.{role}.scope`), or allow these scopes for the \
             client at the provider"
        ),
        ("invalid_target", _) => "give the resource or audience that the provider expects".into(),
        ("access_denied", _) => {
            "assign the user to the client at the provider, and let it approve".into()
        }
        ("invalid_grant", _) => {
            "look into the provider's log for this request: client, redirect URI and verifier are \
             those of the code"
                .into()
        }
        (_, 429) => "set `pace: { rate: … }` in the provider file and try again later".into(),
        (_, 404 | 405) => {
            "correct the endpoint: set it under `endpoints` in the provider file".into()
        }
        _ => "look into the provider's log for this request".into(),
    }
}

/// What to change when a client is not known or its secret is wrong.
pub fn credentials(about: &About<'_>) -> String {
    let role = about.role;
    let method = about.provider.clients.get(role).map(|client| client.auth);
    match method {
        Some(AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost) => format!(
            "correct `clients.{role}.client_id` or the secret ({}), or register the client",
            about.settings.secret(role)
        ),
        _ => format!(
            "correct `clients.{role}.client_id`, or register it as a public client (no secret, \
             authentication method none)"
        ),
    }
}

/// Where a browser ended that was to reach the client with a code.
pub fn on_landing(record: &Record, about: &About<'_>) -> Option<Advice> {
    let About { provider, role, user, .. } = about;
    match record.landing.as_ref()? {
        Landing::Callback(_) => {
            let code = error_code(record)?;
            Some(Advice::new(summary(record), on_error(&code, 0, about)))
        }
        Landing::Away(url) => {
            let origin = url.origin().ascii_serialization();
            let next = format!(
                "if this host is the provider's, add it: `origins: [\"{origin}\"]`; if it is a \
                 client's, correct `redirect_uri`"
            );
            Some(Advice::new(format!("the browser is sent to {}", without_query(url)), next))
        }
        Landing::Stuck { why, page } => {
            let found = format!("at {}: {why}", without_query(page));
            Some(Advice::new(found, on_stuck(why, about.settings, user)))
        }
        // RFC 8628 §3.3: a device is approved on a page that leads nowhere.
        Landing::Page if about.grant == DEVICE => None,
        Landing::Page => {
            let found = format!("the browser ends at a page: {}", said(record));
            if response(record).is_ok_and(|answer| answer.status >= 500) {
                return Some(Advice::new(
                    found,
                    "look into the provider's log: it failed by itself",
                ));
            }
            let next = format!(
                "register the redirect URI {} for the client `{role}` at the provider, letter by \
                 letter, or correct `redirect_uri` or `clients.{role}.client_id`",
                provider.redirect_uri
            );
            Some(Advice::new(found, next))
        }
    }
}

fn on_stuck(why: &str, settings: &Settings, user: &str) -> String {
    if why.starts_with("login refused") {
        return format!(
            "correct `users.{user}.username` or the password ({}), or unlock or confirm the user \
             at the provider",
            settings.password(user)
        );
    }
    if why.contains("no user") {
        return format!("give the user `{user}` under `users` in the provider file");
    }
    if why.contains("built by a script") {
        return "choose another way to log in in the provider file: `login: browser`, which needs \
                Chromium, or `login: { steps: … }`"
            .into();
    }
    if why.contains("needs Chromium") || why.contains("cannot be started") {
        return "install Chromium, name it in the environment variable AUTHGAUGE_BROWSER, or choose \
                another `login` in the provider file"
            .into();
    }
    if why.contains("the command of `login.") {
        return "correct the command under `login` in the provider file; it prints one line".into();
    }
    if why.contains("new one") || why.contains("otp") || why.contains("code") {
        return format!(
            "log in as `{user}` by hand once: change the password, and turn MFA off; where it must \
             stay, give a session by `login: {{ cookie: … }}`"
        );
    }
    "name form, fields and buttons of this page under `pages` in the provider file, or choose \
     another way to log in by `login`"
        .into()
}

/// The status and text of the page on which a browser ended.
fn said(record: &Record) -> String {
    let Ok(answer) = response(record) else { return summary(record) };
    let text = match answer.json() {
        Ok(_) => answer.text(),
        Err(_) => crate::form::message(&answer.text()),
    };
    format!("{}, \"{}\"", answer.status, text.chars().take(200).collect::<String>())
}
