//! A real llama.cpp with a small real model, as businesses run it themselves.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use generator::Error;
use generator::model::FinishReason;
use generator::openai::OpenAiModel;
use generator::prompt::rendering::render;
use generator::settings::{ModelChoice, ModelSettings};

use crate::answering::{ask, question, settings};

/// The server ends with its input, so with this process.
struct Server {
    _process: Child,
    url: String,
}

fn url() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llama_server");
        let started = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(|error| panic!("{script}, which needs python3: {error}"));
        let mut line = String::new();
        let output = process.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("ok ").unwrap_or_else(|| panic!("llama.cpp: {line}")).to_owned();
        Server { _process: process, url: format!("{url}/v1") }
    });
    &server.url
}

fn model(key: &str) -> (OpenAiModel, ModelSettings) {
    let settings = settings(&[
        ("GENERATOR_MODEL", "openai"),
        ("GENERATOR_MODEL_ID", "gemma"),
        ("GENERATOR_OPENAI_URL", url()),
        ("GENERATOR_OPENAI_API_KEY", key),
        // A machine that does much else takes minutes for the rules alone.
        ("GENERATOR_FIRST_TOKEN_SECONDS", "400"),
        ("GENERATOR_TOKEN_GAP_SECONDS", "100"),
        ("GENERATOR_ANSWER_SECONDS", "600"),
        ("GENERATOR_TEMPERATURE", "0"),
    ]);
    let ModelChoice::OpenAi(openai) = &settings.choice else { unreachable!("the choice") };
    (OpenAiModel::new(openai, &settings).expect("a model"), settings)
}

#[tokio::test]
async fn llama_answers_in_a_stream_and_says_what_it_took() {
    let (model, settings) = model("test-key");
    let mut prompt = question();
    prompt.max_output_tokens = 8;
    let most = render(&prompt, &settings.prompt).expect("a prompt").most_tokens;
    let answered = ask(&model, prompt).await;
    let finish = answered.finish.unwrap_or_else(|| panic!("{answered:?}"));
    assert!(
        matches!(finish.reason, FinishReason::Length | FinishReason::Complete | FinishReason::NoEvidence),
        "{finish:?}"
    );
    assert!((1..=8).contains(&finish.output_tokens), "{finish:?}");
    // Its vocabulary has 262,000 tokens, and its tags for turns are counted too.
    assert!((100..=most).contains(&finish.input_tokens), "{finish:?}, at most {most}");
    assert!(finish.reason == FinishReason::NoEvidence || !answered.text.is_empty());
}

#[tokio::test]
async fn llama_refuses_a_wrong_key() {
    let error = ask(&model("another").0, question()).await.error.expect("an error");
    let Error::ModelRefused(text) = error else { panic!("{error:?}") };
    assert!(text.contains("401") && text.contains("API Key"), "{text}");
}
