//! The generated pages under `docs/`: what the program and the data say must be what they show.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use authgauge::library::Library;
use authgauge::yaml;
use serde::Deserialize;

use support::golden;
use support::program::{authgauge, root};

#[test]
fn the_coverage_page_is_what_the_program_writes() {
    let ended = authgauge(&["list", "--coverage", "--markdown"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    golden::conclude([golden::check(&root().join("docs/coverage.md"), &ended.stdout)]);
}

/// "repeats X" must name a requirement that is there.
#[test]
fn what_an_excluded_sentence_repeats_exists() {
    let library = Library::bundled().expect("the bundled scenarios are well-formed");
    let repeated = library.requirements.iter().filter_map(|requirement| {
        let named = requirement.excluded.as_ref()?.strip_prefix("repeats ")?;
        Some((requirement, named.split(' ').filter(|word| word.matches('/').count() == 2)))
    });
    let repeated: Vec<_> = repeated.flat_map(|(row, ids)| ids.map(move |id| (row, id))).collect();
    assert!(repeated.len() > 30, "only {} rows repeat others", repeated.len());
    let lost = repeated.iter().filter(|(_, id)| library.requirement(id).is_none());
    let lost: Vec<String> = lost.map(|(row, id)| format!("{}: {id}", row.id)).collect();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// `tests/interop/providers/<name>/observed.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Observed {
    /// What was looked at, with its version.
    provider: String,
    observed: Vec<Observation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Observation {
    /// The requirement that the answer speaks about.
    requirement: String,
    /// The verdict that follows from the answer.
    verdict: String,
    /// The answer.
    saw: String,
    /// Why our verdict is another one.
    #[serde(default)]
    differs: Option<String>,
}

/// The folders of the providers that were observed, in the order of the page.
const PROVIDERS: [&str; 4] =
    ["django-oauth-toolkit", "django-oauth-toolkit-strict", "oidc-provider", "oauth2-mock-server"];

#[test]
fn verdicts_agree_with_what_was_observed_or_say_why_not() {
    let library = Library::bundled().expect("the bundled scenarios are well-formed");
    let mut wrong = Vec::new();
    let mut summary =
        String::from("| provider | compared | agree | explained below |\n|---|--:|--:|--:|\n");
    let (mut differences, mut all) = (String::new(), [0; 2]);
    for name in PROVIDERS {
        let (observed, verdicts) = (observed(name), verdicts(name));
        let mut agree = 0;
        for row in &observed.observed {
            if library.requirement(&row.requirement).is_none_or(|known| !known.is_checked()) {
                wrong.push(format!("{name}: nothing checks {}", row.requirement));
            }
            let verdict = verdicts.get(&row.requirement).map_or("no verdict", String::as_str);
            let same = verdict.split(" or ").any(|verdict| verdict == row.verdict);
            agree += usize::from(same);
            match (&row.differs, same) {
                (None, true) => {}
                (Some(why), false) => {
                    let Observation { requirement, saw, verdict: expected, .. } = row;
                    differences += &format!(
                        "| {name} | `{requirement}` | {saw} | {expected} | {verdict} | {why} |\n"
                    );
                }
                (None, false) => wrong.push(format!(
                    "{name}: {} is {verdict}, but what was seen means {}: {}",
                    row.requirement, row.verdict, row.saw
                )),
                (Some(_), true) => {
                    wrong.push(format!("{name}: {} agrees after all", row.requirement));
                }
            }
        }
        let compared = observed.observed.len();
        all = [all[0] + compared, all[1] + agree];
        let explained = compared - agree;
        summary += &format!("| {} | {compared} | {agree} | {explained} |\n", observed.provider);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    summary += &format!("| **all** | {} | {} | {} |\n", all[0], all[1], all[0] - all[1]);
    if !differences.is_empty() {
        summary += "\n| provider | requirement | what was seen | means | our verdict | why |\n\
            |---|---|---|---|---|---|\n";
    }
    let page = root().join("docs/accuracy.md");
    golden::conclude([golden::check_part(&page, "providers", &(summary + &differences))]);
}

fn folder(name: &str) -> PathBuf {
    root().join("tests/interop/providers").join(name)
}

fn observed(name: &str) -> Observed {
    let path = folder(name).join("observed.yaml");
    let text = std::fs::read_to_string(&path).expect("each provider has its observations");
    yaml::parse(&path.display().to_string(), &text).unwrap_or_else(|mistake| panic!("{mistake}"))
}

fn verdicts(name: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder(name).join("expected.json"));
    serde_json::from_str(&text.expect("each provider has its golden")).expect("it is JSON")
}
