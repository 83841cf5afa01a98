//! Questions that lean on earlier messages, searched by a rule or as a model writes them.

use proto::ErrorCode;
use proto::v1::{GenerateRequest, RewriteResponse, SearchRequest};
use serde_json::json;

use crate::client::post;
use crate::stack::{Stack, stack};

const ALONE: &str = "Are you open in winter?";
const BY_RULE: &str = "When are you open? And in winter?";

/// Asks a question that leans on the one before it.
async fn ask(stack: &Stack) -> (Vec<SearchRequest>, GenerateRequest) {
    let history = json!([
        {"role": "visitor", "text": "When are you open?"},
        {"role": "assistant", "text": "From nine to five."},
    ]);
    let body = json!({"message": "And in winter?", "history": history}).to_string();
    assert_eq!(post(stack.http, "/chat", &body).await.status, 200);
    let searches = stack.retriever.searches.lock().unwrap().clone();
    let asked = stack.generator.calls.lock().unwrap().last().cloned();
    (searches, asked.unwrap())
}

fn written(stack: &Stack, question: &str, cost_microdollars: u64) {
    let response = RewriteResponse { question: question.to_owned(), cost_microdollars };
    *stack.generator.rewritten.lock().unwrap() = Ok(response);
}

#[tokio::test]
async fn without_the_setting_the_rule_decides_and_no_model_is_asked() {
    let stack = stack(&[]).await;
    written(&stack, ALONE, 7);
    let (searches, asked) = ask(&stack).await;
    assert_eq!((searches.len(), asked.rewritten_question.as_str()), (1, BY_RULE));
    assert!(stack.generator.rewrites.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_model_writes_the_question_that_is_searched_and_answered() {
    let stack = stack(&[("GATEWAY_REWRITE", "model"), ("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "1000")]).await;
    written(&stack, ALONE, 7);
    let (searches, asked) = ask(&stack).await;
    let rewrite = stack.generator.rewrites.lock().unwrap().last().cloned().unwrap();
    assert_eq!((rewrite.history.len(), rewrite.budget_microdollars), (2, 500));
    let [first, second] = searches.as_slice() else { panic!("{searches:?}") };
    assert_eq!((first.history.len(), second.history.len()), (2, 0));
    assert_eq!((second.question.as_str(), asked.rewritten_question.as_str()), (ALONE, ALONE));
    assert_eq!(asked.budget_microdollars, Some(993), "what is left of the answer's thousand");
}

#[tokio::test]
async fn a_model_that_fails_or_has_no_answer_leaves_the_rule() {
    let stack = stack(&[("GATEWAY_REWRITE", "model"), ("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "1000")]).await;
    let (searches, asked) = ask(&stack).await;
    assert_eq!((searches.len(), asked.rewritten_question.as_str()), (1, BY_RULE));
    assert_eq!(asked.budget_microdollars, Some(1_000));
    *stack.generator.rewritten.lock().unwrap() = Err(ErrorCode::Unavailable.status("away", None));
    let (searches, asked) = ask(&stack).await;
    assert_eq!((searches.len(), asked.rewritten_question.as_str()), (2, BY_RULE));
    assert_eq!(asked.budget_microdollars, Some(500), "it may have cost all that it was given");
}
