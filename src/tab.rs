//! One visit in a tab of a real browser.
//!
//! The browser shows pages and runs scripts; what is done on a page is decided by [`crate::page`],
//! from what the tab shows, as for the browser without scripts. Every request that the tab wants to
//! make is held, sent by our own transport and answered from there. So the manners hold here too, the
//! exchanges are on record, and the client's redirect URI is seen without being contacted.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::browser::{HOPS, Trail, Visit, redirect, shows_html};
use crate::devtools::{Devtools, ENDED, Event};
use crate::form;
use crate::history::Landing;
use crate::page::{self, Action, Answers, Memory, Page, Purpose, Refusal, Submission};
use crate::transport::Transport;
use crate::wire::{Exchange, Request};

mod paused;

use paused::{Held, Whom, answer, held, request};

/// What runs in the page: how it looks to a person, and what a person does to it.
const LOOK: &str = include_str!("tab/look.js");
const ACT: &str = include_str!("tab/act.js");

/// A page that does nothing for so long has shown what it has to show.
const QUIET: Duration = Duration::from_millis(150);

/// A page that asks for nothing, or the same again, may still be working on it for so long.
const GRACE: Duration = Duration::from_millis(1500);

/// How long a page may take to say how it looks. It cannot while it is replaced by another one.
const ANSWER: Duration = Duration::from_secs(2);

/// The longest that a page may keep busy before it is read nevertheless.
const BUSY: Duration = Duration::from_secs(10);

/// The longest that a visit takes.
const VISIT: Duration = Duration::from_secs(120);

/// Makes a visit in a new tab of a context.
///
/// # Errors
/// When the browser fails; what the provider does is in the trail.
pub async fn visit<T: Transport>(
    devtools: &Devtools,
    context: &str,
    transport: &T,
    visit: &Visit<'_>,
    patience: Duration,
) -> Result<Trail, String> {
    let blank = json!({ "url": "about:blank", "browserContextId": context });
    let made = devtools.call("", "Target.createTarget", blank).await?;
    let target = made["targetId"].as_str().unwrap_or_default().to_owned();
    let attach = json!({ "targetId": target, "flatten": true });
    let attached = devtools.call("", "Target.attachToTarget", attach).await?;
    let id = attached["sessionId"].as_str().unwrap_or_default().to_owned();
    let mut tab = Tab {
        devtools,
        id,
        frame: target.clone(),
        visit,
        trail: Trail::default(),
        memory: Memory::default(),
        status: 200,
        acted: None,
        settled: Instant::now(),
    };
    let landing = tab.run(transport, patience).await;
    // The tab is of no more use, however it went.
    drop(devtools.call("", "Target.closeTarget", json!({ "targetId": target })).await);
    tab.trail.landing = landing?;
    Ok(tab.trail)
}

struct Tab<'a> {
    devtools: &'a Devtools,
    id: String,
    /// The frame that is the page itself.
    frame: String,
    visit: &'a Visit<'a>,
    trail: Trail,
    memory: Memory,
    /// The status with which the page came.
    status: u16,
    /// When something was done on the page that is shown.
    acted: Option<Instant>,
    /// Since when the page has shown what it shows.
    settled: Instant,
}

/// What a request of the tab has come to.
struct Answered {
    held: Held,
    exchange: Exchange,
}

/// Where a visit ends: as in [`Trail`], or not yet.
type Ending = Option<Option<Landing>>;

impl Tab<'_> {
    async fn run<T: Transport>(
        &mut self,
        transport: &T,
        patience: Duration,
    ) -> Result<Option<Landing>, String> {
        let mut events = self.devtools.watch(&self.id);
        let all = json!({ "patterns": [{ "urlPattern": "*" }] });
        self.call("Page.enable", json!({})).await?;
        self.call("Fetch.enable", all).await?;
        let address = self.visit.request.url.as_str();
        self.devtools.tell(&self.id, "Page.navigate", &json!({ "url": address }));
        let end = Instant::now() + VISIT + patience;
        let mut under_way = FuturesUnordered::new();
        let mut busy = Instant::now();
        while Instant::now() < end {
            let quiet = Instant::now() + QUIET;
            tokio::select! {
                Some(answered) = under_way.next(), if !under_way.is_empty() => {
                    if let Some(landing) = self.answered(answered) {
                        return Ok(landing);
                    }
                }
                event = next(&mut events, quiet) => match event? {
                    Some(event) => match self.happened(&event) {
                        Doing::Nothing => {}
                        Doing::Send(request) => under_way.push(async move {
                            let (held, request) = *request;
                            Answered { held, exchange: transport.exchange(request).await }
                        }),
                        Doing::End(landing) => return Ok(Some(landing)),
                    },
                    None if under_way.is_empty() || busy.elapsed() > BUSY => {
                        if let Some(landing) = self.look().await? {
                            return Ok(landing);
                        }
                        busy = Instant::now();
                    }
                    None => {}
                },
            }
        }
        let (page, html) = self.shown().await?;
        let said = form::message(&html);
        let seconds = (VISIT + patience).as_secs();
        let why = format!("the visit did not end within {seconds} s; the page says \"{said}\"");
        Ok(Some(Landing::Stuck { page, why }))
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, String> {
        self.devtools.call(&self.id, method, params).await
    }

    /// What an event asks for.
    fn happened(&mut self, event: &Event) -> Doing {
        match event.method.as_str() {
            "Fetch.requestPaused" => {
                if let Some(held) = held(&event.params, &self.frame) {
                    return self.asked(held);
                }
                let id = &event.params["requestId"];
                let refused = json!({ "requestId": id, "errorReason": "BlockedByClient" });
                self.devtools.tell(&self.id, "Fetch.failRequest", &refused);
                Doing::Nothing
            }
            // An alert or a question whether to leave would stop the page for ever.
            "Page.javascriptDialogOpening" => {
                let accept = json!({ "accept": true });
                self.devtools.tell(&self.id, "Page.handleJavaScriptDialog", &accept);
                Doing::Nothing
            }
            _ => Doing::Nothing,
        }
    }

    /// What to do with a request: send it, or take its address for the end of the visit.
    fn asked(&self, held: Held) -> Doing {
        if held.whom == Whom::Part {
            // A script that fetches the client's address gets nothing, and nobody is asked.
            if page::is_callback(&held.url, self.visit.callbacks) {
                self.refuse(&held);
                return Doing::Nothing;
            }
            let request = request(&held, self.visit, false);
            return Doing::Send(Box::new((held, request)));
        }
        if page::is_callback(&held.url, self.visit.callbacks) {
            self.refuse(&held);
            return Doing::End(Landing::Callback(held.with_form()));
        }
        let mut origins = self.visit.origins.iter().chain([&self.visit.request.url]);
        if !origins.any(|origin| origin.origin() == held.url.origin()) {
            self.refuse(&held);
            return Doing::End(Landing::Away(held.with_form()));
        }
        if self.trail.exchanges.len() >= HOPS {
            self.refuse(&held);
            let why = format!("the visit did not end within {HOPS} pages");
            return Doing::End(Landing::Stuck { page: held.url, why });
        }
        let request = request(&held, self.visit, self.trail.exchanges.is_empty());
        Doing::Send(Box::new((held, request)))
    }

    fn refuse(&self, held: &Held) {
        let refused = json!({ "requestId": held.id, "errorReason": "Aborted" });
        self.devtools.tell(&self.id, "Fetch.failRequest", &refused);
    }

    /// Gives an answer to the tab, and puts that to the page itself on record.
    fn answered(&mut self, answered: Answered) -> Ending {
        let Answered { held, exchange } = answered;
        match &exchange.outcome {
            Ok(response) => {
                self.devtools.tell(&self.id, "Fetch.fulfillRequest", &answer(&held, response));
            }
            Err(_) => self.refuse(&held),
        }
        if held.whom == Whom::Part {
            return None;
        }
        let url = exchange.request.url.clone();
        let ending = match &exchange.outcome {
            Err(_) => Some(None),
            Ok(response) => {
                self.status = response.status;
                match redirect(response) {
                    Some(target) if url.join(target).is_err() => {
                        let why = format!("it redirects to `{target}`, which is no address");
                        Some(Some(Landing::Stuck { page: url, why }))
                    }
                    Some(_) => None,
                    None => (!shows_html(response)).then_some(Some(Landing::Page)),
                }
            }
        };
        self.acted = None;
        self.settled = Instant::now();
        self.trail.exchanges.push(exchange);
        ending
    }

    /// Looks at the page and does what is to be done there.
    async fn look(&mut self) -> Result<Ending, String> {
        if self.trail.exchanges.is_empty() {
            return Ok(None);
        }
        let (url, html) = self.shown().await?;
        if html.is_empty() {
            return Ok(None);
        }
        let page = Page { url: &url, status: self.status, html: &html };
        let Visit { callbacks, user, decision, user_code, pages, .. } = *self.visit;
        let answers = Answers { callbacks, user, decision, user_code, rules: pages };
        // The page may still be building, or working on what was done.
        let waiting = self.acted.unwrap_or(self.settled).elapsed() < GRACE;
        match page::decide(&page, &answers) {
            Action::Submit(submission) => self.submit(&page, submission, waiting).await,
            Action::Follow(target) => {
                self.memory.follow(decision);
                let there = json!({ "url": target.as_str(), "referrer": url.as_str() });
                self.devtools.tell(&self.id, "Page.navigate", &there);
                self.acted = Some(Instant::now());
                Ok(None)
            }
            Action::Rest if waiting && self.status < 400 => Ok(None),
            Action::Rest => Ok(Some(Some(Landing::Page))),
            Action::Stop(_) if waiting => Ok(None),
            Action::Stop(why) => Ok(Some(Some(Landing::Stuck { page: url, why }))),
        }
    }

    async fn submit(
        &mut self,
        page: &Page<'_>,
        submission: Submission,
        waiting: bool,
    ) -> Result<Ending, String> {
        if self.acted.is_some() && waiting {
            return Ok(None);
        }
        match self.memory.send(page.url, &submission, &form::message(page.html)) {
            Err(Refusal::Done) => return Ok(Some(Some(Landing::Page))),
            Err(Refusal::Refused(why)) => {
                return Ok(Some(Some(Landing::Stuck { page: page.url.clone(), why })));
            }
            Ok(()) => {}
        }
        self.trail.signed_in |= submission.purpose == Purpose::LogIn;
        let told = json!({
            "form": submission.form_mark,
            "button": submission.button_mark,
            "pairs": submission.pairs,
            "asked": submission.asked,
        });
        self.acted = Some(Instant::now());
        self.evaluate(&format!("({ACT})({told})")).await?;
        Ok(None)
    }

    /// The address and the HTML of the page as a person sees it; empty while it is loading.
    async fn shown(&self) -> Result<(Url, String), String> {
        let shown = self.evaluate(&format!("({LOOK})()")).await?;
        let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        let known = || self.trail.exchanges.last().map(|last| last.request.url.clone());
        let url = Url::parse(&text("url")).ok().filter(|url| url.scheme().starts_with("http"));
        let url = url.or_else(known).unwrap_or_else(|| self.visit.request.url.clone());
        Ok((url, text("html")))
    }

    /// The value of an expression in the page; nothing when the page goes away meanwhile.
    async fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({ "expression": expression, "returnByValue": true });
        match self.devtools.ask(&self.id, "Runtime.evaluate", params, ANSWER).await {
            Ok(Some(mut answer)) => Ok(answer["result"]["value"].take()),
            Err(why) if why.ends_with(ENDED) => Err(why),
            Ok(None) | Err(_) => Ok(Value::Null),
        }
    }
}

/// What comes of an event.
enum Doing {
    Nothing,
    Send(Box<(Held, Request)>),
    End(Landing),
}

/// The next event; none when nothing happens until then.
async fn next(
    events: &mut UnboundedReceiver<Event>,
    until: Instant,
) -> Result<Option<Event>, String> {
    match timeout_at(until, events.recv()).await {
        Err(_) => Ok(None),
        Ok(Some(event)) => Ok(Some(event)),
        Ok(None) => Err(ENDED.into()),
    }
}
