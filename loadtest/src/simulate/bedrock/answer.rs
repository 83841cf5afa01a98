//! An answer before anything is sent of it: what the model says, and what a guardrail makes of that.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::behaviour::{Stop, say};
use super::guardrail::{Detail, Examined, Guardrail, Piece, Way, assessment};
use super::request::{Conversation, GuardrailConfig};
use super::scenario::{Model, Pace};
use super::tokens::tokens;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// `end_turn`, ...
    pub(super) stop_reason: &'static str,
    pub(super) input_tokens: usize,
    pub(super) output_tokens: usize,
    /// What the guardrail found, where that was asked for.
    pub(super) trace: Option<Value>,
    /// Tokens that the guardrail scans before it lets them go.
    pub(super) buffer_tokens: Option<usize>,
}

/// A piece of an answer and when it comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Delta {
    /// From the one before it.
    pub(super) wait: Duration,
    pub(super) text: String,
    pub(super) tokens: usize,
}

/// A guardrail and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guarding<'a> {
    pub(super) guardrail: &'a Guardrail,
    pub(super) config: &'a GuardrailConfig,
    /// Whether text may have gone before the guardrail has seen all of it.
    pub(super) is_streamed: bool,
}

/// Lets a model answer.
pub(super) fn write(model: &Model, conversation: &Conversation, guarding: Option<Guarding<'_>>) -> Answer {
    match guarding {
        Some(guarding) => guarding.write(model, conversation),
        None => Answer::new(say(model, conversation), conversation),
    }
}

impl Answer {
    fn new((text, stop): (String, Stop), conversation: &Conversation) -> Self {
        let stop_reason = match stop {
            Stop::EndTurn => "end_turn",
            Stop::MaxTokens => "max_tokens",
            Stop::Sequence => "stop_sequence",
        };
        let (input_tokens, output_tokens) = (conversation.tokens(), tokens(&text).len());
        Self { text, stop_reason, input_tokens, output_tokens, ..Self::default() }
    }

    /// Returns the tokens as the service counts them up.
    pub(super) fn usage(&self) -> Value {
        json!({
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "totalTokens": self.input_tokens + self.output_tokens,
            "cacheReadInputTokens": 0,
            "cacheWriteInputTokens": 0,
        })
    }

    /// Cuts the answer into what is sent at a time. What a guardrail holds back comes all at once.
    pub(super) fn deltas(&self, pace: &Pace, random: &mut ChaCha8Rng) -> Vec<Delta> {
        let tokens = tokens(&self.text);
        let pieces = tokens.chunks(pace.tokens_per_delta.max(1)).enumerate();
        let mut deltas: Vec<Delta> = pieces
            .map(|(place, tokens)| {
                let delay = if place == 0 { pace.first_token } else { pace.gap };
                Delta { wait: delay.draw(random), text: tokens.concat(), tokens: tokens.len() }
            })
            .collect();
        if let Some(buffer) = self.buffer_tokens {
            for held in deltas.chunks_mut(buffer.div_ceil(pace.tokens_per_delta.max(1)).max(1)) {
                let all = held.iter_mut().map(|delta| std::mem::take(&mut delta.wait)).sum();
                held.iter_mut().take(1).for_each(|first| first.wait = all);
            }
        }
        deltas
    }
}

impl Guarding<'_> {
    fn write(&self, model: &Model, conversation: &Conversation) -> Answer {
        let pieces = pieces(conversation);
        let input = self.guardrail.examine(Way::Input, &pieces);
        let mut answer = if input.is_blocked() {
            // The model is not run: no tokens.
            Answer {
                text: self.guardrail.blocked_input.clone(),
                stop_reason: INTERVENED,
                ..Answer::default()
            }
        } else {
            let masked = self.masked(conversation);
            Answer::new(say(model, &masked), conversation)
        };
        let said = std::mem::take(&mut answer.text);
        let output = self.guardrail.examine(Way::Output, &[Piece { text: &said, is_guarded: true }]);
        let output = (!input.is_blocked()).then_some(output);
        answer.trace = self.trace(&input, output.as_ref(), &said);
        answer.buffer_tokens =
            (self.is_streamed && !self.config.is_async).then_some(self.guardrail.buffer_tokens);
        answer.text = match output {
            Some(output) if output.is_blocked() => {
                answer.stop_reason = INTERVENED;
                format!("{}{}", self.released(&said), self.guardrail.blocked_output)
            }
            // What is let go before it is scanned cannot be masked.
            Some(output) if output.is_masked() && !(self.is_streamed && self.config.is_async) => {
                self.guardrail.mask(Way::Output, &said)
            }
            _ => said,
        };
        answer
    }

    /// Returns the beginning of an answer that had gone when the guardrail stopped it.
    fn released(&self, said: &str) -> String {
        let Some(end) = self.guardrail.blocked_at(Way::Output, said).filter(|_| self.is_streamed) else {
            return String::new();
        };
        let (tokens, mut seen) = (tokens(said), 0);
        let whole = tokens.iter().take_while(|token| {
            seen += token.len();
            seen < end
        });
        let (whole, buffer) = (whole.count(), self.guardrail.buffer_tokens.max(1));
        if self.config.is_async {
            return tokens.iter().take(whole.saturating_add(buffer)).copied().collect();
        }
        let scanned: String = tokens.iter().take(whole - whole % buffer).copied().collect();
        self.guardrail.mask(Way::Output, &scanned)
    }

    fn masked(&self, conversation: &Conversation) -> Conversation {
        let mut masked = conversation.clone();
        let is_tagged = is_tagged(conversation);
        let said = masked.messages.iter_mut().flat_map(|message| &mut message.content);
        for block in said.filter(|block| block.is_guarded || !is_tagged) {
            block.text = self.guardrail.mask(Way::Input, &block.text);
        }
        masked
    }

    fn trace(&self, input: &Examined<'_>, output: Option<&Examined<'_>>, said: &str) -> Option<Value> {
        let detail = match self.config.trace.as_str() {
            "enabled" => Detail::Findings,
            "enabled_full" => Detail::All,
            _ => return None,
        };
        let mut trace = Map::new();
        let of = |value: Value| Value::Object(Map::from_iter([(self.guardrail.id.clone(), value)]));
        trace.insert("inputAssessment".to_owned(), of(assessment(input, detail)));
        if let Some(output) = output {
            trace.insert("modelOutput".to_owned(), json!([said]));
            trace.insert("outputAssessments".to_owned(), of(json!([assessment(output, detail)])));
        }
        if let Some(reason) = input.reason().or_else(|| output?.reason()) {
            trace.insert("actionReason".to_owned(), reason.into());
        }
        Some(trace.into())
    }
}

const INTERVENED: &str = "guardrail_intervened";

/// Whether a conversation says what the guardrail is to look at.
fn is_tagged(conversation: &Conversation) -> bool {
    conversation.blocks().any(|block| block.is_guarded)
}

/// Returns what a guardrail looks at: all messages, or what is tagged, which may stand in the system text too.
fn pieces(conversation: &Conversation) -> Vec<Piece<'_>> {
    let is_tagged = is_tagged(conversation);
    let system = conversation.system.iter().filter(|block| block.is_guarded);
    let blocks = system.chain(conversation.said());
    blocks.map(|block| Piece { text: &block.text, is_guarded: block.is_guarded || !is_tagged }).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use serde_json::json;

    use super::{Answer, ChaCha8Rng, Conversation, Duration, Guarding, Model, write};
    use crate::simulate::bedrock::scenario::{BedrockScenario, Guardrail, Pace};

    const SCENARIO: &str = r#"
        [[model]]
        behaviour = "fixed"
        text = "Write to ada@example.com. One two three four five six. Our rival is worse. The end."
        [[guardrail]]
        id = "gr1"
        buffer_tokens = 4
        blocked_input = "NO INPUT"
        blocked_output = "NO OUTPUT"
        rule = [
            { policy = "topic", name = "Law", phrases = ["sue"], on = "input" },
            { policy = "word", phrases = ["rival is"], on = "output" },
            { policy = "pii", name = "EMAIL", phrases = ["ada@example.com"], action = "anonymize" },
        ]
    "#;

    fn answered(text: &str, config: serde_json::Value, is_streamed: bool) -> Answer {
        let scenario: BedrockScenario = toml::from_str(SCENARIO).expect("a scenario");
        let (model, guardrail): (&Model, &Guardrail) = (&scenario.model[0], &scenario.guardrail[0]);
        let mut config = config;
        config["guardrailIdentifier"] = json!("gr1");
        config["guardrailVersion"] = json!("1");
        let body = json!({
            "messages": [{ "role": "user", "content": [{ "text": text }] }],
            "guardrailConfig": config,
        });
        let conversation = Conversation::read(&body, model).expect("a conversation");
        let config = conversation.guardrail.as_ref().expect("a guardrail");
        write(model, &conversation, Some(Guarding { guardrail, config, is_streamed }))
    }

    #[test]
    fn a_blocked_input_never_reaches_the_model() {
        let answer = answered("Can I sue?", json!({ "trace": "enabled" }), true);
        assert_eq!((answer.text.as_str(), answer.stop_reason), ("NO INPUT", "guardrail_intervened"));
        assert_eq!(answer.usage()["totalTokens"], 0);
        let trace = answer.trace.expect("a trace");
        assert_eq!(trace["inputAssessment"]["gr1"]["topicPolicy"]["topics"][0]["name"], "Law");
        assert!(trace.get("outputAssessments").is_none() && trace.get("modelOutput").is_none());
    }

    #[test]
    fn what_was_scanned_before_stays_and_the_rest_is_replaced() {
        let whole = answered("Hi", json!({ "trace": "disabled" }), false);
        assert_eq!((whole.text.as_str(), whole.trace), ("NO OUTPUT", None));
        let text = answered("Hi", json!({}), true).text;
        assert_eq!(text, "Write to {EMAIL}. One two three four five six.NO OUTPUT");
        let late = answered("Hi", json!({ "streamProcessingMode": "async" }), true).text;
        assert!(late.starts_with("Write to ada@example.com. One"), "{late}");
        assert!(late.contains("rival is") && late.ends_with("NO OUTPUT"), "{late}");
    }

    #[test]
    fn what_a_guardrail_holds_back_comes_at_once() {
        let pace: Pace = toml::from_str("gap = { constant_ms = 2 }").expect("a pace");
        let answer = Answer { text: "a b c d e".to_owned(), ..Answer::default() };
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let waits = |answer: &Answer, random: &mut ChaCha8Rng| -> Vec<u128> {
            answer.deltas(&pace, random).iter().map(|delta| Duration::as_millis(&delta.wait)).collect()
        };
        assert_eq!(waits(&answer, &mut random), [0, 2, 2, 2, 2]);
        let held = Answer { buffer_tokens: Some(2), ..answer };
        assert_eq!(waits(&held, &mut random), [2, 0, 4, 0, 2]);
    }
}
