//! A browser without scripts: opens an address, follows redirects, logs in and decides.
//!
//! A page for which the provider file has a script is answered by its requests instead.
//!
//! It leaves the provider never: an address of the client, or of anyone else, ends the visit
//! unopened. What to do on a page is decided in [`crate::page`]; here is what a browser does by
//! itself.

use url::Url;

use crate::cookie::Jar;
use crate::form::{self, Method};
use crate::history::Landing;
use crate::login::{Question, Script};
use crate::page::{self, Action, Answers, Memory, Page, Purpose, Refusal, Submission};
use crate::pages::PageRules;
use crate::script::{self, Stage};
use crate::transport::Transport;
use crate::variables::Variables;
use crate::wire::{Exchange, Request, Response};

pub use crate::page::{Credentials, Decision};

/// The most requests of one visit; the longest honest flow seen had nine.
pub const HOPS: usize = 25;

/// An address to open, and what its user does then.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    /// The first request. Its `User-Agent` and `Accept-Language` go with all that follow.
    pub request: Request,
    /// The client's redirect URIs: reaching one ends the visit.
    pub callbacks: &'a [Url],
    /// Where the browser may go, by scheme, host and port; the first request's origin is added.
    pub origins: &'a [Url],
    /// Who logs in when a page asks for it; nobody when there is none.
    pub user: Option<Credentials<'a>>,
    /// What is answered when a page asks for consent.
    pub decision: Decision,
    /// The code to type in on a device verification page.
    pub user_code: Option<&'a str>,
    /// What the provider file says about the pages.
    pub pages: &'a PageRules,
    /// The pages that are answered by written requests.
    pub scripts: &'a [Script],
    /// The names that those can use, beside their own.
    pub variables: &'a Variables,
    /// Header fields of every request.
    pub headers: Vec<(String, String)>,
}

/// What happened in a visit.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    /// Every request with what became of it, in order.
    pub exchanges: Vec<Exchange>,
    /// Where the visit ended; none when the last exchange got no response.
    pub landing: Option<Landing>,
    /// Whether a name or a password was sent.
    pub signed_in: bool,
}

/// Opens an address and goes on until the browser reaches the client, leaves the provider, or
/// there is nothing left to do. Takes at most [`HOPS`] requests.
pub async fn visit<T: Transport>(transport: &T, jar: &mut Jar, visit: Visit<'_>) -> Trail {
    let mut walk = Walk {
        visit: &visit,
        trail: Trail::default(),
        memory: Memory::default(),
        played: Vec::new(),
    };
    let mut next = visit.request.clone();
    next.headers.extend(visit.headers.iter().cloned());
    while walk.trail.exchanges.len() < HOPS {
        let exchange = transport.exchange(with_cookies(next, jar)).await;
        if let Ok(response) = &exchange.outcome {
            jar.store(&exchange.request.url, response.headers_named("set-cookie"));
        }
        let mut step = walk.step(&exchange);
        walk.trail.exchanges.push(exchange);
        next = loop {
            step = match step {
                Step::Open(request) => break request,
                Step::Play(script) => walk.play(transport, jar, script).await,
                Step::End(landing) => {
                    walk.trail.landing = landing;
                    return walk.trail;
                }
            };
        };
    }
    walk.trail.landing = Some(lost(&next.url, &walk.trail.exchanges));
    walk.trail
}

/// What comes after a response.
enum Step<'a> {
    Open(Request),
    Play(&'a Script),
    End(Option<Landing>),
}

struct Walk<'a> {
    visit: &'a Visit<'a>,
    trail: Trail,
    memory: Memory,
    /// The scripts that were played, by position.
    played: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn step(&mut self, exchange: &Exchange) -> Step<'a> {
        let Ok(response) = &exchange.outcome else {
            return Step::End(None);
        };
        if let Some(target) = redirect(response) {
            return self.redirected(&exchange.request, response.status, target);
        }
        if !shows_html(response) {
            return Step::End(Some(Landing::Page));
        }
        let (url, html) = (&exchange.request.url, response.text());
        let page = Page { url, status: response.status, html: &html };
        if let Some(step) = self.scripted(&page) {
            return step;
        }
        match page::decide(&page, &self.answers()) {
            Action::Submit(submission) => self.submit(&page, submission),
            Action::Follow(target) => {
                self.memory.follow(self.visit.decision);
                self.open(self.get(with_referer(Vec::new(), url), target))
            }
            Action::Rest => Step::End(Some(Landing::Page)),
            Action::Stop(why) => stuck(url, why),
        }
    }

    fn answers(&self) -> Answers<'_> {
        let Visit { callbacks, user, decision, user_code, pages, .. } = *self.visit;
        Answers { callbacks, user, decision, user_code, rules: pages }
    }

    /// What a script says about a page, if there is one for it.
    fn scripted(&mut self, page: &Page<'_>) -> Option<Step<'a>> {
        let Visit { user, user_code, decision, scripts, .. } = self.visit;
        let applies = |script: &Script| match script.question {
            Question::Login => user.is_some(),
            Question::Approve => *decision == Decision::Approve,
            Question::Deny => *decision == Decision::Deny,
            Question::Device => user_code.is_some(),
        };
        let here = |script: &Script| page.status < 400 && page.url.path().contains(&script.at);
        let fits = |(_, script): &(usize, &Script)| here(script) && applies(script);
        let mut fitting = scripts.iter().enumerate().filter(fits).peekable();
        let (_, first) = *fitting.peek()?;
        let Some((at, script)) = fitting.find(|(at, _)| !self.played.contains(at)) else {
            // RFC 8628 §3.3: once a device is approved, the same page says so and leads nowhere.
            if first.question == Question::Device {
                return None;
            }
            let said = form::message(page.html);
            let why = format!(
                "the steps for `{}` were done, and {} came back; it says \"{said}\"",
                first.at,
                page.url.path()
            );
            return Some(stuck(page.url, why));
        };
        self.played.push(at);
        Some(Step::Play(script))
    }

    /// Answers the page of the last exchange by a script.
    async fn play<T: Transport>(
        &mut self,
        transport: &T,
        jar: &mut Jar,
        script: &'a Script,
    ) -> Step<'a> {
        let Some(last) = self.trail.exchanges.last().cloned() else {
            return Step::End(None);
        };
        let page = &last.request.url;
        let mut stage = Stage {
            transport,
            jar,
            base: Some(page),
            headers: &self.visit.headers,
            variables: script::names(self.visit.variables, self.visit.user, self.visit.user_code),
            exchanges: &mut self.trail.exchanges,
        };
        self.trail.signed_in |= script.question == Question::Login;
        match stage.answer(script, &last).await {
            Err(why) => stuck(page, why),
            Ok(Some(target)) => self.open(self.get(with_referer(Vec::new(), page), target)),
            Ok(None) => match self.trail.exchanges.last().cloned() {
                Some(answer) => self.step(&answer),
                None => Step::End(None),
            },
        }
    }

    fn redirected(&self, request: &Request, status: u16, location: &str) -> Step<'a> {
        let Ok(target) = request.url.join(location) else {
            return stuck(
                &request.url,
                format!("it redirects to `{location}`, which is no address"),
            );
        };
        // RFC 9110 §15.4: 303 always becomes GET, 301 and 302 do after a POST; 307 and 308 keep
        // method and body.
        let keeps_method = match status {
            307 | 308 => true,
            303 => false,
            _ => request.method != "POST",
        };
        if !keeps_method || request.method == "GET" {
            return self.open(self.get(Vec::new(), target));
        }
        let kept = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
        let headers = kept.cloned().collect();
        self.open(Request { url: target, headers, ..request.clone() })
    }

    fn submit(&mut self, page: &Page<'_>, submission: Submission) -> Step<'a> {
        match self.memory.send(page.url, &submission, &form::message(page.html)) {
            Ok(()) => {
                self.trail.signed_in |= submission.purpose == Purpose::LogIn;
                self.open(self.request(page.url, submission))
            }
            Err(Refusal::Done) => Step::End(Some(Landing::Page)),
            Err(Refusal::Refused(why)) => stuck(page.url, why),
        }
    }

    fn request(&self, page: &Url, submission: Submission) -> Request {
        let Submission { method, mut target, pairs, .. } = submission;
        let headers = with_referer(Vec::new(), page);
        // The client's and a stranger's address are never opened; the answer in it is what counts.
        if method == Method::Get || !self.may_open(&target) {
            if method == Method::Get {
                target.set_query(None);
            }
            target.query_pairs_mut().extend_pairs(pairs);
            return self.get(headers, target);
        }
        let mut request = self.get(headers, target);
        let kind = "application/x-www-form-urlencoded";
        request.headers.push(("Origin".into(), page.origin().ascii_serialization()));
        request.headers.push(("Content-Type".into(), kind.into()));
        request.method = "POST".into();
        request.body = encoded(&pairs).into_bytes();
        request
    }

    fn get(&self, mut headers: Vec<(String, String)>, url: Url) -> Request {
        let kept = ["user-agent", "accept-language"];
        let first = self.visit.request.headers.iter();
        headers
            .extend(first.filter(|(name, _)| kept.contains(&&*name.to_ascii_lowercase())).cloned());
        headers.extend(self.visit.headers.iter().cloned());
        headers.push(("Accept".into(), "text/html".into()));
        Request { method: "GET".into(), url, headers, body: Vec::new() }
    }

    fn open(&self, mut request: Request) -> Step<'a> {
        if page::is_callback(&request.url, self.visit.callbacks) {
            return Step::End(Some(Landing::Callback(request.url)));
        }
        if !self.may_open(&request.url) {
            return Step::End(Some(Landing::Away(request.url)));
        }
        request.url.set_fragment(None);
        Step::Open(request)
    }

    fn may_open(&self, url: &Url) -> bool {
        let mut origins = self.visit.origins.iter().chain([&self.visit.request.url]);
        let is_client = page::is_callback(url, self.visit.callbacks);
        !is_client && origins.any(|origin| origin.origin() == url.origin())
    }
}

/// The target of a redirect that browsers follow by themselves.
pub(crate) fn redirect(response: &Response) -> Option<&str> {
    matches!(response.status, 301 | 302 | 303 | 307 | 308).then(|| response.header("location"))?
}

/// Providers label pages badly; what is not labelled counts when it looks like HTML.
pub(crate) fn shows_html(response: &Response) -> bool {
    match response.media_type().as_deref() {
        Some("text/html" | "application/xhtml+xml") => true,
        None | Some("") => response.body.trim_ascii_start().starts_with(b"<"),
        Some(_) => false,
    }
}

pub(crate) fn with_cookies(mut request: Request, jar: &Jar) -> Request {
    let is_cookie = |(name, _): &&mut (String, String)| name.eq_ignore_ascii_case("cookie");
    match (jar.header(&request.url), request.headers.iter_mut().find(is_cookie)) {
        // RFC 6265 §5.4: there is one Cookie header, even when the caller brings cookies too.
        (Some(cookies), Some((_, given))) => *given = format!("{given}; {cookies}"),
        (Some(cookies), None) => request.headers.push(("Cookie".into(), cookies)),
        (None, _) => (),
    }
    request
}

/// RFC 9110 §10.1.3: without fragment, name and password.
fn with_referer(mut headers: Vec<(String, String)>, page: &Url) -> Vec<(String, String)> {
    let mut referer = page.clone();
    referer.set_fragment(None);
    // Both fail only for addresses that cannot have a name, and then there is none to remove.
    let _ = referer.set_username("");
    let _ = referer.set_password(None);
    headers.push(("Referer".into(), referer.into()));
    headers
}

fn encoded(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn stuck(page: &Url, why: String) -> Step<'static> {
    Step::End(Some(Landing::Stuck { page: page.clone(), why }))
}

fn lost(next: &Url, exchanges: &[Exchange]) -> Landing {
    let shown = exchanges.iter().rev().filter_map(|e| Some((&e.request.url, e.response()?)));
    let page = shown.clone().find(|(_, response)| shows_html(response) && !response.redirects());
    let said = match page {
        Some((url, response)) => {
            format!("the last page, {}, says \"{}\"", url.path(), form::message(&response.text()))
        }
        None => "there were only redirects".to_owned(),
    };
    Landing::Stuck {
        page: next.clone(),
        why: format!("the visit did not end within {HOPS} requests; {said}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::time::{Duration, SystemTime};

    use url::Url;

    use super::{Credentials, Decision, HOPS, Trail, Visit};
    use crate::cookie::Jar;
    use crate::history::Landing;
    use crate::pages::PageRules;
    use crate::transport::Transport;
    use crate::variables::Variables;
    use crate::wire::{Exchange, Request, Response, TransportError};

    /// Answers from a script: for each `METHOD path?query` its answers in turn, the last one again
    /// and again; without one, the connection breaks.
    struct Script(Mutex<HashMap<String, Vec<Response>>>);

    impl Script {
        fn new(answers: &[(&str, &str)]) -> Self {
            let mut script: HashMap<String, Vec<Response>> = HashMap::new();
            for (key, answer) in answers {
                script.entry((*key).to_owned()).or_default().push(response(answer));
            }
            Self(Mutex::new(script))
        }

        fn answer(&self, request: &Request) -> Result<Response, TransportError> {
            let mut script = self.0.lock().expect("no test panics while it holds this");
            match script.get_mut(&line(request)) {
                Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
                Some(answers) => Ok(answers[0].clone()),
                None => Err(TransportError::Unsendable(format!("no answer: {}", line(request)))),
            }
        }
    }

    impl Transport for Script {
        async fn exchange(&self, request: Request) -> Exchange {
            let outcome = self.answer(&request);
            Exchange {
                request,
                outcome,
                started: SystemTime::now(),
                repeats: 0,
                elapsed: Duration::ZERO,
            }
        }
    }

    fn line(request: &Request) -> String {
        format!("{} {}", request.method, &request.url[url::Position::BeforePath..])
    }

    /// `status location-or-- [| name: value]... \n body`; without a header of that name, a body is
    /// HTML.
    fn response(written: &str) -> Response {
        let (head, body) = written.split_once('\n').unwrap_or((written, ""));
        let mut parts = head.split(" | ");
        let (status, location) = parts.next().and_then(|s| s.split_once(' ')).expect("a status");
        let mut headers: Vec<(String, String)> = parts
            .filter_map(|part| part.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if location != "-" {
            headers.push(("location".into(), location.into()));
        }
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".into(), "text/html; charset=utf-8".into()));
        }
        let status = status.parse().expect("a status is a number");
        Response { status, headers, body: body.into(), ..Response::default() }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    /// A visit to `http://127.0.0.1:8080/start` by alice, changed as a test wants it.
    async fn go(answers: &[(&str, &str)], change: impl FnOnce(&mut Visit<'_>)) -> Trail {
        go_on(&Script::new(answers), &mut Jar::default(), change).await
    }

    async fn go_on<T: Transport>(
        transport: &T,
        jar: &mut Jar,
        change: impl FnOnce(&mut Visit<'_>),
    ) -> Trail {
        let callbacks = [url("http://127.0.0.1:9/cb?fixed=1"), url("app.test:/cb")];
        let origins = [url("http://127.0.0.1:8080/any/path"), url("https://login.test")];
        let rules = PageRules::default();
        let mut visit = Visit {
            request: Request {
                method: "GET".into(),
                url: url("http://127.0.0.1:8080/start"),
                headers: vec![("User-Agent".into(), "authgauge".into())],
                body: Vec::new(),
            },
            callbacks: &callbacks,
            origins: &origins,
            user: Some(Credentials { username: "alice", password: "pw" }),
            decision: Decision::Approve,
            user_code: None,
            pages: &rules,
            scripts: &[],
            variables: &Variables::default(),
            headers: Vec::new(),
        };
        change(&mut visit);
        super::visit(transport, jar, visit).await
    }

    fn nothing(_: &mut Visit<'_>) {}

    fn lines(trail: &Trail) -> Vec<String> {
        trail.exchanges.iter().map(|exchange| line(&exchange.request)).collect()
    }

    fn body(trail: &Trail, at: usize) -> String {
        String::from_utf8(trail.exchanges[at].request.body.clone()).expect("forms are ASCII")
    }

    fn sent<'a>(trail: &'a Trail, at: usize, name: &str) -> Option<&'a str> {
        let mut headers = trail.exchanges[at].request.headers.iter();
        headers.find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn landing(trail: &Trail) -> String {
        match &trail.landing {
            None => "none".into(),
            Some(Landing::Callback(url)) => format!("callback {url}"),
            Some(Landing::Away(url)) => format!("away {url}"),
            Some(Landing::Page) => "page".into(),
            Some(Landing::Stuck { page, why }) => format!("stuck {}: {why}", page.path()),
        }
    }

    const LOGIN: &str = "200 -\n<form method=post action=''><input type=hidden name=t value=1>\
        <input name=username><input type=password name=password><button name=cancel>Cancel</button>\
        <button>Log in</button></form>";
    const CONSENT: &str = "200 -\n<form method=post action=/consent><button name=a value=no>Deny\
        </button><button name=a value=yes>Allow</button></form>";

    #[tokio::test]
    async fn a_whole_flow() {
        let with_cookies = LOGIN.replace("200 -", "200 - | set-cookie: csrf=1; Path=/login");
        let signed_in = "303 /start | set-cookie: csrf=; Path=/login; Max-Age=0 | \
            set-cookie: sid=s; Domain=.127.0.0.1; Path=/";
        let script = [
            ("GET /start", "302 http://127.0.0.1:8080/login?next=%2Fstart#top"),
            ("GET /login?next=%2Fstart", &with_cookies),
            ("POST /login?next=%2Fstart", signed_in),
            ("GET /start", CONSENT),
            ("POST /consent", "302 http://127.0.0.1:9/cb?code=c&state=s"),
        ];
        let mut jar = Jar::default();
        let trail = go_on(&Script::new(&script), &mut jar, nothing).await;
        assert_eq!(landing(&trail), "callback http://127.0.0.1:9/cb?code=c&state=s");
        assert!(trail.signed_in);
        let expected =
            ["GET /start", "GET /login?next=%2Fstart", "POST /login?next=%2Fstart", "GET /start"];
        assert_eq!(lines(&trail)[..4], expected);
        assert_eq!(body(&trail, 2), "t=1&username=alice&password=pw");
        let page = "http://127.0.0.1:8080/login?next=%2Fstart";
        for (name, value) in [
            ("Cookie", Some("csrf=1")),
            ("Referer", Some(page)),
            ("Origin", Some("http://127.0.0.1:8080")),
            ("Content-Type", Some("application/x-www-form-urlencoded")),
            ("User-Agent", Some("authgauge")),
            ("Accept", Some("text/html")),
        ] {
            assert_eq!(sent(&trail, 2, name), value, "{name}");
        }
        assert_eq!(sent(&trail, 3, "Cookie"), Some("sid=s"));
        assert_eq!((sent(&trail, 3, "Origin"), body(&trail, 3).as_str()), (None, ""));
        assert_eq!(body(&trail, 4), "a=yes");
        assert_eq!(jar.header(&url(page)).as_deref(), Some("sid=s"));
    }

    #[tokio::test]
    async fn redirects() {
        let cb = "http://127.0.0.1:9/cb";
        let table = [
            ("302 http://127.0.0.1:9/cb?code=1#f", "callback http://127.0.0.1:9/cb?code=1#f"),
            ("303 app.test:/cb?code=1", "callback app.test:/cb?code=1"),
            ("302 app.test:/other", "away app.test:/other"),
            ("302 http://127.0.0.1:9/cb/", "away http://127.0.0.1:9/cb/"),
            ("302 http://127.0.0.1:10/cb", "away http://127.0.0.1:10/cb"),
            ("302 http://localhost:9/cb", "away http://localhost:9/cb"),
            ("302 https://127.0.0.1:9/cb", "away https://127.0.0.1:9/cb"),
            ("302 https://evil.test/?code=1", "away https://evil.test/?code=1"),
            ("302 //evil.test/", "away http://evil.test/"),
            ("302 https://login.test:443/x", "none"),
            ("302 http://login.test/x", "away http://login.test/x"),
            ("302 mailto:a@b", "away mailto:a@b"),
            ("302 http://[", "stuck /start: it redirects to `http://[`, which is no address"),
            ("302 -", "page"),
            ("304 /x", "page"),
            ("201 /x", "page"),
            ("301 next", "none"),
        ];
        for (answer, expected) in table {
            assert_eq!(
                landing(&go(&[("GET /start", answer)], nothing).await),
                expected,
                "{answer}"
            );
        }
        let looping = [("GET /start", "302 /other"), ("GET /other", "302 /start")];
        let trail = go(&looping, nothing).await;
        assert_eq!(trail.exchanges.len(), HOPS);
        let expected = "stuck /other: the visit did not end within 25 requests; there were only \
            redirects";
        assert_eq!(landing(&trail), expected);
        let itself = format!("302 {cb}");
        let script = [("GET /start", "302 /start | set-cookie: a=1"), ("GET /start", &itself)];
        assert_eq!(landing(&go(&script, nothing).await), format!("callback {cb}"));
    }

    #[tokio::test]
    async fn methods_across_redirects() {
        for (status, method, kept) in [
            (301, "GET", false),
            (302, "GET", false),
            (303, "GET", false),
            (307, "POST", true),
            (308, "POST", true),
        ] {
            let redirect = format!("{status} /next?x=1");
            let script = [
                ("POST /start", redirect.as_str()),
                ("GET /next?x=1", "200 -"),
                ("POST /next?x=1", "200 -"),
            ];
            let trail = go(&script, |visit| {
                visit.request.method = "POST".into();
                visit.request.headers.push(("Content-Type".into(), "text/x".into()));
                visit.request.body = b"a=1".to_vec();
            })
            .await;
            assert_eq!(lines(&trail)[1], format!("{method} /next?x=1"), "{status}");
            assert_eq!(body(&trail, 1), if kept { "a=1" } else { "" }, "{status}");
            assert_eq!(sent(&trail, 1, "Content-Type"), kept.then_some("text/x"), "{status}");
        }
    }

    #[tokio::test]
    async fn two_login_pages_and_a_wrong_password() {
        let name = "200 -\n<form method=post action=/login><input name=user><button>Next</button>";
        let both = "200 -\n<form method=post action=/login><input name=user value=alice><input \
            type=password name=pass><button>Next</button>";
        let right = [
            ("GET /start", name),
            ("POST /login", both),
            ("POST /login", "302 http://127.0.0.1:9/cb?code=1"),
        ];
        let trail = go(&right, nothing).await;
        assert_eq!(landing(&trail), "callback http://127.0.0.1:9/cb?code=1");
        assert_eq!(
            (body(&trail, 1), body(&trail, 2)),
            ("user=alice".into(), "user=alice&pass=pw".into())
        );
        let wrong = format!("{both}<p class=error>Wrong password.");
        let wrong = [("GET /start", name), ("POST /login", both), ("POST /login", &wrong)];
        let trail = go(&wrong, nothing).await;
        assert_eq!(
            landing(&trail),
            "stuck /login: login refused: the form on /login with `user`, `pass` came back after it was sent; \
             it says \"Wrong password. Next\""
        );
        assert!(trail.signed_in);
        assert_eq!(trail.exchanges.len(), 3);
    }

    #[tokio::test]
    async fn a_refused_login_is_seen_at_another_address() {
        let at =
            |uid: &str| LOGIN.replace("action=''", &format!("action=/interaction/{uid}/login"));
        let (first, again) = (at("a1b2c3d4e5"), at("f6g7h8i9j0").replace("200 -", "401 -"));
        let script = [("GET /start", &*first), ("POST /interaction/a1b2c3d4e5/login", &*again)];
        let found = landing(&go(&script, nothing).await);
        assert!(found.starts_with("stuck /interaction/a1b2c3d4e5/login: login refused"), "{found}");
    }

    #[tokio::test]
    async fn without_a_user_the_login_page_is_the_end() {
        let trail = go(&[("GET /start", LOGIN)], |visit| visit.user = None).await;
        let expected = "stuck /start: the page asks to log in and there is no user: it says \
            \"Cancel Log in\"";
        assert_eq!(landing(&trail), expected);
        assert!(!trail.signed_in);
    }

    #[tokio::test]
    async fn denial() {
        let link = "200 -\n<form method=post action=/go><button>Continue</button></form>\
            <a href='http://127.0.0.1:9/cb?error=access_denied'>Cancel</a>";
        let by_form =
            [("GET /start", CONSENT), ("POST /consent", "303 http://127.0.0.1:9/cb?error=x")];
        let deny = |visit: &mut Visit<'_>| visit.decision = Decision::Deny;
        let trail = go(&by_form, deny).await;
        assert_eq!(
            (landing(&trail), body(&trail, 1)),
            ("callback http://127.0.0.1:9/cb?error=x".into(), "a=no".into())
        );
        let trail = go(&[("GET /start", link)], deny).await;
        assert_eq!(landing(&trail), "callback http://127.0.0.1:9/cb?error=access_denied");
        let trail = go(&[("GET /start", CONSENT), ("POST /consent", CONSENT)], nothing).await;
        let expected = "stuck /consent: the form with the button `Allow` came back after it was \
            sent; it says \"Deny Allow\"";
        assert_eq!(landing(&trail), expected);
    }

    #[tokio::test]
    async fn answers_in_a_form() {
        let form = |to: &str| {
            format!(
                "200 -\n<body onload='document.forms[0].submit()'><form method=post action='{to}'>\
                 <input type=hidden name=code value='a&amp;b'><input type=hidden name=iss \
                 value=http://i></form>"
            )
        };
        for (to, expected) in [
            (
                "http://127.0.0.1:9/cb?x=1",
                "callback http://127.0.0.1:9/cb?x=1&code=a%26b&iss=http%3A%2F%2Fi",
            ),
            ("https://evil.test/cb", "away https://evil.test/cb?code=a%26b&iss=http%3A%2F%2Fi"),
        ] {
            let trail = go(&[("GET /start", &form(to))], nothing).await;
            assert_eq!((landing(&trail).as_str(), trail.exchanges.len()), (expected, 1));
        }
        let inside = [("GET /start", &*form("/acs")), ("POST /acs", "200 -\nDone")];
        assert_eq!(landing(&go(&inside, nothing).await), "page");
        let again = [("GET /start", &*form("/acs")), ("POST /acs", &*form("/acs"))];
        let found = landing(&go(&again, nothing).await);
        assert!(found.starts_with("stuck /acs: the form that a script sends came back"), "{found}");
    }

    #[tokio::test]
    async fn a_form_by_get_replaces_the_query() {
        let page = "200 -\n<form action='/next?old=1'><input type=hidden name=new value='ä b'>\
            <button>Continue</button></form>";
        let script = [("GET /start", page), ("GET /next?new=%C3%A4+b", "200 -")];
        let trail = go(&script, nothing).await;
        assert_eq!(landing(&trail), "page");
        assert_eq!(sent(&trail, 1, "Referer"), Some("http://127.0.0.1:8080/start"));
    }

    #[tokio::test]
    async fn device_verification() {
        let entry = "200 -\n<h1>TITLE</h1><form method=post action=/device><input name=user_code>\
            <button>Continue</button></form>";
        let confirm = "200 -\n<form method=post action=/device><input type=hidden name=user_code \
            value=AB><button>Continue</button></form><a href=/abort>Cancel</a>";
        let entry = |title: &str| entry.replace("TITLE", title);
        let deny = |visit: &mut Visit<'_>| {
            visit.user_code = Some("AB");
            visit.decision = Decision::Deny;
        };
        // After the denial the page asks for the next code: that is the end, no refusal.
        let (first, last, wrong) = (entry("Code"), entry("Interrupted"), entry("Wrong code"));
        let script = [("GET /start", &*first), ("POST /device", confirm), ("GET /abort", &*last)];
        let trail = go(&script, deny).await;
        assert_eq!(landing(&trail), "page");
        assert_eq!(body(&trail, 1), "user_code=AB");
        let trail = go(&[("GET /start", &*first), ("POST /device", &*wrong)], deny).await;
        let expected = "stuck /device: user code refused: the form on /device with `user_code` came \
            back after it was sent; it says \"Wrong code Continue\"";
        assert_eq!(landing(&trail), expected);
    }

    #[tokio::test]
    async fn bodies_of_all_kinds() {
        let table = [
            ("200 -", "page"),
            ("400 -", "page"),
            ("500 -\n<form method=post><button>Continue</button></form>", "page"),
            ("200 - | content-type: application/json\n<form><button>Continue</button>", "page"),
            ("200 -\n{\"error\":\"labelled as HTML\"}", "page"),
            (
                "200 - | content-type: \n<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/cb?a'>",
                "callback http://127.0.0.1:9/cb?a",
            ),
            (
                "200 -\n<div id=root></div><script src=/app.js></script>",
                "stuck /start: the page is built by a script, which the form driver does not run; set \
                 `login: browser` in the provider file, or write the requests down under `login: \
                 {steps: …}`",
            ),
        ];
        for (answer, expected) in table {
            assert_eq!(
                landing(&go(&[("GET /start", answer)], nothing).await),
                expected,
                "{answer}"
            );
        }
        let bytes =
            b"\xff\xfe<form method=post><input type=hidden name=x value='\xc3'><button>OK".to_vec();
        let script = Script::new(&[("POST /start", "200 -")]);
        let broken = Response { body: bytes, ..response("200 -") };
        script.0.lock().expect("nobody else has it").insert("GET /start".into(), vec![broken]);
        let trail = go_on(&script, &mut Jar::default(), nothing).await;
        assert_eq!((landing(&trail).as_str(), body(&trail, 1).as_str()), ("page", "x=%EF%BF%BD"));
    }

    #[tokio::test]
    async fn endless_pages_are_named() {
        let page = "200 -\n<p>Wait <meta http-equiv=refresh content='1;url=/start'>";
        let trail = go(&[("GET /start", page)], nothing).await;
        let expected = "stuck /start: the visit did not end within 25 requests; the last page, \
            /start, says \"Wait\"";
        assert_eq!(landing(&trail), expected);
    }

    #[tokio::test]
    async fn cookies_of_the_caller_are_kept() {
        let mut jar = Jar::default();
        jar.store(&url("http://127.0.0.1/"), ["own=1"]);
        let script = Script::new(&[("GET /start", "200 -")]);
        let trail = go_on(&script, &mut jar, |visit| {
            visit.request.headers.push(("cookie".into(), "given=1".into()));
        })
        .await;
        assert_eq!(sent(&trail, 0, "cookie"), Some("given=1; own=1"));
    }

    #[test]
    fn a_visit_can_move_between_threads_and_shows_no_password() {
        fn is_send<T: Send>(_: T) {}
        let (script, mut jar) = (Script::new(&[]), Jar::default());
        is_send(go_on(&script, &mut jar, nothing));
        let user = Credentials { username: "alice", password: "hunter2" };
        assert!(!format!("{user:?}").contains("hunter2"));
    }
}
