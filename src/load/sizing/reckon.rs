//! The calculation: from a demand, a measurement and quotas to what suffices. Pure.

use crate::load::capacity::Capacity;
use crate::load::sizing::quotas::{Price, Quotas, Unit};
use crate::load::sizing::{Allowance, Cost, Demand, Kind, Measured, Need, SCHEMA, Sizing};

/// The seconds of an average month: a twelfth of 365 days.
const MONTH: f64 = 365.0 / 12.0 * 86_400.0;

/// What is put in.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Whom it is for.
    pub demand: Demand,
    /// What was measured.
    pub capacity: Option<&'a Capacity>,
    /// Which operations meet which needs, beside those that have the name of one.
    pub kinds: &'a [(String, Kind)],
    /// The processors of the provider.
    pub vcpus: Option<f64>,
    /// The quotas of a product.
    pub quotas: Option<&'a Quotas>,
}

/// Calculates it.
pub fn sizing(given: &Given<'_>) -> Sizing {
    let needs = needs(&given.demand);
    let measured =
        given.capacity.map_or_else(Vec::new, |capacity| measured(given, capacity, &needs));
    let quotas = given.quotas.map_or_else(Vec::new, |quotas| allowances(quotas, &needs));
    let prices = given.quotas.map_or(&[][..], |quotas| &quotas.prices);
    Sizing {
        schema: SCHEMA.to_owned(),
        authgauge: env!("CARGO_PKG_VERSION").to_owned(),
        demand: given.demand,
        short_of: short_of(&measured, &quotas),
        needs,
        measured,
        vcpus: given.vcpus,
        quotas,
        quotas_of: given.quotas.map(|quotas| quotas.title.clone()),
        costs: prices.iter().map(|price| cost(price, &given.demand)).collect(),
    }
}

/// What is needed at the busiest time.
fn needs(demand: &Demand) -> Vec<Need> {
    let Demand { users, sessions, busy_hours, peak, .. } = *demand;
    let (busy, session, refresh) =
        (busy_hours * 3600.0, demand.session_minutes * 60.0, demand.refresh_minutes * 60.0);
    let begun = users * sessions;
    let sign_ins = begun / busy * peak;
    // Little's law: so many sessions are open at once.
    let open = begun * session / busy;
    let machines = demand.machine_clients / (demand.machine_minutes * 60.0);
    let need = |kind, per_s, reckoning| Need { kind, per_s, reckoning };
    vec![
        need(
            Kind::SignIn,
            sign_ins,
            format!("{users} users x {sessions} sessions / {busy} s x peak {peak}"),
        ),
        need(
            Kind::Refresh,
            open / refresh * peak,
            format!("{open:.0} open sessions / {refresh} s between refreshes x peak {peak}"),
        ),
        need(
            Kind::MachineToken,
            machines,
            format!("{} services / {} s", demand.machine_clients, demand.machine_minutes * 60.0),
        ),
    ]
}

fn need_of(needs: &[Need], kind: Kind) -> f64 {
    needs.iter().find(|need| need.kind == kind).map_or(0.0, |need| need.per_s)
}

/// What each operation was measured to keep.
fn measured(given: &Given<'_>, capacity: &Capacity, needs: &[Need]) -> Vec<Measured> {
    let each = capacity.searches.iter().flat_map(|search| {
        search.objectives.iter().map(move |objective| {
            let per_s = search.sustained_per_s.unwrap_or(0.0) * objective.share;
            let told = given.kinds.iter().find(|(name, _)| *name == objective.operation);
            let kind = told.map(|(_, kind)| *kind).or_else(|| named(&objective.operation));
            let need = kind.map(|kind| need_of(needs, kind)).filter(|need| *need > 0.0);
            Measured {
                profile: search.profile.clone(),
                operation: objective.operation.clone(),
                kind,
                per_s,
                is_the_providers: search.is_the_providers,
                per_vcpu: given.vcpus.map(|vcpus| per_s / vcpus),
                head_room: need.map(|need| per_s / need),
            }
        })
    });
    each.collect()
}

/// The kind that an operation's name says.
fn named(operation: &str) -> Option<Kind> {
    match operation {
        "sign_in" => Some(Kind::SignIn),
        "refresh" => Some(Kind::Refresh),
        "machine_token" => Some(Kind::MachineToken),
        _ => None,
    }
}

fn allowances(quotas: &Quotas, needs: &[Need]) -> Vec<Allowance> {
    let each = quotas.quotas.iter().map(|quota| {
        let counted = quota.counts.iter().map(|c| need_of(needs, c.kind) * c.requests);
        let need_per_s: f64 = counted.sum();
        Allowance {
            name: quota.name.clone(),
            per_s: quota.per_second,
            per: quota.per.clone(),
            adjustable: quota.adjustable,
            need_per_s,
            share: need_per_s / quota.per_second,
            note: quota.note.clone(),
            source: quota.source.clone(),
            date: quota.date.clone(),
        }
    });
    each.collect()
}

fn cost(price: &Price, demand: &Demand) -> Cost {
    let (count, unit) = match price.unit {
        Unit::MonthlyUser => (demand.users, "users"),
        Unit::MachineToken => {
            (demand.machine_clients * MONTH / (demand.machine_minutes * 60.0), "tokens")
        }
    };
    let paid = (count - price.free).max(0.0);
    Cost {
        name: price.name.clone(),
        per_month: paid * price.each,
        currency: price.currency.clone(),
        reckoning: format!("({count:.0} {unit} - {} free) x {}", price.free, price.each),
        source: price.source.clone(),
        date: price.date.clone(),
    }
}

fn short_of(measured: &[Measured], quotas: &[Allowance]) -> Vec<String> {
    let slow = measured.iter().filter(|m| m.is_the_providers);
    let slow = slow.filter_map(|m| {
        let head_room = m.head_room.filter(|head_room| *head_room < 1.0)?;
        let (per_s, name) = (m.per_s, &m.operation);
        Some(format!(
            "{name}: {per_s:.1}/s were measured, and {:.1}/s are needed",
            per_s / head_room
        ))
    });
    let full = quotas.iter().filter(|quota| quota.share > 1.0).map(|quota| {
        format!(
            "{}: {}/s are allowed per {}, and {:.1}/s are needed",
            quota.name, quota.per_s, quota.per, quota.need_per_s
        )
    });
    slow.chain(full).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMAND: Demand = Demand {
        users: 1_000_000.0,
        sessions: 1.0,
        busy_hours: 8.0,
        peak: 3.0,
        session_minutes: 60.0,
        refresh_minutes: 60.0,
        machine_clients: 100.0,
        machine_minutes: 50.0,
    };

    #[test]
    fn published_examples_come_out_the_same() {
        // A million users over eight hours, an hourly refresh, a threefold peak: about 200 a second.
        let rates: Vec<f64> = needs(&DEMAND).iter().map(|need| need.per_s).collect();
        assert!((rates[0] + rates[1] - 208.3).abs() < 0.1, "{rates:?}");
        // 100,000 sessions, half of them active, refreshed every 240 s, peak 5: about 1000 a second.
        let demand = Demand {
            users: 100_000.0,
            busy_hours: 1.0,
            session_minutes: 30.0,
            refresh_minutes: 4.0,
            peak: 5.0,
            ..DEMAND
        };
        let refreshes = need_of(&needs(&demand), Kind::Refresh);
        assert!((refreshes - 1041.7).abs() < 0.1, "{refreshes}");
        // 100,000 users in the first hour, peak 10: about 280 sign-ins a second.
        let sign_ins = need_of(&needs(&Demand { peak: 10.0, ..demand }), Kind::SignIn);
        assert!((sign_ins - 277.8).abs() < 0.1, "{sign_ins}");
    }

    #[test]
    fn money_is_for_what_is_not_free() {
        let price = |unit, each, free| Price {
            name: "n".into(),
            unit,
            each,
            currency: "USD".into(),
            free,
            source: "s".into(),
            date: "2030".into(),
        };
        let users = cost(&price(Unit::MonthlyUser, 0.015, 10_000.0), &DEMAND);
        assert!((users.per_month - 14_850.0).abs() < 1e-6, "{users:?}");
        // 100 services, every 3000 s, 2,628,000 s in a month: 87,600 tokens.
        let tokens = cost(&price(Unit::MachineToken, 0.00225, 0.0), &DEMAND);
        assert!((tokens.per_month - 197.1).abs() < 1e-6, "{tokens:?}");
        let few = Demand { users: 5.0, ..DEMAND };
        assert!(cost(&price(Unit::MonthlyUser, 1.0, 10.0), &few).per_month.abs() < 1e-9);
    }
}
