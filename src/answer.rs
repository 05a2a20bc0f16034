//! What an answer amounts to: what it grants, which error it names, and a line that says so.

use std::collections::BTreeMap;

use memchr::memmem;
use url::Url;

use crate::evaluate::spell;
use crate::finding::Observed;
use crate::history::{Landing, Record};
use crate::locate::{decoded, outline, response, target};
use crate::wire::Response;

/// What an answer grants: the names of the tokens, codes and handles in it.
pub fn granted(record: &Record) -> Vec<String> {
    const GRANTS: [&str; 6] =
        ["access_token", "refresh_token", "id_token", "code", "device_code", "request_uri"];
    let carried = |target: &Url, name: &str| {
        let parts = [target.query(), target.fragment()];
        parts.into_iter().flatten().any(|part| decoded(part, name).is_some())
    };
    let body = response(record).ok().and_then(|response| response.json().ok());
    let target = target(record);
    let names = GRANTS.into_iter().filter(|name| {
        let in_body = record.landing.is_none() && body.is_some_and(|body| body.get(name).is_some());
        in_body || target.as_ref().is_some_and(|target| carried(target, name))
    });
    names.map(str::to_owned).collect()
}

/// The OAuth error code of an answer: in the JSON body (RFC 6749 §5.2) or in the redirect
/// (RFC 6749 §4.1.2.1).
pub fn error_code(record: &Record) -> Option<String> {
    if let Some(target) = target(record) {
        let parts = [target.query(), target.fragment()];
        return parts.into_iter().flatten().find_map(|part| decoded(part, "error"));
    }
    let response = response(record).ok()?;
    // Reading JSON is what judging a success costs most; a member that is not spelled anywhere in
    // it, nor could be with an escape, is not there.
    let spelled = |text: &str| memmem::find(&response.body, text.as_bytes()).is_some();
    if !spelled("error") && !spelled("\\") {
        return None;
    }
    response.json().ok()?.get("error").map(spell)
}

/// One line that says what came back.
pub fn summary(record: &Record) -> String {
    let error = error_code(record).map(|code| format!(" error={code}")).unwrap_or_default();
    match (&record.landing, response(record)) {
        (Some(Landing::Callback(_)), _) => {
            let granted = granted(record);
            let with =
                if granted.is_empty() { error } else { format!(" with {}", granted.join(", ")) };
            format!("a redirect to the client{with}")
        }
        (Some(Landing::Away(url)), _) => format!("a redirect to {}", without_query(url)),
        (Some(Landing::Stuck { why, .. }), _) => why.clone(),
        (_, Err(why)) => why,
        (_, Ok(response)) => format!("{}{error}{}", response.status, body_outline(response)),
    }
}

/// What the answer of a step amounts to; secrets are still in it.
pub fn observed(record: &Record) -> Option<Observed> {
    const TELLING: [&str; 4] = ["cache-control", "content-type", "retry-after", "www-authenticate"];
    record.exchanges.last()?;
    let response = response(record).ok();
    let header = |name: &str| {
        let values: Vec<&str> = response?.headers_named(name).collect();
        (!values.is_empty()).then(|| (name.to_owned(), values.join(", ")))
    };
    Some(Observed {
        summary: summary(record),
        status: response.map(|response| response.status),
        error: error_code(record),
        headers: TELLING.into_iter().filter_map(header).collect::<BTreeMap<_, _>>(),
    })
}

fn body_outline(response: &Response) -> String {
    let media_type = response.media_type().unwrap_or_else(|| "no content type".into());
    match response.json() {
        Ok(body) => format!(" {}", outline(body)),
        Err(_) if response.body.is_empty() => " with an empty body".into(),
        Err(_) => format!(" {media_type}"),
    }
}

/// An address without its query, which may carry credentials.
pub fn without_query(page: &Url) -> String {
    page[..url::Position::AfterPath].to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::wire::{Exchange, Request};

    fn answer(body: &str) -> Record {
        let url = Url::parse("http://127.0.0.1/token").expect("an address");
        let request = Request { method: "GET".into(), url, headers: Vec::new(), body: Vec::new() };
        let outcome = Ok(Response { status: 400, body: body.into(), ..Response::default() });
        let (started, elapsed) = (UNIX_EPOCH, Duration::ZERO);
        let exchange = Exchange { request, outcome, started, elapsed, repeats: 0 };
        Record { exchanges: vec![exchange], ..Record::default() }
    }

    #[test]
    fn an_error_is_found_however_it_is_spelled() {
        let rows = [
            (r#"{"error":"invalid_grant"}"#, Some("invalid_grant")),
            (r#"{"\u0065rror":"invalid_grant"}"#, Some("invalid_grant")),
            (r#"{"error_description":"error"}"#, None),
            (r#"{"access_token":"a"}"#, None),
            ("error", None),
            ("", None),
        ];
        for (body, code) in rows {
            assert_eq!(error_code(&answer(body)).as_deref(), code, "{body}");
        }
    }
}
