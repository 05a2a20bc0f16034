//! The JSON API of a user pool: what goes well.

use authgauge_mocks::{Engine, Request, Response};
use serde_json::{Value, json};

use crate::browser::{self, BASE, header};
use crate::signature::{claims, kid, verifies};

pub const POOL: &str = "us-east-1_Example01";
pub const ALICE: (&str, &str) = ("alice", "Alice-passw0rd!");
pub const CAROL: (&str, &str) = ("carol", "Carol-temp0rary!");

/// A client of the API.
pub struct Api {
    pub engine: Engine,
}

impl Api {
    pub fn new() -> Api {
        Api { engine: Engine::new("cognito", &[], BASE).expect("an embedded dialect") }
    }

    pub fn send(&self, operation: &str, input: &Value) -> Response {
        self.engine.answer(&request(operation, input.to_string().into_bytes()))
    }

    /// The output of an operation that must go well.
    pub fn ok(&self, operation: &str, input: &Value) -> Value {
        let response = self.send(operation, input);
        let output = body(&response);
        assert_eq!(response.status, 200, "{operation} {input}: {output}");
        output
    }

    /// Name and message of the exception that an operation must answer with.
    pub fn refused(&self, operation: &str, input: &Value) -> (String, String) {
        let response = self.send(operation, input);
        let output = body(&response);
        assert_eq!(response.status, 400, "{operation} {input}: {output}");
        let text = |name: &str| output[name].as_str().unwrap_or_default().to_owned();
        (text("__type"), text("message"))
    }

    pub fn initiate(&self, client: &str, flow: &str, parameters: &Value) -> Value {
        self.ok("InitiateAuth", &initiate(client, flow, parameters))
    }

    /// The tokens of alice.
    pub fn sign_in(&self, client: &str) -> Value {
        let output = self.initiate(client, "USER_PASSWORD_AUTH", &password(ALICE));
        output["AuthenticationResult"].clone()
    }

    pub fn get(&self, path: &str) -> Response {
        let request = Request { method: "GET".into(), path: path.into(), ..Request::default() };
        self.engine.answer(&request)
    }

    pub fn keys(&self) -> Vec<Value> {
        let keys = body(&self.get(&format!("/{POOL}/.well-known/jwks.json")));
        keys["keys"].as_array().expect("a key set").clone()
    }

    pub fn advance(&self, seconds: u64) {
        let body = json!({ "advance": seconds }).to_string().into_bytes();
        let path = "/_stub/clock".to_owned();
        let request = Request { method: "POST".into(), path, body, ..Request::default() };
        assert_eq!(self.engine.answer(&request).status, 200);
    }
}

/// The body of a response.
pub fn body(response: &Response) -> Value {
    browser::json(response).1
}

pub fn request(operation: &str, body: Vec<u8>) -> Request {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
    Request {
        method: "POST".into(),
        path: "/".into(),
        headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
        body,
        ..Request::default()
    }
}

pub fn initiate(client: &str, flow: &str, parameters: &Value) -> Value {
    json!({ "ClientId": client, "AuthFlow": flow, "AuthParameters": parameters })
}

pub fn respond(client: &str, name: &str, session: &Value, responses: &Value) -> Value {
    json!({
        "ClientId": client,
        "ChallengeName": name,
        "Session": session,
        "ChallengeResponses": responses,
    })
}

pub fn password((username, password): (&str, &str)) -> Value {
    json!({ "USERNAME": username, "PASSWORD": password })
}

pub fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn tokens_have_the_claims_of_the_product() {
    let api = Api::new();
    let tokens = api.sign_in("public");
    assert_eq!(tokens["TokenType"], "Bearer");
    assert_eq!(tokens["ExpiresIn"], 3600);
    let (access, id) = (tokens["AccessToken"].as_str(), tokens["IdToken"].as_str());
    let (access, id) = (access.expect("a token"), id.expect("a token"));
    let keys = api.keys();
    assert!(verifies(&keys, access) && verifies(&keys, id));
    assert_ne!(kid(access), kid(id), "each kind has its own key");
    assert_eq!(keys.len(), 2);
    for key in &keys {
        let kid = key["kid"].as_str().expect("a name");
        assert!(kid.len() == 44 && kid.ends_with('='), "{kid}");
    }
    let (access, id) = (claims(access), claims(id));
    let expected = [
        "auth_time",
        "client_id",
        "cognito:groups",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
    ];
    assert_eq!(members(&access), expected);
    let expected = [
        "aud",
        "auth_time",
        "cognito:groups",
        "cognito:username",
        "custom:tenant",
        "email",
        "email_verified",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "locale",
        "name",
        "origin_jti",
        "sub",
        "token_use",
    ];
    assert_eq!(members(&id), expected);
    for name in ["sub", "iss", "origin_jti", "auth_time", "cognito:groups"] {
        assert_eq!(access[name], id[name], "{name}");
    }
    assert_ne!(access["jti"], id["jti"]);
    assert_eq!(access["iss"], format!("{BASE}/{POOL}"));
    assert_eq!(access["scope"], "aws.cognito.signin.user.admin");
    assert_eq!((&access["token_use"], &id["token_use"]), (&json!("access"), &json!("id")));
    assert_eq!((&access["client_id"], &id["aud"]), (&json!("public"), &json!("public")));
    assert_eq!((&access["username"], &id["cognito:username"]), (&json!("alice"), &json!("alice")));
    assert_eq!(id["email_verified"], true);
    assert_eq!(access["cognito:groups"], json!(["admin", "readers"]));
}

#[test]
fn a_refresh_token_is_opaque_and_has_five_parts() {
    let tokens = Api::new().sign_in("public");
    let token = tokens["RefreshToken"].as_str().expect("a token");
    assert_eq!(token.split('.').count(), 5);
}

#[test]
fn discovery_names_the_issuer_and_its_keys() {
    let api = Api::new();
    let document = body(&api.get(&format!("/{POOL}/.well-known/openid-configuration")));
    assert_eq!(document["issuer"], format!("{BASE}/{POOL}"));
    assert_eq!(document["jwks_uri"], format!("{BASE}/{POOL}/.well-known/jwks.json"));
    assert_eq!(document["token_endpoint"], format!("{BASE}/oauth2/token"));
    assert_eq!(api.get("/.well-known/openid-configuration").status, 404);
}

#[test]
fn answers_have_the_headers_of_the_protocol() {
    let api = Api::new();
    let good =
        api.send("InitiateAuth", &initiate("public", "USER_PASSWORD_AUTH", &password(ALICE)));
    assert_eq!(header(&good, "Content-Type").as_deref(), Some("application/x-amz-json-1.1"));
    assert_eq!(header(&good, "x-amzn-RequestId").map(|id| id.len()), Some(36));
    let wrong = initiate("public", "USER_PASSWORD_AUTH", &password(("alice", "wrong")));
    let bad = api.send("InitiateAuth", &wrong);
    assert_eq!(header(&bad, "x-amzn-ErrorType").as_deref(), Some("NotAuthorizedException:"));
    let message = "Incorrect username or password.";
    assert_eq!(header(&bad, "x-amzn-ErrorMessage").as_deref(), Some(message));
    assert_eq!(body(&bad), json!({ "__type": "NotAuthorizedException", "message": message }));
    assert_eq!(header(&bad, "Access-Control-Allow-Origin").as_deref(), Some("*"));
}

#[test]
fn a_browser_may_ask_before_it_posts() {
    let request = Request { method: "OPTIONS".into(), path: "/".into(), ..Request::default() };
    let response = Api::new().engine.answer(&request);
    assert_eq!(response.status, 200);
    assert_eq!(header(&response, "Access-Control-Allow-Headers").as_deref(), Some("*"));
    assert_eq!(Api::new().get("/").status, 405);
}

#[test]
fn an_email_address_will_do_as_a_username() {
    let parameters = password(("Alice@example.com", ALICE.1));
    let output = Api::new().initiate("public", "USER_PASSWORD_AUTH", &parameters);
    let token = output["AuthenticationResult"]["AccessToken"].as_str().expect("a token").to_owned();
    assert_eq!(claims(&token)["username"], "alice");
}

#[test]
fn refreshing_keeps_the_origin_and_the_time_of_the_login() {
    let api = Api::new();
    let first = api.sign_in("public");
    api.advance(100);
    for flow in ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"] {
        let parameters = json!({ "REFRESH_TOKEN": first["RefreshToken"], "DEVICE_KEY": null });
        let output = api.initiate("public", flow, &parameters);
        let second = &output["AuthenticationResult"];
        assert_eq!(members(second), ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]);
        let old = claims(first["AccessToken"].as_str().expect("a token"));
        let new = claims(second["AccessToken"].as_str().expect("a token"));
        for name in ["sub", "auth_time", "origin_jti"] {
            assert_eq!(old[name], new[name], "{name}");
        }
        assert!(old["iat"].as_u64() < new["iat"].as_u64() && old["jti"] != new["jti"]);
    }
}

#[test]
fn without_rotation_a_refresh_token_stays() {
    let api = Api::new();
    let tokens = api.sign_in("public");
    let input = json!({ "ClientId": "public", "RefreshToken": tokens["RefreshToken"] });
    for _ in 0..2 {
        let output = api.ok("GetTokensFromRefreshToken", &input);
        assert_eq!(output["AuthenticationResult"]["RefreshToken"], Value::Null);
        assert!(output["AuthenticationResult"]["IdToken"].is_string());
    }
}

#[test]
fn a_rotated_refresh_token_works_during_its_grace_period_only() {
    let api = Api::new();
    let first = &api.sign_in("rotating")["RefreshToken"];
    let refresh = |token: &Value| json!({ "ClientId": "rotating", "RefreshToken": token });
    let output = api.ok("GetTokensFromRefreshToken", &refresh(first));
    let second = output["AuthenticationResult"]["RefreshToken"].clone();
    assert!(second.is_string() && second != *first);
    api.advance(9);
    api.ok("GetTokensFromRefreshToken", &refresh(first));
    api.advance(2);
    let (name, _) = api.refused("GetTokensFromRefreshToken", &refresh(first));
    assert_eq!(name, "RefreshTokenReuseException");
    // The product documents no revocation of the family.
    api.ok("GetTokensFromRefreshToken", &refresh(&second));
    // The successor lives no longer than the original would have.
    let third = {
        let output = api.ok("GetTokensFromRefreshToken", &refresh(&second));
        output["AuthenticationResult"]["RefreshToken"].clone()
    };
    api.advance(30 * 86_400 - 11);
    let refusal = api.refused("GetTokensFromRefreshToken", &refresh(&third));
    assert_eq!(refusal, ("NotAuthorizedException".into(), "Refresh Token has expired".into()));
}

#[test]
fn get_user_has_the_attributes_as_text() {
    let api = Api::new();
    let tokens = api.sign_in("public");
    let user = api.ok("GetUser", &json!({ "AccessToken": tokens["AccessToken"] }));
    assert_eq!(user["Username"], "alice");
    let attributes = user["UserAttributes"].as_array().expect("a list");
    let value = |name: &str| {
        attributes.iter().find(|attribute| attribute["Name"] == name).map(|it| &it["Value"])
    };
    assert_eq!(attributes[0]["Name"], "sub");
    assert_eq!(value("email_verified"), Some(&json!("true")));
    assert_eq!(value("custom:tenant"), Some(&json!("blue")));
}

#[test]
fn revoking_a_refresh_token_ends_its_access_tokens_and_no_others() {
    let api = Api::new();
    let (dead, alive) = (api.sign_in("public"), api.sign_in("public"));
    let input = json!({ "ClientId": "public", "Token": dead["RefreshToken"] });
    assert_eq!(api.ok("RevokeToken", &input), json!({}));
    assert_eq!(api.ok("RevokeToken", &input), json!({}));
    let get_user = |tokens: &Value| json!({ "AccessToken": tokens["AccessToken"] });
    let (_, message) = api.refused("GetUser", &get_user(&dead));
    assert_eq!(message, "Access Token has been revoked");
    let parameters = json!({ "REFRESH_TOKEN": dead["RefreshToken"] });
    let refresh = initiate("public", "REFRESH_TOKEN_AUTH", &parameters);
    let (_, message) = api.refused("InitiateAuth", &refresh);
    assert_eq!(message, "Refresh Token has been revoked");
    api.ok("GetUser", &get_user(&alive));
}

#[test]
fn a_global_sign_out_ends_everything_of_one_user() {
    let api = Api::new();
    let (first, second) = (api.sign_in("public"), api.sign_in("discreet"));
    let bob = password(("bob", "Bob-passw0rd!"));
    let bob = api.initiate("public", "USER_PASSWORD_AUTH", &bob);
    assert_eq!(api.ok("GlobalSignOut", &json!({ "AccessToken": first["AccessToken"] })), json!({}));
    for tokens in [&first, &second] {
        let (_, message) = api.refused("GetUser", &json!({ "AccessToken": tokens["AccessToken"] }));
        assert_eq!(message, "Access Token has been revoked");
    }
    let input = json!({ "ClientId": "discreet", "RefreshToken": second["RefreshToken"] });
    let (_, message) = api.refused("GetTokensFromRefreshToken", &input);
    assert_eq!(message, "Refresh Token has been revoked");
    let token = &bob["AuthenticationResult"]["AccessToken"];
    api.ok("GetUser", &json!({ "AccessToken": token }));
    api.ok("GetUser", &json!({ "AccessToken": api.sign_in("public")["AccessToken"] }));
}

#[test]
fn a_temporary_password_must_be_replaced() {
    let api = Api::new();
    let challenge = api.initiate("public", "USER_PASSWORD_AUTH", &password(CAROL));
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let parameters = &challenge["ChallengeParameters"];
    assert_eq!(parameters["USER_ID_FOR_SRP"], "carol");
    assert_eq!(parameters["requiredAttributes"], "[]");
    let attributes = parameters["userAttributes"].as_str().expect("JSON in a text");
    let attributes: Value = serde_json::from_str(attributes).expect("JSON");
    assert_eq!(attributes["email"], "carol@example.com");
    let session = &challenge["Session"];
    let answer = |new: &str| {
        let responses =
            json!({ "USERNAME": "carol", "NEW_PASSWORD": new, "userAttributes.zoneinfo": "CET" });
        respond("public", "NEW_PASSWORD_REQUIRED", session, &responses)
    };
    let refusal = api.refused("RespondToAuthChallenge", &answer("short"));
    let message = "Password does not conform to policy: Password not long enough";
    assert_eq!(refusal, ("InvalidPasswordException".into(), message.into()));
    let output = api.ok("RespondToAuthChallenge", &answer("Carol-0wn-passw0rd!"));
    let id_token = output["AuthenticationResult"]["IdToken"].as_str().expect("a token").to_owned();
    assert_eq!(claims(&id_token)["zoneinfo"], "CET");
    let old = initiate("public", "USER_PASSWORD_AUTH", &password(CAROL));
    assert_eq!(api.refused("InitiateAuth", &old).0, "NotAuthorizedException");
    let new = password(("carol", "Carol-0wn-passw0rd!"));
    let output = api.initiate("public", "USER_PASSWORD_AUTH", &new);
    assert!(output["AuthenticationResult"]["AccessToken"].is_string());
}

#[test]
fn a_choice_of_challenges_leads_to_the_password() {
    let api = Api::new();
    let username = json!({ "USERNAME": "alice" });
    let choice = api.initiate("choice", "USER_AUTH", &username);
    assert_eq!(choice["ChallengeName"], "SELECT_CHALLENGE");
    assert_eq!(choice["AvailableChallenges"], json!(["PASSWORD_SRP", "PASSWORD"]));
    let at_once = json!({ "USERNAME": "alice", "ANSWER": "PASSWORD", "PASSWORD": ALICE.1 });
    let input = respond("choice", "SELECT_CHALLENGE", &choice["Session"], &at_once);
    let output = api.ok("RespondToAuthChallenge", &input);
    assert!(output["AuthenticationResult"]["AccessToken"].is_string());
    // A session is good for one answer.
    assert_eq!(api.refused("RespondToAuthChallenge", &input).1, "Invalid session for the user.");
}

#[test]
fn a_preferred_challenge_is_put_at_once() {
    let api = Api::new();
    let mut preferred = json!({ "USERNAME": "alice", "PREFERRED_CHALLENGE": "PASSWORD" });
    let challenge = api.initiate("choice", "USER_AUTH", &preferred);
    assert_eq!(challenge["ChallengeName"], "PASSWORD");
    let input = respond("choice", "PASSWORD", &challenge["Session"], &password(ALICE));
    let output = api.ok("RespondToAuthChallenge", &input);
    assert!(output["AuthenticationResult"]["IdToken"].is_string());
    preferred["PASSWORD"] = ALICE.1.into();
    let output = api.initiate("choice", "USER_AUTH", &preferred);
    assert!(output["AuthenticationResult"]["RefreshToken"].is_string());
}

#[test]
fn the_tokens_of_one_answer_stem_from_one_event() {
    let api = Api::new();
    let event = |tokens: &Value, name: &str| {
        claims(tokens[name].as_str().expect("a token"))["event_id"].clone()
    };
    let (first, second) = (api.sign_in("public"), api.sign_in("public"));
    assert_eq!(event(&first, "AccessToken"), event(&first, "IdToken"));
    assert_ne!(event(&first, "AccessToken"), event(&second, "AccessToken"));
}

#[test]
fn quotas_are_for_operations_categories_and_all_and_are_counted() {
    let control = |api: &Api, quotas: &str| {
        let request = browser::post("/_stub/quota", &[]);
        let answer = api.engine.answer(&Request { body: quotas.into(), ..request });
        assert_eq!(answer.status, 200, "{quotas}");
    };
    let wrong = initiate("public", "USER_PASSWORD_AUTH", &password(("bob", "wrong")));
    for name in ["InitiateAuth", "UserAuthentication", "all"] {
        let api = Api::new();
        control(&api, &json!({ name: 0.001 }).to_string());
        assert_eq!(api.refused("InitiateAuth", &wrong).0, "NotAuthorizedException");
        let refusal = api.refused("InitiateAuth", &wrong);
        assert_eq!(refusal, ("TooManyRequestsException".into(), "Rate exceeded".into()), "{name}");
        let other = api.refused("GetUser", &json!({ "AccessToken": "x" })).0;
        let spared =
            if name == "all" { "TooManyRequestsException" } else { "NotAuthorizedException" };
        assert_eq!(other, spared, "{name}");
        let counters = body(&api.get("/_stub/counters"));
        assert_eq!(counters["requests"]["InitiateAuth"], 2, "{counters}");
        assert_eq!(counters["limited"]["InitiateAuth"], 1, "{counters}");
    }
    let config = "user_pool: { quotas: { UserRead: 0.001 } }\n";
    let api = Api { engine: Engine::configured("cognito", config, BASE).expect("valid") };
    let names = [(); 2].map(|()| api.refused("GetUser", &json!({ "AccessToken": "x" })).0);
    assert_eq!(names, ["NotAuthorizedException", "TooManyRequestsException"]);
    let none = "user_pool: { quotas: { UserRead: 0 } }\n";
    assert!(Engine::configured("cognito", none, BASE).is_err(), "no rate at all");
}
