//! A question that stands alone, made by a language model from one that leans on the messages before it. It costs one
//! short call; where no model can be asked, there is none, and the caller keeps what it has.

use futures_util::StreamExt;

use crate::answer::Answerer;
use crate::guard::{Checked, Direction};
use crate::ladder::LadderEvent;
use crate::model::{FinishReason, ModelEvent, ModelKind};
use crate::prompt::{Prompt, Task};

/// Of the question that is made; more than a long question takes.
const MOST_TOKENS: u32 = 160;
/// Of the question that is made.
const MOST_CHARACTERS: usize = 600;

/// What became of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// The question that stands alone; nothing where none could be made.
    pub question: Option<String>,
    /// What it cost, or may have cost, in millionths of a US dollar.
    pub cost_microdollars: u64,
}

impl Answerer {
    /// Makes a question that stands alone, for at most `budget` millionths of a US dollar. Only language models are asked.
    pub async fn rewrite(&self, prompt: Prompt, budget: u64) -> Rewritten {
        let mut rewritten = Rewritten::default();
        let prompt = Prompt {
            task: Task::Rewrite,
            earlier: None,
            passages: Vec::new(),
            max_output_tokens: prompt.max_output_tokens.min(MOST_TOKENS),
            ..prompt
        };
        // The free rules only: the question itself is examined before it is answered.
        let examined = self.examined_freely(prompt);
        let Some(prompt) = examined else { return rewritten };
        let mut events = self.ladder().answer(prompt, Some(budget));
        let mut text = String::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(LadderEvent::Committed(cost)) => {
                    rewritten.cost_microdollars = rewritten.cost_microdollars.saturating_add(cost);
                }
                Ok(LadderEvent::Begins { kind: ModelKind::Language, .. }) => text.clear(),
                Ok(LadderEvent::Model(ModelEvent::Text(more))) if text.len() <= 4 * MOST_CHARACTERS => {
                    text.push_str(&more);
                }
                Ok(LadderEvent::Model(ModelEvent::Retract(_))) => text.clear(),
                Ok(LadderEvent::Model(ModelEvent::Finished(finish))) => {
                    rewritten.cost_microdollars = finish.cost_microdollars;
                    rewritten.question =
                        (finish.reason == FinishReason::Complete).then(|| self.question_in(&text)).flatten();
                    break;
                }
                Ok(LadderEvent::Model(_)) => {}
                // Quotations make no questions.
                Ok(
                    LadderEvent::Begins { kind: ModelKind::Earlier | ModelKind::Extractive, .. }
                    | LadderEvent::Nothing { .. },
                )
                | Err(_) => break,
            }
        }
        rewritten
    }

    /// Returns the question that a model wrote, when it is one line of a fair length that the guard lets pass.
    fn question_in(&self, text: &str) -> Option<String> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines.next()?.trim_matches('"').trim();
        if lines.next().is_some() || line.is_empty() || line.chars().count() > MOST_CHARACTERS {
            return None;
        }
        match self.guard().examine_freely(Direction::Input, line).ok()?.checked {
            Checked::Clean => Some(line.to_owned()),
            Checked::Redacted(question) => Some(question),
            Checked::Blocked { .. } => None,
        }
    }
}
