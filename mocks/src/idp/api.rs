//! The wire protocol, AWS JSON 1.1: which operation a request is for, and how the answer looks.

use serde_json::Value;

use super::exception::{self, Exception, MEDIA_TYPE, Outcome, json_response, protocol};
use super::{get_user, initiate_auth, quota, refresh, respond, revoke, sign_out};
use crate::provider::Provider;
use crate::random;
use crate::user_pool::{Category, UserPool};
use crate::wire::{Request, Response, empty, headers, with_header};

/// Where the API answers.
pub const PATH: &str = "/";

const TARGET: &str = "AWSCognitoIdentityProviderService.";

/// Something the API can do.
struct Operation {
    name: &'static str,
    category: Category,
    answer: fn(&mut Provider, Value) -> Outcome,
}

const OPERATIONS: [Operation; 6] = [
    Operation {
        name: "InitiateAuth",
        category: Category::UserAuthentication,
        answer: initiate_auth::answer,
    },
    Operation {
        name: "RespondToAuthChallenge",
        category: Category::ChallengeResponse,
        answer: respond::answer,
    },
    Operation {
        name: "GetTokensFromRefreshToken",
        category: Category::UserAuthentication,
        answer: refresh::answer,
    },
    Operation { name: "RevokeToken", category: Category::UserToken, answer: revoke::answer },
    Operation { name: "GlobalSignOut", category: Category::UserUpdate, answer: sign_out::answer },
    Operation { name: "GetUser", category: Category::UserRead, answer: get_user::answer },
];

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
    quota::take(provider, operation.category)?;
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
