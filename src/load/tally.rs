//! A transport that counts what it sends, so that our counts can be held against the provider's.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::transport::Transport;
use crate::wire::{Exchange, Request};

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
    fn exchange(&self, request: Request) -> impl Future<Output = Exchange> + Send {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.transport.exchange(request)
    }
}
