//! Processes killed at the worst moment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proto::v1::{ListRequest, Stage};
use serde_json::json;

use crate::client::{PATIENCE, Socket, chat, get};
use crate::documents::{ingestor, write};
use crate::questions::SUNDAYS;
use crate::stack::{Process, Stack, folder_with_samples, text};

const DOCUMENTS: usize = 60;

/// Changes half of the documents, removes some and adds some, kills the process at a random moment of the ingest, again
/// and again; then lets it finish and compares the index with the folder.
pub(crate) async fn kill_in_mid_ingest(rounds: u64) {
    let (folder, documents) = folder_with_samples();
    let (documents_text, data) = (text(&documents), text(&folder.path().join("data")));
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    let mut cut = 0;
    for round in 0..rounds {
        for n in 0..DOCUMENTS {
            let name = format!("made-{n}.md");
            match (n as u64 + round) % 4 {
                0 if round > 0 => {
                    _ = std::fs::remove_file(documents.join(&name));
                    expected.remove(&name);
                }
                1 | 2 => {
                    let marker = format!("marker-{round}-{n}");
                    let body = format!("# Made {n}\n\nThe word is {marker}.\n\n").repeat(20);
                    write(&documents.join(&name), &body);
                    expected.insert(name, marker);
                }
                _ => {}
            }
        }
        let arguments = ["--port", "0", "--documents", &documents_text, "--data", &data];
        let mut process = Process::start("chatbot", &arguments, &[]);
        process.wait_for("listening", Some("ingestor"));
        // Spread over the length of an ingest, the same in each run.
        std::thread::park_timeout(Duration::from_millis((round * 7919) % 160));
        process.child.kill().expect("kills");
        cut += usize::from(!process.has_said("chatbot ready"));
    }
    println!("{cut} of {rounds} kills came before the ingest had ended");
    assert!(cut > 0, "no kill came in mid-ingest");
    let stack = Stack::one_process_over(folder, documents, &[]);
    index_equals(&stack, &expected).await;
}

async fn index_equals(stack: &Stack, expected: &BTreeMap<String, String>) {
    let listed = ingestor(stack).list(ListRequest::default()).await.expect("a list").into_inner().documents;
    let made = listed.iter().filter(|document| document.document_id.starts_with("made-"));
    let indexed: Vec<_> = made.map(|document| document.document_id.clone()).collect();
    let mut wanted: Vec<_> = expected.keys().cloned().collect();
    wanted.sort();
    assert_eq!(indexed, wanted, "each document once, none that is gone");
    assert!(listed.iter().all(|document| document.stage() == Stage::Indexed), "{listed:#?}");
    for (name, marker) in expected {
        let (status, page) = get(stack.http, &format!("/documents/main/{name}")).await;
        assert_eq!(status, 200, "{name}");
        assert_eq!(page.matches(marker.as_str()).count(), 20, "{name} is whole and of the last version");
        assert_eq!(page.matches("marker-").count(), 20, "{name} holds one version only");
    }
}

pub(crate) async fn kill_the_generator_in_mid_answer() {
    let slow = [("GENERATOR_TOKENS_PER_SECOND", "5")];
    let mut stack = Stack::four_processes(&slow);
    let mut socket = Socket::open(stack.http).await;
    socket.send(&json!({"action": "sendMessage", "message": SUNDAYS})).await;
    while socket.next().await.expect("open")["type"] != "chunk" {}
    let place = stack.processes.iter().position(|process| process.name == "generator").expect("a generator");
    let mut generator = stack.processes.remove(place);
    generator.child.kill().expect("kills");
    let frames = socket.rest_of_answer().await;
    let last = frames.last().expect("a last frame");
    assert_eq!((&last["type"], &last["retryable"]), (&json!("error"), &json!(true)), "{last:#}");

    let address = generator.listens.expect("it listened").to_string();
    let settings = [("GENERATOR_LISTEN", address.as_str()), ("GENERATOR_INTERNAL_LISTEN", "127.0.0.1:0")];
    let mut restarted = Process::start("generator", &[], &settings);
    restarted.wait_for("listening", Some("generator"));
    stack.processes.push(restarted);
    let begun = Instant::now();
    loop {
        let frames = Socket::open(stack.http).await.ask(SUNDAYS).await;
        if frames.last().expect("a last frame")["type"] == "end" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{frames:#?}");
    }
    chat(stack.http, SUNDAYS).await;
}
