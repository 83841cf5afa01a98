//! Drives a plan with a client: every arrival starts at its time or is dropped, and latency counts from that time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Client, Exchange};
use crate::latency::{Latency, Percentiles};
use crate::plan::Plan;

/// What came out of a load.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Arrivals a second, as planned.
    pub planned_rate: f64,
    /// Arrivals planned.
    pub planned: u32,
    /// Arrivals that could not start because too many questions were under way.
    pub dropped: u32,
    /// Whole answers.
    pub answered: u32,
    /// Failed questions by code.
    pub errors: BTreeMap<String, u32>,
    /// Seconds from the first arrival to the last answer.
    pub seconds: f64,
    /// From the planned start to the open connection.
    pub connect: Option<Percentiles>,
    /// From the planned start to the first text.
    pub first_token: Option<Percentiles>,
    /// From the planned start to the end of a whole answer.
    pub answer: Option<Percentiles>,
}

/// Runs a plan, the questions in turn, each with its own time limit.
///
/// # Errors
/// When there is no question.
pub async fn run(
    client: impl Client,
    plan: &Plan,
    questions: &[String],
    timeout: Duration,
) -> anyhow::Result<Outcome> {
    anyhow::ensure!(!questions.is_empty(), "there is no question to ask");
    let start = Instant::now();
    let mut tally = Tally::new()?;
    let mut running: JoinSet<(Instant, Exchange)> = JoinSet::new();
    let mut turns = questions.iter().cycle();
    for arrival in plan.arrivals() {
        let planned = start + arrival;
        // While waiting for the arrival, finished answers make room.
        loop {
            tokio::select! {
                biased;
                Some(finished) = running.join_next() => tally.add(finished),
                () = tokio::time::sleep_until(planned) => break,
            }
        }
        tally.planned += 1;
        if running.len() >= plan.max_in_flight() {
            tally.dropped += 1;
            continue;
        }
        let (client, question) = (client.clone(), turns.next().cloned().unwrap_or_default());
        running.spawn(async move {
            let mut exchange = Exchange::default();
            let asked = tokio::time::timeout(timeout, client.ask(&question, &mut exchange)).await;
            if asked.is_err() {
                exchange.ended = Some(Err("TIMEOUT".to_owned()));
            }
            (planned, exchange)
        });
    }
    while let Some(finished) = running.join_next().await {
        tally.add(finished);
    }
    Ok(tally.outcome(plan, start.elapsed()))
}

struct Tally {
    planned: u32,
    dropped: u32,
    answered: u32,
    errors: BTreeMap<String, u32>,
    connect: Latency,
    first_token: Latency,
    answer: Latency,
}

impl Tally {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            planned: 0,
            dropped: 0,
            answered: 0,
            errors: BTreeMap::new(),
            connect: Latency::new()?,
            first_token: Latency::new()?,
            answer: Latency::new()?,
        })
    }

    fn add(&mut self, finished: Result<(Instant, Exchange), tokio::task::JoinError>) {
        let Ok((planned, exchange)) = finished else { return self.fail("CLIENT_PANIC") };
        if let Some(connected) = exchange.connected {
            self.connect.record(connected - planned);
        }
        if let Some(first_text) = exchange.first_text {
            self.first_token.record(first_text - planned);
        }
        match exchange.ended {
            Some(Ok(ended)) => {
                self.answered += 1;
                self.answer.record(ended - planned);
            }
            Some(Err(code)) => self.fail(&code),
            None => self.fail("NO_END"),
        }
    }

    fn fail(&mut self, code: &str) {
        *self.errors.entry(code.to_owned()).or_default() += 1;
    }

    fn outcome(self, plan: &Plan, elapsed: Duration) -> Outcome {
        Outcome {
            planned_rate: plan.rate(),
            planned: self.planned,
            dropped: self.dropped,
            answered: self.answered,
            errors: self.errors,
            seconds: elapsed.as_secs_f64(),
            connect: self.connect.percentiles(),
            first_token: self.first_token.percentiles(),
            answer: self.answer.percentiles(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, Duration, Exchange, Instant, Plan, run};

    /// Answers after a fixed time, or fails.
    #[derive(Clone)]
    struct Fake {
        takes: Duration,
        code: Option<&'static str>,
    }

    impl Client for Fake {
        async fn ask(&self, _: &str, exchange: &mut Exchange) {
            exchange.connected = Some(Instant::now());
            tokio::time::sleep(self.takes).await;
            exchange.first_text = Some(Instant::now());
            exchange.ended = Some(match self.code {
                Some(code) => Err(code.to_owned()),
                None => Ok(Instant::now()),
            });
        }
    }

    async fn outcome(fake: Fake, max_in_flight: usize) -> super::Outcome {
        let plan = Plan::new(10.0, Duration::from_secs(2), max_in_flight).expect("a plan");
        run(fake, &plan, &["Who?".to_owned()], Duration::from_secs(5)).await.expect("a run")
    }

    #[tokio::test(start_paused = true)]
    async fn slow_answers_do_not_slow_the_arrivals() {
        let outcome = outcome(Fake { takes: Duration::from_secs(3), code: None }, 100).await;
        assert_eq!((outcome.planned, outcome.answered, outcome.dropped), (20, 20, 0));
        // The last arrival comes after 1.9 s and takes 3 s.
        assert!((outcome.seconds - 4.9).abs() < 0.01, "{}", outcome.seconds);
        let answer = outcome.answer.expect("answers");
        assert!(
            (answer.p50_ms - 3_000.0).abs() < 10.0 && (answer.max_ms - 3_000.0).abs() < 10.0,
            "{answer:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn arrivals_that_cannot_start_are_dropped_and_counted() {
        let outcome = outcome(Fake { takes: Duration::from_millis(1_050), code: None }, 1).await;
        assert_eq!((outcome.planned, outcome.answered, outcome.dropped), (20, 2, 18));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_counted_by_code_and_have_no_answer_latency() {
        let failed =
            outcome(Fake { takes: Duration::from_millis(10), code: Some("RATE_LIMITED") }, 100).await;
        assert_eq!(failed.errors.get("RATE_LIMITED"), Some(&20));
        assert!(failed.answer.is_none() && failed.first_token.is_some());
        let late = outcome(Fake { takes: Duration::from_secs(60), code: None }, 100).await;
        assert_eq!(late.errors.get("TIMEOUT"), Some(&20));
        assert_eq!(late.connect.expect("connections").count, 20);
    }
}
