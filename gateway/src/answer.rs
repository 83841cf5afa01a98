//! One answer as a numbered log of events in memory, which any number of readers follow, each at its own pace.
//!
//! It knows neither where events come from nor how they travel on.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::admission::Owner;

/// An event with its place in the answer.
#[derive(Debug)]
pub(crate) struct Logged {
    /// The event as it is on the wire of gRPC.
    pub(crate) event: ChatEvent,
    frame: OnceLock<Bytes>,
}

impl Logged {
    /// Returns whether the answer ends with this event.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self.event.event, Some(Event::Ended(_) | Event::Failed(_)))
    }

    /// Returns the event's JSON frame, which is built on first use and then shared by every reader.
    pub(crate) fn frame(&self, build: impl FnOnce(&ChatEvent) -> Bytes) -> Bytes {
        self.frame.get_or_init(|| build(&self.event)).clone()
    }
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

#[derive(Debug, Default)]
struct Log {
    events: Vec<Arc<Logged>>,
    bytes: usize,
    ended: bool,
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

    /// Returns the id of the connection that asked.
    pub(crate) fn connection_id(&self) -> &str {
        &self.connection_id
    }

    /// Appends an event and wakes the readers. The last event always fits; after it nothing is appended.
    ///
    /// # Errors
    /// [`LogFull`] when the event would exceed the limit; it is not appended.
    pub(crate) fn append(&self, event: Event) -> Result<(), LogFull> {
        let last = matches!(event, Event::Ended(_) | Event::Failed(_));
        let mut event =
            ChatEvent { answer_id: self.id.clone(), epoch: self.epoch, seq: 0, event: Some(event) };
        let bytes = event.encoded_len();
        let mut log = self.log();
        if log.ended {
            return Ok(());
        }
        if !last && log.bytes + bytes > self.limit_bytes {
            return Err(LogFull);
        }
        event.seq = log.events.len() as u64 + 1;
        log.events.push(Arc::new(Logged { event, frame: OnceLock::new() }));
        log.bytes += bytes;
        log.ended = last;
        let length = log.events.len();
        drop(log);
        self.length.send_replace(length);
        Ok(())
    }

    /// Returns whether the last event is there.
    pub(crate) fn has_ended(&self) -> bool {
        self.log().ended
    }

    /// Returns whether the last event is there and is a failure.
    pub(crate) fn has_failed(&self) -> bool {
        let log = self.log();
        log.events.last().is_some_and(|logged| matches!(logged.event.event, Some(Event::Failed(_))))
    }

    /// Returns a reader of every event after `after_seq`, or nothing when there never was such an event.
    pub(crate) fn read_after(self: &Arc<Self>, after_seq: u64) -> Option<Reader> {
        let next = usize::try_from(after_seq).ok()?;
        if next > self.log().events.len() {
            return None;
        }
        self.readers.send_modify(|readers| *readers += 1);
        Some(Reader { answer: Arc::clone(self), next, length: self.length.subscribe() })
    }

    /// Asks that no more be written.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
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
    pub(crate) async fn next(&mut self) -> Option<Arc<Logged>> {
        loop {
            let (event, ended) = {
                let log = self.answer.log();
                (log.events.get(self.next).cloned(), log.ended)
            };
            if event.is_some() {
                self.next += 1;
                return event;
            }
            if ended || self.length.changed().await.is_err() {
                return None;
            }
        }
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
        while let Some(logged) = reader.next().await {
            seen.push(logged.event.seq);
        }
        seen
    }

    #[tokio::test]
    async fn every_reader_sees_every_event_after_its_place_once() {
        let answer = answer(10_000);
        let (early, feeder) = tokio::join!(read_all(&answer, 0), async {
            for text in ["a", "b", "c"] {
                answer.append(delta(text)).expect("it fits");
                tokio::task::yield_now().await;
            }
            answer.append(Event::Ended(Ended::default())).expect("it fits");
        });
        let () = feeder;
        assert_eq!(early, [1, 2, 3, 4]);
        assert_eq!(read_all(&answer, 2).await, [3, 4]);
        assert_eq!(read_all(&answer, 4).await, [0_u64; 0]);
        assert!(answer.read_after(5).is_none(), "a gap");
        answer.append(delta("late")).expect("ignored");
        assert_eq!(read_all(&answer, 0).await.len(), 4, "nothing follows the end");
    }

    #[tokio::test]
    async fn the_log_is_bounded_and_still_ends() {
        let answer = answer(200);
        let appended = (0..100).take_while(|_| answer.append(delta("twenty bytes of text")).is_ok()).count();
        assert!((2..10).contains(&appended), "{appended}");
        assert_eq!(answer.append(delta("twenty bytes of text")), Err(LogFull));
        answer.append(Event::Ended(Ended::default())).expect("the end always fits");
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
