//! A bare loop: users who do the same again and again, as fast as they can.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use authgauge::load::health;
use tokio::runtime::Runtime;

use crate::cost::SECONDS;

/// How often it was done in a second of this process's processor time.
pub fn saturate<U, F>(runtime: &Runtime, users: Vec<U>, work: fn(U) -> F) -> f64
where
    U: Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let before = health::processor_time().expect("Linux");
    runtime.block_on(async {
        let tasks = users.into_iter().map(|user| {
            let (done, stop) = (Arc::clone(&done), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    work(user.clone()).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        let tasks: Vec<_> = tasks.collect();
        tokio::time::sleep(Duration::from_secs(SECONDS)).await;
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.expect("it ends");
        }
    });
    let spent = health::processor_time().expect("Linux").saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "counts that fit")]
    let done = done.load(Ordering::Relaxed) as f64;
    done / spent.as_secs_f64()
}
