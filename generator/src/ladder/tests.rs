//! Scripted models on the ladder.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};

use super::{BreakerLimits, Ladder, LadderEvent, LadderLimits, RetryLimits};
use crate::error::Error;
use crate::model::{ChatModel, Finish, FinishReason, ModelEvent, ModelKind, RetractReason};
use crate::prompt::{Passage, Prompt, Task};

const LIMITS: LadderLimits = LadderLimits {
    retry: RetryLimits { attempts: 3, pause: Duration::from_millis(100), burst: 100 },
    breaker: BreakerLimits { failures: 4, open: Duration::from_secs(10) },
};

/// One call: what it writes, and how it ends.
#[derive(Clone, Copy, Debug)]
enum Call {
    Whole,
    NoEvidence,
    Throttled,
    Refused,
    CutAtOnce,
    CutAfterWords,
    EndsAfterWords,
    TimedOut,
    Blocked,
    TooLong,
}

#[derive(Debug)]
struct Scripted {
    name: &'static str,
    kind: ModelKind,
    price: u64,
    calls: Mutex<VecDeque<Call>>,
}

impl ChatModel for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn kind(&self) -> ModelKind {
        self.kind
    }

    fn most_microdollars(&self, _: &Prompt) -> u64 {
        self.price
    }

    fn answer(&self, _: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let call = self.calls.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let words = Ok(ModelEvent::Text(format!("{} ", self.name)));
        let finish = |reason| {
            let cost_microdollars = self.price / 2;
            Ok(ModelEvent::Finished(Finish { cost_microdollars, ..Finish::free(reason) }))
        };
        let cut = || Err(Error::ModelCut("cut".to_owned()));
        let events = match call.unwrap_or(Call::Whole) {
            Call::Whole => vec![words, finish(FinishReason::Complete)],
            Call::NoEvidence => vec![finish(FinishReason::NoEvidence)],
            Call::Throttled => vec![Err(Error::ModelThrottled("slow".to_owned()))],
            Call::Refused => vec![Err(Error::ModelRefused("no rights".to_owned()))],
            Call::CutAtOnce => vec![cut()],
            Call::CutAfterWords => vec![words, cut()],
            Call::EndsAfterWords => vec![words],
            Call::TimedOut => {
                vec![Err(Error::ModelTimedOut { waiting_for: "words", after: Duration::from_secs(1) })]
            }
            Call::Blocked => vec![Err(Error::Blocked("filter".to_owned()))],
            Call::TooLong => vec![Err(Error::QuestionTooLong { characters: 9_999 })],
        };
        stream::iter(events).boxed()
    }
}

fn model(name: &'static str, price: u64, calls: &[Call]) -> Arc<dyn ChatModel> {
    let kind = if price == 0 { ModelKind::Extractive } else { ModelKind::Language };
    Arc::new(Scripted { name, kind, price, calls: Mutex::new(calls.iter().copied().collect()) })
}

fn ladder(first: &[Call], second: &[Call], quotes: &[Call]) -> Arc<Ladder> {
    let models = vec![model("big", 100, first), model("small", 10, second), model("quotes", 0, quotes)];
    Arc::new(Ladder::new(models, LIMITS))
}

fn prompt() -> Prompt {
    Prompt {
        question: "When are you open?".to_owned(),
        passages: vec![Passage::default()],
        history: Vec::new(),
        language: String::new(),
        max_output_tokens: 100,
        task: Task::Answer,
        earlier: None,
    }
}

/// What a visitor is left with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    text: String,
    step: Option<usize>,
    finish: Option<FinishReason>,
    cost: u64,
    committed: u64,
    retracted: bool,
    error: bool,
}

async fn seen(ladder: &Arc<Ladder>, budget: Option<u64>) -> Seen {
    let mut seen = Seen::default();
    let mut events = ladder.answer(prompt(), budget);
    while let Some(event) = events.next().await {
        assert!(seen.finish.is_none() && !seen.error, "nothing follows the end: {event:?}");
        match event {
            Ok(LadderEvent::Committed(cost)) => seen.committed += cost,
            Ok(LadderEvent::Begins { step, .. }) => seen.step = Some(step),
            Ok(LadderEvent::Model(ModelEvent::Text(text))) => seen.text.push_str(&text),
            Ok(LadderEvent::Model(ModelEvent::Retract(RetractReason::Failed))) => {
                seen.text.clear();
                seen.retracted = true;
            }
            Ok(LadderEvent::Model(ModelEvent::Finished(finish))) => {
                (seen.finish, seen.cost) = (Some(finish.reason), finish.cost_microdollars);
            }
            Ok(LadderEvent::Nothing { cost_microdollars }) => {
                (seen.step, seen.cost) = (None, cost_microdollars);
                break;
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => seen.error = true,
        }
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_before_its_first_word_is_asked_again() {
    for fault in [Call::Throttled, Call::CutAtOnce] {
        let seen = seen(&ladder(&[fault, fault], &[], &[]), None).await;
        assert_eq!((seen.text.as_str(), seen.step, seen.retracted), ("big ", Some(0), false), "{fault:?}");
        let lost = if matches!(fault, Call::CutAtOnce) { 200 } else { 0 };
        assert_eq!((seen.cost, seen.committed), (50 + lost, 300), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_step_answers_where_asking_again_does_not_help() {
    use Call::{CutAfterWords, EndsAfterWords, Refused, Throttled, TimedOut};
    for (calls, retracted) in [
        (&[Throttled; 3][..], false),
        (&[Refused], false),
        (&[TimedOut], false),
        (&[CutAfterWords], true),
        (&[EndsAfterWords], true),
    ] {
        let seen = seen(&ladder(calls, &[], &[]), None).await;
        assert_eq!(
            (seen.text.as_str(), seen.step, seen.retracted),
            ("small ", Some(1), retracted),
            "{calls:?}"
        );
        assert_eq!(seen.finish, Some(FinishReason::Complete));
    }
}

#[tokio::test(start_paused = true)]
async fn quotes_come_last_and_where_they_hold_nothing_the_visitor_is_told_to_try_later() {
    let broken = [Call::Refused];
    assert_eq!(seen(&ladder(&broken, &broken, &[]), None).await.text, "quotes ");
    let nothing = seen(&ladder(&broken, &broken, &[Call::NoEvidence]), None).await;
    assert_eq!((nothing.step, nothing.finish, nothing.error), (None, None, false));
    let sure = seen(&ladder(&[Call::NoEvidence], &[], &[]), None).await;
    assert_eq!((sure.step, sure.finish), (Some(0), Some(FinishReason::NoEvidence)));
    let sure = seen(&ladder(&broken, &[Call::NoEvidence], &[]), None).await;
    assert_eq!((sure.step, sure.finish), (Some(1), Some(FinishReason::NoEvidence)));
}

#[tokio::test(start_paused = true)]
async fn what_no_model_would_mend_ends_the_answer() {
    assert!(seen(&ladder(&[Call::TooLong], &[], &[]), None).await.error);
    let blocked = seen(&ladder(&[Call::Blocked], &[], &[]), None).await;
    assert_eq!((blocked.finish, blocked.error), (Some(FinishReason::Blocked), false));
}

#[tokio::test(start_paused = true)]
async fn a_budget_leaves_out_the_steps_that_may_cost_more() {
    for (budget, text, committed) in
        [(100, "big ", 100), (99, "small ", 10), (9, "quotes ", 0), (0, "quotes ", 0)]
    {
        let seen = seen(&ladder(&[], &[], &[]), Some(budget)).await;
        assert_eq!((seen.text.as_str(), seen.committed), (text, committed), "{budget}");
        assert!(seen.cost <= budget);
    }
    let seen = seen(&ladder(&[Call::CutAtOnce], &[], &[]), Some(105)).await;
    assert_eq!((seen.text.as_str(), seen.cost), ("quotes ", 100), "what was lost is not there for the next");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_again_and_again_is_left_alone_and_tried_later() {
    let ladder = ladder(&[Call::TimedOut; 4], &[], &[]);
    for _ in 0..4 {
        assert_eq!(seen(&ladder, None).await.committed, 110, "asked, and then the smaller one");
    }
    assert_eq!(seen(&ladder, None).await.committed, 10, "only the smaller one is asked");
    tokio::time::advance(LIMITS.breaker.open).await;
    assert_eq!(seen(&ladder, None).await.text, "big ");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_left_alone_is_tried_by_one_call_at_a_time() {
    let ladder = ladder(&[Call::Throttled; 6], &[], &[]);
    for (calls, what) in [(3, "asked again"), (1, "the failure that opens the breaker"), (0, "left alone")] {
        assert_eq!(seen(&ladder, None).await.committed, calls * 100 + 10, "{what}");
    }
    for _ in 0..2 {
        tokio::time::advance(LIMITS.breaker.open).await;
        assert_eq!(seen(&ladder, None).await.committed, 110, "one call tries");
    }
    tokio::time::advance(LIMITS.breaker.open).await;
    assert_eq!(seen(&ladder, None).await.text, "big ");
}

fn call() -> impl Strategy<Value = Call> {
    use Call::{
        Blocked, CutAfterWords, CutAtOnce, EndsAfterWords, NoEvidence, Refused, Throttled, TimedOut, Whole,
    };
    prop_oneof![
        Just(Whole),
        Just(NoEvidence),
        Just(Throttled),
        Just(Refused),
        Just(CutAtOnce),
        Just(CutAfterWords),
        Just(EndsAfterWords),
        Just(TimedOut),
        Just(Blocked)
    ]
}

proptest! {
    #[test]
    fn every_answer_ends_within_its_budget_and_no_text_is_doubled(
        first in proptest::collection::vec(call(), 0..4),
        second in proptest::collection::vec(call(), 0..4),
        budget in any::<Option<u8>>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let budget = budget.map(u64::from);
        let seen = runtime.expect("a runtime").block_on(async { seen(&ladder(&first, &second, &[]), budget).await });
        prop_assert!(!seen.error);
        prop_assert!(budget.is_none_or(|budget| seen.cost <= budget), "{seen:?}");
        prop_assert!(seen.text.matches(' ').count() <= 1, "{seen:?}");
        let has_words = seen.finish == Some(FinishReason::Complete);
        prop_assert!(has_words != seen.text.is_empty(), "{seen:?}");
    }
}
