//! History, rollbacks and purges: what a rollback undid does not come back by itself.

use proto::ErrorCode;
use proto::v1::change::Kind;
use proto::v1::reconciled_document::Action;
use proto::v1::upload_event::Event;
use proto::v1::{
    DeleteRequest, DocumentState, ExplainRequest, ListChangesRequest, ListRequest, PurgeRequest,
    RollbackRequest, RollbackResponse, SearchRequest, Stage, StatusRequest,
};

use crate::fake::FakeIndex;
use crate::reconcile::{folder, reconcile};
use crate::stack::{Stack, write};

async fn roll_back(stack: &Stack, generation: u64) -> RollbackResponse {
    let request = RollbackRequest { generation, collections: Vec::new() };
    stack.client.clone().rollback(request).await.expect("goes back").into_inner()
}

/// Waits until a document is in this state: while somebody looks at it, it is in another for a moment.
async fn until(stack: &Stack, name: &str, stage: Stage) -> DocumentState {
    let looking = async {
        loop {
            let request = StatusRequest { document_id: name.to_owned(), collection: String::new() };
            let status = stack.client.clone().status(request).await.expect("is known").into_inner();
            let state = status.document.expect("asked for");
            if state.stage() == stage {
                return state;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), looking).await.expect("gets there")
}

/// A stack whose document was `One.` at the generation returned and is `Two.` now.
async fn stack_of_two_versions() -> (Stack, u64) {
    let stack = Stack::start().await;
    stack.write("a.txt", "One.");
    stack.index.until(&[("main/a.txt", "One.")]).await;
    let generation = stack.index.number();
    stack.write("a.txt", "Two.");
    stack.index.until(&[("main/a.txt", "Two.")]).await;
    (stack, generation)
}

#[tokio::test]
async fn a_rollback_does_not_bounce_back_while_the_folder_is_watched() {
    let (stack, before) = stack_of_two_versions().await;
    let done = roll_back(&stack, before).await;
    assert_eq!((done.documents, done.generation), (1, before + 2));
    for _ in 0..3 {
        let (documents, summary) = reconcile(&stack, false).await;
        assert_eq!((summary.withheld, summary.changed, summary.unchanged), (1, 0, 0));
        assert_eq!(documents[0].action(), Action::Withheld);
        // A notice without a change, as from a backup tool that touches files.
        stack.write("a.txt", "Two.");
    }
    stack.index.until(&[("main/a.txt", "One.")]).await;
    assert_eq!(stack.index.number(), done.generation, "nothing was indexed");
    let state = until(&stack, "a.txt", Stage::Withheld).await;
    assert!(state.note.contains("rollback"), "{}", state.note);
}

#[tokio::test]
async fn a_withheld_document_is_listed_and_counted_as_such() {
    let (stack, before) = stack_of_two_versions().await;
    let (index, folder) = stack.kill();
    index.roll_back(before);
    // Nothing changes any more, so that no look at the document comes in between.
    let stack = Stack::start_over(index, folder, &[]).await;
    let listed = stack.client.clone().list(ListRequest::default()).await.expect("lists").into_inner();
    let stages: Vec<Stage> = listed.documents.iter().map(DocumentState::stage).collect();
    assert_eq!(stages, [Stage::Withheld]);
    let status = stack.client.clone().status(StatusRequest::default()).await.expect("answers").into_inner();
    assert_eq!((status.withheld, status.indexed, status.in_progress), (1, 0, 0));
}

#[tokio::test]
async fn a_later_edit_is_indexed_and_ends_the_withholding() {
    let (stack, before) = stack_of_two_versions().await;
    roll_back(&stack, before).await;
    reconcile(&stack, false).await;
    stack.write("a.txt", "Three.");
    stack.index.until(&[("main/a.txt", "Three.")]).await;
    assert_eq!(stack.index.withheld(), 0);
    stack.write("a.txt", "Two.");
    stack.index.until(&[("main/a.txt", "Two.")]).await;
}

#[tokio::test]
async fn an_edit_back_to_what_is_indexed_ends_the_withholding_as_well() {
    let (stack, before) = stack_of_two_versions().await;
    roll_back(&stack, before).await;
    stack.write("a.txt", "One.");
    reconcile(&stack, false).await;
    assert_eq!(stack.index.withheld(), 0);
    stack.write("a.txt", "Two.");
    stack.index.until(&[("main/a.txt", "Two.")]).await;
}

#[tokio::test]
async fn a_rollback_that_nobody_told_the_ingestor_of_stays_across_a_restart() {
    let (stack, before) = stack_of_two_versions().await;
    let (index, folder) = stack.kill();
    index.roll_back(before);
    let generation = index.number();
    let stack = Stack::start_over(index, folder, &[]).await;
    stack.index.until(&[("main/a.txt", "One.")]).await;
    assert_eq!(stack.index.number(), generation);
    until(&stack, "a.txt", Stage::Withheld).await;
    stack.index.roll_back(generation - 1);
    reconcile(&stack, false).await;
    stack.index.until(&[("main/a.txt", "Two.")]).await;
    assert_eq!(stack.index.withheld(), 0, "indexing it once more ends the withholding");
}

#[tokio::test]
async fn a_deleted_document_that_a_rollback_brought_back_stays() {
    let stack = Stack::start().await;
    stack.write("a.txt", "One.");
    stack.index.until(&[("main/a.txt", "One.")]).await;
    let before = stack.index.number();
    stack.remove("a.txt");
    stack.index.until(&[]).await;
    roll_back(&stack, before).await;
    for _ in 0..2 {
        let (_, summary) = reconcile(&stack, false).await;
        assert_eq!((summary.withheld, summary.removed), (1, 0));
    }
    stack.index.until(&[("main/a.txt", "One.")]).await;
    until(&stack, "a.txt", Stage::Withheld).await;
    let (index, folder) = stack.kill();
    let stack = Stack::start_over(index, folder, &[]).await;
    stack.index.until(&[("main/a.txt", "One.")]).await;
    let request = DeleteRequest { document_id: "a.txt".to_owned(), collection: String::new() };
    assert!(stack.client.clone().delete(request).await.expect("deletes").into_inner().deleted);
    stack.index.until(&[]).await;
}

#[tokio::test]
async fn an_added_document_that_a_rollback_removed_stays_away() {
    let stack = Stack::start().await;
    stack.write("@internal/a.txt", "One.");
    stack.index.until(&[("internal/a.txt", "One.")]).await;
    roll_back(&stack, 0).await;
    let (_, summary) = reconcile(&stack, false).await;
    assert_eq!((summary.withheld, summary.added), (1, 0));
    stack.index.until(&[]).await;
    let (index, folder) = stack.kill();
    let stack = Stack::start_over(index, folder, &[]).await;
    stack.index.until(&[]).await;
}

#[tokio::test]
async fn a_forced_reconciliation_ends_every_withholding() {
    let (stack, before) = stack_of_two_versions().await;
    stack.write("b.txt", "Bee.");
    stack.index.until(&[("main/a.txt", "Two."), ("main/b.txt", "Bee.")]).await;
    let with_b = stack.index.number();
    stack.remove("b.txt");
    stack.index.until(&[("main/a.txt", "Two.")]).await;
    roll_back(&stack, with_b).await;
    roll_back(&stack, before).await;
    let (_, summary) = reconcile(&stack, true).await;
    assert_eq!((summary.withheld, summary.failed), (0, 0));
    stack.index.until(&[("main/a.txt", "Two.")]).await;
    until(&stack, "a.txt", Stage::Indexed).await;
    let (_, summary) = reconcile(&stack, false).await;
    assert_eq!((summary.withheld, summary.unchanged), (0, 1));
}

#[tokio::test]
async fn an_upload_of_what_a_rollback_undid_says_so() {
    let (stack, before) = stack_of_two_versions().await;
    roll_back(&stack, before).await;
    reconcile(&stack, false).await;
    let events = stack.upload("a.txt", b"Two.").await.expect("is taken");
    assert!(matches!(events.last(), Some(Event::Indexed(indexed)) if indexed.withheld), "{events:?}");
    let events = stack.upload("a.txt", b"Three.").await.expect("is taken");
    assert!(matches!(events.last(), Some(Event::Indexed(indexed)) if !indexed.withheld), "{events:?}");
    stack.index.until(&[("main/a.txt", "Three.")]).await;
}

#[tokio::test]
async fn a_purged_document_is_gone_from_the_store_and_from_every_generation() {
    let (stack, before) = stack_of_two_versions().await;
    stack.write("b.txt", "Bee.");
    stack.index.until(&[("main/a.txt", "Two."), ("main/b.txt", "Bee.")]).await;
    let request = PurgeRequest { document_id: "a.txt".to_owned(), ..PurgeRequest::default() };
    let purged = stack.client.clone().purge(request).await.expect("purges").into_inner();
    assert_eq!(purged.versions, 2);
    assert!(!stack.folder.path().join("a.txt").exists());
    stack.index.until(&[("main/b.txt", "Bee.")]).await;
    roll_back(&stack, before).await;
    stack.index.until(&[]).await;
}

#[tokio::test]
async fn a_purge_of_all_history_keeps_what_is_current() {
    let (stack, before) = stack_of_two_versions().await;
    let request = PurgeRequest { keep_current: true, ..PurgeRequest::default() };
    let purged = stack.client.clone().purge(request).await.expect("purges").into_inner();
    assert_eq!(purged.versions, 1);
    stack.index.until(&[("main/a.txt", "Two.")]).await;
    roll_back(&stack, before).await;
    stack.index.until(&[]).await;
}

#[tokio::test]
async fn a_purge_that_would_take_everything_is_refused() {
    let stack = Stack::start().await;
    for request in [
        PurgeRequest::default(),
        PurgeRequest { collections: vec!["main".to_owned()], ..PurgeRequest::default() },
        PurgeRequest { document_id: "a.txt".to_owned(), keep_current: true, ..PurgeRequest::default() },
        PurgeRequest { document_id: "../a.txt".to_owned(), ..PurgeRequest::default() },
        PurgeRequest { collections: vec!["X".to_owned()], keep_current: true, ..PurgeRequest::default() },
    ] {
        let status = stack.client.clone().purge(request).await.expect_err("makes no sense");
        assert_eq!(ErrorCode::of(&status).0, ErrorCode::InvalidArgument);
    }
}

#[tokio::test]
async fn the_history_lists_changes_in_pages_newest_first() {
    let (stack, before) = stack_of_two_versions().await;
    roll_back(&stack, before).await;
    let mut kinds = Vec::new();
    let mut request = ListChangesRequest::default();
    loop {
        let page = stack.client.clone().list_changes(request).await.expect("lists").into_inner();
        kinds.extend(page.changes.iter().map(proto::v1::Change::kind));
        if !page.has_more {
            break;
        }
        request.before = page.changes.last().and_then(|change| change.generation).map(|last| last.number);
    }
    assert_eq!(kinds, [Kind::RolledBack, Kind::Replaced, Kind::Added]);
    let request = RollbackRequest { generation: 99, collections: Vec::new() };
    let status = stack.client.clone().rollback(request).await.expect_err("is not there");
    assert_eq!(ErrorCode::of(&status).0, ErrorCode::NotFound);
}

#[tokio::test]
async fn an_explained_search_asks_all_collections_unless_told_which() {
    let folder = folder();
    write(folder.path(), "a.txt", b"Alpha.");
    write(folder.path(), "@internal/b.txt", b"Beta.");
    let stack = Stack::start_over(FakeIndex::new(), folder, &[]).await;
    for (collections, expected) in
        [(vec![], vec!["internal", "main"]), (vec!["main".to_owned()], vec!["main"])]
    {
        let search = SearchRequest { question: "what?".to_owned(), collections, ..SearchRequest::default() };
        let request = ExplainRequest { search: Some(search), ranking: None };
        let answer = stack.client.clone().explain(request).await.expect("answers").into_inner();
        assert_eq!(
            (answer.terms, answer.searched_question),
            (expected.iter().map(|&name| name.to_owned()).collect(), "what?".to_owned())
        );
    }
}
