//! Signing up and replacing passwords, on the pages of the Cognito dialect and by its JSON API.

use authgauge_mocks::{Engine, Response};
use serde_json::{Value, json};

use crate::browser::*;
use crate::idp::{ALICE, Api, body, initiate, password};

const EVE: (&str, &str) = ("eve", "Eve-passw0rd!");
const NEW: &str = "An0ther-passw0rd!";

fn browser() -> Browser {
    let engine = Engine::new("cognito", &[], BASE).expect("an embedded dialect");
    Browser { engine, cookies: Vec::new() }
}

fn query() -> String {
    encode(&[
        ("client_id", "public"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

/// Submits the form of the page at an address and returns where it leads.
fn submit(browser: &mut Browser, address: &str, fields: &Form) -> String {
    let page = browser.get(address);
    assert_eq!(page.status, 200, "{}", text(&page));
    let answer = browser.submit(&page, fields);
    assert_eq!(answer.status, 302, "{}", text(&answer));
    location(&answer).expect("a redirect")
}

/// The message on the page that a form leads back to.
fn told(browser: &mut Browser, address: &str, fields: &Form) -> String {
    let page = browser.get(address);
    let answer = browser.submit(&page, fields);
    assert_eq!(answer.status, 200);
    let html = text(&answer);
    let (_, rest) = html.split_once("<p id=\"errorMessage\">").expect("a message");
    rest.split_once("</p>").expect("its end").0.to_owned()
}

fn codes(answer: &Response) -> Vec<Value> {
    body(answer)["codes"].as_array().expect("a list").clone()
}

/// The only code that waits.
fn code(browser: &mut Browser, about: &str) -> String {
    let codes = codes(&browser.get("/_stub/codes"));
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert_eq!(codes[0]["for"], about);
    member(&codes[0], "code")
}

fn log_in(browser: &mut Browser, (username, password): (&str, &str)) -> Response {
    let page = browser.get(&format!("/login?{}", query()));
    browser.submit(&page, &[("username", username), ("password", password)])
}

fn leads_to_a_code(answer: &Response) -> bool {
    location(answer).is_some_and(|to| to.starts_with(CALLBACK) && parameter(&to, "code").is_some())
}

#[test]
fn who_signs_up_on_the_page_and_confirms_can_log_in() {
    let mut browser = browser();
    let sign_up = format!("/signup?{}", query());
    let form = [("username", EVE.0), ("password", EVE.1)];
    let form = [&form[..], &[("requiredAttributes[email]", "eve@example.com")]].concat();
    let confirm = submit(&mut browser, &sign_up, &form);
    assert!(confirm.starts_with(&format!("{BASE}/confirm?")), "{confirm}");
    assert!(!leads_to_a_code(&log_in(&mut browser, EVE)), "the address is not confirmed");
    let code = code(&mut browser, "sign_up");
    let wrong = told(&mut browser, &confirm, &[("code", "none")]);
    assert_eq!(wrong, "Invalid verification code provided, please try again.");
    let login = submit(&mut browser, &confirm, &[("code", &code)]);
    assert_eq!(login, format!("{BASE}/login?{}", query()));
    assert!(leads_to_a_code(&log_in(&mut browser, EVE)));
    let api = Api { engine: browser.engine };
    let tokens = api.initiate("public", "USER_PASSWORD_AUTH", &password(EVE));
    let token = &tokens["AuthenticationResult"]["AccessToken"];
    let user = api.ok("GetUser", &json!({ "AccessToken": token }));
    let attributes = user["UserAttributes"].to_string();
    assert!(attributes.contains("eve@example.com") && !attributes.contains("\"name\""));
}

#[test]
fn the_sign_up_page_refuses_what_the_api_refuses() {
    let mut browser = browser();
    let sign_up = format!("/signup?{}", query());
    let taken = told(&mut browser, &sign_up, &[("username", "alice"), ("password", EVE.1)]);
    assert_eq!(taken, "User already exists");
    let weak = told(&mut browser, &sign_up, &[("username", "eve"), ("password", "short")]);
    assert_eq!(weak, "Password does not conform to policy: Password not long enough");
    assert_eq!(browser.get("/signup").status, 400, "without an authorization request");
    let forged = post("/signup", &[("username", "eve"), ("password", EVE.1)]);
    let forged = browser.send(authgauge_mocks::Request { query: query(), ..forged });
    assert_eq!(forged.status, 403);
    assert_eq!(codes(&browser.get("/_stub/codes")), [] as [Value; 0]);
}

#[test]
fn another_code_ends_the_first_one() {
    let mut browser = browser();
    let form = [("username", EVE.0), ("password", EVE.1)];
    let confirm = submit(&mut browser, &format!("/signup?{}", query()), &form);
    let first = code(&mut browser, "sign_up");
    let again = confirm.replace("/confirm?", "/resendcode?");
    assert_eq!(submit(&mut browser, &again, &[]), confirm);
    let second = code(&mut browser, "sign_up");
    if first != second {
        told(&mut browser, &confirm, &[("code", &first)]);
    }
    submit(&mut browser, &confirm, &[("code", &second)]);
}

#[test]
fn a_forgotten_password_is_replaced_on_the_pages() {
    let mut browser = browser();
    let forgot = format!("/forgotPassword?{}", query());
    let nobody = told(&mut browser, &forgot, &[("username", "nobody")]);
    assert_eq!(nobody, "User does not exist.");
    let confirm = submit(&mut browser, &forgot, &[("username", "alice")]);
    assert!(confirm.starts_with(&format!("{BASE}/confirmforgotPassword?")), "{confirm}");
    let code = code(&mut browser, "forgot_password");
    let login = submit(&mut browser, &confirm, &[("code", &code), ("password", NEW)]);
    assert_eq!(login, format!("{BASE}/login?{}", query()));
    assert!(!leads_to_a_code(&log_in(&mut browser, ALICE)));
    assert!(leads_to_a_code(&log_in(&mut browser, ("alice", NEW))));
}

#[test]
fn the_api_signs_up_and_confirms() {
    let api = Api::new();
    let attributes = json!([{ "Name": "email", "Value": "eve@example.com" }, { "Name": "custom:tenant", "Value": "red" }]);
    let sign_up = json!({ "ClientId": "public", "Username": EVE.0, "Password": EVE.1, "UserAttributes": attributes });
    let output = api.ok("SignUp", &sign_up);
    assert_eq!(output["UserConfirmed"], false);
    assert_eq!(output["CodeDeliveryDetails"]["Destination"], "e***@e***");
    assert_eq!(api.refused("SignUp", &sign_up).0, "UsernameExistsException");
    let signs_in = initiate("public", "USER_PASSWORD_AUTH", &password(EVE));
    assert_eq!(api.refused("InitiateAuth", &signs_in).0, "UserNotConfirmedException");
    let confirm =
        |code: &str| json!({ "ClientId": "public", "Username": EVE.0, "ConfirmationCode": code });
    assert_eq!(api.refused("ConfirmSignUp", &confirm("x")).0, "CodeMismatchException");
    let again = json!({ "ClientId": "public", "Username": EVE.0 });
    api.ok("ResendConfirmationCode", &again);
    let code = member(&codes(&api.get("/_stub/codes"))[0], "code");
    assert_eq!(api.ok("ConfirmSignUp", &confirm(&code)), json!({}));
    let message = "User cannot be confirmed. Current status is CONFIRMED";
    let twice = api.refused("ConfirmSignUp", &confirm(&code));
    assert_eq!(twice, ("NotAuthorizedException".into(), message.into()));
    let already = api.refused("ResendConfirmationCode", &again);
    assert_eq!(already, ("InvalidParameterException".into(), "User is already confirmed.".into()));
    let tokens = api.ok("InitiateAuth", &signs_in);
    let token = member(&tokens["AuthenticationResult"], "IdToken");
    let claims = crate::signature::claims(&token);
    assert_eq!((&claims["sub"], &claims["custom:tenant"]), (&output["UserSub"], &json!("red")));
}

#[test]
fn a_sign_up_is_refused_in_the_words_of_the_product() {
    let api = Api::new();
    let base = json!({ "ClientId": "public", "Username": "eve", "Password": EVE.1 });
    let rows = [
        ("Password", json!("short"), "InvalidPasswordException", "Password not long enough"),
        ("Username", json!("a b"), "InvalidParameterException", "regular expression pattern"),
        (
            "Username",
            json!("eve@example.com"),
            "InvalidParameterException",
            "cannot be of email format",
        ),
        ("Username", json!("bob"), "UsernameExistsException", "User already exists"),
        ("Username", Value::Null, "InvalidParameterException", "must not be null"),
        ("ClientId", json!("nobody"), "ResourceNotFoundException", "User pool client nobody"),
        (
            "ClientId",
            json!("confidential"),
            "NotAuthorizedException",
            "SECRET_HASH was not received",
        ),
        (
            "UserAttributes",
            json!([{ "Name": "sub", "Value": "x" }]),
            "InvalidParameterException",
            "did not conform to the schema",
        ),
    ];
    for (member, value, name, words) in rows {
        let mut input = base.clone();
        input[member] = value;
        let (refused, message) = api.refused("SignUp", &input);
        assert!(refused == name && message.contains(words), "{input}: {refused} {message}");
    }
}

#[test]
fn codes_expire_and_wear_out() {
    let api = Api::new();
    let forgot = json!({ "ClientId": "public", "Username": "alice" });
    let confirm = |code: &str| json!({ "ClientId": "public", "Username": "alice", "Password": NEW, "ConfirmationCode": code });
    let asked = |api: &Api| {
        api.ok("ForgotPassword", &forgot);
        member(&codes(&api.get("/_stub/codes"))[0], "code")
    };
    let code = asked(&api);
    for _ in 0..5 {
        assert_eq!(api.refused("ConfirmForgotPassword", &confirm("x")).0, "CodeMismatchException");
    }
    assert_eq!(api.refused("ConfirmForgotPassword", &confirm(&code)).0, "ExpiredCodeException");
    let code = asked(&api);
    api.advance(3_600);
    assert_eq!(codes(&api.get("/_stub/codes")), [] as [Value; 0]);
    assert_eq!(api.refused("ConfirmForgotPassword", &confirm(&code)).0, "ExpiredCodeException");
    let code = asked(&api);
    api.ok("ConfirmForgotPassword", &confirm(&code));
    assert_eq!(api.refused("ConfirmForgotPassword", &confirm(&code)).0, "ExpiredCodeException");
    api.initiate("public", "USER_PASSWORD_AUTH", &password(("alice", NEW)));
}

#[test]
fn who_may_ask_for_a_new_password() {
    let api = Api::new();
    let rows = [
        ("public", "nobody", "UserNotFoundException"),
        ("public", "erin", "NotAuthorizedException"),
        ("public", "dave", "InvalidParameterException"),
        ("public", "carol", "NotAuthorizedException"),
    ];
    for (client, username, name) in rows {
        let input = json!({ "ClientId": client, "Username": username });
        assert_eq!(api.refused("ForgotPassword", &input).0, name, "{username}");
    }
    let hidden = api.ok("ForgotPassword", &json!({ "ClientId": "discreet", "Username": "nobody" }));
    let known = api.ok("ForgotPassword", &json!({ "ClientId": "discreet", "Username": "frank" }));
    assert_eq!(crate::idp::members(&hidden), crate::idp::members(&known));
    let code = member(&codes(&api.get("/_stub/codes"))[0], "code");
    let confirm = json!({ "ClientId": "public", "Username": "frank", "Password": NEW, "ConfirmationCode": code });
    api.ok("ConfirmForgotPassword", &confirm);
    api.initiate("public", "USER_PASSWORD_AUTH", &password(("frank", NEW)));
}

#[test]
fn a_password_is_changed_by_whoever_knows_it() {
    let api = Api::new();
    let token = api.sign_in("public")["AccessToken"].clone();
    let change = |old: &str, new: &str| json!({ "AccessToken": token, "PreviousPassword": old, "ProposedPassword": new });
    let wrong = api.refused("ChangePassword", &change("wrong", NEW));
    assert_eq!(wrong, ("NotAuthorizedException".into(), "Incorrect username or password.".into()));
    let weak = api.refused("ChangePassword", &change(ALICE.1, "short"));
    assert_eq!(weak.0, "InvalidPasswordException");
    assert_eq!(api.ok("ChangePassword", &change(ALICE.1, NEW)), json!({}));
    api.ok("GetUser", &json!({ "AccessToken": token }));
    let old = initiate("public", "USER_PASSWORD_AUTH", &password(ALICE));
    assert_eq!(api.refused("InitiateAuth", &old).0, "NotAuthorizedException");
    api.initiate("public", "USER_PASSWORD_AUTH", &password(("alice", NEW)));
}

#[test]
fn administrators_are_answered_where_the_switch_is_on() {
    let flow = |flow: &str| {
        let mut input = initiate("public", flow, &password(ALICE));
        input["UserPoolId"] = crate::idp::POOL.into();
        input
    };
    let closed = Api::new().refused("AdminInitiateAuth", &flow("ADMIN_USER_PASSWORD_AUTH"));
    let missing = ("MissingAuthenticationTokenException", "Missing Authentication Token");
    assert_eq!(closed, (missing.0.to_owned(), missing.1.to_owned()));
    let config = "user_pool: { switches: { unsigned_admin_calls: true }, clients: { public: \
                  { explicit_auth_flows: [ALLOW_ADMIN_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH] } } }\n";
    let api = Api { engine: Engine::configured("cognito", config, BASE).expect("valid") };
    for name in ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"] {
        let output = api.ok("AdminInitiateAuth", &flow(name));
        assert!(output["AuthenticationResult"]["AccessToken"].is_string(), "{output}");
    }
    let (_, message) = api.refused("AdminInitiateAuth", &flow("USER_PASSWORD_AUTH"));
    assert_eq!(message, "Initiate Auth method not supported.");
    let mut elsewhere = flow("ADMIN_USER_PASSWORD_AUTH");
    elsewhere["UserPoolId"] = "us-east-1_Other".into();
    assert_eq!(api.refused("AdminInitiateAuth", &elsewhere).0, "ResourceNotFoundException");
    let closed = api.refused("InitiateAuth", &flow("ADMIN_USER_PASSWORD_AUTH"));
    assert_eq!(closed.1, "Initiate Auth method not supported.");
}
