//! Calibration: whether this machine can make a load, before a provider is asked to bear it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::load::capacity::campaign::Ground;
use crate::load::gate;
use crate::load::operation::floor;
use crate::load::plan::Plan;
use crate::load::profile::Model;
use crate::load::run::{self, Named, Outside, RunError};
use crate::load::safety::ratio;
use crate::load::schedule;
use crate::load::summary::{self, Generator, Summary};
use crate::target;
use crate::transport::Transport;

/// How long each of the two runs takes.
const SECONDS: f64 = 3.0;

/// What the generator did against a stub that has nothing to do.
#[derive(Debug)]
pub struct Calibration {
    /// The load at its highest rate; none of a profile without rates.
    pub rehearsal: Option<Rehearsal>,
    /// The same operations, as fast as they go.
    pub at_full_speed: Summary,
    /// The share of the processors that the profile allows the generator.
    pub allowed: f64,
}

/// The load at its highest rate.
#[derive(Debug)]
pub struct Rehearsal {
    /// That rate, per second.
    pub rate: f64,
    /// What came of it.
    pub summary: Summary,
}

/// Rehearses a load on the ground of a stub.
///
/// # Errors
/// When nothing was measured.
pub async fn calibrate<T: Transport + Clone + Send + Sync + 'static>(
    ground: &Ground<T>,
    profile: &Named,
    stop: &Arc<AtomicBool>,
) -> Result<Calibration, RunError> {
    let rehearsal = match ground.plan.model {
        Model::Closed => None,
        Model::Open => {
            let rate = schedule::peak(&ground.plan.schedule);
            let summary = run(ground, at_rate(&ground.plan, rate), profile, stop).await?;
            Some(Rehearsal { rate, summary })
        }
    };
    let at_full_speed = run(ground, at_full_speed(&ground.plan), profile, stop).await?;
    Ok(Calibration { rehearsal, at_full_speed, allowed: ground.plan.validity.processor })
}

async fn run<T: Transport + Clone + Send + Sync + 'static>(
    ground: &Ground<T>,
    plan: Plan,
    profile: &Named,
    stop: &Arc<AtomicBool>,
) -> Result<Summary, RunError> {
    let target = target::fork(&ground.target, &ground.target.provider.user);
    let floor = floor(plan, ground.library, target, ground.transport.clone());
    let outside = Outside {
        profile: profile.clone(),
        start_at: None,
        log: &mut |_| (),
        progress: &mut |_| (),
        stop: Arc::clone(stop),
        fail_fast: false,
    };
    Ok(Box::pin(run::run(floor, outside)).await?.summary)
}

fn at_rate(plan: &Plan, rate: f64) -> Plan {
    Plan {
        schedule: schedule::steady(rate, SECONDS, plan.schedule.process),
        duration: Duration::from_secs_f64(SECONDS),
        thresholds: Vec::new(),
        ..plan.clone()
    }
}

fn at_full_speed(plan: &Plan) -> Plan {
    Plan {
        model: Model::Closed,
        duration: Duration::from_secs_f64(SECONDS),
        ramp_up: Duration::ZERO,
        ramp_down: Duration::ZERO,
        think_time: Duration::ZERO,
        thresholds: Vec::new(),
        ..plan.clone()
    }
}

/// The operations that one processor can do in a second. None where the system does not tell what
/// they cost.
pub fn per_processor_second(summary: &Summary) -> Option<f64> {
    let own = &summary.generator;
    #[expect(clippy::cast_precision_loss, reason = "counts that fit")]
    let (done, processors) = (summary.load.done as f64, own.processors as f64);
    let spent = own.processor_share? * processors * summary.elapsed_s;
    (spent > 0.0).then(|| done / spent)
}

/// The share of operations that went right against the stub.
pub fn right(summary: &Summary) -> f64 {
    let right = summary::operations(summary).map(|operation| operation.counts.ok).sum();
    ratio(right, summary.load.done)
}

/// What there is to say.
pub fn terminal(calibration: &Calibration) -> String {
    let Calibration { rehearsal, at_full_speed, allowed } = calibration;
    let own = &at_full_speed.generator;
    let mut text = format!(
        "{}: {} against the embedded stub, {} processors for both\n\n",
        at_full_speed.profile, at_full_speed.title, own.processors
    );
    if let Some(Rehearsal { rate, summary }) = rehearsal {
        let lead = format!("at {rate}/s");
        text.push_str(&format!("{lead:<20}{}\n", rehearsed(summary)));
    }
    let achieved = at_full_speed.load.achieved_per_s;
    text.push_str(&format!(
        "as fast as it goes  {achieved:.0}/s with {} workers; {}\n",
        at_full_speed.load.users,
        used(own)
    ));
    let Some(cost) = per_processor_second(at_full_speed) else { return text };
    #[expect(clippy::cast_precision_loss, reason = "a count of processors")]
    let most = cost * own.processors as f64 * allowed;
    text.push_str(&format!(
        "room                {most:.0}/s, which is {cost:.0} for a processor, and the profile allows \
         the generator {:.0} % of {}\n",
        allowed * 100.0,
        own.processors
    ));
    text
}

fn used(own: &Generator) -> String {
    let told = |share: Option<f64>| {
        share.map_or("an unknown share".into(), |share| format!("{:.0} %", share * 100.0))
    };
    format!("{} of the processors, the stub {}", told(own.processor_share), told(own.stub_share))
}

fn rehearsed(summary: &Summary) -> String {
    let own = &summary.generator;
    let lag = own.lag_ms.map_or(String::new(), |lag| {
        format!(", tickets late by {:.2} ms at the median and {:.2} ms at p99", lag.p50, lag.p99)
    });
    let verdict = match summary.invalid_because.as_slice() {
        [] => "this machine can make it".to_owned(),
        reasons if gate::used_up(own.processor_share, own.stub_share) => {
            return format!("it cannot be shown here: {}", reasons.join("; "));
        }
        reasons => format!("limited by the generator: {}", reasons.join("; ")),
    };
    format!("{verdict}; {}{lag}", used(own))
}
