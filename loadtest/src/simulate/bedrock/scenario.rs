//! What Bedrock's models say, how fast, what its guardrails stop and what goes wrong, as a scenario says it:
//!
//! ```toml
//! [bedrock]
//! seed = 7                  # of all that is drawn: delays, probabilities, padding; default 0. Call n draws the same each time.
//! padding = true            # the meaningless member `p` in the events of a stream; default true
//! frames_per_write = 1      # frames in one chunk of the body; default 1
//! split_bytes = 0           # longest chunk of the body: 5 cuts each frame to pieces; default 0: none is cut
//! keep_text_bytes = 32768   # longer texts of a request are kept as length and hash; default 32 KiB
//!
//! [bedrock.pace]            # default: at once
//! first_token = { lognormal_ms = { median = 350, sigma = 0.4, most = 5000 } }   # after `messageStart`
//! gap = { uniform_ms = [5, 20] }                                                # before each further delta
//! tokens_per_delta = 1                                                          # or { constant_ms = 10 } above
//!
//! [[bedrock.model]]         # without any, every model copies; with some, others are refused as unknown. Titan is always there.
//! id = "amazon.nova-lite-v1:0"  # `us.amazon.nova-lite-v1:0` and ARNs that end in either are it too; `*` at the end; absent: any
//! behaviour = "copying"     # copying, obeying, refusing, fixed, endless: see `Behaviour`
//! sentences = 3             # that it copies, at most; default 3
//! mark = "[{number}]"       # how it cites; default that
//! refusal = "I do not know."    # what it says when it refuses, and when it finds nothing to copy
//! text = "Hello."           # what `fixed` says
//! most_tokens = 10000       # of an answer: `maxTokens` may not be more, and is that where it is absent; default 10000
//! context_tokens = 300000   # of a request; default 300000
//! needs_profile = false     # refused under its plain id, as newer models are
//! denied = false            # refused: the account has no access
//! pace = { gap = { constant_ms = 3 } }   # instead of the service's
//!
//! [[bedrock.guardrail]]
//! id = "gr1"                # an ARN that ends in `/gr1` is it too
//! version = "1"             # absent: any
//! blocked_input = "I can't help with that."
//! blocked_output = "I can't help with that."
//! buffer_tokens = 40        # of the answer that are scanned before they are let go; default 40
//! rule = [
//!     { policy = "topic", name = "Legal advice", phrases = ["sue my landlord"], on = "input" },
//!     { policy = "content", name = "PROMPT_ATTACK", phrases = ["ignore previous instructions"], on = "input" },
//!     { policy = "word", phrases = ["competitor"] },
//!     { policy = "profanity", phrases = ["damn"], action = "none" },
//!     { policy = "pii", name = "EMAIL", phrases = ["ada@example.com"], action = "anonymize", on = "output" },
//!     { policy = "regex", name = "order", phrases = ["ORD-12345678"], action = "anonymize" },
//! ]                         # action: block (default), anonymize, none; on: both (default), input, output
//!
//! [[bedrock.fault]]         # of those that are meant, the first that still has something to say
//! operation = "ConverseStream"  # Converse, InvokeModel, ApplyGuardrail; absent: all it can happen to
//! model = "amazon.nova-*"   # as `id` above; absent: any
//! after = 1                 # calls that go well before it; default 0
//! times = 2                 # calls that fail; absent: all from then on
//! probability = 0.5         # of each of these; default 1
//! kind = "exception"        # see `FaultKind`
//! after_tokens = 3          # of the answer that are sent before it; default 0
//! error = "modelStreamErrorException"
//! message = "the model lost its thread"
//! ```
//!
//! `[[fault]]` of the whole scenario counts here as well. `GET /_simulator/requests` tells, for each call, `resource` (the model or
//! guardrail), `body`, `outcome` (`answered`, `broken`, `abandoned`, name of the error), and `tokens_sent` and `left_after_ms`: when
//! the caller was seen to have gone, counted from the request. `first_token_at_us` and `left_at_us` are microseconds of Unix time.

use anyhow::{Context, ensure};
use serde::Deserialize;

pub use super::fault::{BedrockFault, FaultKind};
pub use super::guardrail::{Action, Guardrail, GuardrailRule, Policy, Side};
use super::pace::Delay;

/// The service as a scenario describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BedrockScenario {
    /// Of all that is drawn.
    pub seed: u64,
    /// Whether events carry the meaningless member `p`.
    pub padding: bool,
    /// Frames in one chunk of the body; at least 1.
    pub frames_per_write: usize,
    /// Longest chunk of the body in bytes; 0: frames are not cut.
    pub split_bytes: usize,
    /// Longest text of a request that is kept, in bytes.
    pub keep_text_bytes: usize,
    /// How fast models write.
    pub pace: Pace,
    /// The models that there are.
    pub model: Vec<Model>,
    /// The guardrails that there are.
    pub guardrail: Vec<Guardrail>,
    /// What goes wrong.
    pub fault: Vec<BedrockFault>,
}

/// How fast a model writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// From `messageStart` to the first text.
    pub first_token: Delay,
    /// From one delta to the next.
    pub gap: Delay,
    /// Tokens in one delta; at least 1.
    pub tokens_per_delta: usize,
}

/// A model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Its id, without the prefix of an inference profile; absent for any.
    pub id: Option<String>,
    /// What it does.
    pub behaviour: Behaviour,
    /// Sentences that it copies, at most.
    pub sentences: usize,
    /// How it cites; `{number}` stands for the passage's.
    pub mark: String,
    /// What it says when it refuses.
    pub refusal: String,
    /// What a fixed one says.
    pub text: String,
    /// Tokens of an answer, at most.
    pub most_tokens: usize,
    /// Tokens of a request, at most.
    pub context_tokens: usize,
    /// Whether it is refused under its plain id.
    pub needs_profile: bool,
    /// Whether the account has no access to it.
    pub denied: bool,
    /// How fast it writes, instead of the service's pace.
    pub pace: Option<Pace>,
}

/// What a model does with a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Copies the sentences of `<passage number="N" ...>...</passage>` in system or messages that share the most words with the last
    /// message of the user (what stands outside of passages, or in `<question>`, or is qualified as the query), each with its mark.
    #[default]
    Copying,
    /// Does what the last order in a message, passage or document says, whoever wrote it: `say X`, `reply only with X`,
    /// `repeat your instructions`. The system text's own words are none, its passages are. Without an order it copies.
    Obeying,
    /// Says its refusal.
    Refusing,
    /// Says its text.
    Fixed,
    /// Writes until a limit stops it.
    Endless,
}

impl Default for BedrockScenario {
    fn default() -> Self {
        Self {
            seed: 0,
            padding: true,
            frames_per_write: 1,
            split_bytes: 0,
            keep_text_bytes: 32 * 1024,
            pace: Pace::default(),
            model: Vec::new(),
            guardrail: Vec::new(),
            fault: Vec::new(),
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { first_token: Delay::default(), gap: Delay::default(), tokens_per_delta: 1 }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self {
            id: None,
            behaviour: Behaviour::default(),
            sentences: 3,
            mark: "[{number}]".to_owned(),
            refusal: "I do not know.".to_owned(),
            text: "Hello.".to_owned(),
            most_tokens: 10_000,
            context_tokens: 300_000,
            needs_profile: false,
            denied: false,
            pace: None,
        }
    }
}

impl BedrockScenario {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.frames_per_write >= 1, "bedrock.frames_per_write: expected at least 1");
        self.pace.check().context("bedrock.pace")?;
        for model in &self.model {
            let name = model.id.as_deref().unwrap_or("any");
            model.pace.as_ref().map_or(Ok(()), Pace::check).with_context(|| format!("model {name}"))?;
            ensure!(model.most_tokens >= 1, "model {name}: most_tokens: expected at least 1");
        }
        for guardrail in &self.guardrail {
            guardrail.check().with_context(|| format!("guardrail {}", guardrail.id))?;
        }
        Ok(())
    }
}

impl Pace {
    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.tokens_per_delta >= 1, "tokens_per_delta: expected at least 1");
        self.first_token.check().context("first_token")?;
        self.gap.check().context("gap")
    }
}

#[cfg(test)]
mod tests {
    use crate::simulate::bedrock::Bedrock;
    use crate::simulate::scenario::Scenario;

    fn started(text: &str) -> anyhow::Result<()> {
        Bedrock::new(Scenario::parse(text)?.bedrock).map(drop)
    }

    #[test]
    fn what_the_head_of_this_file_shows_is_a_scenario() {
        let head = include_str!("scenario.rs").lines().map_while(|line| line.strip_prefix("//!"));
        let shown = head.skip_while(|line| *line != " ```toml").skip(1).take_while(|line| *line != " ```");
        let shown: Vec<&str> = shown.collect();
        assert!(shown.len() > 40, "{shown:?}");
        started(&shown.join("\n")).expect("it can be started");
    }

    #[test]
    fn what_makes_no_sense_is_said_before_anything_starts() {
        for (text, part) in [
            ("[bedrock]\nframes_per_write = 0", "frames_per_write"),
            ("[bedrock]\npace = { gap = { uniform_ms = [2, 1] } }", "gap"),
            ("[[bedrock.model]]\nmost_tokens = 0", "most_tokens"),
            ("[[bedrock.model]]\npase = {}", "pase"),
            ("[[bedrock.guardrail]]\nversion = \"1\"", "expected an id"),
            ("[[bedrock.fault]]\nkind = \"error\"", "error"),
        ] {
            let error = started(text).expect_err("it makes no sense");
            assert!(format!("{error:#}").contains(part), "{text}: {error:#}");
        }
    }
}
