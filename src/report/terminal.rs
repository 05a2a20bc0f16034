//! The report as text for people: grouped by section, with the exchange behind each failure.

use super::standing::{self, Standing};
use super::words::{acceptance, clipped, sections, visible};
use super::{Report, Totals, replay};
use crate::exit;
use crate::finding::{Evidence, Finding, Verdict};

/// How the text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// With colour, for a terminal.
    pub colored: bool,
    /// With every exchange behind what failed or could not be told.
    pub evidence: bool,
}

/// How much of the exchanges is shown.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// The most exchanges; the last ones are shown.
    exchanges: usize,
    /// The most lines of each.
    lines: usize,
}

const BRIEF: Extent = Extent { exchanges: 2, lines: 24 };
const WHOLE: Extent = Extent { exchanges: usize::MAX, lines: usize::MAX };

/// The report as text.
pub fn write(report: &Report, look: Look) -> String {
    let paint = Paint { colored: look.colored };
    let mut text = head(report, &paint);
    for (section, findings) in sections(&report.findings) {
        text += &format!("\n{}\n", paint.bold(&section));
        text.extend(findings.iter().map(|finding| line(finding, &paint)));
    }
    let bad = report.findings.iter().filter(|finding| standing::of(finding).wants_details());
    for finding in bad {
        text += &format!("\n{}", headed(finding, &paint));
        if look.evidence {
            text += &transcript(&finding.exchanges, WHOLE, &paint);
        }
    }
    text + &summary(report, &paint)
}

fn head(report: &Report, paint: &Paint) -> String {
    let (name, issuer) = (visible(&report.provider.name), visible(&report.provider.issuer));
    let (profile, run) = (visible(&report.profile), visible(&report.run));
    let line = format!("{name} {issuer}, profile {profile}, run {run}");
    paint.tone(Tone::Dim, &line) + "\n"
}

/// A finding with everything that is known about it.
pub fn details(finding: &Finding) -> String {
    let paint = Paint { colored: false };
    headed(finding, &paint) + &transcript(&finding.exchanges, BRIEF, &paint)
}

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Fail | Standing::Expired | Standing::Stale => Tone::Red,
        Standing::Inconclusive => Tone::Magenta,
        Standing::Warning | Standing::Known => Tone::Yellow,
        Standing::Pass => Tone::Green,
        Standing::Recorded | Standing::NotApplicable => Tone::Dim,
    }
}

fn line(finding: &Finding, paint: &Paint) -> String {
    let standing = standing::of(finding);
    let row = finding.case.rsplit('/').next().unwrap_or_default();
    let slug = finding.requirement.rsplit('/').next().unwrap_or_default();
    let case = if row == slug { String::new() } else { format!(" · {row}") };
    let catalogue = finding.catalogue.as_deref().unwrap_or_default();
    let note = match (finding.verdict, &finding.known) {
        (_, Some(known)) => format!("  {}", known.reason),
        (_, None) if finding.value.is_some() => {
            format!("  {}", finding.value.as_deref().unwrap_or_default())
        }
        (Verdict::NotApplicable, None) => format!("  {}", finding.why.as_deref().unwrap_or("")),
        _ => String::new(),
    };
    let word = paint.tone(tone(standing), &format!("{:7}", standing.label()));
    let note = clipped(&note, 240);
    let name = clipped(&format!("{catalogue:8} {slug}{case}"), 240);
    format!("  {word} {name}{}\n", paint.tone(Tone::Dim, &note))
}

fn headed(finding: &Finding, paint: &Paint) -> String {
    let standing = standing::of(finding);
    let word = paint.tone(tone(standing), standing.label());
    let catalogue = finding.catalogue.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let mut text =
        format!("{word} {}{}\n", paint.bold(&visible(&finding.requirement)), visible(&catalogue));
    let spec = &finding.spec;
    let mut field = |name: &str, value: &str| {
        let lines: Vec<String> = value.lines().map(|line| clipped(line, 800)).collect();
        let indented = lines.join("\n            ");
        text += &format!("  {name:9} {indented}\n");
    };
    field("case", &finding.case);
    field(
        "says",
        &format!("{} {} §{}: {}", finding.level, spec.document, spec.section, finding.text),
    );
    if let Some(first) = finding.exchanges.first() {
        field("sent", &replay::sent(first));
    }
    let told = [("expected", &finding.expected), ("got", &finding.actual), ("why", &finding.why)];
    for (name, value) in told {
        if let Some(value) = value {
            field(name, value);
        }
    }
    if let Some(known) = &finding.known {
        field("known", &acceptance(known));
    }
    field("see", &spec.url);
    field("scenario", &format!("{}:{}", finding.file, finding.line));
    if let Some(command) = finding.exchanges.first().and_then(replay::curl) {
        text += &replayed(&command);
    }
    text
}

/// The command that sends the request again. Half of it would be worse than none.
fn replayed(command: &str) -> String {
    const LONGEST: usize = 800;
    if command.lines().any(|line| line.chars().count() > LONGEST) {
        return "  replay    too long for a terminal; the HTML and JSON reports have it\n".into();
    }
    format!("  replay    {}\n", command.replace('\n', "\n            "))
}

/// The last exchanges: the earlier ones only led there.
fn transcript(exchanges: &[Evidence], extent: Extent, paint: &Paint) -> String {
    let first = exchanges.len().saturating_sub(extent.exchanges);
    let mut text = String::new();
    if first > 0 {
        text += &paint.tone(Tone::Dim, &format!("  … {first} exchange(s) before\n"));
    }
    for exchange in &exchanges[first..] {
        text += &prefixed("  > ", &exchange.request, extent.lines);
        text += &prefixed("  < ", &exchange.response, extent.lines);
    }
    text
}

fn prefixed(prefix: &str, block: &str, most: usize) -> String {
    let mut text = String::new();
    for line in block.lines().take(most) {
        text += &format!("{prefix}{}\n", clipped(line, 240));
    }
    if block.lines().count() > most {
        text += &format!("{prefix}…\n");
    }
    text
}

fn summary(report: &Report, paint: &Paint) -> String {
    let totals = report.totals;
    let Totals { pass, fail, warning, known, stale, inconclusive, .. } = totals;
    let counts = [
        (pass, "pass", Tone::Green),
        (fail, "fail", Tone::Red),
        (stale, "stale", Tone::Red),
        (inconclusive, "unknown", Tone::Magenta),
        (warning, "warn", Tone::Yellow),
        (known, "known", Tone::Yellow),
        (totals.recorded, "info", Tone::Dim),
        (totals.not_applicable, "n/a", Tone::Dim),
    ];
    let shown = counts.iter().filter(|(count, name, _)| *count > 0 || *name == "fail");
    let shown: Vec<String> =
        shown.map(|(count, name, tone)| paint.tone(*tone, &format!("{count} {name}"))).collect();
    let (verdict, tone) = match report.exit_code {
        exit::CONFORMS => ("conforms", Tone::Green),
        exit::VIOLATION => ("violates", Tone::Red),
        _ => ("could not be told", Tone::Magenta),
    };
    let interrupted =
        report.interrupted.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let throttled = match report.throttled {
        0 => String::new(),
        times => format!("; throttled {times} times"),
    };
    format!(
        "\n{} {} {}{interrupted}: {} in {:.1} s{throttled} (exit code {})\n",
        paint.bold(&visible(&report.provider.name)),
        visible(&report.provider.issuer),
        paint.tone(tone, verdict),
        shown.join(", "),
        std::time::Duration::from_millis(report.elapsed_ms).as_secs_f64(),
        report.exit_code,
    )
}

#[derive(Debug, Clone, Copy)]
enum Tone {
    Dim,
    Green,
    Magenta,
    Red,
    Yellow,
}

struct Paint {
    colored: bool,
}

impl Paint {
    fn tone(&self, tone: Tone, text: &str) -> String {
        self.wrap(
            match tone {
                Tone::Dim => "2",
                Tone::Green => "32",
                Tone::Magenta => "35",
                Tone::Red => "31",
                Tone::Yellow => "33",
            },
            text,
        )
    }

    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }
}
