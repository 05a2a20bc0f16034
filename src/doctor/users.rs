//! The users: one login each, up to a token.

use super::advice::{self, About};
use super::probe::Prober;
use super::sign::{Area, Sign};
use crate::history::Landing;
use crate::transport::Transport;

/// Logs every user of the provider file in once.
pub async fn look<T: Transport>(prober: &Prober<'_, T>) -> Vec<Sign> {
    let provider = prober.target.provider;
    let mut signs = Vec::new();
    for user in provider.users.keys() {
        let role = provider.client.as_str();
        let history = prober.run(&["authorize"], &[("client", role), ("user", user)]).await;
        let grant = "authorization_code";
        let about = About { provider, settings: prober.settings, role, user, grant };
        let advice = advice::on_history(&history, &about);
        let arrived =
            history.records.iter().any(|r| matches!(r.landing, Some(Landing::Callback(_))));
        signs.push(match advice {
            Some(advice) => Sign::wrong(Area::Users, user, advice.found, advice.next),
            None if arrived => {
                Sign::well(Area::Users, user, "logged in, back at the client with a code")
            }
            None => Sign::left(Area::Users, user, "the authorization endpoint was not asked"),
        });
    }
    signs
}
