//! The proxy that the environment puts between this machine and an address.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// The environment variables that name a proxy, by the scheme of the address.
const VARIABLES: [(&str, &[&str]); 2] = [
    ("http", &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
    ("https", &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
];

/// A proxy and where it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, without credentials.
    pub address: String,
    /// The environment variable, or "the system's settings".
    pub set_by: String,
}

/// The proxy through which an address is reached, if there is one.
pub fn between(url: &Url) -> Option<Proxy> {
    let target = url.as_str().parse().ok()?;
    let intercepted = Matcher::from_system().intercept(&target)?;
    let proxy = intercepted.uri();
    let scheme = proxy.scheme_str().unwrap_or("http");
    let address = format!("{scheme}://{}", proxy.authority()?.as_str().rsplit('@').next()?);
    let names = VARIABLES.iter().find(|(scheme, _)| *scheme == url.scheme());
    let set = names.into_iter().flat_map(|(_, names)| *names);
    let mut set = set.filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let set_by = set.next().map_or("the system's settings", |name| name).to_owned();
    Some(Proxy { address, set_by })
}

impl Proxy {
    /// What to do when the proxy is in the way.
    pub fn next(&self, url: &Url) -> String {
        let host = url.host_str().unwrap_or("the host");
        format!("correct or unset {}, or add {host} to NO_PROXY", self.set_by)
    }
}
