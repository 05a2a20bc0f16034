//! The cookies of one browser: the only module that names the cookie crate.
//!
//! RFC 6265 §5.3 and §5.4 without public suffixes, `SameSite` and persistence. Unlike many a store
//! it takes `Domain=127.0.0.1` from that host, as browsers do: providers under test live there.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use url::{Host, Url};

/// More cookies of one domain than this push out the oldest: browsers keep about as many, and a
/// provider that sets a new cookie for every login must not slow down a long run.
const MOST_PER_DOMAIN: usize = 180;

/// The cookies of one browser.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    /// In the order in which they were first set.
    cookies: Vec<Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

impl Jar {
    /// Takes in the `Set-Cookie` values of a response from `url`. What is malformed, or set for
    /// another host, is left out; a cookie that has already expired deletes the one in the jar.
    pub fn store<'a>(&mut self, url: &Url, set_cookie_values: impl IntoIterator<Item = &'a str>) {
        let now = SystemTime::now();
        for value in set_cookie_values {
            if let Some(cookie) = read(url, value, now) {
                self.keep(cookie, now);
            }
        }
    }

    /// The `Cookie` header for a request to `url`; none when no cookie fits.
    pub fn header(&self, url: &Url) -> Option<String> {
        let (host, now) = (host(url)?, SystemTime::now());
        let mut fitting: Vec<_> = self.cookies.iter().filter(|c| c.fits(url, &host, now)).collect();
        // RFC 6265 §5.4: longer paths first; the stable sort keeps the older one first otherwise.
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = fitting.iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// RFC 6265 §5.3 (11): a cookie replaces the one with its name, domain and path, in its place.
    fn keep(&mut self, cookie: Kept, now: SystemTime) {
        let same = |kept: &Kept| {
            (&kept.name, &kept.domain, &kept.path) == (&cookie.name, &cookie.domain, &cookie.path)
        };
        let known = self.cookies.iter().position(same);
        match known {
            Some(at) if cookie.has_expired(now) => drop(self.cookies.remove(at)),
            Some(at) => self.cookies[at] = cookie,
            None if cookie.has_expired(now) => (),
            None => self.add(cookie),
        }
    }

    fn add(&mut self, cookie: Kept) {
        let of_domain = |kept: &Kept| kept.domain == cookie.domain;
        if self.cookies.iter().filter(|kept| of_domain(kept)).count() >= MOST_PER_DOMAIN
            && let Some(oldest) = self.cookies.iter().position(of_domain)
        {
            self.cookies.remove(oldest);
        }
        self.cookies.push(cookie);
    }
}

impl Kept {
    fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    fn fits(&self, url: &Url, host: &str, now: SystemTime) -> bool {
        let on_host =
            if self.host_only { host == self.domain } else { domain_matches(host, &self.domain) };
        let in_path = path_matches(url.path(), &self.path);
        on_host && in_path && (!self.secure || is_secure(url)) && !self.has_expired(now)
    }
}

fn read(url: &Url, value: &str, now: SystemTime) -> Option<Kept> {
    let parsed = cookie::Cookie::parse(value).ok()?;
    let (name, value) = parsed.name_value();
    // No transport can send such a value back.
    if name.chars().chain(value.chars()).any(char::is_control) {
        return None;
    }
    let host = host(url)?;
    // RFC 6265 §5.2.3: an empty Domain counts as none.
    let domain = parsed.domain().map(str::to_ascii_lowercase).filter(|domain| !domain.is_empty());
    if domain.as_ref().is_some_and(|domain| !domain_matches(&host, domain)) {
        return None;
    }
    let path = parsed.path().filter(|path| path.starts_with('/')).map(str::to_owned);
    Some(Kept {
        name: name.to_owned(),
        value: value.to_owned(),
        host_only: domain.is_none(),
        domain: domain.unwrap_or(host),
        path: path.unwrap_or_else(|| default_path(url)),
        secure: parsed.secure().unwrap_or(false),
        expires: expiry(&parsed, now),
    })
}

/// RFC 6265 §5.3 (3): Max-Age wins over Expires.
fn expiry(parsed: &cookie::Cookie<'_>, now: SystemTime) -> Option<SystemTime> {
    if let Some(age) = parsed.max_age() {
        let seconds = u64::try_from(age.whole_seconds()).unwrap_or(0);
        return now.checked_add(Duration::from_secs(seconds));
    }
    let seconds = parsed.expires_datetime()?.unix_timestamp();
    let since_epoch = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

/// The host as cookies name it: IPv6 addresses without brackets.
fn host(url: &Url) -> Option<String> {
    Some(url.host_str()?.trim_matches(['[', ']']).to_ascii_lowercase())
}

/// RFC 6265 §5.1.3. An IP address matches nothing but itself.
fn domain_matches(host: &str, domain: &str) -> bool {
    let inside = |domain: &str| {
        host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
            && host.parse::<IpAddr>().is_err()
    };
    let domain = domain.trim_matches(['[', ']']);
    host == domain || inside(domain)
}

/// RFC 6265 §5.1.4.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265 §5.1.4: the path up to its last slash, without it.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        Some(end) if end > 0 => url.path()[..end].to_owned(),
        _ => "/".to_owned(),
    }
}

/// Browsers treat the loopback host as if it spoke TLS.
fn is_secure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "https" || loopback
}

#[cfg(test)]
mod tests {
    use super::Jar;
    use url::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("the test's address is one")
    }

    /// Sets cookies from one address and asks for another.
    fn check(from: &str, set: &[&str], to: &str, expected: Option<&str>) {
        let mut jar = Jar::default();
        jar.store(&url(from), set.iter().copied());
        assert_eq!(jar.header(&url(to)).as_deref(), expected, "{set:?} from {from} to {to}");
    }

    #[test]
    fn a_cookie_goes_to_the_hosts_it_is_for() {
        let table: [(&str, &str, &str, bool); 19] = [
            ("http://127.0.0.1:1/", "a=1", "http://127.0.0.1:2/", true),
            ("http://127.0.0.1/", "a=1", "http://localhost/", false),
            ("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", true),
            ("http://127.0.0.1/", "a=1; Domain=.127.0.0.1", "http://127.0.0.1/", true),
            ("http://127.0.0.1/", "a=1; Domain=0.0.1", "http://127.0.0.1/", false),
            ("http://127.0.0.1/", "a=1; Domain=", "http://127.0.0.1/", true),
            ("http://[::1]/", "a=1; Domain=[::1]", "http://[::1]/", true),
            ("http://[::1]/", "a=1; Domain=::1", "http://[::1]/", true),
            ("http://localhost/", "a=1; Domain=localhost", "http://localhost/", true),
            ("http://a.test/", "a=1", "http://b.a.test/", false),
            ("http://a.test/", "a=1; Domain=a.test", "http://b.a.test/", true),
            ("http://b.a.test/", "a=1; Domain=.A.test", "http://a.test/", true),
            ("http://b.a.test/", "a=1; domain=a.test", "http://c.a.test/", true),
            ("http://a.test/", "a=1; Domain=b.a.test", "http://b.a.test/", false),
            ("http://a.test/", "a=1; Domain=other.test", "http://other.test/", false),
            ("http://bada.test/", "a=1; Domain=a.test", "http://a.test/", false),
            ("http://a.test/", "a=1; Secure", "http://a.test/", false),
            ("http://a.test/", "a=1; Secure", "https://a.test/", true),
            ("http://127.0.0.1/", "a=1; Secure; HttpOnly", "http://127.0.0.1/", true),
        ];
        for (from, set, to, sent) in table {
            check(from, &[set], to, sent.then_some("a=1"));
        }
    }

    #[test]
    fn a_cookie_goes_to_the_paths_it_is_for() {
        let table = [
            ("/", "a=1", "/x/y", true),
            ("/login/step", "a=1", "/login/other?x=1", true),
            ("/login/step", "a=1", "/login", true),
            ("/login/step", "a=1", "/loginx", false),
            ("/login", "a=1", "/", true),
            ("/login/", "a=1", "/login", true),
            ("/x", "a=1; Path=/auth", "/auth", true),
            ("/x", "a=1; Path=/auth", "/auth/realm", true),
            ("/x", "a=1; Path=/auth", "/authority", false),
            ("/x", "a=1; Path=/auth/", "/auth", false),
            ("/x/y", "a=1; Path=relative", "/x/z", true),
            ("/x/y", "a=1; Path", "/x/z", true),
        ];
        for (from, set, to, sent) in table {
            let address = |path| format!("http://h.test{path}");
            check(&address(from), &[set], &address(to), sent.then_some("a=1"));
        }
    }

    #[test]
    fn cookies_are_ordered_replaced_and_deleted() {
        let at = "http://h.test/a/b";
        let past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let table: [(&[&str], Option<&str>); 16] = [
            (&["a=1; Path=/", "b=2; Path=/a", "c=3; Path=/a/b"], Some("c=3; b=2; a=1")),
            (&["a=1", "b=2", "a=3"], Some("a=3; b=2")),
            (&["a=1", "a=2; Path=/"], Some("a=1; a=2")),
            (&["a=1", "a=; Max-Age=0"], None),
            (&["a=1", "a=; Max-Age=-5"], None),
            (&["a=1", &format!("a=; {past}")], None),
            (&["a=1", "a=; Expires=Sun, 06-Nov-94 08:49:37 GMT"], None),
            (&["a=1", &format!("a=; Path=/; {past}")], Some("a=1")),
            (&[&format!("a=1; {past}; Max-Age=60")], Some("a=1")),
            (&["a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"], Some("a=1")),
            (&["a=1; Max-Age=99999999999999999999999"], Some("a=1")),
            (&["a=1; Expires=nonsense; SameSite=Strict; Priority=High"], Some("a=1")),
            (&["a=\"quoted=1\"", "b="], Some("a=\"quoted=1\"; b=")),
            (&["", ";", "=x", "nothing", "a\u{1}=1", "a=\u{7}"], None),
            (&["a=\u{fffd}é"], Some("a=\u{fffd}é")),
            (&[], None),
        ];
        for (set, expected) in table {
            check(at, set, at, expected);
        }
    }

    #[test]
    fn the_jar_does_not_grow_without_bound() {
        let mut jar = Jar::default();
        for n in 0..1000 {
            jar.store(&url("http://h.test/"), [format!("c{n}=1").as_str()]);
        }
        let header = jar.header(&url("http://h.test/")).expect("there are cookies");
        assert_eq!(header.split("; ").count(), super::MOST_PER_DOMAIN);
        assert!(header.ends_with("c999=1"));
    }

    #[test]
    fn an_address_without_a_host_has_no_cookies() {
        check("app:/callback", &["a=1"], "app:/callback", None);
    }
}
