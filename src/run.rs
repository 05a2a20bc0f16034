//! A run: every selected case executed and judged, and the report of it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use futures_util::future::{Either, select};
use futures_util::stream::{self, Stream, StreamExt};

use crate::capability::Lack;
use crate::case::Case;
use crate::deviation;
use crate::evaluate::unreserved;
use crate::execute::execute;
use crate::finding::{Finding, Verdict};
use crate::history::History;
use crate::hook;
use crate::judge;
use crate::library::Library;
use crate::login;
use crate::plan::{self, PlanError};
use crate::polite::Polite;
use crate::profile::{self, Profile};
use crate::provider::Provider;
use crate::provider_file::{Pace, Rate};
use crate::redact::Redactor;
use crate::report::{ProviderIdentity, Report, SCHEMA, Totals, exit_code};
use crate::scenario::Hazard;
use crate::selection::Selection;
use crate::target::{self, Target};
use crate::transport::Transport;
use crate::wire::TransportError;

/// How many cases are under way at once, unless the provider file says otherwise.
const AT_ONCE: usize = 4;
/// How many cases that wait are under way at once, beside the others.
const WAITING: usize = 32;
/// How far apart requests are sent, at the least, to tell a defect from an overload.
const APART: Duration = Duration::from_millis(1100);
/// So many cases in a row whose server error comes back when they run alone show that the rest of
/// them is no overload either.
const CONVINCED: usize = 4;

/// What a run does and how.
#[derive(Default)]
pub struct Settings {
    /// Which cases.
    pub selection: Selection,
    /// What decides where specifications disagree.
    pub profile: Profile,
    /// Whether warnings fail the run.
    pub strict: bool,
    /// The longest that a case may wait for the provider's clock.
    pub max_wait: Duration,
    /// What may be done to a provider that is not on this machine.
    pub allowed: Vec<Hazard>,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is nothing to run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The user gave up before there was anything to report.
    #[error("interrupted before the provider's metadata was read; nothing was tested")]
    Interrupted,
    /// The provider cannot be reached.
    #[error("the provider cannot be reached: {0}")]
    Unreachable(#[from] TransportError),
    /// The provider's clock cannot be set back to the real time.
    #[error("{0}")]
    Clock(String),
}

/// Runs the selected cases and reports on them.
///
/// `progress` is told how many of how many cases are done. When `interrupt` completes, what was
/// done is reported and the rest is inconclusive.
///
/// # Errors
/// When nothing is selected or the provider cannot be reached.
pub async fn run(
    library: &Library,
    provider: &Provider,
    transport: &impl Transport,
    settings: &Settings,
    progress: impl FnMut(usize, usize),
    interrupt: impl Future<Output = ()>,
) -> Result<Report, RunError> {
    let (started, clock, id) = (Utc::now(), Instant::now(), unreserved(8));
    let polite = Polite::new(transport, provider, provider.pace.clone(), &id);
    let mut interrupt = std::pin::pin!(interrupt);
    let preparing = std::pin::pin!(target::prepare(provider, &polite, settings.max_wait));
    let target = match select(preparing, interrupt.as_mut()).await {
        Either::Left((target, _)) => target?,
        Either::Right(_) => return Err(RunError::Interrupted),
    };
    reset_clock(&target, &polite).await.map_err(RunError::Clock)?;
    let capabilities = &target.capabilities;
    let cases =
        plan::bind(library, provider, capabilities, &settings.selection, &settings.allowed)?;
    let mut findings = Vec::new();
    let slow = Polite::new(transport, provider, apart(&provider.pace), &id);
    let interrupted = {
        let mut work = Work { library, target: &target, findings: &mut findings };
        let work = work.all(&cases, &polite, &slow, progress);
        matches!(select(std::pin::pin!(work), interrupt).await, Either::Right(_))
    };
    let findings = settle(library, &cases, provider, &settings.profile, findings);
    Ok(Report {
        schema: SCHEMA.into(),
        authgauge: env!("CARGO_PKG_VERSION").into(),
        run: id,
        profile: settings.profile.name.clone(),
        provider: ProviderIdentity {
            name: provider.name.clone(),
            issuer: provider.issuer.clone(),
            evidence: provider.evidence,
        },
        started: started.to_rfc3339_opts(SecondsFormat::Millis, true),
        elapsed_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
        strict: settings.strict,
        throttled: polite.repeats() + slow.repeats(),
        interrupted: interrupted.then(|| "the run was interrupted".into()),
        totals: Totals::count(&findings),
        exit_code: exit_code(&findings, settings.strict, interrupted),
        findings,
    })
}

/// Takes back what earlier runs have moved the provider's clock by: times in its tokens are compared
/// with the real one.
async fn reset_clock(target: &Target<'_>, transport: &impl Transport) -> Result<(), String> {
    const HOOK: &str = "reset_clock";
    if !target.provider.hooks.contains_key(HOOK) {
        return Ok(());
    }
    hook::call(HOOK, target.provider, &target.variables, transport).await
}

/// The pace at which no two requests come within a second.
fn apart(pace: &Pace) -> Pace {
    let rate = pace.rate.map_or(f64::MAX, |rate| rate.0).min(1.0 / APART.as_secs_f64());
    Pace { rate: Some(Rate(rate)), ..pace.clone() }
}

/// Executing and judging cases, with what has come of it so far.
struct Work<'a> {
    library: &'a Library,
    target: &'a Target<'a>,
    findings: &'a mut Vec<Finding>,
}

impl Work<'_> {
    /// Side by side where cases leave each other alone, those that wait first, so that their waits
    /// overlap; then one by one those that change the provider.
    async fn all<T: Transport>(
        &mut self,
        cases: &[Case],
        polite: &Polite<'_, T>,
        slow: &Polite<'_, T>,
        mut progress: impl FnMut(usize, usize),
    ) {
        let provider = self.target.provider;
        let redactor =
            Redactor::new(&provider.secrets()).masking(login::secret_header(&provider.login));
        let pace = &self.target.provider.pace;
        let (skipped, runnable): (Vec<&Case>, Vec<&Case>) =
            cases.iter().partition(|case| case.skip.is_some());
        for case in skipped {
            self.skip(case);
        }
        let (mut done, total) = (0, runnable.len());
        let (alone, together): (Vec<&Case>, Vec<&Case>) =
            runnable.into_iter().partition(|case| case.exclusive);
        let (waiting, others): (Vec<&Case>, Vec<&Case>) =
            together.into_iter().partition(|case| case.waits);
        let at_once = pace.concurrency.map_or(AT_ONCE, usize::from);
        let first = histories(waiting, self.target, polite, WAITING);
        let second = histories(others, self.target, polite, at_once);
        let last = histories(alone, self.target, polite, 1);
        let mut all = std::pin::pin!(stream::select(first, second).chain(last));
        let mut suspects = Vec::new();
        while let Some((case, history)) = all.next().await {
            let own = judge::judge(self.library, case, &history, &redactor);
            if case.hazard.is_none() && history.has_server_error() {
                suspects.push((case, own));
            } else {
                self.findings.extend(own);
            }
            done += 1;
            progress(done, total);
        }
        self.confirm(suspects, slow).await;
    }

    fn skip(&mut self, case: &Case) {
        let (verdict, why) = match case.skip.as_ref() {
            Some(Lack::Unknown(why)) => (Verdict::Inconclusive, why.as_str()),
            Some(Lack::Absent(why)) => (Verdict::NotApplicable, why.as_str()),
            None => return,
        };
        self.findings.extend(judge::not_run(self.library, case, verdict, why));
    }

    /// Runs cases with server errors again, alone and slowly: an error that does not come back was
    /// about the load of the run and says nothing about the request.
    async fn confirm<T: Transport>(
        &mut self,
        suspects: Vec<(&Case, Vec<Finding>)>,
        slow: &Polite<'_, T>,
    ) {
        let mut in_a_row = 0;
        for (case, findings) in suspects {
            if in_a_row == CONVINCED || execute(case, self.target, slow).await.has_server_error() {
                in_a_row = (in_a_row + 1).min(CONVINCED);
                self.findings.extend(findings);
                continue;
            }
            in_a_row = 0;
            let why = format!(
                "the provider answered with a server error, but not when the case was repeated with \
                 its requests {:.1} s apart: it was overloaded; set `pace` in the provider file",
                APART.as_secs_f64()
            );
            let untold = judge::not_run(self.library, case, Verdict::Inconclusive, &why);
            self.findings.extend(untold);
        }
    }
}

/// The histories of cases as they end, so many of them under way at once.
fn histories<'a, T: Transport>(
    cases: Vec<&'a Case>,
    target: &'a Target<'_>,
    polite: &'a Polite<'_, T>,
    at_once: usize,
) -> impl Stream<Item = (&'a Case, History)> {
    stream::iter(cases)
        .map(move |case| async move { (case, execute(case, target, polite).await) })
        .buffer_unordered(at_once)
}

/// Brings findings into the order of the cases, and holds them against each other, the profile and
/// the known deviations.
fn settle(
    library: &Library,
    cases: &[Case],
    provider: &Provider,
    profile: &Profile,
    mut findings: Vec<Finding>,
) -> Vec<Finding> {
    let done: HashSet<String> = findings.iter().map(|finding| finding.case.clone()).collect();
    for case in cases.iter().filter(|case| !done.contains(&case.id)) {
        let why = "not run: the run was interrupted";
        findings.extend(judge::not_run(library, case, Verdict::Inconclusive, why));
    }
    let order: HashMap<&str, usize> =
        cases.iter().enumerate().map(|(index, case)| (case.id.as_str(), index)).collect();
    findings.sort_by_key(|finding| order.get(finding.case.as_str()));
    judge::weigh_twins(cases, &mut findings);
    profile::apply(profile, &mut findings);
    deviation::apply(&provider.known, &mut findings, Utc::now().date_naive());
    findings
}
