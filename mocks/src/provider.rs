//! The whole state of one stub.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::clock::{self, Clock};
use crate::conditions::Conditions;
use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::jwt::Unsigned;
use crate::keys::{self, KeyRing, Purpose};
use crate::store::{self, Session, Store};
use crate::wire::{Request, cookie};

/// One stub.
#[derive(Debug)]
pub struct Provider {
    /// What it serves.
    pub dialect: Dialect,
    /// Where it answers, without a trailing slash.
    pub base_url: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// Its time.
    pub clock: Clock,
    /// Its signing keys.
    pub keys: KeyRing,
    /// The keys of access tokens, if they are signed with others than the ID tokens.
    pub access_token_keys: Option<KeyRing>,
    /// What it does wrong.
    pub faults: BTreeSet<Fault>,
    /// What it remembers.
    pub store: Store,
    /// What it counts.
    pub counters: Counters,
    /// The endpoint that is answering.
    pub endpoint: &'static str,
    /// Under what conditions it answers.
    pub conditions: Conditions,
    /// The names of its endpoints.
    pub endpoints: Vec<&'static str>,
    /// The name of the current answer in its tokens, made when the first of them is.
    pub event_id: OnceLock<String>,
    /// The tokens of the current answer that still need their signature.
    pub unsigned: Vec<Unsigned>,
}

/// Numbers since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests by endpoint.
    pub requests: BTreeMap<&'static str, u64>,
    /// Codes and tokens issued, by kind.
    pub issued: BTreeMap<&'static str, u64>,
    /// Logins by the name of the user.
    pub logins: BTreeMap<String, u64>,
    /// Refused exchanges by code, for the fault that minds them.
    pub refusals: BTreeMap<String, u64>,
    /// Requests beyond a quota, by endpoint.
    pub limited: BTreeMap<&'static str, u64>,
}

/// A new provider at `base_url`, which has no trailing slash.
pub fn new(
    dialect: Dialect,
    faults: BTreeSet<Fault>,
    base_url: &str,
    conditions: Conditions,
) -> Provider {
    let settings = dialect.keys;
    let own_key = settings.access_token_key;
    Provider {
        base_url: base_url.to_owned(),
        issuer: format!("{base_url}{}", dialect.issuer_path),
        clock: Clock::default(),
        keys: keys::ring(settings, Purpose::General),
        access_token_keys: own_key.then(|| keys::ring(settings, Purpose::AccessTokens)),
        faults,
        store: Store::default(),
        counters: Counters::default(),
        endpoint: "",
        conditions,
        endpoints: Vec::new(),
        event_id: OnceLock::new(),
        unsigned: Vec::new(),
        dialect,
    }
}

/// Whether a fault is on, or a habit of the dialect.
pub fn has(provider: &Provider, fault: Fault) -> bool {
    provider.faults.contains(&fault) || provider.dialect.habits.contains(&fault)
}

/// The stub's time in seconds since 1970.
pub fn now(provider: &Provider) -> u64 {
    clock::now(provider.clock)
}

/// The cookie and the session of the browser that sent a request, if it is logged in.
pub fn session(provider: &Provider, request: &Request) -> Option<(String, Session)> {
    let cookie = cookie(request, &provider.dialect.login.session_cookie)?;
    let session = store::session(&provider.store, cookie, now(provider))?;
    Some((cookie.to_owned(), session.clone()))
}

/// Counts something issued.
pub fn count_issued(provider: &mut Provider, kind: &'static str) {
    *provider.counters.issued.entry(kind).or_default() += 1;
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A provider of the strict dialect without faults.
    pub fn strict() -> Provider {
        of_dialect("strict")
    }

    /// A provider without faults.
    pub fn of_dialect(name: &str) -> Provider {
        let dialect = crate::dialect::find(name).expect("embedded");
        new(dialect, BTreeSet::new(), "http://stub.test", Conditions::default())
    }
}
