//! What a guardrail found as the service writes it down.

use serde_json::{Map, Value, json};

use super::{Action, Examined, Finding, GuardrailRule, Policy};

/// Characters of a unit that is paid for.
const UNIT_CHARACTERS: usize = 1_000;
/// Policies with the lists that they consist of.
const GROUPS: [(&str, &[(Policy, &str)]); 4] = [
    ("topicPolicy", &[(Policy::Topic, "topics")]),
    ("contentPolicy", &[(Policy::Content, "filters")]),
    ("wordPolicy", &[(Policy::Word, "customWords"), (Policy::Profanity, "managedWordLists")]),
    ("sensitiveInformationPolicy", &[(Policy::Pii, "piiEntities"), (Policy::Regex, "regexes")]),
];

/// How much is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate::bedrock) enum Detail {
    /// What was found.
    Findings,
    /// What was looked for and not found as well.
    All,
}

/// Returns the assessment.
pub(in crate::simulate::bedrock) fn assessment(examined: &Examined<'_>, detail: Detail) -> Value {
    let mut policies = Map::new();
    for (group, lists) in GROUPS {
        let list = |(policy, list): &(Policy, &str)| ((*list).to_owned(), entries(examined, *policy, detail));
        let lists: Map<String, Value> = lists.iter().map(list).collect();
        if lists.values().any(|list| list.as_array().is_some_and(|list| !list.is_empty())) {
            policies.insert(group.to_owned(), lists.into());
        }
    }
    let metrics = json!({
        "guardrailProcessingLatency": 100,
        "usage": usage(examined),
        "guardrailCoverage": coverage(examined),
    });
    policies.insert("invocationMetrics".to_owned(), metrics);
    Value::Object(policies)
}

/// Returns the units that are paid for.
pub(super) fn usage(examined: &Examined<'_>) -> Value {
    let units = |policy: Policy| {
        let is_on = examined.guardrail.rules(examined.way).any(|rule| rule.policy == policy);
        let characters = if policy.sees_all() { examined.total } else { examined.guarded };
        if is_on { characters.div_ceil(UNIT_CHARACTERS) } else { 0 }
    };
    json!({
        "topicPolicyUnits": units(Policy::Topic),
        "contentPolicyUnits": units(Policy::Content),
        "wordPolicyUnits": units(Policy::Word).max(units(Policy::Profanity)),
        "sensitiveInformationPolicyUnits": units(Policy::Pii),
        "sensitiveInformationPolicyFreeUnits": units(Policy::Regex),
        "contextualGroundingPolicyUnits": 0,
    })
}

/// Returns how much of the text was looked at.
pub(super) fn coverage(examined: &Examined<'_>) -> Value {
    json!({ "textCharacters": { "guarded": examined.guarded, "total": examined.total } })
}

fn entries(examined: &Examined<'_>, policy: Policy, detail: Detail) -> Value {
    let findings = examined.findings.iter().filter(|finding| finding.rule.policy == policy);
    // A topic and a filter are named once, whatever stood there.
    let mut named: Vec<&str> = Vec::new();
    let mut entries: Vec<Value> = Vec::new();
    for Finding { rule, text } in findings {
        if !matches!(policy, Policy::Topic | Policy::Content) || !named.contains(&rule.name.as_str()) {
            named.push(&rule.name);
            entries.push(entry(rule, Some(text)));
        }
    }
    if detail == Detail::All && matches!(policy, Policy::Topic | Policy::Content) {
        let rules = examined.guardrail.rules(examined.way).filter(|rule| rule.policy == policy);
        entries
            .extend(rules.filter(|rule| !named.contains(&rule.name.as_str())).map(|rule| entry(rule, None)));
    }
    entries.into()
}

fn entry(rule: &GuardrailRule, found: Option<&str>) -> Value {
    let action = match rule.action {
        Action::Block if found.is_some() => "BLOCKED",
        Action::Anonymize if found.is_some() => "ANONYMIZED",
        _ => "NONE",
    };
    let (name, text, detected) = (&rule.name, found.unwrap_or_default(), found.is_some());
    match rule.policy {
        Policy::Topic => json!({ "name": name, "type": "DENY", "action": action, "detected": detected }),
        Policy::Content => json!({
            "type": name,
            "confidence": if detected { "HIGH" } else { "NONE" },
            "filterStrength": "HIGH",
            "action": action,
            "detected": detected,
        }),
        Policy::Word => json!({ "match": text, "action": action, "detected": detected }),
        Policy::Profanity => {
            json!({ "match": text, "type": "PROFANITY", "action": action, "detected": detected })
        }
        Policy::Pii => json!({ "match": text, "type": name, "action": action, "detected": detected }),
        Policy::Regex => json!({
            "name": name, "match": text, "regex": text, "action": action, "detected": detected,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::guardrail;
    use super::super::{Piece, Way};
    use super::{Detail, assessment};

    #[test]
    fn findings_stand_in_the_lists_of_their_policies() {
        let guardrail = guardrail(
            r#"{ policy = "topic", name = "Law", phrases = ["sue", "court"] },
               { policy = "content", name = "HATE", phrases = ["hate"] },
               { policy = "profanity", phrases = ["damn"], action = "none" }"#,
        );
        let pieces = [
            Piece { text: "Damn, sue! Sue in court!", is_guarded: true },
            Piece { text: &"x".repeat(2_000), is_guarded: false },
        ];
        let examined = guardrail.examine(Way::Input, &pieces);
        let found = assessment(&examined, Detail::Findings);
        let topic = json!({ "name": "Law", "type": "DENY", "action": "BLOCKED", "detected": true });
        assert_eq!(found["topicPolicy"]["topics"], json!([topic]));
        let word = json!({ "match": "Damn", "type": "PROFANITY", "action": "NONE", "detected": true });
        assert_eq!(found["wordPolicy"], json!({ "customWords": [], "managedWordLists": [word] }));
        assert!(found.get("contentPolicy").is_none());
        let metrics = &found["invocationMetrics"];
        assert_eq!(
            (&metrics["usage"]["topicPolicyUnits"], &metrics["usage"]["wordPolicyUnits"]),
            (&json!(1), &json!(3))
        );
        assert_eq!(metrics["guardrailCoverage"]["textCharacters"], json!({ "guarded": 24, "total": 2_024 }));
        let all = assessment(&examined, Detail::All);
        assert_eq!(all["contentPolicy"]["filters"][0]["detected"], json!(false));
    }
}
