//! What a model reads to make a question that stands alone: the last messages, then the question.

use super::super::tokens::{beginning, most_tokens};
use super::escaping::data;
use super::{Part, Rendered, Turn, budget, turns};
use crate::error::Error;
use crate::prompt::Prompt;
use crate::settings::PromptSettings;

const SYSTEM: &str = include_str!("../../../prompts/rewriting.md");
const CONVERSATION: &str = "The conversation so far:";
const LAST: &str = "The last message:";
/// Earlier messages that are read, the latest; what a question points at is seldom further away.
const MOST_MESSAGES: usize = 6;
/// Of one of them, at most.
const MESSAGE_TOKENS: u32 = 300;

/// Writes the request out within the limit of tokens; the oldest messages are left out first.
///
/// # Errors
/// [`Error::PromptTooLarge`] when the question alone is too long.
pub(super) fn render(prompt: &Prompt, settings: &PromptSettings) -> Result<Rendered, Error> {
    let system = SYSTEM.trim().to_owned();
    let question = data(prompt.question.trim());
    let fixed = [system.as_str(), CONVERSATION, LAST, question.as_str()];
    let mut tokens = fixed.iter().fold(0, |sum, text| budget::add(sum, most_tokens(text)));
    let limit = settings.input_tokens;
    if tokens > limit {
        return Err(Error::PromptTooLarge { tokens, limit });
    }
    let mut lines = Vec::new();
    for (is_visitor, text) in turns(prompt).iter().rev().take(MOST_MESSAGES) {
        let side = if *is_visitor { "Visitor" } else { "Assistant" };
        let words = beginning(text, MESSAGE_TOKENS).split_whitespace();
        let line = words.fold(format!("{side}:"), |line, word| line + " " + word);
        tokens = budget::add(tokens, most_tokens(&line));
        if tokens > limit {
            break;
        }
        lines.push(line);
    }
    lines.push(CONVERSATION.to_owned());
    lines.reverse();
    let parts = vec![Part::Text(lines.join("\n")), Part::Text(LAST.to_owned()), Part::Question(question)];
    let turns = vec![Turn { is_visitor: true, parts }];
    Ok(Rendered { system, turns, passages: 0, most_tokens: tokens.min(limit) })
}
