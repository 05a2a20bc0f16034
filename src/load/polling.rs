//! Polling: what is done later, off the workers, because a timer must not hold one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::case::CaseStep;
use crate::evaluate::text;
use crate::execute::execute_from;
use crate::history::History;
use crate::load::classify;
use crate::load::operation::Floor;
use crate::load::outcome::Outcome;
use crate::load::plan::Operation;
use crate::load::recorder::Sample;
use crate::target::{self, Target};
use crate::transport::Transport;
use crate::variables::Variables;

/// Starts what is done later, off the worker: a poll timer must not hold one.
pub fn follow_up<T: Transport + Send + Sync + 'static>(
    floor: &Arc<Floor<T>>,
    worker: (usize, &Target<'static>),
    operation: &Operation,
    names: Variables,
) {
    let Some((later, steps)) = &operation.later else { return };
    let (floor, steps) = (Arc::clone(floor), steps.clone());
    let target = target::fork(worker.1, &worker.1.provider.user);
    let name = format!("{}/{}", operation.name, later.name.value);
    let step = floor.recorder.steps.iter().position(|known| *known == name).unwrap_or_default();
    let every = text(&later.every, &names).ok().flatten().and_then(|text| text.parse().ok());
    let every = Duration::try_from_secs_f64(every.unwrap_or(5.0)).unwrap_or(Duration::from_secs(5));
    let (times, worker) = (later.times.max(1), worker.0);
    floor.open.fetch_add(1, Ordering::Relaxed);
    tokio::spawn(async move {
        for round in 1..=times {
            let due = Instant::now() + every;
            sleep(every).await;
            if poll(
                &floor,
                &target,
                &steps,
                &names,
                Poll { step, worker, due, last: round == times },
            )
            .await
            {
                break;
            }
        }
        floor.open.fetch_sub(1, Ordering::Release);
    });
}

/// One of several polls.
struct Poll {
    step: usize,
    worker: usize,
    due: Instant,
    last: bool,
}

/// Asks once; says whether no more is to be asked. A "not yet" is right until the last time.
async fn poll<T: Transport>(
    floor: &Floor<T>,
    target: &Target<'static>,
    steps: &[CaseStep],
    names: &Variables,
    poll: Poll,
) -> bool {
    let begun = Instant::now();
    let history = execute_from(steps, names.clone(), target, &floor.transport).await;
    let ended = Instant::now();
    let (outcome, reason) = classify::judge_steps(steps, &history, &floor.redactor);
    let pending = outcome == Outcome::Wrong && is_pending(&history) && !poll.last;
    let sample = Sample {
        step: poll.step,
        response: Some(ended - poll.due),
        service: Some(ended - begun),
        wait: Some(begun.saturating_duration_since(poll.due)),
        reason: if pending { None } else { reason },
        retry_after: classify::retry_after(&history),
    };
    let outcome = if pending { Outcome::Ok } else { outcome };
    floor.recorder.record(poll.worker, outcome, sample);
    !pending
}

/// RFC 8628 §3.5: the user has not decided yet, or the client asks too often.
fn is_pending(history: &History) -> bool {
    let last = history.records.last().and_then(|record| record.exchanges.last());
    let body = last.and_then(|exchange| exchange.response()?.json().ok());
    let error = body.and_then(|body| body.get("error")?.as_str());
    matches!(error, Some("authorization_pending" | "slow_down"))
}
