//! Files of rules: right ones, and what is said about wrong ones.

use super::{Action, Entity, GuardrailConfig, Sides, Strength};

fn section(members: &str) -> String {
    format!(r#"{{"name":"shop","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.",{members}}}"#)
}

fn mistakes(text: &str) -> Vec<String> {
    GuardrailConfig::parse(text).expect_err("a mistake")
}

#[test]
fn the_built_in_rules_are_right() {
    let config = GuardrailConfig::parse(super::BUILT_IN).expect("right rules");
    assert!(config.only_bedrock.is_empty() && config.entities.len() > 5, "{config:?}");
    let filter = config.filters.first().expect("a filter");
    assert_eq!((filter.input, filter.output), (Some(Strength::High), None));
}

#[test]
fn what_create_guardrail_takes_is_taken() {
    let text = section(
        r#""description":"All of it",
        "contentPolicyConfig":{"filtersConfig":[
            {"type":"SEXUAL","inputStrength":"MEDIUM","outputStrength":"MEDIUM","inputModalities":["TEXT"]},
            {"type":"PROMPT_ATTACK","inputStrength":"LOW","outputStrength":"NONE","inputAction":"NONE"}],
            "tierConfig":{"tierName":"CLASSIC"}},
        "wordPolicyConfig":{"managedWordListsConfig":[{"type":"PROFANITY","outputEnabled":false}],"wordsConfig":[{"text":"rival"}]},
        "sensitiveInformationPolicyConfig":{
            "piiEntitiesConfig":[{"type":"EMAIL","action":"ANONYMIZE","inputAction":"NONE"},{"type":"NAME","action":"BLOCK"}],
            "regexesConfig":[{"name":"order","description":"An order","pattern":"ORD-[0-9]{8}","action":"ANONYMIZE"}]},
        "topicPolicyConfig":{"topicsConfig":[{"name":"Legal advice","definition":"Guidance on law.","examples":["Can I sue?"],"type":"DENY"}]},
        "contextualGroundingPolicyConfig":{"filtersConfig":[{"type":"GROUNDING","threshold":0.7,"action":"NONE"}]},
        "kmsKeyId":"k","tags":[{"key":"k","value":"v"}]"#,
    );
    let whole =
        format!(r#"{{"region":"us-east-1","bedrock":{{"guardrails":{{"defaultGuardrailConfig":{text}}}}}}}"#);
    let config = GuardrailConfig::parse(&text).expect("right rules");
    let inner = GuardrailConfig::parse(&whole).expect("right rules");
    assert_eq!((&inner.words, &inner.entities), (&config.words, &config.entities));
    assert_eq!(config.profanity, Sides { input: Some(Action::Block), output: None });
    let email = config.entities.first().expect("an entity");
    let expected = Sides { input: Some(Action::Note), output: Some(Action::Anonymize) };
    assert_eq!((email.entity, email.sides), (Entity::Email, expected));
    let unknown = [
        "contentPolicyConfig.filtersConfig[0]",
        "sensitiveInformationPolicyConfig.piiEntitiesConfig[1] (NAME)",
        "contextualGroundingPolicyConfig.filtersConfig[0]",
    ];
    assert_eq!(config.only_bedrock, unknown);
}

#[test]
fn names_that_are_often_confused_are_corrected() {
    let text = section(
        r#""contentPolicyConfig":{"filters":[{"type":"SEXUAL","strength":"MEDIUM"}]},
        "wordPolicyConfig":{"managedWordLists":[{"type":"PROFANITY"}],"customWordLists":[]},
        "sensitiveInformationPolicyConfig":{"piiEntitiesConfig":[{"type":"ALL","action":"BLOCK"}]},
        "topicPolicyConfig":{"topicsConfig":[{"name":"Politics","type":"DENY"}]}"#,
    );
    let said = mistakes(&text).join("\n");
    for part in [
        "contentPolicyConfig: `filters` is no member here; did you mean filtersConfig?",
        "wordPolicyConfig: `managedWordLists` is no member here; did you mean managedWordListsConfig?",
        "wordPolicyConfig: `customWordLists` is no member here; did you mean wordsConfig?",
        "piiEntitiesConfig[0].type: expected one of ADDRESS, AGE,",
        "topicsConfig[0].definition: must be set",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn each_limit_is_named_with_its_path() {
    let long = "x".repeat(501);
    for (members, part) in [
        (r#""more":1"#.to_owned(), "`more` is no member here; expected one of name,"),
        (r#""description":"""#.to_owned(), "description: expected 1 to 200 characters, got 0"),
        (r#""wordPolicyConfig":[]"#.to_owned(), "wordPolicyConfig: expected an object, got a list"),
        (r#""wordPolicyConfig":{"wordsConfig":{}}"#.to_owned(), "wordsConfig: expected a list, got an object"),
        (r#""wordPolicyConfig":{"wordsConfig":[{"text":"!"}]}"#.to_owned(), "at least one letter"),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"a","inputAction":"ANONYMIZE"}]}"#.to_owned(),
            "wordsConfig[0].inputAction: expected one of BLOCK, NONE, got \"ANONYMIZE\"",
        ),
        (
            r#""wordPolicyConfig":{"wordsConfig":[{"text":"a","inputEnabled":"yes"}]}"#.to_owned(),
            "inputEnabled: expected true or false, got a text",
        ),
        (
            r#""contentPolicyConfig":{"filtersConfig":[{"type":"PROMPT_ATTACK","inputStrength":"HIGH","outputStrength":"LOW"}]}"#
                .to_owned(),
            "outputStrength: expected NONE",
        ),
        (
            r#""contentPolicyConfig":{"filtersConfig":[],"tierConfig":{"tierName":"STANDARD"}}"#.to_owned(),
            "STANDARD needs crossRegionConfig",
        ),
        (
            format!(
                r#""sensitiveInformationPolicyConfig":{{"regexesConfig":[{{"name":"a","action":"BLOCK","pattern":"{long}"}}]}}"#
            ),
            "pattern: expected 1 to 500 characters, got 501",
        ),
        (
            r#""contextualGroundingPolicyConfig":{"filtersConfig":[{"type":"GROUNDING","threshold":1}]}"#
                .to_owned(),
            "threshold: expected a number from 0 to 0.99",
        ),
    ] {
        let said = mistakes(&section(&members)).join("\n");
        assert!(said.contains(part), "{part}: {said}");
    }
    let words: Vec<String> = (0..10_001).map(|n| format!(r#"{{"text":"w{n}"}}"#)).collect();
    let words = format!(r#""wordPolicyConfig":{{"wordsConfig":[{}]}}"#, words.join(","));
    assert!(mistakes(&section(&words)).join("\n").contains("expected at most 10000, got 10001"));
}

#[test]
fn expressions_that_would_cost_too_much_are_refused() {
    for (pattern, part) in [
        (r"(?:\\w{1,50}){1,50}(?:\\w{1,50}){1,50}", "too large"),
        (r"(a+", "unclosed"),
        (r"(?=a)b", "look-around"),
        (r"(a)\\1", "backreferences"),
        (r"a*", "must not match an empty text"),
    ] {
        let members = format!(
            r#""sensitiveInformationPolicyConfig":{{"regexesConfig":[{{"name":"a","action":"BLOCK","pattern":"{pattern}"}}]}}"#
        );
        let said = mistakes(&section(&members)).join("\n");
        assert!(said.contains("regexesConfig[0].pattern: ") && said.contains(part), "{pattern}: {said}");
    }
}

#[test]
fn what_is_no_json_or_endless_is_refused() {
    for text in ["", "[]", "null", "{", &"[".repeat(100_000)] {
        assert!(!mistakes(text).is_empty());
    }
    let many: Vec<String> = (0..1_000).map(|n| format!(r#""m{n}":1"#)).collect();
    assert_eq!(mistakes(&section(&many.join(","))).len(), 50);
}
