//! The users: one login each, as the provider file says that users log in.

use super::advice::{self, About};
use super::probe::Prober;
use super::sign::{Area, Sign, wrong};
use crate::history::{History, Landing};
use crate::login::Login;
use crate::transport::Transport;

/// Logs every user of the provider file in once; `signs` are those so far.
pub async fn look<T: Transport>(prober: &Prober<'_, T>, signs: &[Sign]) -> Vec<Sign> {
    let mut found = Vec::new();
    for user in prober.target.provider.users.keys() {
        found.push(log_in(prober, user, signs).await);
    }
    found
}

async fn log_in<T: Transport>(prober: &Prober<'_, T>, user: &str, signs: &[Sign]) -> Sign {
    let provider = prober.target.provider;
    let role = provider.client.as_str();
    let by_api = matches!(provider.login, Login::Api(_));
    let flow = if by_api { "sign_in" } else { "authorize" };
    if let Some(why) = prober.barred(&[flow]) {
        return Sign::left(Area::Users, user, why);
    }
    if !by_api && wrong(signs, Area::Clients, role) {
        return Sign::left(Area::Users, user, format!("waits for clients `{role}`"));
    }
    let history = prober.run(&[flow], &[("client", role), ("user", user)]).await;
    let grant = "authorization_code";
    let about = About { provider, settings: prober.settings, role, user, grant };
    match advice::on_history(&history, &about) {
        Some(advice) => Sign::wrong(Area::Users, user, advice.found, advice.next),
        None if by_api => Sign::well(Area::Users, user, "tokens from the API of `login`"),
        None if is_back(&history) => {
            Sign::well(Area::Users, user, "logged in, back at the client with a code")
        }
        None => Sign::left(Area::Users, user, "the authorization endpoint was not asked"),
    }
}

/// Whether the browser came back to the client.
fn is_back(history: &History) -> bool {
    history.records.iter().any(|record| matches!(record.landing, Some(Landing::Callback(_))))
}
