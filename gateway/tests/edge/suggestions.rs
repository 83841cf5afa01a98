//! The questions that a chat offers first.

use proto::v1::GetSuggestionsRequest;
use serde_json::json;

use crate::client::{get, request};
use crate::stack::{KEYS, stack};

#[tokio::test]
async fn starter_questions_are_the_same_over_rest_and_grpc() {
    let stack = stack(&[("GATEWAY_SUGGESTIONS", "When are you open?|Do you repair?")]).await;
    let expected = ["When are you open?", "Do you repair?"];
    let reply = get(stack.http, "/v1/suggestions").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"suggestions": expected})));
    let over_grpc = stack.chat.clone().get_suggestions(GetSuggestionsRequest {}).await.expect("served");
    assert_eq!(over_grpc.into_inner().suggestions, expected);
}

#[tokio::test]
async fn starter_questions_are_for_callers_who_are_let_in() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    assert_eq!(get(stack.http, "/v1/suggestions").await.status, 401);
    let reply = request(stack.http, "GET /v1/suggestions", &[("x-api-key", "secret")], "").await;
    assert_eq!((reply.status, reply.json()), (200, json!({"suggestions": []})));
    let status = stack.chat.clone().get_suggestions(GetSuggestionsRequest {}).await.expect_err("no key");
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
}
