//! By what a load is sent.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lean::LeanTransport;
use crate::transport::{HttpTransport, Transport};
use crate::wire::{Exchange, Request};

/// The kinds of transport.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The one of the conformance run.
    #[default]
    Standard,
    /// One that costs less processor time: HTTP/1.1 only, no proxies and no compression.
    Lean,
}

/// A transport of one of the kinds.
#[derive(Debug, Clone)]
pub enum Sender {
    /// See [`Kind::Standard`].
    Standard(HttpTransport),
    /// See [`Kind::Lean`].
    Lean(Arc<LeanTransport>),
}

impl Sender {
    /// A transport of this kind that allows each exchange `timeout`.
    ///
    /// # Errors
    /// When no TLS roots can be loaded from the system.
    pub fn new(kind: Kind, timeout: Duration) -> Result<Self, String> {
        match kind {
            Kind::Standard => HttpTransport::new(timeout).map(Self::Standard),
            Kind::Lean => LeanTransport::new(timeout).map(Arc::new).map(Self::Lean),
        }
    }
}

impl Transport for Sender {
    async fn exchange(&self, request: Request) -> Exchange {
        match self {
            Self::Standard(transport) => transport.exchange(request).await,
            Self::Lean(transport) => transport.exchange(request).await,
        }
    }
}
