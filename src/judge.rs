//! Judging: from a case and its history to findings. Pure: no I/O, no clock.

use serde_json::Value;

use crate::answer;
use crate::case::{Case, CaseStep, Operation};
use crate::credential;
use crate::evaluate::{evaluate, spell};
use crate::expectation::{Expectation, Locator, Predicate};
use crate::finding::{Evidence, Finding, Observed, Verdict};
use crate::history::{History, Record};
use crate::library::Library;
use crate::locate;
use crate::predicate::{self, Outcome};
use crate::redact::Redactor;
use crate::wire::Exchange;

/// What is known about one expectation.
struct Judgement<'a> {
    requirement: &'a str,
    verdict: Verdict,
    /// What was recorded, where nothing is judged.
    value: Option<String>,
    expected: Option<String>,
    actual: Option<String>,
    why: Option<String>,
    /// Whether the verdict is about how a request was refused, not about whether.
    about_refusal: bool,
    exchanges: Vec<&'a Exchange>,
    /// The step whose answer it is about.
    record: Option<&'a Record>,
}

/// The findings of a case: one for each requirement that it speaks about.
pub fn judge(
    library: &Library,
    case: &Case,
    history: &History,
    redactor: &Redactor,
) -> Vec<Finding> {
    let mut judgements = Vec::new();
    judge_steps(&case.steps, history, None, &mut judgements);
    let merged = case.requirements().into_iter().filter_map(|requirement| {
        let same = judgements.iter().filter(|judgement| judgement.requirement == requirement);
        same.reduce(|worst, next| if next.verdict > worst.verdict { next } else { worst })
    });
    let credentials = credential::of(history);
    let shown = Shown { redactor, credentials: &credentials };
    merged.map(|judgement| finding(library, case, judgement, &shown)).collect()
}

/// The findings of a case that is not run.
pub fn not_run(library: &Library, case: &Case, verdict: Verdict, why: &str) -> Vec<Finding> {
    let requirements = case.requirements().into_iter();
    requirements
        .map(|requirement| {
            let judgement = Judgement { requirement, ..untold(verdict, why.to_owned()) };
            let shown = Shown { redactor: &Redactor::default(), credentials: &[] };
            finding(library, case, &judgement, &shown)
        })
        .collect()
}

/// A green result of a case whose twin did not pass proves nothing: the provider may refuse
/// everything.
pub fn weigh_twins(cases: &[Case], findings: &mut [Finding]) {
    let doubtful: Vec<(&str, &str)> = cases
        .iter()
        .filter_map(|case| {
            let twin = case.twin.as_deref()?;
            (!passed(cases, findings, twin)).then_some((case.id.as_str(), twin))
        })
        .collect();
    for finding in findings.iter_mut().filter(|finding| rests_on_twin(finding)) {
        if let Some((_, twin)) = doubtful.iter().find(|(case, _)| *case == finding.case) {
            finding.verdict = Verdict::Inconclusive;
            finding.why =
                Some(format!("its twin {twin} did not pass, so this refusal proves nothing"));
        }
    }
}

/// A violation stands by itself, unless it is that a refusal has the wrong error code: a provider
/// that refuses everything names another reason.
fn rests_on_twin(finding: &Finding) -> bool {
    let green = finding.verdict == Verdict::Pass && finding.value.is_none();
    green || (finding.verdict == Verdict::Fail && finding.about_refusal)
}

fn passed(cases: &[Case], findings: &[Finding], scenario: &str) -> bool {
    let ids: Vec<&str> =
        cases.iter().filter(|c| c.scenario == scenario).map(|c| c.id.as_str()).collect();
    let mut own = findings.iter().filter(|finding| ids.contains(&finding.case.as_str())).peekable();
    own.peek().is_some() && own.all(|finding| finding.verdict == Verdict::Pass)
}

/// Judges steps, and returns the premise of theirs that does not hold.
fn judge_steps<'a>(
    steps: &'a [CaseStep],
    history: &'a History,
    outer: Option<&str>,
    judgements: &mut Vec<Judgement<'a>>,
) -> Option<String> {
    let mut broken = outer.map(str::to_owned);
    for (index, step) in steps.iter().enumerate() {
        let record = history.records.iter().find(|record| record.step == index);
        if broken.is_none() {
            broken = record.and_then(|record| broken_premise(step, record));
        }
        for expectation in &step.expect {
            judgements.push(match (record, &broken) {
                (None, _) => unreached(expectation, steps, history),
                (Some(record), Some(why)) => Judgement {
                    requirement: &expectation.req.value,
                    exchanges: record.exchanges.iter().collect(),
                    record: Some(record),
                    ..untold(Verdict::Inconclusive, why.clone())
                },
                (Some(record), None) => judge_expectation(expectation, record),
            });
        }
        match record {
            Some(record) => {
                let inside = judge_inner(step, record, broken.as_deref(), judgements);
                broken = broken.or(inside);
            }
            None => judgements
                .extend(inside(step).map(|expectation| unreached(expectation, steps, history))),
        }
    }
    broken
}

/// What the steps within a race or a repetition expect, however deep.
fn inside(step: &CaseStep) -> Box<dyn Iterator<Item = &Expectation> + '_> {
    let inner: Vec<&CaseStep> = match &step.operation {
        Operation::Race(branches) => branches.iter().flatten().collect(),
        Operation::Repeat(rounds) => rounds.steps.iter().collect(),
        _ => Vec::new(),
    };
    Box::new(inner.into_iter().flat_map(|step| step.expect.iter().chain(inside(step))))
}

fn judge_inner<'a>(
    step: &'a CaseStep,
    record: &'a Record,
    broken: Option<&str>,
    judgements: &mut Vec<Judgement<'a>>,
) -> Option<String> {
    let branches = &record.branches;
    let inner: Vec<&[CaseStep]> = match &step.operation {
        Operation::Race(inner) => inner.iter().map(Vec::as_slice).collect(),
        Operation::Repeat(rounds) => vec![rounds.steps.as_slice(); branches.len()],
        _ => Vec::new(),
    };
    let judged = inner.into_iter().zip(branches);
    let premises = judged.map(|(steps, history)| judge_steps(steps, history, broken, judgements));
    // All of them are judged; what one of them lacks makes the steps after it moot.
    premises.collect::<Vec<_>>().into_iter().flatten().next()
}

/// Why what follows means nothing: a premise of this step does not hold.
fn broken_premise(step: &CaseStep, record: &Record) -> Option<String> {
    match unmet(step, record)? {
        Outcome::Fails { expected, actual } => {
            let found = predicate::contrast(&expected, &actual);
            Some(format!("a step before it did not go as it must: {found}"))
        }
        Outcome::Unknown(why) | Outcome::Moot(why) => Some(why),
        Outcome::Holds => None,
    }
}

/// What became of the first premise of a step that does not hold.
pub fn unmet(step: &CaseStep, record: &Record) -> Option<Outcome> {
    let mut outcomes = step.assume.iter().map(|p| predicate::holds(p, record, &record.variables));
    outcomes.find(|outcome| *outcome != Outcome::Holds)
}

/// A step that never came says nothing, unless an earlier refusal is just as good.
fn unreached<'a>(
    expectation: &'a Expectation,
    steps: &[CaseStep],
    history: &'a History,
) -> Judgement<'a> {
    let requirement = expectation.req.value.as_str();
    let stop = history.stopped.as_ref();
    let why = stop.map_or("the step was not reached", |stop| stop.why.as_str()).to_owned();
    let last = history.records.last();
    let exchanges = last.map(|record| record.exchanges.iter().collect()).unwrap_or_default();
    let known = Judgement { requirement, exchanges, record: last, ..untold(Verdict::Pass, why) };
    let Some(earlier) = &expectation.or_refused_at else {
        return Judgement { verdict: Verdict::Inconclusive, ..known };
    };
    let named = steps.iter().position(|step| step.name.as_ref() == Some(&earlier.value));
    let record = history.records.iter().find(|record| Some(record.step) == named);
    let refused =
        record.map(|record| predicate::holds(&Predicate::Refused, record, &record.variables));
    match refused {
        Some(Outcome::Holds) => {
            let why = Some(format!("already refused at the step `{}`", earlier.value));
            Judgement { why, record, ..known }
        }
        _ => Judgement { verdict: Verdict::Inconclusive, ..known },
    }
}

fn judge_expectation<'a>(expectation: &'a Expectation, record: &'a Record) -> Judgement<'a> {
    let judged = expectation.that.iter().map(|predicate| Judgement {
        about_refusal: matches!(predicate, Predicate::Error(_)),
        ..told(predicate::holds(predicate, record, &record.variables))
    });
    let judged = judged.chain(expectation.record.iter().map(|locator| recorded(locator, record)));
    let told = judged.reduce(|worst, next| if rank(&next) > rank(&worst) { next } else { worst });
    let judgement =
        told.unwrap_or_else(|| untold(Verdict::Inconclusive, "nothing is expected".into()));
    let exchanges = record.exchanges.iter().chain(branch_exchanges(record)).collect();
    let record = Some(record);
    Judgement { requirement: &expectation.req.value, exchanges, record, ..judgement }
}

/// What is at a place of an answer, whatever it is. That nothing is there is worth recording, too,
/// but not of an answer that is an error or says nothing.
fn recorded(locator: &Locator, record: &Record) -> Judgement<'static> {
    let value = match predicate::tells_nothing(record) {
        Some(why) => Err(why),
        None => recorded_value(locator, record),
    };
    match value {
        Ok(value) => Judgement { value: Some(value), ..told(Outcome::Holds) },
        Err(why) => untold(Verdict::Inconclusive, why),
    }
}

fn recorded_value(locator: &Locator, record: &Record) -> Result<String, String> {
    let status = locate::response(record)?.status;
    match (locate::locate(&locator.source, record, &record.variables), &locator.fallback) {
        (Ok(value), _) => Ok(in_words(&value)),
        (Err(_), _) if status >= 500 => Err(format!("the provider answered {status}")),
        (Err(_), Some(other)) => evaluate(other, &record.variables).map(|value| spell(&value)),
        (Err(_), None) if status >= 400 => Err(format!("the provider answered {status}")),
        (Err(_), None) => Ok("absent".into()),
    }
}

/// A value for people. The order of a list of names means nothing, so that it is sorted; text that
/// looks like a number is not one, so that it keeps its quotation marks.
fn in_words(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(spell).collect();
            items.sort();
            items.join(", ")
        }
        Value::String(text) if text.parse::<f64>().is_ok() => value.to_string(),
        other => spell(other),
    }
}

/// Among the predicates of one expectation, one that does not apply outweighs one that holds.
fn rank(judgement: &Judgement<'_>) -> u8 {
    match judgement.verdict {
        Verdict::Pass => 0,
        Verdict::NotApplicable => 1,
        Verdict::Inconclusive => 2,
        Verdict::Fail => 3,
    }
}

fn branch_exchanges(record: &Record) -> impl Iterator<Item = &Exchange> {
    let last = record.branches.iter().filter_map(|branch| branch.records.last());
    last.filter_map(|record| record.exchanges.last())
}

fn told(outcome: Outcome) -> Judgement<'static> {
    match outcome {
        Outcome::Holds => Judgement { why: None, ..untold(Verdict::Pass, String::new()) },
        Outcome::Unknown(why) => untold(Verdict::Inconclusive, why),
        Outcome::Moot(why) => untold(Verdict::NotApplicable, why),
        Outcome::Fails { expected, actual } => Judgement {
            why: None,
            expected: Some(expected),
            actual: Some(actual),
            ..untold(Verdict::Fail, String::new())
        },
    }
}

fn untold(verdict: Verdict, why: String) -> Judgement<'static> {
    Judgement {
        requirement: "",
        verdict,
        value: None,
        expected: None,
        actual: None,
        why: Some(why),
        about_refusal: false,
        exchanges: Vec::new(),
        record: None,
    }
}

/// What must not be seen in a finding.
struct Shown<'a> {
    redactor: &'a Redactor,
    /// The credentials of the case.
    credentials: &'a [String],
}

impl Shown<'_> {
    fn text(&self, text: &str) -> String {
        clip(&credential::cut(&self.redactor.text(text), self.credentials))
    }
}

fn finding(library: &Library, case: &Case, judged: &Judgement<'_>, shown: &Shown<'_>) -> Finding {
    let requirement = library
        .requirement(judged.requirement)
        .expect("reference::check has seen that every expectation names a requirement");
    let clean = |text: &Option<String>| text.as_ref().map(|text| shown.text(text));
    Finding {
        requirement: requirement.id.clone(),
        catalogue: requirement.catalogue.clone(),
        case: case.id.clone(),
        title: case.title.clone(),
        level: requirement.level,
        verdict: judged.verdict,
        severity: requirement.severity,
        known: None,
        value: clean(&judged.value),
        expected: clean(&judged.expected),
        actual: clean(&judged.actual),
        why: clean(&judged.why),
        observed: judged.record.and_then(answer::observed).map(|seen| observed(seen, shown)),
        text: requirement.text.clone(),
        spec: requirement.spec.clone(),
        about_refusal: judged.about_refusal,
        file: case.file.clone(),
        line: case.line,
        exchanges: evidence(judged, shown.redactor),
    }
}

/// What was observed, without secrets.
fn observed(seen: Observed, shown: &Shown<'_>) -> Observed {
    let clean = |text: String| shown.text(&text);
    Observed {
        summary: clean(seen.summary),
        status: seen.status,
        error: seen.error.map(clean),
        headers: seen.headers.into_iter().map(|(name, value)| (name, clean(value))).collect(),
    }
}

/// Text of a readable length. It is cut after redaction, or half a secret could be left at its end.
fn clip(text: &str) -> String {
    const LENGTH: usize = 600;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The exchanges of a verdict that somebody will want to look into.
fn evidence(judged: &Judgement<'_>, redactor: &Redactor) -> Vec<Evidence> {
    const MOST: usize = 12;
    if !matches!(judged.verdict, Verdict::Fail | Verdict::Inconclusive) {
        return Vec::new();
    }
    // The first says what was asked, the last ones what came of it.
    let skipped = 1..(judged.exchanges.len() + 1).saturating_sub(MOST);
    let kept = judged.exchanges.iter().enumerate().filter(|(at, _)| !skipped.contains(at));
    kept.map(|(_, exchange)| redactor.evidence(exchange)).collect()
}
