//! A TLS handshake, for what it shows: the only module that names the TLS library.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ProtocolVersion};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// What a handshake showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// The version of TLS.
    pub version: String,
    /// How many certificates the chain has.
    pub chain: usize,
    /// When the first certificate of the chain to end does so.
    pub until: Option<DateTime<Utc>>,
}

/// Why a handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A certificate has ended, at this time if it is known.
    Expired(Option<DateTime<Utc>>),
    /// A certificate is not valid yet.
    NotYet,
    /// The certificate is for another name.
    OtherName,
    /// No authority that this machine trusts has signed.
    UnknownIssuer,
    /// What answers does not speak TLS.
    NoTls,
    /// Anything else.
    Other(String),
}

/// Shakes hands as a client does that trusts what the system trusts.
///
/// # Errors
/// Why a client must not go on.
pub async fn handshake(stream: TcpStream, host: &str) -> Result<Secured, Fault> {
    let other = |error: &dyn fmt::Display| Fault::Other(error.to_string());
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| other(&error))?
        .with_no_client_auth();
    let name = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(|error| other(&error))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let connected = connected.map_err(|error| fault(&error))?;
    let (_, session) = connected.get_ref();
    let chain = session.peer_certificates().unwrap_or_default();
    Ok(Secured {
        version: session.protocol_version().map_or("TLS", spelt).to_owned(),
        chain: chain.len(),
        until: chain.iter().filter_map(end).min(),
    })
}

fn spelt(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "TLS",
    }
}

/// When a certificate ends.
fn end(certificate: &CertificateDer<'_>) -> Option<DateTime<Utc>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    DateTime::from_timestamp(i64::try_from(end.as_secs()).ok()?, 0)
}

fn fault(error: &io::Error) -> Fault {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(wrong)) => certificate(wrong),
        Some(rustls::Error::InvalidMessage(_)) => Fault::NoTls,
        Some(other) => Fault::Other(other.to_string()),
        // A server that waits for an HTTP request closes on what it cannot read.
        None if error.kind() == io::ErrorKind::UnexpectedEof => Fault::NoTls,
        None => Fault::Other(error.source().map_or(error.to_string(), ToString::to_string)),
    }
}

fn certificate(wrong: &CertificateError) -> Fault {
    let moment = |time: &UnixTime| {
        DateTime::from_timestamp(i64::try_from(time.as_secs()).unwrap_or_default(), 0)
    };
    match wrong {
        CertificateError::Expired => Fault::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => Fault::Expired(moment(not_after)),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Fault::NotYet
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Fault::OtherName
        }
        CertificateError::UnknownIssuer => Fault::UnknownIssuer,
        other => Fault::Other(other.to_string()),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired(Some(end)) => {
                write!(f, "its certificate expired on {}", end.format("%Y-%m-%d"))
            }
            Self::Expired(None) => f.write_str("its certificate has expired"),
            Self::NotYet => f.write_str("its certificate is not valid yet"),
            Self::OtherName => f.write_str("its certificate is for another host name"),
            Self::UnknownIssuer => f.write_str(
                "its certificate comes from an authority that this machine does not trust",
            ),
            Self::NoTls => f.write_str("it does not speak TLS"),
            Self::Other(why) => write!(f, "the TLS handshake fails: {why}"),
        }
    }
}
