//! Whether the hosts of a provider file can be reached: name, TCP, TLS.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Origin, Url};

use super::proxy;
use super::sign::{Area, Sign};
use super::tls::{self, Fault, Secured};
use crate::polite;
use crate::provider::Provider;

/// The longest that one step towards a host may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long before its end a certificate is worth a word.
const SOON: i64 = 14;

/// Looks at each host that the provider file names, one after the other.
pub async fn look(provider: &Provider) -> Vec<Sign> {
    let patience = provider.pace.timeout.min(PATIENCE);
    let mut signs = Vec::new();
    let mut seen: Vec<Origin> = Vec::new();
    let first = provider.discovery.origin();
    for url in std::iter::once(provider.discovery.clone()).chain(polite::origins(provider)) {
        if seen.contains(&url.origin()) {
            continue;
        }
        seen.push(url.origin());
        let sign = reach(&url, patience).await;
        let dead = sign.next.is_some() && url.origin() == first;
        signs.push(if dead { sign.and_stop() } else { sign });
    }
    signs
}

async fn reach(url: &Url, patience: Duration) -> Sign {
    let place = place(url);
    if let Some(proxy) = proxy::between(url) {
        let found = format!("reached through the proxy {}, from {}", proxy.address, proxy.set_by);
        return Sign::well(Area::Connection, &place, found);
    }
    let unreachable = |found: String, next: &str| {
        Sign::unreachable(Area::Connection, &place, found, next.to_owned())
    };
    let addresses = match resolve(url, patience).await {
        Ok(addresses) => addresses,
        Err(why) => {
            let next = "correct the host name in the provider file, or this machine's DNS settings";
            return unreachable(format!("the host name has no address: {why}"), next);
        }
    };
    let stream = match connect(&addresses, patience).await {
        Ok(stream) => stream,
        Err(why) => {
            let next = "start the provider, correct the port in the provider file, or let this \
                        machine through the firewall";
            return unreachable(format!("no TCP connection to {}: {why}", addresses[0]), next);
        }
    };
    if url.scheme() != "https" {
        return Sign::well(Area::Connection, &place, format!("{} answers", addresses[0]));
    }
    let shaken = timeout(patience, tls::handshake(stream, url.host_str().unwrap_or_default()));
    match shaken.await {
        Ok(Ok(secured)) => secure(&place, &secured, Utc::now()),
        Ok(Err(fault)) => {
            Sign::wrong(Area::Connection, &place, fault.to_string(), next(&fault, url))
        }
        Err(_) => {
            let fault = Fault::NoTls;
            let found = format!("no TLS handshake within {} s", patience.as_secs_f32());
            Sign::wrong(Area::Connection, &place, found, next(&fault, url))
        }
    }
}

/// Whether what listens there speaks TLS, for an address that says http.
pub async fn speaks_tls(url: &Url) -> bool {
    let shake = async {
        let addresses = resolve(url, PATIENCE).await.ok()?;
        let stream = connect(&addresses, PATIENCE).await.ok()?;
        let shaken = tls::handshake(stream, url.host_str()?);
        timeout(PATIENCE, shaken).await.ok()
    };
    // A certificate that is not trusted is TLS all the same.
    matches!(
        shake.await,
        Some(
            Ok(_)
                | Err(Fault::Expired(_) | Fault::NotYet | Fault::OtherName | Fault::UnknownIssuer)
        )
    )
}

/// Scheme, host and port.
fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

async fn resolve(url: &Url, patience: Duration) -> Result<Vec<SocketAddr>, String> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or_default();
    let found = timeout(patience, lookup_host((host, port))).await;
    let found = found.map_err(|_| format!("no answer within {} s", patience.as_secs_f32()))?;
    let addresses: Vec<SocketAddr> = found.map_err(|error| error.to_string())?.collect();
    if addresses.is_empty() { Err("the answer is empty".into()) } else { Ok(addresses) }
}

/// A connection to the first address that takes one.
async fn connect(addresses: &[SocketAddr], patience: Duration) -> Result<TcpStream, String> {
    let mut last = String::new();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("no answer within {} s", patience.as_secs_f32()),
        }
    }
    Err(last)
}

fn secure(place: &str, secured: &Secured, now: DateTime<Utc>) -> Sign {
    let Secured { version, chain, until } = secured;
    let Some(until) = until else {
        return Sign::well(Area::Connection, place, format!("{version}, {chain} certificates"));
    };
    let (day, left) = (until.format("%Y-%m-%d"), (*until - now).num_days());
    let found = format!("{version}, a chain of {chain}, valid until {day}");
    let soon =
        if left < SOON { format!("; only {left} days are left: renew it") } else { String::new() };
    Sign::well(Area::Connection, place, found + &soon)
}

/// What to change about a handshake that fails.
fn next(fault: &Fault, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match fault {
        Fault::Expired(_) => {
            format!("renew the certificate of {host}; if it is new, set this machine's clock")
        }
        Fault::NotYet => format!(
            "set this machine's clock, which says {}; if it is right, renew the certificate of {host}",
            Utc::now().format("%Y-%m-%d %H:%M UTC")
        ),
        Fault::OtherName => {
            format!("use the host name of the certificate in `issuer`, or get one for {host}")
        }
        Fault::UnknownIssuer => {
            "put the certificate of your authority into a PEM file and set the \
                                 environment variable SSL_CERT_FILE to it"
                .into()
        }
        Fault::NoTls => format!(
            "set `issuer` to http://… when {host} is meant to speak HTTP there, or correct the port"
        ),
        Fault::Other(_) => format!("let {host} offer TLS 1.2 or 1.3 with a usual cipher suite"),
    }
}
