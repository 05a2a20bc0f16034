//! The key set as configuration.

use serde_json::Value;
use url::Url;

use super::probe::Prober;
use super::sign::{Area, Sign};
use crate::evaluate::spell;
use crate::transport::Transport;
use crate::wire::Request;

/// Fetches the key set, if there is one.
pub async fn look<T: Transport>(prober: &Prober<'_, T>) -> Vec<Sign> {
    let Some(address) = prober.target.variables.get("jwks_uri").map(spell) else {
        return vec![Sign::left(Area::Keys, "jwks_uri", "no jwks_uri is known")];
    };
    let Ok(url) = Url::parse(&address) else {
        let next = "set `endpoints: { jwks_uri: … }` in the provider file";
        let found = format!("`{address}` is no address");
        return vec![Sign::wrong(Area::Keys, "jwks_uri", found, next)];
    };
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let request = Request { method: "GET".into(), url, headers, body: Vec::new() };
    let outcome = prober.transport.exchange(request).await.outcome;
    let keys = outcome.map_err(|error| error.to_string()).and_then(|answer| {
        let body = answer.json().map_err(|why| format!("{}: {why}", answer.status))?;
        let keys = body.get("keys").and_then(Value::as_array).map(Vec::len);
        keys.ok_or_else(|| format!("{}: there is no list of keys", answer.status))
    });
    vec![match keys {
        Ok(0) => wrong(&address, "there is no key in it"),
        Ok(1) => Sign::well(Area::Keys, "jwks_uri", "1 key"),
        Ok(count) => Sign::well(Area::Keys, "jwks_uri", format!("{count} keys")),
        Err(why) => wrong(&address, &why),
    }]
}

fn wrong(address: &str, why: &str) -> Sign {
    let next = "let the provider sign with an asymmetric key and publish it, or set \
                `endpoints: { jwks_uri: … }`";
    Sign::wrong(Area::Keys, "jwks_uri", format!("{address}: {why}"), next)
}
