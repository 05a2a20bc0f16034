//! Safety: what a load run may do to whom, and when it stops by itself.

use std::collections::VecDeque;
use std::net::IpAddr;

use url::{Host, Url};

use crate::load::outcome::Outcome;
use crate::load::recorder::Interval;

/// The highest rate, in operations per second. No identity provider is published to take more from
/// one machine; a typing error should not.
pub const MOST_PER_SECOND: f64 = 50_000.0;
/// The longest run, in seconds: four hours.
pub const LONGEST: f64 = 4.0 * 3600.0;
/// The most workers.
pub const MOST_USERS: usize = 10_000;
/// The seconds over which failures are counted before the run stops by itself.
const WINDOW: usize = 5;
/// Fewer operations than these in the window prove nothing.
const ENOUGH: u64 = 20;

/// The first host that may not be put under load: neither on this machine nor allowed by name.
///
/// # Errors
/// Names the host and what to add to the command line.
pub fn check_hosts<'a>(
    addresses: impl IntoIterator<Item = &'a Url>,
    allowed: &[String],
) -> Result<(), String> {
    let mut hosts = addresses.into_iter().filter_map(Url::host);
    let named = |host: &Host<&str>| allowed.iter().any(|name| *name == host.to_string());
    match hosts.find(|host| !is_loopback(host) && !named(host)) {
        None => Ok(()),
        Some(host) => Err(format!(
            "{host} is not this machine, and load is sent to nobody who has not agreed to it\n\
             hint: if its operator has, add --allow {host}"
        )),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        // RFC 6761 §6.3: this name and what is below it never leave the machine.
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// Watches the failures of the last seconds.
#[derive(Debug, Default)]
pub struct Watch {
    /// All and failed, by second.
    seconds: VecDeque<(u64, u64)>,
}

impl Watch {
    /// Takes another second; says why the run must stop when more than `limit` of the operations
    /// of the last seconds failed. Missed ones are the generator's, and throttled ones an answer.
    pub fn observe(
        &mut self,
        second: &Interval,
        operations: &[&str],
        limit: f64,
    ) -> Option<String> {
        let count = |outcome| -> u64 {
            let of = |name: &&str| crate::load::recorder::count(second, name, outcome);
            operations.iter().map(of).sum()
        };
        let all = Outcome::ALL.into_iter().filter(|o| *o != Outcome::Missed).map(count).sum();
        let failed = [Outcome::Error, Outcome::Timeout, Outcome::Wrong].map(count).iter().sum();
        self.seconds.push_back((all, failed));
        if self.seconds.len() > WINDOW {
            self.seconds.pop_front();
        }
        let all: u64 = self.seconds.iter().map(|second| second.0).sum();
        let failed: u64 = self.seconds.iter().map(|second| second.1).sum();
        let share = ratio(failed, all);
        (all >= ENOUGH && share > limit).then(|| {
            let seconds = self.seconds.len();
            format!(
                "stopped by itself: {:.0} % of the operations of the last {seconds} s failed, and \
                 stop_at_error_rate is {:.0} %",
                share * 100.0,
                limit * 100.0
            )
        })
    }
}

/// A share; of nothing, 0.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::recorder::{Recorder, Sample};

    #[test]
    fn only_this_machine_and_allowed_hosts_are_put_under_load() {
        let check = |address: &str, allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|&name| name.to_owned()).collect();
            check_hosts([&Url::parse(address).expect(address)], &allowed)
        };
        for address in
            ["http://127.0.0.1:9", "http://127.9.9.9", "http://[::1]:9", "https://localhost/x"]
        {
            assert_eq!(check(address, &[]), Ok(()), "{address}");
        }
        for address in ["https://idp.example", "http://10.0.0.1", "http://localhost.example"] {
            let refusal = check(address, &["other.example"]).expect_err(address);
            assert!(refusal.contains("--allow"), "{refusal}");
        }
        assert_eq!(check("https://idp.example/token", &["idp.example"]), Ok(()));
    }

    #[test]
    fn a_run_stops_when_most_of_it_fails_and_not_before() {
        let second = |ok: u64, error: u64| {
            let recorder = Recorder::new(vec!["a".into()]);
            let sample =
                || Sample { response: Some(Duration::from_millis(1)), ..Sample::default() };
            (0..ok).for_each(|_| recorder.record(0, Outcome::Ok, sample()));
            (0..error).for_each(|_| recorder.record(0, Outcome::Error, sample()));
            recorder.collect()
        };
        let mut watch = Watch::default();
        assert_eq!(watch.observe(&second(0, 10), &["a"], 0.5), None, "too few to tell");
        assert_eq!(watch.observe(&second(100, 20), &["a"], 0.5), None);
        let why = watch.observe(&second(0, 150), &["a"], 0.5).expect("most failed");
        assert!(why.contains("64 %"), "{why}");
    }
}
