//! What happens when a model fails: it is asked again while nothing was shown, then the next model down the ladder, then the
//! passages are quoted, and at last the visitor is told to try later. It knows no provider and no transport.

mod breaker;
mod retry;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::Error;
use crate::model::{ChatModel, Finish, FinishReason, ModelEvent, ModelKind, RetractReason};
use crate::prompt::Prompt;
use breaker::Breaker;
pub(crate) use breaker::BreakerLimits;
use retry::RetryBudget;
pub(crate) use retry::RetryLimits;

/// How failures are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderLimits {
    /// When a call is made again.
    pub retry: RetryLimits,
    /// When a model is left alone.
    pub breaker: BreakerLimits,
}

/// Models in the order in which they are asked.
#[derive(Debug)]
pub(crate) struct Ladder {
    steps: Vec<Step>,
    retries: RetryBudget,
}

#[derive(Debug)]
struct Step {
    model: Arc<dyn ChatModel>,
    breaker: Breaker,
}

/// One event of an answer on its way down the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LadderEvent {
    /// A model that costs money is asked: at most so many millionths of a US dollar.
    Committed(u64),
    /// What follows is of this step, counted from 0, and its model.
    Begins {
        /// The step's place.
        step: usize,
        /// How the model comes to its words.
        kind: ModelKind,
        /// The model's name.
        name: String,
    },
    /// An event of the model that was named last.
    Model(ModelEvent),
    /// No step wrote anything; this is the end.
    Nothing {
        /// What it cost nevertheless.
        cost_microdollars: u64,
    },
}

impl Ladder {
    /// Returns a ladder of these models, the best first.
    pub(crate) fn new(models: Vec<Arc<dyn ChatModel>>, limits: LadderLimits) -> Self {
        let step = |model| Step { model, breaker: Breaker::new(limits.breaker) };
        Self { steps: models.into_iter().map(step).collect(), retries: RetryBudget::new(limits.retry) }
    }

    /// Writes an answer that costs at most `budget` millionths of a US dollar, with whatever step can. The stream ends after a
    /// finish, [`LadderEvent::Nothing`], or an error that no other model would mend; dropping it stops the model.
    pub(crate) fn answer(
        self: &Arc<Self>,
        prompt: Prompt,
        budget: Option<u64>,
    ) -> BoxStream<'static, Result<LadderEvent, Error>> {
        let descent = Descent {
            ladder: Arc::clone(self),
            prompt,
            budget,
            step: 0,
            attempts: 0,
            events: None,
            ready: VecDeque::new(),
            is_shown: false,
            is_over: false,
            committed: 0,
            lost: 0,
        };
        stream::unfold(descent, |mut descent| async move { Some((descent.next().await?, descent)) }).boxed()
    }
}

struct Descent {
    ladder: Arc<Ladder>,
    prompt: Prompt,
    budget: Option<u64>,
    /// The step that is asked.
    step: usize,
    /// How often it was asked.
    attempts: u32,
    events: Option<BoxStream<'static, Result<ModelEvent, Error>>>,
    ready: VecDeque<LadderEvent>,
    /// Whether a reader has seen something that was not withdrawn.
    is_shown: bool,
    is_over: bool,
    /// What the call that is open may cost.
    committed: u64,
    /// What calls that failed may have cost.
    lost: u64,
}

impl Descent {
    async fn next(&mut self) -> Option<Result<LadderEvent, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.is_over {
                return None;
            }
            let Some(events) = &mut self.events else {
                self.ask();
                continue;
            };
            let failed = match events.next().await {
                Some(Ok(event)) => {
                    self.take(event);
                    continue;
                }
                Some(Err(error)) => error,
                None => Error::ModelCut("its events ended without a finish".to_owned()),
            };
            self.events = None;
            if let Err(error) = self.recover(failed).await {
                self.is_over = true;
                return Some(Err(error));
            }
        }
    }

    /// Asks the model of the step, or goes down where it cannot be asked.
    fn ask(&mut self) {
        let Some(step) = self.ladder.steps.get(self.step) else {
            self.is_over = true;
            self.ready.push_back(LadderEvent::Nothing { cost_microdollars: self.lost });
            return;
        };
        let most = step.model.most_microdollars(&self.prompt);
        let is_affordable =
            most == 0 || self.budget.is_none_or(|budget| self.lost.saturating_add(most) <= budget);
        if !step.model.can_answer(&self.prompt)
            || !is_affordable
            || (self.attempts == 0 && !step.breaker.lets_through())
        {
            self.descend();
            return;
        }
        if most > 0 {
            self.ready.push_back(LadderEvent::Committed(most));
        }
        if self.attempts == 0 {
            let (kind, name) = (step.model.kind(), step.model.name().to_owned());
            self.ready.push_back(LadderEvent::Begins { step: self.step, kind, name });
        }
        self.committed = most;
        self.attempts = self.attempts.saturating_add(1);
        self.events = Some(step.model.answer(self.prompt.clone()));
    }

    fn descend(&mut self) {
        self.step = self.step.saturating_add(1);
        self.attempts = 0;
    }

    fn take(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Text(ref text) if text.is_empty() => return,
            ModelEvent::Text(_) | ModelEvent::Cite { .. } => self.is_shown = true,
            ModelEvent::Retract(_) => self.is_shown = false,
            ModelEvent::Finished(finish) => return self.finish(finish),
        }
        self.ready.push_back(LadderEvent::Model(event));
    }

    fn finish(&mut self, finish: Finish) {
        self.is_over = true;
        self.events = None;
        if let Some(step) = self.ladder.steps.get(self.step) {
            step.breaker.succeeded();
            self.ladder.retries.succeeded();
            // The quoting model needs the question's own words; what it does not find, the one that failed might have.
            let is_sure = self.step == 0 || step.model.kind() == ModelKind::Language;
            if finish.reason == FinishReason::NoEvidence && !is_sure {
                self.ready.push_back(LadderEvent::Nothing { cost_microdollars: self.lost });
                return;
            }
        }
        let cost_microdollars = finish.cost_microdollars.saturating_add(self.lost);
        self.ready
            .push_back(LadderEvent::Model(ModelEvent::Finished(Finish { cost_microdollars, ..finish })));
    }

    /// Decides what follows a failure: the same model once more, the next one, or the error where none would help.
    async fn recover(&mut self, error: Error) -> Result<(), Error> {
        let fault = Fault::of(&error);
        if fault == Fault::Callers {
            return Err(error);
        }
        if fault == Fault::Blocked {
            self.finish(Finish::free(FinishReason::Blocked));
            return Ok(());
        }
        if fault == Fault::InAnswer {
            self.lost = self.lost.saturating_add(self.committed);
        }
        let Some(step) = self.ladder.steps.get(self.step) else { return Err(error) };
        let (model, code) = (step.model.name(), error.code().name());
        tracing::warn!(model, code, attempt = self.attempts, ?error, "the model failed");
        if step.breaker.failed() {
            tracing::error!(model, "the model fails again and again; it is left alone for a while");
        }
        if self.is_shown {
            // Another answer cannot go on where this one broke off.
            self.is_shown = false;
            self.ready.push_back(LadderEvent::Model(ModelEvent::Retract(RetractReason::Failed)));
            self.descend();
            return Ok(());
        }
        // A model that is left alone is tried by one call at a time, or those who fail would ask it the more.
        let may_help = fault != Fault::Settings && !matches!(error, Error::ModelTimedOut { .. });
        let pause =
            (may_help && !step.breaker.is_open()).then(|| self.ladder.retries.retry(self.attempts)).flatten();
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => self.descend(),
        }
        Ok(())
    }
}

/// Whose fault a failure is, which decides what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The request: no model can answer it.
    Callers,
    /// A filter refused it.
    Blocked,
    /// The model refuses every such request: asking again does not help, another model may.
    Settings,
    /// The model did not take the request; it costs nothing.
    BeforeAnswer,
    /// The model broke off or fell silent, and may charge for what it did.
    InAnswer,
}

impl Fault {
    fn of(error: &Error) -> Self {
        match error {
            Error::NoQuestion
            | Error::QuestionTooLong { .. }
            | Error::TooManyPassages { .. }
            | Error::PassageTooLarge { .. }
            | Error::HistoryTooLarge
            | Error::EarlierAnswer
            | Error::OutputLimit { .. }
            | Error::DeadlineExceeded => Self::Callers,
            Error::Blocked(_) => Self::Blocked,
            // A prompt that is too large for one model may be right for another.
            Error::PromptTooLarge { .. } | Error::ModelRefused(_) | Error::Settings(_) | Error::Listen(_) => {
                Self::Settings
            }
            Error::ModelUnavailable(_)
            | Error::ModelThrottled(_)
            | Error::GuardUnavailable(_)
            | Error::Internal(_) => Self::BeforeAnswer,
            Error::ModelCut(_) | Error::ModelTimedOut { .. } | Error::AnswerTooLarge { .. } => Self::InAnswer,
        }
    }
}

#[cfg(test)]
mod tests;
