//! The metadata document as configuration: whether it is one, and whether it is this provider's.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::connection::speaks_tls;
use super::proxy;
use super::sign::{Area, Sign};
use crate::answer::without_query;
use crate::capability::ENDPOINTS;
use crate::form;
use crate::polite;
use crate::provider::Provider;
use crate::transport::Transport;
use crate::wire::{Exchange, Request, Response};

/// How far the clocks may be apart, in seconds: the leeway that most libraries give to tokens.
const LEEWAY: i64 = 60;

/// Fetches the document once and looks at the answer, its time and its text.
pub async fn look(provider: &Provider, transport: &impl Transport) -> Vec<Sign> {
    let url = provider.discovery.clone();
    if !provider.publishes_metadata {
        let found = "the provider file says that there is none";
        return vec![Sign::left(Area::Discovery, &without_query(&url), found)];
    }
    let request = Request {
        method: "GET".into(),
        url: url.clone(),
        headers: vec![("accept".into(), "application/json".into())],
        body: Vec::new(),
    };
    let exchange = transport.exchange(request).await;
    let place = without_query(&url);
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(error) => return vec![unanswered(&url, &error.to_string()).await.and_stop()],
    };
    let clock = clock(answer, &exchange);
    let document = match (answer.status, answer.json()) {
        (200, Ok(document)) if document.is_object() => document,
        // Nothing is published, and the provider file says everything.
        (404, _) if !provider.endpoints.is_empty() => {
            let found = "nothing is published here; the endpoints come from the provider file";
            return clock.into_iter().chain([Sign::left(Area::Discovery, &place, found)]).collect();
        }
        _ => {
            let wrong = no_document(provider, answer).await;
            return clock.into_iter().chain([wrong.and_stop()]).collect();
        }
    };
    clock.into_iter().chain(content(provider, &place, document)).collect()
}

async fn unanswered(url: &Url, error: &str) -> Sign {
    let place = without_query(url);
    if let Some(proxy) = proxy::between(url) {
        let found = format!("no answer through the proxy {}: {error}", proxy.address);
        return Sign::unreachable(Area::Discovery, &place, found, proxy.next(url));
    }
    if url.scheme() == "http" && speaks_tls(url).await {
        return wants_tls(url, "what listens there speaks TLS");
    }
    let next = "start the provider, or correct `issuer` or `discovery`; a slow one needs a longer \
                `pace: { timeout: … }`";
    Sign::unreachable(Area::Discovery, &place, error, next)
}

fn wants_tls(url: &Url, found: &str) -> Sign {
    let mut secure = url.clone();
    // Between the two schemes of the web an address may change.
    let _ = secure.set_scheme("https");
    let next = format!("set `issuer` to {}", secure.origin().ascii_serialization());
    Sign::wrong(
        Area::Discovery,
        &without_query(url),
        format!("{found}, and `issuer` says http"),
        next,
    )
}

/// An answer that is no metadata document.
async fn no_document(provider: &Provider, answer: &Response) -> Sign {
    let url = &provider.discovery;
    let place = without_query(url);
    let wrong = |found: String, next: String| Sign::wrong(Area::Discovery, &place, found, next);
    if let Some(target) = answer.header("location").and_then(|to| url.join(to).ok()) {
        return redirected(url, &target);
    }
    let through = proxy::between(url);
    if let (407, Some(proxy)) = (answer.status, &through) {
        let found = format!("the proxy {} asks for credentials (407)", proxy.address);
        let next = format!("put them into {}, as in http://user:password@host", proxy.set_by);
        return wrong(found, next);
    }
    if let (502..=504, Some(proxy)) = (answer.status, &through) {
        let found = format!("the proxy {} answers {}", proxy.address, answer.status);
        return Sign::unreachable(Area::Discovery, &place, found, proxy.next(url));
    }
    if url.scheme() == "http" && answer.status == 400 && speaks_tls(url).await {
        return wants_tls(url, "what listens there speaks TLS");
    }
    let said = form::message(&answer.text());
    let html = answer.media_type().is_some_and(|kind| kind.contains("html"));
    if html && answer.status == 200 {
        let next = "correct `issuer` or `discovery`; if they are right, log in to the network \
                    (a captive portal), or take the login wall or proxy before the provider away";
        return wrong(
            format!("an HTML page came instead of the metadata: \"{said}\""),
            next.into(),
        );
    }
    let found = match answer.status {
        200 => answer.json().err().unwrap_or_else(|| "it is no JSON object".into()),
        status => format!("the answer is {status}{}", quoted(&said)),
    };
    let next = match answer.status {
        404 => {
            "correct `issuer`, down to its path and slash; set `discovery` when the metadata is \
             elsewhere, or give `endpoints` when there is none"
        }
        401 | 403 => "let this machine read the metadata, which is public at any provider",
        429 => "set `pace: { rate: … }` in the provider file and try again later",
        _ => "look into the provider's log for this request, and correct `issuer` or `discovery`",
    };
    wrong(found, next.into())
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(", \"{said}\"") }
}

fn redirected(url: &Url, target: &Url) -> Sign {
    if url.scheme() == "http" && target.scheme() == "https" && url.host() == target.host() {
        return wants_tls(
            url,
            &format!("it redirects to {}", target.origin().ascii_serialization()),
        );
    }
    let found = format!("it redirects to {}", without_query(target));
    let next = if url.host() == target.host() {
        "set `issuer` or `discovery` to where the metadata is, which redirects must not lead to"
    } else {
        "correct `issuer`; if it is right, a captive portal, a login wall or a proxy stands in \
         between: log in to the network, or take it away"
    };
    Sign::wrong(Area::Discovery, &without_query(url), found, next)
}

/// RFC 9110 §6.6.1: the `Date` of an answer is when it was made.
fn clock(answer: &Response, exchange: &Exchange) -> Option<Sign> {
    let date = DateTime::parse_from_rfc2822(answer.header("date")?).ok()?;
    let middle: DateTime<Utc> = SystemTime::into(exchange.started + exchange.elapsed / 2);
    let ahead = (middle - date.with_timezone(&Utc)).num_seconds();
    if ahead.abs() <= LEEWAY {
        let found = format!("within {} s of the provider's", ahead.abs() + 1);
        return Some(Sign::well(Area::Clock, "this machine", found));
    }
    let which = if ahead > 0 { "ahead of" } else { "behind" };
    let found = format!("{} s {which} the provider's clock (its Date header)", ahead.abs());
    let next = "set the clock of this machine or of the provider by NTP: `exp`, `iat` and `nbf` of \
                tokens are held against it";
    Some(Sign::wrong(Area::Clock, "this machine", found, next))
}

/// What the document says, against what the provider file says.
fn content(provider: &Provider, place: &str, document: &Value) -> Vec<Sign> {
    let mut signs = vec![issuer(provider, place, document)];
    let named: Vec<_> = polite::origins(provider).iter().map(Url::origin).collect();
    for name in ENDPOINTS {
        if provider.endpoints.contains_key(name) {
            continue;
        }
        let Some(address) = document.get(name).and_then(Value::as_str) else { continue };
        let Ok(url) = Url::parse(address) else {
            let next = format!("set `endpoints: {{ {name}: … }}` in the provider file");
            signs.push(Sign::wrong(
                Area::Discovery,
                name,
                format!("`{address}` is no address"),
                next,
            ));
            continue;
        };
        if !named.contains(&url.origin()) {
            let origin = url.origin().ascii_serialization();
            let found = format!("it is at {origin}, which the provider file does not name");
            let next = format!("if this host is the provider's, add it: `origins: [\"{origin}\"]`");
            signs.push(Sign::wrong(Area::Discovery, name, found, next));
        }
    }
    signs
}

fn issuer(provider: &Provider, place: &str, document: &Value) -> Sign {
    let theirs = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if theirs == provider.issuer {
        return Sign::well(Area::Discovery, place, "the metadata names this issuer");
    }
    let slash = theirs.trim_end_matches('/') == provider.issuer.trim_end_matches('/');
    let found = if theirs.is_empty() {
        "the metadata has no issuer".to_owned()
    } else if slash {
        format!("the metadata names the issuer {theirs}, which differs by the slash at its end")
    } else {
        format!("the metadata names the issuer {theirs}, and the provider file {}", provider.issuer)
    };
    let next = if slash {
        format!("set `issuer` to {theirs}, letter by letter")
    } else {
        "set `issuer` to it if it is the right one; set `expected_iss` when only tokens have it; \
         a provider behind a proxy has to be told its public address"
            .to_owned()
    };
    Sign::wrong(Area::Discovery, place, found, next)
}
