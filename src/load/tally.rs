//! A transport that counts what it sends, so that our counts can be held against the provider's,
//! and says who sends it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::transport::Transport;
use crate::wire::{Exchange, Request};

/// Names the program to the provider's operators.
const USER_AGENT: &str = concat!("authgauge/", env!("CARGO_PKG_VERSION"), " (load)");

/// A transport and how many requests it was given.
#[derive(Debug)]
pub struct Tally<T> {
    transport: T,
    sent: AtomicU64,
}

impl<T> Tally<T> {
    /// Nothing sent so far.
    pub fn new(transport: T) -> Self {
        Self { transport, sent: AtomicU64::new(0) }
    }

    /// How many requests were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl<T: Transport> Transport for Tally<T> {
    fn exchange(&self, mut request: Request) -> impl Future<Output = Exchange> + Send {
        self.sent.fetch_add(1, Ordering::Relaxed);
        request.headers.push(("user-agent".into(), USER_AGENT.into()));
        self.transport.exchange(request)
    }
}
