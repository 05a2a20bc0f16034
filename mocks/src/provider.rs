//! The whole state of one stub.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::{self, Clock};
use crate::conditions::Conditions;
use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::jwt::Unsigned;
use crate::keys::{self, KeyRing};
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
    /// Requests beyond a quota, by endpoint.
    pub limited: BTreeMap<&'static str, u64>,
}

/// A stub that nobody has used yet.
pub fn new(
    dialect: Dialect,
    faults: BTreeSet<Fault>,
    base_url: &str,
    conditions: Conditions,
) -> Provider {
    let issuer = format!("{base_url}{}", dialect.issuer_path);
    Provider {
        dialect,
        base_url: base_url.to_owned(),
        issuer,
        clock: Clock::default(),
        keys: keys::ring(),
        faults,
        store: Store::default(),
        counters: Counters::default(),
        endpoint: "",
        conditions,
        endpoints: Vec::new(),
        unsigned: Vec::new(),
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
        let dialect = crate::dialect::find("strict").expect("embedded");
        new(dialect, BTreeSet::new(), "", Conditions::default())
    }
}
