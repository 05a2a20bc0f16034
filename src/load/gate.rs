//! The validity gate: whether the numbers are the provider's or the generator's. Pure.

use crate::load::profile::{Model, Validity};
use crate::load::safety::ratio;

/// How the generator itself did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Health {
    /// How many operations were due.
    pub due: u64,
    /// How many of them found no worker before their deadline.
    pub missed: u64,
    /// The share of the asked rate at which tickets were released.
    pub sent_share: f64,
    /// How late the pacer was: the 99th percentile, in milliseconds.
    pub lag_p99_ms: f64,
    /// The median service time, in milliseconds.
    pub service_p50_ms: f64,
    /// The share of its processors that the generator used; none where that cannot be told.
    pub processor_share: Option<f64>,
    /// The share that the embedded stub used; none where it is not embedded.
    pub stub_share: Option<f64>,
    /// The share of the time in which every worker was busy and arrivals waited.
    pub saturated_share: f64,
}

/// The share of the time above which a busy pool is the limit.
const SATURATED: f64 = 0.5;
/// The share of its processors that a machine can give to both: the system and others use some, too.
const ALL: f64 = 0.75;
/// The share of the service time by which the pacer may be late.
const LAG_SHARE: f64 = 0.1;

/// Why the measurement is invalid; nothing when it is valid. In the closed model there is no
/// schedule that could be missed.
pub fn check(health: &Health, limits: &Validity, model: Model) -> Vec<String> {
    let mut reasons = starved(health, limits, model);
    if model == Model::Open {
        reasons.extend(crowded(health));
    }
    reasons
}

/// What the generator lacked by itself, whatever the provider did.
pub fn starved(health: &Health, limits: &Validity, model: Model) -> Vec<String> {
    let mut reasons = Vec::new();
    if model == Model::Open {
        reasons.extend(off_schedule(health, limits));
    }
    if let Some(share) = health.processor_share.filter(|share| *share > limits.processor) {
        reasons.push(format!(
            "the generator used {:.0} % of its processors, and more than {:.0} % slows it down; \
             give it more processors, or lower the rate",
            share * 100.0,
            limits.processor * 100.0
        ));
    }
    reasons
}

fn off_schedule(health: &Health, limits: &Validity) -> Vec<String> {
    let mut reasons = Vec::new();
    let allowed = limits.lag.max(health.service_p50_ms * LAG_SHARE);
    if health.lag_p99_ms > allowed {
        reasons.push(format!(
            "the pacer was {:.2} ms late at the 99th percentile, and {allowed:.2} ms is the most; \
             something else uses this machine",
            health.lag_p99_ms
        ));
    }
    if health.sent_share < limits.sent {
        reasons.push(format!(
            "only {:.2} % of the asked rate was sent, and {:.2} % is the least",
            health.sent_share * 100.0,
            limits.sent * 100.0
        ));
    }
    reasons
}

/// Whether the generator and the embedded stub left nothing of the processors: what they could do
/// without each other is not known then.
pub fn used_up(own: Option<f64>, stub: Option<f64>) -> bool {
    own.zip(stub).is_some_and(|(own, stub)| own + stub >= ALL)
}

/// Whether the bound on what is under way was reached: too few workers for this rate, or a provider
/// that keeps them busy.
pub fn crowded(health: &Health) -> Vec<String> {
    let mut reasons = Vec::new();
    let full = health.missed > 0 || health.saturated_share > SATURATED;
    if full && used_up(health.processor_share, health.stub_share) {
        let share = |share: Option<f64>| share.unwrap_or_default() * 100.0;
        return vec![format!(
            "the generator used {:.0} % of the processors and the embedded stub {:.0} %, and that is \
             all there is; a provider elsewhere would leave them to the generator",
            share(health.processor_share),
            share(health.stub_share)
        )];
    }
    if health.missed > 0 {
        reasons.push(format!(
            "{} of {} arrivals ({:.1} %) found no free worker before their deadline; raise --users, \
             or look whether the provider answers at all",
            health.missed,
            health.due,
            ratio(health.missed, health.due) * 100.0
        ));
    }
    if health.saturated_share > SATURATED {
        reasons.push(format!(
            "all workers were busy and arrivals waited in {:.0} % of the time, so that the size of \
             the pool was the limit; raise --users",
            health.saturated_share * 100.0
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Health = Health {
        due: 1000,
        missed: 0,
        sent_share: 1.0,
        lag_p99_ms: 0.1,
        service_p50_ms: 5.0,
        processor_share: Some(0.3),
        stub_share: None,
        saturated_share: 0.1,
    };

    #[test]
    fn each_limit_of_the_generator_is_named() {
        let rows = [
            (WELL, None),
            (Health { missed: 1, ..WELL }, Some("no free worker")),
            (Health { lag_p99_ms: 1.1, ..WELL }, Some("late")),
            (Health { lag_p99_ms: 1.1, service_p50_ms: 20.0, ..WELL }, None),
            (Health { sent_share: 0.99, ..WELL }, Some("asked rate")),
            (Health { processor_share: Some(0.81), ..WELL }, Some("processors")),
            (Health { processor_share: None, ..WELL }, None),
            (Health { saturated_share: 0.6, ..WELL }, Some("size of the pool")),
            (Health { stub_share: Some(0.6), ..WELL }, None),
            (Health { saturated_share: 0.6, stub_share: Some(0.4), ..WELL }, Some("the pool")),
            (Health { saturated_share: 0.6, stub_share: Some(0.5), ..WELL }, Some("stub 50 %")),
            (Health { missed: 9, stub_share: Some(0.5), ..WELL }, Some("stub 50 %")),
        ];
        for (health, wanted) in rows {
            let reasons = check(&health, &Validity::default(), Model::Open);
            assert_eq!(reasons.len(), usize::from(wanted.is_some()), "{health:?}: {reasons:?}");
            assert!(wanted.is_none_or(|wanted| reasons[0].contains(wanted)), "{reasons:?}");
        }
    }

    #[test]
    fn the_closed_model_has_no_schedule_to_miss() {
        let late = Health { lag_p99_ms: 99.0, saturated_share: 1.0, ..WELL };
        assert_eq!(check(&late, &Validity::default(), Model::Closed), Vec::<String>::new());
    }
}
