//! Answers by id, with their owners: what is being written, and what may still be resumed. Bounded in every direction.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proto::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

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
    /// Messages that are being admitted; each token tells when that is decided.
    entering: HashMap<(Owner, String), CancellationToken>,
    /// Which message asked for an answer, so that both are forgotten together.
    asked_by: HashMap<String, (Owner, String)>,
    finished: VecDeque<String>,
    /// Finished ones that came under an `Idempotency-Key`, and until when each is kept.
    keyed: VecDeque<(Instant, String)>,
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
    /// How long its answer is kept after its end.
    pub(crate) kept: Duration,
}

/// How a question is admitted.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is new; nothing has been counted yet.
    New(Claim),
    /// The same message led to this answer before.
    Known(Arc<Answer>),
}

/// A question that is being admitted. Dropping it lets the next one with the same message id try.
#[derive(Debug)]
pub(crate) struct Claim {
    registry: Arc<Registry>,
    message: Option<(Owner, String)>,
    /// Dropped after the message has left the table, because fields are dropped after the value itself.
    _decided: DropGuard,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(message) = &self.message {
            self.registry.inner().entering.remove(message);
        }
    }
}

enum Step {
    Begun(Begun),
    Wait(CancellationToken),
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

    /// Begins to admit a question: either it has an answer, or it may take its [`Registry::place`], be counted
    /// and get its answer from [`Registry::complete`]. Of equal messages at once one goes on and the others wait for it, so a repeat costs nothing.
    ///
    /// # Errors
    /// `CONFLICT` for another question under the same message id.
    pub(crate) async fn begin(self: &Arc<Self>, entry: &Entry<'_>) -> Result<Begun, Refusal> {
        loop {
            let earlier = match self.step(entry)? {
                Step::Begun(begun) => return Ok(begun),
                Step::Wait(earlier) => earlier,
            };
            earlier.cancelled().await;
        }
    }

    fn step(self: &Arc<Self>, entry: &Entry<'_>) -> Result<Step, Refusal> {
        let mut inner = self.inner();
        inner.forget_expired();
        let message =
            (!entry.message_id.is_empty()).then(|| (entry.owner.clone(), entry.message_id.to_owned()));
        if let Some(known) = message.as_ref().and_then(|message| inner.messages.get(message)) {
            if known.fingerprint != entry.fingerprint {
                return Err(conflict());
            }
            // A failed answer is asked for anew: its reader repeats the message because it wants another try.
            let answer = inner.answers.get(&known.answer_id).filter(|answer| !answer.has_failed());
            if let Some(answer) = answer {
                return Ok(Step::Begun(Begun::Known(Arc::clone(answer))));
            }
        }
        if let Some(earlier) = message.as_ref().and_then(|message| inner.entering.get(message)) {
            return Ok(Step::Wait(earlier.clone()));
        }
        let decided = CancellationToken::new();
        if let Some(message) = &message {
            inner.entering.insert(message.clone(), decided.clone());
        }
        let registry = Arc::clone(self);
        Ok(Step::Begun(Begun::New(Claim { registry, message, _decided: decided.drop_guard() })))
    }

    /// Takes a place among the answers that are being written.
    ///
    /// # Errors
    /// `OVERLOADED` when every one is taken.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Refusal::hidden(ErrorCode::Overloaded, "every place for an answer is taken").after(OVERLOAD_WAIT)
        })
    }

    /// Returns a new answer of this id for the claimed question.
    pub(crate) fn complete(&self, claim: Claim, entry: &Entry<'_>, id: String) -> Arc<Answer> {
        let mut inner = self.inner();
        let (owner, connection) = (entry.owner.clone(), entry.connection_id.to_owned());
        let answer = Arc::new(Answer::new(id.clone(), self.epoch, owner, connection, self.bounds.log_bytes));
        if let Some(message) = claim.message.clone() {
            let value = Message { fingerprint: entry.fingerprint, answer_id: id.clone() };
            if let Some(failed) = inner.messages.insert(message.clone(), value) {
                inner.asked_by.remove(&failed.answer_id);
            }
            inner.asked_by.insert(id.clone(), message);
        }
        inner.answers.insert(id, Arc::clone(&answer));
        drop(inner);
        drop(claim);
        answer
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

    /// Returns whether the answer is known here, be it that it once was.
    pub(crate) fn knows(&self, id: &str) -> bool {
        let inner = self.inner();
        inner.answers.contains_key(id) || inner.forgotten.contains_key(id)
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

    /// Notes that an answer that came under an `Idempotency-Key` is finished. It is kept as long as the key counts, and as many
    /// of them as of all others.
    pub(crate) fn finished_under_key(&self, id: &str) {
        let mut inner = self.inner();
        inner.forget_expired();
        inner.keyed.push_back((Instant::now() + self.bounds.kept(true), id.to_owned()));
        while inner.keyed.len() > self.bounds.running * KEPT_PER_PLACE {
            if let Some((_, oldest)) = inner.keyed.pop_front() {
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
    /// All are kept for the same time, so the first is the first to go.
    fn forget_expired(&mut self) {
        let now = Instant::now();
        while let Some((_, id)) = self.keyed.pop_front_if(|(until, _)| *until <= now) {
            self.forget(&id);
        }
    }

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

/// Returns what a caller is told who uses a message id for two questions.
pub(crate) fn conflict() -> Refusal {
    let text = "this message id was used with another question; take a new id for a new question";
    Refusal::new(ErrorCode::Conflict, text)
}

/// Returns what a caller is told who names an answer that is not there, or is another's.
pub(crate) fn unknown_answer() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is no such answer, or it is too old; please ask again")
}

#[cfg(test)]
mod tests;
