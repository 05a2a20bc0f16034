//! The summary for people.

use crate::load::summary::{Counts, Machine, Percentiles, StepSummary, Summary};
use crate::load::threshold;

/// What the terminal shows. Of an invalid measurement it shows counts and the reason, and no
/// latency.
pub fn terminal(summary: &Summary) -> String {
    let mut text = heading(summary);
    for step in &summary.steps {
        text.push_str(&format!("\n{}  {}\n", step.name, counted(&step.counts)));
        text.push_str(&latencies(step));
        for reason in step.reasons.iter().take(3) {
            let (outcome, reason, count) = (reason.outcome.name(), &reason.reason, reason.count);
            text.push_str(&format!("  {outcome} {count}x: {reason}\n"));
        }
        if let Some(seconds) = step.retry_after_s {
            text.push_str(&format!("  the provider asked to retry after {seconds} s\n"));
        }
    }
    text.push('\n');
    text.push_str(&generator(summary));
    if summary.machines.len() > 1 {
        summary.machines.iter().for_each(|machine| text.push_str(&health(machine)));
    }
    if summary.judging.every > 1 {
        let (judged, every) = (summary.judging.judged, summary.judging.every);
        text.push_str(&format!("judged: {judged} operations, one of {every}\n"));
    }
    for verdict in &summary.thresholds {
        text.push_str(&format!("threshold {}\n", threshold::describe(verdict)));
    }
    if let Some(why) = &summary.stopped {
        text.push_str(&format!("{why}\n"));
    }
    for reason in &summary.invalid_because {
        text.push_str(&format!("INVALID, limited by the generator: {reason}\n"));
    }
    if !summary.valid {
        text.push_str("No latency is shown: it would not be the provider's.\n");
    }
    text
}

fn health(machine: &Machine) -> String {
    let processor = machine.processor_share.map_or_else(
        || "processor use unknown".to_owned(),
        |share| format!("{:.0} % of {} processors", share * 100.0, machine.processors),
    );
    let lag = machine.lag_p99_ms.map_or_else(String::new, |lag| format!(", lag p99 {lag:.3} ms"));
    format!(
        "  worker {} of {}: began {}, due {}, missed {}, {processor}{lag}\n",
        machine.worker, machine.of, machine.started, machine.due, machine.missed
    )
}

fn heading(summary: &Summary) -> String {
    let load = &summary.load;
    let asked = load.asked_per_s.map_or_else(
        || format!("closed model, {} users: how fast it goes, not how long users wait", load.users),
        |rate| format!("asked {rate:.1}/s, {} workers", load.users),
    );
    let part = match summary.machines.as_slice() {
        [alone] if alone.of > 1 => format!(
            "worker {} of {}: a part of the load; `authgauge merge` has the verdict\n",
            alone.worker, alone.of
        ),
        _ => String::new(),
    };
    format!(
        "{part}{} against {}\n{asked}; {:.1} s; done {} of {}, right {:.1}/s\n",
        summary.title, summary.issuer, summary.elapsed_s, load.done, load.due, load.achieved_per_s
    )
}

fn counted(counts: &Counts) -> String {
    let rows = [
        ("ok", counts.ok),
        ("wrong", counts.wrong),
        ("error", counts.error),
        ("throttled", counts.throttled),
        ("timeout", counts.timeout),
        ("missed", counts.missed),
    ];
    let shown = rows.iter().filter(|(name, count)| *count > 0 || *name == "ok");
    shown.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join("  ")
}

fn latencies(step: &StepSummary) -> String {
    let rows =
        [("response", &step.response_ms), ("service", &step.service_ms), ("wait", &step.wait_ms)];
    rows.into_iter().filter_map(|(name, p)| Some(line(name, p.as_ref()?))).collect()
}

fn line(name: &str, p: &Percentiles) -> String {
    format!(
        "  {name:<8} ms   p50 {:>9.3}   p95 {:>9.3}   p99 {:>9.3}   p99.9 {:>9.3}   max {:>9.3}\n",
        p.p50, p.p95, p.p99, p.p99_9, p.max
    )
}

fn generator(summary: &Summary) -> String {
    let own = &summary.generator;
    let processor = own.processor_share.map_or_else(
        || "processor use unknown".to_owned(),
        |share| format!("{:.0} % of {} processors", share * 100.0, own.processors),
    );
    let lag = own.lag_ms.map_or_else(String::new, |lag| {
        format!(", lag p50 {:.3} ms, p99 {:.3} ms", lag.p50, lag.p99)
    });
    let stub = own.stub_share.map_or_else(String::new, |share| {
        format!(", the embedded stub beside it {:.0} %", share * 100.0)
    });
    let saturated = own.saturated_share * 100.0;
    format!("generator: {processor}{stub}{lag}, all workers busy {saturated:.0} % of the time\n")
}
