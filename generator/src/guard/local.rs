//! The guardrail that costs nothing: the rules of a file, followed in this process.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};

use super::attacks::Attacks;
use super::config::{Action, FilterKind, GuardrailConfig};
use super::redaction::Redaction;
use super::stream::{AnswerGuard, Rules};
use super::topics::Topics;
use super::words::Words;
use super::{Checked, Direction, Guardrail, Policy, Verdict};
use crate::error::Error;
use crate::prices::GuardrailUnits;

/// Follows rules in this process.
#[derive(Debug)]
pub struct LocalGuardrail {
    input: Arc<Rules>,
    pub(super) output: Arc<Rules>,
    attacks: Option<Attacks>,
    messages: (String, String),
    max_text_bytes: usize,
}

impl LocalGuardrail {
    /// Compiles rules. What only Bedrock can do is said in one line of the log.
    ///
    /// # Errors
    /// [`Error::Settings`] when a rule cannot be compiled.
    pub fn new(config: &GuardrailConfig, max_text_bytes: usize) -> Result<Self, Error> {
        if !config.only_bedrock.is_empty() {
            let rules = config.only_bedrock.join(", ");
            tracing::info!(rules, "rules of the guardrail that are not evaluated locally");
        }
        let attacks = config.filters.iter().find(|filter| filter.kind == FilterKind::PromptAttack);
        let attacks = attacks.and_then(|filter| Some((filter.input?, filter.sides.input?)));
        Ok(Self {
            input: Arc::new(rules(config, Direction::Input)?),
            output: Arc::new(rules(config, Direction::Output)?),
            attacks: attacks.map(|(strength, action)| Attacks::new(strength, action)).transpose()?,
            messages: (config.blocked_input.clone(), config.blocked_output.clone()),
            max_text_bytes,
        })
    }

    /// Decides about a whole text.
    ///
    /// # Errors
    /// [`Error::QuestionTooLong`] beyond the limit of bytes.
    pub fn examine(&self, direction: Direction, text: &str) -> Result<Verdict, Error> {
        if text.len() > self.max_text_bytes {
            return Err(Error::QuestionTooLong { characters: text.chars().count() });
        }
        let attack = self.attacks.as_ref().filter(|_| direction == Direction::Input);
        let attack = attack.and_then(|attacks| attacks.find(text));
        let verdict = |checked, noted| Ok(Verdict { checked, noted, units: GuardrailUnits::default() });
        if attack == Some(Action::Block) {
            return verdict(Checked::Blocked { policy: Policy::Content }, 0);
        }
        let mut stream = self.stream(direction);
        let mut passed = String::with_capacity(text.len());
        let read = stream.push(text, &mut passed).and_then(|()| stream.finish(&mut passed));
        let noted = stream.noted().saturating_add(u32::from(attack.is_some()));
        match read {
            Err(stopped) => verdict(Checked::Blocked { policy: stopped.policy }, noted),
            Ok(()) if passed == text => verdict(Checked::Clean, noted),
            Ok(()) => verdict(Checked::Redacted(passed), noted),
        }
    }

    /// Returns a filter for a text that streams.
    pub fn stream(&self, direction: Direction) -> AnswerGuard {
        AnswerGuard::new(Arc::clone(match direction {
            Direction::Input => &self.input,
            Direction::Output => &self.output,
        }))
    }

    /// Returns what the rules say in place of a blocked text; nothing where they say nothing.
    pub fn message(&self, direction: Direction) -> Option<&str> {
        let message = match direction {
            Direction::Input => &self.messages.0,
            Direction::Output => &self.messages.1,
        };
        Some(message.as_str()).filter(|message| !message.is_empty())
    }
}

impl Guardrail for LocalGuardrail {
    fn check<'a>(&'a self, direction: Direction, text: &'a str) -> BoxFuture<'a, Result<Verdict, Error>> {
        future::ready(self.examine(direction, text)).boxed()
    }
}

fn rules(config: &GuardrailConfig, direction: Direction) -> Result<Rules, Error> {
    Ok(Rules {
        words: Words::new(config, direction)?,
        topics: Topics::new(config, direction),
        redaction: Redaction::new(config, direction)?,
    })
}
