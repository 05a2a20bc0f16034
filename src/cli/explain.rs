//! `authgauge explain`.

use clap::Args;

use super::{Failure, print};
use crate::library::{Library, LoadedScenario};
use crate::profile::Stance;
use crate::spec::Requirement;

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A requirement, scenario or catalogue id, such as rfc7636/4.6/wrong-verifier or PKCE-02
    id: String,
}

/// Explains everything that has the id.
pub fn explain(args: &ExplainArgs, library: &Library) -> Result<u8, Failure> {
    let requirements = library.requirements.iter().filter(|requirement| {
        requirement.id == args.id || requirement.catalogue.as_ref() == Some(&args.id)
    });
    let mut parts: Vec<String> =
        requirements.map(|requirement| about_requirement(requirement, library)).collect();
    if parts.is_empty() {
        parts.extend(library.scenario(&args.id).map(about_scenario));
    }
    if parts.is_empty() {
        return Err(unknown(&args.id, library));
    }
    print(&parts.join("\n"));
    Ok(0)
}

fn unknown(id: &str, library: &Library) -> Failure {
    let word = id.rsplit('/').next().unwrap_or(id);
    let ids = library.requirements.iter().map(|requirement| requirement.id.as_str());
    let near: Vec<&str> = ids.filter(|known| known.contains(word)).take(5).collect();
    let hint = match near.as_slice() {
        [] => "`authgauge list` shows all ids".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    Failure::usage(format!("no requirement or scenario has the id `{id}`\nhint: {hint}"))
}

fn about_requirement(requirement: &Requirement, library: &Library) -> String {
    let catalogue = requirement.catalogue.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let spec = &requirement.spec;
    let mut text = format!(
        "{}{catalogue}\n{} · {} §{}\n{}\n\n  {}\n",
        requirement.id, requirement.level, spec.document, spec.section, spec.url, requirement.text
    );
    if let Some(reason) = &requirement.excluded {
        text += &format!("\nNot checked: {reason}\n");
    }
    if let Some(reason) = &requirement.open {
        text += &format!("\nNot checked yet: {reason}\n");
    }
    for loaded in library.profiles.values() {
        if let Some(stance) = loaded.profile.stance(&requirement.id) {
            text += &format!("\nIn the profile {}: {}", loaded.profile.name, about(stance));
        }
    }
    let faults = authgauge_mocks::faults();
    let proofs = faults.iter().filter(|fault| fault.requirements.contains(&requirement.id));
    for fault in proofs {
        text += &format!("\nProven by the fault {}: {}", fault.name, fault.title);
    }
    let checks = library.checks.get(&requirement.id).map(|checks| checks.scenarios.iter());
    for scenario in checks.into_iter().flatten().filter_map(|id| library.scenario(&id.value)) {
        text += &format!("\n\n{}", about_scenario(scenario));
    }
    text
}

fn about(stance: &Stance) -> String {
    let level = stance.level.map_or("not judged".to_owned(), |level| level.to_string());
    format!("{level}, by {}: {}\n", stance.section, stance.reason)
}

fn about_scenario(loaded: &LoadedScenario) -> String {
    let scenario = &loaded.scenario;
    let needs: Vec<&str> = scenario.needs.iter().map(|need| need.value.as_str()).collect();
    let twin = scenario.twin.as_ref().map(|twin| format!("\n  twin:  {twin}")).unwrap_or_default();
    let source = excerpt(loaded);
    format!(
        "{}\n  {}\n  needs: {}{twin}\n  file:  {}:{}\n\n{source}",
        loaded.id,
        scenario.title,
        needs.join(", "),
        loaded.file.path,
        scenario.id.place.line
    )
}

/// The scenario as it stands in its file: nothing explains it better.
fn excerpt(loaded: &LoadedScenario) -> String {
    let first = loaded.scenario.id.place.line;
    let lines = loaded.file.text.lines().skip(first - 1);
    let own = lines.enumerate().take_while(|(index, line)| *index == 0 || !starts_next(line));
    own.map(|(_, line)| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

fn starts_next(line: &str) -> bool {
    line.starts_with("  - id:") || line.starts_with("- id:")
}
