//! A run: every selected case executed and judged, and the report of it.

use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};

use crate::capability::Lack;
use crate::case::Case;
use crate::deviation;
use crate::execute::execute;
use crate::finding::{Finding, Verdict};
use crate::judge;
use crate::library::Library;
use crate::plan::{self, PlanError};
use crate::provider::Provider;
use crate::redact::Redactor;
use crate::report::{ProviderIdentity, Report, SCHEMA, Totals, exit_code};
use crate::selection::Selection;
use crate::target::{self, Target};
use crate::transport::Transport;
use crate::wire::TransportError;

/// What a run does and how.
pub struct Settings {
    /// Which cases.
    pub selection: Selection,
    /// Whether warnings fail the run.
    pub strict: bool,
    /// The longest that a step may wait for the provider's clock.
    pub max_wait: Duration,
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
    let (started, clock) = (Utc::now(), Instant::now());
    let mut interrupt = std::pin::pin!(interrupt);
    let preparing = std::pin::pin!(target::prepare(provider, transport, settings.max_wait));
    let target = match select(preparing, interrupt.as_mut()).await {
        Either::Left((target, _)) => target?,
        Either::Right(_) => return Err(RunError::Interrupted),
    };
    let cases = plan::bind(library, provider, &target.capabilities, &settings.selection)?;
    let mut findings = Vec::new();
    let interrupted = {
        let work = execute_all(library, &cases, &target, transport, &mut findings, progress);
        matches!(select(std::pin::pin!(work), interrupt).await, Either::Right(_))
    };
    let findings = settle(library, &cases, provider, findings);
    Ok(Report {
        schema: SCHEMA.into(),
        authgauge: env!("CARGO_PKG_VERSION").into(),
        provider: ProviderIdentity { name: provider.name.clone(), issuer: provider.issuer.clone() },
        started: started.to_rfc3339_opts(SecondsFormat::Millis, true),
        elapsed_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
        strict: settings.strict,
        interrupted: interrupted.then(|| "the run was interrupted".into()),
        totals: Totals::count(&findings),
        exit_code: exit_code(&findings, settings.strict, interrupted),
        findings,
    })
}

/// Executes and judges cases: side by side where they leave each other alone, so that their waits
/// overlap, and one by one where they change the provider.
async fn execute_all(
    library: &Library,
    cases: &[Case],
    target: &Target<'_>,
    transport: &impl Transport,
    findings: &mut Vec<Finding>,
    mut progress: impl FnMut(usize, usize),
) {
    let redactor = Redactor::new(&target.provider.secrets());
    let pace = &target.provider.pace;
    let pause = pace.pause;
    let (skipped, runnable): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| case.skip.is_some());
    for case in skipped {
        let (verdict, why) = match case.skip.as_ref() {
            Some(Lack::Unknown(why)) => (Verdict::Inconclusive, why.as_str()),
            Some(Lack::Absent(why)) => (Verdict::NotApplicable, why.as_str()),
            None => continue,
        };
        findings.extend(judge::not_run(library, case, verdict, why));
    }
    let total = runnable.len();
    let mut done = 0;
    let (alone, together): (Vec<&Case>, Vec<&Case>) =
        runnable.into_iter().partition(|case| case.exclusive);
    let at_once = if pause.is_zero() { pace.concurrency.max(1) } else { 1 };
    for (group, at_once) in [(together, at_once), (alone, 1)] {
        let mut histories = stream::iter(group)
            .map(|case| async move {
                let history = execute(case, target, transport).await;
                tokio::time::sleep(pause).await;
                (case, history)
            })
            .buffer_unordered(at_once);
        while let Some((case, history)) = histories.next().await {
            findings.extend(judge::judge(library, case, &history, &redactor));
            done += 1;
            progress(done, total);
        }
    }
}

/// Brings findings into the order of the cases, and holds them against each other and against the
/// known deviations.
fn settle(
    library: &Library,
    cases: &[Case],
    provider: &Provider,
    mut findings: Vec<Finding>,
) -> Vec<Finding> {
    for case in cases {
        if !findings.iter().any(|finding| finding.case == case.id) {
            let why = "not run: the run was interrupted";
            findings.extend(judge::not_run(library, case, Verdict::Inconclusive, why));
        }
    }
    let order = |finding: &Finding| cases.iter().position(|case| case.id == finding.case);
    findings.sort_by_key(order);
    judge::weigh_twins(cases, &mut findings);
    deviation::apply(&provider.known, &mut findings, Utc::now().date_naive());
    findings
}
