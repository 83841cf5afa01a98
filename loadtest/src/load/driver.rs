//! Drives a plan with visitors: every arrival starts at its time or is dropped, and latency counts from that time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::client::{Client, Exchange};
use super::mix::{Mix, Visitor};
use super::record::{Counts, Finished, Measured, Recorder};

/// When visitors arrive, and what bounds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How they arrive.
    pub arrivals: Arrivals,
    /// Visitors under way at the same time; an arrival over it is dropped and counted.
    pub max_in_flight: usize,
    /// What is planned in this time is asked, but not counted.
    pub warm_up: Duration,
    /// For each answer.
    pub timeout: Duration,
}

/// How visitors arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// At these times from the beginning, whatever the answers take.
    Open(Vec<Duration>),
    /// So many who each ask again as soon as they are answered. Slow answers slow such a load, and hide in its percentiles.
    Closed {
        /// Visitors.
        visitors: usize,
        /// How long they begin anew.
        length: Duration,
    },
}

/// Runs a plan, the questions in turn. `progress` is told what was counted, for a view of the run.
///
/// # Errors
/// When there is no question, or a histogram cannot be made.
pub async fn run<Asker: Client>(
    plan: &Plan,
    mix: &Mix<Asker>,
    questions: &[String],
    progress: &watch::Sender<Counts>,
) -> anyhow::Result<Measured> {
    anyhow::ensure!(!questions.is_empty(), "there is no question to ask");
    let begun = Instant::now();
    let recorder = Recorder::new(begun, plan.warm_up)?;
    let mut driver = Driver { plan, mix, questions, progress, recorder, running: JoinSet::new() };
    match &plan.arrivals {
        Arrivals::Open(times) => driver.open(begun, times).await,
        Arrivals::Closed { visitors, length } => driver.closed(*visitors, begun + *length).await,
    }
    Ok(driver.recorder.measured())
}

struct Driver<'a, Asker> {
    plan: &'a Plan,
    mix: &'a Mix<Asker>,
    questions: &'a [String],
    progress: &'a watch::Sender<Counts>,
    recorder: Recorder,
    running: JoinSet<Vec<Finished>>,
}

impl<Asker: Client> Driver<'_, Asker> {
    async fn open(&mut self, begun: Instant, times: &[Duration]) {
        for (place, arrival) in times.iter().enumerate() {
            let planned = begun + *arrival;
            // While waiting for the arrival, finished answers make room.
            loop {
                tokio::select! {
                    biased;
                    Some(finished) = self.running.join_next() => self.take(finished),
                    () = sleep_until(planned) => break,
                }
            }
            self.recorder.planned(planned);
            if self.running.len() >= self.plan.max_in_flight {
                self.recorder.dropped(planned);
            } else {
                self.arrive(place, planned);
            }
        }
        while let Some(finished) = self.running.join_next().await {
            self.take(finished);
        }
    }

    async fn closed(&mut self, visitors: usize, end: Instant) {
        let mut place = 0;
        loop {
            while self.running.len() < visitors && Instant::now() < end {
                let now = Instant::now();
                self.recorder.planned(now);
                self.arrive(place, now);
                place += 1;
            }
            let Some(finished) = self.running.join_next().await else { return };
            self.take(finished);
        }
    }

    fn arrive(&mut self, place: usize, planned: Instant) {
        let (visitor, questions) = (self.mix.visitor(place), asked(self.questions, place));
        self.running.spawn(visit(visitor, questions, planned, self.plan.timeout));
    }

    fn take(&mut self, finished: Result<Vec<Finished>, JoinError>) {
        match finished {
            Ok(finished) => {
                for (turn, one) in finished.iter().enumerate() {
                    if turn > 0 {
                        self.recorder.planned(one.planned);
                    }
                    self.recorder.add(one);
                }
            }
            Err(_) => self.recorder.broke(),
        }
        self.progress.send_replace(self.recorder.counts().clone());
    }
}

fn asked(questions: &[String], place: usize) -> Vec<String> {
    // Each visitor goes on where its number begins, so that conversations differ.
    questions.iter().cycle().skip(place % questions.len()).take(questions.len()).cloned().collect()
}

/// Asks all questions of one visitor; the first one was planned for `planned`, each later one follows its answer.
async fn visit<Asker: Client>(
    visitor: Visitor<Asker>,
    questions: Vec<String>,
    planned: Instant,
    limit: Duration,
) -> Vec<Finished> {
    let mut finished = Vec::new();
    let mut planned = planned;
    for question in questions.iter().cycle().take(visitor.turns as usize) {
        let mut exchange = Exchange::default();
        let started = Instant::now();
        if timeout(limit, visitor.client.ask(question, &mut exchange)).await.is_err() {
            exchange.ended = Some(Err("TIMEOUT".to_owned()));
        }
        let goes_on = matches!(exchange.ended, Some(Ok(_)));
        finished.push(Finished { name: visitor.name, planned, started, exchange });
        if !goes_on || finished.len() == visitor.turns as usize {
            break;
        }
        planned = Instant::now() + visitor.think;
        sleep(visitor.think).await;
    }
    finished
}

#[cfg(test)]
mod tests;
