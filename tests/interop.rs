//! Real providers on loopback: brought up by the scripts in `tests/interop/`, tested with the real
//! program and the provider files that ship with it, and compared with what is expected of each.
//!
//! They need python3 or node and install packages, so they run when `AUTHGAUGE_INTEROP=1` is set,
//! as `.ci/run` does, and are shown as ignored, with the reason, otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

/// The exit code by which the scripts say that a program is missing.
const SKIPPED: i32 = 77;

/// The real providers, with the exit code of a run: green with the known deviations of the provider
/// file, or red and meant to be.
const PROVIDERS: [(&str, i64); 4] = [
    ("django-oauth-toolkit", 0),
    ("django-oauth-toolkit-strict", 0),
    ("oidc-provider", 0),
    ("oauth2-mock-server", 1),
];

fn main() -> ExitCode {
    let trials =
        PROVIDERS.map(|(name, exit)| Trial::ignorable_test(name, move || check(name, exit)));
    let browser = Trial::ignorable_test("oidc-provider-in-a-browser", in_a_browser);
    let matrix = Trial::ignorable_test("side-by-side", side_by_side);
    let trials = trials.into_iter().chain([browser, matrix]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a browser meets: a login, a consent, a denial, and a device. The rest is as without one.
const BROWSER: [&str; 4] = [
    "rfc6749/4.1.4/valid-exchange",
    "rfc6749/6/refresh",
    "rfc6749/4.1.2.1/denied",
    "rfc8628/3.5/denied",
];

/// A provider that is up and running, or why it is not.
fn up(name: &str) -> Result<Result<(Value, Running), String>, Failed> {
    let folder = root().join("tests/interop/providers").join(name);
    // Long enough to be told to slow down and to do so, short enough to wait for its end.
    let up = Command::new(folder.join("up.sh")).env("DEVICE_TTL", "22").output()?;
    if up.status.code() == Some(SKIPPED) {
        return Ok(Err(String::from_utf8_lossy(&up.stderr).trim().to_owned()));
    }
    if !up.status.success() {
        return Err(String::from_utf8_lossy(&up.stderr).into_owned().into());
    }
    let info: Value = serde_json::from_slice(&up.stdout)?;
    let running = Running { dir: info["dir"].as_str().unwrap_or_default().into() };
    Ok(Ok((info, running)))
}

/// A few cases with the login in a real browser, on the pages of a real provider.
fn in_a_browser() -> Result<Completion, Failed> {
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    if let Err(why) = authgauge::chromium::find() {
        return Ok(Completion::ignored_with(why));
    }
    let (info, running) = match up("oidc-provider")? {
        Ok(up) => up,
        Err(why) => return Ok(Completion::ignored_with(why)),
    };
    let source = std::fs::read_to_string(root().join("scenarios/providers/oidc-provider.yaml"))?;
    let file = running.dir.join("browser.yaml");
    std::fs::write(&file, source + "login: browser\n")?;
    let output = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["run", "--json", "-", "--provider"])
        .arg(&file)
        .args(BROWSER)
        .env("AUTHGAUGE_ISSUER", info["issuer"].as_str().unwrap_or_default())
        .output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let others: Vec<&Value> = findings.iter().filter(|f| f["verdict"] != "pass").collect();
    if findings.len() < BROWSER.len() || !others.is_empty() {
        return Err(format!("not all of {} passed: {others:#?}", findings.len()).into());
    }
    Ok(Completion::Completed)
}

fn check(name: &'static str, exit: i64) -> Result<Completion, Failed> {
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    let folder = root().join("tests/interop/providers").join(name);
    let report = match measured(name)? {
        Ok(report) => report,
        Err(why) => return Ok(Completion::ignored_with(why)),
    };
    let same = compare(&folder.join("expected.json"), &report)?;
    if report["exit_code"] != exit {
        let totals = &report["totals"];
        return Err(format!(
            "expected exit code {exit}, but got {}: {totals}",
            report["exit_code"]
        )
        .into());
    }
    Ok(same)
}

/// A report, or why there is none: the provider cannot be had here.
type Measured = Result<Value, String>;

/// The report of a provider, which is tested once however many trials want it.
fn measured(name: &'static str) -> Result<Measured, Failed> {
    static REPORTS: [OnceLock<Result<Measured, String>>; 4] = [const { OnceLock::new() }; 4];
    let slot = PROVIDERS.iter().position(|(known, _)| *known == name).ok_or("no such provider")?;
    let test = || -> Result<Measured, Failed> {
        Ok(match up(name)? {
            Ok((info, running)) => Ok(report(name, &info, &running.dir)?),
            Err(why) => Err(why),
        })
    };
    let told = REPORTS[slot]
        .get_or_init(|| test().map_err(|e| e.message().unwrap_or_default().to_owned()));
    told.clone().map_err(Failed::from)
}

/// The stub's dialects beside which the real providers stand.
const DIALECTS: [&str; 2] = ["cognito", "auth0"];

/// The comparison that the project is for: real providers, and what is documented of others.
fn side_by_side() -> Result<Completion, Failed> {
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    let folder = root().join("target/matrix");
    std::fs::create_dir_all(&folder)?;
    let mut runs = Vec::new();
    for (name, exit) in PROVIDERS {
        let report = match measured(name)? {
            Ok(report) => report,
            Err(why) => return Ok(Completion::ignored_with(format!("{name}: {why}"))),
        };
        // The one that is meant to be red is no provider that anybody compares.
        if exit == 0 {
            runs.push(written(&folder, name, &serde_json::to_vec(&report)?)?);
        }
    }
    for dialect in DIALECTS {
        let run = Command::new(env!("CARGO_BIN_EXE_authgauge"))
            .args(["run", "--json", "-", "--stub", dialect])
            .output()?;
        runs.push(written(&folder, &format!("stub-{dialect}"), &run.stdout)?);
    }
    let [html, markdown, json] =
        ["html", "md", "json"].map(|kind| folder.join("matrix").with_extension(kind));
    let compared = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .arg("compare")
        .args(&runs)
        .arg("--html")
        .arg(&html)
        .arg("--markdown")
        .arg(&markdown)
        .arg("--json")
        .arg(&json)
        .output()?;
    if !compared.status.success() {
        return Err(String::from_utf8_lossy(&compared.stderr).into_owned().into());
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        for kind in [&html, &markdown] {
            let sample = root()
                .join("reports/samples/providers")
                .with_extension(kind.extension().unwrap_or_default());
            std::fs::copy(kind, sample)?;
        }
    }
    look(&serde_json::from_slice(&std::fs::read(&json)?)?)
}

fn written(folder: &Path, name: &str, report: &[u8]) -> Result<PathBuf, Failed> {
    let path = folder.join(name).with_extension("json");
    std::fs::write(&path, report)?;
    Ok(path)
}

/// What must stand in the comparison: measured before documented, a verdict in which the two
/// settings of one product differ, and a value that was recorded.
fn look(matrix: &Value) -> Result<Completion, Failed> {
    let of = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let columns = matrix["columns"].as_array().cloned().unwrap_or_default();
    let evidence: Vec<String> = columns.iter().map(|c| of(&c["provider"], "evidence")).collect();
    let mut wanted = vec!["measured"; 3];
    wanted.extend(["documented"; 2]);
    if evidence != wanted {
        return Err(format!("the columns are {evidence:?}").into());
    }
    let sections = matrix["sections"].as_array().into_iter().flatten();
    let rows: Vec<&Value> =
        sections.flat_map(|s| s["rows"].as_array().into_iter().flatten()).collect();
    let find = |id: &str| rows.iter().find(|row| row["requirement"] == id).copied();
    let plain = find(PLAIN).ok_or(format!("the comparison has no {PLAIN}"))?;
    let lifetime = find(LIFETIME).ok_or(format!("the comparison has no {LIFETIME}"))?;
    let values: Vec<String> = (0..5).map(|at| of(&lifetime["cells"][at], "value")).collect();
    if plain["differs"] != "verdict" || values.iter().any(String::is_empty) {
        return Err(format!(
            "{PLAIN} differs in {}, and {LIFETIME} is {values:?}",
            plain["differs"]
        )
        .into());
    }
    Ok(Completion::Completed)
}

/// What only one of the two settings of django-oauth-toolkit refuses.
const PLAIN: &str = "rfc9700/2.1.1/no-plain-challenge";
/// What is recorded of every provider.
const LIFETIME: &str = "rfc6749/5.1/access-token-lifetime";

/// A provider that is ended when the test is over, however it ends.
struct Running {
    dir: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let down = Command::new(root().join("tests/interop/down.sh")).arg(&self.dir).status();
        assert!(
            down.is_ok_and(|status| status.success()),
            "{} goes on running",
            self.dir.display()
        );
    }
}

fn report(name: &str, info: &Value, dir: &Path) -> Result<Value, Failed> {
    let rotate = root().join("tests/interop/providers").join(name).join("rotate.sh");
    let output = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["run", "--json", "-", "--provider", name])
        .env("AUTHGAUGE_ISSUER", info["issuer"].as_str().unwrap_or_default())
        .env("AUTHGAUGE_ROTATE", rotate)
        .env("DIR", dir)
        .output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The worst verdict on each requirement, as the program reports it; known deviations are failures.
fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let order = ["not_applicable", "pass", "inconclusive", "warning", "fail"];
    let rank = |verdict: &str| order.iter().position(|known| *known == verdict);
    let mut verdicts = BTreeMap::new();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let failed = text("verdict") == "fail";
        let light = failed && text("severity") != "failure";
        let verdict = if light { "warning".into() } else { text("verdict") };
        let known = verdicts.entry(text("requirement")).or_insert_with(|| verdict.clone());
        if rank(&verdict) > rank(known) {
            *known = verdict;
        }
    }
    verdicts
}

/// Compares with the verdicts that are expected; `UPDATE_GOLDENS=1` writes them.
fn compare(golden: &Path, report: &Value) -> Result<Completion, Failed> {
    let verdicts = verdicts(report);
    let read = || -> Result<BTreeMap<String, String>, Failed> {
        Ok(serde_json::from_str(&std::fs::read_to_string(golden)?)?)
    };
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        let known = read().unwrap_or_default();
        let mut fresh = verdicts.clone();
        // What may end either way stays so.
        fresh.extend(known.into_iter().filter(|(_, verdict)| verdict.contains(" or ")));
        std::fs::write(golden, serde_json::to_string_pretty(&fresh)? + "\n")?;
    }
    let expected = read()?;
    // A race may end either way: "pass or warning".
    let fits = |id: &String| match (expected.get(id), verdicts.get(id)) {
        (Some(wanted), Some(got)) => wanted.split(" or ").any(|wanted| wanted == got),
        _ => false,
    };
    let ids: BTreeSet<&String> = expected.keys().chain(verdicts.keys()).collect();
    let different: Vec<String> = ids
        .into_iter()
        .filter(|id| !fits(id))
        .map(|id| {
            let (wanted, got) = (expected.get(id), verdicts.get(id));
            format!("{id}: expected {wanted:?}, but got {got:?}: {}", reasons(report, id))
        })
        .collect();
    if different.is_empty() { Ok(Completion::Completed) } else { Err(different.join("\n").into()) }
}

/// What the report says of a requirement where it did not pass.
fn reasons(report: &Value, id: &str) -> String {
    let findings = report["findings"].as_array().into_iter().flatten();
    let told = findings.filter(|f| f["requirement"] == id);
    let told = told.filter(|f| f["verdict"] != "pass" && f["verdict"] != "not_applicable");
    let told = told.map(|f| format!("{} {} {}", f["case"], f["why"], f["actual"]));
    told.collect::<Vec<_>>().join("; ")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
