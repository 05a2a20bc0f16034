//! Certificates of signing keys, for the products whose key sets have them (RFC 7517 §4.7 and §4.8).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{CertificateParams, DnType, PublicKeyData, SignatureAlgorithm, SigningKey};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};

use crate::key::{self, Algorithm, Key};

/// The certificate of a key as a JSON Web Key has it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The only member of `x5c`.
    pub x5c: String,
    /// The member `x5t`.
    pub x5t: String,
}

/// A key that certifies itself.
struct Own<'a>(&'a Key);

impl PublicKeyData for Own<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.0.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.algorithm {
            Algorithm::RS256 => &PKCS_RSA_SHA256,
            Algorithm::ES256 => &PKCS_ECDSA_P256_SHA256,
            Algorithm::EdDSA => &PKCS_ED25519,
        }
    }
}

impl SigningKey for Own<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(key::sign_certificate(self.0, message))
    }
}

/// A certificate by which a key vouches for itself.
pub fn certify(key: &Key) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "authgauge stub");
    let certificate = params.self_signed(&Own(key)).expect("the key fits its algorithm");
    let der = certificate.der();
    // RFC 7517 §4.7: base64, not base64url; §4.8: the thumbprint is SHA-1.
    let x5t = digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
    Certificate { x5c: STANDARD.encode(der), x5t: URL_SAFE_NO_PAD.encode(x5t) }
}
