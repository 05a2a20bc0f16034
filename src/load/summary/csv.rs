//! The summary as CSV: one row for each step, times in milliseconds.

use crate::load::summary::{Percentiles, Summary};

/// The table. Cells of latencies are empty where there are none, as in an invalid measurement.
pub fn csv(summary: &Summary) -> String {
    let mut text = String::from(
        "step,ok,wrong,error,throttled,timeout,missed,error_rate,\
         response_p50_ms,response_p90_ms,response_p95_ms,response_p99_ms,response_p99.9_ms,response_max_ms,\
         service_p50_ms,service_p90_ms,service_p95_ms,service_p99_ms,service_p99.9_ms,service_max_ms,\
         wait_p50_ms,wait_p90_ms,wait_p95_ms,wait_p99_ms,wait_p99.9_ms,wait_max_ms\n",
    );
    for step in &summary.steps {
        let c = step.counts;
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{:.6}",
            step.name, c.ok, c.wrong, c.error, c.throttled, c.timeout, c.missed, step.error_rate
        ));
        for percentiles in [&step.response_ms, &step.service_ms, &step.wait_ms] {
            text.push_str(&cells(percentiles.as_ref()));
        }
        text.push('\n');
    }
    text
}

fn cells(percentiles: Option<&Percentiles>) -> String {
    match percentiles {
        None => ",".repeat(6),
        Some(p) => {
            let values = [p.p50, p.p90, p.p95, p.p99, p.p99_9, p.max];
            values.map(|value| format!(",{value:.3}")).concat()
        }
    }
}
