//! What happens when the service, the way to it, the settings or the document fail.

use std::time::Duration;

use ingestor::extract::Unreadable;
use ingestor::text_extractor::{Media, RecognitionError};
use ingestor::textract::{Textract, TextractOptions};

use super::simulator::config;
use super::{PDF, Simulator, client, in_s3, options, picture, place, read};

/// A fault of an operation, as a scenario has it.
fn fault(operation: &str, what: &str) -> String {
    format!("[[fault]]\noperation = \"{operation}\"\n{what}\n")
}

/// Whether an error is of the right kind.
type Check = fn(&RecognitionError) -> bool;

fn is_throttled(error: &RecognitionError) -> bool {
    matches!(error, RecognitionError::Throttled(_)) && error.code().retryable()
}

fn is_unavailable(error: &RecognitionError) -> bool {
    matches!(error, RecognitionError::Unavailable(_)) && error.code().retryable()
}

fn is_about_settings(error: &RecognitionError) -> bool {
    matches!(error, RecognitionError::Settings(_))
}

fn is_final(error: &RecognitionError) -> bool {
    matches!(error, RecognitionError::Unreadable(_)) && !error.code().retryable()
}

#[tokio::test]
async fn throttling_and_faults_that_pass_are_not_noticed() {
    for what in [
        "error = \"ThrottlingException\"\ntimes = 2",
        "error = \"ProvisionedThroughputExceededException\"\ntimes = 2",
        "error = \"InternalServerError\"\ntimes = 2",
        "error = \"ServiceUnavailable\"\nstatus = 503\ntimes = 2",
        "broken = true\ntimes = 2",
    ] {
        let simulator = Simulator::start(&fault("AnalyzeDocument", what));
        let read = picture(&client(&simulator, options())).await.expect(what);
        assert_eq!(read.contents.pieces.len(), 2, "{what}");
        assert_eq!(simulator.operations().len(), 3, "{what}");
    }
    let script = [
        fault("StartDocumentAnalysis", "error = \"LimitExceededException\"\ntimes = 2"),
        fault("GetDocumentAnalysis", "error = \"ThrottlingException\"\ntimes = 2"),
        "[textract]\nmax_results = 3\n".to_owned(),
    ];
    let simulator = Simulator::start(&script.concat());
    let read = in_s3(&client(&simulator, options()), "menu.pdf").await.expect("read");
    assert_eq!(read.contents.pieces.len(), 2);
}

#[tokio::test]
async fn each_failure_that_stays_has_its_own_kind() {
    let cases: [(&str, Check, usize); 14] = [
        ("error = \"ThrottlingException\"", is_throttled, 3),
        ("error = \"ProvisionedThroughputExceededException\"", is_throttled, 3),
        ("error = \"LimitExceededException\"", is_throttled, 3),
        ("error = \"InternalServerError\"", is_unavailable, 3),
        ("broken = true", is_unavailable, 3),
        ("error = \"SomethingNew\"", is_unavailable, 1),
        ("error = \"AccessDeniedException\"", is_about_settings, 1),
        ("error = \"ExpiredTokenException\"", is_about_settings, 1),
        ("error = \"InvalidSignatureException\"", is_about_settings, 1),
        ("error = \"InvalidS3ObjectException\"", is_about_settings, 1),
        ("error = \"BadDocumentException\"", is_final, 1),
        ("error = \"UnsupportedDocumentException\"", is_final, 1),
        ("error = \"DocumentTooLargeException\"", is_final, 1),
        ("error = \"InvalidParameterException\"", is_final, 1),
    ];
    for (what, is_right, calls) in cases {
        let simulator = Simulator::start(&fault("AnalyzeDocument", what));
        let error = picture(&client(&simulator, options())).await.expect_err(what);
        assert!(is_right(&error), "{what}: {error:?}");
        assert_eq!(simulator.operations().len(), calls, "{what}");
    }
}

#[tokio::test]
async fn a_job_that_failed_says_so_in_words_for_an_editor() {
    let failed =
        |message: &str| format!("[[textract.document]]\nstatus = \"FAILED\"\nstatus_message = \"{message}\"");
    let partly = "[[textract.document]]\nstatus = \"PARTIAL_SUCCESS\"\npage = [{}]\n\
                  warning = [{ code = \"PAGE_SIZE_EXCEEDED\", pages = [1] }]";
    for (scenario, reason) in [
        (failed("all pages are too dark"), "Amazon Textract could not read the file: all pages are too dark"),
        (failed(""), "Amazon Textract could not read the file: the service gives no reason"),
        (partly.to_owned(), "none of its pages could be read: PAGE_SIZE_EXCEEDED"),
    ] {
        let simulator = Simulator::start(&scenario);
        let error = in_s3(&client(&simulator, options()), "menu.pdf").await.expect_err(reason);
        assert!(is_final(&error) && error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_silent_or_never_done_meets_the_deadline() {
    let hasty = TextractOptions { attempts: 1, attempt_timeout: Duration::from_millis(200), ..options() };
    let short = TextractOptions { time: Duration::from_millis(300), ..options() };
    let silent = Simulator::start(&fault("AnalyzeDocument", "stall = true"));
    for options in [hasty, short.clone()] {
        let error = picture(&client(&silent, options)).await.expect_err("no answer");
        assert!(is_unavailable(&error), "{error:?}");
    }
    let slow = Simulator::start("[textract]\nin_progress = 1000000");
    let error = in_s3(&client(&slow, short), "menu.pdf").await.expect_err("never done");
    assert!(is_unavailable(&error) && error.to_string().contains("no answer within 300ms"), "{error}");
    // What was begun is not begun again.
    let patient = client(&slow, TextractOptions { time: Duration::from_millis(300), ..options() });
    in_s3(&patient, "menu.pdf").await.expect_err("never done");
    let asked = slow.asked();
    let mut jobs: Vec<_> = asked.iter().filter_map(|asked| asked.body["JobId"].as_str()).collect();
    jobs.dedup();
    assert_eq!(jobs.len(), 1);
}

#[tokio::test]
async fn a_reading_that_nobody_waits_for_ends() {
    let simulator = Simulator::start(&fault("AnalyzeDocument", "stall = true"));
    let client = client(&simulator, options());
    let outcome = || simulator.asked().first().map(|asked| asked.outcome.clone());
    let has = |expected: &'static str| async move {
        while outcome().as_deref() != Some(expected) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        read = picture(&client) => panic!("the service answers nothing: {read:?}"),
        () = has("under way") => {}
    }
    tokio::time::timeout(Duration::from_secs(30), has("abandoned")).await.expect("the call ends");
    assert_eq!(simulator.operations().len(), 1);
}

#[tokio::test]
async fn wrong_or_missing_credentials_and_a_missing_region_are_said_to_be_settings() {
    let simulator = Simulator::start("access_keys = [\"AKIDEXAMPLE\"]");
    let stranger = Textract::with_config(&simulator.config_of_a_stranger(), options()).expect("a client");
    let error = picture(&stranger).await.expect_err("a stranger");
    assert!(
        is_about_settings(&error) && error.to_string().contains("UnrecognizedClientException"),
        "{error}"
    );
    let known = simulator.config();
    let nobody = known.into_builder();
    let nobody = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .region(nobody.build().region().cloned())
        .endpoint_url("http://127.0.0.1:1")
        .build();
    let error =
        picture(&Textract::with_config(&nobody, options()).expect("a client")).await.expect_err("nobody");
    assert!(is_about_settings(&error), "{error:?}");
    let nowhere = Textract::with_config(&aws_config::SdkConfig::builder().build(), options());
    assert!(is_about_settings(&nowhere.expect_err("no region")));
}

#[tokio::test]
async fn nothing_listening_is_said_and_not_tried_for_ever() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let client = Textract::with_config(&config(&address, "AKIDEXAMPLE"), options()).expect("a client");
    let error = picture(&client).await.expect_err("no server");
    assert!(is_unavailable(&error), "{error:?}");
}

#[tokio::test]
async fn what_is_over_a_limit_is_refused_and_where_it_can_before_it_costs_anything() {
    let simulator = Simulator::start("");
    let few = client(&simulator, TextractOptions { max_pages: 2, ..options() });
    let error =
        read(&few, Media::Pdf, PDF, Some(3), Some(&place("menu.pdf"))).await.expect_err("three pages");
    assert!(is_final(&error) && error.to_string().contains("the limit is 2 pages"), "{error}");
    // A PNG's header with its width and height.
    let wide = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x2e\xe0\0\0\0\x01\x08\0\0\0\0"[..], &[0; 16]].concat();
    let error = read(&few, Media::Png, &wide, None, None).await.expect_err("12,000 pixels");
    assert!(is_final(&error) && error.to_string().contains("12000 by 1 pixels"), "{error}");
    assert!(simulator.operations().is_empty());
    let small = client(&simulator, TextractOptions { max_blocks: 5, ..options() });
    let error = picture(&small).await.expect_err("more than five blocks");
    assert!(is_final(&error) && error.to_string().contains("the limit is 5 of them"), "{error}");
    let brief = client(&simulator, TextractOptions { max_text_bytes: 10, ..options() });
    let error = picture(&brief).await.expect_err("more than ten bytes");
    let refused = matches!(&error, RecognitionError::Unreadable(Unreadable::Refused(_)));
    assert!(refused && error.to_string().contains("the limit is 10 bytes"), "{error}");
}
