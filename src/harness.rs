//! Scenarios under `cargo test`: the only module that names libtest-mimic.

use std::future::pending;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use authgauge_mocks::{Options, Stub};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::faults::{self, Matrix, Reach};
use crate::finding::{Finding, Verdict};
use crate::library::Library;
use crate::plan;
use crate::provider::Provider;
use crate::report::terminal;
use crate::run::{self, Settings};
use crate::spec::Severity;
use crate::transport::HttpTransport;

/// The embedded stub, ready to be tested.
pub struct Embedded {
    /// The stub; it ends when this is dropped.
    pub stub: Stub,
    /// The provider file of the stub, with its address.
    pub provider: Provider,
    /// A transport to it.
    pub transport: HttpTransport,
}

/// The dialect of the stub that conforms to everything.
pub const STRICT: &str = "strict";

/// Starts the embedded stub on a free loopback port. Its provider file is `stub-<dialect>`, or
/// `stub` for the strict one.
///
/// # Errors
/// Says why it cannot be started, or names the unknown dialect or fault.
pub async fn start_stub(
    library: &Library,
    dialect: &str,
    faults: &[String],
) -> Result<Embedded, String> {
    // Making a transport reads the system's certificates; all stubs of a process share one.
    static TRANSPORT: OnceLock<Result<HttpTransport, String>> = OnceLock::new();
    let options = Options { dialect: dialect.into(), faults: faults.to_vec(), port: 0 };
    let stub = Stub::start(&options).await.map_err(|e| e.to_string())?;
    let provider = stub_provider(library, dialect, &stub.issuer())?;
    let transport = TRANSPORT.get_or_init(|| HttpTransport::new(provider.pace.timeout)).clone()?;
    Ok(Embedded { stub, provider, transport })
}

/// The provider file of a dialect, for a stub at `issuer`.
///
/// # Errors
/// When the library has none, or it has a mistake.
pub fn stub_provider(library: &Library, dialect: &str, issuer: &str) -> Result<Provider, String> {
    let name = if dialect == STRICT { "stub".into() } else { format!("stub-{dialect}") };
    let missing = || format!("there is no provider file `{name}` for the dialect {dialect}");
    let file = library.providers.get(&name).ok_or_else(missing)?;
    Provider::parse(&file.path, &file.text, Some(issuer)).map_err(|e| e.to_string())
}

/// Runs the scenarios of a folder against the embedded stub as tests, one for each case.
///
/// A `tests/oidc.rs` with `harness = false` and `fn main() -> ExitCode {
/// authgauge::harness::main("scenarios") }` is all it takes.
pub fn main(folder: impl AsRef<Path>) -> ExitCode {
    let arguments = Arguments::from_args();
    match Library::from_folder(folder.as_ref()) {
        Ok(library) => conduct(&arguments, &*Box::leak(Box::new(library))),
        Err(mistakes) => {
            let broken = mistakes.into_iter().enumerate().map(|(index, mistake)| {
                Trial::test(format!("load::{}:{index}", mistake.file), move || {
                    Err(Failed::from(mistake.to_string()))
                })
            });
            libtest_mimic::run(&arguments, broken.collect()).exit_code()
        }
    }
}

/// All cases are run once, by the first trial that wants its result: they share one login, and
/// some of them depend on their twins.
fn conduct(arguments: &Arguments, library: &'static Library) -> ExitCode {
    static FINDINGS: OnceLock<Result<Vec<Finding>, String>> = OnceLock::new();
    let cases = plan::unfold(library).into_iter().map(|(_, case)| case);
    let trials = cases.map(|case| {
        let id = case.id.clone();
        Trial::ignorable_test(case.id.replace('/', "::"), move || {
            let findings = FINDINGS.get_or_init(|| run_all(library));
            complete(&id, findings.as_deref())
        })
    });
    libtest_mimic::run(arguments, trials.collect()).exit_code()
}

fn run_all(library: &Library) -> Result<Vec<Finding>, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let embedded = start_stub(library, STRICT, &[]).await?;
        let settings = Settings::default();
        let Embedded { stub: _stub, provider, transport } = &embedded;
        let report = run::run(library, provider, transport, &settings, |_, _| {}, pending()).await;
        report.map(|report| report.findings).map_err(|e| e.to_string())
    })
}

/// One case as a test result: a violation or "could not tell" fails, "does not apply" is ignored.
fn complete(case: &str, findings: Result<&[Finding], &String>) -> Result<Completion, Failed> {
    let findings = findings.map_err(Failed::from)?;
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.case == case).collect();
    let bad = own.iter().filter(|finding| match finding.verdict {
        Verdict::Fail => finding.severity == Severity::Failure && finding.known.is_none(),
        Verdict::Inconclusive => true,
        Verdict::Pass | Verdict::NotApplicable => false,
    });
    let messages: Vec<String> = bad.map(|finding| terminal::details(finding)).collect();
    if !messages.is_empty() {
        return Err(messages.join("\n").into());
    }
    let skipped = own.iter().find(|finding| finding.verdict == Verdict::NotApplicable);
    match skipped {
        Some(skipped) if own.iter().all(|finding| finding.verdict == Verdict::NotApplicable) => {
            Ok(Completion::ignored_with(skipped.why.clone().unwrap_or_default()))
        }
        _ => Ok(Completion::Completed),
    }
}

/// Runs the fault matrix of a folder of scenarios as tests, one for each fault, and lets `page` look
/// at the whole of it.
pub fn faults_main(
    folder: impl AsRef<Path>,
    page: impl FnOnce(&Matrix) -> Result<(), String>,
) -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Library::from_folder(folder.as_ref())
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        .and_then(|library| faults::matrix(&library, STRICT, Reach::Direct, |_| {}));
    let trials = match matrix {
        Ok(matrix) => {
            let written = page(&matrix).map_err(Failed::from);
            let page = Trial::test("page", move || written);
            matrix_trials(matrix).into_iter().chain([page]).collect()
        }
        Err(why) => vec![Trial::test("matrix", move || Err(why.into()))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn matrix_trials(matrix: Matrix) -> Vec<Trial> {
    let faults = matrix.faults.into_iter().map(|row| {
        Trial::test(format!("fault::{}", row.name), move || {
            if row.caught {
                Ok(())
            } else {
                Err(format!("missed {:?}, unexpected {:?}", row.missed, row.unexpected).into())
            }
        })
    });
    let empty = |name: &str, ids: Vec<String>| {
        Trial::test(name, move || if ids.is_empty() { Ok(()) } else { Err(ids.join(", ").into()) })
    };
    let whole = [
        empty("strict_dialect_is_green", matrix.false_alarms),
        empty("every_check_has_a_fault", matrix.unproven),
    ];
    whole.into_iter().chain(faults).collect()
}
