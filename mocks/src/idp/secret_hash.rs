//! `SECRET_HASH`: how a client with a secret proves that it knows it.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::client::AppClient;
use super::exception::{Exception, not_authorized};
use crate::fault::Fault;
use crate::provider::{Provider, has};

/// The hash for a username.
pub fn secret_hash(secret: &str, username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, format!("{username}{client_id}").as_bytes()))
}

/// Checks the hash that a request for a user carries.
pub fn check(
    provider: &Provider,
    client: &AppClient,
    username: &str,
    sent: Option<&str>,
) -> Result<(), Exception> {
    let id = &client.id;
    if has(provider, Fault::ApiSecretHashUnchecked) {
        return Ok(());
    }
    match (&client.secret, sent) {
        (None, None) => Ok(()),
        (Some(secret), Some(sent)) if secret_hash(secret, username, id) == sent => Ok(()),
        (_, Some(_)) => {
            Err(not_authorized(format!("Unable to verify secret hash for client {id}")))
        }
        (Some(_), None) => Err(not_authorized(missing(client))),
    }
}

fn missing(client: &AppClient) -> String {
    let id = &client.id;
    if client.switches.older_secret_hash_message {
        return format!("Client {id} is configured for secret but secret was not received");
    }
    format!("Client {id} is configured with secret but SECRET_HASH was not received")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_username_and_client_id_in_this_order() {
        let hash = secret_hash("9example87654321", "mytestuser", "1example23456789");
        assert_eq!(hash, "AYin1wReBq+RQpgkLjHSLSWJQB/NgayMcMWKp0/mxfI=");
    }
}
