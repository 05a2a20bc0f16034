//! How exact the clock of the load is, and how much latency the generator adds.

use std::time::{Duration, Instant};

use crate::ratio::tell;
use crate::stub::Stub;
use crate::{PROFILE, cost, load, number, peers};

const ROUNDS: usize = 3;
/// Those over one connection are short, so there can be more.
const FLOOR_ROUNDS: usize = 9;
/// How long the open model runs, in seconds.
const DURATION: f64 = 5.0;

/// The median over one connection beside that of wrk.
pub fn floor(stub: &Stub) {
    println!();
    for (transport, goal) in [("standard", "at most 1.5"), ("lean", "at most 1.25")] {
        let ratios = (0..FLOOR_ROUNDS).filter_map(|_| {
            let wrk = peers::wrk_median(&stub.base)?;
            let arguments = ["--model", "closed", "--duration", "1", "--users", "1"];
            let more = [&arguments[..], &["--transport", transport]].concat();
            let own = number(&load(stub, PROFILE, &more)["steps"][0]["service_ms"]["p50"]);
            Some(own / wrk)
        });
        let ratios = ratios.collect();
        tell(&format!("p50 over one connection: {transport} / wrk"), ratios, goal);
    }
}

/// Whether a rate is kept, how late the pacer is, and how late a timer of tokio would be.
pub fn open_model(stub: &Stub, rate: u32) {
    println!();
    let (mut lags, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let arguments = ["--rate", &rate.to_string(), "--duration", "5", "--users", "128"];
        let summary = load(stub, PROFILE, &arguments);
        let wall = begun.elapsed().as_secs_f64();
        let sent = number(&summary["load"]["due"]) / DURATION;
        let lag = number(&summary["generator"]["lag_ms"]["p99"]) * 1e3;
        let timer = timer_lag(rate);
        println!(
            "open model, asked {rate}/s: sent {sent:.1}/s ({:+.3} %, goal 0.1 %), done {}, lag p99 \
             {lag:.0} us, a timer of tokio {timer:.0} us; the program took {:.2} s longer than \
             the load, its start included (goal 0.5 and the deadline); invalid because {}",
            (sent / f64::from(rate) - 1.0) * 100.0,
            summary["load"]["done"],
            wall - DURATION,
            summary["invalid_because"],
        );
        lags.push(lag);
        beside.push(lag / timer);
    }
    tell(&format!("lag p99 at {rate}/s, in us"), lags, "at most 250");
    tell(&format!("lag p99 at {rate}/s / a timer of tokio"), beside, "at most 0.25");
}

/// How late tokio's `interval` is at the 99th percentile, in microseconds.
fn timer_lag(rate: u32) -> f64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut lags = runtime.block_on(async {
        let mut interval = tokio::time::interval(Duration::from_secs(1) / rate);
        let mut lags = Vec::new();
        for _ in 0..rate {
            lags.push(interval.tick().await.elapsed());
        }
        lags
    });
    lags.sort_unstable();
    lags[lags.len() * 99 / 100].as_secs_f64() * 1e6
}

/// How much is left of the ceiling at 1.3 times the ceiling. The ceiling is the most that was
/// achieved while the rate rose.
pub fn overload(stub: &Stub) {
    let achieved = |rate: f64| {
        let rate = format!("{rate:.0}");
        let summary = load(stub, PROFILE, &["--rate", &rate, "--duration", "4", "--users", "256"]);
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
        "\nopen model: ceiling {ceiling:.0}/s, at 1.3 times that {beyond:.0}/s: {:.2} (goal 0.90)",
        beyond / ceiling
    );
    let ratios = (0..ROUNDS).filter_map(|_| Some(cost::answers(stub, 64)? / ceiling));
    tell("the stub in a second of its processor / that ceiling", ratios.collect(), "2");
}

/// The 99th percentile when the stub stands still for one second of six, next to theory.
pub fn frozen(stub: &Stub) {
    let stall = std::thread::spawn({
        let url = format!("{}/_stub/latency", stub.base);
        move || {
            std::thread::sleep(Duration::from_millis(3500));
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let request = reqwest::Client::new().post(url).body(r#"{"stall_ms": 1000}"#);
                request.send().await.expect("an answer");
            });
        }
    });
    let summary = load(stub, PROFILE, &["--rate", "2000", "--duration", "6", "--users", "64"]);
    stall.join().expect("it ends");
    let step = &summary["steps"][0];
    let (response, service) =
        (number(&step["response_ms"]["p99"]), number(&step["service_ms"]["p99"]));
    println!(
        "\nfrozen for 1 s of 6: response p99 {response:.0} ms, {:.3} of theory (goal 0.95 to 1.05); \
         service p99 {service:.1} ms, which is what a tool without a schedule says; invalid because \
         {}",
        response / 940.0,
        summary["invalid_because"]
    );
}
