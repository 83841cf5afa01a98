//! `upload`, `watch` and `delete`.

use std::sync::atomic::Ordering;

use tokio::io::{AsyncBufReadExt, BufReader};

use super::Desk;
use crate::stack::write;

#[tokio::test]
async fn a_thousand_unchanged_documents_are_found_by_their_hashes_and_nothing_is_sent_or_embedded() {
    let documents = tempfile::tempdir().expect("temporary folder");
    let text = |number: usize| format!("Article {number} costs {number} dollars.");
    for number in 0..1_001 {
        write(documents.path(), &format!("docs/{number}.txt"), text(number).as_bytes());
    }
    let desk = Desk::open_over(documents).await;
    for number in 0..1_001 {
        desk.write(&format!("all/docs/{number}.txt"), &text(number));
    }
    let (embedded, replaced) =
        (desk.stack.embedder.embedded.load(Ordering::Relaxed), desk.stack.index.replaced());
    let ended = desk.run(&["upload", "all", "--json"]).await;
    assert_eq!((ended.code, ended.objects().len()), (Some(0), 1_002));
    let totals = ended.last();
    assert_eq!((&totals["unchanged"], &totals["indexed"]), (&1_001.into(), &0.into()));
    assert_eq!(totals["sent_bytes"], 0);
    assert_eq!(desk.stack.embedder.embedded.load(Ordering::Relaxed), embedded);
    assert_eq!(desk.stack.index.replaced(), replaced);
    desk.write("all/docs/7.txt", "Article 7 is sold out.");
    let ended = desk.run(&["upload", "all"]).await;
    assert!(ended.out.contains("1 indexed, 1000 unchanged and skipped, 0 failed"), "{}", ended.out);
    assert_eq!(ended.out.lines().count(), 2, "people read only what happened");
}

#[tokio::test]
async fn an_upload_that_was_cut_off_goes_on_where_it_was() {
    let desk = Desk::open().await;
    for number in 0..40 {
        desk.write(&format!("all/{number}.txt"), &format!("Text {number}."));
    }
    let mut child = desk.begin(&["upload", "all", "--parallel", "1", "--json"]);
    desk.stack.index.until_replaced(3).await;
    child.kill().await.expect("is killed");
    let ended = desk.run(&["upload", "all", "--json"]).await;
    let totals = ended.last();
    let count = |name: &str| totals[name].as_u64().expect("a number");
    assert_eq!((ended.code, count("indexed") + count("unchanged")), (Some(0), 40), "{totals}");
    assert!(count("unchanged") >= 2, "{totals}");
    assert_eq!(desk.stack.index.texts().len(), 40);
}

#[tokio::test]
async fn failures_are_told_with_their_reasons_and_stop_nobody_else() {
    let desk = Desk::open().await;
    desk.write("all/good.txt", "Good.");
    desk.write("all/empty.txt", "");
    desk.write("all/ev\u{1b}[31mil.txt", "Evil.");
    let ended = desk.run(&["upload", "all"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("FAILED    empty.txt") && ended.out.contains("is empty"), "{}", ended.out);
    assert!(ended.out.contains("1 indexed, 0 unchanged and skipped, 2 failed"), "{}", ended.out);
    assert!(!ended.out.contains('\u{1b}') && ended.out.contains("control character"), "{:?}", ended.out);
    let ended = desk.run(&["upload", "all", "--json", "--collection", "internal"]).await;
    let good =
        ended.objects().into_iter().find(|object| object["document_id"] == "good.txt").expect("is told");
    assert_eq!((&good["collection"], &good["result"]), (&"internal".into(), &"indexed".into()));
    let ended = desk.run(&["delete", "good.txt", "missing.txt"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), "deleted    good.txt\nnot found  missing.txt\n"));
}

#[tokio::test]
async fn a_watched_folder_is_followed_and_what_vanishes_is_deleted_only_where_that_was_asked_for() {
    let desk = Desk::open().await;
    desk.write("kept/a.txt", "Alpha.");
    desk.write("gone/b.txt", "Beta.");
    let mut keeping = desk.begin(&["watch", "kept", "--json"]);
    let mut deleting = desk.begin(&["watch", "gone", "--delete", "--json"]);
    desk.stack.index.until(&[("main/a.txt", "Alpha."), ("main/b.txt", "Beta.")]).await;
    desk.write("kept/a.txt", "Alpha, changed.");
    desk.write("kept/c.txt", "Gamma.");
    let expected = [("main/a.txt", "Alpha, changed."), ("main/b.txt", "Beta."), ("main/c.txt", "Gamma.")];
    desk.stack.index.until(&expected).await;
    std::fs::remove_file(desk.files.path().join("kept/c.txt")).expect("removes");
    let mut lines = BufReader::new(keeping.stdout.take().expect("a pipe")).lines();
    loop {
        let line = lines.next_line().await.expect("reads").expect("goes on");
        if line.contains("\"kept\"") {
            break;
        }
    }
    std::fs::remove_file(desk.files.path().join("gone/b.txt")).expect("removes");
    desk.stack.index.until(&[("main/a.txt", "Alpha, changed."), ("main/c.txt", "Gamma.")]).await;
    for child in [&mut keeping, &mut deleting] {
        child.kill().await.expect("is killed");
    }
}
