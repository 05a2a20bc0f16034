//! One HTTP request and one HTTP response as plain data: nothing here knows an HTTP library.

use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method, upper case as sent.
    pub method: String,
    /// The path, percent-encoded as sent.
    pub path: String,
    /// The raw query without the question mark; empty when there is none.
    pub query: String,
    /// Names and values in the order of arrival; a repeated header is repeated here.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A response to send.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values; a repeated header is repeated here.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// All values of a header, whose name is compared without regard to case.
pub fn headers<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
    request.headers.iter().filter(named).map(|(_, value)| value.as_str())
}

/// All values of a header of a response, whose name is compared without regard to case.
pub fn headers_of<'a>(response: &'a Response, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
    response.headers.iter().filter(named).map(|(_, value)| value.as_str())
}

/// The value of a cookie; the first one if the browser sent several of that name.
pub fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    headers(request, "cookie")
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A JSON response that no cache keeps.
pub fn json(status: u16, body: &Value) -> Response {
    // RFC 6749 §5.1: "Cache-Control: no-store" and "Pragma: no-cache" wherever tokens may appear.
    let response = cacheable_json(status, body, "no-store");
    with_header(response, "Pragma", "no-cache")
}

/// A JSON response with the given `Cache-Control`.
pub fn cacheable_json(status: u16, body: &Value, cache_control: &str) -> Response {
    let headers = [("Content-Type", "application/json"), ("Cache-Control", cache_control)];
    Response {
        status,
        headers: headers.map(|(key, value)| (key.into(), value.into())).to_vec(),
        body: serde_json::to_vec(body).expect("a value can be written"),
    }
}

/// A response without a body that no cache keeps.
pub fn empty(status: u16) -> Response {
    with_header(Response { status, ..Response::default() }, "Cache-Control", "no-store")
}

/// A redirect that answers `request`.
pub fn redirect(request: &Request, location: &str) -> Response {
    // RFC 9700 §4.12: 303 makes the browser drop the form that it has just posted; 307 would not.
    let status = if request.method == "POST" { 303 } else { 302 };
    with_header(empty(status), "Location", location)
}

/// The response with one header more.
pub fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    response.headers.push((name.into(), value.into()));
    response
}
