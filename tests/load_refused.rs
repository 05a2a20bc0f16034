//! What `authgauge load` refuses before it sends anything, and what it says then.

mod support;

use support::program::{authgauge, root, text};
use support::server::{self, Server, json, response};
use support::workload::{KEYS, profile};

#[test]
fn mistakes_are_refused_before_anything_is_sent() {
    let unknown = "  - { name: keys, case: rfc0000/1/none }\n";
    let hook = "  - { name: keys, steps: [{ hook: rotate_keys }] }\n";
    let rows: [(&str, &str, &[&str], &str); 12] = [
        ("", KEYS, &["--users", "0"], "the number of users must be between 1 and 10000"),
        ("", KEYS, &["--users", "10000000"], "the number of users"),
        ("", KEYS, &["--rate", "0"], "the rate per second must be between"),
        ("", KEYS, &["--rate", "1000000000"], "but is 1000000000"),
        ("", KEYS, &["--rate", "NaN"], "the rate per second"),
        ("", KEYS, &["--duration", "100000"], "the duration in seconds"),
        ("", unknown, &[], "unknown case `rfc0000/1/none`"),
        ("", hook, &[], "under load a step cannot"),
        ("thresholds: [{ step: tokens, p99: 1 }]\n", KEYS, &[], "no step has that name"),
        ("rats: 5\n", KEYS, &[], "unknown field `rats`"),
        ("judge_every: 0\n", KEYS, &[], "judge_every"),
        ("", "  []\n", &[], "at least one operation"),
    ];
    for (index, (head, operations, more, wanted)) in rows.into_iter().enumerate() {
        let (_, profile) = profile(&format!("mistake_{index}"), head, operations);
        let arguments = ["load", "--profile", text(&profile)];
        let ended = authgauge(&[&arguments, more].concat());
        assert_eq!(ended.code, Some(2), "{wanted}: {}", ended.stderr);
        assert!(ended.stderr.contains(wanted), "{wanted}: {}", ended.stderr);
    }
    let ended = authgauge(&["load", "--profile", "none"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("machine_tokens"), "{}", ended.stderr);
}

#[test]
fn nobody_else_is_put_under_load_without_their_consent() {
    let (_, profile) = profile("hosts", "", KEYS);
    let ended = authgauge(&[
        "load",
        "--profile",
        text(&profile),
        "--provider",
        "stub",
        "--issuer",
        "https://idp.example",
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("--allow idp.example"), "{}", ended.stderr);
    // Its metadata may name another host than the issuer's.
    let elsewhere = Server::start(|_, origin| {
        let endpoint = "https://idp.example/token";
        json("200 OK", &serde_json::json!({ "issuer": origin, "token_endpoint": endpoint }))
    });
    let ended = authgauge(&[
        "load",
        "--profile",
        text(&profile),
        "--provider",
        "stub",
        "--issuer",
        &elsewhere.origin(),
    ]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("--allow idp.example"), "{}", ended.stderr);
}

#[test]
fn a_provider_that_is_not_there_or_cannot_prepare_is_said_to_be() {
    let (_, keys) = profile("absent", "", KEYS);
    let nobody = format!("http://{}", server::closed_port());
    let ended =
        authgauge(&["load", "--profile", text(&keys), "--provider", "stub", "--issuer", &nobody]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot be reached"), "{}", ended.stderr);
    let useless = Server::start(|asked, origin| match asked.path.as_str() {
        "/.well-known/openid-configuration" => json(
            "200 OK",
            &serde_json::json!({ "issuer": origin, "authorization_endpoint": format!("{origin}/a") }),
        ),
        _ => response("404 Not Found", &[], ""),
    });
    let operations =
        "  - { name: sign_in, prepare: [{ flow: sign_in }], steps: [{ flow: sign_in }] }\n";
    let (_, sign_in) = profile("unprepared", "users: 2\n", operations);
    let ended = authgauge(&[
        "load",
        "--profile",
        text(&sign_in),
        "--provider",
        "stub",
        "--issuer",
        &useless.origin(),
    ]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("not started: sign_in"), "{}", ended.stderr);
}

#[test]
fn too_few_descriptors_are_noticed_before_the_run() {
    let (_, profile) = profile("descriptors", "users: 500\n", KEYS);
    let program = env!("CARGO_BIN_EXE_authgauge");
    let script = format!("ulimit -n 200 && exec {program} load --profile {}", text(&profile));
    let mut shell = std::process::Command::new("sh");
    let ended = support::program::run(shell.args(["-c", &script]).current_dir(root()));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("open files") && ended.stderr.contains("ulimit"),
        "{}",
        ended.stderr
    );
}
