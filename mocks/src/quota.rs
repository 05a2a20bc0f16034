//! Quotas: so many requests a second, of one endpoint or of all, and what is said beyond them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::{self, Response};

/// The name that stands for all endpoints together.
pub const ALL: &str = "all";

/// A bucket that holds one second's worth of requests and fills steadily.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// The endpoint or operation, as the counters name it, the category of an operation, or `all`.
    pub endpoint: String,
    /// Requests in a second.
    pub per_second: f64,
    /// How many requests may come at once, and when that was.
    level: Option<(f64, Instant)>,
}

/// What is answered beyond a quota.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exceeded {
    /// The status code.
    pub status: u16,
    /// The headers beside those of every JSON answer.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Default for Exceeded {
    fn default() -> Exceeded {
        // RFC 6585 §4: 429, and Retry-After says when to come back.
        Exceeded {
            status: 429,
            headers: BTreeMap::from([("Retry-After".into(), "1".into())]),
            body: json!({ "error": "too_many_requests" }),
        }
    }
}

impl FromStr for Quota {
    type Err = String;

    /// Parses `50` or `token=120`.
    fn from_str(text: &str) -> Result<Quota, String> {
        let (endpoint, number) = text.split_once('=').unwrap_or((ALL, text));
        let wanted = "give requests per second, such as 50 or token=120";
        new(endpoint, number.parse().map_err(|_| wanted.to_owned())?)
    }
}

/// A quota whose bucket is full.
///
/// # Errors
/// When the rate is not positive.
pub fn new(endpoint: &str, per_second: f64) -> Result<Quota, String> {
    if per_second > 0.0 && per_second.is_finite() {
        return Ok(Quota { endpoint: endpoint.into(), per_second, level: None });
    }
    Err(format!("the quota of {endpoint} must be more than 0 requests per second"))
}

/// Whether there is such an endpoint.
///
/// # Errors
/// Names those that there are.
pub fn check(quota: &Quota, endpoints: &[&str]) -> Result<(), String> {
    if quota.endpoint == ALL || endpoints.contains(&&*quota.endpoint) {
        return Ok(());
    }
    let known = endpoints.join(", ");
    Err(format!("there is no endpoint {:?}\nhint: a quota is for {ALL}, {known}", quota.endpoint))
}

/// Takes a request out of the buckets for these names and for all, unless one of them is empty.
pub fn admits(quotas: &mut [Quota], names: &[&str], now: Instant) -> bool {
    let concerned =
        |quota: &Quota| quota.endpoint == ALL || names.contains(&quota.endpoint.as_str());
    let mut concerned: Vec<&mut Quota> = quotas.iter_mut().filter(|q| concerned(q)).collect();
    let levels: Vec<f64> = concerned.iter().map(|quota| level(quota, now)).collect();
    let admitted = levels.iter().all(|level| *level >= 1.0);
    for (quota, level) in concerned.iter_mut().zip(levels) {
        quota.level = Some((if admitted { level - 1.0 } else { level }, now));
    }
    admitted
}

fn level(quota: &Quota, now: Instant) -> f64 {
    let most = quota.per_second.max(1.0);
    let refilled = |(level, at): (f64, Instant)| {
        level + now.saturating_duration_since(at).as_secs_f64() * quota.per_second
    };
    quota.level.map_or(most, refilled).min(most)
}

/// The answer beyond a quota.
pub fn answer(exceeded: &Exceeded) -> Response {
    let response = wire::json(exceeded.status, &exceeded.body);
    exceeded
        .headers
        .iter()
        .fold(response, |response, (name, value)| wire::with_header(response, name, value))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admitted(quotas: &mut [Quota], endpoint: &str, requests: usize, now: Instant) -> usize {
        (0..requests).filter(|_| admits(quotas, &[endpoint], now)).count()
    }

    #[test]
    fn a_bucket_holds_a_second_and_fills_steadily() {
        let (start, mut quotas) = (Instant::now(), ["token=10".parse().expect("well formed")]);
        assert_eq!(admitted(&mut quotas, "token", 20, start), 10);
        let half_a_second = start + Duration::from_millis(500);
        assert_eq!(admitted(&mut quotas, "token", 20, half_a_second), 5);
        let an_hour = start + Duration::from_hours(1);
        assert_eq!(admitted(&mut quotas, "token", 20, an_hour), 10);
        assert_eq!(admitted(&mut quotas, "jwks", 20, an_hour), 20);
    }

    #[test]
    fn all_endpoints_may_share_a_bucket_beside_their_own() {
        let parse = |text: &str| text.parse::<Quota>().expect("well formed");
        let (start, mut quotas) = (Instant::now(), [parse("5"), parse("token=2")]);
        assert_eq!(admitted(&mut quotas, "token", 9, start), 2);
        assert_eq!(admitted(&mut quotas, "jwks", 9, start), 3);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "x", "token=", "token=x", "0", "token=-1", "NaN", "inf"] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }
}
