//! Answers that another gateway gives again.

use std::time::Duration;

use proto::v1::generate_event::Event;
use proto::v1::{AnswerSource, Citation, FinishReason, Finished};
use serde_json::{Value, json};

use crate::client::{get, post};
use crate::fakes::{Step, delta, passage};
use crate::redis::{RedisServer, shows};
use crate::stack::{PATIENCE, Stack};

fn cited() -> Vec<Step> {
    let citation =
        Citation { number: 1, passage: Some(passage()), quote: "open".to_owned(), url: String::new() };
    let finished = Finished {
        finish_reason: FinishReason::Complete.into(),
        source: AnswerSource::Model.into(),
        model: "nova".to_owned(),
        ..Finished::default()
    };
    vec![Step::Event(Event::Citation(citation)), delta("At ten [1]"), Step::Event(Event::Finished(finished))]
}

async fn ask(stack: &Stack, message: &str) -> Value {
    post(stack.http, "/chat", &json!({ "message": message }).to_string()).await.json()
}

/// Waits until the gateway follows its retriever.
async fn follows(stack: &Stack) {
    let waiting = async {
        while !get(stack.internal, "/metrics")
            .await
            .body
            .contains("gateway_cache_lookups_total{result=\"miss\"} ")
        {
            _ = ask(stack, "Warm-up?").await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the generation becomes known");
}

/// Lets one gateway answer many questions, and asks the other one after another until it gives one again; returns the question.
async fn passed_on(from: &Stack, to: &Stack) -> String {
    const QUESTIONS: usize = 40;
    let question = |number| format!("What is rule {number}?");
    for number in 0..QUESTIONS {
        from.generator.plan(cited());
        ask(from, &question(number)).await;
    }
    for number in 0..QUESTIONS {
        let calls = to.generator.call_count();
        let answer = ask(to, &question(number).to_uppercase()).await;
        if answer["cached"] == true {
            assert_eq!(to.generator.call_count(), calls, "no model was asked");
            assert_eq!(answer["response"], "At ten [1]");
            assert_eq!(answer["citations"][0]["number"], 1, "{answer}");
            return question(number);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the other gateway never knows an answer");
}

async fn comes_to(redis: &RedisServer, command: &str, reply: &str) {
    let waiting = async {
        while redis.command(command).await.as_deref() != Some(reply) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{command} is never {reply}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_gateway_answered_another_gives_again_until_the_knowledge_changes() {
    let redis = RedisServer::start().await;
    let (a, b) = (redis.gateway_at(Some(1), &[]).await, redis.gateway_at(Some(1), &[]).await);
    follows(&a).await;
    follows(&b).await;
    let question = passed_on(&a, &b).await;
    comes_to(&redis, "EXISTS {chatbot}:kept:1", ":1\r\n").await;
    for gateway in [&a, &b] {
        gateway.retriever.generation.send_replace(Some(2));
    }
    comes_to(&redis, "EXISTS {chatbot}:kept:1", ":0\r\n").await;
    assert_ne!(ask(&b, &question).await["cached"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_given_again_without_the_redis_too() {
    let mut redis = RedisServer::start().await;
    let a = redis.gateway_at(Some(1), &[]).await;
    follows(&a).await;
    let b = redis.gateway_at(Some(1), &[]).await;
    follows(&b).await;
    let question = passed_on(&a, &b).await;
    redis.kill();
    shows(&b, "gateway_shared_state 0").await;
    for gateway in [&a, &b] {
        assert_eq!(ask(gateway, &question).await["cached"], true);
    }
}
