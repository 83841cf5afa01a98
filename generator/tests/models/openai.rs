//! How servers of OpenAI's chat completions fail, and what is made of it.

use futures_util::StreamExt;
use generator::Error;
use generator::model::{ChatModel, FinishReason, ModelEvent};
use generator::openai::OpenAiModel;
use generator::settings::ModelChoice;

use crate::answering::{ask, question, settings};
use crate::scripted::{Scripted, Step, chunk, chunked_head, last_chunk, serve, whole};

const STREAM: &str = "text/event-stream";

fn model(server: &Scripted, more: &[(&str, &str)]) -> OpenAiModel {
    let url = format!("http://{}/v1/", server.address);
    let own = [
        ("GENERATOR_MODEL", "openai"),
        ("GENERATOR_MODEL_ID", "small"),
        ("GENERATOR_OPENAI_URL", url.as_str()),
        ("GENERATOR_OPENAI_API_KEY", "sk-hunter2"),
    ];
    let pairs: Vec<(&str, &str)> = own.into_iter().chain(more.iter().copied()).collect();
    let settings = settings(&pairs);
    let ModelChoice::OpenAi(openai) = &settings.choice else { unreachable!("the choice") };
    OpenAiModel::new(openai, &settings).expect("a model")
}

fn delta(text: &str) -> Step {
    chunk(format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n").as_bytes())
}

fn end(reason: &str) -> Step {
    let ending = format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\n");
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":300,\"completion_tokens\":9}}\n\ndata: [DONE]\n\n";
    chunk(format!("{ending}{usage}").as_bytes())
}

#[tokio::test]
async fn an_answer_with_citations_is_asked_for_and_read() {
    let steps = vec![chunked_head(STREAM), delta("From 11:00 [1"), delta("]. "), end("stop"), last_chunk()];
    let server = serve(steps);
    let model = model(&server, &[]);
    let answered = ask(&model, question()).await;
    assert_eq!(answered.text, "From 11:00{0}. ");
    let finish = answered.finish.expect("an end");
    assert_eq!((finish.reason, finish.input_tokens, finish.output_tokens), (FinishReason::Complete, 300, 9));
    assert_eq!(finish.cost_microdollars, 0, "a model without a price is one's own");
    let request = server.requests.recv().expect("a request");
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer sk-hunter2\r\n"), "{request}");
    let (_, body) = request.split_once("\r\n\r\n").expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        (&body["max_tokens"], &body["stream"], &body["model"]),
        (&64.into(), &true.into(), &"small".into())
    );
    let roles: Vec<&str> = body["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .filter_map(|message| message["role"].as_str())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
    assert!(!format!("{model:?}").contains("hunter2"));
}

#[tokio::test]
async fn refusals_are_sorted_by_what_helps() {
    type Kind = fn(&Error) -> bool;
    let refused: Kind = |error| matches!(error, Error::ModelRefused(_));
    let unavailable: Kind = |error| matches!(error, Error::ModelUnavailable(_));
    let json = "content-type: application/json\r\n";
    let filtered = r#"{"error":{"code":"content_filter","message":"no"}}"#;
    let cases: [(&str, &str, Kind); 9] = [
        ("429 Too Many Requests", "", |error| matches!(error, Error::ModelThrottled(_))),
        ("401 Unauthorized", r#"{"error":{"message":"bad key","code":401}}"#, refused),
        ("404 Not Found", "<html>", refused),
        ("400 Bad Request", r#"{"error":"no such model"}"#, refused),
        ("400 Bad Request", filtered, |error| matches!(error, Error::Blocked(_))),
        ("503 Service Unavailable", r#"{"error":{"message":"loading"}}"#, unavailable),
        ("500 Internal Server Error", "", unavailable),
        ("408 Request Timeout", "", unavailable),
        // An address that serves something else.
        ("200 OK", "{}", refused),
    ];
    for (status, body, is_right) in cases {
        let server = serve(whole(status, json, body));
        let error = ask(&model(&server, &[]), question()).await.error.expect("an error");
        assert!(is_right(&error), "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_or_stops_is_never_a_whole_answer() {
    let begun = || vec![chunked_head(STREAM), delta("From 11:00")];
    let half = Step::Send(b"30\r\ndata: {\"choices\"".to_vec());
    let cases: [(&str, Vec<Step>); 4] = [
        ("the connection ends between events", [begun(), vec![Step::Reset]].concat()),
        ("the connection ends inside an event", [begun(), vec![half, Step::Reset]].concat()),
        ("the stream ends without a reason", [begun(), vec![last_chunk()]].concat()),
        ("done without a reason", [begun(), vec![chunk(b"data: [DONE]\n\n"), last_chunk()]].concat()),
    ];
    for (name, steps) in cases {
        let server = serve(steps);
        let answered = ask(&model(&server, &[]), question()).await;
        assert!(matches!(answered.error, Some(Error::ModelCut(_))), "{name}: {answered:?}");
        assert_eq!(answered.text, "From 11:00", "{name}");
    }
}

#[tokio::test]
async fn silence_ends_the_answer_and_the_connection() {
    let waits = [("GENERATOR_FIRST_TOKEN_SECONDS", "0.2"), ("GENERATOR_TOKEN_GAP_SECONDS", "0.3")];
    for (steps, expected) in [
        (vec![Step::Stall], "its first words"),
        (vec![chunked_head(STREAM), chunk(b": ping\n\n"), Step::Stall], "its first words"),
        (vec![chunked_head(STREAM), delta("From"), Step::Stall], "more words"),
    ] {
        let server = serve(steps);
        let answered = ask(&model(&server, &waits), question()).await;
        let Some(Error::ModelTimedOut { waiting_for, .. }) = answered.error else { panic!("{answered:?}") };
        assert_eq!(waiting_for, expected);
        assert!(server.ends_without_client().await, "the connection is closed");
    }
}

#[tokio::test]
async fn whoever_stops_listening_ends_the_connection_at_once() {
    let server = serve(vec![chunked_head(STREAM), delta("From"), Step::Stall]);
    let model = model(&server, &[]);
    let mut events = model.answer(question());
    assert!(matches!(events.next().await, Some(Ok(ModelEvent::Text(_)))));
    drop(events);
    assert!(server.ends_without_client().await, "the connection is closed");
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let server = serve(Vec::new());
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let model = model(&Scripted { address: gone, ..server }, &[]);
    let error = ask(&model, question()).await.error.expect("an error");
    assert!(matches!(error, Error::ModelUnavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_provider_that_filters_withdraws_and_an_endless_line_is_refused() {
    let filtered = serve(vec![chunked_head(STREAM), delta("Well"), end("content_filter"), last_chunk()]);
    let answered = ask(&model(&filtered, &[]), question()).await;
    assert_eq!((answered.text.as_str(), answered.retracts), ("", 1));
    assert_eq!(answered.finish.expect("an end").reason, FinishReason::Blocked);
    let line = vec![b'x'; 4_000];
    let endless = serve(vec![chunked_head(STREAM), chunk(b"data: "), chunk(&line), Step::Stall]);
    let answered = ask(&model(&endless, &[("GENERATOR_MAX_EVENT_BYTES", "2000")]), question()).await;
    assert!(matches!(answered.error, Some(Error::AnswerTooLarge { limit: 2_000 })), "{answered:?}");
}
