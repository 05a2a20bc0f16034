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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::of_dialect;

    #[test]
    fn a_second_refills_the_bucket_and_no_other_category_suffers() {
        let mut provider = of_dialect("cognito");
        let pool = provider.dialect.user_pool.as_mut().expect("a user pool");
        pool.quotas.insert(Category::UserRead, 2);
        // The real time may tick once while the requests are taken, and refill the bucket.
        let mut taken = |ahead| {
            let refused = |_| {
                provider.clock.ahead = ahead;
                take(&mut provider, Category::UserRead).is_err()
            };
            (0..50).map(refused).filter(|refused| *refused).count()
        };
        let (first, second) = (taken(0), taken(100));
        assert!((46..=48).contains(&first) && (46..=48).contains(&second), "{first} {second}");
        let exception = take(&mut provider, Category::UserRead).expect_err("the bucket is empty");
        assert_eq!(exception.name, "TooManyRequestsException");
        assert!(take(&mut provider, Category::UserToken).is_ok());
    }
}
