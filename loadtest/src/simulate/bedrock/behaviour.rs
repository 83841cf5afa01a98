//! What a model says to a prompt. None of them understands anything: each is one way in which a model can meet a prompt.

mod copying;
mod obeying;
mod passage;

use super::request::{Block, Conversation};
use super::scenario::{Behaviour, Model};
use super::tokens;

const ENDLESS: &str = "And there is always more to say about it, so the answer goes on. ";

/// Why a model ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    EndTurn,
    MaxTokens,
    Sequence,
}

/// Returns what a model says within the limits that the request sets, and why it ended.
pub(super) fn say(model: &Model, conversation: &Conversation) -> (String, Stop) {
    let mut text = match model.behaviour {
        Behaviour::Copying => copying::copy(model, conversation),
        Behaviour::Obeying => {
            obeying::obey(conversation).unwrap_or_else(|| copying::copy(model, conversation))
        }
        Behaviour::Refusing => model.refusal.clone(),
        Behaviour::Fixed => model.text.clone(),
        // It has more tokens than there may be.
        Behaviour::Endless => {
            ENDLESS.repeat(conversation.most_tokens.div_ceil(tokens::count(ENDLESS.trim_end())) + 1)
        }
    };
    let ends = conversation.stop_sequences.iter().filter_map(|stop| text.find(stop.as_str()));
    let stopped = ends.min();
    text.truncate(stopped.unwrap_or(text.len()));
    let pieces = tokens::tokens(&text);
    if let Some(kept) = pieces.get(..conversation.most_tokens).filter(|kept| kept.len() < pieces.len()) {
        return (kept.concat(), Stop::MaxTokens);
    }
    (text, if stopped.is_some() { Stop::Sequence } else { Stop::EndTurn })
}

/// Returns what the user asks: what is marked as the question, or all of the last message that is no passage.
fn question(conversation: &Conversation) -> String {
    let Some(last) = conversation.messages.iter().rev().find(|message| message.is_user) else {
        return String::new();
    };
    let is_asked = |block: &&Block| !block.is_source;
    let marked: Vec<&str> =
        last.content.iter().filter(|block| block.is_query).map(|block| block.text.as_str()).collect();
    if !marked.is_empty() {
        return marked.join("\n");
    }
    let outside: Vec<String> =
        last.content.iter().filter(is_asked).map(|block| passage::outside(&block.text)).collect();
    let outside = outside.join("\n");
    match passage::between(&outside, "<question>", "</question>") {
        Some(question) => question.to_owned(),
        None => outside,
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Block, Conversation, Model, Stop, question, say};
    use crate::simulate::bedrock::request::Message;

    pub(super) fn conversation(system: &str, messages: &[&str]) -> Conversation {
        let block = |text: &&str| Block { text: (*text).to_owned(), ..Block::default() };
        let message =
            |(place, text): (usize, &&str)| Message { is_user: place % 2 == 0, content: vec![block(text)] };
        Conversation {
            system: vec![block(&system)],
            messages: messages.iter().enumerate().map(message).collect(),
            most_tokens: 1_000,
            ..Conversation::default()
        }
    }

    #[test]
    fn a_limit_or_a_stop_sequence_ends_an_answer() {
        let mut asked = conversation("", &["Hi"]);
        let fixed = Model {
            behaviour: Behaviour::Fixed,
            text: "One two. Three four.".to_owned(),
            ..Model::default()
        };
        assert_eq!(say(&fixed, &asked), (fixed.text.clone(), Stop::EndTurn));
        asked.stop_sequences = vec!["Five".to_owned(), " Three".to_owned()];
        assert_eq!(say(&fixed, &asked), ("One two.".to_owned(), Stop::Sequence));
        asked.most_tokens = 2;
        assert_eq!(say(&fixed, &asked), ("One two".to_owned(), Stop::MaxTokens));
        let endless = Model { behaviour: Behaviour::Endless, ..Model::default() };
        asked.most_tokens = 500;
        let (text, stop) = say(&endless, &asked);
        assert_eq!((crate::simulate::bedrock::tokens::count(&text), stop), (500, Stop::MaxTokens));
    }

    #[test]
    fn the_question_is_what_is_marked_so_or_stands_outside_of_passages() {
        let passage = "<passage number=\"1\">When it rains we close.</passage>";
        let asked =
            |text: &str| question(&conversation("Be brief.", &["Earlier?", "Yes.", text])).trim().to_owned();
        assert_eq!(asked(&format!("{passage}\nWhen do you close?")), "When do you close?");
        assert_eq!(asked(&format!("{passage} Answer: <question>Where?</question> Briefly.")), "Where?");
        let mut marked = conversation("", &["Answer briefly."]);
        marked.messages[0].content.push(Block {
            text: "Who?".to_owned(),
            is_query: true,
            ..Block::default()
        });
        assert_eq!(question(&marked), "Who?");
    }
}
