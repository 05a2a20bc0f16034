//! Request-rate quotas: a bucket for each category that a second refills.

use super::exception::{Exception, exception};
use super::state::Bucket;
use crate::provider::{self, Provider};
use crate::user_pool::Category;

/// Takes one request out of a category's bucket.
pub fn take(provider: &mut Provider, category: Category) -> Result<(), Exception> {
    let quotas = provider.dialect.user_pool.as_ref().map(|pool| &pool.quotas);
    let Some(&rate) = quotas.and_then(|quotas| quotas.get(&category)) else {
        return Ok(());
    };
    let now = provider::now(provider);
    let full = Bucket { left: rate, filled_at: now };
    let bucket = provider.store.pool.buckets.entry(category).or_insert(full);
    if bucket.filled_at != now {
        *bucket = full;
    }
    match bucket.left.checked_sub(1) {
        Some(left) => bucket.left = left,
        None => return Err(exception("TooManyRequestsException", "Rate exceeded")),
    }
    Ok(())
}
