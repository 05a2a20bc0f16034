//! The plan: scenarios × rows bound to a provider, with a reason for every case that is not run.

use std::collections::BTreeSet;

use crate::action::Repeat;
use crate::capability::{Capabilities, Lack};
use crate::case::{Case, CaseStep, Operation, ParameterChanges, Rounds};
use crate::diagnostic::Place;
use crate::library::{Library, LoadedScenario};
use crate::login::Login;
use crate::polite;
use crate::provider::Provider;
use crate::scenario::{Action, Bindings, Changes, Hazard, Row, Step};
use crate::selection::Selection;
use crate::yaml::Located;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No scenario matches the selectors.
    #[error("nothing is selected by {}; `authgauge list` shows all ids", selectors.join(" "))]
    NothingSelected {
        /// The selectors, as typed.
        selectors: Vec<String>,
    },
}

/// The cases for a provider: the selected ones, and the twins without which they prove nothing.
///
/// # Errors
/// When nothing is selected.
pub fn bind(
    library: &Library,
    provider: &Provider,
    capabilities: &Capabilities,
    selection: &Selection,
    allowed: &[Hazard],
) -> Result<Vec<Case>, PlanError> {
    let by_api = matches!(provider.login, Login::Api(_));
    let cases: Vec<Case> = spelt(Speller { library, by_api })
        .into_iter()
        .map(|(scenario, case)| apply(scenario, case, provider, capabilities, allowed))
        .collect();
    let selected = selected(library, &cases, selection)?;
    let wanted = with_twins(&cases, selected);
    Ok(cases.into_iter().filter(|case| wanted.contains(&case.id)).collect())
}

/// The selected cases, without their twins and not yet bound to a provider.
///
/// # Errors
/// When a selector selects nothing.
pub fn select<'a>(
    library: &'a Library,
    selection: &Selection,
) -> Result<Vec<(&'a LoadedScenario, Case)>, PlanError> {
    let (loaded, cases): (Vec<_>, Vec<_>) = unfold(library).into_iter().unzip();
    let wanted = selected(library, &cases, selection)?;
    let pairs = loaded.into_iter().zip(cases);
    Ok(pairs.filter(|(_, case)| wanted.contains(&case.id)).collect())
}

/// Every case of the library, not yet bound to a provider.
pub fn unfold(library: &Library) -> Vec<(&LoadedScenario, Case)> {
    spelt(Speller { library, by_api: false })
}

/// Spells out steps.
#[derive(Clone, Copy)]
struct Speller<'a> {
    library: &'a Library,
    /// Whether an API signs users in where a flow leaves it open how.
    by_api: bool,
}

fn spelt(speller: Speller<'_>) -> Vec<(&LoadedScenario, Case)> {
    let scenarios = speller.library.scenarios.iter();
    scenarios.flat_map(|loaded| cases(speller, loaded).map(move |case| (loaded, case))).collect()
}

fn cases<'a>(speller: Speller<'a>, loaded: &'a LoadedScenario) -> impl Iterator<Item = Case> + 'a {
    let rows = loaded.scenario.steps.iter().flat_map(|step| &step.cases);
    let mut rows: Vec<Option<&Row>> = rows.map(Some).collect();
    if rows.is_empty() {
        rows.push(None);
    }
    rows.into_iter().map(move |row| Case {
        id: row.map_or_else(|| loaded.id.clone(), |row| format!("{}/{}", loaded.id, row.id)),
        scenario: loaded.id.clone(),
        title: loaded.scenario.title.clone(),
        file: loaded.file.path.clone(),
        line: loaded.scenario.id.place.line,
        twin: loaded.scenario.twin.as_ref().map(|twin| twin.value.clone()),
        steps: spell_steps(speller, &loaded.scenario.steps, row),
        skip: None,
        exclusive: false,
        waits: false,
        hazard: loaded.scenario.hazard,
    })
}

fn apply(
    loaded: &LoadedScenario,
    mut case: Case,
    provider: &Provider,
    capabilities: &Capabilities,
    allowed: &[Hazard],
) -> Case {
    let rows = loaded.scenario.steps.iter().flat_map(|step| &step.cases);
    let own = rows.filter(|row| format!("{}/{}", loaded.id, row.id) == case.id);
    let mut needs = loaded.scenario.needs.iter().chain(own.flat_map(|row| &row.needs));
    let races = has(&case.steps, &|operation| matches!(operation, Operation::Race(_)));
    case.hazard = case.hazard.or(races.then_some(Hazard::Race));
    let lacks = needs.find_map(|need| capabilities.missing(&need.value));
    case.skip = lacks
        .or_else(|| no_login(&case.steps, &provider.login))
        .or_else(|| case.hazard.and_then(|hazard| forbidden(hazard, provider, allowed)));
    let moves_clock = provider.hooks.contains_key("advance_clock");
    let waits = has(&case.steps, &is_wait);
    case.waits = waits && !moves_clock;
    case.exclusive = (waits && moves_clock) || has(&case.steps, &is_hook);
    case
}

/// Why nobody can log in as steps want, where the provider file rules it out.
pub fn no_login(steps: &[CaseStep], login: &Login) -> Option<Lack> {
    let why = match login {
        Login::None => "the provider file says `login: none`",
        Login::Api(_) => "the provider file logs in by an API, which has no pages",
        _ => return None,
    };
    let shows_page = |operation: &Operation| match operation {
        Operation::Visit(visit) => {
            visit.user.as_ref().is_none_or(|user| user.to_string() != "nobody")
        }
        _ => false,
    };
    has(steps, &shows_page).then(|| Lack::Absent(format!("needs a user who logs in: {why}")))
}

/// Why a hazardous case is not run: others may be using the provider.
fn forbidden(hazard: Hazard, provider: &Provider, allowed: &[Hazard]) -> Option<Lack> {
    if allowed.contains(&hazard) || polite::on_loopback(provider) {
        return None;
    }
    let (what, word) = match hazard {
        Hazard::Race => ("sends many requests at the same moment", "race"),
        Hazard::LockOut => ("may lock out a user or client", "lock-out"),
    };
    let why =
        format!("not run: it {what}, and the provider is not on this machine; --allow {word}");
    Some(Lack::Absent(why))
}

/// Whether steps ask for something or wait for something that concerns the whole provider.
pub fn disturbs(steps: &[CaseStep]) -> bool {
    has(steps, &|operation| is_hook(operation) || is_wait(operation))
}

/// Hooks act on the whole provider, and so does the clock where waiting means to move it.
fn is_hook(operation: &Operation) -> bool {
    matches!(operation, Operation::Hook(_))
}

fn is_wait(operation: &Operation) -> bool {
    match operation {
        Operation::Wait(..) => true,
        Operation::Repeat(rounds) => rounds.every.is_some(),
        _ => false,
    }
}

/// Whether a step, or one inside a step, does something.
fn has(steps: &[CaseStep], wanted: &impl Fn(&Operation) -> bool) -> bool {
    steps.iter().any(|step| {
        let inner = match &step.operation {
            Operation::Race(branches) => branches.iter().any(|branch| has(branch, wanted)),
            Operation::Repeat(rounds) => has(&rounds.steps, wanted),
            _ => false,
        };
        inner || wanted(&step.operation)
    })
}

/// The ids of the selected cases. A selector that selects nothing is a mistake even beside others:
/// a gate that silently tests less than it names would lie.
fn selected(
    library: &Library,
    cases: &[Case],
    selection: &Selection,
) -> Result<BTreeSet<String>, PlanError> {
    let ids: Vec<Vec<&str>> = cases.iter().map(|case| names(library, case)).collect();
    let every: Vec<&str> = ids.iter().flatten().copied().collect();
    let selectors: Vec<String> = selection.idle(&every).into_iter().map(str::to_owned).collect();
    if cases.is_empty() || !selectors.is_empty() {
        return Err(PlanError::NothingSelected { selectors });
    }
    let exact = selection.exact(&every);
    let pairs = cases.iter().zip(&ids);
    let chosen = pairs.filter(|(_, ids)| selection.selects(ids.iter().copied(), &exact));
    Ok(chosen.map(|(case, _)| case.id.clone()).collect())
}

/// All ids by which a case can be selected.
fn names<'a>(library: &'a Library, case: &'a Case) -> Vec<&'a str> {
    let mut names = vec![case.id.as_str(), case.scenario.as_str()];
    for id in case.requirements() {
        names.push(id);
        names.extend(library.requirement(id).and_then(|r| r.catalogue.as_deref()));
    }
    names
}

fn with_twins(cases: &[Case], mut wanted: BTreeSet<String>) -> BTreeSet<String> {
    loop {
        let twins: BTreeSet<&str> = cases
            .iter()
            .filter(|case| wanted.contains(&case.id))
            .filter_map(|case| case.twin.as_deref())
            .collect();
        let more = cases.iter().filter(|case| twins.contains(case.scenario.as_str()));
        let before = wanted.len();
        wanted.extend(more.map(|case| case.id.clone()).collect::<Vec<_>>());
        if wanted.len() == before {
            return wanted;
        }
    }
}

/// The steps of flows, one flow after the other, as users of a provider log in.
pub fn flows(library: &Library, login: &Login, names: &[&str]) -> Vec<CaseStep> {
    let call = |name: &&str| Step {
        name: None,
        action: Action::Flow(Located { value: (*name).to_owned(), place: Place::default() }),
        changes: Changes::default(),
        cases: Vec::new(),
        keep: Vec::new(),
        assume: Vec::new(),
        expect: Vec::new(),
        place: Place::default(),
    };
    let steps: Vec<Step> = names.iter().map(call).collect();
    spell_steps(Speller { library, by_api: matches!(login, Login::Api(_)) }, &steps, None)
}

/// Steps with their flows spelt out, for users who log in this way.
pub fn steps(library: &Library, login: &Login, steps: &[Step]) -> Vec<CaseStep> {
    spell_steps(Speller { library, by_api: matches!(login, Login::Api(_)) }, steps, None)
}

/// The case of this id, for users who log in this way, not yet bound to a provider.
pub fn case(library: &Library, login: &Login, id: &str) -> Option<Case> {
    let by_api = matches!(login, Login::Api(_));
    spelt(Speller { library, by_api }).into_iter().map(|(_, case)| case).find(|case| case.id == id)
}

fn spell_steps(speller: Speller<'_>, steps: &[Step], row: Option<&Row>) -> Vec<CaseStep> {
    steps
        .iter()
        .flat_map(|step| {
            let row = row.filter(|_| !step.cases.is_empty());
            spell_out(speller, step, &merged(&step.changes, row))
        })
        .collect()
}

/// A step's own changes and those of the row; the row wins.
fn merged(changes: &Changes, row: Option<&Row>) -> Changes {
    let mut merged = changes.clone();
    if let Some(row) = row {
        merged.with.0.extend(row.with.0.iter().cloned());
        merged.set.0.extend(row.set.0.iter().cloned());
        merged.omit.extend(row.omit.iter().cloned());
        merged.add.0.extend(row.add.0.iter().cloned());
    }
    merged
}

fn spell_out(speller: Speller<'_>, step: &Step, changes: &Changes) -> Vec<CaseStep> {
    let operation = match &step.action {
        Action::Flow(name) => return spell_out_flow(speller, step, &name.value, changes),
        Action::Send(send) => Operation::Send(Box::new(send.clone())),
        Action::Visit(visit) => Operation::Visit(Box::new(visit.clone())),
        Action::Let(bindings) => Operation::Let(bindings.clone()),
        Action::Jwt(jwt) => Operation::Jwt(Box::new(jwt.clone())),
        Action::Wait(wait) => Operation::Wait(wait.seconds.clone(), wait.purpose.clone()),
        Action::Hook(name) => Operation::Hook(name.value.clone()),
        Action::Race(race) => Operation::Race(
            (0..race.times)
                .flat_map(|_| race.branches.iter().map(|branch| spell_steps(speller, branch, None)))
                .collect(),
        ),
        Action::Repeat(repeat) => Operation::Repeat(rounds(speller, repeat)),
    };
    let own = CaseStep {
        name: step.name.clone(),
        operation,
        changes: parameters(changes),
        keep: step.keep.clone(),
        assume: step.assume.clone(),
        expect: step.expect.clone(),
    };
    binding_step(changes.with.clone()).into_iter().chain([own]).collect()
}

fn rounds(speller: Speller<'_>, repeat: &Repeat) -> Rounds {
    Rounds {
        times: repeat.times,
        every: repeat.every.clone(),
        until: repeat.until.clone(),
        steps: spell_steps(speller, &repeat.steps, None),
    }
}

/// The steps of a flow; what the caller changes, keeps and expects goes to the last of them.
fn spell_out_flow(
    speller: Speller<'_>,
    step: &Step,
    name: &str,
    changes: &Changes,
) -> Vec<CaseStep> {
    let flow =
        &speller.library.flows.get(name).expect("reference::check has seen every flow name").flow;
    let given = |name: &str| changes.with.0.iter().rev().find(|(own, _)| own == name);
    let bindings = flow.bindings.0.iter().map(|own| given(&own.0).unwrap_or(own).clone());
    let mut spelt: Vec<CaseStep> = binding_step(Bindings(bindings.collect())).into_iter().collect();
    let (last, before) = flow.steps.split_last().expect("reference::check refuses empty flows");
    spelt.extend(spell_steps(speller, before, None));
    let rest = Changes { with: Bindings::default(), ..changes.clone() };
    let mut ending = spell_out(speller, last, &combined(&last.changes, &rest));
    let end = ending.last_mut().expect("a step spells out to at least itself");
    end.name = step.name.clone().or(end.name.take());
    end.keep.extend(step.keep.iter().cloned());
    end.assume.extend(step.assume.iter().cloned());
    end.expect.extend(step.expect.iter().cloned());
    spelt.extend(ending);
    if speller.by_api && flow.signs_in && is_unchanged(&rest) {
        sign_in(&mut spelt);
    }
    spelt
}

fn is_unchanged(changes: &Changes) -> bool {
    let Changes { with: _, set, omit, add } = changes;
    set.0.is_empty() && omit.is_empty() && add.0.is_empty()
}

/// Lets an API do what the steps of a flow do. What is expected of their last answer cannot be said of
/// another one, and then they stay.
fn sign_in(spelt: &mut Vec<CaseStep>) {
    let Some(end) = spelt.pop_if(|end| end.expect.is_empty()) else { return };
    spelt.retain(|step| matches!(step.operation, Operation::Let(_)));
    spelt.push(CaseStep { operation: Operation::SignIn, ..end });
}

fn combined(first: &Changes, second: &Changes) -> Changes {
    let both = |a: &Bindings, b: &Bindings| Bindings(a.0.iter().chain(&b.0).cloned().collect());
    Changes {
        with: both(&first.with, &second.with),
        set: both(&first.set, &second.set),
        omit: first.omit.iter().chain(&second.omit).cloned().collect(),
        add: both(&first.add, &second.add),
    }
}

/// The step that binds names, where there is something to bind. That a flow takes a name as it is,
/// `scope: "${scope}"`, only says that its caller may give another value.
fn binding_step(mut bindings: Bindings) -> Option<CaseStep> {
    bindings.0.retain(|(name, template)| !template.is_just(name));
    (!bindings.0.is_empty()).then(|| CaseStep {
        name: None,
        operation: Operation::Let(bindings),
        changes: ParameterChanges::default(),
        keep: Vec::new(),
        assume: Vec::new(),
        expect: Vec::new(),
    })
}

fn parameters(changes: &Changes) -> ParameterChanges {
    ParameterChanges {
        set: changes.set.0.clone(),
        omit: changes.omit.iter().map(|name| name.value.clone()).collect(),
        add: changes.add.0.clone(),
    }
}
