//! Limits and caps of several gateways are one.

use crate::client::{Reply, post};
use crate::redis::{RedisServer, shows};
use crate::stack::Stack;

const LIMITED: &[(&str, &str)] = &[("RATE_PER_MINUTE", "10"), ("RATE_PER_HOUR", "1000")];

async fn search(stack: &Stack) -> Reply {
    post(stack.http, "/v1/search", r#"{"query":"hours"}"#).await
}

async fn passed(stacks: &[&Stack], tries: usize) -> usize {
    let tried = (0..tries).map(|number| search(stacks[number % stacks.len()]));
    let replies = futures_util::future::join_all(tried).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 429)), "{replies:?}");
    replies.iter().filter(|reply| reply.status == 200).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_limit_passes_through_two_gateways() {
    let redis = RedisServer::start().await;
    let (a, b) = (redis.gateway(LIMITED).await, redis.gateway(LIMITED).await);
    assert_eq!(passed(&[&a, &b], 100).await, 10);
    let refused = search(&b).await;
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait <= 6), "{refused:?}");
    let other = redis.gateway(&[LIMITED, &[("GATEWAY_STATE_PREFIX", "other")]].concat()).await;
    assert_eq!(passed(&[&other], 20).await, 10, "another installation counts for itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_redis_is_away_each_gateway_counts_for_itself_and_then_together_again() {
    let mut redis = RedisServer::start().await;
    let (a, b) = (redis.gateway(LIMITED).await, redis.gateway(LIMITED).await);
    assert_eq!(passed(&[&a, &b], 30).await, 10);
    redis.kill();
    assert_eq!(passed(&[&a, &b], 100).await, 20, "ten for each");
    shows(&a, "gateway_shared_state 0").await;
    redis.again().await;
    shows(&a, "gateway_shared_state 1").await;
    shows(&b, "gateway_shared_state 1").await;
    assert_eq!(passed(&[&a, &b], 100).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_one_deadline_and_then_nothing() {
    let redis = RedisServer::start().await;
    let a = redis.gateway(&[("GATEWAY_STATE_TIMEOUT_MS", "200")]).await;
    redis.signal("-STOP");
    for _ in 0..50 {
        assert_eq!(search(&a).await.status, 200);
    }
    shows(&a, "gateway_shared_state 0").await;
    redis.signal("-CONT");
    shows(&a, "gateway_shared_state 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_without_its_redis() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let a = redis.gateway(LIMITED).await;
    assert_eq!(passed(&[&a], 30).await, 10);
    redis.again().await;
    shows(&a, "gateway_shared_state 1").await;
}

async fn spend(stack: &Stack, answers: u64) -> u64 {
    // It takes all that it may, so that what is given back cannot hide what was given twice.
    stack.generator.costs(100);
    for _ in 0..answers {
        let reply = post(stack.http, "/chat", r#"{"message":"open?"}"#).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    stack.generator.spent()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cap_is_passed_by_two_gateways_and_alone_each_has_its_share() {
    const CAPS: &[(&str, &str)] = &[
        ("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "100"),
        ("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", "0"),
        ("GATEWAY_SPEND_DAY_MICRODOLLARS", "1000"),
        ("GATEWAY_SPEND_MONTH_MICRODOLLARS", "0"),
    ];
    let mut redis = RedisServer::start().await;
    let (a, b) = (redis.gateway(CAPS).await, redis.gateway(CAPS).await);
    let (first, second) = tokio::join!(spend(&a, 12), spend(&b, 12));
    assert_eq!(first + second, 1_000);
    redis.kill();
    let (first, second) = tokio::join!(spend(&a, 3), spend(&b, 3));
    assert_eq!(first + second, 1_000 + 2 * 100, "a tenth for each");
}
