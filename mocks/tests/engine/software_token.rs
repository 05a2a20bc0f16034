//! Authenticator apps as a second factor.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::browser::member;
use crate::idp::{ALICE, Api, password, respond};

/// The code that an app would show now, written without a look at the stub's own code.
pub fn code(secret: &str, ahead: u64) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let five = |letter| format!("{:05b}", ALPHABET.find(letter).expect("base32"));
    let bits = secret.chars().map(five).collect::<Vec<_>>().concat();
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("eight bits"))
        .collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let step = (now.expect("after 1970").as_secs() + ahead) / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] % 16);
    let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().expect("four");
    format!("{:06}", u32::from_be_bytes(four) % (1 << 31) % 1_000_000)
}

/// Gives alice an app and returns its secret.
pub fn enrol(api: &Api) -> String {
    let token = api.sign_in("public")["AccessToken"].clone();
    let with = |mut input: Value| {
        input["AccessToken"] = token.clone();
        input
    };
    let secret = member(&api.ok("AssociateSoftwareToken", &with(json!({}))), "SecretCode");
    let early = with(json!({ "SoftwareTokenMfaSettings": { "Enabled": true } }));
    assert_eq!(api.refused("SetUserMFAPreference", &early).0, "InvalidParameterException");
    let wrong = with(json!({ "UserCode": "no code" }));
    let wrong = api.refused("VerifySoftwareToken", &wrong).0;
    assert_eq!(wrong, "EnableSoftwareTokenMFAException");
    let right = with(json!({ "UserCode": code(&secret, 0), "FriendlyDeviceName": "phone" }));
    assert_eq!(api.ok("VerifySoftwareToken", &right)["Status"], "SUCCESS");
    api.ok("SetUserMFAPreference", &early);
    let user = api.ok("GetUser", &with(json!({})));
    assert_eq!(user["UserMFASettingList"], json!(["SOFTWARE_TOKEN_MFA"]));
    secret
}

#[test]
fn a_sign_in_needs_the_code_too() {
    let api = Api::new();
    let secret = enrol(&api);
    let challenge = api.initiate("public", "USER_PASSWORD_AUTH", &password(ALICE));
    assert_eq!(challenge["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    assert_eq!(challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"], "phone");
    let answer = |code: &str| {
        let responses = json!({ "USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": code });
        respond("public", "SOFTWARE_TOKEN_MFA", &challenge["Session"], &responses)
    };
    let wrong = api.refused("RespondToAuthChallenge", &answer("no code"));
    let message = "Invalid code or auth state for the user.";
    assert_eq!(wrong, ("CodeMismatchException".into(), message.into()));
    let output = api.ok("RespondToAuthChallenge", &answer(&code(&secret, 0)));
    assert!(output["AuthenticationResult"]["AccessToken"].is_string());
    let again = api.refused("RespondToAuthChallenge", &answer(&code(&secret, 0)));
    assert_eq!(again.1, "Invalid session for the user.");
}

#[test]
fn without_the_preference_the_password_is_enough() {
    let api = Api::new();
    enrol(&api);
    let challenge =
        api.initiate("public", "USER_PASSWORD_AUTH", &password(("bob", "Bob-passw0rd!")));
    assert!(challenge["AuthenticationResult"]["AccessToken"].is_string());
}
