//! Executing: from a case to the history of what happened. No judgement here.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::action::{Decision, Jwt, SigningKey, Visit};
use crate::browser::{self, Credentials};
use crate::case::{Case, CaseStep, Operation, Rounds};
use crate::driver::{self, Session};
use crate::evaluate::{document, evaluate, spell, text};
use crate::history::{History, Record, Stop};
use crate::hook;
use crate::jose::{self, PrivateKey};
use crate::locate::locate;
use crate::login::Login;
use crate::predicate::{self, Outcome};
use crate::request;
use crate::scenario::Bindings;
use crate::target::Target;
use crate::template::Template;
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::Exchange;

/// The longest a step waits when it only gives a provider time, such as between two polls.
const ROUNDING: Duration = Duration::from_millis(1100);

/// Runs a case from its first step to its last, or to the first that cannot be done.
pub async fn execute<T: Transport>(case: &Case, target: &Target<'_>, transport: &T) -> History {
    execute_from(&case.steps, target.variables.clone(), target, transport).await
}

/// Runs steps that start with other names than those of the target.
pub async fn execute_from<T: Transport>(
    steps: &[CaseStep],
    variables: Variables,
    target: &Target<'_>,
    transport: &T,
) -> History {
    let mut runner =
        Runner { target, transport, variables, missing: BTreeMap::new(), waited: Duration::ZERO };
    runner.steps(steps).await
}

/// The state of one case, or of one branch of it.
struct Runner<'a, T> {
    target: &'a Target<'a>,
    transport: &'a T,
    variables: Variables,
    /// Names that were to be bound and could not be, with the reason.
    missing: BTreeMap<String, String>,
    /// How long the case has waited for the provider's clock so far.
    waited: Duration,
}

type Boxed<'f, O> = Pin<Box<dyn Future<Output = O> + Send + 'f>>;

impl<T: Transport> Runner<'_, T> {
    async fn steps(&mut self, steps: &[CaseStep]) -> History {
        let mut history =
            History { records: Vec::with_capacity(steps.len()), ..History::default() };
        for (index, step) in steps.iter().enumerate() {
            let mut record = Record { step: index, ..Record::default() };
            let done = self.step(step, &mut record).await;
            if done.is_err() && matches!(step.operation, Operation::SignIn) {
                history.unjudged.append(&mut record.exchanges);
            }
            let begun = !record.exchanges.is_empty() || !record.branches.is_empty();
            if done.is_ok() || begun {
                self.keep(step, &record);
                record.variables = self.variables.clone();
                history.records.push(record);
            }
            if let Err(why) = done {
                history.stopped = Some(Stop { step: index, why: self.explain(why) });
                break;
            }
        }
        history
    }

    /// What is rare or long stands in a box: a task under load has room for a plain request only,
    /// and there are thousands of tasks.
    async fn step(&mut self, step: &CaseStep, record: &mut Record) -> Result<(), String> {
        match &step.operation {
            Operation::Send(send) => {
                let request =
                    request::from_send(send, &step.changes, self.target, &self.variables)?;
                record.exchanges = vec![self.transport.exchange(request).await];
            }
            Operation::Visit(visit) => Box::pin(self.visit(visit, step, record)).await?,
            Operation::SignIn => {
                let tokens = Box::pin(self.sign_in(&mut record.exchanges)).await?;
                record.exchanges = vec![tokens];
            }
            Operation::Let(bindings) => self.bind(bindings)?,
            Operation::Jwt(jwt) => self.build(jwt)?,
            Operation::Wait(seconds, purpose) => Box::pin(self.wait(seconds, purpose)).await?,
            Operation::Hook(name) => {
                let (provider, names) = (self.target.provider, &self.variables);
                Box::pin(hook::call(name, provider, names, self.transport)).await?;
            }
            Operation::Race(branches) => {
                record.branches = Box::pin(self.race(branches)).await;
                // What the last branch has bound goes on, for a look at what is left after the race.
                let last = record.branches.last().and_then(|branch| branch.records.last());
                if let Some(last) = last {
                    self.variables.clone_from(&last.variables);
                }
                let mut stops = record.branches.iter().filter_map(|branch| branch.stopped.clone());
                stops.next().map_or(Ok(()), |stop| Err(stop.why))?;
            }
            Operation::Repeat(rounds) => Box::pin(self.repeat(rounds, record)).await?,
        }
        Ok(())
    }

    /// Binds what the step keeps. A name that cannot be bound loses its older value, too: using it
    /// would test something else than what is written.
    fn keep(&mut self, step: &CaseStep, record: &Record) {
        for (name, locator) in &step.keep {
            let fallback = || {
                let template = locator.fallback.as_ref()?;
                evaluate(template, &self.variables).ok()
            };
            let found = locate(&locator.source, record, &self.variables);
            match found.or_else(|why| fallback().ok_or(why)) {
                Ok(value) => {
                    self.variables.insert(name.clone(), value);
                }
                Err(why) => {
                    self.variables.remove(name);
                    self.missing.insert(name.clone(), why);
                }
            }
        }
    }

    fn explain(&self, why: String) -> String {
        let named = |name: &str| why.contains(&format!("`${{{name}}}`"));
        match self.missing.iter().find(|(name, _)| named(name)) {
            Some((_, reason)) => format!("{why}: {reason}"),
            None => why,
        }
    }

    fn bind(&mut self, bindings: &Bindings) -> Result<(), String> {
        for (name, template) in &bindings.0 {
            let value = evaluate(template, &self.variables)?;
            self.variables.insert(name.clone(), value);
        }
        Ok(())
    }

    fn build(&mut self, jwt: &Jwt) -> Result<(), String> {
        let mut header = document(&jwt.header, &self.variables)?;
        let own = match jwt.key {
            SigningKey::Client => Some(self.client_key()?),
            SigningKey::Ephemeral => None,
        };
        let key = own.as_ref().unwrap_or(&self.target.key);
        if jwt.embed_key {
            header["jwk"] = key.public.clone();
        }
        let claims = document(&jwt.claims, &self.variables)?;
        let token = jose::build(&header, &claims, key, jwt.sign)?;
        self.variables.insert(jwt.name.value.clone(), Value::String(token));
        Ok(())
    }

    /// The private key of the client in `${client}`.
    fn client_key(&self) -> Result<PrivateKey, String> {
        let role = self.variables.get("client").map(spell).unwrap_or_default();
        let client = self.target.provider.clients.get(&role);
        let pem = client.and_then(|client| client.key.as_ref());
        let pem = pem.ok_or_else(|| format!("the client `{role}` has no `key`"))?;
        PrivateKey::from_pem(pem.expose())
    }

    async fn visit(
        &mut self,
        visit: &Visit,
        step: &CaseStep,
        record: &mut Record,
    ) -> Result<(), String> {
        let provider = self.target.provider;
        let request = request::from_visit(visit, &step.changes, self.target, &self.variables)?;
        let user = match &visit.user {
            Some(user) => text(user, &self.variables)?,
            None => Some(provider.user.clone()),
        };
        let user = user.unwrap_or_default();
        let user_code = match &visit.user_code {
            Some(code) => text(code, &self.variables)?,
            None => None,
        };
        let plan = browser::Visit {
            request,
            callbacks: &self.target.callbacks,
            origins: &self.target.origins,
            user: provider.users.get(&user).map(|user| Credentials {
                username: &user.username,
                password: user.password.expose(),
            }),
            decision: match visit.decision {
                Decision::Approve => browser::Decision::Approve,
                Decision::Deny => browser::Decision::Deny,
            },
            user_code: user_code.as_deref(),
            pages: &provider.pages,
            scripts: match &provider.login {
                Login::Steps(scripts) => scripts,
                _ => &[],
            },
            variables: &self.variables,
            headers: Vec::new(),
        };
        let shared = self.is_shared(visit.session.as_ref())?;
        let shared = self.target.sessions.get(&user).filter(|_| shared);
        let (login, chromium) = (&provider.login, &self.target.chromium);
        let trail = if let Some(session) = shared {
            // The user's browser does one thing at a time, so that one login serves all cases.
            let mut session = session.lock().await;
            driver::visit(login, chromium, self.transport, &mut session, plan).await
        } else {
            let mut session = Session::default();
            let trail = driver::visit(login, chromium, self.transport, &mut session, plan).await;
            driver::close(chromium, session).await;
            trail
        };
        record.exchanges = trail.exchanges;
        record.landing = trail.landing;
        Ok(())
    }

    /// Tokens by the API of the provider file, without any page.
    async fn sign_in(&self, exchanges: &mut Vec<Exchange>) -> Result<Exchange, String> {
        let provider = self.target.provider;
        let Login::Api(api) = &provider.login else {
            return Err("the provider file has no `login: {api: …}`".into());
        };
        let name = driver::user_name(&self.variables);
        let user = provider.users.get(&name);
        let user = user.ok_or_else(|| format!("the provider file has no user `{name}`"))?;
        let user = Credentials { username: &user.username, password: user.password.expose() };
        driver::sign_in(api, self.transport, user, &self.variables, exchanges).await
    }

    fn is_shared(&self, session: Option<&Template>) -> Result<bool, String> {
        let session = session.map(|session| text(session, &self.variables)).transpose()?.flatten();
        match session.as_deref() {
            None | Some("shared") => Ok(true),
            Some("fresh") => Ok(false),
            Some(other) => Err(format!("`{other}` is no session, expected shared or fresh")),
        }
    }

    /// Lets time pass: by the provider's clock hook where there is one, else by waiting.
    async fn wait(&mut self, seconds: &Template, purpose: &str) -> Result<(), String> {
        let seconds = self.seconds(seconds)?;
        if self.target.provider.hooks.contains_key("advance_clock") {
            let whole = seconds.as_secs() + u64::from(seconds.subsec_nanos() > 0);
            let mut variables = self.variables.clone();
            variables.insert("seconds".into(), Value::from(whole));
            return hook::call("advance_clock", self.target.provider, &variables, self.transport)
                .await;
        }
        let all = self.waited + seconds;
        if all > self.target.max_wait {
            return Err(format!(
                "not run: it takes {} s for {purpose}, and the most that a case may wait is {} s; \
                 raise --max-wait, shorten the life time at the provider, or give the provider \
                 file an advance_clock hook",
                all.as_secs(),
                self.target.max_wait.as_secs()
            ));
        }
        self.waited = all;
        sleep(seconds + ROUNDING).await;
        Ok(())
    }

    fn seconds(&self, template: &Template) -> Result<Duration, String> {
        let written = text(template, &self.variables)?.unwrap_or_default();
        let number: f64 = written
            .parse()
            .map_err(|_| format!("`{template}` is {written:?}, which is no number of seconds"))?;
        Duration::try_from_secs_f64(number).map_err(|e| format!("`{template}` is {number}: {e}"))
    }

    async fn race(&mut self, branches: &[Vec<CaseStep>]) -> Vec<History> {
        let barrier = Barrier::new(branches.len());
        let runs = branches.iter().map(|branch| {
            let mut runner = self.fork();
            let barrier = &barrier;
            async move {
                barrier.wait().await;
                runner.boxed(branch).await
            }
        });
        join_all(runs).await
    }

    async fn repeat(&mut self, rounds: &Rounds, record: &mut Record) -> Result<(), String> {
        for round in 0..rounds.times {
            if let (Some(every), true) = (&rounds.every, round > 0) {
                self.wait(every, "the next round").await?;
            }
            let history = self.boxed(&rounds.steps).await;
            let stopped = history.stopped.clone();
            let last = history.records.last();
            let done = !rounds.until.is_empty() && last.is_some_and(|last| reached(rounds, last));
            if let Some(last) = last {
                // What is kept and expected of a repetition is kept and expected of its last answer.
                record.exchanges.clone_from(&last.exchanges);
                record.landing.clone_from(&last.landing);
            }
            record.branches.push(history);
            match stopped {
                Some(stop) => return Err(stop.why),
                None if done => break,
                None => {}
            }
        }
        Ok(())
    }

    fn fork(&self) -> Self {
        Self {
            target: self.target,
            transport: self.transport,
            variables: self.variables.clone(),
            missing: self.missing.clone(),
            waited: self.waited,
        }
    }

    /// Steps inside steps need a boxed future: the size of a recursive one is not known.
    fn boxed<'f>(&'f mut self, steps: &'f [CaseStep]) -> Boxed<'f, History> {
        Box::pin(self.steps(steps))
    }
}

fn reached(rounds: &Rounds, last: &Record) -> bool {
    rounds.until.iter().all(|p| predicate::holds(p, last, &last.variables) == Outcome::Holds)
}
