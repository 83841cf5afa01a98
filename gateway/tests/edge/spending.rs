//! What answers may cost: the budget that the generator is given, and what counts when nobody says what an answer cost.

use futures_util::future::join_all;
use proto::ErrorCode;
use proto::v1::Committed;
use proto::v1::generate_event::Event;
use serde_json::json;

use crate::client::{post, socket};
use crate::fakes::{Step, delta};
use crate::stack::{Stack, stack};

const QUESTION: &str = r#"{"message":"open?"}"#;

fn committed(cost_microdollars: u64) -> Step {
    Step::Event(Event::Committed(Committed { cost_microdollars }))
}

/// Returns the budget of each call so far.
fn budgets(stack: &Stack) -> Vec<Option<u64>> {
    stack.generator.calls.lock().unwrap().iter().map(|call| call.budget_microdollars).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_visitors_at_once_never_pass_the_cap() {
    let stack = stack(&[
        ("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "20000"),
        ("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", "0"),
        ("GATEWAY_SPEND_DAY_MICRODOLLARS", "1000000"),
        ("GATEWAY_MAX_ANSWERS", "2000"),
        // A busy machine looks like overload, which is not what is asked here.
        ("GATEWAY_MIN_ANSWERS", "2000"),
    ])
    .await;
    // It takes all that it may, so that what is given back cannot hide what was given twice.
    stack.generator.costs(20_000);
    let replies = join_all((0..1_000).map(|_| post(stack.http, "/chat", QUESTION))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "everybody gets an answer");
    assert_eq!(stack.generator.spent(), 1_000_000);
    let free = budgets(&stack).iter().filter(|budget| **budget == Some(0)).count();
    assert_eq!(free, 950, "those for whom nothing was left");
}

#[tokio::test]
async fn what_was_not_spent_is_there_for_the_next() {
    let caps =
        [("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "100"), ("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", "100")];
    let stack = stack(&caps).await;
    stack.generator.costs(30);
    for _ in 0..4 {
        assert_eq!(post(stack.http, "/chat", QUESTION).await.status, 200);
    }
    assert_eq!(budgets(&stack), [Some(100), Some(70), Some(40), Some(10)]);
    assert_eq!(stack.generator.spent(), 90, "the last answer was one that costs nothing");
}

#[tokio::test]
async fn an_answer_that_breaks_off_counts_for_what_it_may_have_cost() {
    let caps =
        [("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "100"), ("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", "100")];
    let stack = stack(&caps).await;
    let broken = || Step::Fail(ErrorCode::Internal.status("broken", None));
    stack.generator.plan(vec![committed(30), delta("half"), broken()]);
    stack.generator.plan(vec![delta("free"), broken()]);
    for _ in 0..2 {
        assert_eq!(post(stack.http, "/chat", QUESTION).await.status, 500);
    }
    stack.generator.plan(vec![committed(20), delta("half"), Step::Hang]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let started = socket.frame().await;
    while socket.frame().await["type"] != "chunk" {}
    socket.send(json!({"action": "stop", "answer_id": started["answer_id"]})).await;
    while socket.frame().await["type"] != "end" {}
    post(stack.http, "/chat", QUESTION).await;
    assert_eq!(budgets(&stack), [Some(100), Some(70), Some(70), Some(50)]);
}

#[tokio::test]
async fn a_second_attempt_has_what_the_first_left() {
    let stack = stack(&[("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "100")]).await;
    let away = Step::Fail(ErrorCode::Unavailable.status("away", None));
    stack.generator.plan(vec![committed(40), away]);
    stack.generator.costs(50);
    assert_eq!(post(stack.http, "/chat", QUESTION).await.status, 200);
    assert_eq!(budgets(&stack), [Some(100), Some(60)]);
}
