//! The calculation for people. Pure.

use crate::load::sizing::{Allowance, Kind, Measured, Sizing};

/// What the terminal shows.
pub fn terminal(sizing: &Sizing) -> String {
    let mut text = String::from("needed at the busiest time\n");
    for need in &sizing.needs {
        let (name, per_s) = (name(need.kind), need.per_s);
        text.push_str(&format!("  {name:<14} {per_s:>9.1}/s  = {}\n", need.reckoning));
    }
    if !sizing.measured.is_empty() {
        text.push_str("\nmeasured at the objective\n");
        sizing.measured.iter().for_each(|m| text.push_str(&measured(m)));
    }
    if let Some(product) = &sizing.quotas_of {
        text.push_str(&format!("\nquotas of {product}\n"));
        sizing.quotas.iter().for_each(|quota| text.push_str(&allowance(quota)));
        if let Some(first) = sizing.quotas.iter().max_by(|a, b| a.share.total_cmp(&b.share)) {
            text.push_str(&format!("  first to be met: {}\n", first.name));
        }
    }
    if !sizing.costs.is_empty() {
        text.push_str("\nprices, in a month; each is one plan or part of a plan\n");
    }
    for cost in &sizing.costs {
        text.push_str(&format!(
            "  {:<44} {:>12.2} {}  = {} ({}, {})\n",
            cost.name, cost.per_month, cost.currency, cost.reckoning, cost.date, cost.source
        ));
    }
    text.push('\n');
    for short in &sizing.short_of {
        text.push_str(&format!("NOT ENOUGH: {short}\n"));
    }
    if sizing.short_of.is_empty() {
        text.push_str("nothing that is known here is too small\n");
    }
    text
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::SignIn => "sign-ins",
        Kind::Refresh => "refreshes",
        Kind::MachineToken => "machine tokens",
    }
}

fn measured(m: &Measured) -> String {
    let bound = if m.is_the_providers { "  " } else { ">=" };
    let each = m.per_vcpu.map_or_else(String::new, |rate| format!(", {rate:.1}/s per vCPU"));
    let room = m.head_room.map_or_else(String::new, |room| format!(", {room:.1} x the need"));
    format!("  {:<24} {bound} {:>9.1}/s{each}{room}\n", m.operation, m.per_s)
}

fn allowance(quota: &Allowance) -> String {
    let adjustable = match quota.adjustable {
        Some(true) => ", adjustable",
        Some(false) => ", fixed",
        None => "",
    };
    let note = quota.note.as_ref().map_or_else(String::new, |note| format!("      {note}\n"));
    format!(
        "  {:<24} {:>8.1} of {:>7.1}/s  {:>6.1} %  per {}{adjustable} ({}, {})\n{note}",
        quota.name,
        quota.need_per_s,
        quota.per_s,
        quota.share * 100.0,
        quota.per,
        quota.date,
        quota.source
    )
}
