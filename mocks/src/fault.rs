//! Faults: one switch per way of breaking a requirement, and the list of what each must turn red.

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};

/// Declares the faults once, for the type and for the list of all of them.
macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident,)*) => {
        /// One way of being wrong. Its name outside of Rust is the variant's in snake case.
        #[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        /// All faults, in the order of `faults.yaml`.
        pub const ALL: &[Fault] = &[$(Fault::$fault,)*];
    };
}

faults! {
    /// 404 for /.well-known/openid-configuration.
    OpenidConfigurationMissing,
    /// The issuer in `openid-configuration` has a trailing slash.
    MetadataIssuerWithSlash,
    /// The key set holds an extra key without kty.
    JwksKeyWithoutKty,
    /// The key set holds an extra, valid, unused key without kid.
    JwksKeyWithoutKid,
    /// Two extra, unused keys share one kid.
    JwksDuplicateKid,
    /// ID tokens are signed by a key, with its own kid, that is not in the key set.
    SignsWithUnpublishedKey,
    /// Signature bytes are altered although the kid is right.
    SignatureDoesNotVerify,
    /// An exchange of a code with a challenge always fails with `invalid_grant`.
    RefusesCorrectVerifier,
    /// A wrong verifier is accepted (a missing one is still refused).
    IgnoresVerifier,
    /// A missing verifier is accepted.
    VerifierOptional,
    /// `s256` is accepted at the authorization endpoint and treated as S256.
    AcceptsLowercaseS256,
    /// `s256` is accepted and verified as plain.
    LowercaseS256MeansPlain,
    /// A verifier that equals the S256 challenge is accepted.
    ChallengeMatchesItself,
    /// A verifier is accepted with the case of its letters swapped.
    VerifierCaseIgnored,
    /// A verifier of fewer than 43 characters is accepted.
    ShortVerifierAccepted,
    /// A verifier of more than 128 characters is accepted.
    LongVerifierAccepted,
    /// A verifier may have any characters.
    VerifierCharactersUnchecked,
    /// A verifier of 128 characters is refused.
    LongestVerifierRefused,
    /// A verifier is accepted for a code without a challenge.
    VerifierWithoutChallengeAccepted,
    /// A public client gets a code without a challenge.
    PublicClientNeedsNoPkce,
    /// An unknown `code_challenge_method` means S256.
    UnknownChallengeMethodAccepted,
    /// Plain is accepted.
    PlainChallengeAccepted,
    /// A challenge without a method means S256.
    MissingMethodMeansS256,
    /// The token response has no `token_type`.
    TokenResponseWithoutTokenType,
    /// `expires_in` is text.
    ExpiresInAsString,
    /// A token response may be kept by caches.
    TokenResponseCacheable,
    /// A token response is labelled text/html.
    TokenResponseAsHtml,
    /// An authorization code can be exchanged again.
    CodeReusable,
    /// A code that was used can be exchanged again 20 seconds after it was issued.
    CodeReusableLater,
    /// What was issued for a code outlives its second use.
    CodeReuseRevokesNothing,
    /// Any client can exchange a code.
    CodeNotBoundToClient,
    /// An unknown code brings tokens.
    UnknownCodeAccepted,
    /// A code is accepted in upper case.
    CodeComparedWithoutCase,
    /// An exchange without a code brings tokens.
    CodeOptional,
    /// A code is accepted as a refresh token and the other way round.
    CodeAndRefreshTokenInterchangeable,
    /// An exchange may name any `redirect_uri`.
    RedirectUriNotCompared,
    /// An exchange may leave out the `redirect_uri` of the authorization request.
    RedirectUriOptionalAtExchange,
    /// The exchange of a code grants whatever scope it asks for.
    ExchangeWidensScope,
    /// A missing `grant_type` means `authorization_code`.
    GrantTypeOptional,
    /// An unknown `grant_type` is treated as `client_credentials`.
    UnknownGrantTypeAccepted,
    /// Every client may use every grant.
    GrantTypesUnchecked,
    /// The token endpoint answers GET.
    TokenRequestByGet,
    /// The token endpoint reads JSON.
    JsonTokenRequestAccepted,
    /// Of a repeated parameter the first one counts.
    RepeatedTokenParameterAccepted,
    /// A malformed form at the token endpoint is answered with 500.
    MalformedTokenRequestCrashes,
    /// A token error is labelled text/html.
    TokenErrorAsHtml,
    /// `invalid_grant` comes with status 200.
    InvalidGrantWithStatus200,
    /// Any client secret is right (a missing one is still refused).
    IgnoresClientSecret,
    /// An empty client secret is right.
    EmptySecretAccepted,
    /// A confidential client may leave out its secret.
    ClientSecretOptional,
    /// A code may be exchanged without naming the client.
    ClientIdentificationOptional,
    /// A secret in the form beside the Authorization header is ignored.
    SeveralClientAuthenticationsAccepted,
    /// The token endpoint refuses the Authorization header.
    RefusesBasicAtTokenEndpoint,
    /// The client secret in the form is refused.
    RefusesClientSecretPost,
    /// A failed client authentication is answered without WWW-Authenticate.
    FailedBasicWithoutChallenge,
    /// A client that acts for itself gets a refresh token.
    ClientCredentialsWithRefreshToken,
    /// A client that acts for itself gets any scope.
    ClientCredentialsWithAnyScope,
    /// A client that acts for itself gets an ID token.
    ClientCredentialsWithIdToken,
    /// A refresh answers with the access token issued before.
    RefreshReturnsSameAccessToken,
    /// Any client can use a refresh token.
    RefreshTokenNotBoundToClient,
    /// An unknown refresh token brings tokens.
    UnknownRefreshTokenAccepted,
    /// A refresh without a refresh token brings tokens.
    RefreshTokenOptional,
    /// A refresh brings no new refresh token and the old one stays good.
    RefreshTokenNotRotated,
    /// A refresh token stays good after its use.
    RefreshTokenReusable,
    /// The second use of a refresh token does not revoke its successor.
    RefreshReuseSparesFamily,
    /// A refresh grants whatever scope it asks for.
    RefreshWidensScope,
    /// A refresh always grants the whole scope.
    RefreshIgnoresScope,
    /// The device authorization response has no `expires_in`.
    DeviceResponseWithoutExpiresIn,
    /// A poll before the approval yields tokens.
    DeviceNeedsNoApproval,
    /// Polling too fast is never answered with `slow_down`.
    NeverSlowsDown,
    /// After the approval polls are still answered with `authorization_pending`.
    DeviceApprovalLost,
    /// An old device code goes on working.
    DeviceCodeNeverExpires,
    /// A poll for an expired device code says `invalid_grant`.
    ExpiredDeviceCodeIsUnknown,
    /// Revocation answers 200 but the token lives on.
    RevocationDoesNothing,
    /// Revoking an unknown token is answered with 400.
    RevocationOfUnknownTokenIsAnError,
    /// Active is the string "true".
    IntrospectionActiveAsString,
    /// Introspecting an unknown token is answered with 400.
    IntrospectionOfUnknownTokenIsAnError,
    /// Introspection calls an unknown token active.
    IntrospectionSaysAllActive,
    /// A rotation removes the old key from the key set at once.
    DropsOldKeyAtRotation,
    /// A rotation publishes the new key under the old kid, in place of the old key.
    ReusesKidAtRotation,
    /// The first four key sets after a rotation lack the new key although it already signs.
    PublishesNewKeyLate,
    /// Token endpoint errors say `invalid_request`, except `invalid_client` and the device grant's own codes.
    WrongTokenErrorCodes,
    /// Every error redirect says `server_error`.
    WrongAuthorizeErrorCodes,
}

/// A row of `faults.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRow {
    /// The name by which the fault is switched on.
    pub name: String,
    /// What the stub does wrong.
    pub title: String,
    /// The requirements that must fail while the fault is on: these, and no others.
    pub requirements: Vec<String>,
}

/// All faults that the stub knows, with what they must turn red.
pub fn rows() -> Vec<FaultRow> {
    crate::yaml::parse(include_str!("../faults.yaml"))
}

/// The fault of that name.
pub fn find(name: &str) -> Option<Fault> {
    let name: serde::de::value::StrDeserializer<'_, Error> = name.into_deserializer();
    Fault::deserialize(name).ok()
}

/// The names of all faults, in the order of `faults.yaml`.
pub fn names() -> Vec<String> {
    rows().into_iter().map(|row| row.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_yaml_lists_exactly_the_faults() {
        let found: Vec<Option<Fault>> = names().iter().map(|name| find(name)).collect();
        let all: Vec<Option<Fault>> = ALL.iter().copied().map(Some).collect();
        assert_eq!(found, all);
    }

    #[test]
    fn every_fault_breaks_a_requirement_and_says_how() {
        for row in rows() {
            assert!(!row.title.is_empty() && !row.requirements.is_empty(), "{}", row.name);
        }
    }
}
