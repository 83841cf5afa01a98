//! What goes wrong by script with calls of Bedrock: which calls, and how.

use std::sync::{Mutex, PoisonError};

use anyhow::ensure;
use hyper::StatusCode;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::path::{Call, OPERATIONS, STREAMED};

/// One way of failing, for some calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedrockFault {
    /// `ConverseStream`, ...; absent for all that it can happen to.
    pub operation: Option<String>,
    /// The model's id, as in a model; absent for any.
    pub model: Option<String>,
    /// Calls that go well before it.
    #[serde(default)]
    pub after: u32,
    /// Calls that fail; absent for all from then on.
    pub times: Option<u32>,
    /// Of each of these; 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// What happens.
    pub kind: FaultKind,
    /// Tokens of the answer that are sent before it.
    #[serde(default)]
    pub after_tokens: usize,
    /// How late it starts, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// Name of the error or exception.
    pub error: Option<String>,
    /// What the error says.
    #[serde(default)]
    pub message: String,
    /// HTTP status of the error; absent for the one that its name has.
    pub status: Option<u16>,
}

/// What goes wrong. All but the first four happen in a stream and to `ConverseStream` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The error `error` instead of an answer.
    Error,
    /// The same without its name: no `x-amzn-ErrorType`, nothing in the body but the message.
    Nameless,
    /// No answer ever.
    Silent,
    /// Headers come after `delay_ms`; all else is well.
    SlowStart,
    /// Nothing more comes, and the connection stays.
    Stall,
    /// The body ends between two frames, as if it were whole.
    Cut,
    /// The body ends within a frame, as if it were whole.
    CutInside,
    /// The connection ends.
    Reset,
    /// A frame has a wrong checksum; the rest follows.
    BadCrc,
    /// The exception `error` (`throttlingException`, ...) ends the stream.
    Exception,
    /// A frame of message type `error` ends the stream.
    ErrorFrame,
    /// An event of a type that nobody knows comes first; the rest follows.
    UnknownEvent,
    /// `messageStop` is left out.
    NoMessageStop,
    /// `metadata` is left out.
    NoMetadata,
}

fn always() -> f64 {
    1.0
}

/// The script; each rule counts its own calls.
#[derive(Debug)]
pub(super) struct BedrockFaults(Mutex<Vec<BedrockFault>>);

impl BedrockFaults {
    /// Returns the script, checked.
    pub(super) fn new(rules: Vec<BedrockFault>) -> anyhow::Result<Self> {
        for (place, rule) in rules.iter().enumerate() {
            rule.check().map_err(|error| error.context(format!("bedrock.fault {}", place + 1)))?;
        }
        Ok(Self(Mutex::new(rules)))
    }

    /// Returns what goes wrong with the next call: the first rule that still has something to say.
    pub(super) fn next(&self, call: &Call, random: &mut ChaCha8Rng) -> Option<BedrockFault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut().filter(|rule| rule.is_meant(call)) {
            if let Some(after) = rule.after.checked_sub(1) {
                rule.after = after;
            } else if rule.times != Some(0)
                && (rule.probability >= 1.0 || random.random::<f64>() < rule.probability)
            {
                rule.times = rule.times.map(|times| times.saturating_sub(1));
                return Some(rule.clone());
            }
        }
        None
    }
}

impl BedrockFault {
    fn is_meant(&self, call: &Call) -> bool {
        let operation = call.operation.name();
        (!self.kind.is_of_a_stream() || operation == STREAMED)
            && self.operation.as_deref().is_none_or(|meant| meant == operation)
            && self.model.as_deref().is_none_or(|meant| call.is_of(meant))
    }

    fn check(&self) -> anyhow::Result<()> {
        let kind = self.kind;
        let operation = self.operation.as_deref().unwrap_or(STREAMED);
        ensure!(OPERATIONS.contains(&operation), "operation {operation}: expected one of {OPERATIONS:?}");
        ensure!(!kind.is_of_a_stream() || operation == STREAMED, "{kind:?} happens to {STREAMED} only");
        let is_named = matches!(kind, FaultKind::Error | FaultKind::Exception);
        ensure!(!is_named || self.error.is_some(), "{kind:?}: expected the name of its `error`");
        ensure!((0.0..=1.0).contains(&self.probability), "probability: expected 0 to 1");
        let status = self.status.map(StatusCode::from_u16).transpose()?;
        ensure!(status.is_none_or(|status| status.as_u16() >= 400), "status: expected 400 or more");
        Ok(())
    }
}

impl FaultKind {
    fn is_of_a_stream(self) -> bool {
        !matches!(self, Self::Error | Self::Nameless | Self::Silent | Self::SlowStart)
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use rand::SeedableRng;

    use super::{BedrockFault, BedrockFaults, Call, ChaCha8Rng};

    fn rule(text: &str) -> BedrockFault {
        toml::from_str(text).expect("a rule")
    }

    fn failed(rules: &[&str], path: &str, calls: usize) -> Vec<bool> {
        let faults = BedrockFaults::new(rules.iter().map(|text| rule(text)).collect()).expect("a script");
        let call = Call::read(&Method::POST, path).expect("a call");
        let mut random = ChaCha8Rng::seed_from_u64(5);
        (0..calls).map(|_| faults.next(&call, &mut random).is_some()).collect()
    }

    #[test]
    fn a_rule_chooses_by_order_operation_and_model() {
        let stream = "/model/us.amazon.nova-lite-v1%3A0/converse-stream";
        let cut = "kind = \"cut\"\nafter = 1\ntimes = 2";
        assert_eq!(failed(&[cut], stream, 5), [false, true, true, false, false]);
        assert_eq!(failed(&[cut], "/model/a.b/converse", 3), [false; 3], "only a stream is cut");
        let other = "kind = \"silent\"\nmodel = \"amazon.titan-*\"";
        assert_eq!(failed(&[other], stream, 1), [false]);
        let this = "kind = \"silent\"\nmodel = \"amazon.nova-lite-v1:0\"\noperation = \"ConverseStream\"";
        assert_eq!(failed(&[other, this], stream, 2), [true, true]);
    }

    #[test]
    fn a_probability_is_drawn_from_the_seed() {
        let some = failed(&["kind = \"silent\"\nprobability = 0.25"], "/model/a.b/converse", 4_000);
        let count = some.iter().filter(|failed| **failed).count();
        assert!((900..1_100).contains(&count), "{count}");
        assert_eq!(some, failed(&["kind = \"silent\"\nprobability = 0.25"], "/model/a.b/converse", 4_000));
    }

    #[test]
    fn a_rule_that_can_never_happen_is_refused() {
        for wrong in [
            "kind = \"error\"",
            "kind = \"cut\"\noperation = \"Converse\"",
            "kind = \"silent\"\noperation = \"Conversation\"",
            "kind = \"silent\"\nprobability = 2.0",
            "kind = \"nameless\"\nstatus = 200",
        ] {
            assert!(BedrockFaults::new(vec![rule(wrong)]).is_err(), "{wrong}");
        }
    }
}
