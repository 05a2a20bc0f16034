//! The files that other people's pipelines take from here: their structure, and that what they
//! call is there.

mod support;

use std::collections::BTreeMap;

use authgauge::yaml;
use serde_json::Value;

use support::program::{authgauge, root};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parsed(path: &str, text: &str) -> Value {
    yaml::parse(path, text).unwrap_or_else(|mistake| panic!("{mistake}"))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|own| own.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// What GitHub's metadata syntax demands of a composite action.
fn faults_of_action(action: &Value) -> Vec<String> {
    const TOP: [&str; 7] =
        ["name", "author", "description", "inputs", "outputs", "runs", "branding"];
    const STEP: [&str; 9] =
        ["name", "id", "if", "uses", "with", "env", "shell", "run", "working-directory"];
    let mut wrong = Vec::new();
    wrong.extend(
        keys(action).iter().filter(|key| !TOP.contains(key)).map(|key| format!("has {key}")),
    );
    for key in ["name", "description"] {
        if !action[key].is_string() {
            wrong.push(format!("no {key}"));
        }
    }
    for name in keys(&action["inputs"]) {
        let input = &action["inputs"][name];
        if !input["description"].is_string() || !input["default"].is_string() {
            wrong.push(format!("the input {name} needs a description and a default"));
        }
    }
    for name in keys(&action["outputs"]) {
        if !action["outputs"][name]["value"].is_string() {
            wrong.push(format!("the output {name} has no value"));
        }
    }
    if action["runs"]["using"] != "composite" {
        wrong.push("is not composite".into());
    }
    for step in action["runs"]["steps"].as_array().into_iter().flatten() {
        wrong.extend(
            keys(step)
                .iter()
                .filter(|key| !STEP.contains(key))
                .map(|key| format!("a step has {key}")),
        );
        let (runs, uses) = (step["run"].is_string(), step["uses"].is_string());
        if runs == uses || runs != step["shell"].is_string() {
            wrong.push(format!("{} needs either `uses`, or `run` with `shell`", step["name"]));
        }
        if step["run"].as_str().is_some_and(|script| script.contains("${{")) {
            wrong.push(format!("{} has an expression in its script", step["name"]));
        }
    }
    wrong
}

#[test]
fn the_action_is_as_github_has_it() {
    let text = read("action.yml");
    let action = parsed("action.yml", &text);
    assert_eq!(faults_of_action(&action), Vec::<String>::new());
    assert_eq!(action["runs"]["steps"].as_array().map(Vec::len), Some(5));
    let used = text.split("inputs.").skip(1);
    for name in used.map(|rest| rest.split([' ', '}']).next().unwrap_or_default()) {
        assert!(action["inputs"][name].is_object(), "there is no input {name}");
    }
    for (good, bad) in [
        ("using: composite", "using: docker"),
        ("shell: bash", "shel: bash"),
        ("mkdir -p \"$REPORTS\"", "mkdir -p ${{ inputs.reports }}"),
        ("    default: \"\"\n", ""),
    ] {
        let broken = parsed("action.yml", &text.replacen(good, bad, 1));
        assert!(!faults_of_action(&broken).is_empty(), "{bad} is not noticed");
    }
}

/// What GitLab demands of a hidden job, and of the reports that it reads.
fn faults_of_template(template: &Value) -> Vec<String> {
    const JOB: [&str; 8] = [
        "image",
        "variables",
        "script",
        "artifacts",
        "interruptible",
        "rules",
        "stage",
        "allow_failure",
    ];
    let mut wrong = Vec::new();
    for name in keys(template) {
        let job = &template[name];
        if !name.starts_with('.') {
            wrong.push(format!("{name} would run in every pipeline that includes the template"));
        }
        wrong.extend(
            keys(job)
                .iter()
                .filter(|key| !JOB.contains(key))
                .map(|key| format!("{name} has {key}")),
        );
        let lines = job["script"].as_array();
        if !lines.is_some_and(|lines| !lines.is_empty() && lines.iter().all(Value::is_string)) {
            wrong.push(format!("{name} has no script"));
        }
        if !keys(&job["variables"]).iter().all(|variable| job["variables"][variable].is_string()) {
            wrong.push(format!("a variable of {name} is no text"));
        }
        let script = job["script"].to_string();
        for report in keys(&job["artifacts"]["reports"]) {
            let path = job["artifacts"]["reports"][report].as_str().unwrap_or("?");
            if !["junit", "codequality", "sast"].contains(&report) || !script.contains(path) {
                wrong.push(format!("the report {report} is not written"));
            }
        }
        if job["artifacts"]["when"] != "always" {
            wrong.push(format!("{name} keeps nothing when it fails"));
        }
    }
    wrong
}

#[test]
fn the_template_is_as_gitlab_has_it() {
    let text = read("ci/gitlab.yml");
    assert_eq!(faults_of_template(&parsed("ci/gitlab.yml", &text)), Vec::<String>::new());
    for (good, bad) in [
        (".authgauge:", "authgauge:"),
        ("  script:", "  scripts:"),
        ("when: always", "when: on_success"),
        ("--junit authgauge-reports/authgauge.xml", "--junit elsewhere.xml"),
    ] {
        let broken = parsed("ci/gitlab.yml", &text.replacen(good, bad, 1));
        assert!(!faults_of_template(&broken).is_empty(), "{bad} is not noticed");
    }
}

/// An option that a pipeline passes and the program does not have would be found by a stranger.
#[test]
fn every_option_that_these_files_pass_is_there() {
    let mut helps: BTreeMap<&str, String> = BTreeMap::new();
    for (verb, line) in [
        ("run", vec!["run"]),
        ("compare", vec!["compare"]),
        ("deviations", vec!["deviations", "update"]),
    ] {
        let ended = authgauge(&[&line[..], &["--help"]].concat());
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        helps.insert(verb, ended.stdout);
    }
    let mut seen = 0;
    for path in ["action.yml", "ci/gitlab.yml", "docs/ci.md"] {
        let text = read(path).replace("\\\n", " ");
        for command in text.split("authgauge ").skip(1) {
            let verb = command.split_whitespace().next().unwrap_or_default();
            let Some(help) = helps.get(verb) else { continue };
            let line = command.split("|| ").next().unwrap_or_default();
            let line =
                if path == "docs/ci.md" { line.lines().next().unwrap_or_default() } else { line };
            for option in
                line.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2)
            {
                seen += 1;
                assert!(
                    help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")),
                    "{path}: {verb} has no {option}"
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} options were found in these files");
}

#[test]
fn the_image_has_certificates_and_no_root() {
    let text = read("Containerfile");
    let last = text.rsplit("FROM ").next().unwrap_or_default();
    assert!(text.matches("FROM ").count() == 2 && last.contains("ca-certificates"), "{last}");
    let user = last.lines().filter_map(|line| line.strip_prefix("USER ")).next_back();
    assert!(user.is_some_and(|user| user != "root" && user != "0"), "{user:?}");
    assert!(last.contains("ENTRYPOINT [\"authgauge\"]"));
}
