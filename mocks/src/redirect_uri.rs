//! Which redirection URIs are a client's: RFC 9700 §2.1 and RFC 8252 §7.3.

use crate::dialect::Client;
use crate::fault::Fault;
use crate::provider::{Provider, has};

/// Whether the client has registered the redirection URI that was sent.
pub fn is_registered(provider: &Provider, client: &Client, sent: &str) -> bool {
    let loopback = !has(provider, Fault::LoopbackPortFixed);
    // RFC 9700 §2.1: exact string matching, except for the port of a loopback address.
    client.redirect_uris.iter().any(|registered| {
        registered == sent
            || is_taken_by_fault(provider, registered, sent)
            || loopback
                && matches!((portless(registered), portless(sent)), (Some(a), Some(b)) if a == b)
    })
}

/// What the faults take for a registered redirection URI.
fn is_taken_by_fault(provider: &Provider, registered: &str, sent: &str) -> bool {
    let end = registered.match_indices(':').nth(1).map_or(registered.len(), |(at, _)| at);
    let path = registered.rfind('/').map_or("", |at| &registered[at..]);
    let authority = registered.trim_start_matches("http://").trim_end_matches(path);
    has(provider, Fault::AnyRedirectUri)
        || has(provider, Fault::RedirectUriByPrefix) && sent.starts_with(registered)
        || has(provider, Fault::RedirectUriByHostPrefix) && sent.starts_with(&registered[..end])
        || has(provider, Fault::RedirectUriByHostSuffix)
            && sent.ends_with(&format!(".{authority}{path}"))
        || has(provider, Fault::RedirectUriIgnoresCase) && sent.eq_ignore_ascii_case(registered)
        || has(provider, Fault::RedirectUriNormalized) && normal(sent) == normal(registered)
        || has(provider, Fault::RedirectUriSlashOptional)
            && sent.trim_end_matches('/') == registered.trim_end_matches('/')
        || has(provider, Fault::RedirectUriAnyPort)
            && without_port(sent) == without_port(registered)
        || has(provider, Fault::RedirectUriHttpForHttps)
            && sent.replacen("http:", "https:", 1) == registered
}

/// Scheme, host with port, and the rest behind the host.
fn parts(uri: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((scheme, authority, path))
}

fn normal(uri: &str) -> Option<String> {
    let (scheme, authority, path) = parts(uri)?;
    Some(format!("{}://{}{path}", scheme.to_lowercase(), authority.to_lowercase()))
}

fn without_port(uri: &str) -> Option<String> {
    let (scheme, authority, path) = parts(uri)?;
    let port = authority.rsplit_once(':');
    let port = port.filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let host = port.map_or(authority, |(host, _)| host);
    Some(format!("{scheme}://{host}{path}"))
}

/// A redirection URI on a loopback IP literal without its port: host and rest.
fn portless(uri: &str) -> Option<(&str, &str)> {
    // RFC 8252 §7.3: any port for loopback IP literals; §8.3: "localhost" is not one.
    let host =
        ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| uri.starts_with(host))?;
    let rest = &uri[host.len()..];
    let Some(port) = rest.strip_prefix(':') else {
        return rest.starts_with('/').then_some((host, rest));
    };
    let (port, _) = port.split_once('/')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (digits && port.parse::<u16>().is_ok()).then(|| (host, &rest[1 + port.len()..]))
}
