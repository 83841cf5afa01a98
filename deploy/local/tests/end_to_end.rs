//! The main job from outside: one suite, passed by the chatbot in one process and by four processes over TCP.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests stop at the first surprise"
)]

#[path = "end_to_end/bad_input.rs"]
mod bad_input;
#[path = "end_to_end/bedrock.rs"]
mod bedrock;
#[path = "end_to_end/client.rs"]
mod client;
#[path = "end_to_end/crash.rs"]
mod crash;
#[path = "end_to_end/documents.rs"]
mod documents;
#[path = "end_to_end/model_crowd.rs"]
mod model_crowd;
#[path = "end_to_end/model_failures.rs"]
mod model_failures;
#[path = "end_to_end/past.rs"]
mod past;
#[path = "end_to_end/questions.rs"]
mod questions;
#[path = "../../../generator/tests/models/simulator.rs"]
mod simulator;
#[path = "end_to_end/stack.rs"]
mod stack;

use stack::Stack;

/// Memory that the whole chatbot may take with the samples loaded, beside the pages of its program; 16 MiB of it are answers to
/// give again.
const MOST_OWN_BYTES: u64 = 96 * 1024 * 1024;

/// Runs every scenario against one stack; each leaves the documents as it found them.
async fn pass_the_suite(stack: &Stack) {
    questions::an_answer_is_streamed_with_its_source(stack).await;
    questions::every_transport_gives_the_same_answer(stack).await;
    questions::a_citation_leads_to_its_passage(stack).await;
    questions::every_starter_question_is_answered(stack).await;
    questions::what_the_documents_do_not_hold_is_refused(stack).await;
    questions::search_alone_returns_passages(stack).await;
    questions::a_lost_connection_resumes_without_a_lost_or_doubled_word(stack).await;
    documents::a_changed_folder_changes_the_answers(stack).await;
    documents::no_answer_mixes_old_and_new(stack).await;
    documents::a_broken_document_harms_nothing(stack).await;
    documents::an_upload_answers_once_it_is_indexed(stack).await;
    past::a_rollback_holds_until_the_document_changes_and_a_purge_for_good(stack).await;
    past::a_curated_answer_is_given_without_its_question(stack).await;
    bad_input::each_bad_frame_gets_a_typed_error_and_the_next_question_works(stack).await;
    bad_input::each_bad_request_gets_a_typed_problem(stack).await;
    bad_input::a_client_that_leaves_in_mid_answer_harms_nobody(stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_in_one_process() {
    let mut stack = Stack::one_process(&[]);
    pass_the_suite(&stack).await;
    let own = stack.own_bytes();
    println!("own memory after the suite: {own} bytes");
    assert!(own < MOST_OWN_BYTES, "{own} bytes");
    stack.stops_cleanly();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_as_four_processes_over_tcp() {
    let mut stack = Stack::four_processes(&[]);
    pass_the_suite(&stack).await;
    stack.stops_cleanly();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eleventh_question_in_a_minute_is_refused_with_a_time_to_wait() {
    let stack = Stack::one_process(&[("RATE_PER_MINUTE", "10"), ("RATE_PER_HOUR", "100")]);
    questions::the_eleventh_question_is_refused(&stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_twenty_kills_in_mid_ingest_the_index_equals_the_folder() {
    crash::kill_in_mid_ingest(20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_generator_fails_the_answer_and_the_next_one_works() {
    crash::kill_the_generator_in_mid_answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_the_first_model_ends_in_an_answer_of_the_second() {
    model_failures::each_failure_of_the_first_model_ends_in_an_answer_of_the_second().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unusual_and_what_passes_by_itself_is_not_noticed() {
    model_failures::what_is_unusual_and_what_passes_by_itself_is_not_noticed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_models_passages_are_quoted_and_models_left_alone() {
    model_failures::without_models_passages_are_quoted_and_models_left_alone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_models_an_earlier_answer_stands_in_before_quotations() {
    model_failures::without_models_an_earlier_answer_stands_in_before_quotations().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_to_quote_the_visitor_is_told_whom_to_ask() {
    model_failures::with_nothing_to_quote_the_visitor_is_told_whom_to_ask().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardrail_stops_a_question_or_takes_back_what_was_shown() {
    model_failures::a_guardrail_stops_a_question_or_takes_back_what_was_shown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_calls_in_a_hundred_fail_and_every_question_is_answered() {
    model_crowd::thirty_calls_in_a_hundred_fail_and_every_question_is_answered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_stops_or_leaves_stops_the_model() {
    model_crowd::a_visitor_who_stops_or_leaves_stops_the_model().await;
}
