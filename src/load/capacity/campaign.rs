//! The campaign: one load run after the other, until the knee is found and has been repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::library::Library;
use crate::load::capacity::scalability::{self, Point};
use crate::load::capacity::search::{self, Bounds};
use crate::load::capacity::verdict::{self, Ran};
use crate::load::capacity::{Objective, Repeats, Search, Step, Verdict};
use crate::load::live::Progress;
use crate::load::operation::floor;
use crate::load::plan::Plan;
use crate::load::run::{self, Measured, Named, Outside, RunError};
use crate::load::schedule;
use crate::target::{self, Target};
use crate::transport::Transport;

/// How much more may be under way than the objective implies (Little's law), so that it is not the
/// pool that sets the limit.
const ROOM: f64 = 1.5;
/// The fewest workers of a step.
const FEWEST: usize = 16;
/// How often a rate that may have broken by chance is tried again.
const SECOND_THOUGHTS: usize = 2;
/// Of fewer operations than these, one alone may decide.
const FEW: f64 = 50.0;
/// How often the knee may turn out to be lower when it is repeated.
const DESCENTS: usize = 3;

/// What is put under load.
pub struct Ground<T> {
    /// The operations; the rate, the duration and the users are the campaign's.
    pub plan: Plan,
    /// The requirements that cases are judged by.
    pub library: &'static Library,
    /// The provider.
    pub target: Target<'static>,
    /// How it is reached; its connections last from step to step.
    pub transport: T,
}

/// How it is gone about.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where the knee is looked for.
    pub bounds: Bounds,
    /// How long a step is.
    pub step: Duration,
    /// How long the provider may recover between steps.
    pub pause: Duration,
    /// The most steps before the repetitions.
    pub steps: usize,
    /// How often the knee is tried, the first time included.
    pub times: usize,
    /// The longest that the whole may take.
    pub longest: Duration,
    /// How many workers there are; without it, as many as a step needs.
    pub users: Option<usize>,
    /// The most workers that the system allows.
    pub most_users: usize,
    /// What must be kept.
    pub objectives: Vec<Objective>,
}

/// What somebody outside sees of it, and says to it.
pub struct Listener<'a> {
    /// The profile.
    pub profile: Named,
    /// Takes the lines of the interval logs, one log for each step.
    pub log: &'a mut dyn FnMut(&str),
    /// Is told each second how the step goes.
    pub progress: &'a mut dyn FnMut(&Progress),
    /// Is told each step.
    pub stepped: &'a mut dyn FnMut(&Step),
    /// Whether to stop.
    pub stop: Arc<AtomicBool>,
}

/// A campaign under way.
struct Campaign<'a, 'l, T> {
    ground: &'a Ground<T>,
    terms: &'a Terms,
    listener: Listener<'l>,
    begun: Instant,
    steps: Vec<Step>,
}

/// Looks for the knee of one profile.
///
/// # Errors
/// When not even the first step could be run.
pub async fn search<T: Transport + Clone + Send + Sync + 'static>(
    ground: &Ground<T>,
    terms: &Terms,
    listener: Listener<'_>,
) -> Result<Search, RunError> {
    let mut campaign =
        Campaign { ground, terms, listener, begun: Instant::now(), steps: Vec::new() };
    let mut stopped = campaign.approach().await?;
    if stopped.is_none() {
        stopped = campaign.repeat().await?;
    }
    let Campaign { steps, listener, .. } = campaign;
    Ok(conclude(ground, terms, &listener.profile, steps, stopped))
}

impl<T: Transport + Clone + Send + Sync + 'static> Campaign<'_, '_, T> {
    /// Raises the rate until an objective breaks, and closes in. Says why it ended early.
    async fn approach(&mut self) -> Result<Option<String>, RunError> {
        while let Some(rate) = search::next(&tried(&self.steps), &self.terms.bounds) {
            if self.steps.len() >= self.terms.steps {
                return Ok(Some(format!("{} steps are the most; raise --steps", self.terms.steps)));
            }
            let stopped = self.step(rate, false).await?;
            if stopped.is_some() {
                return Ok(stopped);
            }
            for _ in 0..SECOND_THOUGHTS {
                if !self.is_doubtful() {
                    break;
                }
                let stopped = self.step(rate, true).await?;
                if stopped.is_some() {
                    return Ok(stopped);
                }
            }
        }
        Ok(None)
    }

    /// Whether the last step may have broken by chance: what else runs on this machine may have been
    /// the limit, and of few operations one is the 99th percentile.
    fn is_doubtful(&self) -> bool {
        let few = |step: &Step| step.asked_per_s * self.terms.step.as_secs_f64() < FEW;
        self.steps.last().is_some_and(|step| match step.verdict {
            Verdict::Generator => true,
            Verdict::Latency => few(step),
            _ => false,
        })
    }

    /// Tries the knee again, and the next lower rate where it does not hold.
    async fn repeat(&mut self) -> Result<Option<String>, RunError> {
        for _ in 0..DESCENTS {
            let (Some(knee), _) = search::knee(&tried(&self.steps)) else { return Ok(None) };
            while counted(&self.steps, knee).count() < self.terms.times {
                let stopped = self.step(knee, true).await?;
                if stopped.is_some() {
                    return Ok(stopped);
                }
            }
            if search::knee(&tried(&self.steps)).0 == Some(knee) {
                break;
            }
        }
        Ok(None)
    }

    /// One step. Says why no other can follow.
    async fn step(&mut self, rate: f64, repeated: bool) -> Result<Option<String>, RunError> {
        let seconds = self.terms.longest.as_secs();
        if self.begun.elapsed() + self.terms.step > self.terms.longest {
            return Ok(Some(format!("{seconds} s are the longest; raise --max-time")));
        }
        if !self.steps.is_empty() {
            sleep(self.terms.pause).await;
        }
        let plan = at_rate(&self.ground.plan, self.terms, rate);
        let users = plan.users;
        let measured = match self.run(plan).await {
            Ok(measured) => measured,
            Err(error) if self.steps.is_empty() => return Err(error),
            Err(error) => return Ok(Some(error.to_string())),
        };
        let closing = measured.parts[0].closing.as_ref();
        let (done, seconds) = (closing.map(|c| c.done_s), self.terms.step.as_secs_f64());
        let ran = Ran {
            asked_per_s: rate,
            // What is still done after the last arrival takes its time, too.
            seconds: done.unwrap_or(0.0).max(seconds),
            users,
            total: &measured.total,
            health: &measured.parts[0].health,
            validity: &self.ground.plan.validity,
        };
        let step = Step { repeated, ..verdict::judge(&ran, &self.terms.objectives) };
        if self.listener.stop.load(Ordering::Relaxed) {
            return Ok(Some("stopped by the user; this is what is known so far".into()));
        }
        (self.listener.stepped)(&step);
        self.steps.push(step);
        Ok(None)
    }

    async fn run(&mut self, plan: Plan) -> Result<Measured, RunError> {
        let Ground { library, target, transport, .. } = self.ground;
        let target = target::fork(target, &target.provider.user);
        let floor = floor(plan, library, target, transport.clone());
        let outside = Outside {
            profile: self.listener.profile.clone(),
            start_at: None,
            log: self.listener.log,
            progress: self.listener.progress,
            stop: Arc::clone(&self.listener.stop),
            fail_fast: false,
        };
        Box::pin(run::run(floor, outside)).await
    }
}

/// The plan at a constant rate, with as many workers as that may need.
fn at_rate(plan: &Plan, terms: &Terms, rate: f64) -> Plan {
    let longest = terms.objectives.iter().map(|o| o.p99_ms / 1e3).fold(0.0, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is capped")]
    let needed = (rate * longest * ROOM).ceil() as usize;
    let users = terms.users.unwrap_or(needed.max(FEWEST)).min(terms.most_users).max(1);
    Plan {
        schedule: schedule::steady(rate, terms.step.as_secs_f64(), plan.schedule.process),
        duration: terms.step,
        users,
        thresholds: Vec::new(),
        ..plan.clone()
    }
}

/// The steps at a rate that say something about the provider; where none does, all.
fn counted(steps: &[Step], rate: f64) -> impl Iterator<Item = &Step> {
    let at = move |step: &&Step| step.asked_per_s.total_cmp(&rate).is_eq();
    let telling = steps.iter().filter(at).any(|step| step.verdict != Verdict::Generator);
    steps.iter().filter(at).filter(move |step| !telling || step.verdict != Verdict::Generator)
}

/// The rates so far, and whether they were kept more often than not.
fn tried(steps: &[Step]) -> Vec<(f64, bool)> {
    let kept = |rate| {
        let (mut all, mut kept) = (0, 0);
        for step in counted(steps, rate) {
            all += 1;
            kept += usize::from(step.verdict == Verdict::Kept);
        }
        kept * 2 > all
    };
    steps.iter().map(|step| (step.asked_per_s, kept(step.asked_per_s))).collect()
}

/// What the steps say together.
fn conclude<T>(
    ground: &Ground<T>,
    terms: &Terms,
    profile: &Named,
    steps: Vec<Step>,
    stopped: Option<String>,
) -> Search {
    let (sustained, broken) = search::knee(&tried(&steps));
    let first = |rate| counted(&steps, rate).find(|step| step.verdict != Verdict::Kept);
    let breaking = broken.and_then(first);
    let limited_by = breaking.map_or(Verdict::Kept, |step| step.verdict);
    let why = breaking.and_then(|step| step.why.clone());
    let mut points: Vec<&Step> =
        steps.iter().filter(|s| matches!(s.verdict, Verdict::Kept | Verdict::Latency)).collect();
    points.sort_by(|a, b| a.asked_per_s.total_cmp(&b.asked_per_s));
    let points = points.iter().map(|s| Point { in_flight: s.in_flight, per_s: s.achieved_per_s });
    Search {
        profile: profile.name.clone(),
        title: ground.plan.title.clone(),
        objectives: terms.objectives.clone(),
        sustained_per_s: sustained,
        broken_per_s: broken,
        why: why.unwrap_or_else(|| {
            format!("nothing broke up to {}/s", sustained.unwrap_or(terms.bounds.up_to))
        }),
        is_the_providers: sustained.is_some()
            && matches!(limited_by, Verdict::Latency | Verdict::Errors | Verdict::Throttling),
        limited_by,
        repeats: sustained.map(|rate| repeats(&steps, rate)),
        scalability: scalability::fit(&points.collect::<Vec<_>>()),
        steps,
        stopped,
    }
}

fn repeats(steps: &[Step], rate: f64) -> Repeats {
    let all: Vec<&Step> = counted(steps, rate).collect();
    let mut p99: Vec<f64> = all.iter().filter_map(|s| Some(s.response_ms?.p99)).collect();
    p99.sort_by(f64::total_cmp);
    let at = |index: usize| p99.get(index).copied().unwrap_or_default();
    Repeats {
        rate_per_s: rate,
        times: all.len(),
        kept: all.iter().filter(|step| step.verdict == Verdict::Kept).count(),
        p99_ms: [at(0), at(p99.len() / 2), at(p99.len().saturating_sub(1))],
    }
}
