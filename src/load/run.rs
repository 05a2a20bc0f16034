//! A load run from its first ticket to its summary.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::hook;
use crate::load::health;
use crate::load::interval_log::{self, Logged};
use crate::load::live::Progress;
use crate::load::operation::{Floor, Shift, miss};
use crate::load::pacer;
use crate::load::profile::Model;
use crate::load::reckoning::{self, Course, Part, Use};
use crate::load::recorder::{self, Interval};
use crate::load::safety::Watch;
use crate::load::shard;
use crate::load::summary::{self, Summary};
use crate::load::swarm;
use crate::load::threshold;
use crate::load::ticket::Ticket;
use crate::transport::Transport;

/// How often the queue is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long the workers may take to get ready.
const PREPARATION: Duration = Duration::from_secs(120);
/// The time between "all are ready" and the first arrival.
const LEAD: Duration = Duration::from_millis(50);
/// How long operations that have begun may still take once the user wants to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why there is no measurement.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The workers could not be made ready.
    #[error("the load was not started: {0}")]
    Unprepared(String),
    /// The user gave up before there was anything to report.
    #[error("interrupted before the first operation; nothing was measured")]
    Interrupted,
    /// The workers were not ready at the instant that was agreed upon.
    #[error(
        "the workers were ready {0:.1} s after --start-at; nothing was measured, because the others \
         have begun\nhint: agree upon a later instant"
    )]
    Late(f64),
    /// The pool or the pacer did not start.
    #[error("the generator cannot start: {0}")]
    Generator(String),
}

/// A profile as a run names it.
#[derive(Debug, Clone)]
pub struct Named {
    /// The file.
    pub name: String,
    /// The digest of what it says, and of what the command line changed.
    pub fingerprint: String,
}

/// What somebody outside sees of a run, and says to it.
pub struct Outside<'a> {
    /// The profile.
    pub profile: Named,
    /// When the first operation is due; without it, as soon as the workers are ready.
    pub start_at: Option<SystemTime>,
    /// Takes the lines of the interval log.
    pub log: &'a mut dyn FnMut(&str),
    /// Is told each second how it goes.
    pub progress: &'a mut dyn FnMut(&Progress),
    /// Whether the run is to stop.
    pub stop: Arc<AtomicBool>,
    /// Whether a missed threshold ends the run.
    pub fail_fast: bool,
}

/// What a run brought.
pub struct Measured {
    /// The summary.
    pub summary: Summary,
    /// All of it in one.
    pub total: Interval,
    /// What each machine did.
    pub parts: Vec<Part>,
}

/// Runs the plan of the floor.
///
/// # Errors
/// When nothing was measured.
pub async fn run<T: Transport + Send + Sync + 'static>(
    floor: Floor<T>,
    mut outside: Outside<'_>,
) -> Result<Measured, RunError> {
    let floor = Arc::new(floor);
    let pool = swarm::run(floor.plan.users, Arc::new(Shift(Arc::clone(&floor))));
    let mut pool = tokio::spawn(pool);
    let ready = get_ready(&floor, &outside.stop, &mut pool).await;
    let lead = match ready.and_then(|()| lead(outside.start_at)) {
        Ok(lead) => lead,
        Err(error) => {
            end(&floor);
            drop(timeout(FAREWELL, pool).await);
            return Err(error);
        }
    };
    // The discovery is a request of the preparation, too.
    let preparing = floor.transport.sent();
    let (start, before) = (Instant::now() + lead, (health::processor_time(), health::stub_time()));
    let pacing = begin(&floor, start, &outside.stop)?;
    let mut course = Course {
        start,
        started: SystemTime::now() + lead,
        total: Interval::default(),
        seconds: Vec::new(),
        last: Duration::ZERO,
        watch: Watch::default(),
        paced: Duration::ZERO,
        done: Duration::ZERO,
        looks: 0,
        saturated: 0,
        rotations: 0,
        stopped: None,
        failed: false,
    };
    let opening = reckoning::opening(&floor, &outside.profile, course.started);
    (outside.log)(&interval_log::header(course.started, &json!({ "opening": opening })));
    observe(&floor, &mut course, &mut outside, pacing.as_ref()).await;
    let since = |now: Option<Duration>, before| Some(now?.saturating_sub(before?));
    let spent = since(health::processor_time(), before.0);
    let spent_by_stub = since(health::stub_time(), before.1);
    end(&floor);
    for ticket in floor.queue.drain() {
        miss(&floor, ticket);
    }
    let counted = match timeout(FAREWELL + floor.plan.deadline, &mut pool).await {
        Ok(Ok(counted)) => counted.ok(),
        _ => None,
    };
    if let Some(pacer) = pacing {
        drop(pacer.join());
    }
    second(&floor, &mut course, &mut outside);
    let requests = floor.transport.sent() - preparing;

    let used = Use { preparing, requests, spent, spent_by_stub, counted };
    let closing = reckoning::closing(&floor, &course, &used);
    (outside.log)(&interval_log::note(&json!({ "closing": closing })));
    let part = reckoning::part(opening, Some(closing), &course.total);
    let parts = vec![part];
    let summary = reckoning::summarise(&parts, &[], &course.total, course.seconds);
    if !summary.valid {
        let note = json!({ "invalid_because": summary.invalid_because });
        (outside.log)(&interval_log::note(&note));
    }
    Ok(Measured { summary, total: course.total, parts })
}

/// How long it is until the first operation is due.
fn lead(start_at: Option<SystemTime>) -> Result<Duration, RunError> {
    let Some(at) = start_at else { return Ok(LEAD) };
    at.duration_since(SystemTime::now())
        .map_err(|late| RunError::Late(late.duration().as_secs_f64()))
}

/// Waits until every worker is ready, or says why it makes no sense to go on.
async fn get_ready<T>(
    floor: &Floor<T>,
    stop: &AtomicBool,
    pool: &mut JoinHandle<Result<u64, String>>,
) -> Result<(), RunError> {
    let begun = Instant::now();
    let unprepared = || floor.unprepared.lock().unwrap_or_else(PoisonError::into_inner).clone();
    while floor.ready.load(Ordering::Relaxed) < floor.plan.users {
        if pool.is_finished() {
            let why = match pool.await {
                Ok(Err(why)) => why,
                _ => "the pool of workers ended".into(),
            };
            return Err(RunError::Generator(why));
        }
        if stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        if let Some(why) = unprepared() {
            return Err(RunError::Unprepared(why));
        }
        if begun.elapsed() > PREPARATION {
            let ready = floor.ready.load(Ordering::Relaxed);
            let why =
                format!("after {PREPARATION:?} {ready} of {} workers were ready", floor.plan.users);
            return Err(RunError::Unprepared(why));
        }
        sleep(Duration::from_millis(2)).await;
    }
    unprepared().map_or(Ok(()), |why| Err(RunError::Unprepared(why)))
}

/// Starts the pacer, or opens the window in which the users of the closed model are active.
fn begin<T: Transport + Send + Sync + 'static>(
    floor: &Arc<Floor<T>>,
    start: Instant,
    stop: &Arc<AtomicBool>,
) -> Result<Option<std::thread::JoinHandle<()>>, RunError> {
    if floor.plan.model == Model::Closed {
        floor.window.get_or_init(|| (start, start + floor.plan.duration));
        return Ok(None);
    }
    let (shared, ended) = (Arc::clone(floor), Arc::clone(floor));
    let release = move |operation, intended, lag| {
        let ticket = Ticket { intended, operation };
        shared.recorder.lag(lag);
        shared.open.fetch_add(1, Ordering::Relaxed);
        if !shared.queue.push(ticket) {
            miss(&shared, ticket);
        }
        true
    };
    let stop = Arc::clone(stop);
    let stopped = move || stop.load(Ordering::Relaxed) || ended.ended.load(Ordering::Relaxed);
    let plan = &floor.plan;
    let arrivals = shard::arrivals(&plan.schedule, &plan.operations, plan.shard);
    let pacer = pacer::spawn(arrivals, start, release, stopped);
    pacer.map(Some).map_err(|e| RunError::Generator(format!("no thread for the pacer: {e}")))
}

/// Watches a run until it is over.
async fn observe<T: Transport>(
    floor: &Floor<T>,
    course: &mut Course,
    outside: &mut Outside<'_>,
    pacer: Option<&std::thread::JoinHandle<()>>,
) {
    let plan = &floor.plan;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rotate_at = plan.rotate_keys_every;
    let mut give_up = course.start + plan.duration + plan.deadline + plan.deadline;
    loop {
        ticks.tick().await;
        let elapsed = course.start.elapsed();
        let waiting = floor.queue.len();
        course.looks += 1;
        course.saturated +=
            u64::from(waiting > 0 && floor.busy.load(Ordering::Relaxed) >= plan.users);
        // At whole seconds, so that the logs of several machines add second by second.
        if elapsed.as_secs() > course.last.as_secs() {
            second(floor, course, outside);
        }
        if rotate_at.is_some_and(|at| elapsed >= at && elapsed < plan.duration) {
            rotate_at = rotate_at.zip(plan.rotate_keys_every).map(|(at, every)| at + every);
            rotate(floor, course).await;
        }
        if outside.stop.load(Ordering::Relaxed) && course.stopped.is_none() {
            course.stopped = Some("stopped by the user; this is the report so far".into());
        }
        if course.stopped.is_some() && !floor.ended.swap(true, Ordering::Relaxed) {
            give_up = give_up.min(Instant::now() + FAREWELL);
            // What was not sent because the run was stopped was not missed.
            floor.open.fetch_sub(floor.queue.drain().len(), Ordering::Release);
        }
        let over = pacer.map_or_else(
            || elapsed >= plan.duration || floor.ended.load(Ordering::Relaxed),
            std::thread::JoinHandle::is_finished,
        );
        let open = floor.open.load(Ordering::Acquire) > 0;
        // It is looked at every so often only, and nothing must seem late for that.
        if !over {
            course.paced = elapsed;
        }
        if !over || open {
            course.done = elapsed;
        }
        if (over && !open) || Instant::now() > give_up {
            return;
        }
    }
}

/// Takes another second.
fn second<T>(floor: &Floor<T>, course: &mut Course, outside: &mut Outside<'_>) {
    let elapsed = course.start.elapsed();
    let (begun, length) = (course.last, elapsed.saturating_sub(course.last));
    course.last = elapsed;
    let interval = floor.recorder.collect();
    let names: Vec<&str> = floor.plan.operations.iter().map(|o| o.name.as_str()).collect();
    let scheduled = floor.plan.model == Model::Open;
    let second = summary::second(elapsed.as_secs_f64(), &interval, &names, scheduled);
    recorder::add(&mut course.total, &interval);
    course.seconds.push(second);
    if let Some(why) = course.watch.observe(&interval, &names, floor.plan.stop_at_error_rate)
        && course.stopped.is_none()
    {
        (course.stopped, course.failed) = (Some(why), true);
    }
    let broken =
        outside.fail_fast.then(|| threshold::broken_early(&floor.plan.thresholds, &course.total));
    if let Some(first) = broken.unwrap_or_default().first()
        && course.stopped.is_none()
    {
        let limit = threshold::describe(first);
        course.stopped = Some(format!("stopped by --fail-fast: {limit}"));
    }
    let failed = course.seconds.iter().map(|second| second.done - second.ok).sum();
    (outside.progress)(&Progress {
        elapsed,
        duration: floor.plan.duration,
        second,
        failed,
        busy: (floor.busy.load(Ordering::Relaxed), floor.plan.users),
        waiting: floor.queue.len(),
        lag_ms: interval.lag.quantile_ms(0.99),
    });
    // Histograms are encoded in memory, for which there is always enough.
    let lines = interval_log::lines(&Logged { begun, length, interval });
    (outside.log)(&lines.unwrap_or_else(|why| interval_log::note(&json!({ "lost": why }))));
}

async fn rotate<T: Transport>(floor: &Floor<T>, course: &mut Course) {
    let (provider, variables) = (floor.target.provider, &floor.target.variables);
    match hook::call("rotate_keys", provider, variables, &floor.transport).await {
        Ok(()) => course.rotations += 1,
        Err(why) if course.stopped.is_none() => {
            let why = floor.redactor.text(&why);
            (course.stopped, course.failed) =
                (Some(format!("stopped: the keys cannot be rotated: {why}")), true);
        }
        Err(_) => {}
    }
}

/// Lets the workers go.
fn end<T>(floor: &Floor<T>) {
    floor.ended.store(true, Ordering::Relaxed);
    floor.queue.close();
    swarm::stop();
}
