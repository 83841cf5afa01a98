//! Which generation of the knowledge is the newest, as the retriever tells it. It knows no document and no answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::upstream::Services;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The newest generation that is known here; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knowledge {
    seen: Arc<Mutex<Option<Seen>>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    generation: u64,
    /// When the retriever was heard last; nothing while it is connected.
    lost: Option<Instant>,
}

impl Knowledge {
    /// Returns the newest generation, while the retriever is there to tell of changes.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.seen().filter(|seen| seen.lost.is_none()).map(|seen| seen.generation)
    }

    /// Returns the newest generation that was known when the retriever was lost, for at most `patience` after that.
    pub(crate) fn last_known(&self, patience: Duration) -> Option<u64> {
        let seen = self.seen()?;
        let is_recent = seen.lost.is_none_or(|lost| lost.elapsed() <= patience);
        is_recent.then_some(seen.generation)
    }

    /// Follows the retriever for ever and calls `changed` with each newer generation.
    pub(crate) async fn follow(&self, services: &Services, changed: impl Fn(u64)) {
        let mut pause = FIRST_PAUSE;
        loop {
            match services.watch_generation().await {
                Ok(mut generations) => {
                    while let Ok(Some(generation)) = generations.message().await {
                        pause = FIRST_PAUSE;
                        if self.note(generation.number) {
                            changed(generation.number);
                        }
                    }
                }
                Err(refusal) => tracing::debug!(cause = refusal.cause(), "generations cannot be followed"),
            }
            self.lose();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Notes the newest generation; returns whether it differs from the one before.
    fn note(&self, generation: u64) -> bool {
        let before = self.lock().replace(Seen { generation, lost: None });
        before.is_none_or(|before| before.generation != generation)
    }

    fn lose(&self) {
        if let Some(seen) = self.lock().as_mut() {
            seen.lost.get_or_insert_with(Instant::now);
        }
    }

    fn seen(&self) -> Option<Seen> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Knowledge;

    #[tokio::test(start_paused = true)]
    async fn a_lost_retriever_is_believed_for_a_while() {
        let knowledge = Knowledge::default();
        let minute = Duration::from_secs(60);
        assert_eq!((knowledge.newest(), knowledge.last_known(minute)), (None, None));
        assert!(knowledge.note(7) && !knowledge.note(7) && knowledge.note(8));
        assert_eq!((knowledge.newest(), knowledge.last_known(minute)), (Some(8), Some(8)));
        knowledge.lose();
        tokio::time::advance(minute).await;
        knowledge.lose();
        assert_eq!((knowledge.newest(), knowledge.last_known(minute)), (None, Some(8)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(knowledge.last_known(minute), None);
        knowledge.note(8);
        assert_eq!(knowledge.newest(), Some(8));
    }
}
