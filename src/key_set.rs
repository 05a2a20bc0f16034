//! Rules for JWK Sets, on the raw JSON: a typed parser would drop just what must not be there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::jose;

/// RFC 7518 §6.2.2, §6.3.2 and §6.4.1: members that only a private or symmetric key has.
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether no key has a private or symmetric member (RFC 7517 §9.2).
///
/// # Errors
/// Names the first key that has, and the member.
pub fn public_only(set: &Value) -> Result<(), String> {
    let leaks = |key: &Value| SECRET.into_iter().find(|member| key.get(member).is_some());
    each(set, |key| leaks(key).map(|member| format!("has the secret member `{member}`")))
}

/// Whether RSA keys have 2048 bits or more and EC keys the curve of their `alg`.
///
/// # Errors
/// Names the first key that has not.
pub fn strong(set: &Value) -> Result<(), String> {
    each(set, |key| match text(key, "kty") {
        "RSA" => bits(text(key, "n")).filter(|bits| *bits < 2048).map(|b| format!("has {b} bits")),
        "EC" => {
            // RFC 7518 §3.4: each algorithm has its curve.
            let (alg, curve) = (text(key, "alg"), text(key, "crv"));
            let wanted = curve_of(alg).filter(|wanted| *wanted != curve);
            wanted.map(|wanted| format!("is for {alg}, which takes {wanted}, but is on {curve}"))
        }
        _ => None,
    })
}

/// Whether every key states its `use` where some are for signing and some for encryption.
///
/// # Errors
/// Names the first key that does not.
pub fn states_use(set: &Value) -> Result<(), String> {
    let mixed = ["sig", "enc"].iter().all(|usage| keys(set).iter().any(|k| usage_of(k) == *usage));
    if !mixed {
        return Ok(());
    }
    each(set, |key| text(key, "use").is_empty().then(|| "has no `use`".into()))
}

/// Whether no key has the `kid` of a different key in an earlier set (RFC 7517 §4.5).
///
/// # Errors
/// Names the first `kid` that has changed hands.
pub fn keeps_kids(earlier: &Value, later: &Value) -> Result<(), String> {
    let material = |key: &Value| ["kty", "n", "e", "crv", "x", "y"].map(|m| key.get(m).cloned());
    each(later, |key| {
        let named =
            |other: &&Value| other.get("kid").is_some() && other.get("kid") == key.get("kid");
        // A set may hold several keys of one kid; then one of them must still be this one.
        let mut same = keys(earlier).iter().filter(named).peekable();
        same.peek()?;
        (!same.any(|other| material(other) == material(key)))
            .then(|| "has the kid of another key before".into())
    })
}

/// Whether the `alg` of a JWT is one that the key it names is for (RFC 8725 §3.1).
///
/// # Errors
/// Says what the key is for instead.
pub fn fits(jwt: &str, set: &Value) -> Result<(), String> {
    let header = jose::header(jwt)?;
    let alg = text(&header, "alg");
    let misfit = |key: &Value| {
        let own = text(key, "alg");
        let (kty, curve) = (text(key, "kty"), text(key, "crv"));
        let family = match alg.get(..2) {
            Some("RS" | "PS") => kty == "RSA",
            Some("ES") => kty == "EC" && curve_of(alg).is_none_or(|wanted| wanted == curve),
            Some("Ed") => kty == "OKP",
            // HMAC and `none` go with no published key.
            _ => false,
        };
        let fits = family && (own.is_empty() || own == alg);
        (!fits).then(|| format!("the token's alg is {alg}, its key is for {kty} {curve} {own}"))
    };
    let mut reasons = jose::candidates(&header, set)?.into_iter().map(misfit);
    reasons.next().flatten().map_or(Ok(()), Err)
}

fn keys(set: &Value) -> &[Value] {
    set.get("keys").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The first complaint about a key, with what the key is called.
fn each(set: &Value, complaint: impl Fn(&Value) -> Option<String>) -> Result<(), String> {
    let found = keys(set).iter().enumerate().find_map(|(i, key)| Some((i, key, complaint(key)?)));
    found.map_or(Ok(()), |(index, key, why)| {
        Err(format!("the key at {index}, kid \"{}\", {why}", text(key, "kid")))
    })
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn bits(modulus: &str) -> Option<usize> {
    let bytes = URL_SAFE_NO_PAD.decode(modulus.trim_end_matches('=')).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some((bytes.len() - first) * 8 - bytes[first].leading_zeros() as usize)
}

fn curve_of(alg: &str) -> Option<&'static str> {
    match alg {
        "ES256" => Some("P-256"),
        "ES384" => Some("P-384"),
        "ES512" => Some("P-521"),
        _ => None,
    }
}

/// What a key is for: its `use`, or what its `alg` can only mean.
fn usage_of(key: &Value) -> &str {
    match (text(key, "use"), text(key, "alg")) {
        ("", alg) if alg.starts_with("RSA") || alg.starts_with("ECDH") => "enc",
        ("", "") => "",
        ("", _) => "sig",
        (usage, _) => usage,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(keys: &Value) -> Value {
        json!({ "keys": keys })
    }

    #[test]
    fn secret_members_are_found() {
        assert_eq!(public_only(&set(&json!([{"kty": "RSA", "n": "x", "e": "AQAB"}]))), Ok(()));
        assert!(public_only(&set(&json!([{"kty": "RSA", "d": "x"}]))).is_err());
        assert!(public_only(&set(&json!([{"kty": "oct", "k": "x"}]))).is_err());
    }

    #[test]
    fn weak_keys_are_found() {
        let rsa =
            |bytes: usize| json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(vec![0x80; bytes])});
        let curve = |alg, crv| json!({"kty": "EC", "alg": alg, "crv": crv});
        let rows = [
            (rsa(256), true),
            (rsa(255), false),
            (rsa(128), false),
            (curve("ES256", "P-256"), true),
            (curve("ES256", "P-384"), false),
            (json!({"kty": "EC", "crv": "P-384"}), true),
        ];
        for (key, fine) in rows {
            assert_eq!(strong(&set(&json!([key]))).is_ok(), fine, "{key}");
        }
    }

    #[test]
    fn mixed_sets_state_each_use() {
        let (sig, enc, silent) = (json!({"use": "sig"}), json!({"alg": "RSA-OAEP"}), json!({}));
        assert!(states_use(&set(&json!([sig, silent]))).is_ok());
        assert!(states_use(&set(&json!([sig, enc]))).is_err());
        assert!(states_use(&set(&json!([sig, {"use": "enc"}]))).is_ok());
    }

    #[test]
    fn a_kid_names_one_key() {
        let old = set(&json!([{"kid": "a", "n": "1"}]));
        assert!(
            keeps_kids(&old, &set(&json!([{"kid": "a", "n": "1"}, {"kid": "b", "n": "2"}])))
                .is_ok()
        );
        assert!(keeps_kids(&old, &set(&json!([{"kid": "a", "n": "2"}]))).is_err());
    }

    #[test]
    fn an_algorithm_fits_its_key() {
        let header = |alg: &str| {
            let encode = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
            format!("{}.{}.", encode(json!({"alg": alg, "kid": "a"})), encode(json!({})))
        };
        let rows = [
            ("RS256", json!({"kty": "RSA", "alg": "RS256"}), true),
            ("RS256", json!({"kty": "RSA"}), true),
            ("PS256", json!({"kty": "RSA", "alg": "RS256"}), false),
            ("HS256", json!({"kty": "RSA"}), false),
            ("ES256", json!({"kty": "EC", "crv": "P-256"}), true),
            ("ES256", json!({"kty": "EC", "crv": "P-384"}), false),
            ("EdDSA", json!({"kty": "OKP", "crv": "Ed25519"}), true),
        ];
        for (alg, mut key, fine) in rows {
            key["kid"] = json!("a");
            assert_eq!(fits(&header(alg), &set(&json!([key]))).is_ok(), fine, "{alg} {key}");
        }
    }
}
