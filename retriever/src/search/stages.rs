//! How long each stage of a search takes.

use std::time::{Duration, Instant};

/// A stage of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding what a follow-up leans on.
    Rewrite,
    /// Embedding the question.
    Embed,
    /// Finding candidates.
    Store,
    /// Judging and ordering them.
    Rank,
    /// Adding the chunks around those that are returned.
    Join,
}

impl Stage {
    /// Returns the name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rewrite => "rewrite",
            Self::Embed => "embed",
            Self::Store => "store",
            Self::Rank => "rank",
            Self::Join => "join",
        }
    }
}

/// The time that one stage took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageTime {
    /// The stage.
    pub stage: Stage,
    /// Its time.
    pub time: Duration,
}

/// Measures one stage after the other.
#[derive(Debug)]
pub(super) struct Clock {
    begun: Instant,
    stages: Vec<StageTime>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { begun: Instant::now(), stages: Vec::new() }
    }

    /// Notes the end of a stage, which is the beginning of the next one, and returns its time.
    pub(super) fn ended(&mut self, stage: Stage) -> Duration {
        let now = Instant::now();
        let time = now - self.begun;
        self.begun = now;
        self.stages.push(StageTime { stage, time });
        time
    }

    pub(super) fn stages(self) -> Vec<StageTime> {
        self.stages
    }
}
