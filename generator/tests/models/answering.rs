//! Asking a model, and what came of it.

use futures_util::StreamExt;
use generator::Error;
use generator::model::{ChatModel, Finish, ModelEvent};
use generator::prompt::{Message, Passage, Prompt, Task};
use generator::settings::{ModelChoice, ModelSettings};
use lifecycle::Reader;

/// Reads settings, with short waits unless they say otherwise.
pub(crate) fn settings(pairs: &[(&str, &str)]) -> ModelSettings {
    let mut reader = Reader::from_pairs(pairs.iter().copied());
    for (name, value) in [
        ("GENERATOR_CONNECT_SECONDS", "2"),
        ("GENERATOR_FIRST_TOKEN_SECONDS", "10"),
        ("GENERATOR_TOKEN_GAP_SECONDS", "10"),
    ] {
        reader.set_default(name, value);
    }
    let settings = ModelSettings::read(&mut reader);
    reader.finish(&["GENERATOR_"]).expect("right settings");
    assert!(settings.choice != ModelChoice::Extractive, "a language model");
    settings
}

pub(crate) fn question() -> Prompt {
    let passage = |title: &str, text: &str| Passage {
        title: title.to_owned(),
        text: text.to_owned(),
        ..Passage::default()
    };
    Prompt {
        question: "When are you open on Sundays?".to_owned(),
        passages: vec![
            passage("Opening hours", "On Sundays we are open from 11:00 to 16:00."),
            passage("Special days", "On 24 December we close at 14:00."),
        ],
        history: vec![
            Message { is_visitor: true, text: "Hello".to_owned() },
            Message { is_visitor: false, text: "Hello, how can I help?".to_owned() },
        ],
        language: String::new(),
        max_output_tokens: 64,
        task: Task::Answer,
        earlier: None,
    }
}

/// An answer as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Text that was not withdrawn; citations as `{place}`.
    pub(crate) text: String,
    pub(crate) retracts: usize,
    pub(crate) finish: Option<Finish>,
    pub(crate) error: Option<Error>,
}

pub(crate) async fn ask(model: &dyn ChatModel, prompt: Prompt) -> Answered {
    let mut events = model.answer(prompt);
    let mut answered = Answered::default();
    while let Some(event) = events.next().await {
        assert!(answered.finish.is_none() && answered.error.is_none(), "nothing follows the end");
        match event {
            Ok(ModelEvent::Text(text)) => answered.text.push_str(&text),
            Ok(ModelEvent::Cite { passage, .. }) => answered.text.push_str(&format!("{{{passage}}}")),
            Ok(ModelEvent::Retract(_)) => {
                answered.text.clear();
                answered.retracts += 1;
            }
            Ok(ModelEvent::Finished(finish)) => answered.finish = Some(finish),
            Err(error) => answered.error = Some(error),
        }
    }
    assert!(answered.finish.is_some() != answered.error.is_some(), "one end: {answered:?}");
    answered
}
