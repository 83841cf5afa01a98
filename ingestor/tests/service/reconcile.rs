//! The index follows the folder, whatever happens.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use lifecycle::Shutdown;
use proto::v1::reconcile_event::Event;
use proto::v1::{ReconcileRequest, ReconcileSummary, ReconciledDocument, StatusRequest};
use proto::{ErrorCode, Target};

use crate::fake::FakeIndex;
use crate::stack::{Stack, serve_index, write};

pub(crate) fn folder() -> Arc<tempfile::TempDir> {
    Arc::new(tempfile::tempdir().expect("temporary folder"))
}

pub(crate) async fn reconcile(stack: &Stack, force: bool) -> (Vec<ReconciledDocument>, ReconcileSummary) {
    let mut client = stack.client.clone();
    let mut events = client.reconcile(ReconcileRequest { force }).await.expect("starts").into_inner();
    let mut documents = Vec::new();
    loop {
        match events.message().await.expect("goes on").and_then(|event| event.event) {
            Some(Event::Document(document)) => documents.push(document),
            Some(Event::Summary(summary)) => return (documents, summary),
            None => panic!("no summary"),
        }
    }
}

#[tokio::test]
async fn what_lies_in_the_folder_is_indexed_before_the_ingestor_is_ready() {
    let folder = folder();
    write(folder.path(), "a.txt", b"Alpha.");
    write(folder.path(), "sub/b.md", b"# Beta\n\nText.");
    write(folder.path(), "@internal/c.csv", b"x,y\n1,2");
    let index = FakeIndex::new();
    index.insert("main", "gone.txt");
    index.insert("main", "../odd");
    index.insert("closed", "gone-with-its-collection.txt");
    let stack = Stack::start_over(index, folder, &[]).await;
    let expected = [("internal/c.csv", "x: 1; y: 2"), ("main/a.txt", "Alpha."), ("main/sub/b.md", "Text.")];
    stack.index.until(&expected).await;
    let header = stack.index.header("main", "sub/b.md").expect("is there");
    assert_eq!((header.title.as_str(), header.kind.as_str()), ("Beta", "md"));
    assert_eq!(header.content_sha256.len(), 32);
    let chunks = stack.index.chunks("main", "sub/b.md");
    assert_eq!((chunks[0].heading_path.join("/").as_str(), chunks[0].vector.len()), ("Beta", 64));
}

#[tokio::test]
async fn the_index_follows_edits_replacements_and_deletions() {
    let stack = Stack::start().await;
    stack.write("a.txt", "One.");
    stack.index.until(&[("main/a.txt", "One.")]).await;
    stack.write("a.txt", "Two.");
    stack.write("new/b.txt", "Bee.");
    stack.index.until(&[("main/a.txt", "Two."), ("main/new/b.txt", "Bee.")]).await;
    stack.remove("a.txt");
    stack.index.until(&[("main/new/b.txt", "Bee.")]).await;
    for round in 0..20 {
        stack.write("new/b.txt", &format!("Round {round}."));
        stack.remove("new/b.txt");
    }
    stack.write("new/b.txt", "Last.");
    stack.index.until(&[("main/new/b.txt", "Last.")]).await;
}

#[tokio::test]
async fn a_restart_finds_what_changed_meanwhile_and_leaves_the_rest_alone() {
    let stack = Stack::start().await;
    for name in ["a.txt", "b.txt", "c.txt", "@old/d.txt"] {
        stack.write(name, "Same.");
    }
    let before =
        [("main/a.txt", "Same."), ("main/b.txt", "Same."), ("main/c.txt", "Same."), ("old/d.txt", "Same.")];
    stack.index.until(&before).await;
    let (index, folder) = stack.kill();
    write(folder.path(), "a.txt", b"New.");
    std::fs::remove_file(folder.path().join("b.txt")).expect("removes");
    std::fs::remove_dir_all(folder.path().join("@old")).expect("removes");
    let replaced = index.replaced();
    let stack = Stack::start_over(index, folder, &[]).await;
    stack.index.until(&[("main/a.txt", "New."), ("main/c.txt", "Same.")]).await;
    assert_eq!(stack.index.replaced(), replaced + 1, "only the changed document");
}

#[tokio::test]
async fn another_way_of_chunking_indexes_everything_anew() {
    let folder = folder();
    write(folder.path(), "a.txt", b"Alpha.");
    let stack = Stack::start_over(FakeIndex::new(), folder, &[]).await;
    let first = stack.index.header("main", "a.txt").expect("is there");
    let (index, folder) = stack.kill();
    let stack = Stack::start_over(index, folder, &[("INGESTOR_CHUNK_MAX_CHARS", "3000")]).await;
    let second = stack.index.header("main", "a.txt").expect("is there");
    assert_ne!(first.chunking_version, second.chunking_version);
    let (index, folder) = stack.kill();
    let settings = [("INGESTOR_CHUNK_MAX_CHARS", "3000"), ("INGESTOR_EMBEDDING_DIMENSIONS", "128")];
    let stack = Stack::start_over(index, folder, &settings).await;
    assert_eq!(stack.index.header("main", "a.txt").expect("is there").embedding_dimensions, 128);
    assert_eq!(stack.index.replaced(), 3);
}

#[tokio::test]
async fn a_broken_document_leaves_its_old_version_and_all_others_answering() {
    let stack = Stack::start().await;
    stack.write("a.json", "{\"a\": 1}");
    stack.index.until(&[("main/a.json", "a: 1")]).await;
    stack.write("a.json", "{\"a\": ");
    stack.write("b.txt", "Bee.");
    stack.index.until(&[("main/a.json", "a: 1"), ("main/b.txt", "Bee.")]).await;
    let (documents, summary) = reconcile(&stack, false).await;
    assert_eq!((summary.failed, summary.unchanged), (1, 1));
    let failure = documents[0].failure.clone().expect("says why");
    assert_eq!((failure.code.as_str(), documents[0].document_id.as_str()), ("UNREADABLE_DOCUMENT", "a.json"));
    assert!(failure.reason.contains("the JSON is broken at line 1"), "{}", failure.reason);
    let request = StatusRequest { document_id: "a.json".to_owned(), collection: String::new() };
    let status = stack.client.clone().status(request).await.expect("answers").into_inner();
    assert_eq!((status.failed, status.indexed), (1, 1));
    assert_eq!(status.document.expect("is known").failure, Some(failure));
    stack.write("a.json", "{\"a\": 2}");
    stack.index.until(&[("main/a.json", "a: 2"), ("main/b.txt", "Bee.")]).await;
}

#[tokio::test]
async fn a_document_the_index_refuses_for_now_is_tried_again() {
    let stack = Stack::start().await;
    stack.index.refuse([
        ErrorCode::Overloaded,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
        ErrorCode::StorageFull,
    ]);
    stack.write("a.txt", "Alpha.");
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
}

#[tokio::test]
async fn a_broken_embedder_stores_nothing_and_is_tried_again() {
    let stack = Stack::start().await;
    stack.embedder.is_broken.store(true, Ordering::Relaxed);
    stack.write("a.txt", "Alpha.");
    let (documents, _) = reconcile(&stack, false).await;
    let reason = documents[0].failure.clone().expect("fails").reason;
    assert!(reason.contains("unit length"), "{reason}");
    assert_eq!(stack.index.replaced(), 0);
    stack.embedder.is_broken.store(false, Ordering::Relaxed);
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
}

#[tokio::test]
async fn an_index_that_comes_late_is_waited_for() {
    let folder = folder();
    write(folder.path(), "a.txt", b"Alpha.");
    let (sender, pipes) = tokio::sync::mpsc::channel(1);
    drop(pipes);
    let shutdown = Shutdown::new();
    let away = Stack::start_against(FakeIndex::new(), folder, &[], &Target::Memory(sender), shutdown);
    let events = away.client.clone().reconcile(ReconcileRequest { force: false }).await.expect("starts");
    let status = events.into_inner().message().await.expect_err("the index is away");
    assert_eq!(ErrorCode::of(&status).0, ErrorCode::Unavailable);
    assert!(!away.running.readiness().is_ready());
    let (index, folder) = away.kill();
    let shutdown = Shutdown::new();
    let retriever = serve_index(&index, &shutdown);
    let stack = Stack::start_against(index, folder, &[], &retriever, shutdown);
    stack.running.reconciled().await;
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
}

#[tokio::test]
async fn an_index_that_lost_everything_is_filled_again() {
    let stack = Stack::start().await;
    stack.write("a.txt", "Alpha.");
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    stack.index.clear();
    let (documents, summary) = reconcile(&stack, false).await;
    assert_eq!((documents.len(), summary.added), (1, 1));
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    let (_, again) = reconcile(&stack, true).await;
    assert_eq!((again.changed, again.unchanged), (1, 0), "force indexes what is unchanged");
}

#[tokio::test]
async fn a_folder_that_vanishes_does_not_empty_the_index() {
    let stack = Stack::start().await;
    stack.write("a.txt", "Alpha.");
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    std::fs::remove_dir_all(stack.folder.path()).expect("removes");
    let events = stack.client.clone().reconcile(ReconcileRequest { force: false }).await.expect("starts");
    assert!(events.into_inner().message().await.is_err());
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
}
