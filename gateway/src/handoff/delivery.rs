//! Delivering one handoff on every way that is configured: attempts, pauses between them, and when to give up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use super::Conversation;
use super::mail::Mail;
use super::metrics::HandoffMetrics;
use super::receipt::{Stage, Stages, State};
use super::webhook::Webhook;

/// Pauses grow up to this; no receiver makes us wait longer either.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Once the process is to end, there is no time for long pauses.
const LONGEST_LAST_PAUSE: Duration = Duration::from_secs(1);

/// A way out.
#[derive(Clone, Debug)]
pub(super) enum Channel {
    Webhook(Arc<Webhook>),
    Mail(Arc<Mail>),
}

/// What is delivered, made once for all attempts.
#[derive(Debug)]
pub(super) struct Parcel {
    /// Names the handoff; the same for every attempt.
    pub(super) id: Ulid,
    /// For the webhook: JSON.
    pub(super) json: Bytes,
    /// For people: plain text.
    pub(super) text: String,
    /// Where an answer by mail goes; ASCII.
    pub(super) reply_to: Option<lettre::Address>,
}

impl Parcel {
    pub(super) fn new(id: Ulid, conversation: &Conversation) -> Self {
        Self {
            id,
            json: conversation.json(id),
            text: conversation.letter(id),
            reply_to: conversation.email().cloned(),
        }
    }
}

/// Why an attempt failed. The cause is for the log and holds nothing of the conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setback {
    pub(super) is_final: bool,
    pub(super) cause: String,
    /// How long the other side asks to be left alone.
    pub(super) after: Option<Duration>,
}

impl Setback {
    pub(super) fn passing(cause: impl Into<String>) -> Self {
        Self { is_final: false, cause: cause.into(), after: None }
    }

    pub(super) fn lasting(cause: impl Into<String>) -> Self {
        Self { is_final: true, cause: cause.into(), after: None }
    }
}

impl Channel {
    fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
        }
    }

    async fn attempt(&self, parcel: &Parcel) -> Result<(), Setback> {
        match self {
            Self::Webhook(webhook) => webhook.send(parcel).await,
            Self::Mail(mail) => mail.send(parcel).await,
        }
    }
}

/// One handoff on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) parcel: Parcel,
    pub(super) channels: Vec<Channel>,
    pub(super) stages: watch::Sender<Stages>,
    pub(super) attempt: Duration,
    pub(super) pause: Duration,
    pub(super) total: Duration,
    pub(super) leaving: CancellationToken,
    pub(super) grace: Duration,
    pub(super) metrics: HandoffMetrics,
}

impl Delivery {
    /// Tries until every way has succeeded or given up, the time is over, or shutdown has lasted for its grace.
    pub(super) async fn run(self) {
        let _counted = self.metrics.on_its_way();
        let begun = Instant::now();
        join_all((0..self.channels.len()).map(|way| self.follow(way, begun))).await;
        let state = self.stages.borrow().state();
        if state == Some(State::Delivered) {
            self.metrics.ended("delivered");
            tracing::info!(handoff_id = %self.parcel.id, "a handoff was delivered");
        } else {
            self.metrics.ended("failed");
            tracing::error!(handoff_id = %self.parcel.id, "a handoff is lost, because nobody took it");
        }
    }

    async fn follow(&self, way: usize, begun: Instant) {
        let Some(channel) = self.channels.get(way) else { return };
        let is_delivered = tokio::select! {
            done = self.try_until_done(way, channel) => done,
            () = self.out_of_time(begun) => false,
        };
        if is_delivered {
            self.metrics.delivered(begun.elapsed());
        }
        self.set(way, if is_delivered { Stage::Delivered } else { Stage::Failed });
    }

    async fn out_of_time(&self, begun: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(begun + self.total) => {}
            () = async {
                self.leaving.cancelled().await;
                tokio::time::sleep(self.grace).await;
            } => {}
        }
    }

    async fn try_until_done(&self, way: usize, channel: &Channel) -> bool {
        for tries in 0_u32.. {
            let tried = lifecycle::within(self.attempt, channel.attempt(&self.parcel)).await;
            let setback = match tried {
                Ok(Ok(())) => {
                    self.metrics.attempted(channel.name(), "ok");
                    return true;
                }
                Ok(Err(setback)) => setback,
                Err(late) => Setback::passing(late.to_string()),
            };
            let result = if setback.is_final { "refused" } else { "retry" };
            self.metrics.attempted(channel.name(), result);
            let (handoff_id, cause) = (self.parcel.id, &setback.cause);
            tracing::warn!(%handoff_id, channel = channel.name(), result, cause, "an attempt to deliver failed");
            if setback.is_final {
                return false;
            }
            self.set(way, Stage::Waiting);
            self.rest(tries, setback.after).await;
        }
        false
    }

    /// Waits before the next attempt. When shutdown begins, the next attempt comes at once.
    async fn rest(&self, tries: u32, asked: Option<Duration>) {
        if self.leaving.is_cancelled() {
            return tokio::time::sleep(jitter(LONGEST_LAST_PAUSE)).await;
        }
        let longest = self.pause.saturating_mul(1 << tries.min(16)).min(LONGEST_PAUSE);
        let pause = jitter(longest).max(asked.unwrap_or_default().min(LONGEST_PAUSE));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.leaving.cancelled() => {}
        }
    }

    fn set(&self, way: usize, stage: Stage) {
        self.stages.send_modify(|stages| stages.set(way, stage));
    }
}

/// Returns any time up to the longest ("full jitter"), so that many that failed together do not come back together.
fn jitter(longest: Duration) -> Duration {
    Duration::from_micros(fastrand::u64(0..=u64::try_from(longest.as_micros()).unwrap_or(u64::MAX)))
}
