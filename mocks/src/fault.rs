//! Faults: one switch per way of breaking a requirement, and the list of what each must turn red.

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};

/// Declares the faults once, for the type and for the list of all of them.
macro_rules! faults {
    ($($fault:ident,)*) => {
        /// One way of being wrong. Its name outside of Rust is the variant's in snake case.
        #[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $(#[doc = concat!("The row of `", stringify!($fault), "` in `faults.yaml` says what is wrong.")] $fault,)*
        }

        /// All faults, in the order of `faults.yaml` and then of `api_faults.yaml`.
        pub const ALL: &[Fault] = &[$(Fault::$fault,)*];
    };
}

faults! {
    OpenidConfigurationMissing,
    MetadataIssuerWithSlash,
    MetadataAsText,
    MetadataWithoutResponseTypes,
    MetadataWithoutAuthorizationEndpoint,
    MetadataWithoutTokenEndpoint,
    MetadataWithEmptyArray,
    MetadataWithoutPkceMethods,
    MetadataOffersPlain,
    MetadataOffersIdToken,
    MetadataWithoutDeviceGrant,
    MetadataDoesNotAnnounceIss,
    AuthorizationServerMetadataMissing,
    MetadataDocumentsDisagree,
    MetadataIssuerWithQuery,
    MetadataJwksUriRelative,
    MetadataNamesMissingEndpoint,
    MetadataAtEveryPath,
    JwksKeyWithoutKty,
    JwksKeyWithoutKid,
    JwksDuplicateKid,
    JwksKeyWithPrivatePart,
    JwksWeakKey,
    JwksEncryptionKeyWithoutUse,
    SignsWithUnpublishedKey,
    SignatureDoesNotVerify,
    SignsWithUnfittingAlgorithm,
    IdTokenOfOtherIssuer,
    IdTokenSubChanges,
    IdTokenSubTooLong,
    IdTokenForOtherAudience,
    IdTokenForFurtherAudience,
    IdTokenAzpOfOtherClient,
    IdTokenTimesInMilliseconds,
    IdTokenCutsNonce,
    IdTokenInventsNonce,
    IdTokenAtHashOfWholeHash,
    IdTokenLeftOut,
    IdTokenWithoutOpenid,
    RefusesCorrectVerifier,
    IgnoresVerifier,
    VerifierOptional,
    AcceptsLowercaseS256,
    LowercaseS256MeansPlain,
    AuthorizeRefusesGet,
    RefusesUnknownParameters,
    MalformedAuthorizationCrashes,
    RepeatedClientIdAccepted,
    ResponseTypeOptional,
    UnknownResponseTypeIsCode,
    UnlistedResponseTypeAnswered,
    UnlistedResponseModeIgnored,
    ClientErrorsAreRedirected,
    ErrorWithoutState,
    StateDecodedTwice,
    InventsState,
    CodeInFragment,
    DenialGrantsCode,
    DenialIsAPage,
    UnknownScopeGranted,
    UnknownScopeRefusedWithOpenid,
    SuccessWithoutIss,
    IssTwice,
    ErrorWithoutIss,
    AnyRedirectUri,
    RedirectUriByPrefix,
    RedirectUriByHostPrefix,
    RedirectUriByHostSuffix,
    RedirectUriIgnoresCase,
    RedirectUriNormalized,
    RedirectUriSlashOptional,
    RedirectUriAnyPort,
    RedirectUriHttpForHttps,
    RedirectUriDefaultsToFirst,
    RedirectUriCheckedLast,
    RedirectUriUncheckedWithPromptNone,
    LoopbackPortFixed,
    ChallengeMatchesItself,
    VerifierCaseIgnored,
    ShortVerifierAccepted,
    LongVerifierAccepted,
    VerifierCharactersUnchecked,
    LongestVerifierRefused,
    WrongVerifierSpendsCode,
    VerifierWithoutChallengeAccepted,
    PublicClientNeedsNoPkce,
    UnknownChallengeMethodAccepted,
    PlainChallengeAccepted,
    MissingMethodMeansS256,
    TokenResponseWithoutTokenType,
    ExpiresInAsString,
    TokenResponseCacheable,
    TokenResponseAsHtml,
    CodeReusable,
    CodeReusableLater,
    CodeReusableAgain,
    CodeReuseRevokesNothing,
    CodeNotBoundToClient,
    CodeOfOtherUser,
    UnknownCodeAccepted,
    CodeComparedWithoutCase,
    CodeOptional,
    CodeAndRefreshTokenInterchangeable,
    RedirectUriNotCompared,
    RedirectUriOptionalAtExchange,
    ExchangeWidensScope,
    GrantTypeOptional,
    UnknownGrantTypeAccepted,
    UnlistedGrantTypeKnown,
    ClientCredentialsUnsupported,
    GrantTypesUnchecked,
    TokenRequestByGet,
    JsonTokenRequestAccepted,
    RepeatedTokenParameterAccepted,
    MalformedTokenRequestCrashes,
    RefusalCrashesUnderLoad,
    TokenErrorAsHtml,
    InvalidGrantWithStatus200,
    IgnoresClientSecret,
    EmptySecretAccepted,
    ClientSecretOptional,
    ClientIdentificationOptional,
    SeveralClientAuthenticationsAccepted,
    RefusesBasicAtTokenEndpoint,
    RefusesClientSecretPost,
    FailedBasicWithoutChallenge,
    ClientCredentialsWithRefreshToken,
    ClientCredentialsWithAnyScope,
    ClientCredentialsWithIdToken,
    RefreshReturnsSameAccessToken,
    RefreshTokenNotBoundToClient,
    UnknownRefreshTokenAccepted,
    RefreshTokenOptional,
    RefreshTokenNotRotated,
    RefreshTokenReusable,
    RefreshChainBreaks,
    RefreshReuseSparesFamily,
    RefreshWidensScope,
    RefreshIgnoresScope,
    RefreshForgetsScope,
    DeviceResponseWithoutExpiresIn,
    DeviceNeedsNoApproval,
    NeverSlowsDown,
    DeviceApprovalLost,
    DeviceCodeNeverExpires,
    ExpiredDeviceCodeIsUnknown,
    DeviceIntervalAsString,
    DeviceEndpointAnswersGet,
    DeviceEndpointAcceptsUnknownClients,
    DeviceEndpointNeedsNoClient,
    DeviceEndpointNeedsNoSecret,
    DeviceGrantForEveryClient,
    DeviceGrantsUnknownScope,
    VerificationNeedsNoLogin,
    UnknownDeviceCodeIsPending,
    DeviceCodeOfAnyClient,
    FirstPollSlowsDown,
    PatienceIsDenied,
    SlowDownIsForEver,
    PatienceIsSlowedDown,
    SlowDownLosesApproval,
    PollingExtendsDeviceCode,
    DeviceDenialLost,
    DeniedDeviceIsToldOnce,
    DeviceCodeReusable,
    RevocationDoesNothing,
    RevocationOfUnknownTokenIsAnError,
    AccessTokenSurvivesRevocation,
    RevocationWithoutTokenSucceeds,
    SecondRevocationIsAnError,
    RevocationNeedsNoSecret,
    RevokesTokensOfOtherClients,
    RevocationByOtherClientIsSilent,
    RevocationTrustsHint,
    RevocationLosesToRefresh,
    RevocationNeedsASecret,
    IntrospectionActiveAsString,
    IntrospectionOfUnknownTokenIsAnError,
    IntrospectionSaysAllActive,
    IntrospectionNeedsNoClient,
    IntrospectionForbidsAnonymous,
    IntrospectionRefusalSaysMore,
    IntrospectionIgnoresRevocation,
    IntrospectionIgnoresExpiry,
    IntrospectionForEveryClient,
    NotEntitledIsAnError,
    InactiveSaysMore,
    IntrospectionExpAsString,
    IntrospectionScopeAsArray,
    UserinfoRefusesAll,
    UserinfoWithoutChallenge,
    UserinfoErrorWithoutToken,
    UserinfoForbidsInvalidTokens,
    UserinfoCallsScopeInvalid,
    UserinfoSilentOnExpiry,
    UserinfoAcceptsUnknownTokens,
    UserinfoIgnoresExpiry,
    UserinfoComparesBeginnings,
    UserinfoAcceptsIdTokens,
    UserinfoAcceptsQueryTokens,
    DropsOldKeyAtRotation,
    ReusesKidAtRotation,
    KeepsOldSignerAtRotation,
    PublishesNewKeyLate,
    RotationEndsAccessTokens,
    WrongTokenErrorCodes,
    WrongAuthorizeErrorCodes,
    ApiWrongPasswordAccepted,
    ApiPasswordVerifierUnchecked,
    ApiSecretHashUnchecked,
    ApiDisabledFlowAccepted,
    ApiUnconfirmedUserSignsIn,
    ApiUnknownUserTold,
    ApiNeverLocksOut,
    ApiMfaSkipped,
    ApiSessionReusable,
    ApiRevokedRefreshTokenAccepted,
    ApiRotatedRefreshTokenAccepted,
    ApiRevokeTokenDoesNothing,
    ApiGlobalSignOutDoesNothing,
    ApiExpiredAccessTokenAccepted,
    ApiConfirmationCodeUnchecked,
    ApiPasswordPolicyUnchecked,
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

/// A row of `api_faults.yaml`: a fault of the JSON API, for which there are no scenarios. The stub's own
/// tests prove that it changes one answer and no other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFaultRow {
    /// The name by which the fault is switched on.
    pub name: String,
    /// What the stub does wrong.
    pub title: String,
    /// The rule that it breaks.
    pub rule: String,
}

/// The faults of the JSON API.
pub fn api_rows() -> Vec<ApiFaultRow> {
    crate::yaml::parse(include_str!("../api_faults.yaml"))
}

/// All faults that scenarios see, with what they must turn red.
pub fn rows() -> Vec<FaultRow> {
    crate::yaml::parse(include_str!("../faults.yaml"))
}

/// The fault of that name.
pub fn find(name: &str) -> Option<Fault> {
    let name: serde::de::value::StrDeserializer<'_, Error> = name.into_deserializer();
    Fault::deserialize(name).ok()
}

/// The names of all faults, in the order of [`ALL`].
pub fn names() -> Vec<String> {
    let api = api_rows().into_iter().map(|row| row.name);
    rows().into_iter().map(|row| row.name).chain(api).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_list_exactly_the_faults() {
        let found: Vec<Option<Fault>> = names().iter().map(|name| find(name)).collect();
        let all: Vec<Option<Fault>> = ALL.iter().copied().map(Some).collect();
        assert_eq!(found, all);
    }

    #[test]
    fn every_fault_breaks_a_requirement_and_says_how() {
        for row in rows() {
            assert!(!row.title.is_empty() && !row.requirements.is_empty(), "{}", row.name);
        }
        for row in api_rows() {
            assert!(!row.title.is_empty() && !row.rule.is_empty(), "{}", row.name);
        }
    }
}
