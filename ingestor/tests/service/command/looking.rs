//! `list`, `status`, `show`, `chunks`, `completions`, and what is said to mistakes.

use std::time::Duration;

use serde_json::Value;

use super::{Desk, Ended, run_alone};

/// Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Desk {
    /// Runs a command until its last object is as expected: for a moment after an upload the service looks at the file
    /// again, because it saw it change.
    async fn until(&self, arguments: &[&str], is_expected: impl Fn(&Value) -> bool) -> Ended {
        let repeated = async {
            loop {
                let ended = self.run(arguments).await;
                if is_expected(&ended.last()) {
                    return ended;
                }
            }
        };
        tokio::time::timeout(PATIENCE, repeated).await.expect("it comes to that")
    }
}

const TEXT: &str = "# Shop\n\n## Hours\n\nWe open at nine.\u{202e}\n\n## Prices\n\nTea costs 3 dollars.\n";

#[tokio::test]
async fn a_document_is_shown_as_the_knowledge_holds_it() {
    let desk = Desk::open().await;
    desk.write("shop.md", TEXT);
    assert_eq!(desk.run(&["upload", "shop.md"]).await.code, Some(0));
    let ended = desk.run(&["show", "shop.md", "--json"]).await;
    let objects = ended.objects();
    assert_eq!((&objects[0]["title"], &objects[0]["kind"]), (&"Shop".into(), &"md".into()));
    let chunk =
        objects.iter().find(|object| object["text"].as_str().is_some_and(|text| text.contains("nine")));
    let chunk = chunk.expect("the chunk is shown");
    assert!(chunk["importance"].is_number() && chunk["tokens"].is_number(), "{chunk}");
    assert!(chunk["end_byte"].as_u64() > chunk["start_byte"].as_u64(), "{chunk}");
    let ended = desk.run(&["show", "shop.md"]).await;
    assert!(ended.out.contains("We open at nine.") && !ended.out.contains('\u{202e}'), "{:?}", ended.out);
    let ended = desk.run(&["show", "nothing.md"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
}

#[tokio::test]
async fn status_tells_stage_pages_passages_and_cost() {
    let desk = Desk::open().await;
    desk.write("shop.md", TEXT);
    desk.write("empty.txt", "");
    desk.run(&["upload", "shop.md", "empty.txt"]).await;
    let ended = desk.until(&["status", "shop.md", "--json"], |last| last["stage"] == "indexed").await;
    let details = ended.last();
    assert_eq!(ended.code, Some(0));
    assert!(
        details["embedded_count"].as_u64() > Some(0) && details["tokens"].as_u64() > Some(0),
        "{details}"
    );
    assert_eq!(details["cost_dollars"], 0.0, "the offline model costs nothing");
    let ended = desk.run(&["status", "empty.txt"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("FAILED") && ended.out.contains("failed while reading"), "{}", ended.out);
    let is_settled = |last: &Value| last["indexed"] == 1 && last["failed"] == 1;
    desk.until(&["status", "--json"], is_settled).await;
    let ended = desk.run(&["list", "--json"]).await;
    let shop =
        ended.objects().into_iter().find(|object| object["document_id"] == "shop.md").expect("is listed");
    assert_eq!(shop["sha256"].as_str().map(str::len), Some(64));
    let ended = desk.run(&["reconcile", "--json"]).await;
    assert_eq!((ended.code, &ended.last()["failed"]), (Some(1), &1.into()));
}

#[tokio::test]
async fn chunks_needs_no_service_and_tells_sizes_and_cost() {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("shop.md"), TEXT).expect("writes");
    for command in ["chunks", "preview"] {
        let ended = run_alone(folder.path(), &[command, "shop.md", "--json"]).await;
        let whole = ended.last();
        assert_eq!((ended.code, &whole["file"]), (Some(0), &"shop.md".into()));
        assert_eq!(whole["passages"].as_u64(), Some(ended.objects().len() as u64 - 1));
        let (tokens, cost) = (whole["tokens_total"].as_f64(), whole["cost_dollars"].as_f64());
        let (tokens, cost) = (tokens.expect("a number"), cost.expect("a number"));
        assert!(tokens > 0.0 && (cost - tokens * 0.02 / 1e6).abs() < 1e-12, "{whole}");
    }
    std::fs::write(folder.path().join("empty.md"), "").expect("writes");
    let ended = run_alone(folder.path(), &["chunks", "shop.md", "empty.md"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("FAILED empty.md") && ended.out.contains("characters"), "{}", ended.out);
}

#[tokio::test]
async fn mistakes_are_answered_with_what_would_be_right() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (arguments, expected) in [
        (&["uplaod", "a.txt"][..], "'upload'"),
        (&["upload", "missing.txt"], "missing.txt: No such file"),
        (&["list", "--server", "nowhere"], "expected something like http://127.0.0.1:7001"),
        (&["list", "--server", "http://127.0.0.1:1"], "is `ingestor serve` running there?"),
        (&["show", "a", "--collection", "x", "--collection", "y"], "takes one --collection"),
        (&["crawl", "example.com"], "expected an address such as https://example.com/sitemap.xml"),
        (&["crawl", "https://example.com/", "--every", "6"], "expected a time such as 90s, 30m, 6h or 2d"),
        (&["crawl", "https://example.com/", "--include", "["], "expected one such as /blog/**"),
        (&["fly\u{1b}[2J"], "unrecognized subcommand"),
    ] {
        let ended = run_alone(folder.path(), arguments).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?} {ended:?}");
        assert!(
            ended.err.contains(expected) && !ended.err.contains('\u{1b}'),
            "{arguments:?} {:?}",
            ended.err
        );
    }
    let left = std::fs::read_dir(folder.path()).expect("lists").count();
    assert_eq!(left, 0, "a mistake leaves no file behind");
}

#[tokio::test]
async fn help_tells_exit_codes_and_examples_and_shells_are_completed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let ended = run_alone(folder.path(), &["--help"]).await;
    assert_eq!(ended.code, Some(0));
    for part in ["Exit codes:", "Examples:", "ingestor crawl https://example.com/sitemap.xml", "chunks"] {
        assert!(ended.out.contains(part), "{part} in {}", ended.out);
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run_alone(folder.path(), &["completions", shell]).await;
        assert!(ended.code == Some(0) && ended.out.contains("crawl"), "{shell}");
    }
}
