//! What a guardrail finds in what is sent to a model and in what it says, and what then becomes of the text.

mod apply;
mod assessment;
mod matching;

use anyhow::ensure;
use serde::Deserialize;

pub(super) use apply::apply;
pub(super) use assessment::{Detail, assessment};
use matching::find;

/// A guardrail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guardrail {
    /// Its id.
    pub id: String,
    /// Its version; absent for any.
    pub version: Option<String>,
    /// What stands in for an answer to a blocked input.
    pub blocked_input: String,
    /// What stands in for a blocked output.
    pub blocked_output: String,
    /// Tokens of an answer that are scanned before they are let go; at least 1.
    pub buffer_tokens: usize,
    /// What it looks for.
    pub rule: Vec<GuardrailRule>,
}

/// Something that a guardrail looks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardrailRule {
    /// Which policy it belongs to.
    pub policy: Policy,
    /// A topic's or expression's name, a filter's or entity's type; not for words.
    #[serde(default)]
    pub name: String,
    /// What it finds, whatever the case of the letters.
    pub phrases: Vec<String>,
    /// What it does about it.
    #[serde(default)]
    pub action: Action,
    /// Where it looks.
    #[serde(default)]
    pub on: Side,
}

/// A guardrail's policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Denied topics.
    Topic,
    /// Content filters: `VIOLENCE`, `PROMPT_ATTACK`, ...
    Content,
    /// Words of the owner's.
    Word,
    /// The managed list of words.
    Profanity,
    /// Personal data: `EMAIL`, ...
    Pii,
    /// Expressions of the owner's.
    Regex,
}

/// What a guardrail does about what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Puts its own text in place of all.
    #[default]
    Block,
    /// Puts the name in braces in place of what it found; personal data and expressions only.
    Anonymize,
    /// Notes it.
    None,
}

/// Where a guardrail looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// In both.
    #[default]
    Both,
    /// In what is sent to the model.
    Input,
    /// In what the model says.
    Output,
}

impl Default for Guardrail {
    fn default() -> Self {
        Self {
            id: String::new(),
            version: None,
            blocked_input: "Sorry, the model cannot answer this question.".to_owned(),
            blocked_output: "Sorry, the model cannot answer this question.".to_owned(),
            buffer_tokens: 40,
            rule: Vec::new(),
        }
    }
}

impl Guardrail {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.id.is_empty(), "expected an id");
        ensure!(self.buffer_tokens >= 1, "buffer_tokens: expected at least 1");
        for rule in &self.rule {
            let can_mask = matches!(rule.policy, Policy::Pii | Policy::Regex);
            ensure!(can_mask || rule.action != Action::Anonymize, "{:?} cannot be anonymized", rule.policy);
            let is_word = matches!(rule.policy, Policy::Word | Policy::Profanity);
            ensure!(is_word || !rule.name.is_empty(), "{:?}: expected a name", rule.policy);
            ensure!(rule.phrases.iter().all(|phrase| !phrase.is_empty()), "a phrase is empty");
        }
        Ok(())
    }

    /// Examines texts that go one way.
    pub(super) fn examine<'a>(&'a self, way: Way, pieces: &[Piece<'_>]) -> Examined<'a> {
        let characters = |text: &str| text.chars().count();
        let guarded = pieces.iter().filter(|piece| piece.is_guarded);
        let mut findings: Vec<Finding<'a>> = Vec::new();
        for rule in self.rules(way) {
            let seen = pieces.iter().filter(|piece| piece.is_guarded || rule.policy.sees_all());
            for found in seen.flat_map(|piece| rule.matches(piece.text)) {
                // The same words are named once, however often they stand there.
                if !findings.iter().any(|known| std::ptr::eq(known.rule, rule) && known.text == found) {
                    findings.push(Finding { rule, text: found.to_owned() });
                }
            }
        }
        Examined {
            guardrail: self,
            way,
            findings,
            guarded: guarded.map(|piece| characters(piece.text)).sum(),
            total: pieces.iter().map(|piece| characters(piece.text)).sum(),
        }
    }

    /// Returns a text with the names of what is anonymized in place of it.
    pub(super) fn mask(&self, way: Way, text: &str) -> String {
        let mut masked = text.to_owned();
        for rule in self.rules(way).filter(|rule| rule.action == Action::Anonymize) {
            for phrase in &rule.phrases {
                let (mut done, mut rest) = (String::with_capacity(masked.len()), masked.as_str());
                while let Some((before, _, behind)) = find(rest, phrase) {
                    done.extend([before, "{", &rule.name, "}"]);
                    rest = behind;
                }
                done.push_str(rest);
                masked = done;
            }
        }
        masked
    }

    /// Returns where the first thing ends, in bytes, for which a text is blocked.
    pub(super) fn blocked_at(&self, way: Way, text: &str) -> Option<usize> {
        let blocking = self.rules(way).filter(|rule| rule.action == Action::Block);
        let ends = blocking.flat_map(|rule| &rule.phrases).filter_map(|phrase| {
            let (_, _, behind) = find(text, phrase)?;
            text.len().checked_sub(behind.len())
        });
        ends.min()
    }

    /// Returns what stands in for a text that is blocked.
    pub(super) fn blocked(&self, way: Way) -> &str {
        match way {
            Way::Input => &self.blocked_input,
            Way::Output => &self.blocked_output,
        }
    }

    fn rules(&self, way: Way) -> impl Iterator<Item = &GuardrailRule> {
        self.rule.iter().filter(move |rule| match rule.on {
            Side::Both => true,
            Side::Input => way == Way::Input,
            Side::Output => way == Way::Output,
        })
    }
}

impl GuardrailRule {
    fn matches<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut found = Vec::new();
        for phrase in &self.phrases {
            let mut rest = text;
            while let Some((_, matched, behind)) = find(rest, phrase) {
                found.push(matched);
                rest = behind;
            }
        }
        found
    }
}

impl Policy {
    /// Whether it looks at what is not marked for the guardrail too.
    fn sees_all(self) -> bool {
        matches!(self, Self::Word | Self::Profanity)
    }
}

/// Which way a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Input,
    Output,
}

/// A text, and whether all policies look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) is_guarded: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Finding<'a> {
    rule: &'a GuardrailRule,
    text: String,
}

/// All that was found in texts.
#[derive(Clone, Debug)]
pub(super) struct Examined<'a> {
    guardrail: &'a Guardrail,
    way: Way,
    findings: Vec<Finding<'a>>,
    /// Characters that all policies looked at, and all of them.
    guarded: usize,
    total: usize,
}

impl Examined<'_> {
    pub(super) fn is_blocked(&self) -> bool {
        self.has(Action::Block)
    }

    pub(super) fn is_masked(&self) -> bool {
        self.has(Action::Anonymize)
    }

    fn has(&self, action: Action) -> bool {
        self.findings.iter().any(|finding| finding.rule.action == action)
    }

    /// Returns why the guardrail did something; nothing when it did nothing.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match (self.is_blocked(), self.is_masked()) {
            (true, _) => Some("Guardrail blocked."),
            (false, true) => Some("Guardrail masked."),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Guardrail, Piece, Way};

    pub(super) fn guardrail(rules: &str) -> Guardrail {
        let guardrail: Guardrail =
            toml::from_str(&format!("id = \"gr1\"\nrule = [{rules}]")).expect("a guardrail");
        guardrail.check().expect("it can be");
        guardrail
    }

    const EMAIL: &str =
        r#"{ policy = "pii", name = "EMAIL", phrases = ["ada@example.com"], action = "anonymize" }"#;

    #[test]
    fn what_is_personal_is_masked_and_all_else_stays() {
        let guardrail = guardrail(EMAIL);
        let text = "Ask ADA@example.com or ada@example.com, not ada@example.community.";
        let masked = "Ask {EMAIL} or {EMAIL}, not ada@example.community.";
        assert_eq!(guardrail.mask(Way::Output, text), masked);
        let examined = guardrail.examine(Way::Output, &[Piece { text, is_guarded: true }]);
        assert!(examined.is_masked() && !examined.is_blocked());
        assert_eq!(examined.findings.len(), 2, "two ways of writing it");
    }

    #[test]
    fn only_words_are_looked_for_in_what_is_not_marked() {
        let guardrail = guardrail(
            r#"{ policy = "topic", name = "Law", phrases = ["sue"], on = "input" }, { policy = "word", phrases = ["rival"] }"#,
        );
        let blocked =
            |way, text, is_guarded| guardrail.examine(way, &[Piece { text, is_guarded }]).is_blocked();
        assert!(blocked(Way::Input, "Can I sue?", true));
        assert!(!blocked(Way::Input, "Can I sue?", false));
        assert!(!blocked(Way::Output, "You can sue.", true));
        assert!(blocked(Way::Output, "Our rival", false));
        assert_eq!(guardrail.blocked_at(Way::Output, "Our rival is"), Some(9));
    }

    #[test]
    fn a_guardrail_that_cannot_be_is_refused() {
        for wrong in [
            r#"{ policy = "topic", phrases = ["a"] }"#,
            r#"{ policy = "word", phrases = ["a"], action = "anonymize" }"#,
            r#"{ policy = "word", phrases = [""] }"#,
        ] {
            let guardrail: Guardrail =
                toml::from_str(&format!("id = \"g\"\nrule = [{wrong}]")).expect("TOML");
            assert!(guardrail.check().is_err(), "{wrong}");
        }
    }
}
