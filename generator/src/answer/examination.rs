//! What the guard makes of a question before any model sees it.

use super::Answerer;
use crate::guard::{Checked, Direction};
use crate::model::{Finish, FinishReason};
use crate::prompt::{Message, Prompt};

/// A question that was examined.
#[derive(Debug)]
pub(super) struct Examined {
    /// What models may see, or how the answer ends at once: blocked, or with the word to try later.
    pub(super) prompt: Result<Prompt, FinishReason>,
    /// What is left for models.
    pub(super) budget: Option<u64>,
    /// What the examination took; its reason means nothing.
    pub(super) took: Finish,
}

impl Answerer {
    /// Has the guard read the question and the messages before it. Where the budget does not reach for a guardrail that
    /// charges, the free one reads alone and no model that charges is asked.
    pub(super) async fn examine(&self, mut prompt: Prompt, budget: Option<u64>) -> Examined {
        let free = Finish::free(FinishReason::Complete);
        let most = self.prices.guardrail_microdollars(self.guard.most_units(&prompt.question));
        let is_affordable = budget.is_none_or(|budget| most <= budget);
        let verdict = if is_affordable {
            self.guard.examine_question(&prompt.question).await
        } else {
            self.guard.examine_freely(Direction::Input, &prompt.question)
        };
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(error) => {
                tracing::warn!(code = error.code().name(), ?error, "the question could not be examined");
                // The service may charge for what it did not tell.
                let took = Finish { cost_microdollars: if is_affordable { most } else { 0 }, ..free };
                return Examined { prompt: Err(FinishReason::Complete), budget, took };
            }
        };
        let cost_microdollars = self.prices.guardrail_microdollars(verdict.units);
        let took = Finish { guardrail_units: verdict.units.total(), cost_microdollars, ..free };
        let budget = if is_affordable { budget } else { Some(0) };
        let budget = budget.map(|budget| budget.saturating_sub(cost_microdollars));
        match verdict.checked {
            Checked::Clean => {}
            Checked::Redacted(question) => prompt.question = question,
            Checked::Blocked { policy } => {
                tracing::info!(policy = policy.label(), "the guard stopped a question");
                return Examined { prompt: Err(FinishReason::Blocked), budget, took };
            }
        }
        prompt.history.retain_mut(|message| self.may_stay(message));
        Examined { prompt: Ok(prompt), budget, took }
    }

    /// The same by the free rules alone; nothing where the question may not reach a model.
    pub(crate) fn examined_freely(&self, mut prompt: Prompt) -> Option<Prompt> {
        match self.guard.examine_freely(Direction::Input, &prompt.question).ok()?.checked {
            Checked::Clean => {}
            Checked::Redacted(question) => prompt.question = question,
            Checked::Blocked { .. } => return None,
        }
        prompt.history.retain_mut(|message| self.may_stay(message));
        Some(prompt)
    }

    /// Earlier messages come from the client, which may have made up both sides of them.
    fn may_stay(&self, message: &mut Message) -> bool {
        match self.guard.examine_freely(Direction::Input, &message.text).map(|verdict| verdict.checked) {
            Ok(Checked::Clean) => true,
            Ok(Checked::Redacted(text)) => {
                message.text = text;
                true
            }
            Ok(Checked::Blocked { .. }) | Err(_) => false,
        }
    }
}
