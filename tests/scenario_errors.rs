//! Mistakes in scenario folders and provider files: each is shown with its place, its line and what
//! to do next.
//!
//! A folder of `tests/scenario_errors/` is one mistake, and its `expected.txt` the exact message. A
//! folder with a `provider.yaml` is a provider file, any other one a scenario folder.

mod support;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use support::golden;
use support::program::{Ended, command, folder, root, run, text};

/// A message must not be waited for.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn every_mistake_has_its_message() {
    let cases = folders();
    assert!(cases.len() > 60, "only {} cases were found", cases.len());
    // Two at a time: a run of the program is short, and there are many.
    let (left, right) = cases.split_at(cases.len() / 2);
    let results = thread::scope(|scope| {
        let left = scope.spawn(|| left.iter().map(|case| check(case)).collect::<Vec<_>>());
        let mut results: Vec<_> = right.iter().map(|case| check(case)).collect();
        results.extend(left.join().expect("the other half does not panic"));
        results
    });
    golden::conclude(results);
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/scenario_errors")).expect("the cases");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    folders.sort();
    folders
}

fn check(folder: &Path) -> Result<(), String> {
    let ended = message(folder);
    let Ended { code, stdout, stderr, elapsed } = &ended;
    if *code != Some(2) || !stdout.is_empty() || *elapsed > AT_ONCE {
        return Err(format!(
            "{}: expected exit code 2 and only a message: {ended:#?}",
            folder.display()
        ));
    }
    golden::check(&folder.join("expected.txt"), stderr)
}

/// What the program says about a folder, which it is given by its name alone.
fn message(folder: &Path) -> Ended {
    let name = folder.file_name().and_then(|name| name.to_str()).expect("these names are text");
    let provider = format!("{name}/provider.yaml");
    let arguments = if folder.join("provider.yaml").exists() {
        vec!["run", "--scenarios", "../cli", "--provider", &provider]
    } else {
        vec!["list", "--scenarios", name]
    };
    run(command(arguments).current_dir(folder.parent().expect("it stands in a folder")))
}

/// A message without a place sends its reader searching.
#[test]
fn messages_have_a_place_where_there_is_one() {
    // What is missing has no place: a folder, a document, or text that can be read.
    const WHOLE: [&str; 6] = [
        "comment-only-file",
        "empty-file",
        "flow-without-steps",
        "invalid-utf8",
        "no-specs",
        "provider-empty",
    ];
    let placed = |text: &str| {
        let mut parts = text.split(".yaml:").skip(1).map(|rest| rest.split([':', '\n']).take(2));
        parts.any(|mut numbers| numbers.all(|number| number.parse::<usize>().is_ok()))
    };
    let mut wrong = Vec::new();
    for folder in folders() {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("these names are text");
        let stderr = message(&folder).stderr;
        let messages = stderr.split("\n\n").filter(|text| text.starts_with("error: "));
        if messages.clone().any(|text| placed(text) == WHOLE.contains(&name)) {
            wrong.push(format!("{name}: {stderr:.300}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deep_nesting_is_refused_at_once() {
    let folder = folder("nested");
    let specs = folder.join("specs/x");
    std::fs::create_dir_all(&specs).expect("the target folder can be written");
    let rows = [
        ("list", "[".repeat(100_000)),
        ("mapping", "{a: ".repeat(25_000)),
        ("indented list", (0..400).map(|depth| "- ".repeat(depth) + "-\n").collect()),
        ("quotes", "\"".repeat(100_001)),
        ("anchors", "- &a b\n".repeat(30_000)),
    ];
    for (name, source) in rows {
        std::fs::write(specs.join("1-s.yaml"), source).expect("the target folder can be written");
        let ended = run(&mut command(["list", "--scenarios", text(&folder)]));
        assert_eq!(ended.code, Some(2), "{name}: {}", clipped(&ended.stderr));
        assert!(ended.elapsed < AT_ONCE, "{name} took {:?}", ended.elapsed);
        let place = ended.stderr.contains("specs/x/1-s.yaml:");
        assert!(place && ended.stderr.len() < 2000, "{name}: {}", clipped(&ended.stderr));
    }
}

fn clipped(text: &str) -> String {
    text.chars().take(500).collect()
}
