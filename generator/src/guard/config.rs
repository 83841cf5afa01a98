//! A guardrail's rules in the shape that Bedrock's `CreateGuardrail` takes, so that one file serves both. How they are
//! followed is not known here.

mod fields;
mod reading;

use super::Direction;

pub use super::entities::Entity;

/// Used where no file is named: it stops attacks on the prompt and hides numbers of cards, accounts and identities.
const BUILT_IN: &str = include_str!("config/built_in.json");

/// A guardrail's rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GuardrailConfig {
    /// Its name.
    pub name: String,
    /// What a visitor reads in place of an answer to a blocked question; at most 500 characters.
    pub blocked_input: String,
    /// What a visitor reads in place of a blocked answer; at most 500 characters.
    pub blocked_output: String,
    /// Filters of content.
    pub filters: Vec<ContentFilter>,
    /// The owner's words; at most 10,000.
    pub words: Vec<WordRule>,
    /// What happens to words of the managed list of profanity.
    pub profanity: Sides,
    /// Personal data.
    pub entities: Vec<EntityRule>,
    /// The owner's expressions; at most 30.
    pub expressions: Vec<ExpressionRule>,
    /// Denied topics; at most 30.
    pub topics: Vec<TopicRule>,
    /// Paths of what the file asks for and only Bedrock can do.
    pub only_bedrock: Vec<String>,
}

/// What happens to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The whole text is stopped.
    Block,
    /// The finding's name stands in its place.
    Anonymize,
    /// It is counted.
    Note,
}

/// What happens to a finding in each direction; none where it is not looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// In questions.
    pub input: Option<Action>,
    /// In answers.
    pub output: Option<Action>,
}

impl Sides {
    /// Returns what happens in a direction.
    pub fn of(self, direction: Direction) -> Option<Action> {
        match direction {
            Direction::Input => self.input,
            Direction::Output => self.output,
        }
    }
}

/// A filter of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentFilter {
    /// What it finds.
    pub kind: FilterKind,
    /// From which confidence on it finds something in questions; none for never.
    pub input: Option<Strength>,
    /// The same in answers.
    pub output: Option<Strength>,
    /// What happens then.
    pub sides: Sides,
}

/// What a filter of content finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// Sexual content.
    Sexual,
    /// Violence.
    Violence,
    /// Hate.
    Hate,
    /// Insults.
    Insults,
    /// Crime.
    Misconduct,
    /// Attempts to take over the model; the only one that is looked for locally.
    PromptAttack,
}

/// How much a filter stops: a high one also what it is not sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Only what is certain.
    Low,
    /// Also what is likely.
    Medium,
    /// Also what is possible.
    High,
}

/// A word of the owner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordRule {
    /// One or more words, at most 100 characters.
    pub text: String,
    /// What happens to it; never [`Action::Anonymize`].
    pub sides: Sides,
}

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityRule {
    /// Which one.
    pub entity: Entity,
    /// What happens to it.
    pub sides: Sides,
}

/// An expression of the owner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionRule {
    /// Its name; stands in place of what is anonymized.
    pub name: String,
    /// The expression, at most 500 characters, without look-around and back-references.
    pub pattern: String,
    /// What happens to what it finds.
    pub sides: Sides,
}

/// A denied topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRule {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub definition: String,
    /// Up to five questions of the topic.
    pub examples: Vec<String>,
    /// What happens to it; never [`Action::Anonymize`].
    pub sides: Sides,
}

impl GuardrailConfig {
    /// Returns the built-in rules.
    pub fn built_in() -> Self {
        // A test reads them; without it a mistake would show as rules that find nothing.
        let rules = Self::parse(BUILT_IN).unwrap_or_default();
        // Nobody chose its words, so the visitor's language decides.
        Self { blocked_input: String::new(), blocked_output: String::new(), ..rules }
    }

    /// Reads rules from JSON: what one would hand to `CreateGuardrail`, or a `config.json` that holds it as
    /// `bedrock.guardrails.defaultGuardrailConfig`.
    ///
    /// # Errors
    /// Every mistake with its path and what would be right; at most 50.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        reading::config(text)
    }
}

#[cfg(test)]
mod tests;
