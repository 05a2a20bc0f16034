//! Drift as text: for the terminal, and as Markdown for a merge request.

use super::markdown::plain;
use super::standing::Standing;
use super::words::{clipped, counted, visible};
use crate::drift::{Change, Drift, Kind};
use crate::exit;

const KINDS: [Kind; 4] = [Kind::Worse, Kind::Gone, Kind::New, Kind::Better];

/// The drift as Markdown.
pub fn write(drift: &Drift) -> String {
    let mut text = format!("# authgauge: {}\n\n{}\n", verdict(drift), plain(&sum(drift)));
    for kind in KINDS {
        let own: Vec<&Change> = drift.changes.iter().filter(|own| own.kind == kind).collect();
        if own.is_empty() {
            continue;
        }
        text += &format!(
            "\n## {}\n\n| Check | Was | Is | Why |\n| --- | --- | --- | --- |\n",
            title(kind)
        );
        for change in own {
            text += &format!(
                "| {} {} | {} | {} | {} |\n",
                plain(&clipped(&change.requirement, 120)),
                plain(&clipped(&change.case, 120)),
                label(change.was),
                label(change.is),
                plain(&clipped(&change.reason, 240)),
            );
        }
    }
    text
}

/// The drift for a terminal.
pub fn terminal(drift: &Drift) -> String {
    let lines = drift.changes.iter().map(|change| {
        let why =
            if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
        format!(
            "{:<6} {} -> {}  {} {}{}\n",
            change.kind.label(),
            label(change.was),
            label(change.is),
            visible(&change.requirement),
            visible(&change.case),
            clipped(&why, 300),
        )
    });
    let lines: String = lines.collect();
    format!("{lines}{}: {}\n", verdict(drift), visible(&sum(drift)))
}

fn verdict(drift: &Drift) -> &'static str {
    match drift.exit_code {
        exit::VIOLATION => "worse than the baseline",
        exit::CONFORMS => "no worse than the baseline",
        _ => "could not be told",
    }
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Worse => "Worse",
        Kind::Gone => "Gone: only the baseline has them",
        Kind::New => "New: the baseline does not have them",
        Kind::Better => "Better",
    }
}

fn sum(drift: &Drift) -> String {
    let counts = KINDS.map(|kind| {
        let own = drift.changes.iter().filter(|change| change.kind == kind);
        format!("{} {}", own.count(), kind.label())
    });
    let untold = match &drift.run.interrupted {
        Some(why) => format!("; {why}"),
        None if drift.compared == 0 => "; the runs have no check in common".into(),
        None => String::new(),
    };
    let compared = counted(drift.compared, "check");
    format!(
        "{} of {compared} in both runs since {}{untold}",
        counts.join(", "),
        drift.baseline.started
    )
}

fn label(standing: Option<Standing>) -> &'static str {
    standing.map_or("-", Standing::label)
}
