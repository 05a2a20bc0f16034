//! What a request and a sign-in cost the generator: how many are made in a second of its processor
//! time, beside a bare loop with the same client, and beside other generators.

use std::time::{Duration, Instant};

use authgauge::load::outcome::Outcome;
use authgauge::load::recorder::{Recorder, Sample};
use serde_json::Value;

use crate::ratio::tell;
use crate::saturate::saturate;
use crate::stub::Stub;
use crate::{FORM, PROFILE, flows, load, number, peers};

/// How long each tool works in each of its turns: many short ones, so that whatever else the machine
/// does hits them all.
pub const SECONDS: u64 = 2;
const ROUNDS: usize = 9;
/// k6 and Locust are so far away that fewer will do.
const FEWER_ROUNDS: usize = 5;
const USERS: usize = 64;

/// One way to make the same requests, and what it makes of them with so many users in a second of
/// processor time. None where it is not installed.
type Tool = (&'static str, fn(&Stub, usize) -> Option<f64>);
/// Which tool over which other one, and the least that this should be.
type Goal = (usize, usize, &'static str);

/// The cost of a request beside that of a bare loop, of wrk, and of the stub's answer.
pub fn of_a_request(stub: &Stub, users: usize) {
    let tools: [Tool; 5] = [
        ("bare reqwest loop", |stub, users| Some(bare(stub, users))),
        ("product", |stub, users| Some(product(stub, users, "standard"))),
        ("wrk", |stub, users| peers::wrk(&stub.base, users)),
        ("lean product", |stub, users| Some(product(stub, users, "lean"))),
        ("stub, asked by wrk", answers),
    ];
    let goals = [(1, 0, "0.80"), (1, 2, "0.38"), (3, 2, "0.60"), (4, 1, "2")];
    beside(stub, &format!("requests, {users} users"), (ROUNDS, users), &tools, &goals);
}

/// The cost of a request beside that of generators which are used in earnest.
pub fn beside_other_generators(stub: &Stub) {
    let tools: [Tool; 4] = [
        ("k6", |stub, users| peers::k6(&stub.base, users)),
        ("product", |stub, users| Some(product(stub, users, "standard"))),
        ("Locust", |stub, users| peers::locust(&stub.base, users)),
        ("lean product", |stub, users| Some(product(stub, users, "lean"))),
    ];
    let goals = [(1, 0, "2.5"), (1, 2, "5"), (3, 0, "4")];
    beside(stub, "requests, 64 users", (FEWER_ROUNDS, USERS), &tools, &goals);
}

/// The cost of a sign-in with a code and PKCE.
pub fn of_a_sign_in(stub: &Stub) {
    let tools: [Tool; 2] = [
        ("bare loop", |stub, users| Some(flows::bare(&stub.base, users))),
        ("product", |stub, users| Some(flows::product(stub, users))),
    ];
    beside(stub, "sign-ins, 16 users", (ROUNDS, 16), &tools, &[(1, 0, "0.80")]);
}

/// The share of a request's cost that recording it is.
pub fn of_recording(stub: &Stub) {
    let shares = (0..FEWER_ROUNDS).map(|_| recording() * product(stub, USERS, "standard") * 100.0);
    tell("recording a request, in % of its cost", shares.collect(), "at most 1");
}

/// Asks the tools in turns, and tells the ratios within each round.
fn beside(
    stub: &Stub,
    what: &str,
    (rounds, users): (usize, usize),
    tools: &[Tool],
    goals: &[Goal],
) {
    let rounds: Vec<Vec<Option<f64>>> =
        (0..rounds).map(|_| tools.iter().map(|(_, ask)| ask(stub, users)).collect()).collect();
    println!();
    for (tool, (name, _)) in tools.iter().enumerate() {
        let rates =
            rounds.iter().map(|round| round[tool].map_or("-".into(), |r| format!("{r:.0}")));
        println!("{what}, per CPU-second, {name}: {}", rates.collect::<Vec<_>>().join(" "));
    }
    for (over, under, goal) in goals {
        let ratios = rounds.iter().filter_map(|round| Some(round[*over]? / round[*under]?));
        let named = format!("{what}: {} / {}", tools[*over].0, tools[*under].0);
        tell(&named, ratios.collect(), goal);
    }
}

/// A loop that sends, reads to the end, and does nothing else.
fn bare(stub: &Stub, users: usize) -> f64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let users = vec![(client(), format!("{}/token", stub.base)); users];
    saturate(&runtime, users, |(client, url)| async move {
        let request = client.post(url).basic_auth("service", Some("service-secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(FORM).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a body");
    })
}

/// The client of the product: with a time limit, without redirects and retries.
pub fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let builder = builder.retry(reqwest::retry::never()).timeout(Duration::from_secs(10));
    builder.build().expect("a client")
}

fn product(stub: &Stub, users: usize, transport: &str) -> f64 {
    per_processor_second(&closed(stub, PROFILE, users, transport))
}

/// A run of the product in which each user begins again when it is done.
pub fn closed(stub: &Stub, profile: &str, users: usize, transport: &str) -> Value {
    let (seconds, users) = (SECONDS.to_string(), users.to_string());
    let model = ["--model", "closed", "--duration", &seconds, "--users", &users];
    load(stub, profile, &[&model[..], &["--transport", transport]].concat())
}

/// What was done in a second of the generator's processor time.
pub fn per_processor_second(summary: &Value) -> f64 {
    let own = &summary["generator"];
    let share = number(&own["processor_share"]) * number(&own["processors"]);
    number(&summary["load"]["done"]) / (share * number(&summary["elapsed_s"]))
}

/// What the stub answers in a second of its own processor time.
pub fn answers(stub: &Stub, users: usize) -> Option<f64> {
    let before = stub.processor_time();
    let done = peers::wrk_done(&stub.base, users)?;
    Some(done / (stub.processor_time() - before))
}

/// The seconds that it takes to record what one request gives.
fn recording() -> f64 {
    const TIMES: u32 = 1_000_000;
    let recorder = Recorder::new(vec!["token".into()]);
    let time = Some(Duration::from_micros(800));
    let begun = Instant::now();
    for worker in 0..TIMES {
        let sample = Sample { response: time, service: time, wait: time, ..Sample::default() };
        recorder.record(worker as usize, Outcome::Ok, sample);
    }
    let spent = begun.elapsed().as_secs_f64();
    drop(recorder.collect());
    spent / f64::from(TIMES)
}
