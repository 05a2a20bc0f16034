//! The load plan: a profile with everything in it checked, spelt out and ready to run.

use std::time::Duration;

use crate::case::{Case, CaseStep};
use crate::diagnostic::Diagnostic;
use crate::expectation::Predicate;
use crate::library::{Library, SourceFile};
use crate::load::profile::{self, Arrivals, Later, Model, Profile, Threshold, Validity, Verify};
use crate::load::recorder::GENERATOR;
use crate::load::safety::{LONGEST, MOST_PER_SECOND, MOST_USERS};
use crate::load::schedule::{self, Process, Schedule, Segment};
use crate::plan;
use crate::provider::Provider;
use crate::reference;
use crate::scenario::Action;
use crate::yaml::{self, Located};

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
}

/// A load run, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it is for.
    pub title: String,
    /// Who decides when the next operation comes.
    pub model: Model,
    /// When operations are due, in the open model.
    pub schedule: Schedule,
    /// How long operations come.
    pub duration: Duration,
    /// How many workers there are.
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
    pub thresholds: Vec<Threshold>,
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
    let mut mistakes = check_numbers(profile, overrides);
    let diagnostics = check_names(profile, file, library, provider);
    mistakes.extend(diagnostics.iter().map(ToString::to_string));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let operations = operations(profile, library);
    let schedule = schedule(profile, overrides);
    check_schedule(&schedule).map_err(|mistake| vec![mistake])?;
    let seconds = Duration::from_secs_f64;
    let accounts = match profile.accounts.as_slice() {
        [] => provider.users.keys().cloned().collect(),
        named => named.iter().map(|account| account.value.clone()).collect(),
    };
    Ok(Plan {
        title: profile.title.clone(),
        model: overrides.model.unwrap_or(profile.model),
        duration: schedule::duration(&schedule),
        schedule,
        users: overrides.users.unwrap_or(profile.users),
        ramp_up: seconds(profile.ramp_up),
        ramp_down: seconds(profile.ramp_down),
        think_time: seconds(profile.think_time),
        deadline: seconds(profile.deadline),
        accounts,
        judge_every: profile.judge_every,
        rotate_keys_every: profile.rotate_keys_every.map(seconds),
        stop_at_error_rate: profile.stop_at_error_rate,
        validity: profile.validity,
        thresholds: profile.thresholds.clone(),
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

fn check_numbers(profile: &Profile, overrides: &Overrides) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut within = |what: &str, value: f64, least: f64, most: f64| {
        if !(least..=most).contains(&value) {
            mistakes.push(format!("{what} must be between {least} and {most}, but is {value}"));
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "a count of workers")]
    let (users, most) = (overrides.users.unwrap_or(profile.users) as f64, MOST_USERS as f64);
    within("the number of users", users, 1.0, most);
    within("the duration in seconds", overrides.duration.unwrap_or(profile.duration), 0.1, LONGEST);
    within("the deadline in seconds", profile.deadline, 0.001, 600.0);
    within("ramp_up", profile.ramp_up, 0.0, LONGEST);
    within("ramp_down", profile.ramp_down, 0.0, LONGEST);
    within("think_time", profile.think_time, 0.0, 3600.0);
    within("stop_at_error_rate", profile.stop_at_error_rate, 0.0, 1.0);
    if let Some(every) = profile.rotate_keys_every {
        within("rotate_keys_every", every, 0.1, LONGEST);
    }
    for rate in profile.operations.iter().filter_map(|o| o.rate.or(o.weight)) {
        within("the rate or weight of an operation", rate, 1e-6, MOST_PER_SECOND);
    }
    if let Some(rate) = overrides.rate.or(profile.rate) {
        within("the rate per second", rate, 0.01, MOST_PER_SECOND);
    }
    if profile.judge_every == 0 {
        mistakes
            .push("judge_every must be 1 or more: without judging, an error page is fast".into());
    }
    if overrides.rate.is_some() && matches!(profile.arrivals, Arrivals::Step(_)) {
        mistakes.push("--rate says nothing to a profile whose steps have their own rates".into());
    }
    mistakes
}

/// What only shows in the schedule as a whole.
fn check_schedule(schedule: &Schedule) -> Result<(), String> {
    let (peak, seconds) = (schedule::peak(schedule), schedule::duration(schedule).as_secs_f64());
    let sound = |s: &Segment| s.from >= 0.0 && s.to >= 0.0 && s.seconds >= 0.0;
    if !schedule.segments.iter().all(sound) || !(0.01..=MOST_PER_SECOND).contains(&peak) {
        return Err(format!(
            "the rate must reach 0.01 and not exceed {MOST_PER_SECOND} per second, but reaches {peak}"
        ));
    }
    if !(0.1..=LONGEST).contains(&seconds) {
        return Err(format!(
            "the arrivals must last between 0.1 and {LONGEST} s, but last {seconds} s"
        ));
    }
    Ok(())
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

fn check_names(
    profile: &Profile,
    file: &SourceFile,
    library: &Library,
    provider: &Provider,
) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    let mut mistake = |at: &Located<String>, message: String, hint: String| {
        let diagnostic = Diagnostic::new(&file.path, &file.text, at.place, message);
        mistakes.push(if hint.is_empty() { diagnostic } else { diagnostic.hint(hint) });
    };
    for (index, operation) in profile.operations.iter().enumerate() {
        let name = &operation.name;
        let before = &profile.operations[..index];
        if !is_name(&name.value) || name.value == GENERATOR {
            mistake(
                name,
                format!("`{}` is no name: use a-z, 0-9, _ and -", name.value),
                String::new(),
            );
        }
        if before.iter().any(|other| other.name.value == name.value) {
            mistake(
                name,
                format!("the operation `{}` stands here twice", name.value),
                String::new(),
            );
        }
        if let Some((at, message)) = contradiction(operation, library) {
            mistake(at, message, "`authgauge list` shows all cases".into());
        }
    }
    for account in &profile.accounts {
        if !provider.users.contains_key(&account.value) {
            let known = provider.users.keys().cloned().collect::<Vec<_>>().join(", ");
            let message = format!("the provider file has no user `{}`", account.value);
            mistake(account, message, format!("it has {known}"));
        }
    }
    for operation in &profile.operations {
        let later = operation.later.as_ref().map_or(&[][..], |later| &later.steps);
        let lists = [operation.prepare.as_slice(), &operation.steps, later];
        mistakes.extend(reference::check_steps(library, file, &lists));
    }
    if mistakes.is_empty() {
        mistakes.extend(check_thresholds(profile, file, library));
    }
    mistakes
}

fn check_thresholds(profile: &Profile, file: &SourceFile, library: &Library) -> Vec<Diagnostic> {
    let operations = operations(profile, library);
    let mut known: Vec<String> = operations.iter().map(|o| o.name.clone()).collect();
    known.extend(inner_names(&operations));
    let strange = profile.thresholds.iter().filter(|t| !known.contains(&t.step.value));
    let shown = strange.map(|threshold| {
        let message =
            format!("a threshold for `{}`, but no step has that name", threshold.step.value);
        let diagnostic = Diagnostic::new(&file.path, &file.text, threshold.step.place, message);
        diagnostic.hint(format!("expected one of {}", known.join(", ")))
    });
    let mut mistakes: Vec<Diagnostic> = shown.collect();
    if operations.is_empty() {
        mistakes.push(Diagnostic::whole_file(&file.path, "a profile needs at least one operation"));
    }
    mistakes
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(fits)
}

/// What makes no sense in an operation, and where.
fn contradiction<'a>(
    operation: &'a profile::Operation,
    library: &Library,
) -> Option<(&'a Located<String>, String)> {
    let name = &operation.name;
    if operation.weight.is_some() && operation.rate.is_some() {
        return Some((name, "an operation has either a `weight` or a `rate`".into()));
    }
    if let Some(case) = &operation.case {
        let known = plan::unfold(library).into_iter().find(|(_, known)| known.id == case.value);
        return match known {
            None => Some((case, format!("unknown case `{}`", case.value))),
            Some(_) if !operation.steps.is_empty() => {
                Some((case, "an operation has either a `case` or `steps`".into()))
            }
            Some((_, known)) if plan::disturbs(&known.steps, true) => {
                Some((case, format!("`{}` changes the provider for others, or waits", case.value)))
            }
            Some(_) => None,
        };
    }
    if operation.steps.is_empty() && operation.verify.is_none() {
        return Some((name, "an operation needs a `case`, `steps` or `verify`".into()));
    }
    let later = operation.later.iter().flat_map(|later| &later.steps);
    let mut all = operation.prepare.iter().chain(&operation.steps).chain(later);
    let waits = all.any(|step| {
        matches!(
            step.action,
            Action::Hook(_) | Action::Wait(_) | Action::Race(_) | Action::Repeat(_)
        )
    });
    waits.then(|| {
        let why = "under load a step cannot wait, repeat, race or use a hook; use `later`";
        (name, why.into())
    })
}

fn operations(profile: &Profile, library: &Library) -> Vec<Operation> {
    let weight =
        |operation: &profile::Operation| operation.rate.or(operation.weight).unwrap_or(1.0);
    let total: f64 = profile.operations.iter().map(weight).sum();
    let each = profile.operations.iter().map(|operation| {
        let case = operation.case.as_ref().and_then(|id| {
            let cases = plan::unfold(library).into_iter().map(|(_, case)| case);
            cases.into_iter().find(|case| case.id == id.value)
        });
        let steps = match &case {
            Some(case) => case.steps.clone(),
            None => demanding(plan::steps(library, &operation.steps, None)),
        };
        let later = operation
            .later
            .as_ref()
            .map(|later| (later.clone(), demanding(plan::steps(library, &later.steps, None))));
        Operation {
            name: operation.name.value.clone(),
            share: weight(operation) / total,
            prepare: demanding(plan::steps(library, &operation.prepare, None)),
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
