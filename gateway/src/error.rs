//! Why the gateway cannot start.

use proto::ErrorCode;

/// Why the gateway cannot start or be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener does not work.
    #[error(transparent)]
    Listen(#[from] std::io::Error),
    /// The key file cannot be used.
    #[error("{0}")]
    Keys(String),
    /// The HTTP listeners must be ports.
    #[error("HTTP is served on a port, not over a pipe in memory")]
    NoPort,
}

impl Error {
    /// Returns the code in the error table.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Internal
    }
}
