//! The capability table: which checks apply to this provider, and why the others do not.

use serde::Serialize;

use super::sign::{Area, Sign, State};
use super::{Checkup, sign};
use crate::capability::{CAPABILITIES, Capabilities, Lack};
use crate::library::Library;
use crate::plan;
use crate::provider::Provider;
use crate::scenario::Hazard;
use crate::selection::Selection;

/// One capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub capability: &'static str,
    /// Whether checks that need it apply.
    pub applies: bool,
    /// Why they do not, or what is to be repaired first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How many cases need it, whatever else they need.
    pub cases: usize,
}

/// How many cases apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Those that apply.
    pub apply: usize,
    /// All of them.
    pub all: usize,
}

/// The table and how many cases apply.
pub fn rows(
    library: &Library,
    provider: &Provider,
    capabilities: &Capabilities,
    signs: &[Sign],
) -> (Vec<Row>, Count) {
    let row = |capability: &'static str| {
        let (applies, why) = match capabilities.missing(capability) {
            None => (true, unrepaired(capability, signs)),
            Some(Lack::Absent(why) | Lack::Unknown(why)) => (false, Some(reason(capability, &why))),
        };
        Row { capability, applies, why, cases: needing(library, capability) }
    };
    let rows = CAPABILITIES.into_iter().map(row).filter(|row| row.cases > 0).collect();
    let hazards = [Hazard::Race, Hazard::LockOut];
    let cases = plan::bind(library, provider, capabilities, &Selection::default(), &hazards)
        .unwrap_or_default();
    let apply = cases.iter().filter(|case| case.skip.is_none()).count();
    (rows, Count { apply, all: cases.len() })
}

fn reason(capability: &str, why: &str) -> String {
    why.strip_prefix(&format!("needs {capability}: ")).unwrap_or(why).to_owned()
}

/// What stands in the way of a grant that is offered.
fn unrepaired(capability: &str, signs: &[Sign]) -> Option<String> {
    let sign = signs.iter().find(|sign| sign.area == Area::Grants && sign.subject == capability)?;
    match sign.state {
        State::Well => None,
        State::Wrong | State::Unreachable => Some("does not work yet, see above".into()),
        State::Left => Some(sign.found.clone()),
    }
}

/// How many cases need a capability.
fn needing(library: &Library, capability: &str) -> usize {
    let loaded = library.scenarios.iter().map(|loaded| &loaded.scenario);
    let counts = loaded.map(|scenario| {
        let rows: Vec<_> = scenario.steps.iter().flat_map(|step| &step.cases).collect();
        if scenario.needs.iter().any(|need| need.value == capability) {
            return rows.len().max(1);
        }
        let named = |need: &crate::yaml::Located<String>| need.value == capability;
        rows.iter().filter(|row| row.needs.iter().any(named)).count()
    });
    counts.sum()
}

/// All that was found, as text.
pub fn write(checkup: &Checkup) -> String {
    let Checkup { provider, issuer, file, .. } = checkup;
    let mut text = format!("{provider}  {issuer}  ({file})\n");
    let mut area = None;
    for sign in &checkup.signs {
        if area != Some(sign.area) {
            text += &format!("\n{}\n", sign.area.word());
            area = Some(sign.area);
        }
        text += &line(sign);
    }
    if !checkup.capabilities.is_empty() {
        text += &capability_table(checkup);
    }
    text + &conclusion(checkup)
}

fn line(sign: &Sign) -> String {
    let mark = match sign.state {
        State::Well => "ok",
        State::Wrong => "CHANGE",
        State::Unreachable => "DEAD",
        State::Left => "-",
    };
    let mut text = format!("  {mark:7} {}: {}\n", sign.subject, sign.found);
    text.extend(sign.next.iter().map(|next| format!("          next: {next}\n")));
    text
}

fn capability_table(checkup: &Checkup) -> String {
    let mut text = "\nwhat applies\n".to_owned();
    for row in &checkup.capabilities {
        let mark = if row.applies { "yes" } else { "no" };
        let why = row.why.as_ref().map(|why| format!("  {why}")).unwrap_or_default();
        let line = format!("  {mark:4} {:32} {:4} cases{why}", row.capability, row.cases);
        text += line.trim_end();
        text.push('\n');
    }
    let Count { apply, all } = checkup.cases;
    text + &format!("  {apply} of {all} cases apply\n")
}

fn conclusion(checkup: &Checkup) -> String {
    let count = |state| checkup.signs.iter().filter(|sign| sign.state == state).count();
    let (wrong, dead) = (count(sign::State::Wrong), count(sign::State::Unreachable));
    match (wrong, dead) {
        (0, 0) => "\nall is well: run `authgauge run --provider` with this file\n".into(),
        (wrong, 0) => format!("\n{wrong} to change, all of it configuration, none a verdict\n"),
        (wrong, dead) => {
            format!("\n{dead} cannot be reached, {wrong} to change; no verdict on the provider\n")
        }
    }
}
