//! Which language model writes the answers, and within which limits: settings only, no model is known here.

use std::time::Duration;

use lifecycle::{Reader, Secret};

use crate::prices::Prices;

/// Longest instruction of a business, in characters: it is sent with every question.
const MAX_BUSINESS_CHARACTERS: usize = 200;
/// Longest description of a tone, in characters.
const MAX_TONE_CHARACTERS: usize = 300;

/// Which model writes the answers, and within which limits.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// The model: `GENERATOR_MODEL`, `extractive` (the default), `bedrock` or `openai`.
    pub choice: ModelChoice,
    /// The smaller model that answers when the first one cannot, of the same provider: `GENERATOR_FALLBACK_MODEL_ID`, default
    /// `amazon.nova-micro-v1:0` for `bedrock` and none for `openai`; `none` for none. Passages are quoted when it fails too.
    pub fallback: Option<String>,
    /// What language models are told.
    pub prompt: PromptSettings,
    /// How long and how large an answer of a language model may become.
    pub limits: LanguageLimits,
    /// What models cost: the file that `GENERATOR_PRICES` names; default are the built-in prices of us-east-1.
    pub prices: Prices,
}

/// The model that writes the answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelChoice {
    /// Quotes sentences of the passages, offline.
    Extractive,
    /// Amazon Nova, or another model of Bedrock that converses.
    Bedrock(BedrockSettings),
    /// A server that speaks OpenAI's chat completions, such as Ollama, vLLM or llama.cpp.
    OpenAi(OpenAiSettings),
}

/// A model of Bedrock. Region, credentials and endpoint are found as AWS's tools find them: `AWS_REGION`,
/// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, the profile, or the host.
#[derive(Clone, Debug, PartialEq)]
pub struct BedrockSettings {
    /// Id or ARN of the model or its inference profile: `GENERATOR_MODEL_ID`, default `amazon.nova-lite-v1:0`.
    pub model: String,
    /// The guardrail; none without `GENERATOR_GUARDRAIL_ID`.
    pub guardrail: Option<GuardrailSettings>,
    /// Tokens from which the stable beginning of a prompt is marked for Bedrock's cache, 0 to 100,000, 0 never:
    /// `GENERATOR_CACHE_FROM_TOKENS`, default 1,536, the fewest that Nova Lite and Micro keep.
    pub cache_from_tokens: u32,
}

/// A guardrail of Bedrock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardrailSettings {
    /// Its id or ARN: `GENERATOR_GUARDRAIL_ID`.
    pub id: String,
    /// Its version, a number or `DRAFT`: `GENERATOR_GUARDRAIL_VERSION`; must be set with the id.
    pub version: String,
    /// `GENERATOR_GUARDRAIL_STREAM`: `sync` (the default) scans text before it is released, `async` after.
    pub stream: GuardrailStream,
    /// `GENERATOR_GUARDRAIL_TRACE`: `enabled` (the default, the only source of the units that are charged), `disabled`
    /// or `enabled_full`. What the trace quotes is never logged.
    pub trace: GuardrailTrace,
    /// `GENERATOR_GUARDRAIL_PASSAGES`: `none` (the default; the guardrail reads the question only), `grounding` (passages
    /// are the source of its grounding check) or `all` (every policy reads them, at about five times the price).
    pub passages: GuardPassages,
}

/// When a guardrail reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardrailStream {
    /// Before a part of it is released.
    Sync,
    /// After it was released.
    Async,
}

/// What a guardrail tells of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardrailTrace {
    /// Nothing, not even its units.
    Disabled,
    /// What it found, and its units.
    Enabled,
    /// Also what it did not find.
    EnabledFull,
}

/// What a guardrail does with passages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardPassages {
    /// It does not read them.
    None,
    /// It compares the answer with them.
    Grounding,
    /// Every policy reads them.
    All,
}

/// A server that speaks OpenAI's chat completions.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenAiSettings {
    /// Where it serves: `GENERATOR_OPENAI_URL`, such as `http://127.0.0.1:11434/v1`; must be set.
    pub url: String,
    /// The model's name there: `GENERATOR_MODEL_ID`; must be set.
    pub model: String,
    /// `GENERATOR_OPENAI_API_KEY`; sent as a bearer token.
    pub api_key: Option<Secret>,
    /// Bytes of one event of the stream, 1,024 to 16,777,216: `GENERATOR_MAX_EVENT_BYTES`, default 262,144.
    pub max_event_bytes: usize,
}

/// What language models are told.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptSettings {
    /// Name of the business, at most 200 characters: `GENERATOR_BUSINESS`; without it the model speaks for "this
    /// business".
    pub business: Option<String>,
    /// How answers sound, at most 300 characters: `GENERATOR_TONE`, default `friendly, plain and brief`.
    pub tone: String,
    /// Tokens of a prompt, 500 to 200,000, counted by an upper bound: `GENERATOR_INPUT_TOKENS`, default 8,000. Passages
    /// and history beyond it are left out.
    pub input_tokens: u32,
    /// How freely the model chooses its words, 0 to 1: `GENERATOR_TEMPERATURE`, default 0.2.
    pub temperature: f32,
}

/// How long and how large an answer of a language model may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageLimits {
    /// For a connection to stand, 0.05 to 60 seconds: `GENERATOR_CONNECT_SECONDS`, default 3.
    pub connect: Duration,
    /// From the call to the first text, 0.05 to 600 seconds: `GENERATOR_FIRST_TOKEN_SECONDS`, default 7: a second
    /// model still answers in the 20 seconds that the gateway waits.
    pub first_token: Duration,
    /// Between two events after it, 0.05 to 600 seconds: `GENERATOR_TOKEN_GAP_SECONDS`, default 7.
    pub gap: Duration,
    /// For the whole answer, 0.1 to 3,600 seconds: `GENERATOR_ANSWER_SECONDS`, default 120.
    pub answer: Duration,
    /// For the usage that follows the answer, 0 to 60 seconds: `GENERATOR_USAGE_SECONDS`, default 2. Where it does not
    /// come the usage is estimated.
    pub usage: Duration,
    /// Bytes of an answer, 256 to 1,048,576: `GENERATOR_MAX_ANSWER_BYTES`, default 65,536.
    pub answer_bytes: usize,
}

impl ModelSettings {
    /// Reads the settings; a mistake is noted in the reader and gives the default. Every setting is read whatever the
    /// model, so that a change of the model alone is never a mistake.
    pub fn read(reader: &mut Reader) -> Self {
        let kind = reader.text("GENERATOR_MODEL", "extractive");
        let prices = Prices::read(reader);
        let model = reader.optional_text("GENERATOR_MODEL_ID");
        let (bedrock, openai) = (bedrock(reader, model.clone()), openai(reader, model));
        let choice = match kind.as_str() {
            "extractive" => ModelChoice::Extractive,
            "bedrock" => {
                if prices.of(&bedrock.model).is_none() {
                    let mistake =
                        format!("no price of {} is known: name it in the file of prices", bedrock.model);
                    reader.mistake("GENERATOR_PRICES", mistake);
                }
                ModelChoice::Bedrock(bedrock)
            }
            "openai" => ModelChoice::OpenAi(checked(reader, openai)),
            other => {
                let mistake = format!("expected extractive, bedrock or openai, got `{other}`");
                reader.mistake("GENERATOR_MODEL", mistake);
                ModelChoice::Extractive
            }
        };
        let fallback = fallback(reader, &choice, &prices);
        Self { choice, fallback, prompt: prompt(reader), limits: limits(reader), prices }
    }
}

fn fallback(reader: &mut Reader, choice: &ModelChoice, prices: &Prices) -> Option<String> {
    let default = match choice {
        ModelChoice::Bedrock(_) => "amazon.nova-micro-v1:0",
        ModelChoice::Extractive | ModelChoice::OpenAi(_) => "none",
    };
    let fallback = Some(reader.text("GENERATOR_FALLBACK_MODEL_ID", default)).filter(|id| id != "none")?;
    if matches!(choice, ModelChoice::Bedrock(_)) && prices.of(&fallback).is_none() {
        let mistake = format!("no price of {fallback} is known: name it in the file of prices");
        reader.mistake("GENERATOR_FALLBACK_MODEL_ID", mistake);
    }
    Some(fallback)
}

fn bedrock(reader: &mut Reader, model: Option<String>) -> BedrockSettings {
    BedrockSettings {
        model: model.unwrap_or_else(|| "amazon.nova-lite-v1:0".to_owned()),
        guardrail: guardrail(reader),
        cache_from_tokens: reader.number("GENERATOR_CACHE_FROM_TOKENS", 1_536, 0..=100_000),
    }
}

fn guardrail(reader: &mut Reader) -> Option<GuardrailSettings> {
    let id = reader.optional_text("GENERATOR_GUARDRAIL_ID");
    let version = reader.optional_text("GENERATOR_GUARDRAIL_VERSION");
    let stream = one_of(
        reader,
        "GENERATOR_GUARDRAIL_STREAM",
        ("sync", GuardrailStream::Sync),
        &[("async", GuardrailStream::Async)],
    );
    let trace = one_of(
        reader,
        "GENERATOR_GUARDRAIL_TRACE",
        ("enabled", GuardrailTrace::Enabled),
        &[("disabled", GuardrailTrace::Disabled), ("enabled_full", GuardrailTrace::EnabledFull)],
    );
    let passages = one_of(
        reader,
        "GENERATOR_GUARDRAIL_PASSAGES",
        ("none", GuardPassages::None),
        &[("grounding", GuardPassages::Grounding), ("all", GuardPassages::All)],
    );
    match (id, version) {
        (Some(id), Some(version)) => Some(GuardrailSettings { id, version, stream, trace, passages }),
        (Some(_), None) => {
            reader.mistake("GENERATOR_GUARDRAIL_VERSION", "expected the guardrail's version, such as 1");
            None
        }
        (None, Some(_)) => {
            reader.mistake("GENERATOR_GUARDRAIL_ID", "expected the id of the guardrail whose version is set");
            None
        }
        (None, None) => None,
    }
}

/// Returns the value that a setting names.
fn one_of<T: Copy>(reader: &mut Reader, name: &str, default: (&str, T), others: &[(&str, T)]) -> T {
    let text = reader.text(name, default.0);
    let mut values = std::iter::once(&default).chain(others);
    if let Some((_, value)) = values.find(|(word, _)| *word == text) {
        return *value;
    }
    let words: Vec<&str> = others.iter().map(|(word, _)| *word).collect();
    reader.mistake(name, format!("expected {} or {}, got `{text}`", default.0, words.join(" or ")));
    default.1
}

fn openai(reader: &mut Reader, model: Option<String>) -> OpenAiSettings {
    OpenAiSettings {
        url: reader.text("GENERATOR_OPENAI_URL", ""),
        model: model.unwrap_or_default(),
        api_key: reader.secret("GENERATOR_OPENAI_API_KEY"),
        max_event_bytes: reader.number("GENERATOR_MAX_EVENT_BYTES", 262_144, 1_024..=16_777_216),
    }
}

fn checked(reader: &mut Reader, settings: OpenAiSettings) -> OpenAiSettings {
    if !(settings.url.starts_with("http://") || settings.url.starts_with("https://")) {
        reader.mistake("GENERATOR_OPENAI_URL", "expected an address such as http://127.0.0.1:11434/v1");
    }
    if settings.model.is_empty() {
        reader.mistake("GENERATOR_MODEL_ID", "expected the model's name, such as llama3.2");
    }
    settings
}

fn prompt(reader: &mut Reader) -> PromptSettings {
    let business = reader.optional_text("GENERATOR_BUSINESS");
    let tone = reader.text("GENERATOR_TONE", "friendly, plain and brief");
    let lengths = [
        ("GENERATOR_BUSINESS", business.as_deref().unwrap_or_default(), MAX_BUSINESS_CHARACTERS),
        ("GENERATOR_TONE", tone.as_str(), MAX_TONE_CHARACTERS),
    ];
    for (name, text, limit) in lengths {
        if text.chars().count() > limit {
            reader.mistake(name, format!("expected at most {limit} characters"));
        }
    }
    PromptSettings {
        business,
        tone,
        input_tokens: reader.number("GENERATOR_INPUT_TOKENS", 8_000, 500..=200_000),
        temperature: reader.number("GENERATOR_TEMPERATURE", 0.2, 0.0..=1.0),
    }
}

fn limits(reader: &mut Reader) -> LanguageLimits {
    let seconds = Duration::from_secs;
    LanguageLimits {
        connect: reader.seconds("GENERATOR_CONNECT_SECONDS", seconds(3), 0.05..=60.0),
        first_token: reader.seconds("GENERATOR_FIRST_TOKEN_SECONDS", seconds(7), 0.05..=600.0),
        gap: reader.seconds("GENERATOR_TOKEN_GAP_SECONDS", seconds(7), 0.05..=600.0),
        answer: reader.seconds("GENERATOR_ANSWER_SECONDS", seconds(120), 0.1..=3_600.0),
        usage: reader.seconds("GENERATOR_USAGE_SECONDS", seconds(2), 0.0..=60.0),
        answer_bytes: reader.number("GENERATOR_MAX_ANSWER_BYTES", 65_536, 256..=1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelChoice, ModelSettings, Reader};

    /// Settings, and a part of the mistake that they make.
    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);

    #[test]
    fn the_model_is_chosen_and_checked_as_a_whole() {
        const BEDROCK: (&str, &str) = ("GENERATOR_MODEL", "bedrock");
        const OPENAI: (&str, &str) = ("GENERATOR_MODEL", "openai");
        const URL: (&str, &str) = ("GENERATOR_OPENAI_URL", "http://127.0.0.1:11434/v1");
        const ID: (&str, &str) = ("GENERATOR_GUARDRAIL_ID", "abc");
        let cases: &[Case] = &[
            (&[], None),
            (&[BEDROCK], None),
            (&[BEDROCK, ("GENERATOR_MODEL_ID", "eu.amazon.nova-lite-v1:0")], None),
            (
                &[BEDROCK, ("GENERATOR_MODEL_ID", "another.model-v1:0")],
                Some("no price of another.model-v1:0"),
            ),
            (&[BEDROCK, ID], Some("GENERATOR_GUARDRAIL_VERSION")),
            (&[BEDROCK, ("GENERATOR_GUARDRAIL_VERSION", "1")], Some("GENERATOR_GUARDRAIL_ID")),
            (&[BEDROCK, ID, ("GENERATOR_GUARDRAIL_VERSION", "1")], None),
            (&[("GENERATOR_GUARDRAIL_STREAM", "later")], Some("expected sync or async, got `later`")),
            (&[OPENAI], Some("such as http://127.0.0.1:11434/v1")),
            (&[OPENAI, URL], Some("the model's name")),
            (&[OPENAI, URL, ("GENERATOR_MODEL_ID", "llama3.2")], None),
            (&[("GENERATOR_MODEL", "claude")], Some("extractive, bedrock or openai")),
            (&[("GENERATOR_TEMPERATURE", "2")], Some("from 0 to 1")),
            (&[("GENERATOR_PRICES", "/no/such/file")], Some("cannot be read")),
        ];
        for (pairs, mistake) in cases {
            let mut reader = Reader::from_pairs(pairs.iter().copied());
            ModelSettings::read(&mut reader);
            let finished = reader.finish(&["GENERATOR_"]);
            let text = finished.as_ref().err().map(ToString::to_string);
            assert_eq!(text.is_some(), mistake.is_some(), "{pairs:?}: {text:?}");
            assert!(
                text.as_deref().unwrap_or_default().contains(mistake.unwrap_or_default()),
                "{pairs:?}: {text:?}"
            );
        }
    }

    #[test]
    fn the_key_prints_nowhere() {
        let mut reader = Reader::from_pairs([
            ("GENERATOR_MODEL", "openai"),
            ("GENERATOR_MODEL_ID", "llama3.2"),
            ("GENERATOR_OPENAI_URL", "http://127.0.0.1:1/v1"),
            ("GENERATOR_OPENAI_API_KEY", "hunter2"),
        ]);
        let settings = ModelSettings::read(&mut reader);
        assert!(matches!(settings.choice, ModelChoice::OpenAi(_)));
        let resolved = reader.finish(&["GENERATOR_"]).expect("no mistake");
        assert!(!format!("{settings:?} {resolved:?}").contains("hunter2"));
    }
}
