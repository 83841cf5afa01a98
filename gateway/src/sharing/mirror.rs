//! Shows an answer's events to the other gateways while it is written, behind the writer's back: the writer never waits.

use std::sync::Arc;
use std::time::Duration;

use lifecycle::within;
use prost::Message;
use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, Reader};
use crate::state::{Away, Batch, Label, Redis, Told};

/// Between two signs of life, and so the longest that a wish to stop waits.
const SIGN: Duration = Duration::from_millis(300);
/// Between two batches, so that many words travel together.
const GATHER: Duration = Duration::from_millis(15);
const AWAY_PAUSE: Duration = Duration::from_millis(100);
const BATCH: usize = 128;
/// How long an answer that has ended waits for a Redis that is away, while this gateway leaves.
const LAST_TRIES: Duration = Duration::from_secs(2);
/// The same while it stays; nobody reads on for longer.
const LONGEST_TRIES: Duration = Duration::from_secs(60 * 60);

/// An answer and how far the others know it.
#[derive(Debug)]
pub(super) struct Mirror {
    redis: Arc<Redis>,
    answer: Arc<Answer>,
    label: Label,
    shown: u64,
    /// Stands for readers elsewhere, so that the answer does not count as abandoned.
    elsewhere: Option<Reader>,
}

impl Mirror {
    pub(super) fn new(redis: Arc<Redis>, answer: Arc<Answer>, label: Label) -> Self {
        Self { redis, answer, label, shown: 0, elsewhere: None }
    }

    pub(super) async fn run(mut self, leaving: CancellationToken) {
        let mut ended_at: Option<Instant> = None;
        loop {
            _ = within(SIGN, self.answer.grown(self.shown)).await;
            let events = self.answer.events_after(self.shown, BATCH);
            let end = events.last().map_or("", end_of);
            match self.write(&events, end).await {
                Ok(told) if told.is_over => return,
                Ok(told) => {
                    // What the others lost, they are shown again.
                    let was_added = told.last == self.shown;
                    self.shown = if was_added { self.shown + events.len() as u64 } else { told.last };
                    if was_added && !end.is_empty() {
                        return;
                    }
                    self.hear(told);
                    tokio::time::sleep(GATHER).await;
                }
                Err(Away) => {
                    let patience = if leaving.is_cancelled() {
                        LAST_TRIES
                    } else {
                        self.label.window.min(LONGEST_TRIES)
                    };
                    if self.answer.has_ended()
                        && ended_at.get_or_insert_with(Instant::now).elapsed() > patience
                    {
                        return;
                    }
                    tokio::time::sleep(AWAY_PAUSE).await;
                }
            }
        }
    }

    async fn write(&self, events: &[ChatEvent], end: &'static str) -> Result<Told, Away> {
        let events = events.iter().map(Message::encode_to_vec).collect();
        self.redis.write_answer(&self.label, &Batch { first: self.shown + 1, events, end }).await
    }

    fn hear(&mut self, told: Told) {
        if told.stop {
            self.answer.stop();
        }
        if !told.is_read {
            self.elsewhere = None;
        } else if self.elsewhere.is_none() {
            self.elsewhere = self.answer.read_after(0);
        }
    }
}

fn end_of(event: &ChatEvent) -> &'static str {
    match event.event {
        Some(Event::Ended(_)) => "ended",
        Some(Event::Failed(_)) => "failed",
        _ => "",
    }
}
