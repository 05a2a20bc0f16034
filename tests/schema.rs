//! The JSON Schemas for editors: they accept every file that is shipped, and refuse wrong ones.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use authgauge::capability;
use authgauge::init::role::ROLES;
use authgauge::library::Library;
use authgauge::schema::{self, Kind};
use authgauge::yaml;
use jsonschema::Validator;
use libtest_mimic::Arguments;
use serde_json::Value;

use support::golden;
use support::program::{authgauge, folder, root};
use support::trials::{no_interop, trials, unless};

/// The kinds of files that people write, with the name on the command line.
const KINDS: [(Kind, &str); 7] = [
    (Kind::Provider, "provider"),
    (Kind::Scenario, "scenario"),
    (Kind::Flow, "flow"),
    (Kind::Requirements, "requirements"),
    (Kind::Profile, "profile"),
    (Kind::Load, "load"),
    (Kind::Quotas, "quotas"),
];

fn main() -> ExitCode {
    let mut tests = trials![
        published_schemas_are_what_the_program_prints,
        every_shipped_file_names_its_schema_and_obeys_it,
        every_mistake_is_refused,
        the_reference_has_every_key_of_the_provider_file,
        the_reference_has_every_role_and_template,
    ];
    tests.extend([unless(no_interop, "the_language_server_agrees", the_language_server_agrees)]);
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn published_schemas_are_what_the_program_prints() {
    golden::conclude(KINDS.map(|(_, name)| {
        let ended = authgauge(&["schema", name]);
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        golden::check(&root().join("reports/schema").join(file(name)), &ended.stdout)
    }));
    let report = authgauge(&["schema", "report"]);
    let report: Value = serde_json::from_str(&report.stdout).expect("it is JSON");
    assert!(report["properties"]["findings"].is_object(), "{report}");
}

/// Where the schema of a kind is; `load.v1.json` is that of the summary of a load run.
fn file(name: &str) -> String {
    format!("{}.v1.json", if name == "load" { "load-profile" } else { name })
}

/// The kind of a shipped file, by its place.
fn kind(path: &Path) -> Option<(Kind, &'static str)> {
    let place = path.strip_prefix(root().join("scenarios")).ok()?;
    let first = place.components().next()?.as_os_str().to_str()?;
    let name = match first {
        "providers" | "templates" => "provider",
        "flows" => "flow",
        "profiles" => "profile",
        "load" => "load",
        "quotas" => "quotas",
        "specs" if place.ends_with("requirements.yaml") => "requirements",
        "specs" => "scenario",
        _ => return None,
    };
    KINDS.into_iter().find(|(_, known)| *known == name)
}

fn shipped() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join("scenarios"), &mut files);
    files.sort();
    files.retain(|file| kind(file).is_some());
    assert!(files.len() > 80, "only {} files are shipped", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

fn validator(kind: Kind) -> Validator {
    let schema = schema::of(kind).expect("there is a schema");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    jsonschema::draft7::new(&schema).expect("it is a schema")
}

fn read(text: &str) -> Value {
    yaml::parse("file.yaml", text).expect("it is YAML")
}

fn every_shipped_file_names_its_schema_and_obeys_it() {
    let validators = KINDS.map(|(kind, _)| (kind, validator(kind)));
    let mut wrong = Vec::new();
    for path in shipped() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let (kind, name) = kind(&path).expect("it has a kind");
        let up = path.strip_prefix(root()).expect("it is here").components().count() - 1;
        let line = format!(
            "# yaml-language-server: $schema={}reports/schema/{}",
            "../".repeat(up),
            file(name)
        );
        if text.lines().next() != Some(&line) {
            wrong.push(format!("{}: the first line is not {line}", path.display()));
        }
        let validator = &validators.iter().find(|(known, _)| *known == kind).expect("known").1;
        for error in validator.iter_errors(&read(&text)) {
            wrong.push(format!("{}: {}: {error}", path.display(), error.instance_path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A kind, a right file of it, and how it is made wrong.
type Mutation = (Kind, &'static str, &'static [(&'static str, &'static str)]);

/// What each kind must refuse.
const MUTATIONS: [Mutation; 5] = [
    (
        Kind::Provider,
        "name: p\nissuer: https://p.test\nredirect_uri: http://127.0.0.1/\n\
         clients:\n  public: { client_id: p, auth: none }\n  service: { client_id: s, auth: client_secret_post, secret: { env: S } }\n\
         users: { alice: { username: a, password: { file: /p } } }\n\
         offers: { dpop: false }\npace: { timeout: 5, concurrency: 2 }\n\
         endpoints: { token_endpoint: https://p.test/token }\n\
         known:\n  - { requirement: rfc6749/5.2/error-code, reason: r, source: s, until: 2030-01-01 }\n",
        &[
            ("issuer:", "isuer:"),
            ("auth: none", "auth: non"),
            ("client_id: p", "clientid: p"),
            ("public:", "publick:"),
            ("{ env: S }", "S"),
            ("{ env: S }", "{ envv: S }"),
            ("{ file: /p }", "{ value: /p }"),
            ("username:", "user:"),
            ("dpop:", "dpopp:"),
            ("timeout: 5", "timeout: soon"),
            ("timeout: 5", "time_out: 5"),
            ("concurrency: 2", "concurrency: 0"),
            ("token_endpoint:", "token_endpiont:"),
            ("reason: r, ", ""),
            ("name: p\n", ""),
        ],
    ),
    (
        Kind::Scenario,
        "scenarios:\n  - id: a\n    title: t\n    needs: [pkce]\n    hazard: lock_out\n    steps:\n\
         \x20     - flow: authorize\n        assume: [accepted]\n\
         \x20     - send: { to: token_endpoint, as: public, form: { grant_type: x } }\n\
         \x20       cases:\n          - { id: one, set: { code: y } }\n\
         \x20       keep: { token: { json: access_token, or: none } }\n\
         \x20       expect:\n          - req: rfc6749/5.2/error-code\n            that: [refused, { json: { at: error, is: invalid_grant } }]\n",
        &[
            ("scenarios:", "scenario:"),
            ("title: t", "titel: t"),
            ("lock_out", "lockout"),
            ("flow: authorize", "flow: authorize\n        hook: rotate_keys"),
            ("flow: authorize", "name: authorize"),
            ("to: token_endpoint", "two: token_endpoint"),
            ("refused,", "refuzed,"),
            ("is: invalid_grant", "iss: invalid_grant"),
            (", is: invalid_grant", ""),
            ("{ json: access_token", "{ jsn: access_token"),
            ("json: access_token", "json: access_token, header: x"),
            ("req: rfc", "requirement: rfc"),
            ("id: one", "name: one"),
        ],
    ),
    (
        Kind::Flow,
        "title: t\ntakes: [code]\nlet: { a: b }\nsteps:\n  - wait: { seconds: 5, for: it }\n",
        &[
            ("title:", "titel:"),
            ("takes: [code]", "takes: code"),
            ("for: it", "why: it"),
            ("steps:", "step:"),
        ],
    ),
    (
        Kind::Requirements,
        "document: D\ntitle: t\nurl: u\nrequirements:\n  - { id: 1/a, level: MUST, text: t, check: [a/1/b] }\n",
        &[
            ("MUST", "must"),
            ("text:", "sentence:"),
            ("document: D\n", ""),
            ("check: [a/1/b]", "check: a/1/b"),
        ],
    ),
    (
        Kind::Profile,
        "title: t\nrequirements:\n  - { requirement: a/1/b, level: MAY, section: s, reason: r }\n",
        &[("MAY", "PERHAPS"), ("section: s, ", ""), ("reason:", "why:")],
    ),
];

fn every_mistake_is_refused() {
    for (kind, right, changes) in MUTATIONS {
        let validator = validator(kind);
        let errors: Vec<String> =
            validator.iter_errors(&read(right)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{kind:?}: {errors:?}");
        for (from, to) in changes {
            assert!(right.contains(from), "{from} is not in the file");
            let wrong = right.replacen(from, to, 1);
            assert!(!validator.is_valid(&read(&wrong)), "{kind:?} accepts {from:?} as {to:?}");
        }
    }
}

/// Every key of the provider file stands in the reference, with what it means.
fn the_reference_has_every_key_of_the_provider_file() {
    let ended = authgauge(&["schema", "provider", "--markdown"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let page = root().join("docs/provider-file.md");
    golden::conclude([golden::check_part(&page, "keys", &ended.stdout)]);
    let without: Vec<&str> = ended.stdout.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(without.is_empty(), "these keys have no meaning: {without:#?}");
    for key in
        ["issuer", "clients.*.secret.env", "pace.retry_after", "pages.login.form", "known[].until"]
    {
        assert!(ended.stdout.contains(&format!("| `{key}` |")), "{key} is missing");
    }
}

/// A Markdown table of two columns.
fn table<'a>(head: [&str; 2], rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = format!("| {} | {} |\n|---|---|\n", head[0], head[1]);
    for (name, meaning) in rows {
        text += &format!("| `{name}` | {meaning} |\n");
    }
    text
}

fn the_reference_has_every_role_and_template() {
    let roles = table(["role", "what to register"], ROLES.into_iter());
    let library = Library::bundled().expect("the bundled files are well-formed");
    let heads: Vec<(String, String)> = library
        .templates
        .iter()
        .map(|(name, file)| {
            let head = file.text.lines().nth(1).expect("a template has a head");
            (name.clone(), head.trim_start_matches("# ").to_owned())
        })
        .collect();
    let heads = heads.iter().map(|(name, head)| (name.as_str(), head.as_str()));
    let templates = table(["template", "what it is"], heads);
    let page = root().join("docs/provider-file.md");
    golden::conclude([
        golden::check_part(&page, "roles", &roles),
        golden::check_part(&page, "templates", &templates),
    ]);
    let known: Vec<&str> = ROLES.iter().map(|row| row.0).collect();
    assert!(capability::ROLES.iter().all(|role| known.contains(role)), "{known:?}");
}

/// The real yaml-language-server finds nothing to complain about, and sees a misspelt key.
fn the_language_server_agrees() {
    let place = folder("yaml-language-server");
    let wrong = root().join("scenarios/providers/stub.yaml");
    let text = std::fs::read_to_string(&wrong).expect("it can be read");
    let schema = root().join("reports/schema/provider.v1.json");
    let text = text.replacen("redirect_uri:", "redirect_url:", 1);
    let text: String = text.split_once('\n').expect("it has lines").1.to_owned();
    let misspelt = place.join("misspelt.yaml");
    let line = format!("# yaml-language-server: $schema={}\n", schema.display());
    std::fs::write(&misspelt, line + &text).expect("the folder can be written");
    let script = root().join("tests/interop/editor/check.mjs");
    let installed = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(&place)
        .arg("yaml-language-server")
        .output()
        .expect("npm can be started");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let output = Command::new("node")
        .arg(script)
        .arg(&place)
        .arg(&misspelt)
        .args(shipped())
        .output()
        .expect("node can be started");
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{found}{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_str(&found).expect("the script writes JSON");
    let complaints = found.as_object().expect("by file");
    assert_eq!(complaints.len(), shipped().len() + 1);
    for (file, list) in complaints {
        let count = list.as_array().expect("a list").len();
        let expected = if file.ends_with("misspelt.yaml") { 1..=2 } else { 0..=0 };
        assert!(expected.contains(&count), "{file}: {list}");
    }
    let list = complaints.iter().find(|(file, _)| file.ends_with("misspelt.yaml"));
    assert!(list.is_some_and(|(_, list)| list.to_string().contains("redirect_ur")), "{list:?}");
}
