//! A request that the browser wants to make, and its answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use crate::browser::Visit;
use crate::wire::{Request, Response};

/// A request that is held back.
pub struct Held {
    /// By which the browser knows it.
    pub id: String,
    /// What it is for.
    pub whom: Whom,
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The page itself.
    Page,
    /// A part of it: a script, a picture, a frame, or what a script asks for.
    Part,
}

/// What the browser says in `User-Agent` and about itself is not what we say, and what our transport
/// negotiates by itself is not the browser's to say.
const LEFT_OUT: [&str; 5] =
    ["user-agent", "accept-encoding", "accept-language", "upgrade-insecure-requests", "cookie"];

/// Our transport has undone these.
const UNDONE: [&str; 4] = ["content-encoding", "content-length", "transfer-encoding", "connection"];

/// Reads the event; none for an address that is none of the web's.
pub fn held(params: &Value, frame: &str) -> Option<Held> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let request = &params["request"];
    let url = Url::parse(request["url"].as_str()?).ok()?;
    let document = params["resourceType"] == "Document" && params["frameId"] == frame;
    let headers = request["headers"].as_object()?;
    Some(Held {
        id: text(&params["requestId"]),
        whom: if document { Whom::Page } else { Whom::Part },
        method: text(&request["method"]),
        url: matches!(url.scheme(), "http" | "https")
            .then_some(url.clone())
            .or(document.then_some(url))?,
        headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        body: body(request),
    })
}

fn body(request: &Value) -> Vec<u8> {
    let entries = request["postDataEntries"].as_array();
    let parts = entries.into_iter().flatten().filter_map(|entry| entry["bytes"].as_str());
    let bytes: Vec<u8> = parts.filter_map(|part| STANDARD.decode(part).ok()).flatten().collect();
    if bytes.is_empty() {
        return request["postData"].as_str().unwrap_or_default().as_bytes().to_vec();
    }
    bytes
}

impl Held {
    /// The address with what a form posts to it, as the client would read it.
    pub fn with_form(&self) -> Url {
        let mut url = self.url.clone();
        if self.method == "POST" {
            url.query_pairs_mut().extend_pairs(url::form_urlencoded::parse(&self.body));
        }
        url
    }
}

/// The request as we send it. The first one of a visit is the visit's own, whatever its method, with
/// the cookies of the browser.
pub fn request(held: &Held, visit: &Visit<'_>, first: bool) -> Request {
    let is = |name: &str, known: &str| name.eq_ignore_ascii_case(known);
    let cookies = held.headers.iter().filter(|(name, _)| is(name, "cookie")).cloned();
    let mut request = if first {
        visit.request.clone()
    } else {
        let own = held.headers.iter().filter(|(name, _)| {
            !LEFT_OUT.iter().any(|known| is(name, known))
                && !name.to_lowercase().starts_with("sec-")
        });
        let kept = visit.request.headers.iter().filter(|(name, _)| is(name, "accept-language"));
        let mut url = held.url.clone();
        url.set_fragment(None);
        Request {
            method: held.method.clone(),
            url,
            headers: own.chain(kept).cloned().collect(),
            body: held.body.clone(),
        }
    };
    for (name, value) in cookies {
        // RFC 6265 §5.4: there is one Cookie header, even when the visit brings cookies too.
        match request.headers.iter_mut().find(|(known, _)| is(known, &name)) {
            Some((_, given)) => *given = format!("{given}; {value}"),
            None => request.headers.push((name, value)),
        }
    }
    request
}

/// The answer as the browser is given it.
pub fn answer(held: &Held, response: &Response) -> Value {
    let headers = response.headers.iter().filter(|(name, _)| !UNDONE.contains(&name.as_str()));
    let headers: Vec<Value> =
        headers.map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "requestId": held.id,
        "responseCode": response.status,
        "responseHeaders": headers,
        "body": STANDARD.encode(&response.body),
    })
}
