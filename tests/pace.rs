//! Good manners, and what becomes of verdicts when a provider cannot keep up: its answers are then
//! late or missing, never taken for something else.
//!
//! A [`Gate`] stands between the program and the embedded stub and does what an overloaded provider
//! or the throttle in front of it does.

mod support;

use std::collections::BTreeMap;
use std::future::pending;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use authgauge::finding::Verdict;
use authgauge::harness::{Embedded, start_stub};
use authgauge::library::Library;
use authgauge::provider::Provider;
use authgauge::provider_file::{Pace, Rate};
use authgauge::report::Report;
use authgauge::run::{self, Settings};
use authgauge::scenario::Hazard;
use authgauge::selection::Selection;
use authgauge::transport::{HttpTransport, Transport};
use authgauge::wire::{Exchange, Request, Response};
use serde_json::json;

use support::program::folder;
use support::server::{Server, json, provider_file};

/// What the gate does with a request.
enum Ruling {
    Pass,
    /// Passes it on after a while.
    Delay(Duration),
    /// Answers it itself.
    Answer(u16, &'static [(&'static str, &'static str)]),
}

/// A request as the gate saw it: when it came, when it was answered, and what it was.
struct Seen {
    from: Instant,
    to: Instant,
    request: Request,
}

struct Gate<'a> {
    inner: &'a HttpTransport,
    rule: &'a (dyn Fn(&Request) -> Ruling + Sync),
    seen: Mutex<Vec<Seen>>,
}

impl Transport for Gate<'_> {
    async fn exchange(&self, request: Request) -> Exchange {
        let from = Instant::now();
        let mut exchange = match (self.rule)(&request) {
            Ruling::Pass => self.inner.exchange(request.clone()).await,
            Ruling::Delay(time) => {
                tokio::time::sleep(time).await;
                self.inner.exchange(request.clone()).await
            }
            Ruling::Answer(status, headers) => answer(request.clone(), status, headers),
        };
        exchange.elapsed = from.elapsed();
        self.seen.lock().expect("nobody panics").push(Seen { from, to: Instant::now(), request });
        exchange
    }
}

fn answer(request: Request, status: u16, headers: &[(&str, &str)]) -> Exchange {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let response = Response { status, headers, ..Response::default() };
    let (started, elapsed) = (std::time::SystemTime::now(), Duration::ZERO);
    Exchange { request, outcome: Ok(response), started, repeats: 0, elapsed }
}

/// A run against the stub behind a gate, and what the gate saw.
async fn behind(
    rule: &(dyn Fn(&Request) -> Ruling + Sync),
    selectors: &[&str],
    change: impl FnOnce(&mut Provider, &mut Settings),
) -> (Report, Vec<Seen>) {
    let library = Library::bundled().expect("the bundled scenarios are well-formed");
    run_with(&library, rule, selectors, change).await
}

async fn run_with(
    library: &Library,
    rule: &(dyn Fn(&Request) -> Ruling + Sync),
    selectors: &[&str],
    change: impl FnOnce(&mut Provider, &mut Settings),
) -> (Report, Vec<Seen>) {
    let Embedded { stub: _stub, mut provider, transport } =
        start_stub(library, "strict", &[]).await.expect("the stub starts");
    let selectors: Vec<String> = selectors.iter().map(|text| (*text).to_owned()).collect();
    let selection = Selection::parse(&selectors).expect("the selectors are ids");
    let mut settings = Settings { selection, ..Settings::default() };
    change(&mut provider, &mut settings);
    let gate = Gate { inner: &transport, rule, seen: Mutex::default() };
    let report = run::run(library, &provider, &gate, &settings, |_, _| {}, pending()).await;
    let seen = gate.seen.into_inner().expect("nobody panics");
    (report.expect("the stub can be reached"), seen)
}

/// Exchanges of codes, client authentication and refreshes, right and wrong.
const TOKENS: [&str; 3] = ["rfc7636/4.6", "rfc6749/2.3.1", "rfc6749/5.2/wrong-secret"];

fn is_token_request(request: &Request) -> bool {
    request.url.path().ends_with("/token")
}

type Verdicts = BTreeMap<(String, String), Verdict>;

fn verdicts(report: &Report) -> Verdicts {
    let findings = report.findings.iter();
    findings.map(|f| ((f.requirement.clone(), f.case.clone()), f.verdict)).collect()
}

/// The verdicts that are neither those of a run without a gate nor inconclusive.
async fn wrong(report: &Report) -> Vec<String> {
    let (free, _) = behind(&|_| Ruling::Pass, &TOKENS, |_, _| {}).await;
    assert_eq!(free.exit_code, 0);
    let free = verdicts(&free);
    let own = verdicts(report);
    assert_eq!(own.keys().collect::<Vec<_>>(), free.keys().collect::<Vec<_>>());
    let wrong = own.iter().filter(|(id, verdict)| {
        **verdict != Verdict::Inconclusive && free.get(*id) != Some(*verdict)
    });
    wrong.map(|(id, verdict)| format!("{id:?} {verdict:?}")).collect()
}

/// Lets a thing through but for every so many-th time.
fn every(nth: usize) -> impl Fn() -> bool + Sync {
    let count = Mutex::new(0);
    move || {
        let mut count = count.lock().expect("nobody panics");
        *count += 1;
        usize::is_multiple_of(*count, nth)
    }
}

#[tokio::test]
async fn a_throttled_request_is_sent_again_when_the_answer_says_when() {
    let now = every(9);
    let rule = |request: &Request| {
        if is_token_request(request) && now() {
            Ruling::Answer(429, &[("retry-after", "1")])
        } else {
            Ruling::Pass
        }
    };
    let (report, _) = behind(&rule, &TOKENS, |_, _| {}).await;
    assert_eq!((report.exit_code, wrong(&report).await), (0, Vec::new()));
    assert!(report.throttled > 0 && report.elapsed_ms >= 1000, "{}", report.elapsed_ms);
}

#[tokio::test]
async fn a_throttled_request_is_no_verdict_when_the_answer_says_nothing() {
    let headers: [&'static [(&str, &str)]; 3] =
        [&[], &[("retry-after", "3600")], &[("retry-after", "whenever")]];
    for headers in headers {
        let now = every(4);
        let rule = |request: &Request| {
            if is_token_request(request) && now() {
                Ruling::Answer(429, headers)
            } else {
                Ruling::Pass
            }
        };
        let (report, _) = behind(&rule, &TOKENS, |_, _| {}).await;
        assert_eq!((report.exit_code, wrong(&report).await), (3, Vec::new()), "{headers:?}");
        assert_eq!(report.throttled, 0);
    }
}

#[tokio::test]
async fn a_provider_that_always_throttles_is_left_alone_in_the_end() {
    let rule = |request: &Request| {
        if is_token_request(request) {
            Ruling::Answer(429, &[("retry-after", "0")])
        } else {
            Ruling::Pass
        }
    };
    let (report, seen) = behind(&rule, &["rfc6749/5.2/wrong-secret"], |_, _| {}).await;
    let sent = seen.iter().filter(|seen| is_token_request(&seen.request)).count();
    let again = usize::try_from(report.throttled).expect("a small number");
    assert!(again > 0 && sent * 3 == again * 4, "{again} of {sent} were sent again");
    assert_eq!(report.exit_code, 3);
    let shown = report.findings.iter().flat_map(|finding| &finding.exchanges);
    let told = shown.filter(|shown| shown.response.starts_with("(sent 3 times before")).count();
    assert!(told > 0, "a repeated request is shown as one");
}

#[tokio::test]
async fn a_server_error_is_never_repeated_silently() {
    let rule = |request: &Request| {
        if is_token_request(request) {
            Ruling::Answer(503, &[("retry-after", "0")])
        } else {
            Ruling::Pass
        }
    };
    let (report, _) = behind(&rule, &TOKENS, |_, _| {}).await;
    assert_eq!((report.exit_code, report.throttled), (3, 0));
    assert_eq!(wrong(&report).await, Vec::<String>::new());
}

#[tokio::test]
async fn slow_client_authentication_only_takes_its_time() {
    let rule = |request: &Request| {
        let authenticates = request.headers.iter().any(|(name, _)| name == "authorization")
            || String::from_utf8_lossy(&request.body).contains("client_secret");
        if is_token_request(request) && authenticates {
            Ruling::Delay(Duration::from_millis(400))
        } else {
            Ruling::Pass
        }
    };
    let (report, _) = behind(&rule, &TOKENS, |_, _| {}).await;
    assert_eq!((report.exit_code, wrong(&report).await), (0, Vec::new()));
    assert!(!report.findings.iter().any(|finding| finding.verdict == Verdict::Inconclusive));
}

/// Answers 500 to a token request that comes less than a second after the one before.
fn one_a_second() -> impl Fn(&Request) -> Ruling + Sync {
    let last = Mutex::new(None::<Instant>);
    move |request| {
        if !is_token_request(request) {
            return Ruling::Pass;
        }
        let mut last = last.lock().expect("nobody panics");
        let before = last.replace(Instant::now());
        if before.is_some_and(|before| before.elapsed() < Duration::from_secs(1)) {
            Ruling::Answer(500, &[])
        } else {
            Ruling::Pass
        }
    }
}

#[tokio::test]
async fn two_token_requests_within_a_second_may_be_too_many() {
    let (report, _) = behind(&one_a_second(), &TOKENS, |_, _| {}).await;
    assert_eq!((report.exit_code, wrong(&report).await), (3, Vec::new()));
    let advice = "it was overloaded; set `pace` in the provider file";
    let told = report.findings.iter().filter_map(|finding| finding.why.as_ref());
    assert!(told.clone().any(|why| why.ends_with(advice)), "{:?}", told.collect::<Vec<_>>());
    let rate = |provider: &mut Provider, _: &mut Settings| provider.pace.rate = Some(Rate(0.9));
    let (report, _) = behind(&one_a_second(), &["rfc7636/4.6/verifier-mismatch"], rate).await;
    assert_eq!((report.exit_code, report.totals.inconclusive), (0, 0));
}

#[tokio::test]
async fn a_server_error_that_comes_back_is_a_verdict() {
    let rule = |request: &Request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if is_token_request(request) && body.contains("nope") {
            Ruling::Answer(500, &[])
        } else {
            Ruling::Pass
        }
    };
    let (report, _) = behind(&rule, &["rfc6749/5.2/unsupported-grant-type"], |_, _| {}).await;
    let red: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Fail)
        .map(|finding| finding.requirement.as_str())
        .collect();
    assert!(red.contains(&"rfc6749/5.2/unsupported-grant-type"), "{red:?}");
    assert_eq!(report.exit_code, 1);
}

#[tokio::test]
async fn every_request_says_whose_it_is() {
    let (report, seen) = behind(&|_| Ruling::Pass, &["rfc7636/4.6", "rfc7517"], |_, _| {}).await;
    let agent = format!("authgauge/{} (run {})", env!("CARGO_PKG_VERSION"), report.run);
    assert!(seen.len() > 10 && !report.run.is_empty());
    for Seen { request, .. } in seen {
        let agents = request.headers.iter().filter(|(name, _)| name == "user-agent");
        let agents: Vec<&str> = agents.map(|(_, value)| value.as_str()).collect();
        assert_eq!(agents, [agent.as_str()], "{}", request.url);
    }
}

#[tokio::test]
async fn the_pace_holds_for_every_request() {
    let paced = |pace: Pace| move |provider: &mut Provider, _: &mut Settings| provider.pace = pace;
    let selection = ["rfc7636/4.6/verifier-mismatch", "rfc8628/3.5/parallel-polls", "rfc7517"];
    let rate = Pace { rate: Some(Rate(50.0)), ..Pace::default() };
    let (_, mut seen) = behind(&|_| Ruling::Pass, &selection, paced(rate)).await;
    seen.sort_by_key(|seen| seen.from);
    // A request may be late by itself, and then the next one is nearer to it; the average holds.
    let span = seen.last().map(|last| last.from - seen[0].from).unwrap_or_default();
    let least = Duration::from_millis(20) * u32::try_from(seen.len() - 2).expect("a small number");
    assert!(seen.len() > 20 && span >= least, "{} requests in {span:?}", seen.len());

    let pause = Pace { pause: Duration::from_millis(15), ..Pace::default() };
    let (_, mut seen) = behind(&|_| Ruling::Pass, &selection, paced(pause)).await;
    seen.sort_by_key(|seen| seen.from);
    for pair in seen.windows(2) {
        assert!(pair[1].from >= pair[0].to + Duration::from_millis(15), "{}", pair[1].request.url);
    }

    let two = std::num::NonZeroUsize::new(2);
    let (_, seen) = behind(
        &|_| Ruling::Delay(Duration::from_millis(2)),
        &selection,
        paced(Pace { concurrency: two, ..Pace::default() }),
    )
    .await;
    let at_once = |at: Instant| seen.iter().filter(|seen| seen.from <= at && at < seen.to).count();
    let most = seen.iter().map(|seen| at_once(seen.from)).max();
    assert_eq!(most, Some(2));
}

#[tokio::test]
async fn waits_come_first_and_overlap() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting");
    let library = Library::from_folder(&folder).expect("the scenarios are well-formed");
    let no_clock = |seconds| {
        move |provider: &mut Provider, settings: &mut Settings| {
            provider.hooks.remove("advance_clock");
            settings.max_wait = Duration::from_secs(seconds);
        }
    };
    let (report, _) = run_with(&library, &|_| Ruling::Pass, &[], no_clock(60)).await;
    assert_eq!((report.exit_code, report.totals.pass), (0, 13));
    // One after the other, or four at a time, they would wait for ten seconds or more.
    assert!(report.elapsed_ms < 6000, "{} ms", report.elapsed_ms);

    let (report, _) = run_with(&library, &|_| Ruling::Pass, &[], no_clock(1)).await;
    assert_eq!((report.exit_code, report.totals.pass, report.totals.inconclusive), (3, 12, 1));
    let untold = report.findings.iter().find(|f| f.verdict == Verdict::Inconclusive);
    let why = untold.and_then(|finding| finding.why.clone()).unwrap_or_default();
    assert!(why.starts_with("not run: it takes 2 s for a token to expire"), "{why}");
}

#[tokio::test]
async fn races_are_kept_from_providers_that_others_use() {
    let race = ["rfc8628/3.5/parallel-polls"];
    let elsewhere = |allowed: &'static [Hazard]| {
        move |provider: &mut Provider, settings: &mut Settings| {
            let logout = "https://op.example/logout".to_owned();
            provider.endpoints.insert("end_session_endpoint".into(), logout);
            settings.allowed = allowed.to_vec();
        }
    };
    let raced = |report: &Report| {
        let mut own = report.findings.iter().filter(|finding| finding.case == race[0]);
        own.next()
            .map(|own| (own.verdict, own.why.clone().unwrap_or_default()))
            .expect("it is told")
    };
    let (report, _) = behind(&|_| Ruling::Pass, &race, elsewhere(&[])).await;
    let (verdict, why) = raced(&report);
    assert_eq!(verdict, Verdict::NotApplicable);
    assert!(why.starts_with("not run: ") && why.ends_with("--allow race"), "{why}");
    let (report, _) = behind(&|_| Ruling::Pass, &race, elsewhere(&[Hazard::Race])).await;
    assert_eq!(raced(&report).0, Verdict::Pass);
}

#[tokio::test]
async fn nobody_is_contacted_whom_the_provider_file_does_not_name() {
    const REST: &str = "clients:\n  public: { client_id: public, auth: none }\n";
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let stranger = Server::start(move |_, _| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        json("200 OK", &json!({ "keys": [] }))
    });
    let keys = format!("{}/jwks", stranger.origin());
    let server = Server::start(move |_, origin| {
        json("200 OK", &json!({ "issuer": origin, "jwks_uri": keys.clone() }))
    });
    let library = Library::bundled().expect("the bundled scenarios are well-formed");
    let report = |rest: String| {
        let file = provider_file(&folder("strangers"), &server.origin(), &rest);
        let text = std::fs::read_to_string(&file).expect("it was just written");
        let provider = Provider::parse("provider.yaml", &text, None).expect("it is a file");
        let selection = Selection::parse(&["rfc7517/5".to_owned()]).expect("an id");
        let settings = Settings { selection, ..Settings::default() };
        let transport = HttpTransport::new(Duration::from_secs(5)).expect("a transport");
        let library = &library;
        async move {
            run::run(library, &provider, &transport, &settings, |_, _| {}, pending())
                .await
                .expect("the server can be reached")
        }
    };
    let alone = report(REST.to_owned()).await;
    assert_eq!(alone.findings[0].verdict, Verdict::Inconclusive);
    let why = alone.findings[0].why.clone().unwrap_or_default();
    assert!(why.contains("is not contacted") && why.contains("add it to `origins`"), "{why}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0);
    let named = format!("{REST}origins: [\"{}\"]\n", stranger.origin());
    assert_eq!(report(named).await.findings[0].verdict, Verdict::Pass);
}
