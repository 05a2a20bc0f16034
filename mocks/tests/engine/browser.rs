//! A browser and a client in one, over an engine without a network.

use authgauge_mocks::{Engine, Request, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

pub const BASE: &str = "http://stub.test";
pub const CALLBACK: &str = "http://127.0.0.1:18999/callback";
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 7636, Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct Browser {
    pub engine: Engine,
    pub cookies: Vec<(String, String)>,
}

pub type Form<'a> = [(&'a str, &'a str)];

impl Browser {
    pub fn new(faults: &[&str]) -> Browser {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let engine = Engine::new("strict", &faults, BASE).expect("known names");
        Browser { engine, cookies: Vec::new() }
    }

    /// In front of a stub of another dialect.
    pub fn of(dialect: &str) -> Browser {
        let engine = Engine::new(dialect, &[], BASE).expect("a known dialect");
        Browser { engine, cookies: Vec::new() }
    }

    pub fn send(&mut self, mut request: Request) -> Response {
        let jar: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        request.headers.push(("Cookie".into(), jar.join("; ")));
        let response = self.engine.answer(&request);
        for cookie in headers(&response, "Set-Cookie") {
            let pair = cookie.split(';').next().expect("split yields one");
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.into(), value.into()));
        }
        response
    }

    /// Gets a path with its query, or a URL on the stub.
    pub fn get(&mut self, url: &str) -> Response {
        let url = url.strip_prefix(BASE).unwrap_or(url);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let request = Request { method: "GET".into(), ..request(path, query) };
        self.send(request)
    }

    pub fn post(&mut self, path: &str, form: &Form) -> Response {
        self.send(post(path, form))
    }

    /// Posts a form with HTTP Basic credentials.
    pub fn post_basic(&mut self, path: &str, user: (&str, &str), form: &Form) -> Response {
        let mut request = post(path, form);
        let credentials = STANDARD.encode(format!("{}:{}", user.0, user.1));
        request.headers.push(("Authorization".into(), format!("Basic {credentials}")));
        self.send(request)
    }

    pub fn userinfo(&mut self, token: &str) -> Response {
        let mut request = Request { method: "GET".into(), ..request("/userinfo", "") };
        request.headers.push(("Authorization".into(), format!("Bearer {token}")));
        self.send(request)
    }

    pub fn control(&mut self, name: &str, body: &str) -> Response {
        let mut request = request(&format!("/_stub/{name}"), "");
        request.method = if body == "GET" { "GET".into() } else { "POST".into() };
        request.body = body.as_bytes().to_vec();
        self.send(request)
    }

    pub fn advance(&mut self, seconds: u64) {
        let response = self.control("clock", &format!("{{\"advance\": {seconds}}}"));
        assert_eq!(response.status, 200);
    }

    /// Fills in the form on a page and presses a button.
    pub fn submit(&mut self, page: &Response, fields: &Form) -> Response {
        let html = text(page);
        let action = between(&html, "action=\"", "\"").expect("the page has a form").to_owned();
        let mut form = hidden(&html);
        form.extend(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let action = action.replace("&amp;", "&");
        let (path, query) = action.split_once('?').unwrap_or((&action, ""));
        self.send(Request { query: query.into(), ..post(path, &form) })
    }

    /// Gets a page, follows redirects as long as they stay here, and logs in where that is asked.
    pub fn walk(&mut self, url: &str) -> Response {
        self.walk_with(url, "alice-password")
    }

    /// The same where the password must have more kinds of characters.
    pub fn walk_as_user(&mut self, url: &str) -> Response {
        self.walk_with(url, "Alice-passw0rd!")
    }

    fn walk_with(&mut self, url: &str, password: &str) -> Response {
        let mut response = self.get(url);
        let login = [("username", "alice"), ("password", password)];
        for _ in 0..10 {
            response = match location(&response) {
                Some(next) if next.starts_with(BASE) => self.get(&next),
                None if text(&response).contains("type=\"password\"") => {
                    self.submit(&response, &login)
                }
                _ => return response,
            };
        }
        panic!("no end of redirects: {}", text(&response));
    }

    pub fn log_in(&mut self, page: &Response) -> Response {
        self.submit(page, &[("username", "alice"), ("password", "alice-password")])
    }

    /// Goes through an authorization request with a login, and returns the address it ends at.
    pub fn authorize(&mut self, change: &Form) -> String {
        let mut response = self.get(&authorize_url(change));
        while let Some(next) = location(&response).filter(|next| next.starts_with(BASE)) {
            let page = self.get(&next);
            assert_eq!(page.status, 200, "{}", text(&page));
            let login = next.contains("/login");
            response =
                if login { self.log_in(&page) } else { self.submit(&page, &[("approve", "yes")]) };
        }
        location(&response).unwrap_or_else(|| panic!("no redirect: {}", text(&response)))
    }

    pub fn code(&mut self, change: &Form) -> String {
        let address = self.authorize(change);
        parameter(&address, "code").unwrap_or_else(|| panic!("no code in {address}"))
    }

    /// Exchanges a code at the public client, with changes.
    pub fn exchange(&mut self, code: &str, change: &Form) -> (u16, Value) {
        let form = changed(
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "public"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
            change,
        );
        json(&self.post("/token", &form))
    }

    /// The tokens of a whole code flow of the public client.
    pub fn tokens(&mut self) -> Value {
        let code = self.code(&[]);
        let (status, tokens) = self.exchange(&code, &[]);
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    pub fn refresh(&mut self, token: &str, change: &Form) -> (u16, Value) {
        let form = [("grant_type", "refresh_token"), ("client_id", "public")];
        let form = [&form[..], &[("refresh_token", token)]].concat();
        json(&self.post("/token", &changed(&form, change)))
    }

    pub fn device(&mut self) -> Value {
        let form = [("client_id", "device"), ("scope", "openid offline_access read")];
        let (status, device) = json(&self.post("/device_authorization", &form));
        assert_eq!(status, 200, "{device}");
        device
    }

    pub fn poll(&mut self, device: &Value) -> (u16, Value) {
        let code = member(device, "device_code");
        let form = [("grant_type", DEVICE_GRANT), ("client_id", "device"), ("device_code", &code)];
        json(&self.post("/token", &form))
    }

    pub fn decide(&mut self, device: &Value, action: &str) {
        let code = member(device, "user_code");
        let body = format!("{{\"user_code\": \"{code}\", \"action\": \"{action}\"}}");
        assert_eq!(self.control("device", &body).status, 200);
    }

    pub fn introspect(&mut self, token: &str) -> (u16, Value) {
        let caller = ("resource-server", "resource-server-secret");
        json(&self.post_basic("/introspect", caller, &[("token", token)]))
    }

    pub fn revoke(&mut self, token: &str) -> u16 {
        self.post("/revoke", &[("client_id", "public"), ("token", token)]).status
    }

    pub fn jwks(&mut self) -> Vec<Value> {
        let (_, set) = json(&self.get("/jwks"));
        set["keys"].as_array().expect("keys is an array").clone()
    }
}

fn request(path: &str, query: &str) -> Request {
    Request { path: path.into(), query: query.into(), ..Request::default() }
}

pub fn post(path: &str, form: &Form) -> Request {
    let media_type = "application/x-www-form-urlencoded".to_owned();
    Request {
        method: "POST".into(),
        headers: vec![("Content-Type".into(), media_type)],
        body: encode(form).into_bytes(),
        ..request(path, "")
    }
}

pub fn encode(form: &Form) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// A correct authorization request of the public client, with changes.
pub fn authorize_url(change: &Form) -> String {
    let correct = [
        ("client_id", "public"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid offline_access read"),
        ("state", "s t&te"),
        ("nonce", "n-0S6"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    format!("/authorize?{}", encode(&changed(&correct, change)))
}

/// The form with some values replaced; an empty value omits the parameter.
pub fn changed<'a>(form: &Form<'a>, change: &Form<'a>) -> Vec<(&'a str, &'a str)> {
    let kept = form.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name));
    kept.chain(change.iter().filter(|(_, value)| !value.is_empty())).copied().collect()
}

pub fn headers<'a>(response: &'a Response, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
    response.headers.iter().filter(named).map(|(_, value)| value.as_str())
}

pub fn header(response: &Response, name: &str) -> Option<String> {
    headers(response, name).next().map(str::to_owned)
}

pub fn location(response: &Response) -> Option<String> {
    header(response, "Location")
}

pub fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).expect("the stub writes UTF-8")
}

/// The status and the body, as one line.
pub fn line(response: &Response) -> String {
    format!("{} {}", response.status, text(response))
}

pub fn json(response: &Response) -> (u16, Value) {
    let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    (response.status, body)
}

pub fn member(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

pub fn parameter(address: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(address).expect("a redirect leads to a URL");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}

fn hidden(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input ").skip(1).filter(|input| input.contains("type=\"hidden\""));
    let attribute = |input: &str, name: &str| between(input, name, "\"").map(unescape);
    let pair = |input| Some((attribute(input, "name=\"")?, attribute(input, "value=\"")?));
    inputs.filter_map(pair).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
