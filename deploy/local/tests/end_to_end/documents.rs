//! Documents that come, change, break and go while questions are asked.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proto::v1::ingestor_client::IngestorClient;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{DeleteRequest, StatusRequest, UploadHeader, UploadRequest};
use serde_json::Value;

use crate::client::{PATIENCE, chat};
use crate::stack::Stack;

const QUESTION: &str = "What is the price of the zeppelin ride?";

/// Writes a file the way editors do: beside it, then renamed over it.
pub(crate) fn write(path: &Path, text: &str) {
    let draft = path.with_extension("draft~");
    fs::write(&draft, text).expect("writes");
    fs::rename(draft, path).expect("renames");
}

/// Asks until the reply satisfies the condition; returns it and how long that took.
pub(crate) async fn until(stack: &Stack, question: &str, fits: impl Fn(&Value) -> bool) -> (Value, Duration) {
    let begun = Instant::now();
    loop {
        let reply = chat(stack.http, question).await;
        if fits(&reply) {
            return (reply, begun.elapsed());
        }
        assert!(begun.elapsed() < PATIENCE, "{question} still answers {reply:#}");
    }
}

pub(crate) fn says(reply: &Value, text: &str) -> bool {
    reply["response"].as_str().is_some_and(|response| response.contains(text))
}

pub(crate) fn refuses(reply: &Value) -> bool {
    reply["finish_reason"] == "no_evidence"
}

pub(crate) async fn a_changed_folder_changes_the_answers(stack: &Stack) {
    let file = stack.documents.join("zeppelin.md");
    assert!(refuses(&chat(stack.http, QUESTION).await), "nothing is known of it yet");
    let mut times = Vec::new();
    write(&file, "# Zeppelin rides\n\nThe price of the zeppelin ride is 340 USD.\n");
    times.push(until(stack, QUESTION, |reply| says(reply, "340")).await.1);
    write(&file, "# Zeppelin rides\n\nThe price of the zeppelin ride is 395 USD.\n");
    times.push(until(stack, QUESTION, |reply| says(reply, "395")).await.1);
    fs::remove_file(&file).expect("removes");
    times.push(until(stack, QUESTION, refuses).await.1);
    println!("seconds until an added, a changed and a removed file shows: {times:?}");
}

pub(crate) async fn no_answer_mixes_old_and_new(stack: &Stack) {
    let file = stack.documents.join("zeppelin.md");
    let version = |n: usize| {
        let price = 1000 + n;
        let part = |place: &str| {
            format!("## Zeppelin ride {place}\n\nThe price of the zeppelin ride {place} is {price} USD.\n\n")
        };
        format!("# Zeppelin rides\n\n{}{}{}", part("north"), part("south"), part("west"))
    };
    write(&file, &version(0));
    until(stack, QUESTION, |reply| says(reply, "1000")).await;
    for n in 1..=5 {
        write(&file, &version(n));
        let mut seen = 0;
        while seen < 3 {
            let reply = chat(stack.http, QUESTION).await;
            let text = reply["response"].as_str().expect("a text");
            let (old, new) = ((999 + n).to_string(), (1000 + n).to_string());
            assert!(text.contains(&old) || text.contains(&new), "there is always one version: {text}");
            assert!(!(text.contains(&old) && text.contains(&new)), "two versions in one answer: {text}");
            seen += usize::from(text.contains(&new));
        }
    }
    fs::remove_file(&file).expect("removes");
    until(stack, QUESTION, refuses).await;
}

pub(crate) async fn a_broken_document_harms_nothing(stack: &Stack) {
    let file = stack.documents.join("zeppelin.json");
    write(&file, r#"[{"ride": "zeppelin ride", "price": "340 USD", "duration": "two hours"}]"#);
    until(stack, QUESTION, |reply| says(reply, "340")).await;
    write(&file, r#"[{"ride": "zeppelin ride", "price": "#);
    let mut ingestor = ingestor(stack);
    let begun = Instant::now();
    let failure = loop {
        let request = StatusRequest { document_id: "zeppelin.json".to_owned(), ..StatusRequest::default() };
        let status = ingestor.status(request).await.expect("a status").into_inner();
        if let Some(failure) = status.document.and_then(|document| document.failure) {
            break failure;
        }
        assert!(begun.elapsed() < PATIENCE, "the failure never shows");
    };
    assert!(failure.reason.contains("line 1"), "says where: {}", failure.reason);
    assert!(says(&chat(stack.http, QUESTION).await, "340"), "the version before still answers");
    fs::remove_file(&file).expect("removes");
    until(stack, QUESTION, refuses).await;
}

pub(crate) async fn an_upload_answers_once_it_is_indexed(stack: &Stack) {
    let text = "# Zeppelin rides\n\nThe price of the zeppelin ride is 777 USD.\n";
    let header = UploadHeader {
        document_id: "rides/zeppelin.md".to_owned(),
        content_bytes: text.len() as u64,
        ..UploadHeader::default()
    };
    let parts = [Part::Header(header), Part::Data(text.as_bytes().to_vec().into())];
    let parts = futures_util::stream::iter(parts.map(|part| UploadRequest { part: Some(part) }));
    let mut ingestor = ingestor(stack);
    let mut events = ingestor.upload(parts).await.expect("admitted").into_inner();
    let mut stored = false;
    let indexed = loop {
        match events.message().await.expect("a whole stream").expect("an end").event.expect("an event") {
            Event::Stored(_) => stored = true,
            Event::Progress(_) => {}
            Event::Indexed(indexed) => break indexed,
            Event::Failed(failure) => panic!("{failure:?}"),
        }
    };
    assert!(stored && indexed.chunk_count > 0);
    assert!(says(&chat(stack.http, QUESTION).await, "777"), "indexed means that it answers");
    assert!(stack.documents.join("rides/zeppelin.md").exists(), "the folder is the truth");
    let request = DeleteRequest { document_id: "rides/zeppelin.md".to_owned(), ..DeleteRequest::default() };
    assert!(ingestor.delete(request).await.expect("deletes").into_inner().deleted);
    assert!(refuses(&chat(stack.http, QUESTION).await), "deleted means that it is gone");
    assert!(!stack.documents.join("rides/zeppelin.md").exists());
}

/// Returns a client of the ingestor.
pub(crate) fn ingestor(stack: &Stack) -> IngestorClient<tonic::transport::Channel> {
    let target: proto::Target = format!("http://{}", stack.ingestor).parse().expect("an address");
    IngestorClient::new(target.channel())
}
