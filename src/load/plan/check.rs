//! What makes no sense in a load profile, found before anything is sent.

use super::{Overrides, inner_names, operations};
use crate::diagnostic::Diagnostic;
use crate::library::{Library, SourceFile};
use crate::load::profile::{self, Arrivals, Profile};
use crate::load::recorder::GENERATOR;
use crate::load::safety::{LONGEST, MOST_PER_SECOND, MOST_USERS};
use crate::load::schedule::{self, Schedule, Segment};
use crate::login::Login;
use crate::plan;
use crate::provider::Provider;
use crate::reference;
use crate::scenario::Action;
use crate::yaml::Located;

/// Numbers out of their bounds.
pub fn numbers(profile: &Profile, overrides: &Overrides) -> Vec<String> {
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
    let machines = overrides.shard.of;
    if machines > 1 && overrides.users.unwrap_or(profile.users) < machines {
        mistakes.push(format!("{machines} workers need at least as many users to share out"));
    }
    if overrides.rate.is_some() && matches!(profile.arrivals, Arrivals::Step(_)) {
        mistakes.push("--rate says nothing to a profile whose steps have their own rates".into());
    }
    mistakes
}

/// What only shows in the schedule as a whole: a rate or a duration out of bounds.
///
/// # Errors
/// Says which.
pub fn schedule(schedule: &Schedule) -> Result<(), String> {
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

/// What is named and does not exist, or contradicts itself.
pub fn names(
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
        mistakes.extend(check_thresholds(profile, file, library, &provider.login));
    }
    mistakes
}

fn check_thresholds(
    profile: &Profile,
    file: &SourceFile,
    library: &Library,
    login: &Login,
) -> Vec<Diagnostic> {
    let operations = operations(profile, library, login);
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
            Some((_, known)) if plan::disturbs(&known.steps) || known.hazard.is_some() => Some((
                case,
                format!("`{}` changes the provider for others, waits, or is hazardous", case.value),
            )),
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
