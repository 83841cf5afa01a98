//! The shared Redis, or the gateway that writes, fails in the middle of an answer.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::client::{socket, text_of};
use crate::fakes::{Step, delta};
use crate::redis::{RedisServer, shows};
use crate::resuming::{WHOLE, half, read, resume};
use crate::stack::stack;

fn ends_whole(frames: &[Value]) -> bool {
    text_of(frames) == WHOLE && frames.last().is_some_and(|frame| frame["text"] == WHOLE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_at_the_writing_gateway_does_not_notice_that_the_redis_fails() {
    for fault in ["kill", "stop", "flush"] {
        let mut redis = RedisServer::start().await;
        let a = redis.gateway(&[]).await;
        let (mut first, mut seen, gate) = half(&a).await;
        match fault {
            "kill" => redis.kill(),
            "stop" => redis.signal("-STOP"),
            _ => assert_eq!(redis.command("FLUSHALL").await.as_deref(), Some("+OK\r\n")),
        }
        gate.notify_one();
        seen.extend(first.answer().await);
        assert!(ends_whole(&seen), "{fault}: {seen:?}");
        first.ask("and now?").await;
        assert_eq!(first.answer().await.pop().unwrap()["type"], "end", "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stands_still_or_forgets_everything_is_shown_the_answer_again() {
    for fault in ["kill", "stop", "flush"] {
        let mut redis = RedisServer::start().await;
        let (a, b) = (redis.gateway(&[]).await, redis.gateway(&[]).await);
        let (first, mut seen, gate) = half(&a).await;
        let mut second = socket(b.http).await;
        second.send(resume(&seen[0])).await;
        seen.truncate(1);
        seen.extend(read(&mut second, 2).await);
        match fault {
            "kill" => {
                redis.kill();
                shows(&a, "gateway_shared_state 0").await;
                redis.again().await;
            }
            "stop" => {
                redis.signal("-STOP");
                shows(&b, "gateway_shared_state 0").await;
                // Longer than a lease.
                tokio::time::sleep(std::time::Duration::from_secs(4)).await;
                redis.signal("-CONT");
            }
            _ => assert!(redis.command("FLUSHALL").await.is_some()),
        }
        gate.notify_one();
        seen.extend(second.answer().await);
        assert!(ends_whole(&seen), "{fault}: {seen:?}");
        drop(first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_writer_is_killed_each_reader_gets_one_failure_that_may_be_tried_again() {
    let redis = RedisServer::start().await;
    let (b, c) = (redis.gateway(&[]).await, redis.gateway(&[]).await);
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let address = redis.address();
    let a = doomed.spawn(async move { stack(&[("GATEWAY_STATE", address.as_str())]).await }).await.unwrap();
    let gate = Arc::new(Notify::new());
    a.generator.plan(vec![delta("one "), delta("two"), Step::Gate(gate)]);
    let mut first = socket(a.http).await;
    let ask = json!({"action": "sendMessage", "message": "open?", "client_message_id": "m1"});
    first.send(ask.clone()).await;
    let seen = read(&mut first, 3).await;
    let mut early = socket(b.http).await;
    early.send(resume(&seen[1])).await;
    assert_eq!(early.frame().await["text"], "two");
    doomed.shutdown_background();
    let mut late = socket(c.http).await;
    late.send(resume(&seen[2])).await;
    for socket in [&mut early, &mut late] {
        let end = socket.frame().await;
        assert_eq!((&end["type"], &end["seq"]), (&"error".into(), &4.into()), "{end}");
        assert_eq!((&end["code"], &end["retryable"]), (&"UNAVAILABLE".into(), &true.into()), "{end}");
    }
    late.send(ask).await;
    assert_eq!(late.answer().await.pop().unwrap()["type"], "end", "the message may be asked anew");
}
