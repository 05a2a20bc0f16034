//! Cross-references: every name in every scenario must exist before anything runs.

use std::collections::BTreeSet;

use crate::action::{SESSIONS, Send, Visit};
use crate::capability::{CAPABILITIES, ENDPOINTS, HOOKS, ROLES};
use crate::diagnostic::{Diagnostic, Place};
use crate::library::{Library, SourceFile};
use crate::scenario::{Action, Bindings, Flow, Row, Scenario, Step};
use crate::target::NAMES;
use crate::template::{Segment, Template, is_name};
use crate::yaml::Located;

mod names;
mod rows;

pub use rows::check_provider;

/// How deep flows may call flows; deeper means that one calls itself.
const DEPTH: usize = 8;

/// Every name that does not exist, as diagnostics.
pub fn check(library: &Library) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for (name, loaded) in &library.flows {
        let mut checker = Checker { library, file: &loaded.file, mistakes: &mut mistakes };
        checker.flow(name, &loaded.flow);
    }
    if mistakes.is_empty() {
        for loaded in &library.scenarios {
            let mut checker = Checker { library, file: &loaded.file, mistakes: &mut mistakes };
            checker.scenario(&loaded.scenario);
        }
    }
    mistakes.extend(rows::requirement_rows(library));
    mistakes.extend(rows::profiles(library));
    mistakes
}

/// The names in lists of steps that follow each other, outside of any scenario, that do not exist.
pub fn check_steps(library: &Library, file: &SourceFile, lists: &[&[Step]]) -> Vec<Diagnostic> {
    let (mut mistakes, mut scope) = (Vec::new(), Scope::start());
    for steps in lists {
        let mut checker = Checker { library, file, mistakes: &mut mistakes };
        checker.steps(steps, &mut scope, 0);
    }
    mistakes
}

/// The steps inside a step.
fn inner(step: &Step) -> Vec<&[Step]> {
    match &step.action {
        Action::Race(race) => race.branches.iter().map(Vec::as_slice).collect(),
        Action::Repeat(repeat) => vec![repeat.steps.as_slice()],
        _ => Vec::new(),
    }
}

struct Checker<'a> {
    library: &'a Library,
    file: &'a SourceFile,
    mistakes: &'a mut Vec<Diagnostic>,
}

/// The names that are bound, and the names of the steps before.
#[derive(Clone, Default)]
struct Scope {
    names: BTreeSet<String>,
    steps: BTreeSet<String>,
}

impl Scope {
    fn start() -> Self {
        let names = NAMES.iter().chain(&ENDPOINTS).map(|name| (*name).to_owned());
        Self { names: names.collect(), steps: BTreeSet::new() }
    }
}

impl<'a> Checker<'a> {
    fn mistake(&mut self, place: Place, message: impl Into<String>) -> &mut Diagnostic {
        let new = Diagnostic::new(&self.file.path, &self.file.text, place, message);
        self.mistakes.push(new);
        self.mistakes.last_mut().expect("one was just pushed")
    }

    fn known(&mut self, what: &str, name: &Located<String>, known: &[&str]) {
        if !known.contains(&name.value.as_str()) {
            let message = format!("unknown {what} `{}`", name.value);
            let hint = format!("expected one of {}", known.join(", "));
            self.mistake(name.place, message).hint = Some(hint);
        }
    }

    fn slug(&mut self, id: &Located<String>) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.value.is_empty() || !id.value.chars().all(fits) {
            let message = format!("`{}` is no slug: use a-z, 0-9 and -", id.value);
            self.mistake(id.place, message);
        }
    }

    fn scenario(&mut self, scenario: &'a Scenario) {
        self.slug(&scenario.id);
        for need in &scenario.needs {
            self.known("capability", need, &CAPABILITIES);
        }
        if let Some(twin) = &scenario.twin
            && self.library.scenario(&twin.value).is_none()
        {
            let message = format!("unknown twin `{}`: there is no such scenario", twin.value);
            self.mistake(twin.place, message);
        }
        if !expects(&scenario.steps) {
            let message =
                format!("scenario `{}` expects nothing, so it could never fail", scenario.id.value);
            self.mistake(scenario.id.place, message);
        }
        let tables = scenario.steps.iter().filter(|step| !step.cases.is_empty());
        if let Some(second) = tables.clone().nth(1) {
            self.mistake(second.place, "only one step of a scenario may have `cases`");
        }
        tables.for_each(|step| self.rows(&step.cases));
        self.steps(&scenario.steps, &mut Scope::start(), 0);
    }

    fn rows(&mut self, rows: &[Row]) {
        let mut seen = BTreeSet::new();
        for row in rows {
            self.slug(&row.id);
            row.needs.iter().for_each(|need| self.known("capability", need, &CAPABILITIES));
            if !seen.insert(&row.id.value) {
                self.mistake(row.id.place, format!("case `{}` stands here twice", row.id.value));
            }
        }
    }

    fn flow(&mut self, name: &str, flow: &Flow) {
        if flow.steps.is_empty() {
            self.mistake(Place::default(), format!("the flow `{name}` has no steps"));
        }
        let mut scope = Scope::start();
        scope.names.extend(flow.takes.iter().cloned());
        self.bindings(&flow.bindings, &mut scope);
        self.steps(&flow.steps, &mut scope, 0);
    }

    fn steps(&mut self, steps: &[Step], scope: &mut Scope, depth: usize) {
        for step in steps {
            if let Action::Flow(name) = &step.action {
                self.call(step, name, scope, depth);
            } else {
                self.replacements(step, scope);
                self.action(step, scope, depth);
            }
            self.changes(step, scope);
            self.answer(step, scope);
        }
    }

    /// Other values are for names that the request uses: a misspelt one would change nothing.
    fn replacements(&mut self, step: &Step, scope: &mut Scope) {
        let used = used(step);
        for (name, value) in with_rows(step) {
            if !used.contains(name.as_str()) {
                let message = format!("nothing in this step uses the name `{name}`");
                self.mistake(value.place, message);
            }
            self.template(value, scope);
        }
        scope.names.extend(step.changes.with.0.iter().map(|(name, _)| name.clone()));
    }

    /// A call of a flow: its names, and those it binds for the steps after it.
    fn call(&mut self, step: &Step, name: &Located<String>, scope: &mut Scope, depth: usize) {
        let flows: Vec<&str> = self.library.flows.keys().map(String::as_str).collect();
        let Some(loaded) = self.library.flows.get(&name.value) else {
            return self.known("flow", name, &flows);
        };
        if depth > DEPTH {
            self.mistake(name.place, format!("the flow `{}` calls itself", name.value));
            return;
        }
        let parameters: Vec<&str> =
            loaded.flow.bindings.0.iter().map(|(n, _)| n.as_str()).collect();
        for (given, value) in with_rows(step) {
            if !parameters.contains(&given.as_str()) {
                let message = format!("the flow `{}` has no name `{given}` to replace", name.value);
                let hint = format!("it binds {}", parameters.join(", "));
                self.mistake(value.place, message).hint = Some(hint);
            }
            self.template(value, scope);
        }
        for needed in loaded.flow.takes.iter().filter(|needed| !scope.names.contains(*needed)) {
            self.unresolved(needed, name.place, scope);
        }
        scope.names.extend(parameters.iter().map(|&name| name.to_owned()));
        // The steps of the flow were checked in its own file; here only what they bind counts.
        let mut ignored = Vec::new();
        let mut inside =
            Checker { library: self.library, file: &loaded.file, mistakes: &mut ignored };
        inside.steps(&loaded.flow.steps, scope, depth + 1);
        if let Some(looping) = ignored.into_iter().find(|m| m.message.contains("calls itself")) {
            self.mistake(name.place, looping.message);
        }
    }

    fn action(&mut self, step: &Step, scope: &mut Scope, depth: usize) {
        match &step.action {
            Action::Send(send) => self.send(send, step, scope),
            Action::Visit(visit) => self.visit(visit, step, scope),
            Action::Let(bindings) => self.bindings(bindings, scope),
            Action::Jwt(jwt) => {
                self.document(&jwt.header, step.place, scope);
                self.document(&jwt.claims, step.place, scope);
                scope.names.insert(jwt.name.value.clone());
            }
            Action::Wait(wait) => self.template(&wait.seconds, scope),
            Action::Hook(name) => self.known("hook", name, &HOOKS),
            Action::Race(race) => {
                if race.times == 0 || race.branches.iter().all(Vec::is_empty) {
                    self.mistake(step.place, "a race needs at least one branch with steps");
                }
                let Some((last, before)) = race.branches.split_last() else { return };
                for branch in before {
                    self.steps(branch, &mut scope.clone(), depth);
                }
                // The names that the last branch binds go on after the race.
                self.steps(last, scope, depth);
            }
            Action::Repeat(repeat) => {
                if !(1..=1000).contains(&repeat.times) || repeat.steps.is_empty() {
                    self.mistake(step.place, "a repetition needs steps, and 1 to 1000 `times`");
                }
                repeat.every.iter().for_each(|every| self.template(every, scope));
                self.steps(&repeat.steps, scope, depth);
                repeat.until.iter().for_each(|predicate| self.predicate(predicate, scope));
            }
            Action::Flow(_) => {}
        }
    }

    fn send(&mut self, send: &Send, step: &Step, scope: &Scope) {
        self.address(&send.to);
        self.template(&send.to, scope);
        self.role(send.client.as_ref(), scope);
        let secret = send.auth.as_ref().and_then(|auth| auth.secret.as_ref());
        secret
            .into_iter()
            .chain(&send.bearer)
            .chain(&send.raw)
            .for_each(|template| self.template(template, scope));
        let bindings = [Some(&send.query), send.form.as_ref(), Some(&send.headers)];
        for bindings in bindings.into_iter().flatten() {
            self.templates(bindings, scope);
        }
        if send.form.is_some() && send.json.is_some() {
            self.mistake(step.place, "a request has either a `form` or a `json` body");
        }
        if send.raw.is_some()
            && (send.form.is_some() || send.json.is_some() || send.client.is_some())
        {
            self.mistake(step.place, "a `raw` body stands alone: no `form`, no `json`, no `as`");
        }
        send.json.iter().for_each(|json| self.document(json, step.place, scope));
    }

    fn visit(&mut self, visit: &Visit, _step: &Step, scope: &Scope) {
        self.address(&visit.to);
        self.template(&visit.to, scope);
        self.role(visit.client.as_ref(), scope);
        if let Some(Template { segments, place }) = &visit.session
            && let [Segment::Literal(name)] = segments.as_slice()
        {
            let name = Located { value: name.clone(), place: *place };
            self.known("session", &name, &SESSIONS);
        }
        let texts = visit.user.iter().chain(&visit.user_code).chain(&visit.session);
        texts.for_each(|template| self.template(template, scope));
        self.templates(&visit.query, scope);
        visit.form.iter().for_each(|form| self.templates(form, scope));
    }

    fn address(&mut self, to: &Template) {
        if let [Segment::Literal(name)] = to.segments.as_slice()
            && is_name(name)
            && !ENDPOINTS.contains(&name.as_str())
        {
            let name = Located { value: name.clone(), place: to.place };
            self.known("endpoint", &name, &ENDPOINTS);
        }
    }

    fn role(&mut self, role: Option<&Template>, scope: &Scope) {
        let Some(role) = role else { return };
        if let [Segment::Literal(name)] = role.segments.as_slice() {
            let name = Located { value: name.clone(), place: role.place };
            self.known("client role", &name, &ROLES);
        }
        self.template(role, scope);
    }

    fn changes(&mut self, step: &Step, scope: &Scope) {
        self.templates(&step.changes.set, scope);
        self.templates(&step.changes.add, scope);
        for row in &step.cases {
            self.templates(&row.set, scope);
            self.templates(&row.add, scope);
            if !matches!(step.action, Action::Flow(_)) {
                self.templates(&row.with, scope);
            }
        }
    }
}

/// What a step and its rows give other values to.
fn with_rows(step: &Step) -> impl Iterator<Item = &(String, Template)> {
    step.changes.with.0.iter().chain(step.cases.iter().flat_map(|row| &row.with.0))
}

fn expects(steps: &[Step]) -> bool {
    steps.iter().any(|step| !step.expect.is_empty() || inner(step).iter().any(|s| expects(s)))
}

/// The names that the request of a step uses.
fn used(step: &Step) -> BTreeSet<&str> {
    let rows = step.cases.iter().flat_map(|row| row.set.0.iter().chain(&row.add.0));
    let changes = step.changes.set.0.iter().chain(&step.changes.add.0).chain(rows);
    let mut templates: Vec<&Template> = changes.map(|(_, template)| template).collect();
    let mut bindings: Vec<&Bindings> = Vec::new();
    match &step.action {
        Action::Send(send) => {
            let secret = send.auth.as_ref().and_then(|auth| auth.secret.as_ref());
            templates.push(&send.to);
            templates.extend(send.client.iter().chain(secret).chain(&send.bearer).chain(&send.raw));
            bindings.extend(
                [Some(&send.query), send.form.as_ref(), Some(&send.headers)].iter().flatten(),
            );
        }
        Action::Visit(visit) => {
            templates.push(&visit.to);
            templates.extend(visit.client.iter().chain(&visit.user).chain(&visit.user_code));
            bindings.extend([Some(&visit.query), visit.form.as_ref()].iter().flatten());
        }
        _ => {}
    }
    templates.extend(bindings.into_iter().flat_map(|bindings| &bindings.0).map(|(_, t)| t));
    templates.into_iter().flat_map(Template::names).collect()
}
