//! The stream of an answer, planned before anything is sent: which bytes, when, and how it ends.

use std::time::Duration;

use bytes::Bytes;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::answer::{Answer, Delta};
use super::fault::{BedrockFault, FaultKind};
use super::frame;
use super::scenario::BedrockScenario;

/// What padding is made of.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// What is sent, and when.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
}

/// Some bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// From the step before it.
    pub(super) wait: Duration,
    pub(super) bytes: Bytes,
    /// Tokens of the answer that are whole with them.
    pub(super) tokens: usize,
}

/// How a stream ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The body ends as it should; with the outcome for the journal.
    Whole(String),
    /// The connection ends.
    Reset,
    /// It does not.
    Never,
}

/// Writes the frames of one stream.
struct Writer<'a> {
    random: &'a mut ChaCha8Rng,
    is_padded: bool,
    steps: Vec<Step>,
}

/// Plans a stream.
pub(super) fn plan(
    answer: &Answer,
    deltas: &[Delta],
    fault: Option<&BedrockFault>,
    (scenario, random): (&BedrockScenario, &mut ChaCha8Rng),
) -> anyhow::Result<Plan> {
    let mut writer = Writer { random, is_padded: scenario.padding, steps: Vec::new() };
    let left_out = fault.map(|fault| fault.kind);
    writer.event("messageStart", json!({ "role": "assistant" }), &Delta::default())?;
    for delta in deltas {
        let payload = json!({ "contentBlockIndex": 0, "delta": { "text": delta.text } });
        writer.event("contentBlockDelta", payload, delta)?;
    }
    writer.event("contentBlockStop", json!({ "contentBlockIndex": 0 }), &Delta::default())?;
    if left_out != Some(FaultKind::NoMessageStop) {
        writer.event("messageStop", json!({ "stopReason": answer.stop_reason }), &Delta::default())?;
    }
    if left_out != Some(FaultKind::NoMetadata) {
        writer.event("metadata", metadata(answer, deltas), &Delta::default())?;
    }
    let mut plan = Plan { steps: writer.steps, end: End::Whole("answered".to_owned()) };
    if let Some(fault) = fault {
        plan.spoil(fault)?;
    }
    plan.chunk(scenario.frames_per_write, scenario.split_bytes);
    Ok(plan)
}

impl Writer<'_> {
    fn event(&mut self, kind: &str, mut payload: Value, delta: &Delta) -> anyhow::Result<()> {
        if let Some(members) = payload.as_object_mut().filter(|_| self.is_padded) {
            let length = self.random.random_range(1..PADDING.len());
            members.insert("p".to_owned(), PADDING.get(..length).unwrap_or_default().into());
        }
        let bytes = frame::event(kind, &payload)?;
        self.steps.push(Step { wait: delta.wait, bytes, tokens: delta.tokens });
        Ok(())
    }
}

fn metadata(answer: &Answer, deltas: &[Delta]) -> Value {
    let mut metadata = json!({
        "usage": answer.usage(),
        "metrics": { "latencyMs": latency_ms(deltas) },
    });
    if let (Some(members), Some(trace)) = (metadata.as_object_mut(), &answer.trace) {
        members.insert("trace".to_owned(), json!({ "guardrail": trace }));
    }
    metadata
}

/// Returns how long the model takes over an answer.
pub(super) fn latency_ms(deltas: &[Delta]) -> u64 {
    let all: Duration = deltas.iter().map(|delta| delta.wait).sum();
    u64::try_from(all.as_millis()).unwrap_or(u64::MAX)
}

impl Plan {
    /// Lets go wrong what a fault wants.
    fn spoil(&mut self, fault: &BedrockFault) -> anyhow::Result<()> {
        let place = self.place_after(fault.after_tokens);
        let name = fault.error.as_deref().unwrap_or("internalServerException");
        let broken = || End::Whole("broken".to_owned());
        let added = |bytes| Step { bytes, ..Step::default() };
        match fault.kind {
            FaultKind::Stall => {
                self.steps.truncate(place);
                self.end = End::Never;
            }
            FaultKind::Reset => {
                self.steps.truncate(place);
                self.end = End::Reset;
            }
            FaultKind::Cut => {
                self.steps.truncate(place);
                self.end = broken();
            }
            FaultKind::CutInside => {
                self.steps.truncate(place + 1);
                if let Some(last) = self.steps.last_mut() {
                    last.bytes.truncate(last.bytes.len() / 2);
                    last.tokens = 0;
                }
                self.end = broken();
            }
            FaultKind::BadCrc => {
                for spoilt in self.steps.iter_mut().skip(place).take(1) {
                    spoilt.bytes = frame::damaged(&spoilt.bytes);
                }
                self.end = broken();
            }
            FaultKind::Exception => {
                self.steps.truncate(place);
                self.steps.push(added(frame::exception(name, &fault.message)?));
                self.end = End::Whole(name.to_owned());
            }
            FaultKind::ErrorFrame => {
                self.steps.truncate(place);
                self.steps.push(added(frame::error(name, &fault.message)?));
                self.end = End::Whole(name.to_owned());
            }
            FaultKind::UnknownEvent => {
                let novelty = frame::event("novelty", &json!({ "value": 1 }))?;
                self.steps.insert(place, added(novelty));
            }
            // The last two are left out from the beginning, the others happen before a stream.
            FaultKind::NoMessageStop
            | FaultKind::NoMetadata
            | FaultKind::Error
            | FaultKind::Nameless
            | FaultKind::Silent
            | FaultKind::SlowStart => {}
        }
        Ok(())
    }

    /// Returns the first frame behind a number of tokens: after `messageStart`, and before what ends the answer.
    fn place_after(&self, tokens: usize) -> usize {
        let (mut sent, deltas) = (0, self.steps.iter().skip(1).take_while(|step| step.tokens > 0));
        let before = deltas.take_while(|step| {
            let is_before = sent < tokens;
            sent += step.tokens;
            is_before
        });
        1 + before.count()
    }

    /// Puts frames together, and cuts what is longer than a chunk may be.
    fn chunk(&mut self, frames: usize, most_bytes: usize) {
        if frames > 1 {
            let together = |steps: &[Step]| Step {
                wait: steps.iter().map(|step| step.wait).sum(),
                bytes: steps.iter().flat_map(|step| step.bytes.iter().copied()).collect(),
                tokens: steps.iter().map(|step| step.tokens).sum(),
            };
            self.steps = self.steps.chunks(frames).map(together).collect();
        }
        if most_bytes > 0 {
            self.steps =
                std::mem::take(&mut self.steps).into_iter().flat_map(|step| cut(step, most_bytes)).collect();
        }
    }
}

fn cut(mut step: Step, most_bytes: usize) -> Vec<Step> {
    let mut pieces = Vec::new();
    while step.bytes.len() > most_bytes {
        let bytes = step.bytes.split_to(most_bytes);
        pieces.push(Step { wait: std::mem::take(&mut step.wait), bytes, tokens: 0 });
    }
    pieces.push(step);
    pieces
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
    use bytes::BytesMut;
    use rand::SeedableRng;

    use super::{Answer, BedrockScenario, ChaCha8Rng, End, Plan, plan};

    fn planned(text: &str) -> Plan {
        let scenario: BedrockScenario = toml::from_str(text).expect("a scenario");
        let answer =
            Answer { text: "one two three four".to_owned(), stop_reason: "end_turn", ..Answer::default() };
        let mut random = ChaCha8Rng::seed_from_u64(scenario.seed);
        let deltas = answer.deltas(&scenario.pace, &mut random);
        plan(&answer, &deltas, scenario.fault.first(), (&scenario, &mut random)).expect("a plan")
    }

    fn kinds(plan: &Plan) -> Vec<String> {
        let bytes: Vec<u8> = plan.steps.iter().flat_map(|step| step.bytes.iter().copied()).collect();
        let (mut bytes, mut decoder, mut kinds) =
            (BytesMut::from(bytes.as_slice()), MessageFrameDecoder::new(), Vec::new());
        while let Ok(DecodedFrame::Complete(message)) = decoder.decode_frame(&mut bytes) {
            let header = message.headers().first().expect("a header");
            kinds.push(header.value().as_string().expect("a text").as_str().to_owned());
        }
        kinds
    }

    #[test]
    fn metadata_comes_after_the_end_of_the_message() {
        let plan = planned("");
        let delta = "contentBlockDelta";
        let end = ["contentBlockStop", "messageStop", "metadata"];
        let expected = [&["messageStart", delta, delta, delta, delta][..], &end].concat();
        assert_eq!(
            (kinds(&plan), plan.end),
            (expected.iter().map(ToString::to_string).collect(), End::Whole("answered".to_owned()))
        );
    }

    #[test]
    fn a_seed_writes_the_same_bytes_whatever_the_chunks() {
        let all = |text: &str| -> Vec<u8> {
            planned(text).steps.iter().flat_map(|step| step.bytes.to_vec()).collect()
        };
        let plain = all("seed = 1");
        assert_eq!(plain, all("seed = 1\nsplit_bytes = 7"));
        assert_eq!(plain, all("seed = 1\nframes_per_write = 3"));
        assert_ne!(plain, all("seed = 2"), "padding is drawn");
        assert_eq!(all("seed = 1\npadding = false"), all("seed = 2\npadding = false"));
        let pieces = planned("split_bytes = 7").steps;
        assert!(pieces.iter().all(|step| (1..=7).contains(&step.bytes.len())));
        assert_eq!(pieces.iter().map(|step| step.tokens).sum::<usize>(), 4);
    }

    #[test]
    fn a_fault_happens_after_its_tokens() {
        let sent = |fault: &str| {
            let plan = planned(&format!("[[fault]]\nafter_tokens = 2\n{fault}"));
            let tokens: usize = plan.steps.iter().map(|step| step.tokens).sum();
            (kinds(&plan).len(), tokens, plan.end)
        };
        let broken = || End::Whole("broken".to_owned());
        assert_eq!(sent("kind = \"stall\""), (3, 2, End::Never));
        assert_eq!(sent("kind = \"reset\""), (3, 2, End::Reset));
        assert_eq!(sent("kind = \"cut\""), (3, 2, broken()));
        assert_eq!(sent("kind = \"cut_inside\""), (3, 2, broken()));
        assert_eq!(sent("kind = \"bad_crc\""), (3, 4, broken()));
        let exception = "kind = \"exception\"\nerror = \"throttlingException\"";
        assert_eq!(sent(exception), (4, 2, End::Whole("throttlingException".to_owned())));
        assert_eq!(sent("kind = \"unknown_event\"").0, 9);
        assert_eq!((sent("kind = \"no_message_stop\"").0, sent("kind = \"no_metadata\"").0), (7, 7));
        let late = planned("[[fault]]\nkind = \"cut\"\nafter_tokens = 99");
        assert_eq!(kinds(&late).len(), 5, "before what ends the answer");
    }
}
