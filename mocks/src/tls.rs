//! TLS for the stand-alone stub: a throw-away certificate authority, and the server's certificate.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose};
use rcgen::{IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::StubError;
use crate::random;

/// How the server does TLS, and whom clients must trust for it.
pub struct Tls {
    /// Takes connections.
    pub acceptor: TlsAcceptor,
    /// The certificate of the authority, in PEM.
    pub authority: Authority,
}

/// The file with the certificate of the authority. It is removed when this is dropped, unless the
/// user has said where it goes.
#[derive(Debug)]
pub struct Authority {
    /// The file.
    pub path: PathBuf,
    keep: bool,
}

impl Drop for Authority {
    fn drop(&mut self) {
        if !self.keep {
            // Somebody may have tidied up already.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Makes certificates for localhost, the loopback addresses and `host`. The private key of the
/// authority is thrown away.
///
/// # Errors
/// When the certificate cannot be written to `file`, or to a new temporary file.
pub fn new(host: IpAddr, file: Option<&Path>) -> Result<Tls, StubError> {
    let unmade = |error: rcgen::Error| StubError::Certificates(error.to_string());
    let (authority, issuer) = authority().map_err(unmade)?;
    let (certificate, key) = leaf(host, &issuer).map_err(unmade)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            let builder = builder.with_no_client_auth();
            builder.with_single_cert(vec![certificate], key)
        })
        .map_err(|error| StubError::Certificates(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let authority = write(&authority, file)?;
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
}

/// The authority's certificate in PEM, and what signs with its key.
fn authority() -> Result<(String, Issuer<'static, KeyPair>), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "authgauge stub, throw-away authority");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}

type Leaf = (CertificateDer<'static>, PrivateKeyDer<'static>);

fn leaf(host: IpAddr, issuer: &Issuer<'static, KeyPair>) -> Result<Leaf, rcgen::Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut names = names.to_vec();
    let host = host.to_string();
    if !names.contains(&host) {
        names.push(host);
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((certificate.der().clone(), key))
}

fn write(pem: &str, file: Option<&Path>) -> Result<Authority, StubError> {
    let name = || std::env::temp_dir().join(format!("authgauge-ca-{}.pem", random::secret()));
    let path = file.map_or_else(name, Path::to_owned);
    let mut options = OpenOptions::new();
    let options = options.write(true);
    // Nobody else can have planted a link under a name that did not exist.
    let options =
        if file.is_some() { options.create(true).truncate(true) } else { options.create_new(true) };
    let written = options.open(&path).and_then(|mut open| open.write_all(pem.as_bytes()));
    written.map_err(|error| {
        StubError::Certificates(format!("{} cannot be written: {error}", path.display()))
    })?;
    Ok(Authority { path, keep: file.is_some() })
}
