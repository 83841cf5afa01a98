//! The chatbot with a language model: the real client of AWS against the simulated Bedrock.

use serde_json::Value;

use crate::client::Socket;
use crate::questions::SUNDAYS;
use crate::simulator::Simulator;
use crate::stack::Stack;

/// The model that answers unless a setting says otherwise.
pub(crate) const FIRST: &str = "amazon.nova-lite-v1:0";
/// What follows the words that ask to try later.
pub(crate) const CONTACT: &str = "+49 30 555 0100";

/// A chatbot and the service that its models are at.
pub(crate) struct Online {
    pub(crate) stack: Stack,
    pub(crate) simulator: Simulator,
}

/// What a visitor has read once an answer is over.
pub(crate) struct Read {
    /// The text that is left when everything withdrawn is gone.
    pub(crate) text: String,
    /// Texts of what was said beside the answer, by kind.
    pub(crate) notices: Vec<(String, String)>,
    pub(crate) retracts: usize,
    /// The last frame.
    pub(crate) last: Value,
}

impl Online {
    /// Starts both with a scenario; the settings say what is waited for only as long as a test can wait.
    pub(crate) fn start(scenario: &str, settings: &[(&str, &str)]) -> Self {
        let simulator = Simulator::start(scenario);
        let endpoint = format!("http://{}", simulator.address);
        let mut all = vec![
            ("GENERATOR_MODEL", "bedrock"),
            ("GENERATOR_CONTACT", CONTACT),
            ("GENERATOR_FIRST_TOKEN_SECONDS", "1"),
            ("GENERATOR_TOKEN_GAP_SECONDS", "0.5"),
            ("GENERATOR_USAGE_SECONDS", "0.3"),
            ("GENERATOR_RETRY_MILLIS", "10"),
            ("GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS", "0"),
            // The same question is asked again and again, and each time of the model.
            ("GATEWAY_CACHE_BYTES", "0"),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
        ];
        all.extend_from_slice(settings);
        Self { stack: Stack::one_process(&all), simulator }
    }

    /// Asks something that the samples answer, over a WebSocket of its own.
    pub(crate) async fn ask(&self) -> Read {
        self.ask_for(SUNDAYS).await
    }

    /// Asks a question over a WebSocket of its own.
    pub(crate) async fn ask_for(&self, question: &str) -> Read {
        Read::of(&Socket::open(self.stack.http).await.ask(question).await)
    }

    /// Returns how often a model was asked so far.
    pub(crate) fn calls(&self, model: &str) -> usize {
        self.simulator.asked().iter().filter(|request| request["resource"] == model).count()
    }
}

impl Read {
    /// Takes the frames of an answer as a page does, and asserts what holds for each of them.
    pub(crate) fn of(frames: &[Value]) -> Self {
        let mut read = Self { text: String::new(), notices: Vec::new(), retracts: 0, last: Value::Null };
        let (last, before) = frames.split_last().expect("frames");
        for frame in before {
            let text = frame["text"].as_str().expect("a text");
            match frame["type"].as_str().expect("a type") {
                "chunk" => read.text.push_str(text),
                "notice" => {
                    let kind = frame["kind"].as_str().expect("a kind").to_owned();
                    read.notices.push((kind, text.to_owned()));
                }
                "retract" => {
                    read.retracts += 1;
                    let kept = frame["from_byte"].as_u64().expect("a place");
                    read.text.truncate(usize::try_from(kept).expect("a place"));
                }
                "start" | "citation" => {}
                other => panic!("{other} in mid-answer: {frame:#}"),
            }
        }
        read.last = last.clone();
        if read.last["type"] == "end" {
            assert_eq!(read.last["text"], read.text, "{frames:#?}");
            assert!(!read.text.trim().is_empty(), "a blank: {frames:#?}");
        }
        read
    }

    /// Returns who wrote the answer.
    pub(crate) fn source(&self) -> &str {
        self.last["source"].as_str().unwrap_or_default()
    }

    /// Whether the reader was told that the answer is less than usual.
    pub(crate) fn is_labelled(&self) -> bool {
        self.notices.iter().any(|(kind, text)| kind == "degraded" && !text.is_empty())
    }
}
