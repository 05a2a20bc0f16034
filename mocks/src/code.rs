//! The authorization code grant: RFC 6749 §4.1.3 and RFC 7636 §4.6.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::dialect::Client;
use crate::fault::Fault;
use crate::form::{Parameters, one};
use crate::issue::{self, Occasion};
use crate::pkce::Challenge;
use crate::provider::{self, Provider, has};
use crate::reason::Reason;
use crate::scope;
use crate::store::{self, Code};

/// Exchanges a code for tokens.
pub fn exchange(
    provider: &mut Provider,
    client: &Client,
    form: &Parameters,
) -> Result<Value, Reason> {
    let Some(sent) = one(form, "code") else {
        return missing(provider, client);
    };
    let secret = as_issued(provider, sent);
    if let Some(tokens) = undeserved(provider, client, &secret) {
        return tokens;
    }
    let (code, scope) = find(provider, client, &secret)?;
    if is_forgotten(provider, &secret) {
        return forgotten(provider, code.grant, &scope);
    }
    if code.used && !is_reusable(provider, &code) {
        return Err(replayed(provider, &code, form));
    }
    if provider::now(provider) >= code.expires_at {
        // RFC 6749 §4.1.2: the code must expire shortly after it was issued.
        return Err(Reason::CodeExpired);
    }
    if let Err(reason) = check(provider, &code, form) {
        let spent = provider.dialect.authorization.failure_spends_code
            || has(provider, Fault::WrongVerifierSpendsCode);
        if let Some(code) = provider.store.codes.get_mut(&secret).filter(|_| spent) {
            code.used = true;
        }
        return Err(reason);
    }
    if let Some(code) = provider.store.codes.get_mut(&secret) {
        code.used = true;
    }
    // RFC 6749 §4.1.3: the exchange has no scope of its own; what was granted counts.
    let widened = one(form, "scope").filter(|_| has(provider, Fault::ExchangeWidensScope));
    let scope = widened.map_or(scope, scope::split);
    let grant = owner(provider, &code);
    issue::tokens(provider, grant, &scope, Occasion::Grant)
}

/// Counts an exchange of a code, and tells whether a fault has lost track of it.
fn is_forgotten(provider: &mut Provider, secret: &str) -> bool {
    let lax = has(provider, Fault::CodeReusableAgain);
    let Some(code) = provider.store.codes.get_mut(secret) else { return false };
    code.exchanges += 1;
    lax && code.exchanges > 3
}

/// The tokens of a code that only a fault exchanges again.
fn forgotten(provider: &mut Provider, grant: u64, scope: &[String]) -> Result<Value, Reason> {
    if let Some(grant) = provider.store.grants.get_mut(&grant) {
        grant.revoked = false;
    }
    issue::tokens(provider, grant, scope, Occasion::Grant)
}

/// The grant that a code stands for; only a fault takes the last one of the same scope for it.
fn owner(provider: &Provider, code: &Code) -> u64 {
    if !has(provider, Fault::CodeOfOtherUser) {
        return code.grant;
    }
    let grants = &provider.store.grants;
    let mistaken = |number: &&u64| {
        let grant = grants.get(number);
        grant.is_some_and(|grant| grant.login.is_some() && grant.scope == ["openid"])
    };
    let last = grants.keys().filter(mistaken).max().filter(|_| mistaken(&&code.grant));
    last.copied().unwrap_or(code.grant)
}

/// Whether whoever sends the code is whoever asked for it.
fn check(provider: &Provider, code: &Code, form: &Parameters) -> Result<(), Reason> {
    check_redirect_uri(provider, code, form)?;
    check_verifier(provider, code.challenge.as_ref(), one(form, "code_verifier"))
}

fn missing(provider: &mut Provider, client: &Client) -> Result<Value, Reason> {
    if has(provider, Fault::CodeOptional) {
        return issue::undeserved(provider, client);
    }
    Err(Reason::CodeMissing)
}

/// The code as it was issued; only a fault takes another spelling for it.
fn as_issued(provider: &Provider, sent: &str) -> String {
    if !has(provider, Fault::CodeComparedWithoutCase) {
        return sent.to_owned();
    }
    let mut alike = provider.store.codes.keys().filter(|code| code.eq_ignore_ascii_case(sent));
    alike.next().map_or_else(|| sent.to_owned(), Clone::clone)
}

/// The tokens that only faults issue for something that is no code.
fn undeserved(
    provider: &mut Provider,
    client: &Client,
    secret: &str,
) -> Option<Result<Value, Reason>> {
    if provider.store.codes.contains_key(secret) {
        return None;
    }
    let token = provider.store.refresh_tokens.get(secret);
    if let Some(grant) = token.map(|token| token.grant)
        && has(provider, Fault::CodeAndRefreshTokenInterchangeable)
    {
        let scope = provider.store.grants.get(&grant)?.scope.clone();
        return Some(issue::tokens(provider, grant, &scope, Occasion::Grant));
    }
    has(provider, Fault::UnknownCodeAccepted).then(|| issue::undeserved(provider, client))
}

/// RFC 6749 §4.1.2: a code must not be used more than once, however late.
fn is_reusable(provider: &Provider, code: &Code) -> bool {
    let issued_at = code.expires_at - provider.dialect.lifetimes.authorization_code;
    let forgotten = provider::now(provider) >= issued_at + 20;
    has(provider, Fault::CodeReusable) || (forgotten && has(provider, Fault::CodeReusableLater))
}

/// The code and the scope of its grant, if it belongs to the client.
fn find(provider: &Provider, client: &Client, secret: &str) -> Result<(Code, Vec<String>), Reason> {
    let code = provider.store.codes.get(secret);
    let grant = code.and_then(|code| provider.store.grants.get(&code.grant));
    match (code, grant) {
        // RFC 6749 §4.1.3: ensure that the code was issued to this client.
        (Some(code), Some(grant))
            if grant.client_id == client.id || has(provider, Fault::CodeNotBoundToClient) =>
        {
            Ok((code.clone(), grant.scope.clone()))
        }
        _ => Err(Reason::CodeUnknown),
    }
}

fn replayed(provider: &mut Provider, code: &Code, form: &Parameters) -> Reason {
    let verifier = one(form, "code_verifier");
    // RFC 6749 §4.1.2: revoke what was issued for a code that is used twice. Only whoever has the
    // verifier can cause it, or a leaked code would be enough to end somebody's session.
    let spared = has(provider, Fault::CodeReuseRevokesNothing);
    if !spared && check_verifier(provider, code.challenge.as_ref(), verifier).is_ok() {
        store::revoke_grant(&mut provider.store, code.grant);
    }
    Reason::CodeUsed
}

fn check_redirect_uri(provider: &Provider, code: &Code, form: &Parameters) -> Result<(), Reason> {
    match one(form, "redirect_uri") {
        Some(_) if has(provider, Fault::RedirectUriNotCompared) => Ok(()),
        None if has(provider, Fault::RedirectUriOptionalAtExchange) => Ok(()),
        // RFC 6749 §4.1.3: identical, and required if the authorization request had one.
        Some(sent) if sent != code.redirect_uri => Err(Reason::RedirectUriDiffers),
        None if code.redirect_uri_sent => Err(Reason::RedirectUriLeftOut),
        _ => Ok(()),
    }
}

fn check_verifier(
    provider: &Provider,
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
) -> Result<(), Reason> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) if has(provider, Fault::VerifierWithoutChallengeAccepted) => Ok(()),
        // RFC 9700 §2.1.1: a verifier without a challenge is a downgrade.
        (None, Some(_)) => Err(Reason::VerifierWithoutChallenge),
        (Some(_), _) if has(provider, Fault::RefusesCorrectVerifier) => Err(Reason::VerifierWrong),
        (Some(_), None) if has(provider, Fault::VerifierOptional) => Ok(()),
        // RFC 7636 §4.5: the verifier is required.
        (Some(_), None) => Err(Reason::VerifierMissing),
        (Some(_), Some(verifier)) if !is_sound(provider, verifier) => {
            Err(Reason::VerifierMalformed)
        }
        (Some(_), Some(_)) if has(provider, Fault::IgnoresVerifier) => Ok(()),
        (Some(challenge), Some(verifier)) if matches(challenge, verifier) => Ok(()),
        (Some(Challenge::S256(hash)), Some(verifier)) if tolerated(provider, hash, verifier) => {
            Ok(())
        }
        // RFC 7636 §4.6: invalid_grant if the values are not equal.
        (Some(_), Some(_)) => Err(Reason::VerifierWrong),
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
fn is_sound(provider: &Provider, verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let odd = !verifier.bytes().all(unreserved);
    let wrong = match verifier.len() {
        ..43 => !has(provider, Fault::ShortVerifierAccepted),
        43..128 => false,
        128 => has(provider, Fault::LongestVerifierRefused),
        _ => !has(provider, Fault::LongVerifierAccepted),
    };
    !wrong && (!odd || has(provider, Fault::VerifierCharactersUnchecked))
}

fn matches(challenge: &Challenge, verifier: &str) -> bool {
    match challenge {
        Challenge::S256(hash) => s256(verifier) == *hash,
        Challenge::Plain(plain) => plain == verifier,
    }
}

/// The wrong verifiers that only faults take for right ones.
fn tolerated(provider: &Provider, hash: &str, verifier: &str) -> bool {
    let other_case = |byte: u8| char::from(byte ^ if byte.is_ascii_alphabetic() { 32 } else { 0 });
    let swapped: String = verifier.bytes().map(other_case).collect();
    (has(provider, Fault::ChallengeMatchesItself) && verifier == hash)
        || (has(provider, Fault::VerifierCaseIgnored) && s256(&swapped) == hash)
}

fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_that_is_too_short_has_a_hash_like_any_other() {
        assert_eq!(s256("12345"), "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U");
    }

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
