//! What a generator core gives: the product next to a bare loop with the same client, in one run.
//! `cargo bench --bench load`; Linux only, for it reads `/proc`. wrk, k6 and Locust are asked too
//! where they are installed.
//!
//! The stub is a process of its own, so that only the generator's processor time counts.

#![allow(clippy::cast_precision_loss, reason = "counts that fit")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod flows;
mod peers;
mod saturate;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authgauge::load::verification::{Verifier, verifier, verify_signature};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::saturate::saturate;

const ROUNDS: usize = 3;
const USERS: usize = 64;
const SECONDS: u64 = 3;
const PROFILE: &str = "title: bench
validity: { lag: 1, sent: 0.999, processor: 1 }
operations:
  - name: token
    steps:
      - send: { to: token_endpoint, as: service, form: { grant_type: client_credentials, scope: read } }
";
const FORM: &str = "grant_type=client_credentials&scope=read";

struct Stub(Child, String);

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn main() {
    let stub = stub();
    generator_cost(&stub.1);
    sign_ins(&stub.1);
    floor(&stub.1);
    for rate in [2000, 10_000] {
        open(&stub.1, rate);
    }
    overload(&stub.1);
    frozen(&stub.1);
    memory(&stub.1);
    verification();
}

/// The cost of a request beside that of a bare loop with the same client, and of other generators.
fn generator_cost(base: &str) {
    type Cost = fn(&str) -> Option<f64>;
    let tools: [(&str, Cost); 6] = [
        ("bare reqwest loop", |base| Some(bare(base))),
        ("wrk", peers::wrk),
        ("k6", peers::k6),
        ("Locust", peers::locust),
        ("product", |base| Some(closed(base, "standard"))),
        ("lean product", |base| Some(closed(base, "lean"))),
    ];
    let rounds: Vec<Vec<Option<f64>>> = (0..ROUNDS)
        .map(|_| {
            let costs: Vec<Option<f64>> = tools.iter().map(|(_, cost)| cost(base)).collect();
            let told = tools.iter().zip(&costs).map(|((name, _), cost)| {
                cost.map_or(format!("{name} -"), |cost| format!("{name} {cost:.0}"))
            });
            println!("requests per CPU-second: {}", told.collect::<Vec<_>>().join(", "));
            costs
        })
        .collect();
    let ratios: [(usize, usize, f64); 6] =
        [(4, 0, 0.8), (4, 1, 0.38), (4, 2, 2.5), (4, 3, 5.0), (5, 1, 0.6), (5, 2, 4.0)];
    for (over, under, goal) in ratios {
        let ratio = rounds.iter().filter_map(|costs| Some(costs[over]? / costs[under]?));
        let what = format!("{} / {}", tools[over].0, tools[under].0);
        tell(&what, ratio.collect(), goal);
    }
}

fn tell(what: &str, mut ratios: Vec<f64>, goal: f64) {
    ratios.sort_by(f64::total_cmp);
    match ratios.get(ratios.len() / 2) {
        Some(median) => println!("{what}: {median:.2} (goal {goal:.2})"),
        None => println!("{what}: not installed (goal {goal:.2})"),
    }
}

/// Sign-ins with a code and PKCE beside those of a bare loop.
fn sign_ins(base: &str) {
    let users = flows::USERS.to_string();
    let arguments = ["--model", "closed", "--duration", "3", "--users", &users];
    let ratios = (0..ROUNDS).map(|_| {
        let bare = flows::bare(base);
        let product = cost(&load(base, flows::PROFILE, &arguments));
        println!("sign-ins per CPU-second: bare loop {bare:.0}, product {product:.0}");
        product / bare
    });
    tell("sign-ins: product / bare loop", ratios.collect(), 0.8);
}

/// How much latency the generator adds: the median over one connection beside that of wrk.
fn floor(base: &str) {
    for (transport, goal) in [("standard", 1.5), ("lean", 1.25)] {
        let ratios = (0..ROUNDS).filter_map(|_| {
            let wrk = peers::wrk_median(base)?;
            let arguments = ["--model", "closed", "--duration", "3", "--users", "1"];
            let more = [&arguments[..], &["--transport", transport]].concat();
            let own = number(&load(base, PROFILE, &more)["steps"][0]["service_ms"]["p50"]);
            println!("one connection, p50: wrk {wrk:.3} ms, {transport} {own:.3} ms");
            Some(own / wrk)
        });
        tell(
            &format!("p50 over one connection: {transport} / wrk (at most)"),
            ratios.collect(),
            goal,
        );
    }
}

/// The stub gives the same token again, so that its signatures are not the limit.
fn stub() -> Stub {
    let mut child = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["stub", "--reuse-tokens", "3600"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut lines = lines.map(|line| line.expect("text"));
    let base = lines.find_map(|line| Some(line.strip_prefix("listens at")?.trim().to_owned()));
    Stub(child, base.expect("the address"))
}

/// The client of the product: with a time limit, without redirects and retries.
fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let builder = builder.retry(reqwest::retry::never()).timeout(Duration::from_secs(10));
    builder.build().expect("a client")
}

/// Requests per CPU-second of a loop that sends, reads to the end, and does nothing else.
fn bare(base: &str) -> f64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, url) = (client(), format!("{base}/token"));
    let users = vec![(client, url); USERS];
    saturate(&runtime, users, |(client, url)| async move {
        let request = client.post(url).basic_auth("service", Some("service-secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(FORM).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a body");
    })
}

fn load(base: &str, profile: &str, more: &[&str]) -> Value {
    let folder = std::env::temp_dir().join(format!("authgauge-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (path, out) = (folder.join("profile.yaml"), folder.join("summary.json"));
    std::fs::write(&path, profile).expect("it can be written");
    let ended = Command::new(env!("CARGO_BIN_EXE_authgauge"))
        .args(["load", "--provider", "stub", "--issuer", base, "--profile"])
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

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// Requests per CPU-second of the product.
fn closed(base: &str, transport: &str) -> f64 {
    let (seconds, users) = (SECONDS.to_string(), USERS.to_string());
    let arguments = ["--model", "closed", "--duration", &seconds, "--users", &users];
    cost(&load(base, PROFILE, &[&arguments[..], &["--transport", transport]].concat()))
}

/// What was done in a second of the processor.
fn cost(summary: &Value) -> f64 {
    let own = &summary["generator"];
    let share = number(&own["processor_share"]) * number(&own["processors"]);
    number(&summary["load"]["done"]) / (share * number(&summary["elapsed_s"]))
}

fn open(base: &str, rate: u32) {
    let summary =
        load(base, PROFILE, &["--rate", &rate.to_string(), "--duration", "5", "--users", "128"]);
    let (load, lag) = (&summary["load"], &summary["generator"]["lag_ms"]);
    let sent = number(&load["due"]) / 5.0;
    println!(
        "open model, asked {rate}/s: sent {sent:.1}/s ({:+.3} %, goal 0.1 %), done {}, lag p50 {:.0} us, \
         p99 {:.0} us (goal 250), {}",
        (sent / f64::from(rate) - 1.0) * 100.0,
        load["done"],
        number(&lag["p50"]) * 1e3,
        number(&lag["p99"]) * 1e3,
        if summary["valid"] == true {
            "valid".into()
        } else {
            summary["invalid_because"].to_string()
        }
    );
}

/// How much is left of the ceiling at 1.3 times the ceiling. The ceiling is the most that was
/// achieved while the rate rose.
fn overload(base: &str) {
    let achieved = |rate: f64| {
        let rate = format!("{rate:.0}");
        let summary = load(base, PROFILE, &["--rate", &rate, "--duration", "4", "--users", "256"]);
        number(&summary["load"]["achieved_per_s"])
    };
    let (mut rate, mut ceiling) = (4000.0, 0.0_f64);
    while rate <= 50_000.0 {
        let got = achieved(rate);
        ceiling = ceiling.max(got);
        if got < rate * 0.9 {
            break;
        }
        rate *= 1.4;
    }
    let beyond = achieved((ceiling * 1.3).min(50_000.0));
    println!(
        "open model: ceiling {ceiling:.0}/s, at 1.3 times that {beyond:.0}/s: {:.2} (goal 0.90)",
        beyond / ceiling
    );
}

/// The 99th percentile when the stub stands still for one second of six, next to theory.
fn frozen(base: &str) {
    let stall = std::thread::spawn({
        let url = format!("{base}/_stub/latency");
        move || {
            std::thread::sleep(Duration::from_millis(3500));
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let request = reqwest::Client::new().post(url).body(r#"{"stall_ms": 1000}"#);
                request.send().await.expect("an answer");
            });
        }
    });
    let summary = load(base, PROFILE, &["--rate", "2000", "--duration", "6", "--users", "64"]);
    stall.join().expect("it ends");
    let step = &summary["steps"][0];
    let (response, service) =
        (number(&step["response_ms"]["p99"]), number(&step["service_ms"]["p99"]));
    println!(
        "frozen for 1 s of 6: response p99 {response:.0} ms, {:.3} of theory (goal 0.95 to 1.05); \
         service p99 {service:.1} ms, which is what a tool without a schedule says; {}",
        response / 940.0,
        summary["invalid_because"]
    );
}

/// The memory of a pool, by the difference between a large one and a small one.
fn memory(base: &str) {
    let peak = |users: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_authgauge"))
            .args(["load", "--profile", "machine_tokens", "--provider", "stub", "--issuer", base])
            .args(["--model", "closed", "--duration", "3", "--users", users])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        let mut peak = 0.0_f64;
        let begun = Instant::now();
        while child.try_wait().expect("it can be asked").is_none() && begun.elapsed().as_secs() < 60
        {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
            let status = status.unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kb = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(kb.unwrap_or(0.0));
            std::thread::sleep(Duration::from_millis(50));
        }
        peak
    };
    let (small, large) = (peak("16"), peak("2016"));
    println!("memory: {:.0} kB per worker (goal 80)", (large - small) / 2000.0);
}

/// RS256 verifications per second of one thread, next to `openssl speed` where that is installed.
fn verification() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({"kty": "RSA", "n": encode(&public.n), "e": encode(&public.e)});
    let mut message = encode(br#"{"alg":"RS256"}"#);
    write!(message, ".{}", encode(json!({"sub": "a".repeat(500)}).to_string().as_bytes()))
        .expect("text");
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("signs");
    let token = format!("{message}.{}", encode(&signature));
    let own: Verifier = verifier(&key, "RS256").expect("a key");
    let (begun, mut done) = (Instant::now(), 0_u32);
    while begun.elapsed() < Duration::from_secs(2) {
        verify_signature(&own, &token).expect("verifies");
        done += 1;
    }
    let ours = f64::from(done) / begun.elapsed().as_secs_f64();
    let openssl =
        Command::new("openssl").args(["speed", "-mr", "-seconds", "2", "rsa2048"]).output();
    let text = openssl.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let limit = text
        .lines()
        .find_map(|line| line.strip_prefix("+F2:")?.split(':').nth(3)?.parse::<f64>().ok());
    match limit {
        Some(limit) => {
            println!(
                "RS256 verifications: {ours:.0}/s, {:.2} of openssl speed (goal 0.85)",
                ours / limit
            );
        }
        None => println!("RS256 verifications: {ours:.0}/s (openssl is not installed)"),
    }
}
