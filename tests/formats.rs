//! What the writers promise to other programs: published schemas, limits, and pages that stay safe
//! and small.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use authgauge::finding::Evidence;
use authgauge::report::{
    Report, ctrf, github, gitlab, har, html, junit, markdown, replay, sarif, tap,
};
use quick_xml::events::Event;
use serde_json::Value;

use support::program::root;
use support::reports::{empty, every_kind, hostile, many};

fn reports() -> [Report; 3] {
    [every_kind(), hostile(), empty()]
}

fn is_valid(schema: &str, text: &str) {
    let path = root().join("tests/schemas").join(schema);
    let schema = std::fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::draft7::options().should_validate_formats(true).build(&schema);
    let document: Value = serde_json::from_str(text).expect("JSON");
    let validator = validator.expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error:.300}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn sarif_is_as_oasis_has_published_it() {
    for report in reports() {
        is_valid("sarif-2.1.0.json", &sarif::write(&report));
    }
}

#[test]
fn ctrf_is_as_its_schema_says() {
    for report in reports() {
        is_valid("ctrf-0.0.json", &ctrf::write(&report));
    }
}

#[test]
fn a_fingerprint_outlives_a_moved_line_and_tells_cases_apart() {
    let prints = |report: &Report| -> Vec<String> {
        let log: Value = serde_json::from_str(&sarif::write(report)).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("a list").clone();
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect()
    };
    let report = every_kind();
    let mut moved = report.clone();
    moved.findings.iter_mut().for_each(|finding| finding.line += 7);
    assert_eq!(prints(&report), prints(&moved));
    let mut different = prints(&report);
    different.sort();
    different.dedup();
    assert_eq!(different.len(), prints(&report).len());
}

/// What could not be told is green nowhere.
#[test]
fn no_format_makes_green_of_what_could_not_be_told() {
    let report = every_kind();
    let results: Value = serde_json::from_str(&ctrf::write(&report)).expect("JSON");
    assert_eq!(results["results"]["summary"]["other"], 2, "{results}");
    assert!(tap::write(&report).contains("not ok 7 - rfc7636/5/untold"));
    assert!(tap::write(&empty()).contains("Bail out!"));
    let log: Value = serde_json::from_str(&sarif::write(&empty())).expect("JSON");
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

/// There is no published schema in a package: these are the members that HAR 1.2 demands.
#[test]
fn har_has_every_member_that_readers_need() {
    const REQUEST: [&str; 8] = [
        "method",
        "url",
        "httpVersion",
        "cookies",
        "headers",
        "queryString",
        "headersSize",
        "bodySize",
    ];
    const RESPONSE: [&str; 9] = [
        "status",
        "statusText",
        "httpVersion",
        "cookies",
        "headers",
        "content",
        "redirectURL",
        "headersSize",
        "bodySize",
    ];
    for report in reports() {
        let archive: Value = serde_json::from_str(&har::write(&report)).expect("JSON");
        assert_eq!(archive["log"]["version"], "1.2");
        let entries = archive["log"]["entries"].as_array().expect("a list");
        let exchanged = report.findings.iter().any(|finding| !finding.exchanges.is_empty());
        assert_eq!(entries.is_empty(), !exchanged);
        for entry in entries {
            let started = entry["startedDateTime"].as_str().expect("a time");
            assert!(chrono::DateTime::parse_from_rfc3339(started).is_ok(), "{started}");
            assert!(entry["time"].is_u64() && entry["timings"]["wait"].is_u64(), "{entry}");
            assert!(REQUEST.iter().all(|name| !entry["request"][name].is_null()), "{entry}");
            assert!(RESPONSE.iter().all(|name| !entry["response"][name].is_null()), "{entry}");
        }
    }
}

#[test]
fn gitlab_gets_the_members_it_reads() {
    for report in reports() {
        let issues: Vec<Value> = serde_json::from_str(&gitlab::write(&report)).expect("a list");
        let mut prints: Vec<&str> = Vec::new();
        for issue in &issues {
            let text =
                |name: &str| issue[name].as_str().unwrap_or_else(|| panic!("{name}: {issue}"));
            assert!(!text("description").is_empty() && !text("check_name").is_empty(), "{issue}");
            assert!(["info", "minor", "major"].contains(&text("severity")), "{issue}");
            assert!(issue["location"]["lines"]["begin"].as_u64() > Some(0), "{issue}");
            assert!(issue["location"]["path"].is_string(), "{issue}");
            prints.push(text("fingerprint"));
        }
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), issues.len(), "GitLab shows a fingerprint once");
    }
}

/// There is no published schema in a package: these are the elements and attributes that readers
/// of JUnit know.
#[test]
fn junit_has_only_elements_and_attributes_that_readers_know() {
    const KNOWN: [(&str, &[&str]); 8] = [
        ("testsuites", &["name", "tests", "failures", "errors", "skipped", "time"]),
        ("testsuite", &["name", "tests", "disabled", "errors", "failures", "skipped", "time"]),
        ("testcase", &["name", "classname", "time"]),
        ("failure", &["message", "type"]),
        ("error", &["message", "type"]),
        ("skipped", &["message"]),
        ("system-out", &[]),
        ("system-err", &[]),
    ];
    for report in reports() {
        let text = junit::write(&report).expect("it can be written as XML");
        let mut reader = quick_xml::Reader::from_str(&text);
        loop {
            match reader.read_event().expect("XML") {
                Event::Start(element) | Event::Empty(element) => {
                    let name = element.name();
                    let name = std::str::from_utf8(name.as_ref()).expect("text");
                    let known = KNOWN.iter().find(|(known, _)| *known == name);
                    let (_, attributes) = known.unwrap_or_else(|| panic!("<{name}>"));
                    for attribute in element.attributes() {
                        let attribute = attribute.expect("an attribute");
                        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
                        assert!(attributes.contains(&key.as_str()), "<{name} {key}>");
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
    }
}

/// A plan, and then one line for each test, whatever the text is.
#[test]
fn tap_counts_what_it_has_announced() {
    for report in reports() {
        let text = tap::write(&report);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("TAP version 14"));
        assert_eq!(lines.next(), Some(format!("1..{}", report.findings.len()).as_str()));
        let points = lines.filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
        assert_eq!(points.count(), report.findings.len());
    }
}

#[test]
fn github_is_given_no_more_than_it_shows() {
    let report = many(1000);
    let annotations = github::annotations(&report);
    for kind in ["::error", "::warning"] {
        let own: Vec<&str> = annotations.lines().filter(|line| line.starts_with(kind)).collect();
        assert_eq!(own.len(), 10, "{own:#?}");
        assert!(own[9].contains("more findings"), "{}", own[9]);
    }
    let mut large = report.clone();
    large.findings.iter_mut().for_each(|f| f.expected = Some("é".repeat(600)));
    let summary = github::summary(&large);
    assert!((900_000..1 << 20).contains(&summary.len()), "{} bytes", summary.len());
    assert!(summary.contains(" do not fit here"), "it says that something is left out");
    assert_eq!(summary.matches("<details>").count(), summary.matches("</details>").count());
}

#[test]
fn annotations_are_one_line_each_and_cut_between_characters() {
    let mut report = hostile();
    report.findings[0].expected = Some("€".repeat(5000));
    let annotations = github::annotations(&report);
    assert!(annotations.lines().all(|line| line.starts_with("::")), "{annotations}");
    let message = annotations.lines().next().and_then(|line| line.splitn(3, "::").nth(2));
    let message = message.expect("a message").replace("%25", "%").len();
    assert!((4000..=4096).contains(&message), "{message} bytes");
}

/// Text in Markdown is code or escaped: it is no markup, no picture, and calls nobody.
#[test]
fn markdown_of_hostile_text_has_no_markup_of_its_own() {
    let text = markdown::write(&hostile());
    let mut fence = String::new();
    for line in text.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        if fence.is_empty() && ticks.len() >= 3 {
            fence = ticks;
        } else if !fence.is_empty() && line == fence {
            fence.clear();
        } else if fence.is_empty() {
            let bare = without_escapes(&without_code(line));
            for markup in ["<script", "@everyone", "![c]", "](javascript", "**"] {
                assert!(!bare.contains(markup), "{markup} in {line}");
            }
        }
    }
    assert!(fence.is_empty(), "a fence stays open");
}

/// A line without the characters that a backslash takes the meaning from.
fn without_escapes(line: &str) -> String {
    let mut rest = line.chars();
    let mut bare = String::new();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bare.push(c);
        } else if rest.next().is_none() {
            break;
        }
    }
    bare
}

/// A line without its code: what stands between two equal runs of backticks.
fn without_code(line: &str) -> String {
    let Some(start) = line.find('`') else { return line.to_owned() };
    let opened = &line[start..];
    let run = opened.len() - opened.trim_start_matches('`').len();
    let mut at = run;
    for rest in opened[run..].split_inclusive('`') {
        at += rest.len();
        let closing = &opened[..at];
        let ends = closing.len() - closing.trim_end_matches('`').len() == run;
        if at > 2 * run && ends && !opened[at..].starts_with('`') {
            return format!("{}{}", &line[..start], without_code(&opened[at..]));
        }
    }
    line.to_owned()
}

/// The page is its own: nothing runs, nothing is fetched, and no address is followed but http(s).
#[test]
fn a_page_of_hostile_text_stays_inert() {
    for report in reports() {
        let page = html::write(&report);
        let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"";
        assert!(page.contains(policy), "the policy is gone");
        for tag in tags(&page) {
            let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
            const FORBIDDEN: [&str; 9] =
                ["script", "iframe", "object", "embed", "link", "img", "form", "base", "svg"];
            assert!(!FORBIDDEN.contains(&name.as_str()), "<{tag}>");
            for (attribute, value) in attributes(tag) {
                assert!(!attribute.starts_with("on") && attribute != "src", "<{tag}>");
                let safe = ["#", "https://", "http://"].iter().any(|own| value.starts_with(own));
                assert!(attribute != "href" || safe, "<{tag}>");
            }
        }
        let steering = page.chars().find(|c| *c != '\n' && authgauge::report::words::hides(*c));
        assert_eq!(steering, None);
    }
}

/// The tags of a page that has `<` nowhere else, which escaping sees to.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0))
}

fn attributes(tag: &str) -> impl Iterator<Item = (&str, String)> {
    let pairs = tag.split("=\"").collect::<Vec<_>>();
    let pairs: Vec<(&str, String)> = pairs
        .windows(2)
        .map(|pair| {
            let name = pair[0].rsplit(' ').next().unwrap_or_default();
            (name, pair[1].split('"').next().unwrap_or_default().replace("&#x2f;", "/"))
        })
        .collect();
    pairs.into_iter()
}

/// Anchors lead somewhere, and nothing has the name of another.
#[test]
fn the_links_of_a_page_lead_somewhere() {
    let page = html::write(&every_kind());
    let of = |wanted: &str| -> Vec<String> {
        let all = tags(&page).flat_map(attributes);
        all.filter(|(name, _)| *name == wanted).map(|(_, value)| value).collect()
    };
    let mut ids = of("id");
    let links: Vec<String> =
        of("href").iter().filter_map(|link| Some(link.strip_prefix('#')?.to_owned())).collect();
    assert!(links.len() > 5, "{links:?}");
    assert!(links.iter().all(|link| ids.contains(link)), "{links:?} in {ids:?}");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is what somebody wants to see")]
fn a_thousand_findings_make_a_small_page_at_once() {
    let report = many(1000);
    let clock = Instant::now();
    let page = html::write(&report);
    let elapsed = clock.elapsed();
    println!("1000 findings: {} bytes in {elapsed:?}", page.len());
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(
        elapsed < Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 }),
        "{elapsed:?}"
    );
}

#[test]
fn a_page_stays_small_when_every_finding_fails_with_a_long_transcript() {
    let mut report = many(1000);
    for finding in &mut report.findings {
        finding.verdict = authgauge::finding::Verdict::Fail;
        finding.expected = Some("<".repeat(100));
        finding.exchanges = every_kind().findings[1].exchanges.clone();
        finding.exchanges[0].response = format!("200\n\n{}", "<".repeat(4000));
    }
    let page = html::write(&report);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(page.contains("the JSON report has everything"), "it says that something is left out");
}

/// The command is given to a real shell, with a program in the place of curl that shows what it was
/// given: whatever was sent, it comes whole, in the right argument, and nothing else is run.
#[test]
fn a_shell_reads_a_replay_as_it_was_sent() {
    let rows = ["it's", "$(touch x) `id` \\ \"", "\u{1b}[2J'\\", "\u{202e}x", "-o/x", "é %s !! *"];
    for text in rows {
        let evidence = Evidence {
            request: format!(
                "POST https://op.test/{text}\nx-own: {text}\nx-none:\n\na={text}&code=ab…(9)"
            ),
            response: String::new(),
            started: None,
            elapsed_ms: 0,
        };
        let command = replay::curl(&evidence).expect("it can be replayed");
        let script =
            format!("curl() {{ printf '%s\\0' \"$@\"; }}; AUTHGAUGE_CODE=whole\n{command}");
        let output = Command::new("bash").args(["-c", &script]).output().expect("there is a bash");
        let given = String::from_utf8(output.stdout).expect("text");
        let given: Vec<&str> = given.split_terminator('\0').skip(5).collect();
        let (own, body, url) = (
            format!("x-own: {text}"),
            format!("a={text}&code=whole"),
            format!("https://op.test/{text}"),
        );
        let expected = [
            "--header",
            &own,
            "--header",
            "x-none;",
            "--header",
            "content-type:",
            "--data-raw",
            &body,
            "--url",
            &url,
        ];
        assert_eq!(given, expected, "{command}");
        assert!(!command.contains('\u{1b}') && !command.contains('\u{202e}'), "{command:?}");
    }
}
