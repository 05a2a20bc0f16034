//! Probes: flows of the library, run once, for what their answers say about the configuration.

use crate::action::{AuthMethod, ClientAuth};
use crate::capability::Lack;
use crate::case::{Case, CaseStep, Operation};
use crate::execute::execute;
use crate::history::History;
use crate::library::Library;
use crate::plan;
use crate::scenario::Bindings;
use crate::target::Target;
use crate::template::Template;
use crate::transport::Transport;

use super::settings::Settings;

/// What every probe needs.
pub struct Prober<'a, T> {
    /// Where the flows are.
    pub library: &'a Library,
    /// The provider.
    pub target: &'a Target<'a>,
    /// How it is reached.
    pub transport: &'a T,
    /// How messages name the settings.
    pub settings: &'a Settings,
}

impl<T: Transport> Prober<'_, T> {
    /// Runs flows one after the other, with other values for names.
    pub async fn run(&self, flows: &[&str], names: &[(&str, &str)]) -> History {
        execute(&case(self.steps(flows, names)), self.target, self.transport).await
    }

    /// Runs a flow in which the client authenticates by another method than its own.
    pub async fn run_as(&self, flow: &str, role: &str, method: AuthMethod) -> History {
        let mut steps = self.steps(&[flow], &[("client", role)]);
        for step in &mut steps {
            if let Operation::Send(send) = &mut step.operation {
                send.auth = Some(ClientAuth { method: Some(method), secret: None });
            }
        }
        execute(&case(steps), self.target, self.transport).await
    }

    /// Why nobody can log in as flows want, where the provider file rules it out.
    pub fn barred(&self, flows: &[&str]) -> Option<String> {
        let login = &self.target.provider.login;
        match plan::no_login(&plan::flows(self.library, login, flows), login)? {
            Lack::Absent(why) | Lack::Unknown(why) => Some(why),
        }
    }

    fn steps(&self, flows: &[&str], names: &[(&str, &str)]) -> Vec<CaseStep> {
        let bound =
            names.iter().map(|(name, value)| ((*name).to_owned(), Template::literal(*value)));
        let bind = CaseStep {
            name: None,
            operation: Operation::Let(Bindings(bound.collect())),
            changes: crate::case::ParameterChanges::default(),
            keep: Vec::new(),
            assume: Vec::new(),
            expect: Vec::new(),
        };
        std::iter::once(bind)
            .chain(plan::flows(self.library, &self.target.provider.login, flows))
            .collect()
    }
}

fn case(steps: Vec<CaseStep>) -> Case {
    Case {
        id: "doctor".into(),
        scenario: "doctor".into(),
        title: "A probe of the doctor".into(),
        file: String::new(),
        line: 0,
        twin: None,
        steps,
        skip: None,
        exclusive: false,
        waits: false,
        hazard: None,
    }
}
