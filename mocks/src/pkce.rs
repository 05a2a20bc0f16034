//! The challenge of an authorization request: RFC 7636 §4.3.

use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::provider::{Provider, has};
use crate::reason::Reason;

/// A PKCE challenge.
#[derive(Clone, Debug)]
pub enum Challenge {
    /// The hash of the verifier.
    S256(String),
    /// The verifier itself, which only a fault accepts.
    Plain(String),
}

/// The challenge of a request, which public clients must send.
pub fn challenge(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<Challenge>, Reason> {
    let method = one(parameters, "code_challenge_method");
    let Some(value) = one(parameters, "code_challenge") else {
        // RFC 9700 §2.1.1: public clients must use PKCE; RFC 7636 §4.4.1: invalid_request.
        let lax = has(provider, Fault::PublicClientNeedsNoPkce);
        let all = provider.dialect.authorization.pkce_for_all;
        let required = all || (client.secret.is_none() && !lax) || method.is_some();
        let missing = Reason::ChallengeMissing;
        return if required { Err(missing) } else { Ok(None) };
    };
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    // RFC 7636 §4.2: 43 base64url characters are what SHA-256 gives.
    let sound = value.len() == 43 && value.bytes().all(base64url);
    if !sound && !provider.dialect.authorization.challenge_unchecked {
        return Err(Reason::ChallengeMalformed);
    }
    match method {
        Some("S256") => Ok(Some(Challenge::S256(value.into()))),
        Some("s256") if has(provider, Fault::LowercaseS256MeansPlain) => {
            Ok(Some(Challenge::Plain(value.into())))
        }
        Some("s256") if has(provider, Fault::AcceptsLowercaseS256) => {
            Ok(Some(Challenge::S256(value.into())))
        }
        Some("plain") if has(provider, Fault::PlainChallengeAccepted) => {
            Ok(Some(Challenge::Plain(value.into())))
        }
        None if provider.dialect.authorization.missing_method_is_plain => {
            Ok(Some(Challenge::Plain(value.into())))
        }
        None if has(provider, Fault::MissingMethodMeansS256) => {
            Ok(Some(Challenge::S256(value.into())))
        }
        Some(unknown)
            if !matches!(unknown, "s256" | "plain")
                && has(provider, Fault::UnknownChallengeMethodAccepted) =>
        {
            Ok(Some(Challenge::S256(value.into())))
        }
        // RFC 7636 §4.3: a missing method means plain, which this provider does not support.
        _ => Err(Reason::ChallengeMethodUnsupported),
    }
}
