//! Cross-references of provider files and of requirement rows.

use super::inner;
use crate::capability::{CAPABILITIES, ENDPOINTS, HOOKS, ROLES};
use crate::diagnostic::{Diagnostic, Place};
use crate::library::{Library, SourceFile};
use crate::plan;
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
    let cases: Vec<String> = plan::unfold(library).into_iter().map(|(_, case)| case.id).collect();
    for entry in &provider.known {
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

fn speaks_about(steps: &[Step], requirement: &str) -> bool {
    steps.iter().any(|step| {
        step.expect.iter().any(|expectation| expectation.req.value == requirement)
            || inner(step).iter().any(|steps| speaks_about(steps, requirement))
    })
}
