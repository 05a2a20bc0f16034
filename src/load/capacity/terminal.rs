//! What was found about a provider's capacity, for people. Pure.

use crate::load::capacity::scalability::Scalability;
use crate::load::capacity::{Capacity, Search, Step, Verdict};

/// What the terminal shows.
pub fn terminal(capacity: &Capacity) -> String {
    let mut text = format!("capacity of {} at {}\n", capacity.provider, capacity.issuer);
    for search in &capacity.searches {
        text.push_str(&format!("\n{}\n", search.title));
        for o in &search.objectives {
            text.push_str(&format!(
                "  objective: {} p99 <= {} ms, at most {} % may fail\n",
                o.operation,
                o.p99_ms,
                o.error_rate * 100.0
            ));
        }
        text.push_str("\n     asked/s    right/s  in flight    p50 ms     p99 ms\n");
        search.steps.iter().for_each(|step| text.push_str(&row(step)));
        text.push_str(&format!("\n{}", found(search)));
        text.push_str(&scaling(&search.scalability));
        if let Some(why) = &search.stopped {
            text.push_str(&format!("ended early: {why}\n"));
        }
    }
    text
}

/// A step as one line.
pub fn row(step: &Step) -> String {
    let times = step.response_ms.map_or_else(
        || format!("{:>9}  {:>9}", "-", "-"),
        |ms| format!("{:>9.2}  {:>9.2}", ms.p50, ms.p99),
    );
    let why = step.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    format!(
        "  {:>10.1} {:>10.1} {:>10.2} {times}  {}{why}\n",
        step.asked_per_s,
        step.achieved_per_s,
        step.in_flight,
        name(step.verdict)
    )
}

/// What a verdict is called.
pub fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept",
        Verdict::Latency => "too slow",
        Verdict::Errors => "errors",
        Verdict::Throttling => "throttled",
        Verdict::Generator => "generator",
    }
}

/// The knee in words.
fn found(search: &Search) -> String {
    let Some(rate) = search.sustained_per_s else {
        return format!("No rate was kept. Limited by: {}\n", search.why);
    };
    let lead = match search.limited_by {
        Verdict::Kept => format!("At least {rate:.1}/s: {}\n", search.why),
        Verdict::Generator => format!(
            "At least {rate:.1}/s. This is NOT the provider's limit but the generator's: {}\n",
            search.why
        ),
        Verdict::Throttling => format!(
            "{rate:.1}/s, limited by a quota and not by what the provider can do: {}\n",
            search.why
        ),
        Verdict::Latency | Verdict::Errors => {
            format!("{rate:.1}/s, limited by the provider: {}\n", search.why)
        }
    };
    let repeats = search.repeats.as_ref().map_or_else(String::new, |repeats| {
        let [least, median, most] = repeats.p99_ms;
        format!(
            "At the knee, {} of {} times kept; p99 {least:.2} to {most:.2} ms, median {median:.2} ms\n",
            repeats.kept, repeats.times
        )
    });
    lead + &repeats
}

fn scaling(scalability: &Scalability) -> String {
    let Some(fit) = &scalability.fit else {
        let why = scalability.meaningless_because.as_deref().unwrap_or_default();
        return format!("No scalability law: {why}\n");
    };
    let peak = match (fit.peak_in_flight, fit.most_per_s) {
        (Some(peak), Some(most)) => format!("; most {most:.0}/s with {peak:.0} under way"),
        (None, Some(most)) => format!("; at most {most:.0}/s"),
        _ => String::new(),
    };
    format!(
        "Universal Scalability Law: {:.1}/s alone, contention {:.4}, coherency {:.6}, explains {:.1} %{peak}\n",
        fit.lambda,
        fit.sigma,
        fit.kappa,
        fit.explained * 100.0
    )
}
