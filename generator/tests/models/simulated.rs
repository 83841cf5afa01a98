//! The simulated Bedrock: it reads the prompt, cites passages, runs guardrails and fails as the service does.

use futures_util::StreamExt;
use generator::Error;
use generator::model::{ChatModel, FinishReason, ModelEvent};

use crate::answering::{Answered, ask, question};
use crate::bedrock::model_at;
use crate::simulator::Simulator;

const GUARDRAIL: [(&str, &str); 2] =
    [("GENERATOR_GUARDRAIL_ID", "gr1"), ("GENERATOR_GUARDRAIL_VERSION", "1")];

async fn answered(scenario: &str, settings: &[(&str, &str)]) -> (Answered, Simulator) {
    let simulator = Simulator::start(scenario);
    let answered = ask(&model_at(&simulator.address, settings), question()).await;
    (answered, simulator)
}

fn fault(more: &str) -> String {
    format!("[bedrock]\nseed = 1\n[[bedrock.fault]]\n{more}\n")
}

#[tokio::test]
async fn it_answers_from_the_passages_with_citations() {
    for cut in ["", "split_bytes = 5", "frames_per_write = 4"] {
        let (answered, simulator) =
            answered(&format!("[bedrock]\n{cut}\n[[bedrock.model]]\nsentences = 1\n"), &[]).await;
        assert!(answered.text.contains("11:00 to 16:00") && answered.text.contains("{0}"), "{answered:?}");
        assert!(!answered.text.contains('['), "{answered:?}");
        let finish = answered.finish.expect("an end");
        assert_eq!(finish.reason, FinishReason::Complete);
        assert!(
            finish.input_tokens > 100 && finish.output_tokens > 5 && finish.cost_microdollars > 6,
            "{finish:?}"
        );
        let asked = simulator.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (&asked[0]["operation"], &asked[0]["outcome"]),
            (&"ConverseStream".into(), &"answered".into())
        );
    }
}

#[tokio::test]
async fn a_refusal_in_the_agreed_form_is_no_evidence() {
    let scenario = "[[bedrock.model]]\nbehaviour = \"fixed\"\ntext = \"[NO_ANSWER]\"\n";
    let (answered, _simulator) = answered(scenario, &[]).await;
    assert_eq!((answered.text.as_str(), answered.retracts), ("", 0));
    assert_eq!(answered.finish.expect("an end").reason, FinishReason::NoEvidence);
}

#[tokio::test]
async fn an_endless_model_is_stopped_by_the_limit() {
    let (answered, _simulator) = answered("[[bedrock.model]]\nbehaviour = \"endless\"\n", &[]).await;
    let finish = answered.finish.expect("an end");
    assert_eq!((finish.reason, finish.output_tokens), (FinishReason::Length, 64));
}

#[tokio::test]
async fn each_failure_is_what_it_is_and_is_asked_for_once() {
    type Kind = fn(&Error) -> bool;
    let throttled: Kind = |error| matches!(error, Error::ModelThrottled(_));
    let unavailable: Kind = |error| matches!(error, Error::ModelUnavailable(_));
    let refused: Kind = |error| matches!(error, Error::ModelRefused(_));
    let cut: Kind = |error| matches!(error, Error::ModelCut(_));
    let late: Kind = |error| matches!(error, Error::ModelTimedOut { .. });
    let waits = [("GENERATOR_FIRST_TOKEN_SECONDS", "1"), ("GENERATOR_TOKEN_GAP_SECONDS", "0.5")];
    let cases: [(&str, Kind); 15] = [
        ("kind = \"error\"\nerror = \"ThrottlingException\"", throttled),
        ("kind = \"nameless\"\nstatus = 429", throttled),
        ("kind = \"error\"\nerror = \"InternalServerException\"", unavailable),
        ("kind = \"error\"\nerror = \"ServiceUnavailableException\"", unavailable),
        ("kind = \"error\"\nerror = \"ValidationException\"", refused),
        ("kind = \"error\"\nerror = \"AccessDeniedException\"", refused),
        ("kind = \"silent\"", late),
        ("kind = \"stall\"\nafter_tokens = 3", late),
        ("kind = \"cut\"\nafter_tokens = 3", cut),
        ("kind = \"cut_inside\"\nafter_tokens = 3", cut),
        ("kind = \"reset\"\nafter_tokens = 3", cut),
        ("kind = \"bad_crc\"\nafter_tokens = 3", cut),
        ("kind = \"error_frame\"\nafter_tokens = 3", cut),
        ("kind = \"no_message_stop\"", cut),
        ("kind = \"exception\"\nerror = \"modelStreamErrorException\"\nafter_tokens = 3", unavailable),
    ];
    for (kind, is_right) in cases {
        let (answered, simulator) = answered(&fault(kind), &waits).await;
        assert!(answered.error.as_ref().is_some_and(is_right), "{kind}: {answered:?}");
        assert_eq!(simulator.asked().len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn what_is_new_or_missing_at_the_end_does_no_harm() {
    for kind in ["unknown_event", "no_metadata", "slow_start"] {
        let short = [("GENERATOR_USAGE_SECONDS", "0.3")];
        let (answered, _simulator) =
            answered(&fault(&format!("kind = \"{kind}\"\ndelay_ms = 50")), &short).await;
        let finish = answered.finish.unwrap_or_else(|| panic!("{kind}: {:?}", answered.error));
        assert_eq!(finish.reason, FinishReason::Complete, "{kind}");
        assert!(finish.input_tokens > 0 && finish.output_tokens > 0, "{kind}: {finish:?}");
    }
}

#[tokio::test]
async fn a_guardrail_stops_questions_and_answers() {
    let rules = |rule: &str| {
        format!("[[bedrock.guardrail]]\nid = \"gr1\"\nversion = \"1\"\nbuffer_tokens = 2\nrule = [{rule}]\n")
    };
    let early = r#"{ policy = "topic", name = "Sundays", phrases = ["sundays"], on = "input" }"#;
    let late = r#"{ policy = "content", name = "INSULTS", phrases = ["16:00"], on = "output" }"#;
    for rule in [early, late] {
        let (answered, simulator) = answered(&rules(rule), &GUARDRAIL).await;
        assert_eq!(answered.text, "", "{rule}");
        let finish = answered.finish.unwrap_or_else(|| panic!("{rule}: {:?}", answered.error));
        assert_eq!(finish.reason, FinishReason::Blocked, "{rule}");
        assert!(finish.guardrail_units > 0, "{rule}: {finish:?}");
        assert!(simulator.asked()[0]["body"]["guardrailConfig"].is_object());
    }
    let nothing = r#"{ policy = "topic", name = "Law", phrases = ["sue"], on = "both" }"#;
    let (answered, _simulator) = answered(&rules(nothing), &GUARDRAIL).await;
    assert_eq!(answered.finish.expect("an end").reason, FinishReason::Complete);
}

#[tokio::test]
async fn whoever_stops_listening_is_seen_to_have_gone() {
    let simulator = Simulator::start(
        "[bedrock.pace]\ngap = { constant_ms = 50 }\n[[bedrock.model]]\nbehaviour = \"endless\"\n",
    );
    let model = model_at(&simulator.address, &[]);
    let mut events = model.answer(question());
    assert!(matches!(events.next().await, Some(Ok(ModelEvent::Text(_)))));
    drop(events);
    // The journal is asked until it has seen it; the test's runner ends a test that hangs.
    let asked = loop {
        let asked = simulator.asked();
        if asked[0]["outcome"] == "abandoned" {
            break asked;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(asked[0]["tokens_sent"].as_u64().is_some_and(|sent| sent < 64), "{asked:?}");
}
