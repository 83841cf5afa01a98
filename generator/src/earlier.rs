//! Answers that were given before, as the step of the ladder between models that write and one that quotes. It keeps none: whoever
//! asks sends the answer along.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::Error;
use crate::model::{ChatModel, Finish, FinishReason, ModelEvent, ModelKind};
use crate::prompt::Prompt;

/// Bytes of an earlier answer's text, at most.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Citations of an earlier answer, at most.
pub const MAX_CITATIONS: usize = 100;

/// An answer as it was given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The text with its markers, such as `[1]`: at most 65,536 bytes.
    pub text: String,
    /// What the markers stand for; at most 100.
    pub citations: Vec<EarlierCitation>,
}

/// The source of a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierCitation {
    /// The number in the text.
    pub number: u32,
    /// Place of the passage in the prompt, counted from 0.
    pub passage: usize,
    /// The passage's words that carry the claim; may be empty.
    pub quote: String,
}

impl Earlier {
    /// Checks the limits, and that what is cited is among so many passages.
    ///
    /// # Errors
    /// [`Error::EarlierAnswer`].
    pub(crate) fn check(&self, passages: usize) -> Result<(), Error> {
        let are_there = self.citations.iter().all(|citation| citation.passage < passages);
        if self.text.len() > MAX_TEXT_BYTES || self.citations.len() > MAX_CITATIONS || !are_there {
            return Err(Error::EarlierAnswer);
        }
        Ok(())
    }

    /// Returns the answer as a model would have written it: each marker of a known citation becomes a citation.
    fn events(&self) -> Vec<ModelEvent> {
        let mut events = Vec::new();
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, from_bracket)) = rest.split_once('[') {
            let marker = from_bracket.split_once(']').and_then(|(inside, after)| {
                let number: u32 = inside.parse().ok()?;
                let cited = self.citations.iter().find(|citation| citation.number == number)?;
                Some((cited, after))
            });
            text.push_str(before);
            if let Some((cited, after)) = marker {
                // The marker is written with its space again.
                text.truncate(text.trim_end_matches(' ').len());
                take_text(&mut text, &mut events);
                events.push(ModelEvent::Cite { passage: cited.passage, quote: cited.quote.clone() });
                rest = after;
            } else {
                text.push('[');
                rest = from_bracket;
            }
        }
        text.push_str(rest);
        take_text(&mut text, &mut events);
        events.push(ModelEvent::Finished(Finish::free(FinishReason::Complete)));
        events
    }
}

fn take_text(text: &mut String, events: &mut Vec<ModelEvent>) {
    if !text.is_empty() {
        events.push(ModelEvent::Text(std::mem::take(text)));
    }
}

/// Gives the answer again that comes with a prompt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EarlierAnswers;

impl ChatModel for EarlierAnswers {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Earlier
    }

    fn can_answer(&self, prompt: &Prompt) -> bool {
        prompt.earlier.is_some()
    }

    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let events = match &prompt.earlier {
            Some(earlier) => earlier.events().into_iter().map(Ok).collect(),
            None => vec![Err(Error::ModelUnavailable("there is no earlier answer".to_owned()))],
        };
        stream::iter(events).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::{Earlier, EarlierCitation, Error, ModelEvent};

    fn earlier(text: &str, numbers: &[u32]) -> Earlier {
        let cited = |(passage, number): (usize, &u32)| EarlierCitation {
            number: *number,
            passage,
            quote: String::new(),
        };
        Earlier { text: text.to_owned(), citations: numbers.iter().enumerate().map(cited).collect() }
    }

    fn written(earlier: &Earlier) -> String {
        let shown = |event| match event {
            ModelEvent::Text(text) => text,
            ModelEvent::Cite { passage, .. } => format!("<{passage}>"),
            other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
        };
        earlier.events().into_iter().map(shown).collect()
    }

    #[test]
    fn markers_become_citations_and_other_brackets_stay() {
        for (text, numbers, expected) in [
            ("Open at 9 [1]. Closed [2][1].", &[1, 2][..], "Open at 9<0>. Closed<1><0>.Finished"),
            ("a [x] [3] [", &[1], "a [x] [3] [Finished"),
            ("[1]", &[1], "<0>Finished"),
            ("[[1]]", &[1], "[<0>]Finished"),
            ("", &[], "Finished"),
        ] {
            assert_eq!(written(&earlier(text, numbers)), expected);
        }
    }

    #[test]
    fn what_is_too_large_or_cites_nothing_is_refused() {
        assert!(earlier("a [1]", &[1]).check(1).is_ok());
        for wrong in [earlier("a [1]", &[1, 2]), earlier(&"x".repeat(65_537), &[])] {
            assert!(matches!(wrong.check(1), Err(Error::EarlierAnswer)));
        }
    }
}
