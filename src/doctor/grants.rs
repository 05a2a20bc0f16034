//! One token for each grant that the provider offers.

use super::advice::{self, About, DEVICE};
use super::probe::Prober;
use super::sign::{self, Area, Sign};
use crate::capability::Lack;
use crate::history::History;
use crate::transport::Transport;

/// A grant: its capability, its name on the wire, its flows, and the role that uses it; no role
/// means the one that signs users in.
struct Grant {
    capability: &'static str,
    name: &'static str,
    flows: &'static [&'static str],
    role: Option<&'static str>,
}

const GRANTS: [Grant; 4] = [
    Grant {
        capability: "authorization_code",
        name: "authorization_code",
        flows: &["authorize", "redeem"],
        role: None,
    },
    Grant {
        capability: "refresh_token",
        name: "refresh_token",
        flows: &["sign_in_offline", "refresh"],
        role: None,
    },
    Grant {
        capability: "client_credentials",
        name: "client_credentials",
        flows: &["serve"],
        role: Some("service"),
    },
    Grant {
        capability: "device_code",
        name: DEVICE,
        flows: &["device_start", "device_decide", "device_fetch"],
        role: Some("device"),
    },
];

/// Obtains a token by each grant; `signs` are those so far.
pub async fn look<T: Transport>(prober: &Prober<'_, T>, signs: &[Sign]) -> Vec<Sign> {
    let mut found = Vec::new();
    for grant in &GRANTS {
        found.push(obtain(prober, grant, signs).await);
    }
    found
}

async fn obtain<T: Transport>(prober: &Prober<'_, T>, grant: &Grant, signs: &[Sign]) -> Sign {
    let provider = prober.target.provider;
    let subject = grant.capability;
    if let Some(Lack::Absent(why) | Lack::Unknown(why)) =
        prober.target.capabilities.missing(subject)
    {
        return Sign::left(Area::Grants, subject, why);
    }
    if let Some(why) = prober.barred(grant.flows) {
        return Sign::left(Area::Grants, subject, why);
    }
    let (role, user) = (grant.role.unwrap_or(&provider.client), provider.user.as_str());
    let needs = [(Area::Clients, role), (Area::Users, user)];
    let needs = if grant.name == "client_credentials" { &needs[..1] } else { &needs[..] };
    let broken = needs.iter().find(|(area, subject)| sign::wrong(signs, *area, subject));
    if let Some((area, subject_of)) = broken {
        let why = format!("waits for {} `{subject_of}`", area.word());
        return Sign::left(Area::Grants, subject, why);
    }
    let history = prober.run(grant.flows, &[("client", role), ("user", user)]).await;
    let about = About { provider, settings: prober.settings, role, user, grant: grant.name };
    match advice::on_history(&history, &about) {
        None => Sign::well(Area::Grants, subject, format!("a token for the client `{role}`")),
        Some(advice) if lacks_refresh_token(&history) => {
            let next = format!(
                "set `offline` to the scope and prompt that bring a refresh token, enable them for \
                 the client `{role}`, or say `offers: {{ refresh_token: false }}`"
            );
            Sign::wrong(Area::Grants, subject, advice.found, next)
        }
        Some(advice) => Sign::wrong(Area::Grants, subject, advice.found, advice.next),
    }
}

/// Whether all went well but for the refresh token, which did not come.
fn lacks_refresh_token(history: &History) -> bool {
    history.stopped.as_ref().is_some_and(|stop| stop.why.contains("`${refresh_token}`"))
}
