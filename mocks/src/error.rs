//! Why a stub cannot start.

use std::net::IpAddr;

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
    /// No endpoint has the name that a quota is for.
    #[error("{0}")]
    UnknownEndpoint(String),
    /// A quota of the dialect is no rate.
    #[error("{0}")]
    Quota(String),
    /// The file of `--config` cannot be read.
    #[error("{file} cannot be read: {source}")]
    ConfigUnreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file of `--config` says what no dialect can.
    #[error(
        "{file}:{line}:{column}: {message}\nhint: it may have base_url and what the dialect's own file in mocks/dialects has"
    )]
    Config {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// The certificates cannot be made or written.
    #[error("the certificates cannot be made: {0}")]
    Certificates(String),
    /// Something else listens on the port.
    #[error("port {port} on {host} is already in use\nhint: port 0 takes any free one")]
    PortInUse {
        /// The address.
        host: IpAddr,
        /// The port.
        port: u16,
    },
    /// The operating system refuses the port for another reason.
    #[error("cannot listen on port {port} of {host}: {source}")]
    Listen {
        /// The address.
        host: IpAddr,
        /// The port.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// Why a port cannot be had.
pub fn cannot_listen(host: IpAddr, port: u16, source: std::io::Error) -> StubError {
    if source.kind() == std::io::ErrorKind::AddrInUse {
        return StubError::PortInUse { host, port };
    }
    StubError::Listen { host, port, source }
}
