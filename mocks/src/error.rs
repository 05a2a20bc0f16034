//! Why a stub cannot start.

/// Why a stub cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StubError {
    /// No dialect has this name.
    #[error("unknown dialect {name:?}\nhint: the stub knows {known}")]
    UnknownDialect {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// No fault has this name.
    #[error("unknown fault {name:?}\nhint: the stub knows {known}")]
    UnknownFault {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// Something else listens on the port.
    #[error("port {port} on 127.0.0.1 is already in use\nhint: port 0 takes any free one")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The operating system refuses the port for another reason.
    #[error("cannot listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
}
