//! How a question is let in: known or new, with a place, counted, and then answered in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use proto::ErrorCode;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use ulid::Ulid;

use super::{Chat, Origin, SHUTDOWN_WAIT};
use crate::admission::{Caller, Kind};
use crate::answer::{Answer, Reader};
use crate::keys::Scope;
use crate::overload::Place as Room;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::registry::{Begun, Claim, Entry};
use crate::sharing::Entered;
use crate::turn::Turn;

/// What a question leads to once it is let in.
enum Admitted {
    New(Arc<Answer>, Room, OwnedSemaphorePermit),
    Known(Reader),
}

impl Chat {
    /// Answers a question in a task of its own and returns a reader of the answer, from its beginning.
    ///
    /// # Errors
    /// Why the question is not admitted.
    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        question: Question,
        origin: &Origin,
    ) -> Result<Reader, Refusal> {
        if self.shutdown.is_shutting_down() {
            return Err(
                Refusal::hidden(ErrorCode::ShuttingDown, "asked during shutdown").after(SHUTDOWN_WAIT)
            );
        }
        caller.check(Scope::Chat)?;
        let collections = caller.collections(&question.asked().collections)?;
        let entry = Entry {
            owner: caller.owner(),
            message_id: &question.asked().message_id,
            fingerprint: question.fingerprint(),
            connection_id: &origin.connection_id,
            kept: self.bounds.kept(origin.is_keyed),
        };
        let admitted = match self.registry.begin(&entry).await? {
            Begun::New(claim) => self.let_in(caller, &entry, claim).await?,
            Begun::Known(answer) => return answer.read_after(0).ok_or_else(lost_beginning),
        };
        let (answer, room, place) = match admitted {
            Admitted::New(answer, room, place) => (answer, room, place),
            Admitted::Known(reader) => return Ok(reader),
        };
        let reader = answer.read_after(0).ok_or_else(lost_beginning)?;
        let window = if origin.resumable { self.bounds.resume_window } else { Duration::ZERO };
        let turn = Turn {
            answer,
            question,
            collections,
            services: self.services.clone(),
            cache: self.cache.clone(),
            trace: origin.trace,
            admitted: Instant::now(),
            gone: caller.gone().clone(),
            deadline: origin.deadline,
            window,
            leaving: self.shutdown.token().clone(),
            grace: self.grace,
            metrics: Arc::clone(&self.metrics),
            room: Some(room),
            is_logged: self.is_logged,
            reservation: self.admission.reserve(caller).await,
        };
        self.spawn(turn, place, origin.is_keyed);
        Ok(reader)
    }

    /// Finds a place for a question that is new here, and counts it unless another gateway knows it.
    async fn let_in(&self, caller: &Caller, entry: &Entry<'_>, claim: Claim) -> Result<Admitted, Refusal> {
        // What is turned away at the door is told nowhere else.
        let room = self.limits.answers.enter()?;
        let place = self.registry.place()?;
        let id = Ulid::new().to_string();
        let label = match &self.sharing {
            Some(sharing) => match sharing.enter(entry, (id.clone(), self.epoch())).await? {
                Entered::New(label) => Some(label),
                Entered::Known(reader) => return Ok(Admitted::Known(reader)),
            },
            None => None,
        };
        if let Err(refusal) = self.admission.count(caller, Kind::Question).await {
            if let Some((sharing, label)) = self.sharing.as_ref().zip(label) {
                sharing.release(&label).await;
            }
            return Err(refusal);
        }
        let answer = self.registry.complete(claim, entry, id);
        if let Some((sharing, label)) = self.sharing.as_ref().zip(label) {
            sharing.mirror(&answer, label);
        }
        Ok(Admitted::New(answer, room, place))
    }

    /// The answer is kept for the resume window after its end, or as long as its key counts, unless the process ends first.
    fn spawn(&self, turn: Turn, place: OwnedSemaphorePermit, is_keyed: bool) {
        let (registry, window, leaving) =
            (Arc::clone(&self.registry), self.bounds.resume_window, self.shutdown.clone());
        self.shutdown.spawn("answer", async move {
            let id = turn.answer.id().to_owned();
            // Boxed, so that its memory is free while the finished answer waits for the end of its window.
            Box::pin(turn.run()).await;
            drop(place);
            if is_keyed {
                return registry.finished_under_key(&id);
            }
            registry.finished(&id);
            tokio::select! {
                () = tokio::time::sleep(window) => {}
                () = leaving.token().cancelled() => {}
            }
            registry.forget(&id);
        });
    }
}

fn lost_beginning() -> Refusal {
    Refusal::hidden(ErrorCode::Internal, "an answer has no beginning")
}
