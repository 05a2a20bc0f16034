//! Cross-references of provider files and of requirement rows.

use super::inner;
use crate::capability::{CAPABILITIES, ENDPOINTS, HOOKS, ROLES};
use crate::diagnostic::{Diagnostic, Place};
use crate::library::{Library, SourceFile};
use crate::plan;
use crate::profile::{self, Stance};
use crate::provider::Provider;
use crate::scenario::Step;

/// Every name in a provider file that does not exist, as diagnostics.
pub fn check_provider(
    provider: &Provider,
    file: &SourceFile,
    library: &Library,
) -> Vec<Diagnostic> {
    let unknown = |what: &str, name: &str, known: &[&str]| {
        let message = format!("unknown {what} `{name}`, expected one of {}", known.join(", "));
        let place = Place { line: 1, column: 1 };
        Diagnostic::new(&file.path, &file.text, place, message).pointing_at(&format!("{name}:"))
    };
    let named = |what, names: Vec<&String>, known: &[&str]| -> Vec<Diagnostic> {
        let strange = names.into_iter().filter(|name| !known.contains(&name.as_str()));
        strange.map(|name| unknown(what, name, known)).collect()
    };
    let mut mistakes = named("capability", provider.offers.keys().collect(), &CAPABILITIES);
    mistakes.extend(named("hook", provider.hooks.keys().collect(), &HOOKS));
    mistakes.extend(named("endpoint", provider.endpoints.keys().collect(), &ENDPOINTS));
    mistakes.extend(named("client role", provider.clients.keys().collect(), &ROLES));
    if let Some(name) = &provider.profile
        && !library.profiles.contains_key(&name.value)
    {
        let message = profile::unknown(&name.value, library);
        mistakes.push(Diagnostic::new(&file.path, &file.text, name.place, message));
    }
    let cases: Vec<String> = plan::unfold(library).into_iter().map(|(_, case)| case.id).collect();
    // Beside scenarios of one's own, a provider file still knows what the others would find.
    let is_left_out = |id: &str| library.left_out.iter().any(|d| id.starts_with(&format!("{d}/")));
    for entry in provider.known.iter().filter(|known| !is_left_out(&known.requirement.value)) {
        let (id, case) = (&entry.requirement, entry.case.as_ref());
        if library.requirement(&id.value).is_none() {
            let message = format!("unknown requirement `{}` in `known`", id.value);
            mistakes.push(Diagnostic::new(&file.path, &file.text, id.place, message));
        }
        if let Some(case) = case.filter(|case| !cases.contains(&case.value)) {
            let message = format!("unknown case `{}` in `known`", case.value);
            mistakes.push(Diagnostic::new(&file.path, &file.text, case.place, message));
        }
    }
    mistakes
}

/// A requirement must name scenarios that exist and that speak about it.
pub fn requirement_rows(library: &Library) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for (requirement, checks) in &library.checks {
        for check in &checks.scenarios {
            let name = &check.value;
            let message = match library.scenario(name) {
                None => format!("requirement `{requirement}`: unknown scenario `{name}`"),
                Some(loaded) if !speaks_about(&loaded.scenario.steps, requirement) => {
                    format!("scenario `{name}` expects nothing for requirement `{requirement}`")
                }
                Some(_) => continue,
            };
            let SourceFile { path, text } = &checks.file;
            mistakes.push(Diagnostic::new(path, text, check.place, message));
        }
    }
    mistakes
}

/// A profile says one thing about a requirement, and only about requirements that exist. Those of
/// documents that are not here are left alone: a folder of one's own has the bundled profiles.
pub fn profiles(library: &Library) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for loaded in library.profiles.values() {
        let stances = &loaded.profile.requirements;
        for (index, stance) in stances.iter().enumerate() {
            let earlier = stances[..index].iter();
            let twice = earlier.clone().any(|s| s.requirement.value == stance.requirement.value);
            if let Some(message) = wrong_stance(library, stance, twice) {
                let SourceFile { path, text } = &loaded.file;
                mistakes.push(Diagnostic::new(path, text, stance.requirement.place, message));
            }
        }
    }
    mistakes
}

fn wrong_stance(library: &Library, stance: &Stance, twice: bool) -> Option<String> {
    let id = &stance.requirement.value;
    let document = id.split('/').next().unwrap_or_default();
    let here =
        library.requirements.iter().any(|known| known.id.starts_with(&format!("{document}/")));
    if here && library.requirement(id).is_none() {
        Some(format!("unknown requirement `{id}`"))
    } else if twice {
        Some(format!("requirement `{id}` stands here twice"))
    } else if stance.applies != stance.level.is_some() {
        Some("a requirement has either a `level` or `applies: false` in a profile".into())
    } else {
        None
    }
}

fn speaks_about(steps: &[Step], requirement: &str) -> bool {
    steps.iter().any(|step| {
        step.expect.iter().any(|expectation| expectation.req.value == requirement)
            || inner(step).iter().any(|steps| speaks_about(steps, requirement))
    })
}
