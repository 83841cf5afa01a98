//! Searching on without the question's vector: an embedder that fails costs a search its meaning, not its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;

use crate::error::Error;

/// Time between two warnings; each question would have one otherwise.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// Counts the searches by words alone that were to be by words and meaning. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Degraded {
    searches: Counter,
    warned: Arc<Mutex<Option<Instant>>>,
}

impl Degraded {
    /// Counts a search and, once a minute, says why in the log. Returns whether it did.
    pub(super) fn note(&self, why: &Error) -> bool {
        self.searches.inc();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = warned.is_none_or(|last| last.elapsed() >= BETWEEN_WARNINGS);
        if is_due {
            *warned = Some(Instant::now());
            let cause = std::error::Error::source(why).map(ToString::to_string).unwrap_or_default();
            tracing::warn!(error = %why, cause, "questions are searched by words alone");
        }
        is_due
    }

    /// Returns the counter, for the metrics.
    pub(super) fn searches(&self) -> &Counter {
        &self.searches
    }
}

#[cfg(test)]
mod tests {
    use super::{BETWEEN_WARNINGS, Degraded, Error};

    #[tokio::test(start_paused = true)]
    async fn each_search_counts_and_a_minute_has_one_warning() {
        let degraded = Degraded::default();
        let why = Error::Embedder(embedding::Error::Throttled("slow down".to_owned()));
        assert!(degraded.note(&why));
        assert!(!degraded.clone().note(&why));
        tokio::time::advance(BETWEEN_WARNINGS).await;
        assert!(degraded.note(&why));
        assert_eq!(degraded.searches().get(), 3);
    }
}
