//! What a stub remembers: sessions, grants, and everything that was issued from them.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use crate::authorize::Authorization;
use crate::idp::state::{self, PoolState};
use crate::pkce::Challenge;
use crate::reuse::Reused;

/// All of it. Secrets are the keys of the maps; times are seconds since 1970 by the stub's clock.
#[derive(Debug, Default)]
pub struct Store {
    /// Logged-in browsers, by the session cookie.
    pub sessions: HashMap<String, Session>,
    /// What waits for a login or a consent, by the handle in the page's URL.
    pub pending: HashMap<String, Pending>,
    /// Authorization codes.
    pub codes: HashMap<String, Code>,
    /// Access tokens.
    pub access_tokens: HashMap<String, AccessToken>,
    /// Refresh tokens.
    pub refresh_tokens: HashMap<String, RefreshToken>,
    /// Device authorizations by device code.
    pub devices: HashMap<String, Device>,
    /// Grants by number.
    pub grants: HashMap<u64, Grant>,
    /// Scopes that a user has agreed to, by username and client.
    pub consents: HashMap<(String, String), BTreeSet<String>>,
    /// What clients that ask for themselves are given again, by client and scope.
    pub reused: HashMap<(String, String), Reused>,
    /// The number of the grant made last.
    pub last_grant: u64,
    /// What the JSON API of a user pool remembers.
    pub pool: PoolState,
    /// At this many entries the expired ones are looked for.
    pub sweep_at: usize,
}

/// A logged-in browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who is logged in.
    pub username: String,
    /// When they typed their password.
    pub auth_time: u64,
    /// When they must do so again.
    pub expires_at: u64,
    /// The claim `sid`.
    pub sid: String,
    /// What a form must carry to come from a page of this session.
    pub csrf: String,
}

/// Something that waits for the user.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What goes on afterwards.
    pub goal: Goal,
    /// The session that may consent; none while the user must log in first.
    pub session: Option<String>,
    /// When it is forgotten.
    pub expires_at: u64,
}

/// What goes on after a login.
#[derive(Clone, Debug)]
pub enum Goal {
    /// An authorization request.
    Authorization(Box<Authorization>),
    /// The verification page of the device grant, with the user code if the URL had one.
    DeviceVerification(Option<String>),
    /// An address of the stub: its path and query.
    Address(String),
}

/// What a user, or a client for itself, has granted: the family of all tokens issued for it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who may use it.
    pub client_id: String,
    /// Who granted it; none for a client's own.
    pub login: Option<Login>,
    /// What was granted.
    pub scope: Vec<String>,
    /// The `nonce` of the authorization request.
    pub nonce: Option<String>,
    /// The audience that was asked for.
    pub audience: Option<String>,
    /// Whether everything issued from it is dead.
    pub revoked: bool,
    /// Its name in tokens.
    pub id: String,
    /// The access token issued last.
    pub last_access_token: Option<String>,
    /// The number of the newest grant when this one was used last: whatever is in use is not
    /// forgotten for what is merely newer.
    pub used_at: Cell<u64>,
}

/// Who logged in, and when.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user.
    pub username: String,
    /// When they typed their password.
    pub auth_time: u64,
    /// The claim `sid`; empty if the user did so without a browser.
    pub sid: String,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub struct Code {
    /// The grant it stands for.
    pub grant: u64,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named that address.
    pub redirect_uri_sent: bool,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// When it expires.
    pub expires_at: u64,
    /// Whether tokens were issued for it.
    pub used: bool,
    /// How often somebody has tried to exchange it.
    pub exchanges: u32,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The grant it was issued from.
    pub grant: u64,
    /// What it allows: the grant's scope or less.
    pub scope: Vec<String>,
    /// When it was issued.
    pub issued_at: u64,
    /// When it expires.
    pub expires_at: u64,
    /// Whether it is dead, whatever the grant.
    pub revoked: bool,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// The grant it was issued from.
    pub grant: u64,
    /// When it was issued.
    pub issued_at: u64,
    /// When it expires.
    pub expires_at: u64,
    /// Whether it was exchanged for its successor.
    pub used: bool,
}

/// A device authorization.
#[derive(Clone, Debug)]
pub struct Device {
    /// The client that asked.
    pub client_id: String,
    /// The eight letters, without the dash.
    pub user_code: String,
    /// What the client asked for.
    pub scope: Vec<String>,
    /// The audience that it asked for.
    pub audience: Option<String>,
    /// When it expires.
    pub expires_at: u64,
    /// The least seconds between two polls.
    pub interval: u64,
    /// When the client polled last.
    pub last_poll: Option<u64>,
    /// How often the client was told to wait.
    pub polls: u32,
    /// What the user has decided.
    pub decision: Decision,
    /// Whether tokens were issued for it.
    pub used: bool,
}

/// What the user has decided about a device.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Nothing yet.
    Pending,
    /// Yes, and who did.
    Approved(Login),
    /// No.
    Denied,
}

/// The live session of that cookie.
pub fn session<'a>(store: &'a Store, cookie: &str, now: u64) -> Option<&'a Session> {
    store.sessions.get(cookie).filter(|session| now < session.expires_at)
}

/// Remembers a grant and returns its number.
pub fn add_grant(store: &mut Store, grant: Grant) -> u64 {
    store.last_grant += 1;
    grant.used_at.set(store.last_grant);
    store.grants.insert(store.last_grant, grant);
    store.last_grant
}

/// Kills everything issued from a grant.
pub fn revoke_grant(store: &mut Store, number: u64) {
    if let Some(grant) = store.grants.get_mut(&number) {
        grant.revoked = true;
    }
}

/// Ends all sessions of a user and kills everything that they have granted.
pub fn forget_user(store: &mut Store, username: &str) {
    store.sessions.retain(|_, session| session.username != username);
    for grant in store.grants.values_mut() {
        if grant.login.as_ref().is_some_and(|login| login.username == username) {
            grant.revoked = true;
        }
    }
}

/// Kills the access tokens issued from a grant so far.
pub fn revoke_access_tokens(store: &mut Store, number: u64) {
    let own = store.access_tokens.values_mut().filter(|token| token.grant == number);
    own.for_each(|token| token.revoked = true);
}

/// Whether nobody has revoked a grant. Whoever wants to know is using it.
pub fn is_live(store: &Store, number: u64) -> bool {
    store.grants.get(&number).is_some_and(|grant| {
        grant.used_at.set(store.last_grant);
        !grant.revoked
    })
}

/// How often a grant was refreshed, where each refresh brings a refresh token. It looks at every refresh
/// token, so that only faults may ask.
pub fn refreshes(store: &Store, number: u64) -> usize {
    let own = store.refresh_tokens.values().filter(|token| token.grant == number);
    own.count().saturating_sub(1)
}

/// At most so many entries of a kind outlive a sweep.
const MOST: usize = 50_000;

/// Forgets what has expired, whenever the store has doubled, and of a kind that has more than [`MOST`]
/// entries those that nobody has used for the longest time: a long run needs no more memory than a
/// short one.
pub fn sweep(store: &mut Store, now: u64) {
    if size(store) < store.sweep_at.max(10_000) {
        return;
    }
    store.sessions.retain(|_, session| now < session.expires_at);
    store.pending.retain(|_, pending| now < pending.expires_at);
    store.codes.retain(|_, code| now < code.expires_at);
    store.access_tokens.retain(|_, token| now < token.expires_at);
    store.refresh_tokens.retain(|_, token| now < token.expires_at);
    store.devices.retain(|_, device| now < device.expires_at);
    keep_newest(&mut store.sessions, |session| session.expires_at);
    keep_newest(&mut store.pending, |pending| pending.expires_at);
    keep_newest(&mut store.codes, |code| code.grant);
    let used_at = |grant| store.grants.get(&grant).map_or(0, |grant| grant.used_at.get());
    keep_newest(&mut store.access_tokens, |token| (used_at(token.grant), token.issued_at));
    keep_newest(&mut store.refresh_tokens, |token| (used_at(token.grant), token.issued_at));
    keep_newest(&mut store.devices, |device| device.expires_at);
    state::sweep(&mut store.pool, now);
    let mut alive: BTreeSet<u64> = store.codes.values().map(|code| code.grant).collect();
    alive.extend(store.access_tokens.values().map(|token| token.grant));
    alive.extend(store.refresh_tokens.values().map(|token| token.grant));
    store.grants.retain(|number, _| alive.contains(number));
    store.grants.shrink_to_fit();
    store.sweep_at = 2 * size(store);
}

/// Keeps the [`MOST`] entries that come last in an order.
fn keep_newest<V, O: Copy + Ord>(entries: &mut HashMap<String, V>, order: impl Fn(&V) -> O) {
    if entries.len() <= MOST {
        return;
    }
    let mut orders: Vec<O> = entries.values().map(&order).collect();
    let excess = orders.len() - MOST;
    let (_, oldest_kept, newer) = orders.select_nth_unstable(excess);
    let oldest_kept = *oldest_kept;
    // Several may be equally old; then it does not matter which of them stay.
    let mut room = MOST - newer.iter().filter(|order| **order > oldest_kept).count();
    entries.retain(|_, value| match order(value).cmp(&oldest_kept) {
        Ordering::Less => false,
        Ordering::Equal => {
            let stays = room > 0;
            room = room.saturating_sub(1);
            stays
        }
        Ordering::Greater => true,
    });
    // A table that keeps the gaps of what it has lost doubles although it holds no more.
    entries.shrink_to_fit();
}

fn size(store: &Store) -> usize {
    let browser = store.sessions.len() + store.pending.len() + store.codes.len();
    let browser = browser + state::size(&store.pool);
    browser + store.access_tokens.len() + store.refresh_tokens.len() + store.devices.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_forgets_what_has_expired_and_its_grants() {
        let mut store = Store::default();
        for number in 0..10_000 {
            let expires_at = if number < 10 { 100 } else { 50 };
            let token = RefreshToken { grant: number, issued_at: 0, expires_at, used: true };
            store.refresh_tokens.insert(number.to_string(), token);
            store.grants.insert(number, grant());
        }
        sweep(&mut store, 50);
        assert_eq!((store.refresh_tokens.len(), store.grants.len()), (10, 10));
    }

    #[test]
    fn what_is_in_use_outlives_what_is_newer() {
        let mut store = Store::default();
        for number in 0..110_000_u64 {
            let grant = add_grant(&mut store, grant());
            let token = AccessToken {
                grant,
                scope: Vec::new(),
                issued_at: number / 1000,
                expires_at: 1000,
                revoked: false,
            };
            store.access_tokens.insert(number.to_string(), token);
            assert!(is_live(&store, 1));
            sweep(&mut store, 500);
        }
        assert!(store.access_tokens.len() < 110_000, "{} are there", store.access_tokens.len());
        assert!(store.access_tokens.contains_key("0") && !store.access_tokens.contains_key("1"));
    }

    #[test]
    fn what_does_not_expire_is_bounded_and_the_newest_stay() {
        for order in [|number: u64| number, |_: u64| 7, |number: u64| number / 30_000] {
            let numbers = 0..110_000;
            let mut entries: HashMap<String, u64> =
                numbers.map(|number| (number.to_string(), order(number))).collect();
            let newest = order(109_999);
            keep_newest(&mut entries, |order| *order);
            assert_eq!(entries.len(), MOST);
            assert!(entries.values().any(|order| *order == newest));
        }
        let mut entries = (0..110_000).map(|number: u64| (number.to_string(), number)).collect();
        keep_newest(&mut entries, |order| *order);
        assert!((60_000..110_000).all(|number: u64| entries.contains_key(&number.to_string())));
    }

    fn grant() -> Grant {
        let (client_id, scope) = (String::new(), Vec::new());
        let (login, nonce, last_access_token, id) = (None, None, None, String::new());
        let (audience, used_at, revoked) = (None, Cell::default(), false);
        Grant { client_id, login, scope, nonce, audience, revoked, id, last_access_token, used_at }
    }
}
