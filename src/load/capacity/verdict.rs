//! What a step showed: whether the objectives were kept, and what broke them. Pure.
//!
//! The order matters. A generator that is short of processors makes everything slow; a refusal for a
//! quota or an error is the provider's however busy the workers were; and a provider whose service
//! times are too long is the reason for busy workers, not the other way round.

use crate::load::capacity::{Latency, Objective, Step, Verdict};
use crate::load::gate::{self, Health};
use crate::load::outcome::{Clock, Outcome};
use crate::load::profile::{Model, Validity};
use crate::load::recorder::{Interval, count, latency};
use crate::load::safety::ratio;

/// A step as it was run.
#[derive(Debug, Clone, Copy)]
pub struct Ran<'a> {
    /// The rate that was asked for, per second.
    pub asked_per_s: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The workers.
    pub users: usize,
    /// All that was measured.
    pub total: &'a Interval,
    /// How the generator did.
    pub health: &'a Health,
    /// What makes it invalid.
    pub validity: &'a Validity,
}

/// What a step showed.
pub fn judge(ran: &Ran<'_>, objectives: &[Objective]) -> Step {
    let why = broken(ran, objectives);
    let verdict = why.as_ref().map_or(Verdict::Kept, |(verdict, _)| *verdict);
    let told = verdict != Verdict::Generator;
    let all = |outcomes: &[Outcome]| -> u64 {
        let of = |o: &Objective| {
            outcomes.iter().map(|x| count(ran.total, &o.operation, *x)).sum::<u64>()
        };
        objectives.iter().map(of).sum()
    };
    let done = all(&Outcome::ALL);
    Step {
        asked_per_s: ran.asked_per_s,
        achieved_per_s: achieved(all(&[Outcome::Ok]), ran.seconds),
        verdict,
        why: why.map(|(_, why)| why),
        repeated: false,
        in_flight: in_flight(ran, objectives),
        in_flight_bound: ran.users,
        throttled: ratio(all(&[Outcome::Throttled]), done),
        failed: ratio(all(&FAILED), done),
        response_ms: told.then(|| slowest(ran, objectives, Clock::Response)).flatten(),
        service_ms: told.then(|| slowest(ran, objectives, Clock::Service)).flatten(),
        generator_processor_share: ran.health.processor_share,
    }
}

/// What is the provider's failure.
const FAILED: [Outcome; 3] = [Outcome::Wrong, Outcome::Error, Outcome::Timeout];

fn broken(ran: &Ran<'_>, objectives: &[Objective]) -> Option<(Verdict, String)> {
    let starved = gate::starved(ran.health, ran.validity, Model::Open);
    if let Some(why) = starved.into_iter().next() {
        return Some((Verdict::Generator, why));
    }
    let each = |test: &dyn Fn(&Objective) -> Option<String>| objectives.iter().find_map(test);
    if let Some(why) = each(&|objective| refused(ran.total, objective)) {
        return Some((Verdict::Throttling, why));
    }
    if let Some(why) = each(&|objective| failed(ran.total, objective)) {
        return Some((Verdict::Errors, why));
    }
    if let Some(why) = each(&|objective| slow(ran.total, objective)) {
        return Some((Verdict::Latency, why));
    }
    let crowded = gate::crowded(ran.health);
    if let Some(why) = crowded.into_iter().next() {
        return Some((Verdict::Generator, why));
    }
    each(&|objective| waited(ran, objective)).map(|why| (Verdict::Generator, why))
}

/// Whether more was refused for a quota than may fail; names what refused.
fn refused(total: &Interval, objective: &Objective) -> Option<String> {
    let name = &objective.operation;
    let (share, count, all) = share(total, name, &[Outcome::Throttled]);
    (share > objective.error_rate).then(|| {
        let retry = total.retry_after.get(name).map_or_else(String::new, |seconds| {
            format!(", and it asks to come back after {seconds} s")
        });
        format!(
            "the quota for {name}: {count} of {all} were refused{}{retry}",
            reason(total, name, &[Outcome::Throttled])
        )
    })
}

fn failed(total: &Interval, objective: &Objective) -> Option<String> {
    let name = &objective.operation;
    let (share, count, all) = share(total, name, &FAILED);
    (share > objective.error_rate)
        .then(|| format!("{name}: {count} of {all} failed{}", reason(total, name, &FAILED)))
}

fn share(total: &Interval, name: &str, outcomes: &[Outcome]) -> (f64, u64, u64) {
    let sum = |outcomes: &[Outcome]| outcomes.iter().map(|o| count(total, name, *o)).sum::<u64>();
    let (some, all) = (sum(outcomes), sum(&Outcome::ALL));
    (ratio(some, all), some, all)
}

/// The most frequent reason.
fn reason(total: &Interval, name: &str, outcomes: &[Outcome]) -> String {
    let reasons = total.reasons.iter();
    let own = reasons.filter(|((step, outcome, _), _)| step == name && outcomes.contains(outcome));
    let most = own.max_by_key(|(_, count)| **count);
    most.map_or_else(String::new, |((_, _, reason), _)| format!(", {reason}"))
}

fn slow(total: &Interval, objective: &Objective) -> Option<String> {
    let p99 = latency(total, &objective.operation, Clock::Service).quantile_ms(0.99);
    (p99 > objective.p99_ms).then(|| {
        format!(
            "{}: the provider took {p99:.1} ms at the 99th percentile, and {:.1} ms is the objective",
            objective.operation, objective.p99_ms
        )
    })
}

/// The provider was fast enough, but operations waited for a worker.
fn waited(ran: &Ran<'_>, objective: &Objective) -> Option<String> {
    let p99 = latency(ran.total, &objective.operation, Clock::Response).quantile_ms(0.99);
    (p99 > objective.p99_ms).then(|| {
        format!(
            "{}: {p99:.1} ms at the 99th percentile, because operations waited for one of {} workers",
            objective.operation, ran.users
        )
    })
}

#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
fn achieved(ok: u64, seconds: f64) -> f64 {
    ok as f64 / seconds.max(0.001)
}

/// How many operations were under way on average, by Little's law.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
fn in_flight(ran: &Ran<'_>, objectives: &[Objective]) -> f64 {
    let busy = objectives.iter().map(|objective| {
        let service = latency(ran.total, &objective.operation, Clock::Service);
        service.mean_ms() / 1e3 * service.count() as f64
    });
    let busy: f64 = busy.filter(|seconds| seconds.is_finite()).sum();
    busy / ran.seconds.max(0.001)
}

fn slowest(ran: &Ran<'_>, objectives: &[Objective], clock: Clock) -> Option<Latency> {
    let each = objectives.iter().filter_map(|objective| {
        let times = latency(ran.total, &objective.operation, clock);
        let at = |share| times.quantile_ms(share);
        (times.count() > 0).then(|| Latency { p50: at(0.5), p99: at(0.99) })
    });
    each.max_by(|a, b| a.p99.total_cmp(&b.p99))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::recorder::{Recorder, Sample};

    const WELL: Health = Health {
        due: 100,
        missed: 0,
        sent_share: 1.0,
        lag_p99_ms: 0.1,
        service_p50_ms: 5.0,
        processor_share: Some(0.3),
        stub_share: None,
        saturated_share: 0.0,
    };

    fn measured(service: u64, wait: u64, rest: &[(Outcome, &str)]) -> Interval {
        let recorder = Recorder::new(vec!["token".into()]);
        let ms = |ms| Some(Duration::from_millis(ms));
        let ok = 100 - rest.len();
        for _ in 0..ok {
            let sample = Sample {
                response: ms(service + wait),
                service: ms(service),
                wait: ms(wait),
                ..Sample::default()
            };
            recorder.record(0, Outcome::Ok, sample);
        }
        for (outcome, reason) in rest {
            let reason = Some((*reason).to_owned());
            let sample = Sample { response: ms(1), service: ms(1), reason, ..Sample::default() };
            recorder.record(0, *outcome, sample);
        }
        recorder.collect()
    }

    #[test]
    fn each_limit_has_its_own_name() {
        let objective =
            Objective { operation: "token".into(), share: 1.0, p99_ms: 50.0, error_rate: 0.01 };
        let quota = [(Outcome::Throttled, "status 429"); 5];
        let errors = [(Outcome::Error, "status 500"); 5];
        let crowded = Health { missed: 3, saturated_share: 0.9, ..WELL };
        let starved = Health { processor_share: Some(0.95), ..WELL };
        let rows: [(Interval, Health, Verdict, &str); 10] = [
            (measured(20, 1, &[]), WELL, Verdict::Kept, ""),
            (
                measured(20, 1, &quota),
                WELL,
                Verdict::Throttling,
                "5 of 100 were refused, status 429",
            ),
            (measured(20, 1, &errors), WELL, Verdict::Errors, "5 of 100 failed, status 500"),
            (measured(20, 1, &errors[..1]), WELL, Verdict::Kept, ""),
            (measured(90, 1, &[]), WELL, Verdict::Latency, "took 90"),
            (measured(90, 1, &[]), crowded, Verdict::Latency, "took 90"),
            (measured(20, 1, &[]), crowded, Verdict::Generator, "no free worker"),
            (measured(20, 90, &[]), WELL, Verdict::Generator, "waited for one of 8 workers"),
            (measured(90, 1, &[]), starved, Verdict::Generator, "processors"),
            (measured(20, 1, &quota), crowded, Verdict::Throttling, "refused"),
        ];
        for (total, health, verdict, why) in rows {
            let ran = Ran {
                asked_per_s: 10.0,
                seconds: 10.0,
                users: 8,
                total: &total,
                health: &health,
                validity: &Validity::default(),
            };
            let step = judge(&ran, std::slice::from_ref(&objective));
            assert_eq!(step.verdict, verdict, "{step:?}");
            assert!(step.why.clone().unwrap_or_default().contains(why), "{step:?}");
            assert_eq!(step.service_ms.is_none(), verdict == Verdict::Generator);
        }
        let total = measured(200, 0, &[]);
        let ran = Ran {
            asked_per_s: 10.0,
            seconds: 10.0,
            users: 8,
            total: &total,
            health: &WELL,
            validity: &Validity::default(),
        };
        // 100 operations of 0.2 s in 10 s.
        assert!((in_flight(&ran, &[objective]) - 2.0).abs() < 0.01);
    }
}
