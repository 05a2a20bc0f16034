//! Cross-references inside a step: what it keeps and expects, and every `${…}`.

use super::{Checker, Scope};
use crate::capability::ENDPOINTS;
use crate::diagnostic::{Diagnostic, Place};
use crate::expectation::{Expectation, Locator, Predicate, Source, Test};
use crate::scenario::{Bindings, Step};
use crate::spec::Level;
use crate::target::NAMES;
use crate::template::{Function, Reference, Segment, Template, is_name};

impl Checker<'_> {
    /// What is kept, assumed and expected of the answer.
    pub(super) fn answer(&mut self, step: &Step, scope: &mut Scope) {
        for (name, locator) in &step.keep {
            if !is_name(name) {
                self.mistake(step.place, format!("`{name}` is no name: use a-z, 0-9 and _"));
            }
            self.locator(locator, step.place, scope);
            scope.names.insert(name.clone());
        }
        step.assume.iter().for_each(|predicate| self.predicate(predicate, scope));
        step.expect.iter().for_each(|expectation| self.expectation(expectation, scope));
        scope.steps.extend(step.name.clone());
    }

    pub(super) fn expectation(&mut self, expectation: &Expectation, scope: &Scope) {
        let req = &expectation.req;
        match self.library.requirement(&req.value) {
            None => {
                let hint = format!(
                    "requirements.yaml of `{}` has no such row",
                    req.value.split('/').next().unwrap_or_default()
                );
                self.mistake(req.place, format!("unknown requirement `{}`", req.value)).hint =
                    Some(hint);
            }
            Some(requirement) if !requirement.is_checked() => {
                let message =
                    format!("requirement `{}` is excluded or open, yet checked here", req.value);
                self.mistake(req.place, message);
            }
            Some(requirement)
                if (requirement.level == Level::Info) != expectation.record.is_some() =>
            {
                let message = format!(
                    "`record` goes with the level INFO and with no other; `{}` is {}",
                    req.value, requirement.level
                );
                self.mistake(req.place, message);
            }
            Some(_) => {}
        }
        match (&expectation.record, expectation.that.is_empty()) {
            (None, true) => {
                self.mistake(req.place, "`that` is empty, so this expectation could never fail");
            }
            (Some(_), false) => {
                self.mistake(req.place, "what is recorded is not judged: `record` or `that`");
            }
            _ => {}
        }
        expectation.that.iter().for_each(|predicate| self.predicate(predicate, scope));
        if let Some(step) = &expectation.or_refused_at
            && !scope.steps.contains(&step.value)
        {
            self.mistake(step.place, format!("no earlier step has the name `{}`", step.value));
        }
    }

    pub(super) fn predicate(&mut self, predicate: &Predicate, scope: &Scope) {
        match predicate {
            Predicate::Json(m)
            | Predicate::Header(m)
            | Predicate::Query(m)
            | Predicate::Fragment(m) => {
                self.tests(&m.tests, scope);
            }
            Predicate::Claim(m) | Predicate::Jose(m) => {
                self.template(&m.jwt, scope);
                self.tests(&m.tests, scope);
            }
            Predicate::Each(m) | Predicate::Some(m) => self.tests(&m.tests, scope),
            Predicate::Verifies(v) | Predicate::FitsKey(v) => {
                self.template(&v.jwt, scope);
                v.keys.iter().for_each(|keys| self.template(keys, scope));
            }
            Predicate::NeverReaches(template)
            | Predicate::KeepsKids(template)
            | Predicate::ScopeWithin(template) => {
                self.template(template, scope);
            }
            Predicate::LeftHash(l) => {
                self.template(&l.jwt, scope);
                self.template(&l.of, scope);
            }
            Predicate::Agrees(a) => self.template(&a.with, scope),
            Predicate::Present(locator) | Predicate::Absent(locator) => {
                self.locator(locator, Place::default(), scope);
            }
            Predicate::Distinct(d) => self.locator(&d.of, Place::default(), scope),
            Predicate::StatesScope
            | Predicate::Accepted
            | Predicate::Refused
            | Predicate::Error(_)
            | Predicate::NotError(_)
            | Predicate::OnlyMembers(_)
            | Predicate::Status(_)
            | Predicate::MediaType(_)
            | Predicate::KeySet(_)
            | Predicate::NoEmptyArrays(_)
            | Predicate::NotStatus(_)
            | Predicate::NoServerError
            | Predicate::Once(_)
            | Predicate::Distinguishable(_) => {}
        }
    }

    pub(super) fn tests(&mut self, tests: &[Test], scope: &Scope) {
        for test in tests {
            match test {
                Test::Is(t)
                | Test::Not(t)
                | Test::Contains(t)
                | Test::Includes(t)
                | Test::Lacks(t)
                | Test::NotBefore(t)
                | Test::NotAfter(t)
                | Test::Only(t) => self.template(t, scope),
                Test::OneOf(all) => all.iter().for_each(|t| self.template(t, scope)),
                Test::Type(_)
                | Test::TypeOneOf(_)
                | Test::AtLeast(_)
                | Test::Items(_)
                | Test::AsciiUpTo(_)
                | Test::Address(_) => {}
            }
        }
    }

    pub(super) fn locator(&mut self, locator: &Locator, place: Place, scope: &Scope) {
        locator.fallback.iter().for_each(|fallback| self.template(fallback, scope));
        if let Source::Claim(name, _) | Source::Jose(name, _) = &locator.source
            && !scope.names.contains(name)
        {
            self.unresolved(name, place, scope);
        }
    }

    pub(super) fn bindings(&mut self, bindings: &Bindings, scope: &mut Scope) {
        for (name, template) in &bindings.0 {
            if !is_name(name) {
                self.mistake(template.place, format!("`{name}` is no name: use a-z, 0-9 and _"));
            }
            self.template(template, scope);
            scope.names.insert(name.clone());
        }
    }

    pub(super) fn templates(&mut self, bindings: &Bindings, scope: &Scope) {
        bindings.0.iter().for_each(|(_, template)| self.template(template, scope));
    }

    pub(super) fn template(&mut self, template: &Template, scope: &Scope) {
        let missing = template.names().find(|name| !scope.names.contains(*name));
        if let Some(name) = missing.map(str::to_owned) {
            self.unresolved(&name, template.place, scope);
        }
        for segment in &template.segments {
            if let Segment::Reference(Reference::Call(Function::Env, _)) = segment {
                self.mistake(template.place, "`${env:…}` works in provider files only");
            }
        }
    }

    pub(super) fn unresolved(&mut self, name: &str, place: Place, scope: &Scope) {
        let known = scope.names.iter().filter(|known| {
            !NAMES.contains(&known.as_str()) && !ENDPOINTS.contains(&known.as_str())
        });
        let known: Vec<&str> = known.map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => format!("nothing is bound here yet; the provider gives {}", NAMES.join(", ")),
            known => format!("bound here: {}", known.join(", ")),
        };
        let message = format!("unresolved `${{{name}}}`: nothing binds this name before this step");
        let new = Diagnostic::new(&self.file.path, &self.file.text, place, message).hint(hint);
        self.mistakes.push(new.pointing_at(&format!("${{{name}}}")));
    }

    pub(super) fn document(&mut self, document: &serde_json::Value, place: Place, scope: &Scope) {
        match document {
            serde_json::Value::String(text) => match Template::parse(text, place) {
                Ok(template) => self.template(&template, scope),
                Err(why) => drop(self.mistake(place, why).clone()),
            },
            serde_json::Value::Array(items) => {
                for item in items {
                    self.document(item, place, scope);
                }
            }
            serde_json::Value::Object(members) => {
                for value in members.values() {
                    self.document(value, place, scope);
                }
            }
            _ => {}
        }
    }
}
