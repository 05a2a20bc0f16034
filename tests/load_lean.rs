//! The lean transport does what the standard one does, at less cost.

mod support;

use support::program::{command, run, text};
use support::workload::{Stub, TOKEN, number, profile, read};

const HEAD: &str =
    "rate: 50\nduration: 2\nusers: 8\nthresholds: [{ step: token, error_rate: 0, achieved: 1 }]\n";
const LEAN: [&str; 3] = ["--transport", "lean", "--json"];

#[test]
fn what_it_counts_is_what_the_stub_counts() {
    let stub = Stub::start(&[]);
    let (folder, profile) = profile("lean", HEAD, TOKEN);
    let json = folder.join("summary.json");
    let ended = stub.load(&profile, &[&LEAN[..], &[text(&json)]].concat());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let summary = read(&json);
    assert_eq!(summary["generator"]["transport"], "lean");
    let counted = number(&summary["load"]["requests"]);
    assert!((counted - 100.0).abs() < 0.5, "{counted}");
    let counters = stub.control("counters", None);
    assert_eq!(counters["requests"]["token"], 100, "{counters}");
}

#[test]
fn it_trusts_what_the_system_trusts_and_nothing_else() {
    let (folder, profile) = profile("lean_tls", HEAD, TOKEN);
    let ca = folder.join("ca.pem");
    let stub = Stub::start(&["--tls", "--ca-file", text(&ca)]);
    for (trusted, code, words) in [(true, 0, ""), (false, 3, "certificate")] {
        let mut lean = command(stub.arguments(&profile, &["--transport", "lean"]));
        lean.env_remove("SSL_CERT_FILE");
        if trusted {
            lean.env("SSL_CERT_FILE", &ca);
        }
        let ended = run(&mut lean);
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_proxy_is_not_gone_around() {
    let stub = Stub::start(&[]);
    let (_, profile) = profile("lean_proxy", HEAD, TOKEN);
    let mut through = command(stub.arguments(&profile, &["--transport", "lean"]));
    let ended = run(through.env("http_proxy", "http://127.0.0.1:9").env_remove("no_proxy"));
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("http://127.0.0.1:9 is between"), "{}", ended.stderr);
}
