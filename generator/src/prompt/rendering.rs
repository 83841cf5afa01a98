//! A prompt as a language model reads it: rules, history, numbered passages, question. Whose model it is, is not known
//! here.

mod budget;
mod escaping;
mod rewriting;

use super::tokens::{beginning, most_tokens};
use super::{Passage, Prompt, Task};
use crate::error::Error;
use crate::marks::without_marks;
use crate::settings::PromptSettings;
use escaping::{attribute, data};

const SYSTEM: &str = include_str!("../../prompts/system.md");
const PASSAGES: &str = include_str!("../../prompts/passages.md");
const QUESTION: &str = include_str!("../../prompts/question.md");
/// What a model writes where the passages hold no answer. It is written like a citation, so that the text which must be
/// held back to recognise it is the same.
pub(crate) const NO_ANSWER: &str = "NO_ANSWER";
/// The longest language tag that is passed on; longer ones are no tags.
const MAX_TAG_BYTES: usize = 35;
/// Of a title, or of all headings above a passage: enough to tell what it is about.
const MAX_ATTRIBUTE_CHARACTERS: usize = 300;

/// A prompt as a language model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The rules. They are the same for every question in one language.
    pub system: String,
    /// Visitor and assistant in turns; the visitor begins, and ends with passages and question.
    pub turns: Vec<Turn>,
    /// How many passages were kept, from the best one on; their numbers begin at 1.
    pub passages: usize,
    /// At most how many tokens all of it has.
    pub most_tokens: u32,
}

/// What one side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether the visitor speaks, rather than the assistant.
    pub is_visitor: bool,
    /// Never empty; each begins on a line of its own.
    pub parts: Vec<Part>,
}

/// A part of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our words, or words of an earlier turn.
    Text(String),
    /// A passage in its tags.
    Passage(String),
    /// The question and nothing else.
    Question(String),
}

impl Part {
    /// Returns the text, whatever it is.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Passage(text) | Self::Question(text) => text,
        }
    }
}

/// Writes a prompt out, within its limit of tokens. The lowest passages are left out first, then the oldest messages; the
/// question always stays, and so does the best passage, shortened if it must be.
///
/// # Errors
/// [`Error::PromptTooLarge`] when rules and question leave no room for a passage.
pub fn render(prompt: &Prompt, settings: &PromptSettings) -> Result<Rendered, Error> {
    match prompt.task {
        Task::Answer => answering(prompt, settings),
        Task::Rewrite => rewriting::render(prompt, settings),
    }
}

fn answering(prompt: &Prompt, settings: &PromptSettings) -> Result<Rendered, Error> {
    let system = system(prompt, settings);
    let question = data(prompt.question.trim());
    let history = turns(prompt);
    let texts: Vec<String> = prompt.passages.iter().map(|passage| data(passage.text.trim())).collect();
    let numbered = || (1..).zip(&prompt.passages).zip(&texts);
    let fixed = [&system, PASSAGES, QUESTION, &question];
    let sizes = budget::Sizes {
        fixed: fixed.iter().fold(0, |sum, text| budget::add(sum, most_tokens(text))),
        history: history.iter().map(|(_, text)| most_tokens(text)).collect(),
        passages: numbered()
            .map(|((number, passage), text)| most_tokens(&block(number, passage, text)))
            .collect(),
        tags: prompt.passages.first().map_or(0, |best| most_tokens(&block(1, best, ""))),
    };
    let kept = budget::keep(&sizes, settings.input_tokens)?;
    let blocks = numbered().take(kept.passages).map(|((number, passage), text)| {
        let text = kept.shortened_to.map_or(text.as_str(), |tokens| beginning(text, tokens));
        Part::Passage(block(number, passage, text))
    });
    let mut asked = vec![Part::Text(PASSAGES.trim().to_owned())];
    asked.extend(blocks);
    asked.push(Part::Text(QUESTION.trim().to_owned()));
    asked.push(Part::Question(question));
    let mut turns = said(history.into_iter().skip(kept.history_from));
    match turns.last_mut() {
        // A question that was never answered stands before this one in the same turn: sides must alternate.
        Some(last) if last.is_visitor => last.parts.append(&mut asked),
        _ => turns.push(Turn { is_visitor: true, parts: asked }),
    }
    Ok(Rendered { system, turns, passages: kept.passages, most_tokens: kept.tokens })
}

fn system(prompt: &Prompt, settings: &PromptSettings) -> String {
    let business = settings.business.as_deref().unwrap_or("this business");
    let is_tag = |tag: &str| {
        (2..=MAX_TAG_BYTES).contains(&tag.len())
            && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let language = match prompt.language.trim() {
        tag if is_tag(tag) => format!("the language with the tag `{tag}`"),
        _ => "the language of the question".to_owned(),
    };
    let marker = format!("[{NO_ANSWER}]");
    let values =
        [("business", business), ("tone", &settings.tone), ("language", &language), ("marker", &marker)];
    filled(SYSTEM.trim(), &values)
}

/// Puts values in the places that a template names. What a value holds is not looked at again.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        text.push_str(value.trim());
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Returns a passage in its tags. Nothing in it can end them or begin others; `text` holds no tag already.
fn block(number: usize, passage: &Passage, text: &str) -> String {
    let mut block = format!(
        "<passage number=\"{number}\" title=\"{}\"",
        attribute(&passage.title, MAX_ATTRIBUTE_CHARACTERS)
    );
    if !passage.heading_path.is_empty() {
        block.push_str(&format!(
            " heading=\"{}\"",
            attribute(&passage.heading_path.join(" / "), MAX_ATTRIBUTE_CHARACTERS)
        ));
    }
    if let Some(date) = passage.date() {
        block.push_str(&format!(" date=\"{date}\""));
    }
    block.push_str(">\n");
    block.push_str(text);
    block.push_str("\n</passage>");
    block
}

/// Returns what was said before: who, and what. Numbers of passages in an earlier answer meant other passages.
fn turns(prompt: &Prompt) -> Vec<(bool, String)> {
    let messages = prompt.history.iter().map(|message| match message.is_visitor {
        true => (true, data(message.text.trim())),
        false => (false, data(without_marks(&message.text).trim())),
    });
    messages.filter(|(_, text)| !text.is_empty()).collect()
}

/// Joins messages of one side that follow each other. The visitor begins.
fn said(messages: impl Iterator<Item = (bool, String)>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (is_visitor, text) in messages.skip_while(|(is_visitor, _)| !is_visitor) {
        match turns.last_mut() {
            Some(last) if last.is_visitor == is_visitor => last.parts.push(Part::Text(text)),
            _ => turns.push(Turn { is_visitor, parts: vec![Part::Text(text)] }),
        }
    }
    turns
}
