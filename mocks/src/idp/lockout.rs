//! Locking a user out after wrong passwords.

use super::exception::{Exception, not_authorized};
use super::state::Failures;
use crate::fault::Fault;
use crate::provider::{self, Provider, has};
use crate::user_pool::Lockout;

/// Whether the user may try a password.
pub fn check(provider: &Provider, username: &str) -> Result<(), Exception> {
    let failures = provider.store.pool.failures.get(username);
    let locked = failures.is_some_and(|failures| provider::now(provider) < failures.locked_until);
    if locked && !has(provider, Fault::ApiNeverLocksOut) {
        return Err(not_authorized("Password attempts exceeded"));
    }
    Ok(())
}

/// Remembers a wrong password.
pub fn fail(provider: &mut Provider, username: &str) {
    let lockout = provider.dialect.user_pool.as_ref().map(|pool| pool.lockout).unwrap_or_default();
    let now = provider::now(provider);
    let known = provider.store.pool.failures.get(username);
    let known = known.filter(|failures| now < failures.forgotten_at);
    let count = known.map_or(0, |failures| failures.count).saturating_add(1);
    let locked_until = now + lock(lockout, count);
    let forgotten_at = locked_until + lockout.longest;
    let failures = Failures { count, locked_until, forgotten_at };
    provider.store.pool.failures.insert(username.to_owned(), failures);
}

/// Forgets the wrong passwords of a user who has logged in.
pub fn reset(provider: &mut Provider, username: &str) {
    provider.store.pool.failures.remove(username);
}

/// For how many seconds so many wrong passwords lock.
fn lock(lockout: Lockout, count: u32) -> u64 {
    let doublings = count.checked_sub(lockout.threshold);
    let seconds = doublings.map_or(0, |doublings| 1_u64.checked_shl(doublings).unwrap_or(u64::MAX));
    seconds.min(lockout.longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_doubles_up_to_the_longest() {
        let rows = [(4, 0), (5, 1), (6, 2), (9, 16), (15, 900), (80, 900), (u32::MAX, 900)];
        for (count, seconds) in rows {
            assert_eq!(lock(Lockout::default(), count), seconds, "{count}");
        }
    }
}
