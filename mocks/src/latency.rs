//! How long the stub takes to answer: a log-normal distribution through two of its percentiles.

use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::conditions::Conditions;

/// The z-value of the 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874;

/// The longest delay, in milliseconds: the tail of a log-normal distribution has no end.
const LONGEST: f64 = 60_000.0;

/// A log-normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The median, in milliseconds.
    pub p50: f64,
    /// The 99th percentile, in milliseconds.
    pub p99: f64,
}

impl FromStr for Latency {
    type Err = String;

    /// Parses `20,120`.
    fn from_str(text: &str) -> Result<Latency, String> {
        let (p50, p99) = text.split_once(',').ok_or(WANTED)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| WANTED.to_owned());
        new(number(p50)?, number(p99)?)
    }
}

const WANTED: &str = "give the median and the 99th percentile in milliseconds, such as 20,120, \
                      with 0 < median <= percentile <= 60000";

/// The distribution with these percentiles.
///
/// # Errors
/// When no log-normal distribution has them, or answers would take longer than a minute.
pub fn new(p50: f64, p99: f64) -> Result<Latency, String> {
    let sound = p50 > 0.0 && p50 <= p99 && p99 <= LONGEST;
    if sound { Ok(Latency { p50, p99 }) } else { Err(WANTED.into()) }
}

/// How long the next answer is held back.
pub fn delay(conditions: &mut Conditions, now: Instant) -> Duration {
    let drawn = conditions.latency.map(|latency| draw(latency, &mut conditions.generator));
    let stalled = conditions.stalled_until.map(|until| until.saturating_duration_since(now));
    drawn.unwrap_or_default().max(stalled.unwrap_or_default())
}

fn draw(latency: Latency, generator: &mut u64) -> Duration {
    let deviation = (latency.p99 / latency.p50).ln() / Z99;
    let milliseconds = latency.p50 * (deviation * normal(generator)).exp();
    Duration::from_secs_f64(milliseconds.min(LONGEST) / 1e3)
}

/// A standard normal variate by the method of Box and Muller.
fn normal(generator: &mut u64) -> f64 {
    let (radius, angle) = (uniform(generator), uniform(generator));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// A variate from (0, 1].
fn uniform(generator: &mut u64) -> f64 {
    // 53 bits are what a double holds without rounding; one more than 0 keeps the logarithm finite.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = ((next(generator) >> 11) + 1) as f64;
    bits / 9_007_199_254_740_992.0
}

/// `SplitMix64`: the same seed, the same delays.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64) -> Vec<f64> {
        let latency = "20,120".parse().expect("well formed");
        let mut generator = seed;
        (0..20_000).map(|_| draw(latency, &mut generator).as_secs_f64() * 1e3).collect()
    }

    #[test]
    fn the_percentiles_are_those_that_were_asked_for() {
        let mut sample = drawn(7);
        sample.sort_by(f64::total_cmp);
        assert!((sample[10_000] - 20.0).abs() < 1.0, "{}", sample[10_000]);
        assert!((sample[19_800] - 120.0).abs() < 12.0, "{}", sample[19_800]);
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(drawn(7)[..100], drawn(7)[..100]);
        assert_ne!(drawn(7)[..100], drawn(8)[..100]);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for text in ["", "20", "a,b", "0,1", "-1,5", "20,10", "NaN,1", "1,NaN", "1,inf", "1,60001"]
        {
            assert_eq!(text.parse::<Latency>(), Err(WANTED.into()), "{text}");
        }
    }
}
