//! Opens the store that the settings name, and waits for a database that comes later than the retriever.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use lifecycle::Shutdown;

use crate::error::Error;
use crate::settings::{Settings, StoreChoice};
use crate::store::embedded::{EmbeddedStore, Options};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::backoff::Backoff;
use crate::store::{Model, Store};

/// First and longest pause before the database is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Opens the store.
///
/// # Errors
/// [`Error::Incompatible`] and [`Error::Invalid`] at once; [`Error::Unreachable`] only when shutdown begins before the
/// database can be reached.
pub(super) async fn open(
    settings: &Settings,
    model: Model,
    shutdown: &Shutdown,
) -> Result<Arc<dyn Store>, Error> {
    match &settings.store {
        StoreChoice::Embedded => {
            let directory = settings.data_dir.clone();
            let options = Options { readers: settings.capacity.readers, history: settings.history };
            let opening =
                tokio::task::spawn_blocking(move || EmbeddedStore::open(&directory, model, options));
            Ok(Arc::new(opening.await.map_err(|error| Error::Internal(anyhow::Error::new(error)))??))
        }
        StoreChoice::Postgres(postgres) => {
            let days = u32::try_from(settings.history.as_secs() / 86_400).unwrap_or(u32::MAX);
            let open = || PostgresStore::open(postgres, days, model.clone(), shutdown);
            Ok(Arc::new(until_reached(open, shutdown).await?))
        }
    }
}

/// Opens again and again, as long as that may help.
async fn until_reached<F, T>(open: impl Fn() -> F, shutdown: &Shutdown) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    loop {
        let error = match open().await {
            Err(error @ (Error::Unreachable(_) | Error::Overloaded)) => error,
            other => return other,
        };
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        tracing::warn!(cause, "the knowledge store is not there yet");
        tokio::select! {
            () = tokio::time::sleep(backoff.pause()) => {}
            () = shutdown.token().cancelled() => return Err(error),
        }
    }
}
