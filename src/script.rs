//! Playing written requests: a login without forms, or the answer to one page.

use serde_json::Value;
use url::Url;

use crate::browser::with_cookies;
use crate::cookie::Jar;
use crate::evaluate::{document, evaluate, spell, text};
use crate::form;
use crate::login::{Call, Capture, Captures, Move, Script};
use crate::page::Credentials;
use crate::srp;
use crate::template::Template;
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::{Exchange, Request, Response};

/// How much of an answer a message quotes, in characters.
const QUOTED: usize = 300;

/// Where requests are played.
pub struct Stage<'a, T> {
    /// What carries them.
    pub transport: &'a T,
    /// The cookies of the browser.
    pub jar: &'a mut Jar,
    /// The page that is answered: addresses are relative to it.
    pub base: Option<&'a Url>,
    /// Header fields of every request.
    pub headers: &'a [(String, String)],
    /// The names that are bound.
    pub variables: Variables,
    /// Every request with what became of it.
    pub exchanges: &'a mut Vec<Exchange>,
}

/// The names that a script can use beside those of its case.
pub fn names(
    variables: &Variables,
    user: Option<Credentials<'_>>,
    user_code: Option<&str>,
) -> Variables {
    let mut names = variables.clone();
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    names.insert("username".into(), text(user.map(|user| user.username)));
    names.insert("password".into(), text(user.map(|user| user.password)));
    names.insert("user_code".into(), text(user_code));
    names
}

impl<T: Transport> Stage<'_, T> {
    /// Answers a page as a script says. The address is where the browser goes on; without one, it
    /// goes on with the answer to the last request.
    ///
    /// # Errors
    /// Says which request failed and what came back.
    pub async fn answer(
        &mut self,
        script: &Script,
        page: &Exchange,
    ) -> Result<Option<Url>, String> {
        let at = &page.request.url;
        self.variables.insert("page".into(), at.as_str().into());
        self.keep(&script.keep, page).map_err(|why| format!("{}: {why}", at.path()))?;
        self.play(&script.moves).await?;
        script.open.as_ref().map(|open| self.address(open)).transpose()
    }

    /// Makes moves, one after the other.
    ///
    /// # Errors
    /// Says which request failed and what came back.
    pub async fn play(&mut self, moves: &[Move]) -> Result<(), String> {
        let proves = moves.iter().any(|step| matches!(step, Move::Srp(_)));
        let client = proves.then(srp::Client::new);
        if let Some(client) = &client {
            self.variables.insert("srp_a".into(), client.public().into());
        }
        for step in moves {
            match (step, &client) {
                (Move::Send(call), _) => self.send(call).await?,
                (Move::Srp(proof), Some(client)) => {
                    let word =
                        |template| text(template, &self.variables).map(Option::unwrap_or_default);
                    let facts = srp::Facts {
                        pool: word(&proof.pool)?,
                        user: word(&proof.user)?,
                        password: self.variables.get("password").map(spell).unwrap_or_default(),
                        salt: word(&proof.salt)?,
                        public: word(&proof.b)?,
                        secret_block: word(&proof.secret_block)?,
                        timestamp: srp::timestamp(),
                    };
                    let signature = client.prove(&facts)?;
                    self.variables.insert("srp_signature".into(), signature.into());
                    self.variables.insert("srp_timestamp".into(), facts.timestamp.into());
                }
                (Move::Srp(_), None) => {}
            }
        }
        Ok(())
    }

    async fn send(&mut self, call: &Call) -> Result<(), String> {
        let request = with_cookies(self.request(call)?, self.jar);
        let named = format!("{} {}", request.method, request.url.path());
        let exchange = self.transport.exchange(request).await;
        if let Ok(response) = &exchange.outcome {
            self.jar.store(&exchange.request.url, response.headers_named("set-cookie"));
        }
        self.exchanges.push(exchange.clone());
        let response = exchange.outcome.as_ref().map_err(|why| format!("{named}: {why}"))?;
        if response.status >= 400 {
            let said = quoted(response);
            return Err(format!(
                "login refused: {named} answered {}, it says {said}",
                response.status
            ));
        }
        self.keep(&call.keep, &exchange).map_err(|why| format!("{named}: {why}"))
    }

    fn request(&self, call: &Call) -> Result<Request, String> {
        let (body, kind) = match (&call.form, &call.json) {
            (Some(_), Some(_)) => return Err("a request has `form` or `json`, not both".into()),
            (Some(form), None) => {
                let mut pairs = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in &form.0 {
                    if let Some(value) = text(value, &self.variables)? {
                        pairs.append_pair(name, &value);
                    }
                }
                (pairs.finish(), Some("application/x-www-form-urlencoded"))
            }
            (None, Some(json)) => {
                (document(json, &self.variables)?.to_string(), Some("application/json"))
            }
            (None, None) => (String::new(), None),
        };
        let mut headers = self.headers.to_vec();
        for (name, value) in &call.headers.0 {
            headers.push((name.clone(), spell(&evaluate(value, &self.variables)?)));
        }
        let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let (Some(kind), false) = (kind, typed) {
            headers.push(("Content-Type".into(), kind.into()));
        }
        let default = if kind.is_some() { "POST" } else { "GET" };
        Ok(Request {
            method: call.method.clone().unwrap_or_else(|| default.into()),
            url: self.address(&call.to)?,
            headers,
            body: body.into_bytes(),
        })
    }

    fn address(&self, template: &Template) -> Result<Url, String> {
        let written = text(template, &self.variables)?.unwrap_or_default();
        let address = match self.base {
            Some(base) => base.join(&written),
            None => Url::parse(&written),
        };
        address.map_err(|why| format!("`{template}` is `{written}`, which is no address: {why}"))
    }

    fn keep(&mut self, captures: &Captures, exchange: &Exchange) -> Result<(), String> {
        for (name, capture) in &captures.0 {
            let value = capture_from(capture, exchange)
                .map_err(|why| format!("`{name}` is not there: {why}"))?;
            self.variables.insert(name.clone(), value);
        }
        Ok(())
    }
}

fn capture_from(capture: &Capture, exchange: &Exchange) -> Result<Value, String> {
    let response = exchange.outcome.as_ref().map_err(ToString::to_string)?;
    let body = || response.text();
    match capture {
        Capture::Between(start, end) => {
            let text = body();
            let rest = text.split_once(start).map(|(_, rest)| rest);
            let rest = rest.ok_or_else(|| format!("the answer has no `{start}`"))?;
            let found = rest.split_once(end).map(|(found, _)| Value::from(found));
            found.ok_or_else(|| format!("the answer has no `{end}` after `{start}`"))
        }
        Capture::Json(pointer) => {
            let found = response.json()?.pointer(pointer).cloned();
            found.ok_or_else(|| {
                format!("the answer has no `{pointer}`, it says {}", quoted(response))
            })
        }
        Capture::Input(name) => {
            let found = form::input(&body(), name).map(Value::from);
            found.ok_or_else(|| format!("the page has no input `{name}`"))
        }
        Capture::Header(name) => {
            let found = response.header(&name.to_ascii_lowercase()).map(Value::from);
            found.ok_or_else(|| format!("the answer has no header field `{name}`"))
        }
        Capture::Query(name) => {
            let mut pairs = exchange.request.url.query_pairs();
            let found = pairs.find(|(key, _)| key == name).map(|(_, value)| value.into());
            found.ok_or_else(|| format!("the address has no parameter `{name}`"))
        }
    }
}

/// What an answer says to a person. Texts alone: a JSON body may carry tokens.
fn quoted(response: &Response) -> String {
    let said = match response.json() {
        Ok(body) => ["message", "error_description", "error", "title", "detail"]
            .iter()
            .find_map(|name| Some(body.get(name)?.as_str()?.to_owned()))
            .unwrap_or_else(|| crate::locate::outline(body)),
        Err(_) => form::message(&response.text()),
    };
    let end = said.char_indices().nth(QUOTED).map_or(said.len(), |(end, _)| end);
    format!("\"{}\"", &said[..end])
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Exchange, Request, Response, capture_from};
    use crate::login::Capture;

    #[test]
    fn values_are_found_where_they_stand() {
        let url = "http://idp.test/login?next=%2Fhome".parse().expect("an address");
        let request = Request { method: "GET".into(), url, headers: Vec::new(), body: Vec::new() };
        let body =
            r#"{"a": {"b": ["x", 5]}, "t": "<i data-c='q'>", "h": "<input name=k value=v>"}"#;
        let response = Response {
            status: 200,
            headers: vec![("location".into(), "/there".into())],
            body: body.as_bytes().to_vec(),
            ..Response::default()
        };
        let (started, elapsed) = (SystemTime::now(), Duration::ZERO);
        let exchange = Exchange { request, outcome: Ok(response), started, repeats: 0, elapsed };
        let rows = [
            (Capture::Json("/a/b/1".into()), Ok("5")),
            (Capture::Json("/a/c".into()), Err("the answer has no `/a/c`, it says \"{a, t, h}\"")),
            (Capture::Between("data-c='".into(), "'".into()), Ok("\"q\"")),
            (Capture::Between("none".into(), "'".into()), Err("the answer has no `none`")),
            (
                Capture::Between("data-c='".into(), "~".into()),
                Err("the answer has no `~` after `data-c='`"),
            ),
            (Capture::Input("k".into()), Ok("\"v\"")),
            (Capture::Input("z".into()), Err("the page has no input `z`")),
            (Capture::Header("Location".into()), Ok("\"/there\"")),
            (Capture::Query("next".into()), Ok("\"/home\"")),
            (Capture::Query("z".into()), Err("the address has no parameter `z`")),
        ];
        for (capture, expected) in rows {
            let found = capture_from(&capture, &exchange).map(|value| value.to_string());
            assert_eq!(found, expected.map(Into::into).map_err(Into::into), "{capture:?}");
        }
    }
}
