//! Answers that every gateway may give again: one stream for each generation of the knowledge, bounded in number and age. It
//! knows answers as bytes only.

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::Script;

use super::redis::{Away, Redis};

static KEEP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/keep.lua")));
static KEPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/kept.lua")));
static DROP: LazyLock<Script> = LazyLock::new(|| Script::new("return redis.call('UNLINK', KEYS[1])"));

/// Answers returned at once.
const PAGE: usize = 64;
/// Where a stream begins.
pub(crate) const BEGINNING: &str = "0-0";

/// An answer of the stream.
#[derive(Debug)]
pub(crate) struct KeptEntry {
    /// Its place, to go on after.
    pub(crate) id: String,
    /// How long ago it was added.
    pub(crate) age: Duration,
    /// The answer.
    pub(crate) record: Vec<u8>,
}

impl Redis {
    /// Adds an answer of this generation; of more than `most`, the oldest leave. All leave when none was added for `lifetime`.
    ///
    /// # Errors
    /// [`Away`].
    pub(crate) async fn keep_answer(
        &self,
        generation: u64,
        record: &[u8],
        (most, lifetime): (usize, Duration),
    ) -> Result<(), Away> {
        let mut call = KEEP.prepare_invoke();
        call.key(self.kept_key(generation)).arg(record).arg(most);
        call.arg(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1));
        self.run::<i64>(&call).await.map(drop)
    }

    /// Returns the next answers of this generation after the one of that id; [`BEGINNING`] stands before the first.
    ///
    /// # Errors
    /// [`Away`].
    pub(crate) async fn kept_answers(&self, generation: u64, after: &str) -> Result<Vec<KeptEntry>, Away> {
        let mut call = KEPT.prepare_invoke();
        call.key(self.kept_key(generation)).arg(after).arg(PAGE);
        let (now, answers): (u64, Vec<(String, u64, Vec<u8>)>) = self.run(&call).await?;
        let entry = |(id, added, record)| {
            let age = Duration::from_millis(now.saturating_sub(added));
            KeptEntry { id, age, record }
        };
        Ok(answers.into_iter().map(entry).collect())
    }

    /// Forgets the answers of a generation that is not the newest any more; while the Redis is away their lifetime ends them.
    pub(crate) async fn drop_kept_answers(&self, generation: u64) {
        let mut call = DROP.prepare_invoke();
        call.key(self.kept_key(generation));
        _ = self.run::<i64>(&call).await;
    }

    fn kept_key(&self, generation: u64) -> String {
        self.key("kept", &generation.to_string())
    }
}
