//! The load plan: a profile with everything in it checked, spelt out and ready to run.

use std::time::Duration;

use crate::case::{Case, CaseStep};
use crate::diagnostic::Diagnostic;
use crate::expectation::Predicate;
use crate::library::{Library, SourceFile};
use crate::load::profile::{self, Arrivals, Later, Model, Profile, Validity, Verify};
use crate::load::schedule::{self, Process, Schedule, Segment};
use crate::load::sender::Kind;
use crate::load::shard::{self, Shard};
use crate::load::threshold::{self, Limit};
use crate::login::Login;
use crate::plan;
use crate::provider::Provider;
use crate::yaml;

mod check;

/// What the command line changes in a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Overrides {
    /// The rate.
    pub rate: Option<f64>,
    /// The duration, in seconds.
    pub duration: Option<f64>,
    /// The number of workers.
    pub users: Option<usize>,
    /// The model.
    pub model: Option<Model>,
    /// By what requests are sent.
    pub transport: Kind,
    /// Which part of the load this machine makes.
    pub shard: Shard,
}

/// A load run, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it is for.
    pub title: String,
    /// Who decides when the next operation comes.
    pub model: Model,
    /// By what requests are sent.
    pub transport: Kind,
    /// When operations are due, in the open model.
    pub schedule: Schedule,
    /// How long operations come.
    pub duration: Duration,
    /// Which part of the load this machine makes.
    pub shard: Shard,
    /// How many workers there are on this machine.
    pub users: usize,
    /// In the closed model, the time in which the users begin.
    pub ramp_up: Duration,
    /// In the closed model, the time in which they end.
    pub ramp_down: Duration,
    /// In the closed model, the pause after an operation.
    pub think_time: Duration,
    /// How long an operation may take.
    pub deadline: Duration,
    /// The users who sign in, in turn.
    pub accounts: Vec<String>,
    /// Of how many operations one is judged.
    pub judge_every: u64,
    /// How often the signing keys are rotated.
    pub rotate_keys_every: Option<Duration>,
    /// The share of failures at which the run stops by itself.
    pub stop_at_error_rate: f64,
    /// What makes the measurement invalid.
    pub validity: Validity,
    /// What must be reached.
    pub thresholds: Vec<Limit>,
    /// What is done.
    pub operations: Vec<Operation>,
}

/// One kind of operation, ready to run.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Its share of all operations, between 0 and 1.
    pub share: f64,
    /// What each worker does once.
    pub prepare: Vec<CaseStep>,
    /// What is done each time.
    pub steps: Vec<CaseStep>,
    /// The case that it is, when it is judged by its requirements.
    pub case: Option<Case>,
    /// The names of the steps that are measured by themselves, by their position.
    pub measured: Vec<(usize, String)>,
    /// The names whose values a worker takes along.
    pub carry: Vec<String>,
    /// The token that is verified.
    pub verify: Option<Verify>,
    /// What is done later.
    pub later: Option<(Later, Vec<CaseStep>)>,
}

/// Reads a profile.
///
/// # Errors
/// Points at the mistake.
pub fn parse(file: &SourceFile) -> Result<Profile, Diagnostic> {
    yaml::parse(&file.path, &file.text)
}

/// Makes a profile ready to run.
///
/// # Errors
/// Says what is wrong with it, all of it, one message each.
pub fn bind(
    profile: &Profile,
    overrides: &Overrides,
    file: &SourceFile,
    library: &Library,
    provider: &Provider,
) -> Result<Plan, Vec<String>> {
    let mut mistakes = check::numbers(profile, overrides);
    let diagnostics = check::names(profile, file, library, provider);
    mistakes.extend(diagnostics.iter().map(ToString::to_string));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let operations = operations(profile, library, &provider.login);
    let schedule = schedule(profile, overrides);
    check::schedule(&schedule).map_err(|mistake| vec![mistake])?;
    let seconds = Duration::from_secs_f64;
    let accounts = match profile.accounts.as_slice() {
        [] => provider.users.keys().cloned().collect(),
        named => named.iter().map(|account| account.value.clone()).collect(),
    };
    Ok(Plan {
        title: profile.title.clone(),
        model: overrides.model.unwrap_or(profile.model),
        transport: overrides.transport,
        duration: schedule::duration(&schedule),
        schedule,
        shard: overrides.shard,
        users: shard::users(overrides.users.unwrap_or(profile.users), overrides.shard),
        ramp_up: seconds(profile.ramp_up),
        ramp_down: seconds(profile.ramp_down),
        think_time: seconds(profile.think_time),
        deadline: seconds(profile.deadline),
        accounts,
        judge_every: profile.judge_every,
        rotate_keys_every: profile.rotate_keys_every.map(seconds),
        stop_at_error_rate: profile.stop_at_error_rate,
        validity: profile.validity,
        thresholds: threshold::limits(&profile.thresholds),
        operations,
    })
}

/// The names of everything that is measured, operations first.
pub fn step_names(plan: &Plan) -> Vec<String> {
    let operations = plan.operations.iter().map(|operation| operation.name.clone());
    operations.chain(inner_names(&plan.operations)).collect()
}

/// The names of what is measured inside of operations, or after them.
fn inner_names(operations: &[Operation]) -> Vec<String> {
    let of = |operation: &Operation| {
        let steps = operation.measured.iter().map(|(_, name)| name.clone());
        let later = operation.later.iter().map(|(later, _)| later.name.value.clone());
        let names = steps.chain(later).map(|name| format!("{}/{name}", operation.name));
        names.collect::<Vec<_>>()
    };
    let mut names: Vec<String> = Vec::new();
    for name in operations.iter().flat_map(of) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn schedule(profile: &Profile, overrides: &Overrides) -> Schedule {
    let own: f64 = profile.operations.iter().filter_map(|operation| operation.rate).sum();
    let given = overrides.rate.or(profile.rate);
    let rate = given.unwrap_or(if own > 0.0 { own } else { 10.0 });
    let seconds = overrides.duration.unwrap_or(profile.duration);
    let flat = |rate, seconds| Segment { from: rate, to: rate, seconds };
    let segments = match &profile.arrivals {
        Arrivals::Constant | Arrivals::Poisson { .. } => vec![flat(rate, seconds)],
        Arrivals::Ramp { from } => vec![Segment { from: *from, to: rate, seconds }],
        Arrivals::Step(stages) => stages.iter().map(|s| flat(s.rate, s.duration)).collect(),
        Arrivals::Spike { to, at, lasting } => {
            let after = (seconds - at - lasting).max(0.0);
            vec![flat(rate, *at), flat(*to, *lasting), flat(rate, after)]
        }
    };
    let process = match profile.arrivals {
        Arrivals::Poisson { seed } => Process::Poisson { seed },
        _ => Process::Regular,
    };
    Schedule { segments, process }
}

fn operations(profile: &Profile, library: &Library, login: &Login) -> Vec<Operation> {
    let weight =
        |operation: &profile::Operation| operation.rate.or(operation.weight).unwrap_or(1.0);
    let total: f64 = profile.operations.iter().map(weight).sum();
    let each = profile.operations.iter().map(|operation| {
        let case = operation.case.as_ref().and_then(|id| plan::case(library, login, &id.value));
        let steps = match &case {
            Some(case) => case.steps.clone(),
            None => demanding(plan::steps(library, login, &operation.steps)),
        };
        let later = operation
            .later
            .as_ref()
            .map(|later| (later.clone(), demanding(plan::steps(library, login, &later.steps))));
        Operation {
            name: operation.name.value.clone(),
            share: weight(operation) / total,
            prepare: demanding(plan::steps(library, login, &operation.prepare)),
            measured: measured(&steps),
            steps,
            case,
            carry: operation.carry.iter().map(|name| name.value.clone()).collect(),
            verify: operation.verify.clone(),
            later,
        }
    });
    each.collect()
}

/// Steps of which the last must be accepted, unless it says what else it must be.
fn demanding(mut steps: Vec<CaseStep>) -> Vec<CaseStep> {
    if let Some(last) = steps.last_mut()
        && last.assume.is_empty()
    {
        last.assume.push(Predicate::Accepted);
    }
    steps
}

/// The steps of an operation that are worth a number of their own: those with a name, when there
/// is more than one.
fn measured(steps: &[CaseStep]) -> Vec<(usize, String)> {
    let named = steps.iter().enumerate();
    let named: Vec<(usize, String)> =
        named.filter_map(|(index, step)| Some((index, step.name.clone()?))).collect();
    if named.len() > 1 { named } else { Vec::new() }
}
