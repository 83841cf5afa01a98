//! `ApplyGuardrail` of the simulated Bedrock: what is allowed, hidden, stopped, and what happens where nothing answers.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use generator::Error;
use generator::guard::{AppliedGuardrail, Checked, Direction, Guard, GuardSettings, Guardrail, Policy};
use lifecycle::Reader;

use crate::simulator::Simulator;

const RULES: &str = r#"
[[bedrock.guardrail]]
id = "gr1"
version = "1"
rule = [
    { policy = "topic", name = "Law", phrases = ["sue"], on = "input" },
    { policy = "word", phrases = ["rival"] },
    { policy = "pii", name = "EMAIL", phrases = ["ada@example.com"], action = "anonymize" },
    { policy = "pii", name = "PHONE", phrases = ["555-0100"], action = "none" },
]
"#;

fn settings(seconds: &str) -> GuardSettings {
    let mut reader = Reader::from_pairs([
        ("GENERATOR_GUARDRAIL_APPLY", "question"),
        ("GENERATOR_GUARDRAIL_ID", "gr1"),
        ("GENERATOR_GUARDRAIL_VERSION", "1"),
        ("GENERATOR_GUARDRAIL_SECONDS", seconds),
    ]);
    let settings = GuardSettings::read(&mut reader);
    reader.finish(&["GENERATOR_"]).expect("right settings");
    settings
}

fn guardrail(address: &str, seconds: &str) -> AppliedGuardrail {
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build();
    let settings = settings(seconds);
    let applied = settings.applied.expect("a guardrail");
    AppliedGuardrail::with_config(&config, &applied, Duration::from_secs(2), settings.patience)
        .expect("a guardrail")
}

#[tokio::test]
async fn texts_are_allowed_hidden_and_stopped_as_the_service_says() {
    let simulator = Simulator::start(RULES);
    let guardrail = guardrail(&simulator.address, "10");
    let (input, output) = (Direction::Input, Direction::Output);
    let masked = || Checked::Redacted("Write to {EMAIL}.".to_owned());
    for (direction, text, expected, noted) in [
        (input, "When are you open?", Checked::Clean, 0),
        (input, "Can I sue?", Checked::Blocked { policy: Policy::Topic }, 0),
        (output, "You can sue.", Checked::Clean, 0),
        (output, "Our rival", Checked::Blocked { policy: Policy::Word }, 0),
        (input, "Write to ada@example.com.", masked(), 0),
        (output, "Write to ada@example.com.", masked(), 0),
        (input, "Call 555-0100", Checked::Clean, 1),
    ] {
        let verdict = guardrail.check(direction, text).await.expect("a verdict");
        assert_eq!((&verdict.checked, verdict.noted), (&expected, noted), "{text}: {verdict:?}");
        assert!(verdict.units.total() > 0, "{text}: {verdict:?}");
    }
    let empty = guardrail.check(input, " ").await.expect("a verdict");
    assert_eq!((empty.checked, empty.units.total()), (Checked::Clean, 0));
    assert!(simulator.asked().iter().all(|asked| asked["operation"] == "ApplyGuardrail"));
}

#[tokio::test]
async fn units_are_a_thousand_characters_of_each_policy() {
    let simulator = Simulator::start(RULES);
    let guardrail = guardrail(&simulator.address, "10");
    let mut units = Vec::new();
    for length in [1_000, 1_001] {
        let verdict = guardrail.check(Direction::Input, &"a".repeat(length)).await.expect("a verdict");
        units.push((verdict.units.topics, verdict.units.personal_data));
    }
    assert_eq!(units, [(1, 1), (2, 2)]);
}

#[tokio::test]
async fn a_guardrail_that_fails_or_is_silent_lets_nothing_pass() {
    for (fault, seconds, part) in [
        ("kind = \"silent\"", "0.3", "did not decide"),
        ("kind = \"error\"\nerror = \"ValidationException\"", "10", "ValidationException"),
        ("kind = \"error\"\nerror = \"ThrottlingException\"", "10", "ThrottlingException"),
        ("kind = \"error\"\nerror = \"AccessDeniedException\"", "10", "AccessDeniedException"),
        ("kind = \"nameless\"\nstatus = 500", "10", "status 500"),
    ] {
        let simulator = Simulator::start(&format!("{RULES}[[bedrock.fault]]\n{fault}\n"));
        let local = Guard::local(&settings(seconds)).expect("the built-in rules");
        let guard = local.with_applied(Arc::new(guardrail(&simulator.address, seconds)));
        let error = guard.question("When are you open?").await.expect_err(fault);
        assert!(
            matches!(&error, Error::GuardUnavailable(cause) if cause.contains(part)),
            "{fault}: {error:?}"
        );
        assert_eq!(error.to_string(), "the guardrail is not available", "the cause is for the log");
    }
}

#[tokio::test]
async fn one_failure_is_tried_again_and_a_missing_guardrail_allows_nothing() {
    let once = "[[bedrock.fault]]\nkind = \"error\"\nerror = \"InternalServerException\"\ntimes = 1\n";
    let simulator = Simulator::start(&format!("{RULES}{once}"));
    let verdict = guardrail(&simulator.address, "10").check(Direction::Input, "Hello").await;
    assert_eq!(verdict.expect("a verdict").checked, Checked::Clean);
    assert_eq!(simulator.asked().len(), 2);
    let without = Simulator::start("[bedrock]\nseed = 1\n");
    let error = guardrail(&without.address, "10").check(Direction::Input, "Hello").await.expect_err("none");
    assert!(matches!(error, Error::GuardUnavailable(_)), "{error:?}");
}
