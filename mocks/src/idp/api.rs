//! The wire protocol, AWS JSON 1.1: which operation a request is for, and how the answer looks.

use std::time::Instant;

use serde_json::Value;

use super::exception::{self, Exception, MEDIA_TYPE, Outcome, json_response, protocol};
use super::{admin, change_password, forgot_password, get_user, initiate_auth, refresh};
use super::{respond, revoke, sign_out, sign_up, software_token};
use crate::provider::Provider;
use crate::quota;
use crate::random;
use crate::user_pool::{CATEGORIES, Category, UserPool, category_name};
use crate::wire::{Request, Response, empty, headers, with_header};

/// Where the API answers.
pub const PATH: &str = "/";

const TARGET: &str = "AWSCognitoIdentityProviderService.";

/// Something the API can do.
struct Operation {
    name: &'static str,
    category: Category,
    /// Whether the product wants the request signed.
    admin: bool,
    answer: Answer,
}

const OPERATIONS: [Operation; 17] = [
    open("InitiateAuth", Category::UserAuthentication, initiate_auth::answer),
    open("RespondToAuthChallenge", Category::ChallengeResponse, respond::answer),
    open("GetTokensFromRefreshToken", Category::UserAuthentication, refresh::answer),
    open("RevokeToken", Category::UserToken, revoke::answer),
    open("GlobalSignOut", Category::UserUpdate, sign_out::answer),
    open("GetUser", Category::UserRead, get_user::answer),
    open("SignUp", Category::UserCreation, sign_up::answer),
    open("ConfirmSignUp", Category::UserCreation, sign_up::confirm),
    open("ResendConfirmationCode", Category::UserCreation, sign_up::resend),
    open("ForgotPassword", Category::UserAccountRecovery, forgot_password::answer),
    open("ConfirmForgotPassword", Category::UserAccountRecovery, forgot_password::confirm),
    open("ChangePassword", Category::UserAccountRecovery, change_password::answer),
    open("AssociateSoftwareToken", Category::UserUpdate, software_token::associate),
    open("VerifySoftwareToken", Category::UserUpdate, software_token::verify),
    open("SetUserMFAPreference", Category::UserUpdate, software_token::prefer),
    signed("AdminInitiateAuth", Category::UserAuthentication, admin::initiate),
    signed("AdminRespondToAuthChallenge", Category::ChallengeResponse, admin::respond),
];

type Answer = fn(&mut Provider, Value) -> Outcome;

const fn open(name: &'static str, category: Category, answer: Answer) -> Operation {
    Operation { name, category, admin: false, answer }
}

const fn signed(name: &'static str, category: Category, answer: Answer) -> Operation {
    Operation { name, category, admin: true, answer }
}

/// What a quota can be for: an operation, or the category that it shares one with.
pub fn endpoints() -> Vec<&'static str> {
    let names = OPERATIONS.iter().map(|operation| operation.name);
    names.chain(CATEGORIES.map(category_name)).collect()
}

/// Answers a request at [`PATH`], whatever is in it.
pub fn answer(provider: &mut Provider, request: &Request) -> Response {
    let switches = provider.dialect.user_pool.as_ref().map(|pool: &UserPool| pool.switches);
    let response = match request.method.as_str() {
        "POST" => match operate(provider, request) {
            Ok(output) => json_response(200, &output),
            Err(exception) => exception::response(&exception, switches.unwrap_or_default()),
        },
        "OPTIONS" => preflight(),
        _ => with_header(empty(405), "Allow", "POST, OPTIONS"),
    };
    let response = with_header(response, "x-amzn-RequestId", &random::uuid());
    let response = with_header(response, "Access-Control-Allow-Origin", "*");
    let exposed = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
    with_header(response, "Access-Control-Expose-Headers", exposed)
}

/// What a browser asks before it sends a request with a header such as `x-amz-target`.
fn preflight() -> Response {
    let response = with_header(empty(200), "Access-Control-Allow-Methods", "POST");
    let response = with_header(response, "Access-Control-Allow-Headers", "*");
    with_header(response, "Access-Control-Max-Age", "172800")
}

fn operate(provider: &mut Provider, request: &Request) -> Outcome {
    let operation = operation(request)?;
    *provider.counters.requests.entry(operation.name).or_default() += 1;
    let names = [operation.name, category_name(operation.category)];
    if !quota::admits(&mut provider.conditions.quotas, &names, Instant::now()) {
        *provider.counters.limited.entry(operation.name).or_default() += 1;
        return Err(exception::exception("TooManyRequestsException", "Rate exceeded"));
    }
    if operation.admin {
        admin::check(provider, request)?;
    }
    let input: Value = serde_json::from_slice(&request.body).map_err(|_| unreadable())?;
    if !input.is_object() {
        return Err(unreadable());
    }
    (operation.answer)(provider, input)
}

fn unreadable() -> Exception {
    protocol("SerializationException")
}

fn operation(request: &Request) -> Result<&'static Operation, Exception> {
    let media_type = headers(request, "content-type").next().unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let target = headers(request, "x-amz-target").next().unwrap_or_default();
    let name = target.strip_prefix(TARGET).filter(|_| media_type.eq_ignore_ascii_case(MEDIA_TYPE));
    let named = |operation: &&Operation| Some(operation.name) == name;
    OPERATIONS.iter().find(named).ok_or(protocol("UnknownOperationException"))
}
