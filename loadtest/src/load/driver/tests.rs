//! Arrivals that nothing slows, and percentiles that hide nothing, on a clock of the tests.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Arrivals, Plan, run};
use crate::load::client::{Client, Exchange, Stages};
use crate::load::mix::{Mix, Visitor};
use crate::load::record::{Counts, Measured};

/// Answers after a fixed time, or fails; while it stalls it answers nobody.
#[derive(Clone)]
struct Fake {
    takes: Duration,
    code: Option<&'static str>,
    stall: Option<(Instant, Instant)>,
}

impl Fake {
    fn new(milliseconds: u64) -> Self {
        Self { takes: Duration::from_millis(milliseconds), code: None, stall: None }
    }
}

impl Client for Fake {
    async fn ask(&self, _: &str, exchange: &mut Exchange) {
        exchange.connected = Some(Instant::now());
        if let Some((from, to)) = self.stall
            && (from..to).contains(&Instant::now())
        {
            sleep_until(to).await;
        }
        sleep(self.takes).await;
        exchange.heard();
        exchange.stages = Some(Stages { search_ms: Some(1.0), ..Stages::default() });
        exchange.ended = Some(match self.code {
            Some(code) => Err(code.to_owned()),
            None => Ok(Instant::now()),
        });
    }
}

async fn measured(fake: Fake, plan: &Plan, turns: u32, think: Duration) -> Measured {
    let mix = Mix::new(vec![(1, Visitor { name: "fake", client: fake, turns, think })]).expect("a mix");
    run(plan, &mix, &["Who?".to_owned()], &watch::Sender::new(Counts::default())).await.expect("a run")
}

fn plan(rate: u64, seconds: u64, max_in_flight: usize) -> Plan {
    let times = (0..rate * seconds).map(|place| Duration::from_micros(place * 1_000_000 / rate)).collect();
    let arrivals = Arrivals::Open(times);
    Plan { arrivals, max_in_flight, warm_up: Duration::ZERO, timeout: Duration::from_secs(5) }
}

fn is_near(value: f64, expected: f64) -> bool {
    (value / expected - 1.0).abs() < 0.02
}

#[tokio::test(start_paused = true)]
async fn slow_answers_do_not_slow_the_arrivals() {
    let outcome = measured(Fake::new(3_000), &plan(10, 2, 100), 1, Duration::ZERO).await;
    assert_eq!((outcome.counts.planned, outcome.counts.answered, outcome.counts.dropped), (20, 20, 0));
    // The last arrival comes after 1.9 s and takes 3 s.
    assert!((outcome.seconds - 4.9).abs() < 0.01, "{}", outcome.seconds);
    let answer = outcome.answer.expect("answers");
    assert!(is_near(answer.p50_ms, 3_000.0) && is_near(answer.max_ms, 3_000.0), "{answer:?}");
    let rest = &outcome.hops["rest"];
    assert!(is_near(rest.p50_ms, 2_999.0), "what no stage tells: {rest:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_server_shows_in_the_percentiles_as_theory_says() {
    let mut fake = Fake::new(0);
    let begun = Instant::now();
    fake.stall = Some((begun + Duration::from_secs(4), begun + Duration::from_secs(6)));
    let outcome = measured(fake, &plan(100, 10, 10_000), 1, Duration::ZERO).await;
    // Of 1,000 arrivals 200 meet the stall and wait from 2 s down to nothing, evenly.
    let waits = outcome.first_token.expect("answers");
    for (value, expected) in
        [(waits.max_ms, 2_000.0), (waits.p99_ms, 1_900.0), (waits.p95_ms, 1_500.0), (waits.p90_ms, 1_000.0)]
    {
        assert!(is_near(value, expected), "{value} instead of {expected}");
    }
    assert!(waits.p50_ms < 2.0, "{waits:?}");
    assert!(is_near(outcome.timeline[4].worst_first_token_ms, 2_000.0), "{:?}", outcome.timeline);
    assert_eq!(outcome.timeline[5].answered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_hides_a_stall_which_is_why_it_has_to_be_asked_for() {
    let mut fake = Fake::new(10);
    let begun = Instant::now();
    fake.stall = Some((begun + Duration::from_secs(4), begun + Duration::from_secs(6)));
    let closed = Arrivals::Closed { visitors: 1, length: Duration::from_secs(10) };
    let outcome = measured(fake, &Plan { arrivals: closed, ..plan(1, 1, 1) }, 1, Duration::ZERO).await;
    let waits = outcome.first_token.expect("answers");
    assert!(waits.count > 600 && waits.p99_ms < 20.0 && waits.max_ms > 1_900.0, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn arrivals_that_cannot_start_are_dropped_and_counted() {
    let outcome = measured(Fake::new(1_050), &plan(10, 2, 1), 1, Duration::ZERO).await;
    assert_eq!((outcome.counts.planned, outcome.counts.answered, outcome.counts.dropped), (20, 2, 18));
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_by_code_and_have_no_answer_latency() {
    let failing = Fake { code: Some("RATE_LIMITED"), ..Fake::new(10) };
    let failed = measured(failing, &plan(10, 2, 100), 1, Duration::ZERO).await;
    assert_eq!(failed.counts.errors.get("RATE_LIMITED"), Some(&20));
    assert!(failed.answer.is_none() && failed.first_token.is_some());
    let late = measured(Fake::new(60_000), &plan(10, 2, 100), 1, Duration::ZERO).await;
    assert_eq!((late.counts.errors.get("TIMEOUT"), late.counts.failed()), (Some(&20), 20));
    assert_eq!(late.connect.expect("connections").count, 20);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_thinks_between_its_questions_and_a_warm_up_is_not_counted() {
    let talk = measured(Fake::new(100), &plan(1, 1, 10), 3, Duration::from_secs(2)).await;
    assert_eq!((talk.counts.planned, talk.counts.answered), (3, 3));
    assert!((talk.seconds - 4.3).abs() < 0.01, "{}", talk.seconds);
    assert!(is_near(talk.answer.expect("answers").max_ms, 100.0));
    let warm = Plan { warm_up: Duration::from_secs(1), ..plan(10, 2, 100) };
    let counted = measured(Fake::new(100), &warm, 1, Duration::ZERO).await;
    assert_eq!((counted.counts.planned, counted.counts.answered), (10, 10));
}
