//! Vectors that the index holds are used again.

use std::sync::atomic::Ordering;

use proto::v1::Indexed;
use proto::v1::upload_event::Event;

use crate::reconcile::reconcile;
use crate::stack::Stack;

const SECTIONS: usize = 80;

/// A document of many chunks; `changed` is the one section that differs.
fn long(changed: &str) -> String {
    let section = |n: usize| {
        let text =
            if n == 40 { changed.to_owned() } else { format!("Section {n} tells what number {n} does.") };
        format!("# Section {n}\n\n{text}\n\n")
    };
    (0..SECTIONS).map(section).collect()
}

async fn upload(stack: &Stack, text: &str) -> Indexed {
    let events = stack.upload("long.md", text.as_bytes()).await.expect("is taken");
    match events.last() {
        Some(Event::Indexed(indexed)) => *indexed,
        other => panic!("{other:?}"),
    }
}

fn embedded(stack: &Stack) -> usize {
    stack.embedder.embedded.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_changed_line_of_a_long_document_embeds_one_chunk() {
    let stack = Stack::start().await;
    let first = upload(&stack, &long("The first text.")).await;
    assert_eq!((first.chunk_count, first.embedded_count, first.reused_count), (80, 80, 0));
    assert_eq!(embedded(&stack), SECTIONS);
    let second = upload(&stack, &long("The second text.")).await;
    assert_eq!((second.chunk_count, second.embedded_count, second.reused_count), (80, 1, 79));
    assert_eq!(embedded(&stack), SECTIONS + 1);
    let chunks = stack.index.chunks("main", "long.md");
    assert!(chunks.iter().all(|chunk| chunk.vector.len() == 64), "every chunk has a vector");
    assert_eq!(chunks[40].text, "The second text.");
    let third = upload(&stack, &long("The first text.")).await;
    assert_eq!((third.embedded_count, third.reused_count), (0, 80), "earlier generations count");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, stack.running.registry()).expect("encodes");
    for line in
        [r#"ingestor_chunks_total{vector="embedded"} 81"#, r#"ingestor_chunks_total{vector="reused"} 159"#]
    {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn a_purge_in_between_embeds_everything_and_sends_it_once_more() {
    let stack = Stack::start().await;
    upload(&stack, &long("The first text.")).await;
    stack.index.lose_vectors_once();
    let second = upload(&stack, &long("The second text.")).await;
    assert_eq!((second.embedded_count, second.reused_count), (80, 0));
    assert_eq!(stack.index.chunks("main", "long.md")[40].text, "The second text.");
}

#[tokio::test]
async fn a_reconciliation_says_how_many_chunks_it_embedded() {
    let stack = Stack::start().await;
    upload(&stack, &long("The first text.")).await;
    let (_, summary) = reconcile(&stack, true).await;
    assert_eq!((summary.changed, summary.embedded_count, summary.reused_count), (1, 0, 80));
}
