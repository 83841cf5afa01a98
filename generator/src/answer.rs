//! One answer, whatever the model: what the guard makes of question and text, citations numbered in order of first use, the
//! refusal where there is no evidence, and what is said where models failed. It knows no transport.

mod examination;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::Error;
use crate::follow_ups::follow_ups;
use crate::gate::{Gate, GateEvent, GateMode, Unsupported};
use crate::guard::{AnswerGuard, Direction, Guard, Intervention};
use crate::ladder::{Ladder, LadderEvent};
use crate::model::{Finish, FinishReason, ModelEvent, ModelKind, RetractReason};
use crate::prices::Prices;
use crate::prompt::Prompt;
use crate::refusal::{FixedTexts, Refusal};
use crate::settings::AnswerSettings;
use examination::Examined;

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
    /// All text and citations so far are withdrawn; numbers begin at 1 again.
    Retract {
        /// One sentence for the reader that says why.
        reason: String,
    },
    /// The answer is finished.
    Finished {
        /// How it ended and what it took.
        finish: Finish,
        /// Who wrote the text; nothing for a fixed text.
        author: Option<Author>,
        /// Further questions that the documents answer.
        follow_ups: Vec<String>,
    },
    /// Something that a reader should know beside the text.
    Notice {
        /// For programs, such as `degraded`.
        kind: &'static str,
        /// One sentence for the reader.
        text: &'static str,
    },
    /// A sentence is not borne out by the passages that it cites.
    Unsupported(Unsupported),
    /// A model is asked that may cost so much, in millionths of a US dollar.
    Committed(u64),
}

/// The model that wrote an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Its name.
    pub name: String,
    /// How it comes to its words.
    pub kind: ModelKind,
    /// Whether it wrote because another one failed.
    pub is_fallback: bool,
}

/// Answers prompts with the models of a ladder.
#[derive(Clone, Debug)]
pub struct Answerer {
    ladder: Arc<Ladder>,
    guard: Guard,
    prices: Arc<Prices>,
    gate: GateMode,
    refusal: Refusal,
}

impl Answerer {
    pub(crate) fn new(
        ladder: Arc<Ladder>,
        guard: Guard,
        prices: Arc<Prices>,
        answers: &AnswerSettings,
    ) -> Self {
        Self { ladder, guard, prices, gate: answers.gate, refusal: Refusal::new(answers) }
    }

    /// Writes an answer that costs at most `budget` millionths of a US dollar. The stream ends after
    /// [`AnswerEvent::Finished`] or an error; dropping it stops the model. Without passages no model is called.
    pub fn answer(
        &self,
        prompt: Prompt,
        budget: Option<u64>,
    ) -> BoxStream<'static, Result<AnswerEvent, Error>> {
        let fixed = self.refusal.texts(&prompt);
        if prompt.passages.is_empty() {
            let refused = say(fixed.refusal, Finish::free(FinishReason::NoEvidence));
            return stream::iter(refused).map(Ok).boxed();
        }
        let own = self.clone();
        stream::once(async move { own.examined(prompt, budget, fixed).await }).flatten().boxed()
    }

    /// Writes an answer to a question that the guard lets pass, and says so where it does not.
    async fn examined(
        &self,
        prompt: Prompt,
        budget: Option<u64>,
        mut fixed: FixedTexts,
    ) -> BoxStream<'static, Result<AnswerEvent, Error>> {
        let Examined { prompt, budget, took } = self.examine(prompt, budget).await;
        let committed =
            (took.cost_microdollars > 0).then_some(AnswerEvent::Committed(took.cost_microdollars));
        let prompt = match prompt {
            Ok(prompt) => prompt,
            Err(reason) => {
                let blocked = self.guard.message(Direction::Input).map(str::to_owned);
                let text = match reason {
                    FinishReason::Blocked => blocked.unwrap_or(fixed.blocked),
                    _ => fixed.later,
                };
                let said = say(text, Finish { reason, ..took });
                return stream::iter(committed.into_iter().chain(said)).map(Ok).boxed();
            }
        };
        if let Some(blocked) = self.guard.message(Direction::Output) {
            blocked.clone_into(&mut fixed.blocked);
        }
        let writing = Writing {
            events: self.ladder.answer(prompt.clone(), budget),
            prompt,
            author: None,
            gate: None,
            gate_mode: self.gate,
            fixed,
            filter: self.guard.answer(),
            guard: self.guard.clone(),
            took,
            committed: 0,
            is_shown: false,
            cited: Vec::new(),
            ready: committed.into_iter().collect(),
            is_finished: false,
        };
        stream::unfold(writing, |mut writing| async move { Some((writing.next().await?, writing)) }).boxed()
    }
}

impl Answerer {
    pub(crate) fn ladder(&self) -> &Arc<Ladder> {
        &self.ladder
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }
}

fn say(text: String, finish: Finish) -> [AnswerEvent; 2] {
    [AnswerEvent::Text(text), AnswerEvent::Finished { finish, author: None, follow_ups: Vec::new() }]
}

struct Writing {
    events: BoxStream<'static, Result<LadderEvent, Error>>,
    /// The model that is asked.
    author: Option<Author>,
    fixed: FixedTexts,
    guard: Guard,
    /// Reads the text in the making.
    filter: AnswerGuard,
    /// What the examination of the question took.
    took: Finish,
    /// What the models that were asked may have cost.
    committed: u64,
    /// Holds what a language model writes against its passages.
    gate: Option<Gate>,
    gate_mode: GateMode,
    prompt: Prompt,
    /// Whether a reader has seen text that was not withdrawn.
    is_shown: bool,
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
                None => return Some(Err(self.fail(Error::Internal("an answer without an end".to_owned())))),
            }
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.is_finished = true;
        error
    }

    fn take(&mut self, event: LadderEvent) {
        match event {
            LadderEvent::Committed(cost) => {
                self.committed = self.committed.saturating_add(cost);
                self.ready.push_back(AnswerEvent::Committed(cost));
            }
            LadderEvent::Begins { step, kind, name } => {
                self.begin(Author { name, kind, is_fallback: step > 0 });
            }
            LadderEvent::Model(event) => self.write(event),
            LadderEvent::Nothing { cost_microdollars } => {
                self.is_finished = true;
                let finish = Finish { cost_microdollars, ..Finish::free(FinishReason::Complete) };
                let finish = finish.beside(&self.took);
                self.ready.extend(say(std::mem::take(&mut self.fixed.later), finish));
            }
        }
    }

    /// Tells of every step down, since what follows may be less than what the reader is used to.
    fn begin(&mut self, author: Author) {
        if author.is_fallback {
            let text = match author.kind {
                ModelKind::Language => self.fixed.smaller,
                ModelKind::Earlier => self.fixed.earlier,
                ModelKind::Extractive => self.fixed.quoted,
            };
            self.ready.push_back(AnswerEvent::Notice { kind: "degraded", text });
        }
        self.gate = (author.kind == ModelKind::Language).then(|| Gate::new(&self.prompt, self.gate_mode));
        self.author = Some(author);
    }

    fn write(&mut self, event: ModelEvent) {
        let passed = match event {
            ModelEvent::Text(text) => self.pass(|filter, out| filter.push(&text, out)),
            ModelEvent::Cite { passage, quote } => {
                // What is held back belongs before the mark.
                let passed = self.pass(AnswerGuard::finish);
                passed.map(|()| match &mut self.gate {
                    Some(gate) => {
                        let mut let_out = Vec::new();
                        gate.cite(passage, quote, &mut |event| let_out.push(event));
                        self.let_out(let_out);
                    }
                    None => self.cite(passage, quote),
                })
            }
            ModelEvent::Retract(reason) => {
                self.retract(reason);
                Ok(())
            }
            ModelEvent::Finished(finish) => self.pass(AnswerGuard::finish).map(|()| self.conclude(finish)),
        };
        if let Err(intervention) = passed {
            self.stop(intervention);
        }
    }

    /// Shows what the guard lets pass.
    fn pass(
        &mut self,
        step: impl FnOnce(&mut AnswerGuard, &mut String) -> Result<(), Intervention>,
    ) -> Result<(), Intervention> {
        let mut text = String::new();
        step(&mut self.filter, &mut text)?;
        match &mut self.gate {
            _ if text.is_empty() => {}
            Some(gate) => {
                let mut let_out = Vec::new();
                gate.text(text, &mut |event| let_out.push(event));
                self.let_out(let_out);
            }
            None => self.show(text),
        }
        Ok(())
    }

    fn let_out(&mut self, events: Vec<GateEvent>) {
        for event in events {
            match event {
                GateEvent::Text(text) => self.show(text),
                GateEvent::Cite { passage, quote } => self.cite(passage, quote),
                GateEvent::Unsupported(unsupported) => {
                    self.ready.push_back(AnswerEvent::Unsupported(unsupported));
                }
                GateEvent::Withheld { .. } => {
                    let text = self.fixed.withheld;
                    self.ready.push_back(AnswerEvent::Notice { kind: "withheld", text });
                }
            }
        }
    }

    fn show(&mut self, text: String) {
        self.is_shown = true;
        self.ready.push_back(AnswerEvent::Text(text));
    }

    /// Ends an answer with the verdict on its last sentence. One of which nothing is left has no evidence.
    fn conclude(&mut self, mut finish: Finish) {
        if let Some(mut gate) = self.gate.take() {
            let mut let_out = Vec::new();
            gate.finish(&mut |event| let_out.push(event));
            self.let_out(let_out);
            if matches!(finish.reason, FinishReason::Complete | FinishReason::Length) && !self.is_shown {
                finish.reason = FinishReason::NoEvidence;
            }
        }
        self.finish(finish);
    }

    /// Ends an answer that must not be shown. Nobody waits for what the model has used.
    fn stop(&mut self, intervention: Intervention) {
        tracing::info!(policy = intervention.policy.label(), "the guard stopped an answer");
        self.events = stream::empty().boxed();
        self.finish(Finish { cost_microdollars: self.committed, ..Finish::free(FinishReason::Blocked) });
    }

    fn retract(&mut self, reason: RetractReason) {
        self.cited.clear();
        self.filter = self.guard.answer();
        if let Some(gate) = &mut self.gate {
            gate.retract();
        }
        if std::mem::take(&mut self.is_shown) {
            let reason = match reason {
                RetractReason::Blocked => self.fixed.withdrawn.clone(),
                RetractReason::NoEvidence => self.fixed.refusal.clone(),
                RetractReason::Failed => self.fixed.broken.to_owned(),
            };
            self.ready.push_back(AnswerEvent::Retract { reason });
        }
    }

    fn finish(&mut self, finish: Finish) {
        self.is_finished = true;
        let finish = finish.beside(&self.took);
        match finish.reason {
            FinishReason::NoEvidence => {
                self.ready.extend(say(std::mem::take(&mut self.fixed.refusal), finish));
            }
            FinishReason::Blocked => {
                // Whatever the model forgot to withdraw must not stand beside the fixed text.
                self.retract(RetractReason::Blocked);
                self.ready.extend(say(std::mem::take(&mut self.fixed.blocked), finish));
            }
            FinishReason::Complete | FinishReason::Length => {
                let follow_ups = follow_ups(&self.prompt, &self.cited);
                let author = self.author.take();
                self.ready.push_back(AnswerEvent::Finished { finish, author, follow_ups });
            }
        }
    }

    /// A model may name a passage that does not exist: that citation is left out rather than invented.
    fn cite(&mut self, passage: usize, quote: String) {
        let passages = self.prompt.passages.len();
        if passage >= passages {
            tracing::warn!(passage, passages, "the model cited a passage that it was not given");
            return;
        }
        let known = self.cited.iter().position(|cited| *cited == passage);
        let place = known.unwrap_or(self.cited.len());
        let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
        if known.is_none() {
            self.cited.push(passage);
            self.ready.push_back(AnswerEvent::Citation { number, passage, quote });
        }
        self.is_shown = true;
        self.ready.push_back(AnswerEvent::Text(format!(" [{number}]")));
    }
}

#[cfg(test)]
mod tests;
