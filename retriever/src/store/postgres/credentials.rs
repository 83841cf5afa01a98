//! The password for the next connection, wherever it comes from. It prints nowhere.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::failure;
use super::iam::{Audience, Tokens};
use super::settings::{Identity, Settings};
use crate::error::Error;

/// Where passwords come from.
pub(super) enum Credentials {
    /// None is needed.
    None,
    /// The same for ever.
    Fixed(Password),
    /// Whatever the file holds now.
    File(PathBuf),
    /// Signed for each connection.
    Iam(Box<Tokens>),
}

/// A password; there is no way to print it.
#[derive(Clone)]
pub(super) struct Password(String);

impl Password {
    /// Takes a password.
    pub(super) fn new(password: String) -> Self {
        Self(password)
    }

    /// Returns the password itself.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl Credentials {
    /// Prepares what the settings ask for.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a token is asked for and the address is not that of one server.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(match &settings.identity {
            Identity::None => Self::None,
            Identity::Password(password) => Self::Fixed(Password::new(password.expose().to_owned())),
            Identity::File(path) => Self::File(path.clone()),
            Identity::Iam { region } => {
                Self::Iam(Box::new(Tokens::new(audience(&settings.address)?, region)))
            }
        })
    }

    /// Returns the password for the next connection.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when it cannot be had now.
    pub(super) async fn password(&self) -> Result<Option<Password>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(password) => Ok(Some(password.clone())),
            Self::Iam(tokens) => tokens.token().await.map(Some),
            Self::File(path) => {
                let text = tokio::fs::read_to_string(path).await.map_err(|error| {
                    failure::unreachable(format!("the password file {}: {error}", path.display()))
                })?;
                Ok(Some(in_file(&text)))
            }
        }
    }
}

/// Returns whom a token is for.
fn audience(address: &Config) -> Result<Audience, Error> {
    let ([Host::Tcp(host)], Some(user)) = (address.get_hosts(), address.get_user()) else {
        let expected = "RETRIEVER_POSTGRES_IAM: expected one host name in RETRIEVER_POSTGRES_URL";
        return Err(Error::Invalid(expected.to_owned()));
    };
    let port = address.get_ports().first().copied().unwrap_or(5432);
    Ok(Audience { host: host.clone(), port, user: user.to_owned() })
}

/// Returns the password in a file's text: the `password` of a JSON object as AWS Secrets Manager keeps it, else the text
/// without the line break at its end.
fn in_file(text: &str) -> Password {
    #[derive(serde::Deserialize)]
    struct Kept {
        password: String,
    }
    match serde_json::from_str::<Kept>(text) {
        Ok(kept) => Password(kept.password),
        Err(_) => Password(text.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::in_file;

    #[test]
    fn a_password_file_holds_the_password_or_the_json_of_secrets_manager() {
        let cases = [
            ("s3cret", "s3cret"),
            (" s3cret \r\n", " s3cret "),
            (r#"{"username":"retriever","password":"s3 \"cret","port":5432}"#, r#"s3 "cret"#),
            ("{not json", "{not json"),
            ("12345", "12345"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(in_file(text).expose(), expected, "{text:?}");
        }
    }
}
