//! `authgauge sizing` as the real program.

mod support;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use support::program::{authgauge, folder, root, text};
use support::workload::{number, read};

/// What a search found: 100 operations a second, a quarter of them sign-ins.
fn measured(folder: &Path, is_the_providers: bool) -> PathBuf {
    let objective = |operation: &str, share: f64| json!({ "operation": operation, "share": share, "p99_ms": 500.0, "error_rate": 0.01 });
    let search = json!({
        "profile": "p.yaml", "title": "t",
        "objectives": [objective("sign_in", 0.25), objective("renewal", 0.75)],
        "sustained_per_s": 100.0, "broken_per_s": 105.0, "limited_by": "latency", "why": "w",
        "is_the_providers": is_the_providers, "repeats": null,
        "scalability": { "points": [], "fit": null, "meaningless_because": "few" },
        "steps": [], "stopped": null,
    });
    let found = json!({
        "schema": "authgauge/capacity/v1", "authgauge": "0.1.0", "provider": "p",
        "issuer": "https://op.example", "started": "2030-01-01T00:00:00Z", "searches": [search],
    });
    let path = folder.join("capacity.json");
    std::fs::write(&path, found.to_string()).expect("the folder can be written");
    path
}

#[test]
fn needs_are_held_against_what_was_measured_and_what_is_allowed() {
    let folder = folder("sizing");
    let (found, out) = (measured(&folder, true), folder.join("sizing.json"));
    let arguments = [
        "sizing",
        text(&found),
        "--users",
        "1000000",
        "--machines",
        "1000",
        "--machine-refresh",
        "50",
        "--vcpus",
        "8",
        "--meets",
        "renewal=refresh",
        "--quotas",
        "cognito",
        "--json",
        text(&out),
    ];
    let ended = authgauge(&arguments);
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    let sizing = read(&out);
    let schema = std::fs::read_to_string(root().join("reports/schema/sizing.v1.json"));
    let schema: Value = serde_json::from_str(&schema.expect("it is there")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let broken: Vec<String> = validator.iter_errors(&sizing).map(|e| e.to_string()).collect();
    assert_eq!(broken, Vec::<String>::new());
    // 25 sign-ins a second on 8 processors, of 104 that are needed.
    let sign_in = &sizing["measured"][0];
    assert!((number(&sign_in["per_s"]) - 25.0).abs() < 1e-9, "{sign_in}");
    assert!((number(&sign_in["per_vcpu"]) - 3.125).abs() < 1e-9, "{sign_in}");
    assert!((number(&sign_in["head_room"]) - 0.24).abs() < 1e-9, "{sign_in}");
    assert_eq!(sizing["measured"][1]["kind"], "refresh");
    // Sign-ins and refreshes share one quota, and one source address would have 300 a second.
    let quota = |name: &str| {
        let quotas = sizing["quotas"].as_array().expect("quotas");
        quotas.iter().find(|quota| quota["name"] == name).expect("the quota").clone()
    };
    assert!((number(&quota("UserAuthentication")["need_per_s"]) - 208.33).abs() < 0.01);
    assert!((number(&quota("source address")["per_s"]) - 300.0).abs() < 1e-9);
    assert!(ended.stdout.contains("NOT ENOUGH: sign_in: 25.0/s were measured"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("NOT ENOUGH: UserAuthentication: 120/s are allowed"),
        "{}",
        ended.stdout
    );
    for cost in sizing["costs"].as_array().expect("costs") {
        assert!(
            cost["source"].as_str().is_some_and(|source| source.starts_with("https://")),
            "{cost}"
        );
    }
}

#[test]
fn a_lower_bound_is_no_shortage_and_a_few_users_fit() {
    let folder = folder("sizing_small");
    let found = measured(&folder, false);
    let ended = authgauge(&["sizing", text(&found), "--users", "1000000"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(">="), "{}", ended.stdout);
    for name in ["cognito", "auth0-free", "auth0-enterprise"] {
        let ended = authgauge(&["sizing", "--users", "1000", "--quotas", name]);
        assert_eq!(ended.code, Some(0), "{name}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains("first to be met"), "{}", ended.stdout);
    }
}

#[test]
fn a_calculation_without_sense_is_refused() {
    let folder = folder("sizing_wrong");
    let wrong = folder.join("wrong.json");
    std::fs::write(&wrong, "{}").expect("the folder can be written");
    let nothing = folder.join("quotas.yaml");
    let quota =
        "title: t\nquotas: [{ name: n, per_second: 0, per: p, counts: [], source: s, date: d }]\n";
    std::fs::write(&nothing, quota).expect("the folder can be written");
    let rows: [(&[&str], &str); 7] = [
        (&[], "--users"),
        (&["--users", "-1"], "--users"),
        (&["--users", "NaN"], "must be between"),
        (&["--users", "1", "--refresh", "0"], "must be between"),
        (&["--users", "1", text(&wrong)], "is nothing that `authgauge capacity --json` wrote"),
        (&["--users", "1", "--quotas", "none"], "cognito"),
        (&["--users", "1", "--quotas", text(&nothing)], "must allow more than 0"),
    ];
    for (arguments, wanted) in rows {
        let ended = authgauge(&[&["sizing"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{wanted}: {}", ended.stderr);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
}
