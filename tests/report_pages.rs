//! The pages in a real browser: at two widths, in light and dark, with an accessibility checker.
//!
//! It needs node, npm and Chromium, and runs when `AUTHGAUGE_INTEROP=1` is set, as `.ci/run` does;
//! otherwise it is shown as ignored, with the reason. Screenshots are kept in `target/pages`.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use authgauge::matrix::matrix;
use authgauge::provider_file::Basis;
use authgauge::report::{Report, capacity_html, html, json, load_html, matrix_html};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use support::measurements::{capacity, load};
use support::program::root;
use support::reports::{empty, every_kind, hostile, many};

/// How a report comes about.
type Made = fn() -> Report;

/// What a page is made of.
type Reports = fn() -> Vec<Report>;

/// A page.
type Written = fn() -> String;

fn main() -> ExitCode {
    let pages: [(&str, Made); 4] =
        [("every-kind", every_kind), ("hostile", hostile), ("empty", empty), ("many", || many(60))];
    let trials = pages.map(|(name, report)| {
        Trial::ignorable_test(name, move || look_at(name, &html::write(&report())))
    });
    let compared: [(&str, Reports); 2] =
        [("matrix", side_by_side), ("matrix-hostile", || vec![hostile(), every_kind(), empty()])];
    let compared = compared.map(|(name, reports)| {
        let page = move || matrix_html::write(&matrix(&reports()));
        Trial::ignorable_test(name, move || look_at(name, &page()))
    });
    let measured: [(&str, Written); 3] = [
        ("load", || load_html::write(&[load("first")])),
        ("load-compared", || load_html::write(&[load("first"), load("second")])),
        ("capacity", || capacity_html::write(&[capacity()])),
    ];
    let measured =
        measured.map(|(name, page)| Trial::ignorable_test(name, move || look_at(name, &page())));
    let trials: Vec<Trial> = trials.into_iter().chain(compared).chain(measured).collect();
    let mut arguments = Arguments::from_args();
    // They share the folder into which npm installs.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Four columns that differ, two of them measured.
fn side_by_side() -> Vec<Report> {
    let text = std::fs::read_to_string(root().join("reports/samples/run.json"));
    let stub = json::read(&text.expect("the sample is there")).expect("it is a report");
    let mut real = stub.clone();
    real.provider.evidence = Basis::Measured;
    real.provider.name = "a product with a long name".into();
    let mut worse = every_kind();
    worse.findings.extend(real.findings.iter().take(40).cloned());
    vec![stub, real, worse, every_kind()]
}

fn look_at(name: &str, page: &str) -> Result<Completion, Failed> {
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    let Some(browser) = found(&["chromium", "chromium-browser", "google-chrome"]) else {
        return Ok(Completion::ignored_with("there is no Chromium on this machine"));
    };
    if found(&["node"]).is_none() || found(&["npm"]).is_none() {
        return Ok(Completion::ignored_with("there is no node with npm on this machine"));
    }
    let folder = root().join("target/pages");
    std::fs::create_dir_all(&folder)?;
    install(&folder)?;
    let file = folder.join(format!("{name}.html"));
    std::fs::write(&file, page)?;
    let looked = Command::new("node")
        .arg(folder.join("look.mjs"))
        .args([&browser, &file])
        .current_dir(&folder)
        .output()?;
    if looked.status.success() {
        return Ok(Completion::Completed);
    }
    let said = [looked.stdout, looked.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned().into())
}

/// The first of these programs that is in the path.
fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |f| f.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// The checker and what drives the browser, in the versions of the lock file, once.
fn install(folder: &Path) -> Result<(), Failed> {
    let source = root().join("tests/report_pages");
    for name in ["package.json", "package-lock.json", "look.mjs"] {
        std::fs::copy(source.join(name), folder.join(name))?;
    }
    if folder.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder)
        .output()?;
    if npm.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&npm.stderr).into_owned().into())
}
