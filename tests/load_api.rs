//! Sign-ins by a JSON API as a workload: by password and by Secure Remote Password.

mod support;

use std::path::PathBuf;

use serde_json::json;

use support::program::{Ended, authgauge, folder, root, text};
use support::server::{Server, json as answer};
use support::workload::{Stub, number, read, step};

const API: &str = r#"
login:
  api:
    do:
      - send:
          to: "BASE/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth, Content-Type: application/x-amz-json-1.1 }
          json: { AuthFlow: USER_PASSWORD_AUTH, ClientId: public, AuthParameters: { USERNAME: "${username}", PASSWORD: "${password}" } }
          keep: { access: { json: /AuthenticationResult/AccessToken } }
    tokens: { access_token: "${access}", token_type: Bearer }
"#;

const SRP: &str = r#"
login:
  api:
    do:
      - send:
          to: "BASE/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth, Content-Type: application/x-amz-json-1.1 }
          json: { AuthFlow: USER_SRP_AUTH, ClientId: public, AuthParameters: { USERNAME: "${username}", SRP_A: "${srp_a}" } }
          keep: { salt: { json: /ChallengeParameters/SALT }, b: { json: /ChallengeParameters/SRP_B }, block: { json: /ChallengeParameters/SECRET_BLOCK }, id_for_srp: { json: /ChallengeParameters/USER_ID_FOR_SRP } }
      - srp: { pool: Example01, user: "${id_for_srp}", salt: "${salt}", b: "${b}", secret_block: "${block}" }
      - send:
          to: "BASE/"
          headers: { X-Amz-Target: AWSCognitoIdentityProviderService.RespondToAuthChallenge, Content-Type: application/x-amz-json-1.1 }
          json: { ClientId: public, ChallengeName: PASSWORD_VERIFIER, ChallengeResponses: { USERNAME: "${id_for_srp}", PASSWORD_CLAIM_SIGNATURE: "${srp_signature}", PASSWORD_CLAIM_SECRET_BLOCK: "${block}", TIMESTAMP: "${srp_timestamp}" } }
          keep: { access: { json: /AuthenticationResult/AccessToken } }
    tokens: { access_token: "${access}", token_type: Bearer }
"#;

/// The patience of the bundled profile is for quiet machines.
fn run(stub: &Stub, name: &str, login: &str) -> (PathBuf, Ended) {
    let folder = folder(name);
    let source = include_str!("../scenarios/providers/stub-cognito.yaml");
    let (provider, profile) = (folder.join("provider.yaml"), folder.join("profile.yaml"));
    let login = login.replace("BASE", &stub.base);
    std::fs::write(&provider, format!("{source}{login}")).expect("the folder can be written");
    let bundled = std::fs::read_to_string(root().join("scenarios/load/api_sign_ins.yaml"));
    let patient = "validity: { lag: 2000, sent: 0.5, processor: 1 }\n";
    std::fs::write(&profile, bundled.expect("it is there") + patient).expect("it can be written");
    let out = folder.join("summary.json");
    let ended = authgauge(&[
        "load",
        "--profile",
        text(&profile),
        "--provider",
        text(&provider),
        "--issuer",
        &stub.issuer(),
        "--rate",
        "10",
        "--duration",
        "2",
        "--users",
        "8",
        "--json",
        text(&out),
    ]);
    (out, ended)
}

#[test]
fn an_api_signs_users_in_by_password_and_by_proof() {
    for (name, login, requests) in [("load_api", API, 20), ("load_srp", SRP, 40)] {
        let stub = Stub::start(&["cognito"]);
        let (out, ended) = run(&stub, name, login);
        assert!(matches!(ended.code, Some(0 | 4)), "{name}: {}{}", ended.stdout, ended.stderr);
        let summary = read(&out);
        assert_eq!(step(&summary, "sign_in")["counts"]["ok"], 20, "{name}: {}", ended.stdout);
        assert_eq!(summary["load"]["requests"], requests, "{name}");
    }
}

#[test]
fn a_quota_of_the_api_is_throttling_and_a_wrong_password_is_wrong() {
    let stub = Stub::start(&["cognito"]);
    let exceeded = json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" });
    let full = Server::start(move |_, _| answer("400 Bad Request", &exceeded));
    let (out, ended) = run(&stub, "load_api_quota", &API.replace("BASE", &full.origin()));
    let summary = read(&out);
    let counts = &step(&summary, "sign_in")["counts"];
    assert_eq!(
        (&counts["throttled"], &counts["wrong"]),
        (&20.into(), &0.into()),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("status 400 TooManyRequestsException"), "{}", ended.stdout);
    let wrong = API.replace("${password}", "not-it");
    let (out, ended) = run(&stub, "load_api_wrong", &wrong);
    let summary = read(&out);
    let counts = &step(&summary, "sign_in")["counts"];
    assert!(number(&counts["wrong"]) >= 10.0 && counts["ok"] == 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("login refused"), "{}", ended.stdout);
}
