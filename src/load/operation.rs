//! What a worker does with a ticket: execute, judge, record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::sleep;
use url::Url;

use crate::evaluate::text;
use crate::execute::execute_from;
use crate::history::History;
use crate::library::Library;
use crate::load::classify::{self, Told};
use crate::load::outcome::Outcome;
use crate::load::plan::{Operation, Plan};
use crate::load::polling;
use crate::load::profile::Model;
use crate::load::recorder::{Recorder, Sample};
use crate::load::shard;
use crate::load::swarm::Work;
use crate::load::tally::Tally;
use crate::load::ticket::{Queue, Ticket};
use crate::load::verification::{self, KeyCache};
use crate::redact::Redactor;
use crate::target::{self, Target};
use crate::transport::Transport;
use crate::variables::Variables;

/// How many workers prepare themselves at once: the load must not begin before the load.
const PREPARING: usize = 16;
/// How long a worker without work pauses.
const IDLE: Duration = Duration::from_millis(20);

/// What all workers share.
pub struct Floor<T> {
    /// What is run.
    pub plan: Plan,
    /// The requirements that cases are judged by.
    pub library: &'static Library,
    /// The provider.
    pub target: Target<'static>,
    /// How it is reached.
    pub transport: Tally<T>,
    /// Takes secrets out of reasons.
    pub redactor: Redactor,
    /// Takes measurements.
    pub recorder: Recorder,
    /// The arrivals, in the open model.
    pub queue: Queue,
    /// The provider's keys.
    pub keys: KeyCache,
    /// How many operations are due and not done.
    pub open: AtomicUsize,
    /// How many workers are doing something.
    pub busy: AtomicUsize,
    /// How many workers are ready.
    pub ready: AtomicUsize,
    /// How many operations were judged.
    pub judged: AtomicU64,
    /// How many operations have begun.
    pub begun: AtomicU64,
    /// Why a worker could not prepare itself.
    pub unprepared: std::sync::Mutex<Option<String>>,
    /// In the closed model, when the first operation begins and no more do.
    pub window: std::sync::OnceLock<(Instant, Instant)>,
    /// Whether everything is to end.
    pub ended: AtomicBool,
    /// The share of each operation.
    shares: Vec<f64>,
    preparing: Semaphore,
}

/// A worker.
pub struct Worker {
    index: usize,
    target: Target<'static>,
    /// The names that each operation starts with; or why it could not be prepared.
    names: Vec<Result<Variables, String>>,
    /// Where in the mix the worker is, in the closed model.
    turn: Vec<f64>,
}

/// The floor for a plan.
pub fn floor<T: Transport>(
    plan: Plan,
    library: &'static Library,
    target: Target<'static>,
    transport: T,
) -> Floor<T> {
    let address = target.variables.get("jwks_uri").and_then(serde_json::Value::as_str);
    let keys =
        KeyCache::new(address.and_then(|a| Url::parse(a).ok()), &target.provider.expected_iss);
    let backlog = crate::load::schedule::peak(&plan.schedule) * plan.deadline.as_secs_f64();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are capped")]
    let capacity = (backlog.ceil() as usize).max(plan.users);
    Floor {
        recorder: Recorder::new(crate::load::plan::step_names(&plan)),
        redactor: Redactor::new(&target.provider.secrets()),
        transport: Tally::new(transport),
        queue: Queue::new(capacity),
        keys,
        shares: plan.operations.iter().map(|operation| operation.share).collect(),
        plan,
        library,
        target,
        open: AtomicUsize::new(0),
        busy: AtomicUsize::new(0),
        ready: AtomicUsize::new(0),
        judged: AtomicU64::new(0),
        begun: AtomicU64::new(0),
        unprepared: std::sync::Mutex::default(),
        window: std::sync::OnceLock::new(),
        ended: AtomicBool::new(false),
        preparing: Semaphore::new(PREPARING),
    }
}

/// Chooses operations by their shares, evenly: after any number of choices no operation is more
/// than one behind its share.
pub fn next_in_mix(due: &mut [f64], shares: &[f64]) -> usize {
    let mut chosen = 0;
    for (index, share) in shares.iter().enumerate() {
        due[index] += share;
        if due[index] > due[chosen] {
            chosen = index;
        }
    }
    due[chosen] -= 1.0;
    chosen
}

/// The work of a pool, shared by everything that is done later, too.
pub struct Shift<T>(pub Arc<Floor<T>>);

impl<T: Transport + Send + Sync + 'static> Work for Shift<T> {
    type Worker = Worker;

    async fn begin(&self, index: usize) -> Worker {
        let floor = &self.0;
        let accounts = &floor.plan.accounts;
        let number = shard::user(index, floor.plan.shard);
        let user = accounts.get(number % accounts.len().max(1));
        let user = user.map_or(floor.target.provider.user.as_str(), String::as_str);
        let mut worker = Worker {
            index,
            target: target::fork(&floor.target, user),
            names: Vec::new(),
            turn: vec![0.0; floor.plan.operations.len()],
        };
        // Closed-model users must not do the same at the same time.
        for _ in 0..number % floor.shares.len() {
            next_in_mix(&mut worker.turn, &floor.shares);
        }
        let permit = floor.preparing.acquire().await;
        for operation in &floor.plan.operations {
            let names = prepare(floor, &worker.target, operation).await;
            if let Err(why) = &names {
                let mut first =
                    floor.unprepared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                first.get_or_insert_with(|| format!("{}: {why}", operation.name));
            }
            worker.names.push(names);
        }
        drop(permit);
        floor.ready.fetch_add(1, Ordering::Relaxed);
        worker
    }

    async fn turn(&self, worker: &mut Worker) -> bool {
        match self.0.plan.model {
            Model::Open => open_turn(&self.0, worker).await,
            Model::Closed => closed_turn(&self.0, worker).await,
        }
    }
}

/// Does what an operation needs before the clock starts.
async fn prepare<T: Transport>(
    floor: &Floor<T>,
    target: &Target<'static>,
    operation: &Operation,
) -> Result<Variables, String> {
    let names = target.variables.clone();
    if operation.prepare.is_empty() {
        return Ok(names);
    }
    let history = execute_from(&operation.prepare, names, target, &floor.transport).await;
    match classify::judge_steps(&operation.prepare, &history, &floor.redactor) {
        (Outcome::Ok, _) => {
            let last = history.records.last().map(|record| record.variables.clone());
            Ok(last.unwrap_or_else(|| target.variables.clone()))
        }
        (outcome, why) => Err(format!("{}: {}", outcome.name(), why.unwrap_or_default())),
    }
}

async fn open_turn<T: Transport + Send + Sync + 'static>(
    floor: &Arc<Floor<T>>,
    worker: &mut Worker,
) -> bool {
    let Some(ticket) = floor.queue.take().await else {
        sleep(IDLE).await;
        return false;
    };
    if ticket.intended.elapsed() >= floor.plan.deadline {
        miss(floor, ticket);
        return false;
    }
    floor.busy.fetch_add(1, Ordering::Relaxed);
    let done = perform(floor, worker, ticket.operation, Some(ticket.intended)).await;
    floor.busy.fetch_sub(1, Ordering::Relaxed);
    floor.open.fetch_sub(1, Ordering::Release);
    done
}

/// Counts an arrival for which no worker was free. It waited until its deadline, at least.
pub fn miss<T>(floor: &Floor<T>, ticket: Ticket) {
    let response = Some(ticket.intended.elapsed().max(floor.plan.deadline));
    let sample = Sample { step: ticket.operation, response, ..Sample::default() };
    floor.recorder.record(ticket.operation, Outcome::Missed, sample);
    floor.open.fetch_sub(1, Ordering::Release);
}

async fn closed_turn<T: Transport + Send + Sync + 'static>(
    floor: &Arc<Floor<T>>,
    worker: &mut Worker,
) -> bool {
    let plan = &floor.plan;
    let Some((start, end)) = floor.window.get().copied() else {
        sleep(Duration::from_millis(1)).await;
        return false;
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of workers")]
    let place = shard::user(worker.index, plan.shard) as f64 / (plan.users * plan.shard.of) as f64;
    let mine = (
        start + plan.ramp_up.mul_f64(place),
        end.checked_sub(plan.ramp_down.mul_f64(place)).unwrap_or(start),
    );
    let now = Instant::now();
    if now < mine.0 || now >= mine.1 || floor.ended.load(Ordering::Relaxed) {
        sleep(IDLE.min(mine.0.saturating_duration_since(now)).max(Duration::from_millis(1))).await;
        return false;
    }
    let operation = next_in_mix(&mut worker.turn, &floor.shares);
    floor.open.fetch_add(1, Ordering::Relaxed);
    let done = perform(floor, worker, operation, None).await;
    floor.open.fetch_sub(1, Ordering::Release);
    if !plan.think_time.is_zero() {
        sleep(plan.think_time).await;
    }
    done
}

/// Does an operation once; without an intended instant it is due when it is begun. Says whether
/// there was anything to do.
async fn perform<T: Transport + Send + Sync + 'static>(
    floor: &Arc<Floor<T>>,
    worker: &mut Worker,
    index: usize,
    intended: Option<Instant>,
) -> bool {
    let operation = &floor.plan.operations[index];
    let begun = Instant::now();
    let names = match &worker.names[index] {
        Ok(names) => names.clone(),
        Err(why) => {
            let reason = Some(format!("the worker could not be prepared: {why}"));
            let response = Some(Duration::ZERO);
            let sample = Sample { step: index, response, reason, ..Sample::default() };
            floor.recorder.record(worker.index, Outcome::Error, sample);
            return false;
        }
    };
    let history =
        execute_from(&operation.steps, names.clone(), &worker.target, &floor.transport).await;
    let names = history.records.last().map_or(names, |record| record.variables.clone());
    let verified = verify(floor, operation, &names).await;
    let ended = Instant::now();
    let (outcome, reason) = match tell(floor, operation, &history) {
        (Outcome::Ok, _) => {
            verified.map_or_else(|why| (Outcome::Wrong, Some(why)), |()| (Outcome::Ok, None))
        }
        told => told,
    };
    let service = ended - begun;
    let sample = Sample {
        step: index,
        response: Some(intended.map_or(service, |due| ended.saturating_duration_since(due))),
        service: Some(service),
        wait: intended.map(|due| begun.saturating_duration_since(due)),
        reason,
        retry_after: classify::retry_after(&history),
    };
    floor.recorder.record(worker.index, outcome, sample);
    record_inner(floor, worker.index, operation, &history, outcome);
    if outcome == Outcome::Ok {
        carry(worker, index, operation, &names);
        polling::follow_up(floor, (worker.index, &worker.target), operation, names);
    }
    true
}

/// Judges an operation, or every so manieth.
fn tell<T>(floor: &Floor<T>, operation: &Operation, history: &History) -> Told {
    let number = floor.begun.fetch_add(1, Ordering::Relaxed);
    if !number.is_multiple_of(floor.plan.judge_every) {
        return classify::judge_none(history, &floor.redactor);
    }
    floor.judged.fetch_add(1, Ordering::Relaxed);
    match &operation.case {
        Some(case) => classify::judge_case(floor.library, case, history, &floor.redactor),
        None => classify::judge_steps(&operation.steps, history, &floor.redactor),
    }
}

async fn verify<T: Transport>(
    floor: &Floor<T>,
    operation: &Operation,
    names: &Variables,
) -> Result<(), String> {
    let Some(verify) = &operation.verify else { return Ok(()) };
    let token = text(&verify.token, names)?.unwrap_or_default();
    verification::verify(&token, verify.keys, &floor.keys, &floor.transport).await
}

/// The steps inside an operation have service times only: they are never due by themselves.
fn record_inner<T>(
    floor: &Floor<T>,
    worker: usize,
    operation: &Operation,
    history: &History,
    whole: Outcome,
) {
    for (position, name) in &operation.measured {
        let Some(record) = history.records.iter().find(|record| record.step == *position) else {
            continue;
        };
        let name = format!("{}/{name}", operation.name);
        let Some(step) = floor.recorder.steps.iter().position(|known| *known == name) else {
            continue;
        };
        let last = history.records.last().map(|last| last.step) == Some(*position);
        let trouble = classify::transport_trouble(&record.exchanges).map(|(outcome, _)| outcome);
        let outcome = trouble.unwrap_or(if last { whole } else { Outcome::Ok });
        let service = record.exchanges.iter().map(|exchange| exchange.elapsed).sum();
        let sample = Sample { step, service: Some(service), ..Sample::default() };
        floor.recorder.record(worker, outcome, sample);
    }
}

fn carry(worker: &mut Worker, index: usize, operation: &Operation, names: &Variables) {
    if operation.carry.is_empty() {
        return;
    }
    if let Ok(own) = &mut worker.names[index] {
        for name in &operation.carry {
            if let Some(value) = names.get(name) {
                own.insert(name.clone(), value.clone());
            }
        }
    }
}
