//! The transport as a guest of the provider uses it: only to addresses that the provider file
//! names, under a name that its operators can find in their logs, and no faster than it allows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep_until};
use url::{Host, Origin, Url};

use crate::evaluate::environment;
use crate::login;
use crate::provider::Provider;
use crate::provider_file::{Hook, Pace};
use crate::transport::Transport;
use crate::wire::{Exchange, Request, TransportError};

/// How often one request is sent again after an answer 429.
pub const REPEATS: u32 = 3;

/// The longest that a whole run waits because answers have a `Retry-After`.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A transport with manners, around another one.
pub struct Polite<'a, T> {
    inner: &'a T,
    pace: Pace,
    /// The value of `User-Agent`.
    agent: String,
    named: Vec<Origin>,
    turns: Mutex<Turns>,
    slots: Option<Semaphore>,
    repeats: AtomicU32,
}

/// When the next request may begin.
struct Turns {
    next: Instant,
    /// What is left of [`PATIENCE`].
    patience: Duration,
}

impl<'a, T> Polite<'a, T> {
    /// The manners that a provider file asks for; `run` is the id of the run.
    pub fn new(inner: &'a T, provider: &Provider, pace: Pace, run: &str) -> Self {
        let one_by_one = (!pace.pause.is_zero()).then_some(1);
        let at_once = one_by_one.or(pace.concurrency.map(usize::from));
        Self {
            inner,
            agent: format!("authgauge/{} (run {run})", env!("CARGO_PKG_VERSION")),
            named: origins(provider).iter().map(Url::origin).collect(),
            turns: Mutex::new(Turns { next: Instant::now(), patience: PATIENCE }),
            slots: at_once.map(Semaphore::new),
            repeats: AtomicU32::new(0),
            pace,
        }
    }

    /// How many requests were sent again so far.
    pub fn repeats(&self) -> u32 {
        self.repeats.load(Ordering::Relaxed)
    }

    /// Waits until it is this request's turn.
    async fn turn(&self) {
        let start = {
            let mut turns = self.turns.lock().await;
            let start = turns.next.max(Instant::now());
            let rate = self.pace.rate.map(|rate| Duration::from_secs_f64(1.0 / rate.0));
            turns.next = start + rate.unwrap_or_default();
            start
        };
        // A sleep takes a millisecond, even one that is over.
        if start > Instant::now() {
            sleep_until(start).await;
        }
    }

    /// Lets nobody's turn come before a time has passed.
    async fn hold(&self, wait: Duration) {
        let mut turns = self.turns.lock().await;
        turns.next = turns.next.max(Instant::now() + wait);
    }

    /// Holds all requests back as long as a throttling answer asks for, and tells whether it does.
    async fn heeds(&self, exchange: &Exchange) -> bool {
        let Some(wait) = retry_after(exchange).filter(|wait| *wait <= self.pace.retry_after) else {
            return false;
        };
        let mut turns = self.turns.lock().await;
        let now = Instant::now();
        let longer = (now + wait).saturating_duration_since(turns.next.max(now));
        let Some(left) = turns.patience.checked_sub(longer) else { return false };
        turns.patience = left;
        turns.next = turns.next.max(now + wait);
        true
    }
}

impl<T: Transport> Transport for Polite<'_, T> {
    async fn exchange(&self, mut request: Request) -> Exchange {
        if !self.named.contains(&request.url.origin()) {
            let origin = request.url.origin().ascii_serialization();
            let (outcome, started) = (Err(TransportError::NotNamed { origin }), SystemTime::now());
            return Exchange { request, outcome, started, repeats: 0, elapsed: Duration::ZERO };
        }
        request.headers.insert(0, ("user-agent".into(), self.agent.clone()));
        // The semaphore is never closed, so that there is always a permit in the end.
        let slot = match &self.slots {
            Some(slots) => slots.acquire().await.ok(),
            None => None,
        };
        let mut repeats = 0;
        loop {
            self.turn().await;
            let exchange = self.inner.exchange(request.clone()).await;
            if !self.pace.pause.is_zero() {
                self.hold(self.pace.pause).await;
            }
            let heeded = self.heeds(&exchange).await;
            // RFC 6585 §4: 429 is about how many requests came, so that this one was not worked on
            // and may be sent again, a single-use code included. After any 5xx nobody knows that.
            let throttled = exchange.response().is_some_and(|response| response.status == 429);
            if !(heeded && throttled && repeats < REPEATS) {
                drop(slot);
                return Exchange { repeats, ..exchange };
            }
            repeats += 1;
            self.repeats.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The addresses that the provider file names, by whose origins requests are let through. What the
/// metadata names elsewhere is not among them.
pub fn origins(provider: &Provider) -> Vec<Url> {
    let hooks = provider.hooks.values().filter_map(|hook| match hook {
        Hook::Post(post) => environment(&post.url, &provider.issuer).ok(),
        Hook::Command(_) => None,
    });
    let written = provider.endpoints.values().cloned().chain(hooks);
    let written = written.chain(login::addresses(&provider.login, &provider.issuer));
    let written = written.chain([provider.issuer.clone()]);
    let parsed = written.filter_map(|address| Url::parse(&address).ok());
    parsed.chain([provider.discovery.clone()]).chain(provider.origins.iter().cloned()).collect()
}

/// Whether all that the provider file names is on this machine.
pub fn on_loopback(provider: &Provider) -> bool {
    origins(provider).iter().all(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

/// How long an answer 429 or 503 asks to wait: RFC 9110 §10.2.3, seconds or a date.
fn retry_after(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response().filter(|response| matches!(response.status, 429 | 503))?;
    let written = response.header("retry-after")?.trim();
    if let Ok(seconds) = written.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(written).ok()?;
    Some((date.with_timezone(&Utc) - Utc::now()).to_std().unwrap_or_default())
}
