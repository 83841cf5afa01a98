//! Answers by id, with their owners: what is being written, and what may still be resumed. Bounded in every direction.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proto::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ulid::Ulid;

use crate::admission::Owner;
use crate::answer::{Answer, Reader};
use crate::refusal::Refusal;
use crate::settings::AnswerBounds;

/// Finished answers kept for each one that may be written at once.
const KEPT_PER_PLACE: usize = 4;
/// Ids of forgotten answers that are remembered, so that their owners hear that they come too late.
const FORGOTTEN_IDS: usize = 4096;
const OVERLOAD_WAIT: Duration = Duration::from_secs(2);

/// All answers of one gateway.
#[derive(Debug)]
pub(crate) struct Registry {
    epoch: u64,
    bounds: AnswerBounds,
    places: Arc<Semaphore>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    answers: HashMap<String, Arc<Answer>>,
    messages: HashMap<(Owner, String), Message>,
    /// Which message asked for an answer, so that both are forgotten together.
    asked_by: HashMap<String, (Owner, String)>,
    finished: VecDeque<String>,
    forgotten: HashMap<String, Owner>,
    forgotten_order: VecDeque<String>,
}

#[derive(Debug)]
struct Message {
    fingerprint: [u8; 32],
    answer_id: String,
}

/// A question on its way in.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Who asks.
    pub(crate) owner: &'a Owner,
    /// The client's id for the message; empty for none.
    pub(crate) message_id: &'a str,
    /// Tells this question from another one under the same id.
    pub(crate) fingerprint: [u8; 32],
    /// The connection it came over.
    pub(crate) connection_id: &'a str,
}

/// The answer that a question leads to.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// A new one, with its place among those being written.
    New(Arc<Answer>, OwnedSemaphorePermit),
    /// The one that the same message led to before.
    Known(Arc<Answer>),
}

/// Where to go on reading.
#[derive(Debug)]
pub(crate) enum Resumed {
    /// From the asked place.
    Reading(Reader),
    /// The place is gone; the question has to be asked again.
    Resync,
}

impl Registry {
    /// Returns an empty registry with a new epoch.
    pub(crate) fn new(bounds: AnswerBounds) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            epoch: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            bounds,
            places: Arc::new(Semaphore::new(bounds.running)),
            inner: Mutex::default(),
        }
    }

    /// Returns the epoch of every answer's numbering: milliseconds since the Unix epoch when the gateway started.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the answer for a question; `count` is asked only for a new one, so that a repeat costs nothing.
    ///
    /// # Errors
    /// What `count` says, `CONFLICT` for another question under the same message id, `OVERLOADED` when too many
    /// answers are being written.
    pub(crate) fn admit(
        &self,
        entry: &Entry<'_>,
        count: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Admitted, Refusal> {
        let mut inner = self.inner();
        let message =
            (!entry.message_id.is_empty()).then(|| (entry.owner.clone(), entry.message_id.to_owned()));
        let mut failed = None;
        if let Some(known) = message.as_ref().and_then(|message| inner.messages.get(message)) {
            if known.fingerprint != entry.fingerprint {
                let text = "this message id was used with another question; take a new id for a new question";
                return Err(Refusal::new(ErrorCode::Conflict, text));
            }
            // A failed answer is asked for anew: its reader repeats the message because it wants another try.
            match inner.answers.get(&known.answer_id).filter(|answer| !answer.has_failed()) {
                Some(answer) => return Ok(Admitted::Known(Arc::clone(answer))),
                None => failed = Some(known.answer_id.clone()),
            }
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Refusal::hidden(ErrorCode::Overloaded, "every place for an answer is taken").after(OVERLOAD_WAIT)
        })?;
        count()?;
        if let Some(failed) = failed {
            inner.asked_by.remove(&failed);
        }
        let id = Ulid::new().to_string();
        let (owner, connection) = (entry.owner.clone(), entry.connection_id.to_owned());
        let answer = Arc::new(Answer::new(id.clone(), self.epoch, owner, connection, self.bounds.log_bytes));
        if let Some(message) = message {
            let value = Message { fingerprint: entry.fingerprint, answer_id: id.clone() };
            inner.messages.insert(message.clone(), value);
            inner.asked_by.insert(id.clone(), message);
        }
        inner.answers.insert(id, Arc::clone(&answer));
        Ok(Admitted::New(answer, place))
    }

    /// Returns an answer of this owner.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, or it belongs to somebody else.
    pub(crate) fn find(&self, owner: &Owner, id: &str) -> Result<Arc<Answer>, Refusal> {
        let found = self.inner().answers.get(id).filter(|answer| answer.owner() == owner).cloned();
        found.ok_or_else(unknown_answer)
    }

    /// Returns the message that asked for an answer, when it had an id.
    pub(crate) fn asked_by(&self, id: &str) -> Option<(Owner, String)> {
        self.inner().asked_by.get(id).cloned()
    }

    /// Returns whether the answer is known and belongs to somebody else.
    pub(crate) fn is_foreign(&self, owner: &Owner, id: &str) -> bool {
        let inner = self.inner();
        let known = inner.answers.get(id).map(|answer| answer.owner()).or_else(|| inner.forgotten.get(id));
        known.is_some_and(|known| known != owner)
    }

    /// Continues an answer after the event `after_seq` of `epoch`.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such answer of this owner in this epoch, and never was.
    pub(crate) fn resume(
        &self,
        owner: &Owner,
        id: &str,
        (epoch, after_seq): (u64, u64),
    ) -> Result<Resumed, Refusal> {
        if self.is_foreign(owner, id) {
            return Err(unknown_answer());
        }
        if epoch != self.epoch || self.inner().forgotten.contains_key(id) {
            return Ok(Resumed::Resync);
        }
        let answer = self.find(owner, id)?;
        Ok(answer.read_after(after_seq).map_or(Resumed::Resync, Resumed::Reading))
    }

    /// Notes that an answer is finished; when too many are kept, the oldest finished one is forgotten.
    pub(crate) fn finished(&self, id: &str) {
        let mut inner = self.inner();
        inner.finished.push_back(id.to_owned());
        while inner.finished.len() > self.bounds.running * KEPT_PER_PLACE {
            if let Some(oldest) = inner.finished.pop_front() {
                inner.forget(&oldest);
            }
        }
    }

    /// Forgets an answer whose resume window is over.
    pub(crate) fn forget(&self, id: &str) {
        let mut inner = self.inner();
        inner.finished.retain(|finished| finished != id);
        inner.forget(id);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn forget(&mut self, id: &str) {
        let Some(answer) = self.answers.remove(id) else { return };
        if let Some(message) = self.asked_by.remove(id) {
            self.messages.remove(&message);
        }
        self.forgotten.insert(id.to_owned(), answer.owner().clone());
        self.forgotten_order.push_back(id.to_owned());
        if self.forgotten_order.len() > FORGOTTEN_IDS
            && let Some(oldest) = self.forgotten_order.pop_front()
        {
            self.forgotten.remove(&oldest);
        }
    }
}

fn unknown_answer() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such answer, or it is too old; please ask again")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proto::ErrorCode;

    use super::{Admitted, AnswerBounds, Entry, Owner, Refusal, Registry, Resumed};
    use crate::answer::Answer;

    fn registry(running: usize) -> Registry {
        Registry::new(AnswerBounds { running, log_bytes: 1000, resume_window: Duration::from_secs(60) })
    }

    fn admit(registry: &Registry, owner: &Owner, message_id: &str, print: u8) -> Result<Admitted, Refusal> {
        let entry = Entry { owner, message_id, fingerprint: [print; 32], connection_id: "c" };
        registry.admit(&entry, || Ok(()))
    }

    fn answer(admitted: Admitted) -> Arc<Answer> {
        match admitted {
            Admitted::New(answer, _) | Admitted::Known(answer) => answer,
        }
    }

    #[test]
    fn a_repeated_message_leads_to_the_same_answer_and_is_not_counted() {
        let registry = registry(8);
        let (a, b) = (Owner::for_tests("a"), Owner::for_tests("b"));
        let first = answer(admit(&registry, &a, "m", 1).expect("new"));
        let entry = Entry { owner: &a, message_id: "m", fingerprint: [1; 32], connection_id: "d" };
        let again = registry.admit(&entry, || panic!("a repeat is not counted")).expect("known");
        assert!(matches!(&again, Admitted::Known(known) if known.id() == first.id()));
        assert_eq!(admit(&registry, &a, "m", 2).expect_err("another question").code(), ErrorCode::Conflict);
        assert_ne!(answer(admit(&registry, &b, "m", 1).expect("another visitor")).id(), first.id());
        assert_ne!(answer(admit(&registry, &a, "", 1).expect("no id")).id(), first.id());
    }

    #[test]
    fn a_place_is_free_again_when_its_answer_is_written() {
        let registry = registry(1);
        let owner = Owner::for_tests("a");
        let first = admit(&registry, &owner, "", 1).expect("a place");
        let refusal = admit(&registry, &owner, "", 1).expect_err("no place");
        assert!(refusal.code() == ErrorCode::Overloaded && refusal.retry_after().is_some());
        drop(first);
        assert!(admit(&registry, &owner, "", 1).is_ok());
    }

    #[test]
    fn a_resume_is_a_place_a_resync_or_not_found() {
        let registry = registry(1);
        let (owner, other) = (Owner::for_tests("a"), Owner::for_tests("b"));
        let answer = answer(admit(&registry, &owner, "m", 1).expect("a place"));
        let (id, epoch) = (answer.id(), registry.epoch);
        assert!(matches!(registry.resume(&owner, id, (epoch, 0)), Ok(Resumed::Reading(_))));
        assert!(matches!(registry.resume(&owner, id, (epoch, 9)), Ok(Resumed::Resync)), "a gap");
        assert!(matches!(registry.resume(&owner, id, (epoch + 1, 0)), Ok(Resumed::Resync)), "another epoch");
        let foreign = registry.resume(&other, id, (epoch, 0)).expect_err("foreign");
        let unknown = registry.resume(&other, "x", (epoch, 0)).expect_err("unknown");
        assert_eq!((foreign.code(), foreign.message()), (ErrorCode::NotFound, unknown.message()));
        registry.forget(id);
        assert!(matches!(registry.resume(&owner, id, (epoch, 0)), Ok(Resumed::Resync)), "too late");
        assert!(registry.resume(&other, id, (epoch, 0)).is_err(), "still foreign");
    }

    #[test]
    fn nothing_grows_without_bound() {
        let registry = registry(2);
        let owner = Owner::for_tests("a");
        for number in 0..10_000 {
            let id =
                answer(admit(&registry, &owner, &number.to_string(), 1).expect("a place")).id().to_owned();
            registry.finished(&id);
        }
        let inner = registry.inner();
        assert_eq!((inner.answers.len(), inner.messages.len(), inner.asked_by.len()), (8, 8, 8));
        assert_eq!((inner.forgotten.len(), inner.forgotten_order.len()), (4096, 4096));
    }
}
