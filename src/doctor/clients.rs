//! The clients' registrations: whether each is known, by its method, with its redirect URI.

use super::advice::{self, About, Advice};
use super::probe::Prober;
use super::sign::{Area, Sign};
use crate::action::AuthMethod;
use crate::answer::error_code;
use crate::history::{History, Landing, Record};
use crate::locate::response;
use crate::transport::Transport;

/// The roles whose clients need no redirect URI, by what they do instead.
const WITHOUT_BROWSER: [&str; 7] = [
    "service",
    "device",
    "device2",
    "device_confidential",
    "no_device",
    "resource_server",
    "other_resource_server",
];
/// The roles that introspect.
const INTROSPECT: [&str; 2] = ["resource_server", "other_resource_server"];

/// Looks at every client of the provider file.
pub async fn look<T: Transport>(prober: &Prober<'_, T>) -> Vec<Sign> {
    let mut signs = Vec::new();
    for role in prober.target.provider.clients.keys() {
        signs.push(registration(prober, role).await);
    }
    signs
}

async fn registration<T: Transport>(prober: &Prober<'_, T>, role: &str) -> Sign {
    let provider = prober.target.provider;
    let settings = prober.settings;
    let about = About { provider, settings, role, user: "nobody", grant: "authorization_code" };
    if let Some(sign) = known(prober, &about).await {
        return sign;
    }
    if WITHOUT_BROWSER.contains(&role) {
        return Sign::well(Area::Clients, role, "known, and it authenticates");
    }
    let history = prober.run(&["knock"], &[("client", role)]).await;
    match refused_visit(&history, &about) {
        Some(Advice { found, next }) => Sign::wrong(Area::Clients, role, found, next),
        None => Sign::well(Area::Clients, role, "known, and its redirect URI is registered"),
    }
}

/// What is wrong with a client's id, secret or method; `None` when it is let in.
async fn known<T: Transport>(prober: &Prober<'_, T>, about: &About<'_>) -> Option<Sign> {
    let role = about.role;
    let flow = if INTROSPECT.contains(&role) {
        "introspect_nothing"
    } else if role == "service" {
        "serve"
    } else {
        "redeem_nothing"
    };
    let history = prober.run(&[flow], &[("client", role)]).await;
    if let Some(why) = unsent(&history) {
        let next = "set the endpoint under `endpoints`, and its host under `origins`";
        return Some(Sign::wrong(Area::Clients, role, why, next));
    }
    let record = history.records.last()?;
    if !is_unknown(record) {
        return None;
    }
    let found = crate::answer::summary(record) + &advice::described(record);
    let method = about.provider.clients.get(role)?.auth;
    let other = match method {
        AuthMethod::ClientSecretBasic => Some((AuthMethod::ClientSecretPost, "client_secret_post")),
        AuthMethod::ClientSecretPost => {
            Some((AuthMethod::ClientSecretBasic, "client_secret_basic"))
        }
        _ => None,
    };
    if let Some((other, name)) = other {
        let history = prober.run_as(flow, role, other).await;
        if history.records.last().is_some_and(|record| !is_unknown(record)) {
            let next =
                format!("set `clients.{role}.auth` to {name}, or allow the other at the provider");
            let found = format!("{found}; it is let in by {name}");
            return Some(Sign::wrong(Area::Clients, role, found, next));
        }
    }
    Some(Sign::wrong(Area::Clients, role, found, advice::credentials(about)))
}

/// Why nothing came back.
fn unsent(history: &History) -> Option<String> {
    match (&history.stopped, history.records.last()) {
        (Some(stop), _) => Some(stop.why.clone()),
        (None, Some(record)) => response(record).err(),
        (None, None) => None,
    }
}

/// RFC 6749 §5.2: `invalid_client` is about who asks; 401 without a code is, too, and 401 with
/// `access_denied` is how one real product says it.
fn is_unknown(record: &Record) -> bool {
    let status = response(record).map_or(0, |answer| answer.status);
    match error_code(record).as_deref() {
        Some("invalid_client") => true,
        Some("access_denied") | None => status == 401,
        Some(_) => false,
    }
}

fn is_script(record: &Record) -> bool {
    response(record)
        .is_ok_and(|answer| answer.status == 200 && crate::form::is_built_by_script(&answer.text()))
}

/// What is wrong with a client that is known but whose visit ends before a login page.
fn refused_visit(history: &History, about: &About<'_>) -> Option<Advice> {
    let record = history.records.last()?;
    match record.landing.as_ref() {
        // A login page is as far as nobody gets.
        Some(Landing::Stuck { why, .. }) if why.contains("no user") => None,
        // So is a page that only a script builds, which says nothing without one.
        Some(Landing::Page) if is_script(record) => None,
        Some(_) => advice::on_landing(record, about),
        None if history.stopped.is_none() => advice::on_token_answer(record, about),
        None => advice::on_history(history, about),
    }
}
