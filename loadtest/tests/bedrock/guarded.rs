//! Guardrails as AWS's client reads them: in a stream, at once, and alone.

use aws_sdk_bedrockruntime::error::ProvideErrorMetadata;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, GuardrailAction, GuardrailContentBlock, GuardrailContentSource,
    GuardrailConverseContentBlock, GuardrailConverseTextBlock, GuardrailTextBlock,
    GuardrailTopicPolicyAction, Message, StopReason,
};

use crate::client::{Heard, MODEL, client, guardrail, hear, start, user};

const SCENARIO: &str = r#"
[[bedrock.model]]
behaviour = "fixed"
text = "Write to ada@example.com now. One two three four five six. Our rival is worse."
[[bedrock.guardrail]]
id = "gr1"
version = "1"
buffer_tokens = 4
blocked_input = "NO INPUT"
blocked_output = "NO OUTPUT"
rule = [
    { policy = "topic", name = "Law", phrases = ["sue"], on = "input" },
    { policy = "word", phrases = ["rival"], on = "output" },
    { policy = "pii", name = "EMAIL", phrases = ["ada@example.com"], action = "anonymize" },
]
"#;

fn guarded(text: &str) -> ContentBlock {
    let text = GuardrailConverseTextBlock::builder().text(text).build().expect("a text");
    ContentBlock::GuardContent(GuardrailConverseContentBlock::Text(text))
}

async fn asked(message: Message) -> Heard {
    let simulator = start(SCENARIO).await;
    let request = client(&simulator, 1).converse_stream().model_id(MODEL).messages(message);
    hear(request.guardrail_config(guardrail()).send().await.expect("a stream")).await
}

#[tokio::test]
async fn a_blocked_input_is_answered_by_the_guardrail_and_costs_no_tokens() {
    let heard = asked(user("Can I sue?")).await;
    assert_eq!((heard.text.as_str(), heard.stop), ("NO INPUT", Some(StopReason::GuardrailIntervened)));
    let metadata = heard.metadata.expect("metadata");
    assert_eq!(metadata.usage().map(|usage| usage.total_tokens), Some(0));
    let trace = metadata.trace().and_then(|trace| trace.guardrail()).expect("a trace");
    let input = &trace.input_assessment().expect("an assessment")["gr1"];
    let topic = &input.topic_policy().expect("a policy").topics()[0];
    assert_eq!((topic.name(), topic.action()), ("Law", &GuardrailTopicPolicyAction::Blocked));
    assert!(input.invocation_metrics().and_then(|metrics| metrics.usage()).is_some());
    assert!(trace.output_assessments().is_none());
}

#[tokio::test]
async fn a_blocked_output_ends_in_the_text_of_the_guardrail() {
    let heard = asked(user("Hi")).await;
    assert_eq!(heard.stop, Some(StopReason::GuardrailIntervened));
    assert!(
        heard.text.starts_with("Write to {EMAIL} now.") && heard.text.ends_with("NO OUTPUT"),
        "{}",
        heard.text
    );
    assert!(!heard.text.contains("rival"), "{}", heard.text);
    let metadata = heard.metadata.expect("metadata");
    let trace = metadata.trace().and_then(|trace| trace.guardrail()).expect("a trace");
    assert!(trace.model_output()[0].contains("rival"));
    let output = &trace.output_assessments().expect("assessments")["gr1"][0];
    let words = output.word_policy().expect("a policy");
    assert_eq!(words.custom_words()[0].r#match(), "rival");
}

#[tokio::test]
async fn only_what_is_marked_is_looked_at() {
    let message = |blocks: [ContentBlock; 2]| {
        let builder = Message::builder().role(ConversationRole::User);
        builder.set_content(Some(blocks.into())).build().expect("a message")
    };
    let unmarked = asked(message([guarded("Hello"), ContentBlock::Text("Can I sue?".to_owned())])).await;
    assert_ne!(unmarked.text, "NO INPUT");
    let marked = asked(message([guarded("Can I sue?"), ContentBlock::Text("Hello".to_owned())])).await;
    assert_eq!(marked.text, "NO INPUT");
}

#[tokio::test]
async fn a_guardrail_alone_says_what_it_does_with_a_text() {
    let simulator = start(SCENARIO).await;
    let apply = async |source: GuardrailContentSource, text: &str, version: &str| {
        let text = GuardrailTextBlock::builder().text(text).build().expect("a text");
        let request =
            client(&simulator, 1).apply_guardrail().guardrail_identifier("gr1").guardrail_version(version);
        request.source(source).content(GuardrailContentBlock::Text(text)).send().await
    };
    let fine = apply(GuardrailContentSource::Input, "Hello", "1").await.expect("a verdict");
    assert_eq!((fine.action(), fine.outputs().len()), (&GuardrailAction::None, 0));
    let masked = apply(GuardrailContentSource::Output, "Ask ada@example.com", "1").await.expect("a verdict");
    assert_eq!(masked.outputs()[0].text(), Some("Ask {EMAIL}"));
    let blocked = apply(GuardrailContentSource::Output, "Our rival", "1").await.expect("a verdict");
    assert_eq!(blocked.action(), &GuardrailAction::GuardrailIntervened);
    assert_eq!(blocked.outputs()[0].text(), Some("NO OUTPUT"));
    assert!(
        blocked.usage().is_some_and(|usage| usage.word_policy_units == 1 && usage.topic_policy_units == 0)
    );
    let missing = apply(GuardrailContentSource::Output, "Hello", "2").await.expect_err("no such version");
    assert_eq!(missing.code(), Some("ResourceNotFoundException"));
}
