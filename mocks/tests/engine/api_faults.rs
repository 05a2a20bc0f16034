//! Every fault of the JSON API changes the answer that it names, and no other.

use authgauge_mocks::{Engine, api_faults};
use serde_json::{Value, json};

use crate::browser::{BASE, member};
use crate::idp::{ALICE, Api, body, initiate, password, respond};
use crate::software_token::enrol;

/// A fault, something to ask, what is said without the fault, and what with it.
type Row = (&'static str, fn(&Api) -> String, &'static str, &'static str);

const TOKENS: &str = "tokens";

const ROWS: &[Row] = &[
    ("api_wrong_password_accepted", wrong_password, "NotAuthorizedException", TOKENS),
    ("api_password_verifier_unchecked", wrong_verifier, "NotAuthorizedException", TOKENS),
    ("api_secret_hash_unchecked", no_secret_hash, "NotAuthorizedException", TOKENS),
    ("api_disabled_flow_accepted", disabled_flow, "InvalidParameterException", TOKENS),
    ("api_unconfirmed_user_signs_in", unconfirmed, "UserNotConfirmedException", TOKENS),
    ("api_unknown_user_told", hidden_user, "NotAuthorizedException", "UserNotFoundException"),
    ("api_never_locks_out", after_many_failures, "NotAuthorizedException", TOKENS),
    ("api_mfa_skipped", with_app, "SOFTWARE_TOKEN_MFA", TOKENS),
    ("api_session_reusable", second_answer, "NotAuthorizedException", TOKENS),
    ("api_revoked_refresh_token_accepted", revoked_refresh, "NotAuthorizedException", TOKENS),
    ("api_rotated_refresh_token_accepted", rotated_refresh, "RefreshTokenReuseException", TOKENS),
    ("api_revoke_token_does_nothing", user_after_revocation, "NotAuthorizedException", "user"),
    ("api_global_sign_out_does_nothing", user_after_sign_out, "NotAuthorizedException", "user"),
    ("api_expired_access_token_accepted", user_after_expiry, "NotAuthorizedException", "user"),
    ("api_confirmation_code_unchecked", wrong_code, "CodeMismatchException", "done"),
    ("api_password_policy_unchecked", weak_password, "InvalidPasswordException", "done"),
];

/// What an answer is about, in a word.
fn word(api: &Api, operation: &str, input: &Value) -> String {
    let output = body(&api.send(operation, input));
    let text = |name: &str| output[name].as_str().map(str::to_owned);
    let tokens = || output["AuthenticationResult"].is_object().then(|| TOKENS.to_owned());
    let user = || output["Username"].is_string().then(|| "user".to_owned());
    let word = text("__type").or_else(|| text("ChallengeName")).or_else(tokens).or_else(user);
    word.unwrap_or_else(|| "done".into())
}

fn signs_in(api: &Api, client: &str, who: (&str, &str)) -> String {
    word(api, "InitiateAuth", &initiate(client, "USER_PASSWORD_AUTH", &password(who)))
}

fn wrong_password(api: &Api) -> String {
    signs_in(api, "public", ("alice", "wrong"))
}

fn wrong_verifier(api: &Api) -> String {
    let srp = json!({ "USERNAME": "alice", "SRP_A": "abcdef" });
    let challenge = api.initiate("srp_only", "USER_SRP_AUTH", &srp);
    let claim = json!({
        "USERNAME": "alice",
        "TIMESTAMP": "Sat Nov 21 02:18:05 UTC 2026",
        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
        "PASSWORD_CLAIM_SECRET_BLOCK": challenge["ChallengeParameters"]["SECRET_BLOCK"],
    });
    let answer = respond("srp_only", "PASSWORD_VERIFIER", &Value::Null, &claim);
    word(api, "RespondToAuthChallenge", &answer)
}

fn no_secret_hash(api: &Api) -> String {
    signs_in(api, "confidential", ALICE)
}

fn disabled_flow(api: &Api) -> String {
    signs_in(api, "srp_only", ALICE)
}

fn unconfirmed(api: &Api) -> String {
    signs_in(api, "public", ("dave", "Dave-passw0rd!"))
}

fn hidden_user(api: &Api) -> String {
    signs_in(api, "discreet", ("nobody", "x"))
}

/// The right password after wrong ones, which are sent where no fault takes them for right. The lock
/// doubles each time, so that it lasts some seconds in the end.
fn after_many_failures(api: &Api) -> String {
    let token = member(&api.sign_in("public"), "AccessToken");
    let new = "An0ther-passw0rd!";
    let change =
        json!({ "AccessToken": token, "PreviousPassword": "wrong", "ProposedPassword": new });
    for _ in 0..9 {
        api.advance(60);
        api.refused("ChangePassword", &change);
    }
    signs_in(api, "public", ALICE)
}

fn with_app(api: &Api) -> String {
    enrol(api);
    signs_in(api, "public", ALICE)
}

fn second_answer(api: &Api) -> String {
    let choice = api.initiate("choice", "USER_AUTH", &json!({ "USERNAME": "alice" }));
    let responses = json!({ "USERNAME": "alice", "ANSWER": "PASSWORD", "PASSWORD": ALICE.1 });
    let answer = respond("choice", "SELECT_CHALLENGE", &choice["Session"], &responses);
    api.ok("RespondToAuthChallenge", &answer);
    word(api, "RespondToAuthChallenge", &answer)
}

/// Ends by the hosted endpoint, which no fault of the API concerns.
fn revoked_refresh(api: &Api) -> String {
    let token = api.sign_in("public")["RefreshToken"].clone();
    let form = format!("token={}&client_id=public", token.as_str().expect("text"));
    let request = crate::browser::post("/oauth2/revoke", &[]);
    let request = authgauge_mocks::Request { body: form.into_bytes(), ..request };
    assert_eq!(api.engine.answer(&request).status, 200);
    let refresh = initiate("public", "REFRESH_TOKEN_AUTH", &json!({ "REFRESH_TOKEN": token }));
    word(api, "InitiateAuth", &refresh)
}

fn rotated_refresh(api: &Api) -> String {
    let token = api.sign_in("rotating")["RefreshToken"].clone();
    let refresh = json!({ "ClientId": "rotating", "RefreshToken": token });
    api.ok("GetTokensFromRefreshToken", &refresh);
    api.advance(11);
    word(api, "GetTokensFromRefreshToken", &refresh)
}

fn user_after_revocation(api: &Api) -> String {
    let tokens = api.sign_in("public");
    api.ok("RevokeToken", &json!({ "ClientId": "public", "Token": tokens["RefreshToken"] }));
    word(api, "GetUser", &json!({ "AccessToken": tokens["AccessToken"] }))
}

fn user_after_sign_out(api: &Api) -> String {
    let token = json!({ "AccessToken": api.sign_in("public")["AccessToken"] });
    api.ok("GlobalSignOut", &token);
    word(api, "GetUser", &token)
}

fn user_after_expiry(api: &Api) -> String {
    let token = json!({ "AccessToken": api.sign_in("public")["AccessToken"] });
    api.advance(3_601);
    word(api, "GetUser", &token)
}

fn wrong_code(api: &Api) -> String {
    let sign_up = json!({ "ClientId": "public", "Username": "eve", "Password": "Eve-passw0rd!" });
    api.ok("SignUp", &sign_up);
    let confirm = json!({ "ClientId": "public", "Username": "eve", "ConfirmationCode": "x" });
    word(api, "ConfirmSignUp", &confirm)
}

fn weak_password(api: &Api) -> String {
    let token = member(&api.sign_in("public"), "AccessToken");
    let change =
        json!({ "AccessToken": token, "PreviousPassword": ALICE.1, "ProposedPassword": "x" });
    word(api, "ChangePassword", &change)
}

fn api(faults: &[String]) -> Api {
    Api { engine: Engine::new("cognito", faults, BASE).expect("known names") }
}

#[test]
fn each_fault_has_a_row() {
    let names: Vec<String> = api_faults().into_iter().map(|row| row.name).collect();
    let rows: Vec<&str> = ROWS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, rows);
}

#[test]
fn without_a_fault_everything_is_as_it_should_be() {
    for (name, ask, right, _) in ROWS {
        assert_eq!(ask(&api(&[])), *right, "{name}");
    }
}

#[test]
fn a_fault_changes_one_answer_and_no_other() {
    for (fault, ..) in ROWS {
        for (name, ask, right, wrong) in ROWS {
            let expected = if name == fault { wrong } else { right };
            assert_eq!(ask(&api(&[(*fault).to_owned()])), *expected, "{fault}, asked {name}");
        }
    }
}
