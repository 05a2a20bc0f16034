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
    /// `openid-configuration` is labelled text/plain.
    MetadataAsText,
    /// `openid-configuration` has no `response_types_supported`.
    MetadataWithoutResponseTypes,
    /// `openid-configuration` has no `authorization_endpoint`.
    MetadataWithoutAuthorizationEndpoint,
    /// `openid-configuration` has no `token_endpoint`.
    MetadataWithoutTokenEndpoint,
    /// `openid-configuration` has an empty array.
    MetadataWithEmptyArray,
    /// `openid-configuration` has no `code_challenge_methods_supported`.
    MetadataWithoutPkceMethods,
    /// `openid-configuration` announces the PKCE method plain.
    MetadataOffersPlain,
    /// `openid-configuration` does not list the device grant.
    MetadataWithoutDeviceGrant,
    /// `openid-configuration` does not announce the iss parameter.
    MetadataDoesNotAnnounceIss,
    /// 404 for /.well-known/oauth-authorization-server.
    AuthorizationServerMetadataMissing,
    /// The two metadata documents name different token endpoints.
    MetadataDocumentsDisagree,
    /// The issuer in `openid-configuration` has a query.
    MetadataIssuerWithQuery,
    /// The `jwks_uri` in `openid-configuration` has no host.
    MetadataJwksUriRelative,
    /// The metadata names an endpoint for pushed authorization requests, where nothing is.
    MetadataNamesMissingEndpoint,
    /// Any issuer path has the same metadata.
    MetadataAtEveryPath,
    /// The key set holds an extra key without kty.
    JwksKeyWithoutKty,
    /// The key set holds an extra, valid, unused key without kid.
    JwksKeyWithoutKid,
    /// Two extra, unused keys share one kid.
    JwksDuplicateKid,
    /// The key set holds an extra key with its private exponent.
    JwksKeyWithPrivatePart,
    /// The key set holds an extra RSA key of 1008 bits.
    JwksWeakKey,
    /// The key set holds an extra encryption key without use.
    JwksEncryptionKeyWithoutUse,
    /// ID tokens are signed by a key, with its own kid, that is not in the key set.
    SignsWithUnpublishedKey,
    /// Signature bytes are altered although the kid is right.
    SignatureDoesNotVerify,
    /// ID tokens are signed with PS256 by a key that is published for RS256.
    SignsWithUnfittingAlgorithm,
    /// The iss of ID tokens has a trailing slash.
    IdTokenOfOtherIssuer,
    /// Every ID token has another sub.
    IdTokenSubChanges,
    /// The sub of ID tokens has more than 255 characters.
    IdTokenSubTooLong,
    /// The aud of ID tokens is the issuer.
    IdTokenForOtherAudience,
    /// ID tokens have a second audience beside the client.
    IdTokenForFurtherAudience,
    /// ID tokens have another client in azp.
    IdTokenAzpOfOtherClient,
    /// The times in ID tokens are milliseconds.
    IdTokenTimesInMilliseconds,
    /// The nonce in ID tokens is cut to 20 characters.
    IdTokenCutsNonce,
    /// ID tokens have a nonce that was not sent.
    IdTokenInventsNonce,
    /// `at_hash` is the whole hash, not its left half.
    IdTokenAtHashOfWholeHash,
    /// The code of an OpenID request brings no ID token.
    IdTokenLeftOut,
    /// A code brings an ID token although nobody asked for openid.
    IdTokenWithoutOpenid,
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
    /// GET at the authorization endpoint is answered with 405.
    AuthorizeRefusesGet,
    /// An unknown parameter makes an authorization request invalid.
    RefusesUnknownParameters,
    /// A malformed or very long authorization request is answered with 500.
    MalformedAuthorizationCrashes,
    /// A second `client_id` in an authorization request is ignored.
    RepeatedClientIdAccepted,
    /// A missing `response_type` means code.
    ResponseTypeOptional,
    /// An unknown `response_type` means code.
    UnknownResponseTypeIsCode,
    /// An unknown or missing `client_id` is told to the `redirect_uri` of the request.
    ClientErrorsAreRedirected,
    /// Error redirects have no state.
    ErrorWithoutState,
    /// A plus in state comes back as a space.
    StateDecodedTwice,
    /// A response to a request without state has one.
    InventsState,
    /// The code is sent in the fragment.
    CodeInFragment,
    /// A user who denies consent grants it.
    DenialGrantsCode,
    /// A user who denies consent stays on a page of the provider.
    DenialIsAPage,
    /// An unknown scope is granted by name.
    UnknownScopeGranted,
    /// An unknown scope beside openid makes the request invalid.
    UnknownScopeRefusedWithOpenid,
    /// A response with a code has no iss.
    SuccessWithoutIss,
    /// A response with a code has iss twice.
    IssTwice,
    /// An error response has no iss.
    ErrorWithoutIss,
    /// Any `redirect_uri` is taken.
    AnyRedirectUri,
    /// A `redirect_uri` that begins with a registered one is taken.
    RedirectUriByPrefix,
    /// A `redirect_uri` that begins with scheme and host of a registered one is taken.
    RedirectUriByHostPrefix,
    /// A `redirect_uri` whose host ends with a registered one is taken if it has the path.
    RedirectUriByHostSuffix,
    /// The case of a `redirect_uri` does not matter.
    RedirectUriIgnoresCase,
    /// The case of scheme and host of a `redirect_uri` does not matter.
    RedirectUriNormalized,
    /// A slash at the end of a `redirect_uri` does not matter.
    RedirectUriSlashOptional,
    /// The port of a `redirect_uri` does not matter, wherever its host is.
    RedirectUriAnyPort,
    /// A `redirect_uri` may have http where https is registered.
    RedirectUriHttpForHttps,
    /// Without a `redirect_uri` the first of several registered ones is used.
    RedirectUriDefaultsToFirst,
    /// Other errors of a request are told to an unregistered `redirect_uri`.
    RedirectUriCheckedLast,
    /// With prompt=none an error is told to an unregistered `redirect_uri`.
    RedirectUriUncheckedWithPromptNone,
    /// A loopback `redirect_uri` with another port is refused.
    LoopbackPortFixed,
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
    /// The fourth and later exchanges of a code bring tokens.
    CodeReusableAgain,
    /// What was issued for a code outlives its second use.
    CodeReuseRevokesNothing,
    /// Any client can exchange a code.
    CodeNotBoundToClient,
    /// A code for the scope openid alone brings the tokens of whoever got such a code last.
    CodeOfOtherUser,
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
    /// The grant `client_credentials` is announced and unknown.
    ClientCredentialsUnsupported,
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
    /// The fifth refusal of one code and those after it are 500 in HTML.
    RefusalCrashesUnderLoad,
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
    /// The fifth refresh of a grant is refused.
    RefreshChainBreaks,
    /// The second use of a refresh token does not revoke its successor.
    RefreshReuseSparesFamily,
    /// A refresh grants whatever scope it asks for.
    RefreshWidensScope,
    /// A refresh always grants the whole scope.
    RefreshIgnoresScope,
    /// A refresh for less scope leaves less for those after it.
    RefreshForgetsScope,
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
    /// The interval of the device authorization response is a string.
    DeviceIntervalAsString,
    /// The device authorization endpoint takes its parameters from the query of a GET, too.
    DeviceEndpointAnswersGet,
    /// An unknown client gets a device code.
    DeviceEndpointAcceptsUnknownClients,
    /// A request that names no client gets a device code.
    DeviceEndpointNeedsNoClient,
    /// A confidential client gets a device code without its secret.
    DeviceEndpointNeedsNoSecret,
    /// A client without the device grant gets a device code.
    DeviceGrantForEveryClient,
    /// A device is granted any scope that it asks for.
    DeviceGrantsUnknownScope,
    /// Whoever opens the verification page may approve, as the first user.
    VerificationNeedsNoLogin,
    /// A poll with an unknown device code is answered with `authorization_pending`.
    UnknownDeviceCodeIsPending,
    /// A device code brings tokens to any client with the grant.
    DeviceCodeOfAnyClient,
    /// The first poll is answered with `slow_down`.
    FirstPollSlowsDown,
    /// The second poll of a device that keeps to the interval is answered with `access_denied`.
    PatienceIsDenied,
    /// After one `slow_down` every poll before the approval is answered with `slow_down`.
    SlowDownIsForEver,
    /// From the tenth poll on a device that keeps to the interval is told to slow down.
    PatienceIsSlowedDown,
    /// After one `slow_down` the approval is never delivered.
    SlowDownLosesApproval,
    /// Every poll gives the device code its whole life time again.
    PollingExtendsDeviceCode,
    /// After the denial polls are still answered with `authorization_pending`.
    DeviceDenialLost,
    /// The second poll after the denial is answered with `authorization_pending`.
    DeniedDeviceIsToldOnce,
    /// A device code can be exchanged again.
    DeviceCodeReusable,
    /// Revocation answers 200 but the token lives on.
    RevocationDoesNothing,
    /// Revoking an unknown token is answered with 400.
    RevocationOfUnknownTokenIsAnError,
    /// Revoking an access token is answered with 200, but it lives on.
    AccessTokenSurvivesRevocation,
    /// A revocation request without a token is answered with 200.
    RevocationWithoutTokenSucceeds,
    /// Revoking a token that was revoked before is answered with 400.
    SecondRevocationIsAnError,
    /// A confidential client revokes tokens without its secret.
    RevocationNeedsNoSecret,
    /// A client revokes the tokens of other clients.
    RevokesTokensOfOtherClients,
    /// Revoking a token of another client does nothing, but is answered with 200.
    RevocationByOtherClientIsSilent,
    /// A token is looked for only among the kind that `token_type_hint` names.
    RevocationTrustsHint,
    /// The refresh token of a grant that was refreshed three times cannot be revoked.
    RevocationLosesToRefresh,
    /// Public clients may not revoke.
    RevocationNeedsASecret,
    /// Active is the string "true".
    IntrospectionActiveAsString,
    /// Introspecting an unknown token is answered with 400.
    IntrospectionOfUnknownTokenIsAnError,
    /// Introspection calls an unknown token active.
    IntrospectionSaysAllActive,
    /// Introspection asks for no authorization.
    IntrospectionNeedsNoClient,
    /// Introspection answers a request without authentication with 403.
    IntrospectionForbidsAnonymous,
    /// Introspection tells about the token while it refuses to.
    IntrospectionRefusalSaysMore,
    /// Introspection calls a revoked access token active.
    IntrospectionIgnoresRevocation,
    /// Introspection calls an expired access token active.
    IntrospectionIgnoresExpiry,
    /// Introspection shows every token to every client.
    IntrospectionForEveryClient,
    /// Introspecting a token of another client is answered with 403.
    NotEntitledIsAnError,
    /// Introspection names a client for an inactive token.
    InactiveSaysMore,
    /// Exp in an introspection response is a string.
    IntrospectionExpAsString,
    /// Scope in an introspection response is an array.
    IntrospectionScopeAsArray,
    /// Userinfo refuses every token.
    UserinfoRefusesAll,
    /// Userinfo has no WWW-Authenticate.
    UserinfoWithoutChallenge,
    /// Userinfo says `invalid_token` when there is no token.
    UserinfoErrorWithoutToken,
    /// Userinfo answers 403 to an invalid token.
    UserinfoForbidsInvalidTokens,
    /// Userinfo answers `invalid_token` to a token that lacks a scope.
    UserinfoCallsScopeInvalid,
    /// Userinfo has no error code for an expired token.
    UserinfoSilentOnExpiry,
    /// Userinfo takes any token that it does not know for the first user's.
    UserinfoAcceptsUnknownTokens,
    /// Userinfo accepts expired tokens.
    UserinfoIgnoresExpiry,
    /// Userinfo accepts a token that begins like a live one.
    UserinfoComparesBeginnings,
    /// Userinfo accepts an ID token.
    UserinfoAcceptsIdTokens,
    /// Userinfo takes a token from the query.
    UserinfoAcceptsQueryTokens,
    /// A rotation removes the old key from the key set at once.
    DropsOldKeyAtRotation,
    /// A rotation publishes the new key under the old kid, in place of the old key.
    ReusesKidAtRotation,
    /// After a rotation the old key goes on signing.
    KeepsOldSignerAtRotation,
    /// The first four key sets after a rotation lack the new key although it already signs.
    PublishesNewKeyLate,
    /// A rotation ends all access tokens.
    RotationEndsAccessTokens,
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
