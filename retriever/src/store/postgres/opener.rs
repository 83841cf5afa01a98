//! Opens a connection: the address with the present password, within the time allowed.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, ConfigConnectImpl, Connect};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::credentials::Credentials;
use super::settings::{Settings, Tls};
use super::{failure, tls};
use crate::error::Error;

/// After this long without an answer, a silent peer is asked whether it is still there; then it counts as gone.
const SILENCE: Duration = Duration::from_secs(30);

/// What is needed to open a connection.
pub(super) struct Opener {
    config: Config,
    credentials: Credentials,
    connect: ConfigConnectImpl<MakeRustlsConnect>,
    deadline: Duration,
}

impl Opener {
    /// Prepares what all connections share.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the trusted authorities cannot be read.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let mut config = settings.address.clone();
        let milliseconds = settings.allowance.statement.as_millis();
        // What the URL says comes later and wins, but for the time limit.
        let own = config.get_options().unwrap_or_default();
        let options = format!("-c synchronous_commit=on {own} -c statement_timeout={milliseconds}");
        config
            .options(options)
            .ssl_mode(if settings.tls == Tls::Off { SslMode::Disable } else { SslMode::Require })
            .connect_timeout(settings.allowance.connect)
            .keepalives_idle(SILENCE)
            .keepalives_interval(SILENCE / 6)
            .keepalives_retries(3)
            .tcp_user_timeout(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("retriever");
        }
        Ok(Self {
            config,
            credentials: Credentials::new(settings)?,
            connect: ConfigConnectImpl { tls: tls::connector(&settings.tls)? },
            deadline: settings.allowance.connect,
        })
    }

    /// Returns how connections are encrypted.
    pub(super) fn tls(&self) -> MakeRustlsConnect {
        self.connect.tls.clone()
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Error::Invalid`] when trying again would not help, [`Error::Unreachable`] when it may.
    pub(super) async fn open(&self) -> Result<ClientWrapper, Error> {
        let connect = |config: Config| async move { self.connect.connect(&config).await };
        let (client, task) = self.log_in(connect).await?;
        Ok(ClientWrapper::new(client, task))
    }

    /// Logs in, and once more where the password was refused and is another one by now.
    ///
    /// # Errors
    /// Those of [`Opener::open`].
    pub(super) async fn log_in<T, F>(&self, connect: impl Fn(Config) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let late = |_| failure::unreachable(format!("no connection within {:?}", self.deadline));
        tokio::time::timeout(self.deadline, Box::pin(self.log_in_patiently(connect))).await.map_err(late)?
    }

    async fn log_in_patiently<T, F>(&self, connect: impl Fn(Config) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let config = self.config_now().await?;
        let refused = match connect(config.clone()).await {
            Err(error) if error.code() == Some(&SqlState::INVALID_PASSWORD) => error,
            other => return other.map_err(|error| failure::while_connecting(&error, &config)),
        };
        let changed = self.config_now().await?;
        if changed.get_password() == config.get_password() {
            return Err(failure::while_connecting(&refused, &config));
        }
        connect(changed).await.map_err(|error| failure::while_connecting(&error, &config))
    }

    async fn config_now(&self) -> Result<Config, Error> {
        let mut config = self.config.clone();
        if let Some(password) = self.credentials.password().await? {
            config.password(password.expose());
        }
        Ok(config)
    }
}
