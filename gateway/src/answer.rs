//! One answer as a numbered log of events in memory, which any number of readers follow, each at its own pace.
//!
//! It knows neither where events come from nor how they travel on.

mod log;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admission::Owner;
use log::{End, Log};

/// Returns whether an answer ends with this event.
pub(crate) fn is_last(event: &ChatEvent) -> bool {
    event.event.as_ref().and_then(End::of).is_some()
}

/// The log reached its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is longer than its log may be")]
pub(crate) struct LogFull;

/// One answer, while it is written and until it is forgotten.
#[derive(Debug)]
pub(crate) struct Answer {
    id: String,
    epoch: u64,
    owner: Owner,
    connection_id: String,
    limit_bytes: usize,
    log: Mutex<Log>,
    length: watch::Sender<usize>,
    readers: watch::Sender<usize>,
    stop: CancellationToken,
}

impl Answer {
    /// Returns an empty answer, which belongs to `owner` and was asked for over the connection of that id.
    pub(crate) fn new(
        id: String,
        epoch: u64,
        owner: Owner,
        connection_id: String,
        limit_bytes: usize,
    ) -> Self {
        Self {
            id,
            epoch,
            owner,
            connection_id,
            limit_bytes,
            log: Mutex::default(),
            length: watch::Sender::new(0),
            readers: watch::Sender::new(0),
            stop: CancellationToken::new(),
        }
    }

    /// Returns the answer's id, a ULID.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns whom the answer belongs to.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns the epoch of the answer's numbering.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the id of the connection that asked.
    pub(crate) fn connection_id(&self) -> &str {
        &self.connection_id
    }

    /// Appends an event and wakes the readers. The last event always fits; after it nothing is appended.
    ///
    /// # Errors
    /// [`LogFull`] when the event would exceed the limit; it is not appended.
    pub(crate) fn append(&self, event: &Event) -> Result<(), LogFull> {
        let mut log = self.log();
        if log.end().is_some() {
            return Ok(());
        }
        log.push(event, self.limit_bytes)?;
        let length = log.len();
        drop(log);
        self.length.send_replace(length);
        Ok(())
    }

    /// Returns whether the last event is there.
    pub(crate) fn has_ended(&self) -> bool {
        self.log().end().is_some()
    }

    /// Returns whether the last event is there and is a failure.
    pub(crate) fn has_failed(&self) -> bool {
        self.log().end() == Some(End::Failed)
    }

    /// Returns a reader of every event after `after_seq`, or nothing when there never was such an event.
    pub(crate) fn read_after(self: &Arc<Self>, after_seq: u64) -> Option<Reader> {
        let next = usize::try_from(after_seq).ok()?;
        if next > self.log().len() {
            return None;
        }
        self.readers.send_modify(|readers| *readers += 1);
        Some(Reader { answer: Arc::clone(self), next, length: self.length.subscribe() })
    }

    /// Returns up to `most` events after `after_seq`, without counting as a reader.
    pub(crate) fn events_after(&self, after_seq: u64, most: usize) -> Vec<ChatEvent> {
        let place = usize::try_from(after_seq).unwrap_or(usize::MAX);
        let log = self.log();
        (place..log.len()).take(most).filter_map(|place| self.numbered(log.get(place)?, place)).collect()
    }

    /// Waits until there are events after `after_seq`, without counting as a reader.
    pub(crate) async fn grown(&self, after_seq: u64) {
        let place = usize::try_from(after_seq).unwrap_or(usize::MAX);
        // The sender lives as long as this answer.
        _ = self.length.subscribe().wait_for(|length| *length > place).await;
    }

    /// Returns whether somebody reads it.
    pub(crate) fn is_read(&self) -> bool {
        *self.readers.borrow() > 0
    }

    /// Asks that no more be written.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Returns whether somebody has called [`Answer::stop`].
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until somebody calls [`Answer::stop`].
    pub(crate) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Waits until there has been no reader for the whole of `window`.
    pub(crate) async fn abandoned(&self, window: Duration) {
        let mut readers = self.readers.subscribe();
        loop {
            // The sender lives as long as this answer, so neither wait can fail.
            if readers.wait_for(|readers| *readers == 0).await.is_err() {
                return;
            }
            let came_back = readers.wait_for(|readers| *readers > 0);
            if tokio::time::timeout(window, came_back).await.is_err() {
                return;
            }
        }
    }

    fn numbered(&self, event: Event, place: usize) -> Option<ChatEvent> {
        let seq = u64::try_from(place).ok()?.checked_add(1)?;
        Some(ChatEvent { answer_id: self.id.clone(), epoch: self.epoch, seq, event: Some(event) })
    }

    // A panic while the lock is held cannot leave the log half changed in a way that matters to readers.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows an answer; while it lives, the answer counts as read.
#[derive(Debug)]
pub(crate) struct Reader {
    answer: Arc<Answer>,
    next: usize,
    length: watch::Receiver<usize>,
}

impl Reader {
    /// Returns the answer that is read.
    pub(crate) fn answer(&self) -> &Arc<Answer> {
        &self.answer
    }

    /// Returns the next event, or nothing after the last one. May be dropped and called again without losing any.
    pub(crate) async fn next(&mut self) -> Option<ChatEvent> {
        loop {
            let (event, ended) = self.look();
            if event.is_some() {
                return event;
            }
            if ended || self.length.changed().await.is_err() {
                return None;
            }
        }
    }

    /// Returns the next event if it is there already.
    pub(crate) fn ready(&mut self) -> Option<ChatEvent> {
        self.look().0
    }

    /// Returns the next event if it is there, and whether the last one is.
    fn look(&mut self) -> (Option<ChatEvent>, bool) {
        let log = self.answer.log();
        let (event, ended) = (log.get(self.next), log.end().is_some());
        drop(log);
        let place = self.next;
        self.next += usize::from(event.is_some());
        (event.and_then(|event| self.answer.numbered(event, place)), ended)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.answer.readers.send_modify(|readers| *readers -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proto::v1::chat_event::Event;
    use proto::v1::{Delta, Ended};

    use super::{Answer, LogFull};
    use crate::admission::Owner;

    fn answer(limit_bytes: usize) -> Arc<Answer> {
        Arc::new(Answer::new("id".to_owned(), 7, Owner::for_tests("a"), String::new(), limit_bytes))
    }

    fn delta(text: &str) -> Event {
        Event::Delta(Delta { text: text.to_owned() })
    }

    async fn read_all(answer: &Arc<Answer>, after: u64) -> Vec<u64> {
        let mut reader = answer.read_after(after).expect("no gap");
        let mut seen = Vec::new();
        while let Some(event) = reader.next().await {
            seen.push(event.seq);
        }
        seen
    }

    #[tokio::test]
    async fn every_reader_sees_every_event_after_its_place_once() {
        let answer = answer(10_000);
        let (early, feeder) = tokio::join!(read_all(&answer, 0), async {
            for text in ["a", "b", "c"] {
                answer.append(&delta(text)).expect("it fits");
                tokio::task::yield_now().await;
            }
            answer.append(&Event::Ended(Ended::default())).expect("it fits");
        });
        let () = feeder;
        assert_eq!(early, [1, 2, 3, 4]);
        assert_eq!(read_all(&answer, 2).await, [3, 4]);
        assert_eq!(read_all(&answer, 4).await, [0_u64; 0]);
        assert!(answer.read_after(5).is_none(), "a gap");
        answer.append(&delta("late")).expect("ignored");
        assert_eq!(read_all(&answer, 0).await.len(), 4, "nothing follows the end");
    }

    #[tokio::test]
    async fn the_log_is_bounded_and_still_ends() {
        let answer = answer(200);
        let appended = (0..100).take_while(|_| answer.append(&delta("twenty bytes of text")).is_ok()).count();
        assert!((2..10).contains(&appended), "{appended}");
        assert_eq!(answer.append(&delta("twenty bytes of text")), Err(LogFull));
        answer.append(&Event::Ended(Ended::default())).expect("the end always fits");
        assert_eq!(read_all(&answer, 0).await.len(), appended + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_abandoned_after_a_window_without_readers() {
        let answer = answer(200);
        let window = Duration::from_secs(60);
        let reader = answer.read_after(0);
        let begun = tokio::time::Instant::now();
        let leaving = async {
            tokio::time::sleep(Duration::from_secs(100)).await;
            drop(reader);
            tokio::time::sleep(Duration::from_secs(50)).await;
            let back = answer.read_after(0);
            tokio::time::sleep(Duration::from_secs(30)).await;
            drop(back);
        };
        tokio::join!(answer.abandoned(window), leaving);
        assert_eq!(begun.elapsed(), Duration::from_secs(100 + 50 + 30 + 60));
    }
}
