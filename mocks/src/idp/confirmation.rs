//! The codes by which users show that a message has reached them. Nothing is sent: the control plane
//! tells them.

use serde_json::{Value, json};

use super::exception::{Exception, exception};
use super::state::{Confirmation, Occasion};
use super::user;
use crate::fault::Fault;
use crate::provider::{self, Provider, has};
use crate::random;

/// Wrong codes after which a code is worth nothing.
const MOST_ATTEMPTS: u32 = 5;

/// Makes a new code for a user, who has no other one for the same occasion any more, and says where it
/// would have gone.
pub fn send(provider: &mut Provider, username: &str, occasion: Occasion) -> Value {
    let (code, now) = (random::of("0123456789", 6), provider::now(provider));
    let expires_at = now + lifetime(occasion);
    let confirmation = Confirmation { code, expires_at, failures: 0 };
    provider.store.pool.confirmations.insert((occasion, username.to_owned()), confirmation);
    let account = user::find(provider, username);
    delivery(&account.map(|account| account.user.email).unwrap_or_default())
}

/// What is said about a message to that address, most of which stays hidden.
pub fn delivery(email: &str) -> Value {
    let hidden = |part: &str| part.chars().next().map(|first| format!("{first}***"));
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    let [name, host] = [name, host].map(|part| hidden(part).unwrap_or_else(|| "***".into()));
    json!({
        "CodeDeliveryDetails": {
            "AttributeName": "email",
            "DeliveryMedium": "EMAIL",
            "Destination": format!("{name}@{host}"),
        }
    })
}

/// Uses a user's code up.
pub fn take(
    provider: &mut Provider,
    username: &str,
    occasion: Occasion,
    sent: &str,
) -> Result<(), Exception> {
    let (key, now) = ((occasion, username.to_owned()), provider::now(provider));
    let unchecked = has(provider, Fault::ApiConfirmationCodeUnchecked);
    let expired = || {
        let message = "Invalid code provided, please request a code again.";
        exception("ExpiredCodeException", message)
    };
    let known = provider.store.pool.confirmations.get_mut(&key).ok_or_else(expired)?;
    if now >= known.expires_at || known.failures >= MOST_ATTEMPTS {
        return Err(expired());
    }
    if known.code != sent && !unchecked {
        known.failures += 1;
        let message = "Invalid verification code provided, please try again.";
        return Err(exception("CodeMismatchException", message));
    }
    provider.store.pool.confirmations.remove(&key);
    Ok(())
}

/// How many seconds a code is good for: a day after signing up, an hour for a new password.
fn lifetime(occasion: Occasion) -> u64 {
    match occasion {
        Occasion::SignUp => 86_400,
        Occasion::ForgotPassword => 3_600,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_by_its_first_letters() {
        let rows = [("alice@example.com", "a***@e***"), ("", "***@***"), ("é", "é***@***")];
        for (email, hidden) in rows {
            assert_eq!(delivery(email)["CodeDeliveryDetails"]["Destination"], hidden, "{email}");
        }
    }
}
