//! The knowledge's past by the editors' command line: explain, history, rollback, purge.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::client::chat;
use crate::documents::{refuses, says, until, write};
use crate::stack::Stack;

const QUESTION: &str = "What is the price of the zeppelin ride?";

/// Runs the command line and returns its lines as JSON.
async fn editor(stack: &Stack, arguments: &[&str]) -> Vec<Value> {
    let binary = Path::new(env!("CARGO_BIN_EXE_chatbot")).with_file_name("ingestor");
    let mut command = Command::new(binary);
    command.args(["--json", "--server", &format!("http://{}", stack.ingestor)]).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("runs").expect("the binary starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

pub(crate) async fn a_rollback_holds_until_the_document_changes_and_a_purge_for_good(stack: &Stack) {
    let file = stack.documents.join("zeppelin.md");
    write(&file, "# Zeppelin rides\n\nThe price of the zeppelin ride is 340 USD.\n");
    until(stack, QUESTION, |reply| says(reply, "340")).await;
    let history = editor(stack, &["history", "--limit", "1"]).await;
    assert_eq!((&history[0]["kind"], &history[0]["document_id"]), (&"added".into(), &"zeppelin.md".into()));
    let before = history[0]["generation"].to_string();
    write(&file, "# Zeppelin rides\n\nThe price of the zeppelin ride is 395 USD.\n");
    until(stack, QUESTION, |reply| says(reply, "395")).await;

    let done = editor(stack, &["rollback", &before, "--yes"]).await;
    assert_eq!(done[0]["documents"], 1);
    let lines = editor(stack, &["reconcile"]).await;
    assert_eq!(lines.last().expect("a summary")["withheld"], 1);
    assert!(says(&chat(stack.http, QUESTION).await, "340"), "a reconciliation leaves the rollback alone");
    assert_eq!(editor(stack, &["status", "zeppelin.md"]).await[0]["state"], "withheld");

    let explained = editor(stack, &["explain", QUESTION, "--top-k", "2"]).await;
    assert_eq!(explained[0]["top_k"], 2);
    let best = explained.iter().find(|line| line["outcome"] == "kept").expect("something is kept");
    assert_eq!(best["document_id"], "zeppelin.md");
    assert!(best["text"].as_str().is_some_and(|text| text.contains("340")), "{best}");

    write(&file, "# Zeppelin rides\n\nThe price of the zeppelin ride is 410 USD.\n");
    until(stack, QUESTION, |reply| says(reply, "410")).await;
    let purged = editor(stack, &["purge", "zeppelin.md", "--yes"]).await;
    assert!(purged[0]["versions"].as_u64().is_some_and(|versions| versions >= 2), "{purged:?}");
    assert!(refuses(&chat(stack.http, QUESTION).await), "nothing is known of it any more");
    assert!(!file.exists());
}

pub(crate) async fn a_curated_answer_is_given_without_its_question(stack: &Stack) {
    let file = stack.documents.join("zeppelin.csv");
    write(&file, "Question,Answer\nWhat is the price of the zeppelin ride,It is 355 USD for one person.\n");
    let (reply, _) = until(stack, QUESTION, |reply| says(reply, "355 USD")).await;
    assert!(!says(&reply, "What is the price"), "{reply}");
    fs::remove_file(&file).expect("removes");
    until(stack, QUESTION, refuses).await;
}
