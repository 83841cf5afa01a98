//! What a failure of PostgreSQL means to the caller: try again, make room, or mend the settings.

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::Error;

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            return if is_lost(&error) {
                Self::Unreachable(error.into())
            } else {
                Self::Database(error.into())
            };
        };
        match code.code() {
            "53100" => Self::StorageFull,
            code if may_pass(code) => Self::Unreachable(error.into()),
            _ => Self::Database(error.into()),
        }
    }
}

/// Whether a failed call may succeed later, by its `SQLSTATE`
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn may_pass(code: &str) -> bool {
    // Broken connection, too few resources, intervention of an operator or a time limit.
    let classes = ["08", "53", "57"];
    // Serialisation failure, deadlock, a lock that was not free, a server that became a read-only replica.
    let codes = ["40001", "40P01", "55P03", "25006"];
    classes.iter().any(|class| code.starts_with(class)) || codes.contains(&code)
}

/// Whether the connection broke.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(error);
    error.is_closed() || cause.is_some_and(|cause| cause.is::<std::io::Error>())
}

/// Whether a failure leaves the state of its connection unknown.
pub(super) fn is_in_doubt(error: &Error) -> bool {
    matches!(error, Error::Unreachable(_) | Error::Database(_) | Error::StorageFull | Error::Internal(_))
}

/// Returns a failure that may pass.
pub(super) fn unreachable(message: String) -> Error {
    Error::Unreachable(message.into())
}

/// Returns a failed attempt to connect as the calls that need the connection report it: to them it may pass, since
/// settings and passwords are mended while the process runs. What they may read names no server.
pub(super) fn while_running(error: Error) -> Error {
    match error {
        Error::Invalid(message) => unreachable(message),
        other => other,
    }
}

/// Returns why no connection was made: [`Error::Invalid`] when trying again would not help, else
/// [`Error::Unreachable`]. The text says what was wrong and what would be right.
pub(super) fn while_connecting(error: &tokio_postgres::Error, config: &Config) -> Error {
    let place = place(config);
    if let Some(refusal) = error.as_db_error() {
        let message = refusal.message();
        return match hint(refusal.code().code(), message, config) {
            Some(hint) => Error::Invalid(format!("PostgreSQL at {place}: {message}: {hint}")),
            None => unreachable(format!("PostgreSQL at {place}: {message}")),
        };
    }
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    let text = format!("PostgreSQL at {place}: {error}{cause}");
    if cause.contains("does not support TLS") {
        return Error::Invalid(format!("{text}: expected a server with TLS, or RETRIEVER_POSTGRES_TLS=off"));
    }
    if is_untrusted(error) {
        return Error::Invalid(format!(
            "{text}: expected a certificate for this host name, signed by an authority of RETRIEVER_POSTGRES_CA_FILE"
        ));
    }
    if cause.contains("password missing") {
        return Error::Invalid(format!("{text}: expected RETRIEVER_POSTGRES_PASSWORD or _PASSWORD_FILE"));
    }
    unreachable(text)
}

/// Returns what would be right where the server refused for good.
fn hint(code: &str, message: &str, config: &Config) -> Option<String> {
    let user = config.get_user().unwrap_or_default();
    Some(match code {
        "28P01" => format!(
            "expected the password of `{user}` in RETRIEVER_POSTGRES_PASSWORD or the file of RETRIEVER_POSTGRES_PASSWORD_FILE"
        ),
        "28000" if message.contains("no encryption") || message.contains("SSL off") => {
            "expected an encrypted connection: set RETRIEVER_POSTGRES_TLS=verify".to_owned()
        }
        "28000" => format!("expected `{user}` to be a user who may connect from here in this way"),
        "3D000" => "expected the name of a database in RETRIEVER_POSTGRES_URL; create it first".to_owned(),
        "42501" => format!("expected `{user}` to have the right to connect to this database"),
        _ => return None,
    })
}

/// Whether the server's certificate was refused.
fn is_untrusted(error: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let inner =
        cause.and_then(std::io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

/// Returns the servers of an address as `host:port`, separated by commas.
fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let named = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    named.collect::<Vec<_>>().join(",")
}
