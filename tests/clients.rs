//! Real client libraries against the stub: each script in `tests/interop/clients/` signs in, verifies,
//! refreshes, signs out and fails as it should, against a stub of its own.
//!
//! They need python3 and node and install packages, so they run when `AUTHGAUGE_INTEROP=1` is set,
//! as `.ci/run` does, and are shown as ignored, with the reason, otherwise.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// The exit code by which `run.sh` says that a program or a package is missing.
const SKIPPED: i32 = 77;

fn main() -> ExitCode {
    let trials = scripts().into_iter().map(|name| {
        Trial::ignorable_test(name.clone(), move || check(&name)).with_kind("real client")
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// The names of the scripts: every Python and Node file but the helpers that they share.
fn scripts() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the clients");
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_script = |name: &String| {
        let extension = Path::new(name).extension();
        !name.starts_with("login.") && extension.is_some_and(|kind| kind == "py" || kind == "mjs")
    };
    let mut names: Vec<String> = names.filter(is_script).collect();
    names.sort();
    names
}

fn check(name: &str) -> Result<Completion, Failed> {
    if std::env::var_os("AUTHGAUGE_INTEROP").is_none() {
        return Ok(Completion::ignored_with("set AUTHGAUGE_INTEROP=1 to run it"));
    }
    let stub = RunningStub::start()?;
    let output = Command::new(folder().join("run.sh")).args([name, &stub.base_url]).output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(Completion::Completed),
        Some(SKIPPED) => Ok(Completion::ignored_with(said)),
        _ => Err(format!("{}: {said}", output.status).into()),
    }
}

/// The real program's stub on a free port; it is ended when the test is over, however it ends.
struct RunningStub {
    process: Child,
    base_url: String,
}

impl RunningStub {
    fn start() -> Result<RunningStub, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_authgauge"));
        let process = command.args(["stub", "cognito"]).stdout(Stdio::piped()).spawn()?;
        let mut stub = RunningStub { process, base_url: String::new() };
        let output = stub.process.stdout.take().ok_or("the stub's output is piped")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let base_url = lines.find_map(|line| base_url(&line));
        stub.base_url = base_url.ok_or("the stub ended before it said where it listens")?;
        Ok(stub)
    }
}

impl Drop for RunningStub {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The address in the line `control plane  http://127.0.0.1:PORT/_stub/`.
fn base_url(line: &str) -> Option<String> {
    let address = line.strip_prefix("control plane")?.trim();
    Some(address.strip_suffix("/_stub/")?.to_owned())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/clients")
}
