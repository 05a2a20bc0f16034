//! A case: one runnable unit, with every name resolved.

use crate::action::{Jwt, Send, Visit};
use crate::capability::Lack;
use crate::expectation::{Expectation, Locator, Predicate};
use crate::scenario::{Bindings, Hazard};
use crate::template::Template;

/// A scenario and one row of its table, ready to run or with the reason why it is not run.
#[derive(Debug, Clone)]
pub struct Case {
    /// `<scenario>` or `<scenario>/<row>`.
    pub id: String,
    /// The scenario.
    pub scenario: String,
    /// The scenario's title.
    pub title: String,
    /// The file of the scenario.
    pub file: String,
    /// The line of the scenario in its file.
    pub line: usize,
    /// The scenario that must pass for a green result of this one to count.
    pub twin: Option<String>,
    /// The steps; flows are already spelt out.
    pub steps: Vec<CaseStep>,
    /// Why the case is not run.
    pub skip: Option<Lack>,
    /// Whether the case changes the provider for others, so that it must run alone.
    pub exclusive: bool,
    /// Whether the case waits for the provider's clock, so that it must start early.
    pub waits: bool,
    /// What the case may do to a provider that others use.
    pub hazard: Option<Hazard>,
}

/// One step of a case.
#[derive(Debug, Clone)]
pub struct CaseStep {
    /// The name by which other steps refer to it.
    pub name: Option<String>,
    /// What it does.
    pub operation: Operation,
    /// Parameters of the request that are changed.
    pub changes: ParameterChanges,
    /// What to bind from the answer.
    pub keep: Vec<(String, Locator)>,
    /// What must hold for the case to mean anything.
    pub assume: Vec<Predicate>,
    /// What the provider must do.
    pub expect: Vec<Expectation>,
}

/// What a step does, once flows are spelt out.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Sends one request.
    Send(Box<Send>),
    /// Opens an address as a browser does.
    Visit(Box<Visit>),
    /// Obtains tokens by the API of the provider file.
    SignIn,
    /// Binds names.
    Let(Bindings),
    /// Builds a JWT.
    Jwt(Box<Jwt>),
    /// Lets time pass: seconds, and what for.
    Wait(Template, String),
    /// Calls a hook of the provider file.
    Hook(String),
    /// Does branches at once.
    Race(Vec<Vec<CaseStep>>),
    /// Does steps in rounds.
    Repeat(Rounds),
}

/// Steps done in rounds.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// How many rounds at the most.
    pub times: usize,
    /// The pause between rounds, in seconds.
    pub every: Option<Template>,
    /// Ends early once these hold for the last step of a round.
    pub until: Vec<Predicate>,
    /// The steps of a round.
    pub steps: Vec<CaseStep>,
}

/// Changes to the parameters of a request.
#[derive(Debug, Clone, Default)]
pub struct ParameterChanges {
    /// Parameters with another value, or additional ones.
    pub set: Vec<(String, Template)>,
    /// Parameters left out.
    pub omit: Vec<String>,
    /// Parameters sent once more.
    pub add: Vec<(String, Template)>,
}

impl Case {
    /// The requirements the case speaks about, each once, in order.
    pub fn requirements(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        collect(&self.steps, &mut ids);
        ids
    }
}

fn collect<'a>(steps: &'a [CaseStep], ids: &mut Vec<&'a str>) {
    for step in steps {
        for expectation in &step.expect {
            if !ids.contains(&expectation.req.value.as_str()) {
                ids.push(&expectation.req.value);
            }
        }
        match &step.operation {
            Operation::Race(branches) => branches.iter().for_each(|branch| collect(branch, ids)),
            Operation::Repeat(rounds) => collect(&rounds.steps, ids),
            _ => {}
        }
    }
}
