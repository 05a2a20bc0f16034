//! The summary in the text format of Prometheus, for a push gateway or a textfile collector.

use crate::load::outcome::Outcome;
use crate::load::summary::{Counts, Percentiles, Summary};

/// The metrics. There are no latencies of an invalid measurement.
pub fn prometheus(summary: &Summary) -> String {
    let mut text = String::from(
        "# HELP authgauge_load_valid Whether the latencies are the provider's.\n\
         # TYPE authgauge_load_valid gauge\n",
    );
    text.push_str(&format!("authgauge_load_valid {}\n", u8::from(summary.valid)));
    text.push_str(
        "# HELP authgauge_load_operations_total Operations by how they ended.\n\
         # TYPE authgauge_load_operations_total counter\n",
    );
    for step in &summary.steps {
        for outcome in Outcome::ALL {
            text.push_str(&format!(
                "authgauge_load_operations_total{{step=\"{}\",outcome=\"{}\"}} {}\n",
                step.name,
                outcome.name(),
                of(&step.counts, outcome)
            ));
        }
    }
    text.push_str(
        "# HELP authgauge_load_seconds Durations by step and clock.\n\
         # TYPE authgauge_load_seconds summary\n",
    );
    for step in &summary.steps {
        let clocks = [
            ("response", &step.response_ms),
            ("service", &step.service_ms),
            ("wait", &step.wait_ms),
        ];
        for (clock, percentiles) in clocks {
            text.push_str(&quantiles(&step.name, clock, percentiles.as_ref()));
        }
    }
    text
}

fn of(counts: &Counts, outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Ok => counts.ok,
        Outcome::Wrong => counts.wrong,
        Outcome::Error => counts.error,
        Outcome::Throttled => counts.throttled,
        Outcome::Timeout => counts.timeout,
        Outcome::Missed => counts.missed,
    }
}

fn quantiles(step: &str, clock: &str, percentiles: Option<&Percentiles>) -> String {
    let Some(p) = percentiles else { return String::new() };
    let labels = format!("step=\"{step}\",clock=\"{clock}\"");
    let rows =
        [("0.5", p.p50), ("0.9", p.p90), ("0.95", p.p95), ("0.99", p.p99), ("0.999", p.p99_9)];
    let mut text = String::new();
    for (quantile, value) in rows {
        let seconds = value / 1e3;
        text.push_str(&format!(
            "authgauge_load_seconds{{{labels},quantile=\"{quantile}\"}} {seconds:.6}\n"
        ));
    }
    #[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
    let sum = p.mean / 1e3 * p.count as f64;
    text + &format!(
        "authgauge_load_seconds_sum{{{labels}}} {sum:.6}\nauthgauge_load_seconds_count{{{labels}}} {}\n",
        p.count
    )
}
