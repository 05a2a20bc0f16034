//! What a generator core gives: the product next to a bare loop with the same client, in one run.
//! `cargo bench --bench load`; Linux only, for it reads `/proc`. wrk, k6 and Locust are asked too
//! where they are installed.
//!
//! The stub is a process of its own, so that only the generator's processor time counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod apart;
mod cost;
mod flows;
mod latency;
mod memory;
mod peers;
mod ratio;
mod saturate;
mod stub;
mod verification;

use std::process::Command;

use serde_json::Value;

use crate::stub::Stub;

/// The operation that most rows repeat: a token by the client's own credentials.
pub const PROFILE: &str = "title: bench
validity: { lag: 1, sent: 0.999, processor: 1 }
operations:
  - name: token
    steps:
      - send: { to: token_endpoint, as: service, form: { grant_type: client_credentials, scope: read } }
";
/// The form that it sends.
pub const FORM: &str = "grant_type=client_credentials&scope=read";

fn main() {
    let stub = Stub::start();
    let apart = apart::keep_apart(stub.id());
    for users in [16, 64] {
        cost::of_a_request(&stub, users);
    }
    cost::beside_other_generators(&stub);
    cost::of_a_sign_in(&stub);
    cost::of_recording(&stub);
    latency::floor(&stub);
    drop(apart);
    for rate in [2000, 10_000] {
        latency::open_model(&stub, rate);
    }
    latency::overload(&stub);
    latency::frozen(&stub);
    memory::of_a_worker(&stub);
    for algorithm in verification::ALL {
        verification::beside_openssl(&algorithm);
    }
}

/// The summary of a run of the product against the stub.
pub fn load(stub: &Stub, profile: &str, more: &[&str]) -> Value {
    let folder = std::env::temp_dir().join(format!("authgauge-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (path, out) = (folder.join("profile.yaml"), folder.join("summary.json"));
    std::fs::write(&path, profile).expect("it can be written");
    let ended = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["load", "--provider", "stub", "--issuer", &stub.base, "--profile"])
        .arg(&path)
        .arg("--json")
        .arg(&out)
        .args(more)
        .output()
        .expect("the program can be started");
    let text = std::fs::read_to_string(&out).unwrap_or_else(|_| {
        panic!("{}", String::from_utf8_lossy(&ended.stderr));
    });
    drop(std::fs::remove_dir_all(&folder));
    serde_json::from_str(&text).expect("JSON")
}

/// A number of a summary.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
