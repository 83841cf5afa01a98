//! A writer killed at any moment leaves a store that holds every acknowledged document, whole.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use retriever::store::Store;

use crate::documents::{PUBLIC, chunks, document, open};

const DOCUMENTS: u64 = 7;
const ROUNDS: u64 = 4;

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_nothing_is_half_there() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=ROUNDS {
        let acknowledged = write_and_kill(folder.path(), 10 * round);
        let store = open(folder.path());
        let generation = store.generation().borrow().number;
        assert!(generation >= acknowledged, "{acknowledged} was acknowledged, {generation} is there");
        for number in 0..DOCUMENTS {
            let id = number.to_string();
            let Some(stored) = store.get(vec![PUBLIC.to_owned()], id).await.unwrap() else { continue };
            let text = &stored.chunks[0].text;
            assert!(stored.chunks.iter().all(|chunk| &chunk.text == text), "two versions of one document");
            let written: u64 = text.strip_prefix("written as ").unwrap().parse().unwrap();
            assert_eq!(stored.chunks.len(), usize::try_from(written % 5 + 1).unwrap());
            assert_eq!(stored.summary.generation, written);
        }
    }
}

/// Starts the writer below in a process of its own, kills it after some acknowledgements, and returns the last one.
fn write_and_kill(folder: &std::path::Path, acknowledgements: u64) -> u64 {
    let program = std::env::current_exe().unwrap();
    let mut writer = Command::new(program)
        .args(["--exact", "crash::writer_of_the_test_above", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(writer.stdin.take().unwrap(), "{}", folder.display()).unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
    let last = acknowledged.by_ref().nth(usize::try_from(acknowledgements).unwrap()).unwrap();
    writer.kill().unwrap();
    writer.wait().unwrap();
    acknowledged.last().unwrap_or(last)
}

/// Does nothing on its own; as a child process it is told a folder and writes there until it is killed.
#[tokio::test]
async fn writer_of_the_test_above() {
    let mut folder = String::new();
    let is_child = std::env::args().any(|argument| argument == "--nocapture")
        && std::env::args().any(|argument| argument == "--exact");
    if !is_child || std::io::stdin().lock().read_line(&mut folder).unwrap() == 0 {
        return;
    }
    let store = open(std::path::Path::new(folder.trim()));
    loop {
        let next = store.generation().borrow().number + 1;
        let text = format!("written as {next}");
        let texts = vec![text.as_str(); usize::try_from(next % 5 + 1).unwrap()];
        let changed = store.replace(document(&(next % DOCUMENTS).to_string()), chunks(&texts)).await.unwrap();
        println!("acknowledged {}", changed.generation.number);
    }
}
