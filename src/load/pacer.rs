//! The pacer: releases tickets at the instants of the schedule, from a thread of its own.
//!
//! An async timer is a millisecond late at the median; a thread that sleeps to absolute deadlines
//! is late by tens of microseconds, and is not delayed by what the workers do.

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest sleep: how late a stop can be noticed.
const NAP: Duration = Duration::from_millis(50);

/// Calls `release` at the instant of each arrival, counted from `start`, until they end or
/// `release` says no more. Returns at once; the thread ends by itself.
///
/// `release` gets what arrives, the instant it was due and how late it is.
///
/// # Errors
/// When the system has no thread left.
pub fn spawn<A>(
    arrivals: impl Iterator<Item = (Duration, A)> + Send + 'static,
    start: Instant,
    mut release: impl FnMut(A, Instant, Duration) -> bool + Send + 'static,
    mut stopped: impl FnMut() -> bool + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("pacer".into()).spawn(move || {
        sharpen_timers();
        #[cfg(unix)]
        go_first();
        for (offset, arrival) in arrivals {
            let due = start + offset;
            if !sleep_until(due, &mut stopped) {
                return;
            }
            if !release(arrival, due, due.elapsed()) {
                return;
            }
        }
    })
}

/// Sleeps up to an instant; says no when it was told to stop before.
fn sleep_until(due: Instant, stopped: &mut impl FnMut() -> bool) -> bool {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Whoever is behind still listens.
            return !stopped();
        }
        if left > NAP {
            if stopped() {
                return false;
            }
            thread::sleep(NAP);
        } else {
            thread::sleep(left);
        }
    }
}

/// Linux lets timers be 50 µs late so that wake-ups can be joined; this thread must not be. Where
/// the setting cannot be changed, the lag that is measured and reported shows it.
fn sharpen_timers() {
    if let Ok(thread) = std::fs::read_link("/proc/thread-self")
        && let Some(id) = thread.file_name()
    {
        drop(std::fs::write(Path::new("/proc").join(id).join("timerslack_ns"), "1"));
    }
}

/// Where the system allows it, the pacer need not wait until a worker has used up its slice: of the
/// real-time priorities the lowest is enough. It sleeps almost always, so nobody starves.
#[cfg(unix)]
fn go_first() {
    use thread_priority::ThreadPriority::Min;
    use thread_priority::ThreadSchedulePolicy::Realtime;
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};

    let policy = Realtime(thread_priority::RealtimeThreadSchedulePolicy::Fifo);
    drop(set_thread_priority_and_policy(thread_native_id(), Min, policy));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn arrivals_are_never_early_and_none_is_left_out() {
        let (sender, released) = mpsc::channel();
        let offsets = (0..200_usize).map(|k| (Duration::from_micros(k as u64 * 500), k));
        let start = Instant::now() + Duration::from_millis(5);
        let release =
            move |number, due: Instant, _| sender.send((number, due, Instant::now())).is_ok();
        let pacer = spawn(offsets, start, release, || false).expect("a thread");
        pacer.join().expect("it ends");
        let all: Vec<(usize, Instant, Instant)> = released.iter().collect();
        assert_eq!(all.len(), 200);
        for (k, (number, due, now)) in all.into_iter().enumerate() {
            assert_eq!((number, due), (k, start + Duration::from_micros(k as u64 * 500)));
            assert!(now >= due);
        }
    }

    #[test]
    fn a_stop_is_noticed_while_nothing_is_due() {
        let begun = Instant::now();
        let far = [(Duration::from_secs(3600), ())].into_iter();
        let stopped = move || begun.elapsed() > Duration::from_millis(100);
        let pacer = spawn(far, begun, |(), _, _| true, stopped).expect("a thread");
        pacer.join().expect("it ends");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
