//! Shows kept answers to the other gateways and takes in theirs, behind everybody's back: whoever asks looks into memory only.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::{Cache, Kept, Key, record};
use crate::state::{BEGINNING, Redis};

/// Between two looks for answers of others.
const LOOK: Duration = Duration::from_millis(250);
/// Answers that wait to be shown; more are not shown.
const WAITING: usize = 64;
/// A larger answer is not shown.
const RECORD_BYTES: usize = 64 * 1024;
/// Of the bytes that may be kept, one answer is allowed for each of these.
const BYTES_PER_ANSWER: u64 = 16 * 1024;
const MOST_ANSWERS: u64 = 4096;

pub(super) type Outbox = mpsc::Sender<(Key, Arc<Kept>)>;

/// What one gateway shows and has seen.
#[derive(Debug)]
pub(super) struct Exchange {
    cache: Cache,
    redis: Arc<Redis>,
    waiting: mpsc::Receiver<(Key, Arc<Kept>)>,
    generation: Option<u64>,
    after: String,
}

impl Exchange {
    /// Returns an exchange for this cache, and where to put what is to be shown.
    pub(super) fn new(cache: Cache, redis: Arc<Redis>) -> (Self, Outbox) {
        let (outbox, waiting) = mpsc::channel(WAITING);
        (Self { cache, redis, waiting, generation: None, after: BEGINNING.to_owned() }, outbox)
    }

    /// Goes on until it is dropped.
    pub(super) async fn run(mut self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                kept = self.waiting.recv() => match kept {
                    Some((key, kept)) => self.show(&key, &kept).await,
                    None => return,
                },
                _ = looks.tick() => self.look().await,
            }
        }
    }

    /// While the Redis is away the answer stays this gateway's own.
    async fn show(&self, key: &Key, kept: &Kept) {
        let record = record::encode(key, kept);
        if record.len() > RECORD_BYTES {
            return;
        }
        let bounds = self.cache.bounds;
        let most = usize::try_from((bounds.bytes / BYTES_PER_ANSWER).clamp(1, MOST_ANSWERS)).unwrap_or(1);
        _ = self.redis.keep_answer(kept.generation, &record, (most, bounds.lifetime)).await;
    }

    async fn look(&mut self) {
        let Some(newest) = self.cache.knowledge.newest() else { return };
        if self.generation != Some(newest) {
            if let Some(old) = self.generation.replace(newest) {
                self.redis.drop_kept_answers(old).await;
            }
            BEGINNING.clone_into(&mut self.after);
        }
        while let Ok(entries) = self.redis.kept_answers(newest, &self.after).await {
            let Some(last) = entries.last() else { return };
            self.after.clone_from(&last.id);
            for entry in &entries {
                if let Some((key, kept)) = record::decode(&entry.record)
                    && kept.generation == newest
                {
                    self.cache.take_in(key, kept, entry.age);
                }
            }
        }
    }
}
