//! Words, topics and personal data of one answer together.

use std::sync::Arc;

use super::super::{AnswerGuard, Direction, GuardrailConfig, LocalGuardrail, Policy};
use proptest::{prop_assert_eq, proptest};

const RULES: &str = r#"{"name":"a","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.",
    "wordPolicyConfig":{"managedWordListsConfig":[{"type":"PROFANITY"}],"wordsConfig":[{"text":"rival shop"},{"text":"beta","outputAction":"NONE"}]},
    "topicPolicyConfig":{"topicsConfig":[{"name":"Legal advice","definition":"Guidance on law.","type":"DENY"}]},
    "sensitiveInformationPolicyConfig":{"piiEntitiesConfig":[{"type":"EMAIL","action":"ANONYMIZE"},
        {"type":"CREDIT_DEBIT_CARD_NUMBER","action":"BLOCK"}]}}"#;

fn guardrail() -> LocalGuardrail {
    LocalGuardrail::new(&GuardrailConfig::parse(RULES).expect("right rules"), 100_000).expect("compiled")
}

fn said(mut guard: AnswerGuard, pieces: &[&str]) -> (String, Option<Policy>, u32) {
    let mut out = String::new();
    let pushed = pieces.iter().try_for_each(|piece| guard.push(piece, &mut out));
    let ended = pushed.and_then(|()| guard.finish(&mut out));
    (out, ended.err().map(|stopped| stopped.policy), guard.noted())
}

#[test]
fn an_answer_is_stopped_where_the_word_ends_and_the_word_is_not_shown() {
    let guardrail = guardrail();
    for (pieces, shown, policy) in [
        (&["Oh sh", "it", ", no."][..], "Oh ", Policy::Word),
        (&["Go to the ri", "val", " shop", " now"], "Go to the rival ", Policy::Word),
        (&["That is legal", " advice", ". More"], "That is legal advice", Policy::Topic),
        (&["Card 4111 1111", " 1111 1111 is"], "Card ", Policy::SensitiveInformation),
        (&["at last: shit"], "at last: ", Policy::Word),
    ] {
        let (out, stopped, _) = said(guardrail.stream(Direction::Output), pieces);
        assert_eq!(stopped, Some(policy), "{pieces:?}");
        assert!(shown.starts_with(&out), "{pieces:?}: {out:?}");
    }
}

#[test]
fn after_a_stop_nothing_more_is_shown() {
    let mut guard = guardrail().stream(Direction::Output);
    let mut out = String::new();
    assert!(guard.push("shit ", &mut out).is_err());
    let before = out.clone();
    assert!(guard.push("Welcome.", &mut out).is_err() && guard.finish(&mut out).is_err());
    assert_eq!(out, before);
}

#[test]
fn what_is_only_noted_is_counted_and_shown() {
    let (out, stopped, noted) = said(guardrail().stream(Direction::Output), &["The beta of a@b.example"]);
    assert_eq!((out.as_str(), stopped, noted), ("The beta of {EMAIL}", None, 1));
}

#[test]
fn caches_are_shared_by_answers_one_after_the_other() {
    let rules = Arc::clone(&guardrail().output);
    drop(AnswerGuard::new(Arc::clone(&rules)));
    let (out, ..) = said(AnswerGuard::new(rules), &["a@b.example"]);
    assert_eq!(out, "{EMAIL}");
}

proptest! {
    #[test]
    fn whether_an_answer_is_stopped_does_not_depend_on_its_pieces(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "rival", " ", "shop", "-", "shit", "s", ".", "a@b.example", "4111 1111 1111 1111", "legal", "advice", "é", "x ",
        ]), 0..16),
    ) {
        let guardrail = guardrail();
        let text = parts.concat();
        let whole = said(guardrail.stream(Direction::Output), &[&text]);
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        for pieces in [&parts, &letters] {
            let split = said(guardrail.stream(Direction::Output), pieces);
            prop_assert_eq!(split.1.is_some(), whole.1.is_some(), "{}", text);
            if whole.1.is_none() {
                prop_assert_eq!((&split.0, split.2), (&whole.0, whole.2));
            }
        }
    }
}
