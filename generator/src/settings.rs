//! The generator's settings, read once.

mod ladder;
mod model;

use std::net::SocketAddr;
use std::time::Duration;

use lifecycle::{Reader, Secret};

use crate::gate::GateMode;
pub use crate::guard::GuardSettings;
use crate::ladder::LadderLimits;
use crate::prompt::MAX_OUTPUT_TOKENS;
pub(crate) use ladder::ladder_limits;
pub use model::{
    BedrockSettings, GuardPassages, GuardrailSettings, GuardrailStream, GuardrailTrace, LanguageLimits,
    ModelChoice, ModelSettings, OpenAiSettings, PromptSettings,
};

/// Where the generator listens and how it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// gRPC: `GENERATOR_LISTEN`, default `127.0.0.1:7002`.
    pub listen: SocketAddr,
    /// What callers must show: `SERVICE_TOKEN`, default none, which a loopback address only may have.
    pub service_token: Option<Secret>,
    /// Health and metrics over HTTP: `GENERATOR_INTERNAL_LISTEN`, default `127.0.0.1:7102`.
    pub internal_listen: SocketAddr,
    /// How answers are written.
    pub answers: AnswerSettings,
    /// Which model writes them, and within which limits.
    pub model: ModelSettings,
    /// What happens when models fail.
    pub ladder: LadderLimits,
    /// What questions and answers may not hold.
    pub guard: GuardSettings,
    /// Whether gRPC clients may ask what the server offers: `GENERATOR_REFLECTION`, default true on a loopback
    /// address and false elsewhere.
    pub reflection: bool,
    /// Time that open answers get once shutdown begins: `DRAIN_SECONDS`, default 30.
    pub drain: Duration,
}

/// How answers are written.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerSettings {
    /// Words written each second, 0 to 10,000, 0 at once: `GENERATOR_TOKENS_PER_SECOND`, default 0.
    pub tokens_per_second: u32,
    /// Share of the question that a sentence and its headings must cover, 0 to 1, for it to be quoted:
    /// `GENERATOR_SENTENCE_THRESHOLD`, default 0.3.
    pub sentence_threshold: f32,
    /// Tokens of an answer, 1 to 4,096, when the caller sets no limit: `GENERATOR_MAX_OUTPUT_TOKENS`, default 1,000.
    pub max_output_tokens: u32,
    /// What is said when the passages hold no answer: `GENERATOR_REFUSAL`. Without it the question's language decides
    /// among built-in sentences, the English one for every other language.
    pub refusal: Option<String>,
    /// What becomes of sentences of a language model that its passages do not bear out: `GENERATOR_GATE`, `mark` (the default)
    /// shows and marks them, `withhold` holds each sentence back until it has ended and leaves such out, `off` looks at none.
    pub gate: GateMode,
    /// Whom to ask instead, such as an address or a number: `GENERATOR_CONTACT`; follows the refusal.
    pub contact: Option<String>,
}

impl Settings {
    /// Reads the settings; mistakes are noted in the reader.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let address = "an address such as 127.0.0.1:7002";
        let listen: Option<SocketAddr> = reader.parsed("GENERATOR_LISTEN", "127.0.0.1:7002", address);
        let internal_listen = reader.parsed("GENERATOR_INTERNAL_LISTEN", "127.0.0.1:7102", address);
        let answers = AnswerSettings::read(reader);
        let (model, ladder) = (ModelSettings::read(reader), ladder_limits(reader));
        let guard = GuardSettings::read(reader);
        let service_token = reader.service_token(listen.map(|listen| ("GENERATOR_LISTEN", listen)));
        let is_loopback = listen.is_some_and(|listen| listen.ip().is_loopback());
        let reflection = reader.flag("GENERATOR_REFLECTION", is_loopback);
        let drain = reader.seconds("DRAIN_SECONDS", Duration::from_secs(30), 0.0..=3600.0);
        Some(Self {
            listen: listen?,
            service_token,
            internal_listen: internal_listen?,
            answers,
            model,
            ladder,
            guard,
            reflection,
            drain,
        })
    }
}

impl AnswerSettings {
    /// Reads the settings; a mistake is noted in the reader and gives the default.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            tokens_per_second: reader.number("GENERATOR_TOKENS_PER_SECOND", 0, 0..=10_000),
            sentence_threshold: reader.number("GENERATOR_SENTENCE_THRESHOLD", 0.3, 0.0..=1.0),
            max_output_tokens: reader.number("GENERATOR_MAX_OUTPUT_TOKENS", 1_000, 1..=MAX_OUTPUT_TOKENS),
            refusal: reader.optional_text("GENERATOR_REFUSAL"),
            gate: reader.parsed("GENERATOR_GATE", "mark", "mark, withhold or off").unwrap_or(GateMode::Mark),
            contact: reader.optional_text("GENERATOR_CONTACT"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Settings};

    #[test]
    fn every_setting_has_a_default() {
        let mut reader = Reader::from_pairs([("", ""); 0]);
        let settings = Settings::read(&mut reader).expect("defaults");
        assert_eq!(settings.listen.port(), 7002);
        assert_eq!(settings.answers.tokens_per_second, 0);
        assert!(reader.finish(&["GENERATOR_"]).is_ok());
    }

    #[test]
    fn every_mistake_is_reported() {
        let mut reader = Reader::from_pairs([
            ("GENERATOR_LISTEN", "here"),
            ("GENERATOR_SENTENCE_THRESHOLD", "2"),
            ("GENERATOR_GATE", "maybe"),
            ("GENERATOR_X", ""),
        ]);
        Settings::read(&mut reader);
        let mistakes = reader.finish(&["GENERATOR_"]).expect_err("four mistakes");
        assert_eq!(mistakes.0.len(), 4, "{mistakes}");
    }
}
