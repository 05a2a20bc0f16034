//! The authorization code grant: RFC 6749 §4.1.3 and RFC 7636 §4.6.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::authorize::Challenge;
use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::issue::{self, Occasion};
use crate::provider::{self, Provider, has};
use crate::refusal::{Refusal, refuse};
use crate::store::{self, Code};

/// Exchanges a code for tokens.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Refusal> {
    let secret = one(form, "code").ok_or(refuse("invalid_request", "code is missing"))?;
    let (code, scope) = find(provider, client, secret)?;
    if code.used && !has(provider, Fault::CodeReusable) {
        return Err(replayed(provider, &code, form));
    }
    if provider::now(provider) >= code.expires_at {
        // RFC 6749 §4.1.2: the code must expire shortly after it was issued.
        return Err(refuse("invalid_grant", "the code has expired"));
    }
    check_redirect_uri(&code, form)?;
    check_verifier(provider, code.challenge.as_ref(), one(form, "code_verifier"))?;
    if let Some(code) = provider.store.codes.get_mut(secret) {
        code.used = true;
    }
    issue::tokens(provider, code.grant, &scope, Occasion::Grant)
}

/// The code and the scope of its grant, if it belongs to the client.
fn find(
    provider: &Provider,
    client: &Client,
    secret: &str,
) -> Result<(Code, Vec<String>), Refusal> {
    let code = provider.store.codes.get(secret);
    let grant = code.and_then(|code| provider.store.grants.get(&code.grant));
    match (code, grant) {
        // RFC 6749 §4.1.3: ensure that the code was issued to this client.
        (Some(code), Some(grant)) if grant.client_id == client.id => {
            Ok((code.clone(), grant.scope.clone()))
        }
        _ => Err(refuse("invalid_grant", "the code is unknown")),
    }
}

fn replayed(provider: &mut Provider, code: &Code, form: &Parameters) -> Refusal {
    let verifier = one(form, "code_verifier");
    // RFC 6749 §4.1.2: revoke what was issued for a code that is used twice. Only whoever has the
    // verifier can cause it, or a leaked code would be enough to end somebody's session.
    if check_verifier(provider, code.challenge.as_ref(), verifier).is_ok() {
        store::revoke_grant(&mut provider.store, code.grant);
    }
    refuse("invalid_grant", "the code was used before")
}

fn check_redirect_uri(code: &Code, form: &Parameters) -> Result<(), Refusal> {
    match one(form, "redirect_uri") {
        // RFC 6749 §4.1.3: identical, and required if the authorization request had one.
        Some(sent) if sent != code.redirect_uri => {
            Err(refuse("invalid_grant", "the redirect_uri is not that of the code"))
        }
        None if code.redirect_uri_sent => {
            Err(refuse("invalid_grant", "the redirect_uri of the code is missing"))
        }
        _ => Ok(()),
    }
}

fn check_verifier(
    provider: &Provider,
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
) -> Result<(), Refusal> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        // RFC 9700 §2.1.1: a verifier without a challenge is a downgrade.
        (None, Some(_)) => Err(refuse("invalid_grant", "the code has no code_challenge")),
        (Some(_), _) if has(provider, Fault::RefusesCorrectVerifier) => {
            Err(refuse("invalid_grant", "the code_verifier is wrong"))
        }
        (Some(_), None) if has(provider, Fault::VerifierOptional) => Ok(()),
        // RFC 7636 §4.5: the verifier is required.
        (Some(_), None) => Err(refuse("invalid_grant", "the code_verifier is missing")),
        (Some(_), Some(_)) if has(provider, Fault::IgnoresVerifier) => Ok(()),
        (Some(challenge), Some(verifier)) if matches(challenge, verifier) => Ok(()),
        // RFC 7636 §4.6: invalid_grant if the values are not equal.
        (Some(_), Some(_)) => Err(refuse("invalid_grant", "the code_verifier is wrong")),
    }
}

fn matches(challenge: &Challenge, verifier: &str) -> bool {
    // RFC 7636 §4.1: 43 to 128 unreserved characters.
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let sound = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    sound
        && match challenge {
            Challenge::S256(hash) => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *hash,
            Challenge::Plain(plain) => plain == verifier,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_matches_and_nothing_else() {
        let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into());
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(matches(&challenge, verifier));
        let changed = verifier.to_lowercase();
        let longer = format!("{verifier}A");
        for wrong in
            [&changed, &longer, &verifier[..42], "", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
        {
            assert!(!matches(&challenge, wrong), "{wrong}");
        }
    }
}
