//! What tests of load share: a stub in a process of its own, profiles, and reading summaries.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::program::{Ended, authgauge, command, folder, root, text};

/// Far more than a busy machine delays a thread: these tests are about the provider's time.
pub const PATIENT: &str = "validity: { lag: 2000, sent: 0.5, processor: 1 }\n";

/// A stub in a process of its own. Dropping it kills it.
pub struct Stub {
    pub child: Child,
    pub base: String,
    issuer: String,
}

impl Stub {
    pub fn start(arguments: &[&str]) -> Stub {
        let mut command = command(["stub"].iter().chain(arguments));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the program can be started");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut lines = lines.map(|line| line.expect("text"));
        let issuer = lines.find_map(|line| Some(line.strip_prefix("issuer")?.trim().to_owned()));
        let base = lines.find_map(|line| Some(line.strip_prefix("listens at")?.trim().to_owned()));
        let issuer = issuer.expect("the issuer");
        Stub { child, base: base.expect("the address"), issuer }
    }

    /// The issuer, which is not the address in every dialect.
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    pub fn load(&self, profile: &Path, more: &[&str]) -> Ended {
        authgauge(&self.arguments(profile, more))
    }

    pub fn arguments<'a>(&'a self, profile: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let fixed =
            ["load", "--provider", "stub", "--issuer", &self.base, "--profile", text(profile)];
        fixed.into_iter().chain(more.iter().copied()).collect()
    }

    pub fn control(&self, name: &str, body: Option<&str>) -> Value {
        let url = format!("{}/_stub/{name}", self.base);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let client = reqwest::Client::new();
            let request = match body {
                Some(body) => client.post(url).body(body.to_owned()),
                None => client.get(url),
            };
            let answer = request.send().await.expect("an answer").bytes().await.expect("a body");
            serde_json::from_slice(&answer).expect("JSON")
        })
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // It may have ended by itself, as in one of these tests.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until a run has logged so many intervals: how long it takes to begin is up to the machine.
pub fn measured(log: &Path, intervals: usize) {
    for _ in 0..150 {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        if text.matches("Tag=generator.lag").count() >= intervals {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing is logged at {}", log.display());
}

/// A profile in a folder of the test's own.
pub fn profile(name: &str, head: &str, operations: &str) -> (PathBuf, PathBuf) {
    let folder = folder(&format!("load_{name}"));
    let path = folder.join("profile.yaml");
    let text = format!("title: test\n{PATIENT}{head}operations:\n{operations}");
    std::fs::write(&path, text).expect("the folder can be written");
    (folder, path)
}

pub const KEYS: &str = "  - { name: keys, steps: [{ name: keys, send: { to: jwks_uri } }] }\n";
pub const TOKEN: &str = "  - name: token
    steps:
      - name: token
        send: { to: token_endpoint, as: service, form: { grant_type: client_credentials, scope: read } }
";

pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the summary was written");
    serde_json::from_str(&text).expect("JSON")
}

pub fn step<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let steps = summary["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["name"] == name).expect("the step")
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn near(got: f64, wanted: f64, share: f64, what: &str) {
    let off = (got / wanted - 1.0).abs();
    assert!(off <= share, "{what}: got {got}, wanted {wanted} within {} %", share * 100.0);
}

/// What the hdrhistogram package of Python reads of a tag in a log: how many, and the 99th
/// percentile in microseconds.
pub fn read_by_python(log: &Path, tag: &str) -> Vec<f64> {
    let script = root().join("tests/interop/hdrhistogram.py");
    let read = python("hdrhistogram==0.10.8", &[text(&script), text(log), tag]);
    read.split_whitespace().map(|n| n.parse().expect("a number")).collect()
}

/// What a script of Python prints that needs a package, which is installed once.
pub fn python(package: &str, arguments: &[&str]) -> String {
    let name = package.split('=').next().unwrap_or(package);
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-venv"));
    let run = |program: &Path, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).output();
        let output = output.expect("python3 is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    {
        // Tests run side by side, and pip is not made for that.
        static INSTALLING: Mutex<()> = Mutex::new(());
        let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        if !venv.join("bin/pip").exists() {
            run(Path::new("python3"), &["-m", "venv", text(&venv)]);
        }
        run(&venv.join("bin/pip"), &["install", "--quiet", package]);
    }
    run(&venv.join("bin/python"), arguments)
}
