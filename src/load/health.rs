//! The generator's own health: what it used, and what the system lets it use.

use std::fs;
use std::time::Duration;

/// Threads of the embedded stub have this name, so that they do not count as the generator's.
pub const STUB_THREAD: &str = "stub";

/// The processor time of this process so far, the embedded stub's aside. None where the system
/// does not tell.
pub fn processor_time() -> Option<Duration> {
    time_of_threads(|name| name != STUB_THREAD)
}

/// The processor time of the embedded stub so far; nothing where it is not embedded. None where the
/// system does not tell.
pub fn stub_time() -> Option<Duration> {
    time_of_threads(|name| name == STUB_THREAD)
}

fn time_of_threads(counted: fn(&str) -> bool) -> Option<Duration> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = threads.filter_map(Result::ok).filter_map(|thread| {
        let name = fs::read_to_string(thread.path().join("comm")).ok()?;
        let spent = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let spent: u64 = spent.split(' ').next()?.parse().ok()?;
        counted(name.trim()).then_some(spent)
    });
    Some(Duration::from_nanos(nanoseconds.sum()))
}

/// How many processors it may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How many files, and with them connections, this process may have open. None where the system
/// does not tell, or sets no limit.
pub fn descriptor_limit() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many files this process has open.
pub fn descriptors() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}
