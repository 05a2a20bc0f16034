//! The figures of a summary beside those of the provider, which counts for itself what came and
//! what it did: whatever is reckoned wrongly is wrong here.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a few hundred"
)]

mod support;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::program::{authgauge, text};
use support::server::{Answer, Server, json as answer, response};
use support::workload::{KEYS, near, number, profile, read, step};

/// A request, and until when the provider deals with it.
struct Dealt {
    came: Instant,
    over: Instant,
    outcome: &'static str,
}

type Ledger = Arc<Mutex<Vec<Dealt>>>;

const RATE: u64 = 100;
const SECONDS: u64 = 4;
const DEADLINE: Duration = Duration::from_secs(1);
const OUTCOMES: [&str; 5] = ["ok", "wrong", "error", "throttled", "timeout"];

/// What the request of that number comes to, and after how long. The percentiles all differ.
fn fate(number: usize) -> (&'static str, Duration) {
    let soon = Duration::from_millis(20);
    match number {
        n if n % 50 == 0 => ("timeout", DEADLINE),
        n if n % 25 == 0 => ("throttled", soon),
        n if n % 20 == 0 => ("error", soon),
        n if n % 10 == 0 => ("wrong", soon),
        n if n % 16 == 0 => ("ok", 20 * soon),
        n if n % 7 == 0 => ("ok", 10 * soon),
        _ => ("ok", soon),
    }
}

fn provider(ledger: &Ledger) -> Server {
    let (ledger, numbers) = (Arc::clone(ledger), Mutex::new(0));
    Server::start(move |asked, origin| {
        if asked.path != "/jwks" {
            let jwks_uri = format!("{origin}/jwks");
            return answer("200 OK", &json!({ "issuer": origin, "jwks_uri": jwks_uri }));
        }
        let came = Instant::now();
        let number = {
            let mut last = numbers.lock().unwrap_or_else(PoisonError::into_inner);
            *last += 1;
            *last
        };
        let (outcome, after) = fate(number);
        let dealt = Dealt { came, over: came + after, outcome };
        ledger.lock().unwrap_or_else(PoisonError::into_inner).push(dealt);
        thread::sleep(after);
        match outcome {
            "ok" => answer("200 OK", &json!({ "keys": [] })),
            "wrong" => response("404 Not Found", &[], ""),
            "throttled" => response("429 Too Many Requests", &[("Retry-After", "3")], ""),
            "error" => response("503 Service Unavailable", &[], ""),
            _ => Answer::Stall,
        }
    })
}

/// The summary of a run against such a provider, and what the provider counted.
fn measured(name: &str, model: &[&str]) -> (Value, Vec<Dealt>) {
    let ledger = Ledger::default();
    let server = provider(&ledger);
    let head = format!(
        "rate: {RATE}\nduration: {SECONDS}\nusers: 40\ndeadline: 1\nstop_at_error_rate: 1\n\
         thresholds: [{{ step: keys, p99: 5000, error_rate: 1, achieved: 0.1 }}]\n"
    );
    let (folder, profile) = profile(name, &head, KEYS);
    let (out, issuer) = (folder.join("summary.json"), server.origin());
    let fixed = ["load", "--provider", "stub", "--issuer", &issuer, "--profile", text(&profile)];
    let ended = authgauge(&[&fixed[..], model, &["--json", text(&out)]].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let dealt = std::mem::take(&mut *ledger.lock().unwrap_or_else(PoisonError::into_inner));
    (read(&out), dealt)
}

fn how_many(dealt: &[Dealt], outcome: &str) -> usize {
    dealt.iter().filter(|dealt| dealt.outcome == outcome).count()
}

/// From the first request to the end of the last one, in seconds.
fn span(dealt: &[Dealt]) -> f64 {
    let first = dealt.iter().map(|dealt| dealt.came).min().expect("requests");
    let last = dealt.iter().map(|dealt| dealt.over).max().expect("requests");
    (last - first).as_secs_f64()
}

/// The service times that count for latencies, in milliseconds, the shortest first.
fn times(dealt: &[Dealt]) -> Vec<f64> {
    let counted = dealt.iter().filter(|dealt| ["ok", "timeout"].contains(&dealt.outcome));
    let mut times: Vec<f64> =
        counted.map(|dealt| (dealt.over - dealt.came).as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    times
}

fn counts_agree(summary: &Value, dealt: &[Dealt]) {
    let keys = step(summary, "keys");
    for outcome in OUTCOMES {
        assert_eq!(keys["counts"][outcome], how_many(dealt, outcome), "{outcome}: {keys}");
        let reasons = keys["reasons"].as_array().expect("reasons");
        let explained = reasons.iter().filter(|reason| reason["outcome"] == outcome);
        let explained: u64 = explained.filter_map(|reason| reason["count"].as_u64()).sum();
        let wanted = if outcome == "ok" { 0 } else { how_many(dealt, outcome) };
        assert_eq!(explained, wanted as u64, "{outcome}: {keys}");
    }
    assert_eq!(keys["counts"]["missed"], 0);
    assert_eq!(keys["retry_after_s"], 3);
    let wrong = 1.0 - how_many(dealt, "ok") as f64 / dealt.len() as f64;
    near(number(&keys["error_rate"]), wrong, 1e-6, "the error rate");
    let (load, all) = (&summary["load"], dealt.len());
    for figure in ["due", "done", "requests"] {
        assert_eq!(load[figure], all, "{figure}: {load}");
    }
    assert_eq!(summary["generator"]["counted_by_pool"], all);
    let rate = how_many(dealt, "ok") as f64 / span(dealt);
    near(number(&load["achieved_per_s"]), rate, 0.05, "the rate of what went right");
}

fn times_agree(told: &Value, dealt: &[Dealt]) {
    let times = times(dealt);
    assert_eq!(told["count"], times.len());
    // What the way there and back takes is more than nothing, and less than this on a busy machine.
    let agrees = |name: &str, wanted: f64| {
        let got = number(&told[name]);
        assert!((wanted * 0.99..wanted * 1.05 + 20.0).contains(&got), "{name}: {got}, {wanted}");
    };
    for (name, share) in
        [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)]
    {
        agrees(name, times[(share * times.len() as f64).ceil() as usize - 1]);
    }
    agrees("min", times[0]);
    agrees("max", times[times.len() - 1]);
    agrees("mean", times.iter().sum::<f64>() / times.len() as f64);
}

/// What had ended by the end of each second; a few may be on their way back just then.
fn seconds_agree(summary: &Value, dealt: &[Dealt]) {
    let first = dealt.iter().map(|dealt| dealt.came).min().expect("requests");
    let (mut done, mut ok) = (0.0, 0.0);
    for second in summary["seconds"].as_array().expect("seconds") {
        (done, ok) = (done + number(&second["done"]), ok + number(&second["ok"]));
        let end = first + Duration::from_secs_f64(number(&second["at_s"]));
        let ended = |dealt: &&Dealt| dealt.over <= end;
        let theirs = dealt.iter().filter(ended).count() as f64;
        assert!((done - theirs).abs() <= 20.0, "{done} of {theirs}: {second}");
        let right = |dealt: &&Dealt| ended(dealt) && dealt.outcome == "ok";
        let theirs = dealt.iter().filter(right).count() as f64;
        assert!((ok - theirs).abs() <= 20.0, "{ok} of {theirs}: {second}");
    }
    near(done, dealt.len() as f64, 1e-6, "all seconds together");
    near(ok, how_many(dealt, "ok") as f64, 1e-6, "all seconds together, right");
}

#[test]
fn the_open_model_tells_what_happened() {
    let (summary, dealt) = measured("count_open", &[]);
    assert_eq!(dealt.len() as u64, RATE * SECONDS);
    counts_agree(&summary, &dealt);
    seconds_agree(&summary, &dealt);
    let keys = step(&summary, "keys");
    times_agree(&keys["service_ms"], &dealt);
    // Somebody was always free, so that nobody waited.
    times_agree(&keys["response_ms"], &dealt);
    let waited = number(&keys["wait_ms"]["p50"]);
    assert!((0.0..20.0).contains(&waited), "{waited}");
    assert_eq!(summary["generator"]["lag_ms"]["count"], dealt.len());
    near(number(&summary["load"]["asked_per_s"]), RATE as f64, 1e-6, "the asked rate");
    let limit = |what: &str| {
        let limits = summary["thresholds"].as_array().expect("limits");
        number(&limits.iter().find(|limit| limit["what"] == what).expect("a limit")["actual"])
    };
    near(limit("p99"), number(&keys["response_ms"]["p99"]), 1e-6, "the limit of p99");
    near(limit("error_rate"), number(&keys["error_rate"]), 1e-6, "the limit of errors");
    let right = how_many(&dealt, "ok") as f64 / dealt.len() as f64;
    near(limit("achieved"), right, 1e-6, "the share of what was asked");
}

#[test]
fn the_closed_model_tells_what_happened() {
    let (summary, dealt) = measured("count_closed", &["--model", "closed", "--users", "4"]);
    counts_agree(&summary, &dealt);
    seconds_agree(&summary, &dealt);
    let keys = step(&summary, "keys");
    times_agree(&keys["service_ms"], &dealt);
    assert!(keys["response_ms"].is_null(), "{keys}");
}
