//! The JSON API of a user pool: what it refuses, and in which words.

use aws_lc_rs::hmac;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::idp::{ALICE, Api, body, initiate, password, request, respond};

const INVALID: &str = "InvalidParameterException";
const REFUSED: &str = "NotAuthorizedException";

fn secret_hash(username: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"confidential-secret-of-the-stub");
    STANDARD.encode(hmac::sign(&key, format!("{username}confidential").as_bytes()))
}

fn with_hash(username: &str, hash: &str) -> Value {
    json!({ "USERNAME": username, "PASSWORD": ALICE.1, "SECRET_HASH": hash })
}

#[test]
fn users_are_refused_in_the_words_of_the_product() {
    let flow = "USER_PASSWORD_AUTH";
    let incorrect = "Incorrect username or password.";
    let rows = [
        ("public", flow, password(("alice", "wrong")), REFUSED, incorrect),
        (
            "public",
            flow,
            password(("nobody", "x")),
            "UserNotFoundException",
            "User does not exist.",
        ),
        ("discreet", flow, password(("nobody", "x")), REFUSED, incorrect),
        ("public", flow, password(("erin", "Erin-passw0rd!")), REFUSED, "User is disabled."),
        (
            "public",
            flow,
            password(("dave", "Dave-passw0rd!")),
            "UserNotConfirmedException",
            "User is not confirmed.",
        ),
        (
            "public",
            flow,
            password(("dave", "wrong")),
            "UserNotConfirmedException",
            "User is not confirmed.",
        ),
        (
            "public",
            flow,
            password(("frank", "Frank-passw0rd!")),
            "PasswordResetRequiredException",
            "Password reset required for the user",
        ),
    ];
    check(rows.to_vec());
}

#[test]
fn clients_are_refused_in_the_words_of_the_product() {
    let right = password(ALICE);
    let hash = secret_hash("alice");
    let flow = "USER_PASSWORD_AUTH";
    let not_received =
        "Client confidential is configured with secret but SECRET_HASH was not received";
    let unverified = "Unable to verify secret hash for client confidential";
    let rows = [
        ("confidential", flow, right.clone(), REFUSED, not_received),
        ("confidential", flow, with_hash("alice", "AAAA"), REFUSED, unverified),
        ("confidential", flow, with_hash("bob", &hash), REFUSED, unverified),
        (
            "public",
            flow,
            with_hash("alice", &hash),
            REFUSED,
            "Unable to verify secret hash for client public",
        ),
        (
            "srp_only",
            flow,
            right.clone(),
            INVALID,
            "USER_PASSWORD_AUTH flow not enabled for this client",
        ),
        (
            "password_only",
            "USER_SRP_AUTH",
            json!({ "USERNAME": "alice", "SRP_A": "2" }),
            INVALID,
            "USER_SRP_AUTH flow not enabled for this client",
        ),
        (
            "srp_only",
            "USER_AUTH",
            right.clone(),
            INVALID,
            "USER_AUTH flow not enabled for this client",
        ),
        (
            "rotating",
            "REFRESH_TOKEN_AUTH",
            json!({ "REFRESH_TOKEN": "a.b.c.d.e" }),
            INVALID,
            "REFRESH_TOKEN_AUTH flow not enabled for this client",
        ),
        (
            "stranger",
            flow,
            right.clone(),
            "ResourceNotFoundException",
            "User pool client stranger does not exist.",
        ),
        (
            "public",
            "REFRESH_TOKEN_AUTH",
            json!({ "REFRESH_TOKEN": "x" }),
            REFUSED,
            "Invalid Refresh Token",
        ),
        (
            "public",
            flow,
            json!({ "USERNAME": "alice" }),
            INVALID,
            "Missing required parameter PASSWORD",
        ),
        ("public", flow, json!({}), INVALID, "Missing required parameter USERNAME"),
        (
            "public",
            "ADMIN_NO_SRP_AUTH",
            right.clone(),
            INVALID,
            "Initiate Auth method not supported.",
        ),
        ("public", "CUSTOM_AUTH", right, INVALID, "CUSTOM_AUTH flow not enabled for this client"),
    ];
    check(rows.to_vec());
}

/// Client, flow, parameters, exception and message.
type Row = (&'static str, &'static str, Value, &'static str, &'static str);

fn check(rows: Vec<Row>) {
    let api = Api::new();
    for (client, flow, parameters, name, message) in rows {
        let input = initiate(client, flow, &parameters);
        let refusal = api.refused("InitiateAuth", &input);
        assert_eq!(refusal, (name.into(), message.into()), "{input}");
    }
}

#[test]
fn members_that_break_the_model_are_validation_errors() {
    let api = Api::new();
    let rows = [
        ("InitiateAuth", json!({ "AuthFlow": "USER_AUTH" }), "'clientId'"),
        ("InitiateAuth", json!({ "ClientId": "public" }), "'authFlow'"),
        ("InitiateAuth", json!({ "ClientId": "public", "AuthFlow": "BANANA" }), "'authFlow'"),
        ("InitiateAuth", json!({ "ClientId": "a b", "AuthFlow": "USER_AUTH" }), "'clientId'"),
        ("RespondToAuthChallenge", json!({ "ClientId": "public" }), "'challengeName'"),
        ("GetUser", json!({}), "'accessToken'"),
        ("GetUser", json!({ "AccessToken": "white space" }), "'accessToken'"),
        ("GlobalSignOut", json!({ "AccessToken": null }), "'accessToken'"),
        ("RevokeToken", json!({ "ClientId": "public" }), "'token'"),
        ("GetTokensFromRefreshToken", json!({ "RefreshToken": "a" }), "'clientId'"),
    ];
    for (operation, input, member) in rows {
        let (name, message) = api.refused(operation, &input);
        assert_eq!(name, INVALID, "{input}");
        assert!(message.starts_with("1 validation error detected"), "{message}");
        assert!(message.contains(member), "{message}");
    }
}

#[test]
fn the_right_secret_hash_signs_in_and_refreshes() {
    let api = Api::new();
    let parameters = with_hash("alice", &secret_hash("alice"));
    let output = api.initiate("confidential", "USER_PASSWORD_AUTH", &parameters);
    let token = &output["AuthenticationResult"]["RefreshToken"];
    let refresh = |hash: Value| {
        let parameters = json!({ "REFRESH_TOKEN": token, "SECRET_HASH": hash });
        initiate("confidential", "REFRESH_TOKEN_AUTH", &parameters)
    };
    api.ok("InitiateAuth", &refresh(secret_hash("alice").into()));
    // The alias will do for the login, but the hash of a refresh is about the username.
    let alias = with_hash("alice@example.com", &secret_hash("alice@example.com"));
    api.initiate("confidential", "USER_PASSWORD_AUTH", &alias);
    let (_, message) =
        api.refused("InitiateAuth", &refresh(secret_hash("alice@example.com").into()));
    assert_eq!(message, "Unable to verify secret hash for client confidential");
    let (_, message) = api.refused("InitiateAuth", &refresh(Value::Null));
    assert!(message.contains("SECRET_HASH was not received"), "{message}");
    let input = json!({ "ClientId": "confidential", "RefreshToken": token });
    assert_eq!(api.refused("GetTokensFromRefreshToken", &input).0, REFUSED);
    let secret = "confidential-secret-of-the-stub";
    let input =
        json!({ "ClientId": "confidential", "RefreshToken": token, "ClientSecret": secret });
    api.ok("GetTokensFromRefreshToken", &input);
}

#[test]
fn access_tokens_are_refused_in_the_words_of_the_product() {
    let api = Api::new();
    let tokens = api.sign_in("public");
    let good = tokens["AccessToken"].as_str().expect("a token");
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON");
    claims["username"] = "bob".into();
    let forged = URL_SAFE_NO_PAD.encode(claims.to_string());
    let id_token = tokens["IdToken"].as_str().expect("a token");
    let rows = [
        ("garbage".to_owned(), "Invalid Access Token"),
        ("a.b.c".to_owned(), "Invalid Access Token"),
        (id_token.to_owned(), "Invalid Access Token"),
        (format!("{header}.{forged}.{signature}"), "Could not verify signature for Access Token"),
        (format!("{header}.{payload}."), "Could not verify signature for Access Token"),
    ];
    for (token, message) in rows {
        for operation in ["GetUser", "GlobalSignOut"] {
            let refusal = api.refused(operation, &json!({ "AccessToken": token }));
            assert_eq!(refusal, (REFUSED.into(), message.into()), "{token}");
        }
    }
    api.advance(3600);
    let refusal = api.refused("GetUser", &json!({ "AccessToken": good }));
    assert_eq!(refusal, (REFUSED.into(), "Access Token has expired".into()));
}

#[test]
fn only_the_clients_own_refresh_tokens_can_be_revoked() {
    let api = Api::new();
    let (own, other) = (api.sign_in("public"), api.sign_in("irrevocable"));
    let rows = [
        ("public", &own["AccessToken"], "UnsupportedTokenTypeException"),
        ("public", &other["RefreshToken"], "UnauthorizedException"),
        ("irrevocable", &other["RefreshToken"], "UnsupportedOperationException"),
        ("confidential", &own["RefreshToken"], "UnauthorizedException"),
        ("stranger", &own["RefreshToken"], "ResourceNotFoundException"),
    ];
    for (client, token, name) in rows {
        let input = json!({ "ClientId": client, "Token": token });
        assert_eq!(api.refused("RevokeToken", &input).0, name, "{client}");
    }
    let unknown = json!({ "ClientId": "public", "Token": "eyJ.a.b.c.d" });
    assert_eq!(api.ok("RevokeToken", &unknown), json!({}));
    let claims = crate::signature::claims(other["AccessToken"].as_str().expect("a token"));
    assert_eq!((&claims["jti"], &claims["origin_jti"]), (&Value::Null, &Value::Null));
}

#[test]
fn another_clients_refresh_token_is_unknown() {
    let api = Api::new();
    let token = &api.sign_in("public")["RefreshToken"];
    let input = json!({ "ClientId": "discreet", "RefreshToken": token });
    let refusal = api.refused("GetTokensFromRefreshToken", &input);
    assert_eq!(refusal, (REFUSED.into(), "Invalid Refresh Token".into()));
}

#[test]
fn wrong_passwords_lock_the_user_out_for_twice_as_long_each_time() {
    let api = Api::new();
    let wrong = initiate("public", "USER_PASSWORD_AUTH", &password(("alice", "wrong")));
    let right = initiate("public", "USER_PASSWORD_AUTH", &password(ALICE));
    let (incorrect, locked) = ("Incorrect username or password.", "Password attempts exceeded");
    // Half a minute cannot pass between two of these requests, so no lock ends by itself.
    for _ in 0..10 {
        api.advance(40);
        assert_eq!(api.refused("InitiateAuth", &wrong).1, incorrect);
    }
    assert_eq!(api.refused("InitiateAuth", &right).1, locked);
    // Attempts during the lock do not make it longer: the tenth locks for 32 seconds.
    assert_eq!(api.refused("InitiateAuth", &wrong).1, locked);
    let bob = password(("bob", "Bob-passw0rd!"));
    api.initiate("public", "USER_PASSWORD_AUTH", &bob);
    api.advance(33);
    api.ok("InitiateAuth", &right);
    // The login has ended the count.
    for _ in 0..4 {
        assert_eq!(api.refused("InitiateAuth", &wrong).1, incorrect);
    }
    api.ok("InitiateAuth", &right);
}

#[test]
fn sessions_are_refused_in_the_words_of_the_product() {
    let api = Api::new();
    let responses = json!({ "USERNAME": "carol", "NEW_PASSWORD": "Carol-0wn-passw0rd!" });
    let name = "NEW_PASSWORD_REQUIRED";
    let begin =
        |who| api.initiate("public", "USER_PASSWORD_AUTH", &password(who))["Session"].clone();
    let refused = |name: &str, session: &Value, responses: &Value| {
        api.refused("RespondToAuthChallenge", &respond("public", name, session, responses))
    };
    let carol = ("carol", "Carol-temp0rary!");
    let invalid = (REFUSED.to_owned(), "Invalid session for the user.".to_owned());
    assert_eq!(refused(name, &json!("A".repeat(40)), &responses), invalid);
    assert_eq!(refused("SMS_MFA", &begin(carol), &responses), invalid);
    assert_eq!(refused("PASSWORD", &begin(carol), &password(ALICE)), invalid);
    let (exception, message) = refused(name, &Value::Null, &responses);
    assert_eq!((&*exception, &*message), (INVALID, "Missing required parameter Session"));
    let session = begin(carol);
    let modified = json!({
        "USERNAME": "carol",
        "NEW_PASSWORD": "Carol-0wn-passw0rd!",
        "userAttributes.email": "mallory@example.com",
    });
    let (exception, message) = refused(name, &session, &modified);
    assert_eq!((&*exception, &*message), (INVALID, "Cannot modify an already provided email"));
    api.advance(180);
    let expired = "Invalid session for the user, session is expired.";
    assert_eq!(refused(name, &session, &responses).1, expired);
    assert_eq!(refused("BANANA", &session, &responses).0, INVALID);
}

#[test]
fn requests_that_are_not_the_protocols_are_refused_without_words() {
    let api = Api::new();
    let input =
        || initiate("public", "USER_PASSWORD_AUTH", &password(ALICE)).to_string().into_bytes();
    let unknown = "UnknownOperationException";
    let malformed = "SerializationException";
    let header = |name: &'static str, value: &str| {
        let mut request = request("InitiateAuth", input());
        request.headers.retain(|(known, _)| known != name);
        request.headers.push((name.into(), value.into()));
        request
    };
    let target = |operation: &str| format!("AWSCognitoIdentityProviderService.{operation}");
    let wide = json!({ "ClientId": 7, "AuthFlow": "USER_AUTH" }).to_string().into_bytes();
    let rows = [
        (header("Content-Type", "application/json"), unknown),
        (header("Content-Type", ""), unknown),
        (header("X-Amz-Target", &target("Banana")), unknown),
        (header("X-Amz-Target", &target("AdminDeleteUser")), unknown),
        (header("X-Amz-Target", "InitiateAuth"), unknown),
        (header("X-Amz-Target", ""), unknown),
        (request("InitiateAuth", Vec::new()), malformed),
        (request("InitiateAuth", b"{".to_vec()), malformed),
        (request("InitiateAuth", b"[]".to_vec()), malformed),
        (request("InitiateAuth", b"{\"ClientId\":\"\xff\"}".to_vec()), malformed),
        (request("InitiateAuth", "[".repeat(60_000).into_bytes()), malformed),
        (request("InitiateAuth", wide), malformed),
    ];
    for (request, name) in rows {
        let response = api.engine.answer(&request);
        assert_eq!(response.status, 400, "{request:?}");
        assert_eq!(body(&response), json!({ "__type": name }), "{request:?}");
    }
    let charset = header("Content-Type", "Application/X-Amz-Json-1.1; charset=utf-8");
    assert_eq!(api.engine.answer(&charset).status, 200);
    let huge = request("InitiateAuth", vec![b' '; 1 << 20]);
    assert_eq!(api.engine.answer(&huge).status, 413);
}
