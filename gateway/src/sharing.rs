//! One answer on several gateways: its writer shows it to the others, and any of them can go on reading it. It knows no
//! transport.

mod follow;
mod mirror;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lifecycle::{Shutdown, within};
use proto::ErrorCode;

use crate::admission::Owner;
use crate::answer::{Answer, Reader};
use crate::refusal::Refusal;
use crate::registry::{Entry, Resumed, conflict, unknown_answer};
use crate::settings::AnswerBounds;
use crate::state::{Label, Opened, Redis, digest};
use crate::turn::failed;

/// Answers of others that are followed, for each one that may be written here at once.
const FOLLOWED_PER_PLACE: usize = 4;
const AWAY_WAIT: Duration = Duration::from_secs(1);
/// For the events before the asked place to arrive.
const CATCH_UP: Duration = Duration::from_secs(10);
/// Between a message that is known and the answer it is known to lead to.
const OPENING_TRIES: u32 = 3;
const OPENING_PAUSE: Duration = Duration::from_millis(100);

/// Answers of this gateway that others may read, and answers of others that are read here.
#[derive(Debug)]
pub(crate) struct Sharing {
    redis: Arc<Redis>,
    bounds: AnswerBounds,
    shutdown: Shutdown,
    grace: Duration,
    followed: Mutex<HashMap<String, Arc<Answer>>>,
}

/// What a question leads to when gateways share their answers.
#[derive(Debug)]
pub(crate) enum Entered {
    /// It is new, here and elsewhere.
    New(Label),
    /// Another gateway has its answer.
    Known(Reader),
}

impl Sharing {
    /// Returns nothing followed yet. Readers here of answers of others are let go when shutdown has lasted for `grace`.
    pub(crate) fn new(
        redis: Arc<Redis>,
        bounds: AnswerBounds,
        (shutdown, grace): (Shutdown, Duration),
    ) -> Self {
        Self { redis, bounds, shutdown, grace, followed: Mutex::default() }
    }

    /// Makes a question known to the other gateways under the id of its answer. While they cannot be asked it counts as new.
    ///
    /// # Errors
    /// `CONFLICT` for another question under the same message id, and why its answer elsewhere cannot be read.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        entry: &Entry<'_>,
        (id, epoch): (String, u64),
    ) -> Result<Entered, Refusal> {
        let owner = entry.owner.to_string();
        let message =
            (!entry.message_id.is_empty()).then(|| digest(&format!("{owner} {}", entry.message_id)));
        let label = Label {
            id,
            owner: digest(&owner),
            epoch,
            connection: entry.connection_id.to_owned(),
            message,
            window: entry.kept,
        };
        let fingerprint: String =
            entry.fingerprint.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mut replaced = String::new();
        for _ in 0..OPENING_TRIES {
            let Ok(opened) = self.redis.open_answer(&label, &fingerprint, &replaced).await else { break };
            let Opened::Known(answer_id, known_fingerprint) = opened else { break };
            if known_fingerprint != fingerprint {
                return Err(conflict());
            }
            match self.reader(entry.owner, &answer_id, None).await? {
                Some(Resumed::Reading(reader)) => return Ok(Entered::Known(reader)),
                // Its events are gone, so it is answered anew.
                Some(Resumed::Resync) => replaced = answer_id,
                None => {
                    tokio::time::sleep(OPENING_PAUSE).await;
                    replaced = answer_id;
                }
            }
        }
        Ok(Entered::New(label))
    }

    /// Takes back a question that was not let in.
    pub(crate) async fn release(&self, label: &Label) {
        self.redis.release_answer(label).await;
    }

    /// Shows an answer's events to the other gateways until its end.
    pub(crate) fn mirror(&self, answer: &Arc<Answer>, label: Label) {
        let mirror = mirror::Mirror::new(Arc::clone(&self.redis), Arc::clone(answer), label);
        self.shutdown.spawn("mirror", mirror.run(self.shutdown.token().clone()));
    }

    /// Continues an answer of another gateway; nothing where none is known.
    ///
    /// # Errors
    /// `NOT_FOUND` for a foreign one, `UNAVAILABLE` while the others cannot be asked, `OVERLOADED`.
    pub(crate) async fn resume(
        self: &Arc<Self>,
        owner: &Owner,
        id: &str,
        place: (u64, u64),
    ) -> Result<Option<Resumed>, Refusal> {
        self.reader(owner, id, Some(place)).await
    }

    /// Returns an answer of another gateway, which is followed from now on; nothing where none is known.
    ///
    /// # Errors
    /// As [`Sharing::resume`].
    pub(crate) async fn find(
        self: &Arc<Self>,
        owner: &Owner,
        id: &str,
    ) -> Result<Option<Arc<Answer>>, Refusal> {
        let resumed = self.reader(owner, id, None).await?;
        Ok(match resumed {
            Some(Resumed::Reading(reader)) => Some(Arc::clone(reader.answer())),
            Some(Resumed::Resync) | None => None,
        })
    }

    /// Returns whether the answer is known to be somebody else's.
    pub(crate) async fn is_foreign(&self, owner: &Owner, id: &str) -> bool {
        let found = self.redis.find_answer(id).await.ok().flatten();
        found.is_some_and(|found| found.owner != digest(&owner.to_string()))
    }

    /// Asks the writer of a followed answer to stop.
    pub(crate) async fn stop(&self, answer: &Answer) {
        self.redis.stop_answer(answer.id()).await;
    }

    async fn reader(
        self: &Arc<Self>,
        owner: &Owner,
        id: &str,
        place: Option<(u64, u64)>,
    ) -> Result<Option<Resumed>, Refusal> {
        let known = self.followed().get(id).cloned();
        let answer = match known {
            Some(answer) if answer.owner() == owner => answer,
            Some(_) => return Err(unknown_answer()),
            None => {
                let found = self.redis.find_answer(id).await.map_err(|away| {
                    Refusal::hidden(ErrorCode::Unavailable, away.to_string()).after(AWAY_WAIT)
                })?;
                let Some(found) = found else { return Ok(None) };
                if found.owner != digest(&owner.to_string()) {
                    return Err(unknown_answer());
                }
                if found.is_over && !found.has_events {
                    return Ok(Some(Resumed::Resync));
                }
                let (connection, limit) = (found.connection, self.bounds.log_bytes);
                let answer = Answer::new(id.to_owned(), found.epoch, owner.clone(), connection, limit);
                self.follow(answer)?
            }
        };
        let (epoch, after) = place.unwrap_or_else(|| (answer.epoch(), 0));
        // Who has read nothing yet may not know the epoch of another gateway.
        if epoch != answer.epoch() && after > 0 {
            return Ok(Some(Resumed::Resync));
        }
        Ok(Some(caught_up(&answer, after).await))
    }

    fn follow(self: &Arc<Self>, answer: Answer) -> Result<Arc<Answer>, Refusal> {
        let mut followed = self.followed();
        if let Some(known) = followed.get(answer.id()) {
            return Ok(Arc::clone(known));
        }
        if followed.len() >= self.bounds.running * FOLLOWED_PER_PLACE {
            let busy = Refusal::hidden(ErrorCode::Overloaded, "too many answers of others are followed");
            return Err(busy.after(AWAY_WAIT));
        }
        let answer = Arc::new(answer);
        followed.insert(answer.id().to_owned(), Arc::clone(&answer));
        drop(followed);
        let (sharing, follower) = (Arc::clone(self), Arc::clone(&answer));
        self.shutdown.spawn("follow", async move {
            tokio::select! {
                () = follow::follow(&sharing.redis, &follower, sharing.bounds.resume_window) => {}
                () = sharing.grace_is_over() => {
                    let leaving = Refusal::hidden(ErrorCode::ShuttingDown, "drain is over");
                    _ = follower.append(&failed(&leaving));
                }
            }
            sharing.followed().remove(follower.id());
        });
        Ok(answer)
    }

    async fn grace_is_over(&self) {
        self.shutdown.token().cancelled().await;
        tokio::time::sleep(self.grace).await;
    }

    fn followed(&self) -> MutexGuard<'_, HashMap<String, Arc<Answer>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what the client has read before, which may still be on its way.
async fn caught_up(answer: &Arc<Answer>, after: u64) -> Resumed {
    let Some(mut reader) = answer.read_after(0) else { return Resumed::Resync };
    let skip = async {
        for _ in 0..after {
            reader.next().await?;
        }
        Some(reader)
    };
    match within(CATCH_UP, skip).await {
        Ok(Some(reader)) => Resumed::Reading(reader),
        Ok(None) | Err(_) => Resumed::Resync,
    }
}
