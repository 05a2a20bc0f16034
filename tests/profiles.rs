//! Profiles: the same behaviour of a provider, judged as different specifications have it.

mod support;

use serde_json::Value;

use support::program::{Ended, authgauge, folder, text};

#[test]
fn the_strict_stub_is_green_in_every_profile() {
    for profile in ["oauth2", "bcp", "oauth21", "oidc"] {
        let ended = authgauge(&["run", "--profile", profile]);
        assert_eq!(ended.code, Some(0), "{profile}: {ended:#?}");
        let head = ended.stdout.lines().next().unwrap_or_default();
        assert!(head.contains(&format!(", profile {profile}, run ")), "{head}");
        assert!(ended.stdout.contains(" conforms: ") && ended.stdout.contains(", 0 fail"));
    }
}

#[test]
fn a_profile_decides_what_a_behaviour_counts_as() {
    const ROTATION: (&str, &str) = ("refresh_token_not_rotated", "rfc9700/2.2.2/rotation");
    const REDIRECT: (&str, &str) =
        ("redirect_uri_optional_at_exchange", "rfc6749/4.1.3/redirect-uri-missing");
    const PLAIN: (&str, &str) = ("plain_challenge_accepted", "rfc9700/2.1.1/no-plain-challenge");
    const QUERY: (&str, &str) = ("userinfo_accepts_query_tokens", "rfc9700/4.3.2/token-in-query");
    let rows = [
        (ROTATION, "bcp", "MUST", "fail", 1),
        (ROTATION, "oauth21", "MUST", "fail", 1),
        (ROTATION, "oauth2", "MAY", "fail", 0),
        (ROTATION, "oidc", "MAY", "fail", 0),
        (REDIRECT, "bcp", "MUST", "fail", 0),
        (REDIRECT, "oauth2", "MUST", "fail", 1),
        (REDIRECT, "oauth21", "MUST", "not_applicable", 0),
        (REDIRECT, "oidc", "MAY", "fail", 0),
        (PLAIN, "bcp", "SHOULD", "fail", 0),
        (PLAIN, "oauth2", "SHOULD", "not_applicable", 0),
        (QUERY, "bcp", "MUST NOT", "fail", 0),
        (QUERY, "oauth21", "MUST NOT", "fail", 1),
    ];
    for ((fault, requirement), profile, level, verdict, code) in rows {
        let arguments = ["run", requirement, "--fault", fault, "--profile", profile, "--json", "-"];
        let ended = authgauge(&arguments);
        let report = report(&ended);
        let findings = report["findings"].as_array().into_iter().flatten();
        let own: Vec<&Value> =
            findings.filter(|finding| finding["requirement"] == requirement).collect();
        assert!(!own.is_empty(), "{ended:#?}");
        for finding in own {
            assert_eq!(finding["level"], level, "{fault} {profile}");
            assert_eq!(finding["verdict"], verdict, "{fault} {profile}");
        }
        assert_eq!(ended.code, Some(code), "{fault} {profile}: {}", ended.stderr);
        assert_eq!(report["profile"], profile);
    }
}

#[test]
fn what_a_profile_leaves_out_says_why() {
    let ended = authgauge(&["run", "PKCE-12", "--profile", "oauth2"]);
    let reason = "not in the profile oauth2 (RFC 7636 §4.2): a client that cannot compute S256";
    assert!(ended.stdout.contains(reason), "{}", ended.stdout);
    let ended = authgauge(&["explain", "PKCE-12"]);
    assert!(ended.stdout.contains("In the profile oauth2: not judged, by RFC 7636 §4.2: "));
    let ended = authgauge(&["list", "--profiles"]);
    assert!(ended.stdout.starts_with("bcp (default): "), "{}", ended.stdout);
}

#[test]
fn the_provider_file_chooses_and_the_user_overrules() {
    let stub = std::fs::read_to_string("scenarios/providers/stub.yaml").expect("it ships");
    let file = folder("profile").join("provider.yaml");
    std::fs::write(&file, format!("{stub}profile: oauth21\n")).expect("the folder can be written");
    // Nothing listens there, and the provider file has been read by then.
    let issuer = format!("http://{}", support::server::closed_port());
    let arguments = ["run", "--provider", text(&file), "--issuer", &issuer];
    assert_eq!(authgauge(&arguments).code, Some(3));
    let unknown = authgauge(&[&arguments[..], &["--profile", "oauth3"]].concat());
    assert_eq!(unknown.code, Some(2));
    let message = "error: unknown profile `oauth3`, expected one of bcp, oauth2, oauth21, oidc\n";
    assert_eq!(unknown.stderr, message);
}

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {ended:#?}"))
}
