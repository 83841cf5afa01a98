//! JSON as rules. The limits are those of `CreateGuardrail`, so that a file that is right here is right there.

use serde_json::Value;

use super::fields::{Fields, Mistakes};
use super::{
    Action, ContentFilter, Entity, EntityRule, ExpressionRule, FilterKind, GuardrailConfig, Sides, Strength,
    TopicRule, WordRule,
};

const SECTION: [&str; 14] = [
    "name",
    "description",
    "blockedInputMessaging",
    "blockedOutputsMessaging",
    "contentPolicyConfig",
    "wordPolicyConfig",
    "sensitiveInformationPolicyConfig",
    "topicPolicyConfig",
    "contextualGroundingPolicyConfig",
    "automatedReasoningPolicyConfig",
    "crossRegionConfig",
    "kmsKeyId",
    "tags",
    "clientRequestToken",
];

const MAX_WORDS: usize = 10_000;
const MAX_EXPRESSIONS: usize = 30;
const MAX_TOPICS: usize = 30;
/// The service names fewer filters, entities and lists than this; a list that is longer repeats itself.
const MAX_KINDS: usize = 100;

const KINDS: [(&str, FilterKind); 6] = [
    ("SEXUAL", FilterKind::Sexual),
    ("VIOLENCE", FilterKind::Violence),
    ("HATE", FilterKind::Hate),
    ("INSULTS", FilterKind::Insults),
    ("MISCONDUCT", FilterKind::Misconduct),
    ("PROMPT_ATTACK", FilterKind::PromptAttack),
];
const STRENGTHS: [(&str, Option<Strength>); 4] = [
    ("NONE", None),
    ("LOW", Some(Strength::Low)),
    ("MEDIUM", Some(Strength::Medium)),
    ("HIGH", Some(Strength::High)),
];
const BLOCK_OR_NOTE: [(&str, Action); 2] = [("BLOCK", Action::Block), ("NONE", Action::Note)];
const ACTIONS: [(&str, Action); 3] =
    [("BLOCK", Action::Block), ("ANONYMIZE", Action::Anonymize), ("NONE", Action::Note)];
const SIDES: [&str; 4] = ["inputAction", "outputAction", "inputEnabled", "outputEnabled"];

pub(super) fn config(text: &str) -> Result<GuardrailConfig, Vec<String>> {
    let value: Value = serde_json::from_str(text).map_err(|error| vec![format!("no JSON: {error}")])?;
    let (section, path) = section(&value);
    let mistakes = Mistakes::default();
    let mut config = GuardrailConfig::default();
    if let Some(fields) = Fields::of(section, path, &SECTION, &mistakes) {
        read(&fields, &mut config);
    }
    let mistakes = mistakes.into_inner();
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

/// Returns the guardrail's section: of a whole configuration, or the file itself.
fn section(value: &Value) -> (&Value, &'static str) {
    let path = "bedrock.guardrails.defaultGuardrailConfig";
    match value.pointer("/bedrock/guardrails/defaultGuardrailConfig") {
        Some(section) => (section, path),
        None => (value, ""),
    }
}

fn read(fields: &Fields<'_>, config: &mut GuardrailConfig) {
    let name = fields.required_text("name", 50).unwrap_or_default();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        fields.note("name", "expected letters, digits, `-` and `_` only");
    }
    name.clone_into(&mut config.name);
    fields.text("description", 200);
    let message = |name| fields.required_text(name, 500).unwrap_or_default().to_owned();
    config.blocked_input = message("blockedInputMessaging");
    config.blocked_output = message("blockedOutputsMessaging");
    content(fields, config);
    words(fields, config);
    sensitive(fields, config);
    topics(fields, config);
    grounding(fields, config);
    if fields.get("automatedReasoningPolicyConfig").is_some() {
        config.only_bedrock.push(fields.path_of("automatedReasoningPolicyConfig"));
    }
}

/// Reads a member that is an object.
fn within(fields: &Fields<'_>, name: &str, names: &[&str], read: impl FnOnce(&Fields<'_>)) {
    let path = fields.path_of(name);
    let inner = fields.get(name).and_then(|value| Fields::of(value, &path, names, fields.mistakes));
    if let Some(inner) = inner {
        read(&inner);
    }
}

/// Reads every object of a list.
fn each(fields: &Fields<'_>, list: (&str, usize), names: &[&str], mut read: impl FnMut(&Fields<'_>)) {
    for (place, value) in fields.list(list.0, list.1).iter().enumerate() {
        let path = format!("{}[{place}]", fields.path_of(list.0));
        if let Some(inner) = Fields::of(value, &path, names, fields.mistakes) {
            read(&inner);
        }
    }
}

fn sides(fields: &Fields<'_>, default: Action, actions: &[(&str, Action)]) -> Sides {
    let side = |enabled: &str, action: &str| {
        let action = fields.one_of(action, actions).unwrap_or(default);
        fields.flag(enabled, true).then_some(action)
    };
    Sides { input: side("inputEnabled", "inputAction"), output: side("outputEnabled", "outputAction") }
}

fn with_sides<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().copied().chain(SIDES).collect()
}

fn is_standard(fields: &Fields<'_>, section: &Fields<'_>) -> bool {
    let mut is_standard = false;
    within(fields, "tierConfig", &["tierName"], |tier| {
        is_standard =
            tier.required_one_of("tierName", &[("CLASSIC", false), ("STANDARD", true)]) == Some(true);
        if is_standard && section.get("crossRegionConfig").is_none() {
            tier.note("tierName", "STANDARD needs crossRegionConfig");
        }
    });
    is_standard
}

fn content(section: &Fields<'_>, config: &mut GuardrailConfig) {
    let names =
        with_sides(&["type", "inputStrength", "outputStrength", "inputModalities", "outputModalities"]);
    within(section, "contentPolicyConfig", &["filtersConfig", "tierConfig"], |policy| {
        is_standard(policy, section);
        each(policy, ("filtersConfig", MAX_KINDS), &names, |filter| {
            let kind = filter.required_one_of("type", &KINDS);
            let strength = |name| filter.required_one_of(name, &STRENGTHS).flatten();
            let (input, output) = (strength("inputStrength"), strength("outputStrength"));
            let Some(kind) = kind else { return };
            if kind == FilterKind::PromptAttack && output.is_some() {
                filter.note("outputStrength", "expected NONE: attacks on the prompt are in questions only");
            }
            if kind != FilterKind::PromptAttack {
                config.only_bedrock.push(filter.path.to_owned());
            }
            let sides = sides(filter, Action::Block, &BLOCK_OR_NOTE);
            config.filters.push(ContentFilter { kind, input, output, sides });
        });
    });
}

fn words(section: &Fields<'_>, config: &mut GuardrailConfig) {
    within(section, "wordPolicyConfig", &["managedWordListsConfig", "wordsConfig"], |policy| {
        each(policy, ("managedWordListsConfig", MAX_KINDS), &with_sides(&["type"]), |list| {
            if list.required_one_of("type", &[("PROFANITY", ())]).is_some() {
                config.profanity = sides(list, Action::Block, &BLOCK_OR_NOTE);
            }
        });
        each(policy, ("wordsConfig", MAX_WORDS), &with_sides(&["text"]), |word| {
            let sides = sides(word, Action::Block, &BLOCK_OR_NOTE);
            let Some(text) = word.required_text("text", 100) else { return };
            if super::super::words::is_word(text) {
                config.words.push(WordRule { text: text.to_owned(), sides });
            } else {
                word.note("text", "expected at least one letter or digit");
            }
        });
    });
}

fn sensitive(section: &Fields<'_>, config: &mut GuardrailConfig) {
    let names = ["piiEntitiesConfig", "regexesConfig"];
    within(section, "sensitiveInformationPolicyConfig", &names, |policy| {
        each(policy, ("piiEntitiesConfig", MAX_KINDS), &with_sides(&["type", "action"]), |rule| {
            let entity = rule.required_one_of("type", &Entity::NAMES);
            let action = rule.required_one_of("action", &ACTIONS);
            let (Some(entity), Some(action)) = (entity, action) else { return };
            if !entity.has_pattern() {
                config.only_bedrock.push(format!("{} ({})", rule.path, entity.name()));
            }
            config.entities.push(EntityRule { entity, sides: sides(rule, action, &ACTIONS) });
        });
        let names = with_sides(&["name", "description", "pattern", "action"]);
        each(policy, ("regexesConfig", MAX_EXPRESSIONS), &names, |rule| expression(rule, config));
    });
}

fn expression(rule: &Fields<'_>, config: &mut GuardrailConfig) {
    let name = rule.required_text("name", 100);
    rule.text("description", 1_000);
    let pattern = rule.required_text("pattern", 500);
    let action = rule.required_one_of("action", &ACTIONS);
    let (Some(name), Some(pattern), Some(action)) = (name, pattern, action) else { return };
    if let Err(mistake) = super::super::expressions::check(pattern) {
        rule.note("pattern", &mistake);
        return;
    }
    let sides = sides(rule, action, &ACTIONS);
    config.expressions.push(ExpressionRule { name: name.to_owned(), pattern: pattern.to_owned(), sides });
}

fn topics(section: &Fields<'_>, config: &mut GuardrailConfig) {
    let names = with_sides(&["name", "definition", "examples", "type"]);
    within(section, "topicPolicyConfig", &["topicsConfig", "tierConfig"], |policy| {
        let most = if is_standard(policy, section) { 1_000 } else { 200 };
        each(policy, ("topicsConfig", MAX_TOPICS), &names, |topic| {
            let name = topic.required_text("name", 100);
            let definition = topic.required_text("definition", most);
            topic.required_one_of("type", &[("DENY", ())]);
            let is_allowed =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ' | '!' | '?' | '.');
            if !name.unwrap_or_default().chars().all(is_allowed) {
                topic.note("name", "expected letters, digits, spaces and - _ ! ? . only");
            }
            let mut examples = Vec::new();
            for (place, example) in topic.list("examples", 5).iter().enumerate() {
                match example.as_str().filter(|text| (1..=100).contains(&text.chars().count())) {
                    Some(example) => examples.push(example.to_owned()),
                    None => topic.note(&format!("examples[{place}]"), "expected 1 to 100 characters"),
                }
            }
            let sides = sides(topic, Action::Block, &BLOCK_OR_NOTE);
            let (Some(name), Some(definition)) = (name, definition) else { return };
            let (name, definition) = (name.to_owned(), definition.to_owned());
            config.topics.push(TopicRule { name, definition, examples, sides });
        });
    });
}

fn grounding(section: &Fields<'_>, config: &mut GuardrailConfig) {
    let names = ["type", "threshold", "action", "enabled"];
    within(section, "contextualGroundingPolicyConfig", &["filtersConfig"], |policy| {
        each(policy, ("filtersConfig", MAX_KINDS), &names, |filter| {
            filter.required_one_of("type", &[("GROUNDING", ()), ("RELEVANCE", ())]);
            filter.one_of("action", &BLOCK_OR_NOTE);
            filter.flag("enabled", true);
            let threshold = filter.get("threshold").and_then(Value::as_f64);
            if !threshold.is_some_and(|threshold| (0.0..=0.99).contains(&threshold)) {
                filter.note("threshold", "expected a number from 0 to 0.99");
            }
            config.only_bedrock.push(filter.path.to_owned());
        });
    });
}
