//! Why a request is refused: every reason has the error code and the sentence that conform, and a
//! dialect may put others in their place.

use serde::Deserialize;

/// Declares the reasons once, with the words of the strict dialect.
macro_rules! reasons {
    ($($reason:ident: $error:literal, $sentence:literal;)*) => {
        /// Why a request is refused. Its name in a dialect is the variant's in snake case.
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $(#[doc = concat!("The sentence: `", $sentence, "`.")] $reason,)*
        }

        /// The error code of a reason (RFC 6749 §4.1.2.1 and §5.2 and their kin).
        pub fn error(reason: Reason) -> &'static str {
            match reason { $(Reason::$reason => $error,)* }
        }

        /// A sentence for the developer of the client.
        pub fn sentence(reason: Reason) -> &'static str {
            match reason { $(Reason::$reason => $sentence,)* }
        }
    };
}

reasons! {
    MustNotBeRedirected: "invalid_request", "this must not be told by a redirect";
    ClientUnknown: "invalid_client", "the client is unknown";
    ScopeUnknown: "invalid_scope", "the scope is unknown";
    ParameterRepeated: "invalid_request", "a parameter is sent more than once";
    RequestObject: "request_not_supported", "request objects are not supported";
    RequestUri: "request_uri_not_supported", "request_uri is not supported";
    ParameterUnknown: "invalid_request", "a parameter is unknown";
    ResponseTypeMissing: "invalid_request", "response_type is missing";
    ResponseTypeUnsupported: "unsupported_response_type", "only code is supported";
    GrantNotAllowed: "unauthorized_client", "the client may not use this grant";
    ResponseModeUnsupported: "invalid_request", "the response_mode is not supported";
    ChallengeMissing: "invalid_request", "code_challenge is required";
    ChallengeMalformed: "invalid_request", "code_challenge must be 43 base64url characters";
    ChallengeMethodUnsupported: "invalid_request", "code_challenge_method must be S256";
    PromptUnsupported: "invalid_request", "the prompt is not supported";
    PromptNoneWithOthers: "invalid_request", "prompt=none allows no other prompt";
    MaxAgeMalformed: "invalid_request", "max_age must be whole seconds";
    IdTokenHintInvalid: "invalid_request", "the id_token_hint is not one of ours";
    AuthenticationMethodNotAllowed: "invalid_client", "the client may not authenticate this way";
    SecretWrong: "invalid_client", "the client_secret is wrong";
    TwoAuthorizationHeaders: "invalid_request", "two Authorization headers";
    ClientNotNamed: "invalid_client", "the client is not named";
    SeveralAuthentications: "invalid_request", "use one client authentication method only";
    CredentialsMalformed: "invalid_client", "malformed credentials";
    ClientsDiffer: "invalid_request", "header and form name different clients";
    PublicClientActsForItself: "unauthorized_client", "public clients may not use this grant";
    CodeExpired: "invalid_grant", "the code has expired";
    CodeMissing: "invalid_request", "code is missing";
    CodeUnknown: "invalid_grant", "the code is unknown";
    CodeUsed: "invalid_grant", "the code was used before";
    RedirectUriDiffers: "invalid_grant", "the redirect_uri is not that of the code";
    RedirectUriLeftOut: "invalid_grant", "the redirect_uri of the code is missing";
    VerifierWithoutChallenge: "invalid_grant", "the code has no code_challenge";
    VerifierWrong: "invalid_grant", "the code_verifier is wrong";
    VerifierMissing: "invalid_grant", "the code_verifier is missing";
    VerifierMalformed: "invalid_grant", "the code_verifier is malformed";
    UserDenied: "access_denied", "the user has denied the request";
    LoginRequired: "login_required", "the user must log in";
    ConsentRequired: "consent_required", "the user must agree";
    QueryMalformed: "invalid_request", "the query is malformed";
    DeviceCodeMissing: "invalid_request", "device_code is missing";
    AuthorizationPending: "authorization_pending", "the user has not decided yet";
    DeviceCodeUnknown: "invalid_grant", "the device_code is unknown";
    DeviceCodeUsed: "invalid_grant", "the device_code was used before";
    DeviceCodeOfOtherClient: "invalid_grant", "the device_code is another client's";
    PatienceEnded: "access_denied", "the user has had enough time";
    SlowDown: "slow_down", "wait five seconds longer between polls";
    MediaTypeWrong: "invalid_request", "send application/x-www-form-urlencoded";
    FormMalformed: "invalid_request", "the form is malformed";
    ParametersInUrl: "invalid_request", "send parameters in the body, not in the URL";
    TokenMissing: "invalid_request", "token is missing";
    NoResourceServer: "invalid_client", "the dialect has no resource server";
    PublicClientIntrospects: "invalid_client", "a public client may not introspect tokens";
    TokenUnknown: "invalid_request", "the token is unknown";
    GrantRevoked: "invalid_grant", "the grant was revoked";
    LoginCancelled: "access_denied", "the user has cancelled the login";
    RefreshTokenMissing: "invalid_request", "refresh_token is missing";
    RefreshTokenUnknown: "invalid_grant", "the refresh_token is unknown";
    RefreshTokenUsed: "invalid_grant", "the refresh_token was used before";
    RefreshTokenDead: "invalid_grant", "the refresh_token has expired or was revoked";
    ScopeExceeded: "invalid_scope", "the scope exceeds the one that was granted";
    TokenRevokedBefore: "invalid_request", "the token was revoked before";
    PublicClientRevokes: "invalid_client", "a public client may not revoke";
    TokenOfOtherClient: "invalid_grant", "the token belongs to another client";
    ScopeNotAllowed: "invalid_scope", "the client may not ask for this scope";
    GrantTypeMissing: "invalid_request", "grant_type is missing";
    GrantTypeUnsupported: "unsupported_grant_type", "the grant_type is unknown";
    DeviceCodeExpired: "expired_token", "the device_code has expired";
    DeviceCodeForgotten: "invalid_grant", "the device_code has expired and was forgotten";
    ParametersMalformed: "invalid_request", "the parameters are malformed";
    ClientIdMissing: "invalid_request", "client_id is missing";
    ClientIdUnknown: "invalid_request", "no client has this client_id";
    RedirectUriUnregistered: "invalid_request", "the redirect_uri is not registered for this client";
    RedirectUriMissing: "invalid_request", "redirect_uri is missing";
    ClientOrRedirectUriRepeated: "invalid_request", "client_id or redirect_uri is sent more than once";
    MethodNotAllowed: "invalid_request", "the method is not allowed here";
    AccessTokenMissing: "", "the request has no access token";
    AccessTokenInvalid: "invalid_token", "the token is unknown, expired or revoked";
    AccessTokenSentTwice: "invalid_request", "send the token once, in the header";
    ScopeInsufficient: "insufficient_scope", "the scope openid is needed";
    AccessTokenOfNobody: "insufficient_scope", "the token is no user's";
    IdentityProviderUnknown: "invalid_request", "the identity_provider is not enabled";
    RevocationDisabled: "invalid_request", "tokens of this client cannot be revoked";
    TokenTypeUnsupported: "unsupported_token_type", "only refresh tokens can be revoked";
    AudienceUnknown: "access_denied", "the audience is unknown";
    NotEntitled: "access_denied", "the token is for somebody else";
    NothingHere: "not_found", "nothing is served at this path";
    BodyTooLong: "invalid_request", "the body is longer than 64 kB";
}
