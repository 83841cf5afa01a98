//! Answers that are given again, from outside.

use std::sync::Arc;

use proto::ErrorCode;
use proto::v1::generate_event::Event;
use proto::v1::{AnswerSource, Citation, FinishReason, Finished, Usage};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::client::{Socket, get, post, socket, text_of};
use crate::fakes::{Step, delta, passage};
use crate::stack::{PATIENCE, Stack, stack_at};

fn finished(source: AnswerSource) -> Step {
    Step::Event(Event::Finished(Finished {
        finish_reason: FinishReason::Complete.into(),
        usage: Some(Usage { cost_microdollars: 40, ..Usage::default() }),
        source: source.into(),
        model: "nova".to_owned(),
        follow_ups: vec!["And in winter?".to_owned()],
    }))
}

fn cited(text: &str, source: AnswerSource) -> Vec<Step> {
    let citation =
        Citation { number: 1, passage: Some(passage()), quote: "open".to_owned(), url: String::new() };
    vec![Step::Event(Event::Citation(citation)), delta(text), delta(" [1]"), finished(source)]
}

/// Waits until the gateway follows the retriever.
async fn followed(stack: &Stack) {
    tokio::time::timeout(PATIENCE, async {
        for number in 0.. {
            _ = ask(stack, &format!("Warm-up {number}?")).await;
            if lookups(stack, "miss").await > 0 {
                break;
            }
        }
    })
    .await
    .expect("the generation becomes known");
}

async fn lookups(stack: &Stack, result: &str) -> u64 {
    let line = format!("gateway_cache_lookups_total{{result=\"{result}\"}} ");
    let metrics = get(stack.internal, "/metrics").await.body;
    let found = metrics.lines().find_map(|shown| shown.strip_prefix(&line));
    found.map_or(0, |number| number.parse().expect("a count"))
}

async fn ask(stack: &Stack, message: &str) -> Value {
    post(stack.http, "/chat", &json!({ "message": message }).to_string()).await.json()
}

async fn caching(pairs: &[(&str, &str)]) -> (Stack, usize) {
    let stack = stack_at(Some(1), pairs).await;
    followed(&stack).await;
    let calls = stack.generator.call_count();
    (stack, calls)
}

#[tokio::test]
async fn the_same_question_is_answered_again_for_nothing_until_the_knowledge_changes() {
    let (stack, calls) = caching(&[]).await;
    stack.generator.plan(cited("At nine", AnswerSource::Model));
    let first = ask(&stack, "When do you open?").await;
    let again = ask(&stack, " when do You open ").await;
    assert_eq!(
        (first["source"].as_str(), again["source"].as_str()),
        (Some("model"), Some("cache")),
        "{again}"
    );
    for same in ["response", "citations", "follow_ups", "model", "generation"] {
        assert_eq!(first[same], again[same], "{same}");
    }
    assert_eq!((&first["cached"], &again["cached"]), (&json!(false), &json!(true)));
    let cost = |answer: &Value| answer["usage"]["cost_microdollars"].clone();
    assert_eq!((cost(&first), cost(&again)), (json!(40), json!(0)), "{first}");
    assert_eq!(stack.generator.call_count(), calls + 1);

    stack.retriever.generation.send_replace(Some(2));
    tokio::time::timeout(PATIENCE, async {
        while ask(&stack, "When do you open?").await["source"] == "cache" {}
    })
    .await
    .expect("the change is noticed");
    assert_eq!(stack.generator.call_count(), calls + 2);
}

#[tokio::test]
async fn a_question_with_history_is_neither_kept_nor_answered_from_what_was() {
    let (stack, calls) = caching(&[]).await;
    let personal = json!({
        "message": "When do you open?",
        "history": [{"role": "visitor", "text": "I am Anna."}],
    });
    for body in
        [personal.to_string(), json!({"message": "When do you open?"}).to_string(), personal.to_string()]
    {
        stack.generator.plan(cited("At nine", AnswerSource::Model));
        assert_eq!(post(stack.http, "/chat", &body).await.json()["source"], "model");
    }
    assert_eq!(stack.generator.call_count(), calls + 3);
}

async fn started(socket: &mut Socket) -> String {
    socket.ask("When do you open?").await;
    socket.frame().await["answer_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn visitors_who_ask_the_same_at_once_are_answered_by_one_call() {
    let (stack, calls) = caching(&[]).await;
    let gate = Arc::new(Notify::new());
    let mut steps = cited("At nine", AnswerSource::Model);
    steps.insert(2, Step::Gate(Arc::clone(&gate)));
    stack.generator.plan(steps);
    let mut first = socket(stack.http).await;
    let first_id = started(&mut first).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        let mut other = socket(stack.http).await;
        assert_ne!(started(&mut other).await, first_id);
        others.push(other);
    }
    gate.notify_one();
    let expected = first.answer().await;
    for mut other in others {
        let frames = other.answer().await;
        assert_eq!(text_of(&frames), text_of(&expected));
        let (end, of_first) = (frames.last().unwrap(), expected.last().unwrap());
        assert_eq!((&end["text"], &end["citations"]), (&of_first["text"], &of_first["citations"]));
        assert_eq!(end["usage"]["cost_microdollars"], 0, "{end}");
    }
    assert_eq!(stack.generator.call_count(), calls + 1);
    assert_eq!(lookups(&stack, "shared").await, 5);
}

#[tokio::test]
async fn who_followed_an_answer_that_was_stopped_gets_one_of_their_own() {
    let (stack, calls) = caching(&[]).await;
    stack.generator.plan(vec![delta("At ten"), Step::Hang]);
    let mut first = socket(stack.http).await;
    let id = started(&mut first).await;
    assert_eq!(first.frame().await["text"], "At ten");
    let mut other = socket(stack.http).await;
    started(&mut other).await;
    assert_eq!(other.frame().await["text"], "At ten");
    stack.generator.plan(cited("At nine", AnswerSource::Model));
    first.send(json!({"action": "stop", "answer_id": id})).await;
    let frames = other.answer().await;
    assert_eq!((frames[0]["type"].as_str(), frames[0]["from_byte"].as_u64()), (Some("retract"), Some(0)));
    assert_eq!(
        (text_of(&frames).as_str(), frames.last().unwrap()["text"].as_str()),
        ("At nine [1]", Some("At nine [1]"))
    );
    assert_eq!(stack.generator.call_count(), calls + 2);
}

#[tokio::test]
async fn an_answer_to_nearly_the_same_question_goes_along_for_the_case_that_models_fail() {
    let (stack, _) = caching(&[]).await;
    *stack.retriever.vector.lock().unwrap() = vec![1.0, 0.0];
    stack.generator.plan(cited("At nine", AnswerSource::Model));
    ask(&stack, "When do you open?").await;
    stack.generator.plan(cited("At nine", AnswerSource::Cache));
    let near = ask(&stack, "Please tell me when do you open").await;
    let asked = stack.generator.calls.lock().unwrap().last().cloned().expect("a call");
    let earlier = asked.earlier_answer.expect("it goes along");
    assert_eq!((earlier.text.as_str(), earlier.citations[0].passage), ("At nine [1]", 0));
    assert_eq!(near["source"], "cache");
    stack.generator.plan(cited("Never", AnswerSource::Model));
    ask(&stack, "When do you not open?").await;
    let asked = stack.generator.calls.lock().unwrap().last().cloned().expect("a call");
    assert!(asked.earlier_answer.is_none(), "a negation");
}

#[tokio::test]
async fn nearly_the_same_question_saves_the_model_where_that_is_wanted() {
    let (stack, calls) = caching(&[("GATEWAY_CACHE_NEAR", "always")]).await;
    *stack.retriever.vector.lock().unwrap() = vec![1.0, 0.0];
    stack.generator.plan(cited("At nine", AnswerSource::Model));
    ask(&stack, "When do you open?").await;
    let near = ask(&stack, "Please tell me when do you open").await;
    assert_eq!((near["source"].as_str(), near["response"].as_str()), (Some("cache"), Some("At nine [1]")));
    assert_eq!(stack.generator.call_count(), calls + 1);
}

#[tokio::test]
async fn without_the_retriever_an_earlier_answer_is_marked_and_nothing_is_made_up() {
    let (stack, calls) = caching(&[]).await;
    stack.generator.plan(cited("At nine", AnswerSource::Model));
    ask(&stack, "When do you open?").await;
    stack.retriever.generation.send_replace(None);
    let away = || ErrorCode::Unavailable.status("away", None);
    let stale = tokio::time::timeout(PATIENCE, async {
        loop {
            // Two for each question, which is searched once more; what is left over is taken back.
            stack.retriever.fail(away());
            stack.retriever.fail(away());
            let answer = ask(&stack, "When do you open?").await;
            stack.retriever.failures.lock().unwrap().clear();
            if lookups(&stack, "stale").await > 0 {
                return answer;
            }
        }
    });
    let stale = stale.await.expect("the loss is noticed");
    assert_eq!((stale["source"].as_str(), stale["response"].as_str()), (Some("cache"), Some("At nine [1]")));
    assert_eq!(stale["notices"][0]["kind"], "degraded", "{stale}");
    stack.retriever.fail(away());
    stack.retriever.fail(away());
    let reply = post(stack.http, "/chat", &json!({"message": "Where are you?"}).to_string()).await;
    assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("UNAVAILABLE")));
    assert_eq!(stack.generator.call_count(), calls + 1, "no model is asked without passages");
}

#[tokio::test]
async fn zero_bytes_keep_nothing() {
    let stack = stack_at(Some(1), &[("GATEWAY_CACHE_BYTES", "0")]).await;
    for _ in 0..3 {
        stack.generator.plan(cited("At nine", AnswerSource::Model));
        assert_eq!(ask(&stack, "When do you open?").await["source"], "model");
    }
}
