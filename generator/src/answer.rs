//! One answer, whatever the model: citations numbered in order of first use, and the refusal where there is no
//! evidence. It knows no transport.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::Error;
use crate::model::{ChatModel, Finish, FinishReason, ModelEvent, ModelKind};
use crate::prompt::Prompt;
use crate::refusal::Refusal;

/// One event of an answer as callers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerEvent {
    /// More text; never empty.
    Text(String),
    /// The source of the marker `[number]`, before the marker is written.
    Citation {
        /// Counted from 1 in order of first use.
        number: u32,
        /// Place of the passage in the prompt, counted from 0.
        passage: usize,
        /// The passage's words that carry the claim.
        quote: String,
    },
    /// The answer is finished.
    Finished {
        /// How it ended and what it took.
        finish: Finish,
        /// How the text came about; nothing for a fixed text.
        model: Option<(ModelKind, String)>,
    },
}

/// Answers prompts with one model.
#[derive(Clone, Debug)]
pub struct Answerer {
    model: Arc<dyn ChatModel>,
    refusal: Refusal,
}

impl Answerer {
    pub(crate) fn new(model: Arc<dyn ChatModel>, refusal: Refusal) -> Self {
        Self { model, refusal }
    }

    /// Writes an answer. The stream ends after [`AnswerEvent::Finished`] or an error; dropping it stops the model.
    /// Without passages no model is called.
    pub fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<AnswerEvent, Error>> {
        let refusal = self.refusal.text(&prompt);
        if prompt.passages.is_empty() {
            return stream::iter(refuse(refusal, Finish::free(FinishReason::NoEvidence))).map(Ok).boxed();
        }
        let writing = Writing {
            passages: prompt.passages.len(),
            events: self.model.answer(prompt),
            model: (self.model.kind(), self.model.name().to_owned()),
            refusal,
            cited: Vec::new(),
            ready: VecDeque::new(),
            is_finished: false,
        };
        stream::unfold(writing, |mut writing| async move { Some((writing.next().await?, writing)) }).boxed()
    }
}

fn refuse(text: String, finish: Finish) -> [AnswerEvent; 2] {
    [AnswerEvent::Text(text), AnswerEvent::Finished { finish, model: None }]
}

struct Writing {
    events: BoxStream<'static, Result<ModelEvent, Error>>,
    model: (ModelKind, String),
    refusal: String,
    passages: usize,
    /// Passages in order of their numbers.
    cited: Vec<usize>,
    ready: VecDeque<AnswerEvent>,
    is_finished: bool,
}

impl Writing {
    async fn next(&mut self) -> Option<Result<AnswerEvent, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.is_finished {
                return None;
            }
            match self.events.next().await {
                Some(Ok(event)) => self.take(event),
                Some(Err(error)) => return Some(Err(self.fail(error))),
                // A model that ends without saying so was cut: its answer must not pass for a whole one.
                None => {
                    return Some(Err(self.fail(Error::ModelUnavailable("its answer was cut".to_owned()))));
                }
            }
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.is_finished = true;
        error
    }

    fn take(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Text(text) if text.is_empty() => {}
            ModelEvent::Text(text) => self.ready.push_back(AnswerEvent::Text(text)),
            ModelEvent::Cite { passage, quote } => self.cite(passage, quote),
            ModelEvent::Finished(finish) if finish.reason == FinishReason::NoEvidence => {
                self.is_finished = true;
                self.ready.extend(refuse(std::mem::take(&mut self.refusal), finish));
            }
            ModelEvent::Finished(finish) => {
                self.is_finished = true;
                self.ready.push_back(AnswerEvent::Finished { finish, model: Some(self.model.clone()) });
            }
        }
    }

    /// A model may name a passage that does not exist: that citation is left out rather than invented.
    fn cite(&mut self, passage: usize, quote: String) {
        if passage >= self.passages {
            tracing::warn!(
                passage,
                passages = self.passages,
                "the model cited a passage that it was not given"
            );
            return;
        }
        let known = self.cited.iter().position(|cited| *cited == passage);
        let place = known.unwrap_or(self.cited.len());
        let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
        if known.is_none() {
            self.cited.push(passage);
            self.ready.push_back(AnswerEvent::Citation { number, passage, quote });
        }
        self.ready.push_back(AnswerEvent::Text(format!(" [{number}]")));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AnswerEvent, Answerer, Arc, ChatModel, Error, Finish, FinishReason, ModelEvent, ModelKind, Prompt,
        Refusal,
    };
    use crate::prompt::Passage;
    use futures_util::stream::{self, BoxStream};
    use futures_util::{FutureExt, StreamExt};

    #[derive(Debug)]
    struct Scripted(Vec<ModelEvent>);

    impl ChatModel for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }

        fn kind(&self) -> ModelKind {
            ModelKind::Language
        }

        fn answer(&self, _: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
            stream::iter(self.0.clone()).map(Ok).boxed()
        }
    }

    fn events(script: Vec<ModelEvent>, passages: usize) -> Vec<Result<AnswerEvent, Error>> {
        let refusal = Refusal::new(&crate::settings::AnswerSettings::read(
            &mut lifecycle::Reader::from_pairs([("", ""); 0]),
        ));
        let prompt = Prompt {
            question: "Where are you?".to_owned(),
            passages: vec![Passage::default(); passages],
            history: Vec::new(),
            language: String::new(),
            max_output_tokens: 100,
        };
        let answer = Answerer::new(Arc::new(Scripted(script)), refusal).answer(prompt);
        answer.collect().now_or_never().expect("nothing to wait for")
    }

    fn cite(passage: usize) -> ModelEvent {
        ModelEvent::Cite { passage, quote: String::new() }
    }

    #[test]
    fn citations_are_numbered_by_first_use_and_sent_once() {
        let done = ModelEvent::Finished(Finish::free(FinishReason::Complete));
        let script = vec![cite(2), cite(0), cite(2), cite(9), done];
        let numbers: Vec<(u32, usize)> = events(script.clone(), 3)
            .into_iter()
            .filter_map(|event| match event {
                Ok(AnswerEvent::Citation { number, passage, .. }) => Some((number, passage)),
                _ => None,
            })
            .collect();
        assert_eq!(numbers, [(1, 2), (2, 0)]);
        let text: String = events(script, 3)
            .into_iter()
            .filter_map(|event| match event {
                Ok(AnswerEvent::Text(text)) => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(text, " [1] [2] [1]");
    }

    #[test]
    fn no_passages_and_no_evidence_both_refuse_without_a_model() {
        let unsure = ModelEvent::Finished(Finish::free(FinishReason::NoEvidence));
        for events in [events(vec![], 0), events(vec![unsure], 1)] {
            let [Ok(AnswerEvent::Text(text)), Ok(AnswerEvent::Finished { finish, model: None })] =
                events.as_slice()
            else {
                unreachable!("{events:?}")
            };
            assert_eq!(text, "I could not find that in our documents.");
            assert_eq!(finish.reason, FinishReason::NoEvidence);
        }
    }

    #[test]
    fn a_cut_answer_is_an_error_and_not_an_end() {
        let events = events(vec![ModelEvent::Text("We are".to_owned())], 1);
        assert!(matches!(events.last(), Some(Err(Error::ModelUnavailable(_)))), "{events:?}");
    }
}
