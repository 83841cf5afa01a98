//! What became of a handoff, as its visitor sees it. Never says that something arrived before it did.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use ulid::Ulid;

/// How far a handoff is on one way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first attempt is under way.
    Trying,
    /// An attempt failed; another one follows.
    Waiting,
    /// The other side has taken it.
    Delivered,
    /// No further attempt is made.
    Failed,
}

/// How far a handoff is, on every way out.
#[derive(Clone, Debug)]
pub(super) struct Stages(Vec<Stage>);

/// What a visitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Somebody has taken it.
    Delivered,
    /// Nobody has taken it yet; it is tried again.
    Queued,
    /// Nobody has taken it, and nobody will.
    Failed,
}

impl Stages {
    /// Returns the first stage on each of so many ways.
    pub(super) fn of(ways: usize) -> Self {
        Self(vec![Stage::Trying; ways])
    }

    /// Returns the stages of a handoff that has no way out.
    pub(super) fn nowhere() -> Self {
        Self(Vec::new())
    }

    /// Notes how far it is on one way.
    pub(super) fn set(&mut self, way: usize, stage: Stage) {
        if let Some(place) = self.0.get_mut(way) {
            *place = stage;
        }
    }

    /// Returns what a visitor is told; nothing while a first attempt may still succeed. One way is enough.
    pub(super) fn state(&self) -> Option<State> {
        let has = |stage| self.0.contains(&stage);
        if has(Stage::Delivered) {
            Some(State::Delivered)
        } else if has(Stage::Trying) {
            None
        } else if has(Stage::Waiting) {
            Some(State::Queued)
        } else {
            Some(State::Failed)
        }
    }
}

impl State {
    /// Returns the name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Queued => "queued",
            Self::Failed => "failed",
        }
    }
}

/// What a visitor gets in the hand.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    /// The handoff, as a ULID.
    pub(crate) handoff_id: String,
    /// What became of it.
    pub(crate) state: State,
    /// One sentence for the visitor.
    pub(crate) message: String,
}

/// Follows one handoff.
#[derive(Debug)]
pub(crate) struct Handing {
    id: Ulid,
    stages: watch::Receiver<Stages>,
    until: Instant,
    contact: Arc<str>,
    told: Option<State>,
}

impl Handing {
    pub(super) fn new(id: Ulid, stages: watch::Receiver<Stages>, until: Instant, contact: Arc<str>) -> Self {
        Self { id, stages, until, contact, told: None }
    }

    /// Returns whether a receipt was given.
    pub(crate) fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// Returns the receipt as soon as the first attempt has shown what to say, within the visitor's patience; after one that
    /// says "queued" the final one; then nothing. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Option<Receipt> {
        let state = match self.told {
            None => self.first().await,
            Some(State::Queued) => self.last().await,
            Some(State::Delivered | State::Failed) => return None,
        };
        self.told = Some(state);
        Some(Receipt { handoff_id: self.id.to_string(), state, message: self.message(state) })
    }

    async fn first(&mut self) -> State {
        let known = self.stages.wait_for(|stages| stages.state().is_some());
        match timeout_at(self.until, known).await {
            Ok(Ok(stages)) => stages.state().unwrap_or(State::Queued),
            // Whoever delivers it is gone.
            Ok(Err(_)) => State::Failed,
            Err(_) => State::Queued,
        }
    }

    async fn last(&mut self) -> State {
        let is_final = |stages: &Stages| matches!(stages.state(), Some(State::Delivered | State::Failed));
        let known = self.stages.wait_for(is_final).await;
        known.ok().and_then(|stages| stages.state()).unwrap_or(State::Failed)
    }

    fn message(&self, state: State) -> String {
        match state {
            State::Delivered => "Your conversation was passed on to a person.".to_owned(),
            State::Queued => {
                "Your conversation has not arrived yet; we keep trying to pass it on to a person.".to_owned()
            }
            State::Failed if self.contact.is_empty() => {
                "Your conversation could not be passed on to a person. Please try again later.".to_owned()
            }
            State::Failed => {
                format!("Your conversation could not be passed on to a person. {}", self.contact)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Handing, Instant, Stage, Stages, State, Ulid, watch};

    #[test]
    fn one_way_is_enough_and_nothing_is_said_too_early() {
        for (stages, state) in [
            (vec![], Some(State::Failed)),
            (vec![Stage::Trying], None),
            (vec![Stage::Waiting], Some(State::Queued)),
            (vec![Stage::Failed, Stage::Trying], None),
            (vec![Stage::Failed, Stage::Waiting], Some(State::Queued)),
            (vec![Stage::Waiting, Stage::Delivered], Some(State::Delivered)),
            (vec![Stage::Failed, Stage::Failed], Some(State::Failed)),
        ] {
            assert_eq!(Stages(stages.clone()).state(), state, "{stages:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_attempt_is_queued_and_its_end_is_told_later() {
        let stages = watch::Sender::new(Stages::of(1));
        let until = Instant::now() + std::time::Duration::from_secs(4);
        let mut handing = Handing::new(Ulid::new(), stages.subscribe(), until, Arc::from("Call us."));
        assert_eq!(handing.next().await.map(|receipt| receipt.state), Some(State::Queued));
        assert_eq!(Instant::now(), until);
        stages.send_modify(|stages| stages.set(0, Stage::Failed));
        let receipt = handing.next().await.expect("the end");
        assert!(receipt.state == State::Failed && receipt.message.ends_with("Call us."), "{receipt:?}");
        assert!(handing.next().await.is_none());
    }

    #[tokio::test]
    async fn a_delivery_that_vanished_counts_as_failed() {
        let stages = watch::Sender::new(Stages::of(1)).subscribe();
        let mut handing = Handing::new(Ulid::new(), stages, Instant::now(), Arc::from(""));
        let state = handing.next().await.map(|receipt| receipt.state);
        assert!(matches!(state, Some(State::Failed | State::Queued)), "{state:?}");
    }
}
