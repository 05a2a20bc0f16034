//! Tickets: arrivals on their way from the pacer to the workers, in a bounded queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;

/// One arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// When it is due: its response time begins here, whether or not a worker is free.
    pub intended: Instant,
    /// What is to be done, an index into the operations.
    pub operation: usize,
}

/// A bounded queue that many workers take from.
#[derive(Debug)]
pub struct Queue {
    waiting: Mutex<VecDeque<Ticket>>,
    /// One permit for each ticket.
    ready: Semaphore,
    capacity: usize,
}

impl Queue {
    /// A queue for so many tickets.
    pub fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::default(), ready: Semaphore::new(0), capacity }
    }

    /// Adds a ticket. Says no when the queue is full: the arrival is missed, and the caller must
    /// count it, or the slowest answers would vanish from the results.
    #[must_use]
    pub fn push(&self, ticket: Ticket) -> bool {
        let mut waiting = self.lock();
        if waiting.len() >= self.capacity {
            return false;
        }
        waiting.push_back(ticket);
        drop(waiting);
        self.ready.add_permits(1);
        true
    }

    /// The next ticket; none once the queue is closed and empty.
    pub async fn take(&self) -> Option<Ticket> {
        if let Ok(permit) = self.ready.acquire().await {
            permit.forget();
        }
        self.lock().pop_front()
    }

    /// How many tickets wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no ticket waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No more tickets come. Those that are there can still be taken.
    pub fn close(&self) {
        self.ready.close();
    }

    /// Takes away all tickets that nobody has taken.
    pub fn drain(&self) -> Vec<Ticket> {
        self.lock().drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Ticket>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_says_so_and_a_closed_one_is_emptied_first() {
        let queue = Queue::new(2);
        let ticket = |operation| Ticket { intended: Instant::now(), operation };
        let taken = [0, 1, 2].map(|operation| queue.push(ticket(operation)));
        assert_eq!(taken, [true, true, false]);
        assert_eq!(queue.take().await.map(|ticket| ticket.operation), Some(0));
        queue.close();
        assert_eq!(queue.take().await.map(|ticket| ticket.operation), Some(1));
        assert_eq!(queue.take().await, None);
    }
}
