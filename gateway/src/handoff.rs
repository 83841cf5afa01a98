//! "Talk to a person": takes a conversation at the door, has it delivered, and tells the visitor what became of it.
//!
//! It knows what is passed on and how often that is tried; how it travels stands in `webhook` and `mail`.

mod conversation;
mod delivery;
mod mail;
mod metrics;
mod receipt;
mod webhook;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lifecycle::Shutdown;
use lru::LruCache;
use proto::ErrorCode;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use ulid::Ulid;

use crate::admission::{Caller, Kind, Owner};
use crate::chat::Chat;
use crate::keys::Scope;
use crate::refusal::Refusal;
use crate::settings::HandoffSettings;

pub(crate) use conversation::{ANSWER_IDS, CONTACT_CHARACTERS, Conversation, Wish};
pub(crate) use mail::Relay;
pub(crate) use metrics::HandoffMetrics;
pub(crate) use receipt::{Handing, Receipt, State};
pub(crate) use webhook::Key;

use delivery::{Channel, Delivery, Parcel};
use receipt::Stages;

/// Handoffs whose message id is remembered; beyond, the oldest is forgotten.
const REMEMBERED: usize = 4096;
const SHUTDOWN_WAIT: Duration = Duration::from_secs(1);

/// Takes conversations and has them delivered.
#[derive(Debug)]
pub(crate) struct Desk {
    channels: Vec<Channel>,
    settings: HandoffSettings,
    contact: Arc<str>,
    places: Arc<Semaphore>,
    known: Mutex<LruCache<Name, Known>>,
    metrics: HandoffMetrics,
    shutdown: Shutdown,
    grace: Duration,
}

/// Who asked, and the message id.
type Name = (Owner, String);

/// A handoff that its visitor may ask for again.
#[derive(Clone, Debug)]
struct Known {
    fingerprint: [u8; 32],
    stages: watch::Receiver<Stages>,
}

impl Desk {
    /// Returns a desk. What is on its way when shutdown has lasted for `grace` is lost, and logged as such.
    ///
    /// # Errors
    /// When the means of delivery cannot be set up.
    pub(crate) fn new(
        settings: HandoffSettings,
        metrics: HandoffMetrics,
        (shutdown, grace): (Shutdown, Duration),
    ) -> std::io::Result<Self> {
        let mut channels = Vec::new();
        if let Some(webhook) = &settings.webhook {
            let webhook = webhook::Webhook::new(webhook, settings.attempt)?;
            channels.push(Channel::Webhook(Arc::new(webhook)));
        }
        if let Some(mail) = &settings.mail {
            channels.push(Channel::Mail(Arc::new(mail::Mail::new(mail, settings.attempt))));
        }
        Ok(Self {
            channels,
            contact: settings.contact.as_str().into(),
            places: Arc::new(Semaphore::new(settings.queue)),
            known: Mutex::new(LruCache::new(NonZeroUsize::new(REMEMBERED).unwrap_or(NonZeroUsize::MIN))),
            settings,
            metrics,
            shutdown,
            grace,
        })
    }

    /// Takes a conversation, which is then delivered in a task of its own. The same message id leads to the same handoff; one
    /// that failed is tried again.
    ///
    /// # Errors
    /// `NOT_FOUND` for somebody else's answer, `CONFLICT` for another conversation under the same message id,
    /// `RATE_LIMITED`, `SHUTTING_DOWN`.
    pub(crate) async fn take(
        &self,
        chat: &Chat,
        caller: &Caller,
        conversation: &Conversation,
    ) -> Result<Handing, Refusal> {
        if self.shutdown.is_shutting_down() {
            let refusal = Refusal::hidden(ErrorCode::ShuttingDown, "a handoff during shutdown");
            return Err(refusal.after(SHUTDOWN_WAIT));
        }
        caller.check(Scope::Chat)?;
        for id in conversation.answer_ids() {
            if chat.is_foreign(caller, id).await {
                return Err(Refusal::new(
                    ErrorCode::NotFound,
                    "answer_ids names an answer that there is not",
                ));
            }
        }
        let Some(message_id) = conversation.message_id() else {
            chat.admission().count(caller, Kind::Handoff).await?;
            let id = Ulid::new();
            return Ok(self.handing(id, self.deliver(id, conversation)));
        };
        let name = (caller.owner().clone(), message_id.to_owned());
        let id = conversation.id_from(caller.owner());
        if let Some(stages) = underway(&self.known(), &name, conversation)? {
            return Ok(self.handing(id, stages));
        }
        chat.admission().count(caller, Kind::Handoff).await?;
        // Looked up again and held until the handoff is known, so that two equal requests at once are one.
        let mut known = self.known();
        if let Some(stages) = underway(&known, &name, conversation)? {
            return Ok(self.handing(id, stages));
        }
        let stages = self.deliver(id, conversation);
        let entry = Known { fingerprint: conversation.fingerprint(), stages: stages.clone() };
        known.put(name, entry);
        Ok(self.handing(id, stages))
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Name, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handing(&self, id: Ulid, stages: watch::Receiver<Stages>) -> Handing {
        Handing::new(id, stages, Instant::now() + self.settings.patience, Arc::clone(&self.contact))
    }

    fn deliver(&self, id: Ulid, conversation: &Conversation) -> watch::Receiver<Stages> {
        if self.channels.is_empty() {
            self.metrics.ended("unconfigured");
            return watch::Sender::new(Stages::nowhere()).subscribe();
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.metrics.ended("full");
            tracing::error!(handoff_id = %id, "a handoff is lost, because too many are on their way");
            return watch::Sender::new(Stages::nowhere()).subscribe();
        };
        let stages = watch::Sender::new(Stages::of(self.channels.len()));
        let following = stages.subscribe();
        let delivery = Delivery {
            parcel: Parcel::new(id, conversation),
            channels: self.channels.clone(),
            stages,
            attempt: self.settings.attempt,
            pause: self.settings.pause,
            total: self.settings.total,
            leaving: self.shutdown.token().clone(),
            grace: self.grace,
            metrics: self.metrics.clone(),
        };
        self.shutdown.spawn("handoff", async move {
            delivery.run().await;
            drop(place);
        });
        following
    }
}

/// Returns how far a handoff is that the same message led to before, unless it failed.
fn underway(
    known: &LruCache<Name, Known>,
    name: &Name,
    conversation: &Conversation,
) -> Result<Option<watch::Receiver<Stages>>, Refusal> {
    let Some(earlier) = known.peek(name) else { return Ok(None) };
    if earlier.fingerprint != conversation.fingerprint() {
        let text = "this message id was used with another conversation; take a new id for a new one";
        return Err(Refusal::new(ErrorCode::Conflict, text));
    }
    let has_failed = earlier.stages.borrow().state() == Some(State::Failed);
    Ok((!has_failed).then(|| earlier.stages.clone()))
}
