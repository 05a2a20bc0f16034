//! Whatever arrives at the JSON API, the answer is not a server error, and no panic.

use serde_json::{Value, json};

use crate::hostile::{Bytes, assert_clean};
use crate::idp::{ALICE, Api, initiate, password, request, respond};

const OPERATIONS: [&str; 16] = [
    "InitiateAuth",
    "RespondToAuthChallenge",
    "GetTokensFromRefreshToken",
    "RevokeToken",
    "GlobalSignOut",
    "GetUser",
    "SignUp",
    "ConfirmSignUp",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "ChangePassword",
    "AssociateSoftwareToken",
    "VerifySoftwareToken",
    "SetUserMFAPreference",
    "AdminInitiateAuth",
    "Banana",
];

/// Good inputs of every operation, so that random bytes get past the first check.
fn inputs(api: &Api) -> Vec<String> {
    let tokens = api.sign_in("public");
    let carol = password(("carol", "Carol-temp0rary!"));
    let session = &api.initiate("public", "USER_PASSWORD_AUTH", &carol)["Session"];
    let srp = json!({ "USERNAME": "alice", "SRP_A": "abcdef" });
    let challenge = api.initiate("public", "USER_SRP_AUTH", &srp);
    let claim = json!({
        "USERNAME": "alice",
        "TIMESTAMP": "Sat Nov 21 02:18:05 UTC 2026",
        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
        "PASSWORD_CLAIM_SECRET_BLOCK": challenge["ChallengeParameters"]["SECRET_BLOCK"],
    });
    let new = json!({ "USERNAME": "carol", "NEW_PASSWORD": "Carol-0wn-passw0rd!" });
    let answer = json!({ "USERNAME": "alice", "ANSWER": "PASSWORD_SRP", "SRP_A": "2" });
    let token = &tokens["RefreshToken"];
    let account = json!({
        "ClientId": "public",
        "Username": "eve",
        "Password": "Eve-passw0rd!",
        "ConfirmationCode": "123456",
        "UserAttributes": [{ "Name": "email", "Value": "eve@example.com" }],
    });
    let own = json!({
        "AccessToken": tokens["AccessToken"],
        "PreviousPassword": ALICE.1,
        "ProposedPassword": ALICE.1,
        "UserCode": "123456",
        "SoftwareTokenMfaSettings": { "Enabled": true },
    });
    let inputs = [
        initiate("public", "USER_PASSWORD_AUTH", &password(ALICE)),
        initiate("public", "USER_SRP_AUTH", &srp),
        initiate("public", "USER_AUTH", &password(ALICE)),
        initiate("public", "REFRESH_TOKEN_AUTH", &json!({ "REFRESH_TOKEN": token })),
        respond("public", "PASSWORD_VERIFIER", &Value::Null, &claim),
        respond("public", "NEW_PASSWORD_REQUIRED", session, &new),
        respond("choice", "SELECT_CHALLENGE", session, &answer),
        json!({ "ClientId": "public", "RefreshToken": token, "Token": token }),
        account,
        own,
    ];
    inputs.iter().map(Value::to_string).collect()
}

fn mutated(bytes: &mut Bytes, good: &str) -> Vec<u8> {
    let mut raw = good.as_bytes().to_vec();
    for _ in 0..bytes.next() % 4 {
        let at = usize::try_from(bytes.next()).unwrap_or_default() % raw.len();
        let end = raw.len().min(at + usize::try_from(bytes.next() % 4).unwrap_or_default());
        // Printable noise keeps the JSON valid more often than not.
        let printable = bytes.next().is_multiple_of(2);
        let noise = bytes.take(5).into_iter();
        let noise: Vec<u8> =
            noise.map(|byte| if printable { b'0' + byte % 75 } else { byte }).collect();
        raw.splice(at..end, noise);
    }
    raw
}

#[test]
fn random_bytes_to_every_operation() {
    let api = Api::new();
    let inputs = inputs(&api);
    let mut bytes = Bytes(0x2545_f491_4f6c_dd1d);
    let mut answered = [0; 2];
    for round in 0..5_000 {
        let operation = OPERATIONS[round % OPERATIONS.len()];
        let good = &inputs[round / OPERATIONS.len() % inputs.len()];
        let body = if round % 10 == 0 { bytes.take(300) } else { mutated(&mut bytes, good) };
        let mut request = request(operation, body);
        if round % 50 == 0 {
            request.headers.push(("X-Amz-Target".into(), bytes.text()));
            request.headers.push(("Content-Type".into(), bytes.text()));
        }
        let response = api.engine.answer(&request);
        let shown = String::from_utf8_lossy(&request.body);
        assert!([200, 400].contains(&response.status), "{} for {shown}", response.status);
        assert_clean(&response.headers);
        let output: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(response.status == 400, output["__type"].is_string(), "{output}");
        answered[usize::from(response.status == 200)] += 1;
    }
    assert!(answered.iter().all(|count| *count > 10), "neither all good nor all bad: {answered:?}");
}

#[test]
fn odd_texts_where_texts_belong() {
    let api = Api::new();
    let odd =
        ["\0", "\r\nX-Injected: 1", "é\u{10ffff}", "💥", " ", &"a".repeat(5_000), "-1", "%00"];
    for text in odd {
        let parameters = json!({
            "USERNAME": text, "PASSWORD": text, "SRP_A": text, "REFRESH_TOKEN": text,
            "PREFERRED_CHALLENGE": text, "SECRET_HASH": text,
        });
        for flow in ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "REFRESH_TOKEN", text] {
            for client in ["discreet", "confidential", text] {
                let response = api.send("InitiateAuth", &initiate(client, flow, &parameters));
                assert_eq!(response.status, 400);
                assert_clean(&response.headers);
            }
        }
        for name in ["AccessToken", "Token", "RefreshToken"] {
            let input = json!({ "ClientId": "public", name: text });
            for operation in ["GetUser", "RevokeToken", "GetTokensFromRefreshToken"] {
                let status = api.send(operation, &input).status;
                assert!([200, 400].contains(&status), "{status} {input}");
            }
        }
    }
}
