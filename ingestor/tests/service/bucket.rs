//! The index follows a bucket: by its events, and where those are lost by comparing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ingestor::store::{Bucket, DocumentStore, S3Options};
use ingestor::text_extractor::Shelf;
use lifecycle::Shutdown;
use proto::ErrorCode;
use proto::v1::{ReconcileRequest, StatusRequest};
use serde_json::json;

use crate::aws::{Shop, call, options};
use crate::fake::FakeIndex;
use crate::reconcile::reconcile;
use crate::stack::{Stack, serve_index};

/// Nothing is found by comparing during a test unless it asks for that.
const RARELY: [(&str, &str); 1] = [("INGESTOR_RECONCILE_SECONDS", "86400")];

async fn start(store: Bucket) -> Stack {
    let (index, shutdown) = (FakeIndex::new(), Shutdown::new());
    let retriever = serve_index(&index, &shutdown);
    let store: Arc<dyn DocumentStore> = Arc::new(store);
    let stack = Stack::start_with(index, store, &RARELY, &retriever, shutdown);
    stack.running.reconciled().await;
    stack
}

fn embedded(stack: &Stack) -> usize {
    stack.embedder.embedded.load(Ordering::Relaxed)
}

#[tokio::test]
async fn what_lies_in_a_bucket_is_indexed_and_compared_at_each_pass() {
    let shop = Shop::open();
    shop.put("docs/a.txt", "Alpha.");
    shop.put("docs/@internal/sub/b c.md", "Beta.");
    shop.put("beside.txt", "Nobody's.");
    let stack = start(shop.store()).await;
    stack.index.until(&[("internal/sub/b c.md", "Beta."), ("main/a.txt", "Alpha.")]).await;
    shop.put("docs/a.txt", "Changed.");
    shop.remove("docs/@internal/sub/b c.md");
    let (_, summary) = reconcile(&stack, false).await;
    assert_eq!((summary.changed, summary.removed, summary.failed), (1, 1, 0));
    stack.index.until(&[("main/a.txt", "Changed.")]).await;
    let events = stack.upload("new/c.txt", b"Uploaded.").await.expect("is taken");
    assert!(!events.is_empty());
    stack.index.until(&[("main/a.txt", "Changed."), ("main/new/c.txt", "Uploaded.")]).await;
    let read = shop.store().list().await.expect("lists");
    assert_eq!(read.entries.len(), 2, "what was uploaded lies in the bucket");
}

#[tokio::test]
async fn a_document_is_lent_a_place_that_no_store_takes_for_its_own() {
    let shop = Shop::open();
    let store = shop.store();
    let first = store.put("scans/two pages.pdf", b"%PDF-").await.expect("is put");
    assert_eq!(
        store.put("scans/two pages.pdf", b"%PDF-").await,
        Ok(first.clone()),
        "the same takes the same place"
    );
    let other = store.put("scans/other.pdf", b"%PDF-").await.expect("is put");
    assert!(other != first && first.bucket == shop.bucket && first.key.starts_with("docs/."), "{first:?}");
    let keys = || call("s3", "list_objects_v2", &json!({ "Bucket": shop.bucket }))["KeyCount"].clone();
    assert_eq!((keys(), store.list().await.expect("lists").entries.len()), (json!(2), 0));
    for place in [&first, &first, &other] {
        store.remove(place).await.expect("what is gone already is no error");
    }
    assert_eq!(keys(), json!(0));
    let away = shop.store_with(S3Options { bucket: "nobodys-bucket".to_owned(), ..options(&shop.bucket) });
    let error = away.put("a.pdf", b"%PDF-").await.expect_err("there is no such bucket");
    assert!(error.contains("bucket"), "{error}");
}

#[tokio::test]
async fn the_buckets_own_events_lead_to_the_index() {
    let shop = Shop::open();
    shop.connect();
    let stack = start(shop.followed()).await;
    shop.put("docs/a b+ü.txt", "Alpha.");
    stack.index.until(&[("main/a b+ü.txt", "Alpha.")]).await;
    shop.put("docs/a b+ü.txt", "Changed.");
    shop.put("docs/@internal/c.txt", "Gamma.");
    stack.index.until(&[("internal/c.txt", "Gamma."), ("main/a b+ü.txt", "Changed.")]).await;
    shop.remove("docs/a b+ü.txt");
    stack.index.until(&[("internal/c.txt", "Gamma.")]).await;
    shop.until_handled().await;
}

#[tokio::test]
async fn events_doubled_and_out_of_order_embed_each_content_once() {
    let shop = Shop::open();
    let stack = start(shop.followed()).await;
    let mut events = Vec::new();
    let mut expected = Vec::new();
    for n in 0..8_u32 {
        let object = format!("docs/{n}.txt");
        shop.put(&object, &format!("Text {n}."));
        for _ in 0..3 {
            events.push(shop.event("ObjectCreated:Put", &object, 2 * n + 1));
        }
        // Every other one is gone before anybody looks; its deletion is told as often.
        if n % 2 == 1 {
            shop.remove(&object);
            for _ in 0..3 {
                events.push(shop.event("ObjectRemoved:Delete", &object, 2 * n + 2));
            }
        } else {
            expected.push((format!("main/{n}.txt"), format!("Text {n}.")));
            // What was deleted before it was created: the event comes late.
            events.push(shop.event("ObjectRemoved:DeleteMarkerCreated", &object, 0));
        }
    }
    // The same disorder each time: neighbours far apart.
    let count = events.len();
    for place in 0..count {
        shop.send(&events[place * 17 % count]);
    }
    assert_ne!(count % 17, 0, "every event is sent");
    let expected: Vec<(&str, &str)> =
        expected.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    stack.index.until(&expected).await;
    shop.until_handled().await;
    stack.index.until(&expected).await;
    assert_eq!((embedded(&stack), stack.index.replaced()), (4, 4), "each content once");
}

#[tokio::test]
async fn every_envelope_is_understood_and_what_is_no_event_harms_nobody() {
    let shop = Shop::open();
    let stack = start(shop.followed()).await;
    for object in ["docs/a.txt", "docs/b.txt", "docs/c.txt"] {
        shop.put(object, &format!("In {object}."));
    }
    let poison = ["not JSON", "{\"Records\": [{}]}"];
    shop.send(poison[0]);
    shop.send(&json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": shop.bucket }).to_string());
    shop.send(&shop.event("ObjectCreated:Put", "docs/a.txt", 1));
    let topic =
        json!({ "Type": "Notification", "Message": shop.event("ObjectCreated:Copy", "docs/b.txt", 1) });
    shop.send(&topic.to_string());
    shop.send(poison[1]);
    let detail = json!({ "bucket": { "name": shop.bucket }, "object": { "key": "docs/c.txt" } });
    let bridge = json!({ "detail-type": "Object Created", "source": "aws.s3", "detail": detail });
    shop.send(&bridge.to_string());
    let other = Shop::open();
    shop.send(&other.event("ObjectRemoved:Delete", "docs/a.txt", 9));
    shop.send(&shop.event("ObjectCreated:Put", "docs/.hidden", 9));
    shop.send(&shop.event("ObjectCreated:Put", "beside.txt", 9));
    let expected = [
        ("main/a.txt", "In docs/a.txt."),
        ("main/b.txt", "In docs/b.txt."),
        ("main/c.txt", "In docs/c.txt."),
    ];
    stack.index.until(&expected).await;
    let mut dead = shop.dead_letters(2).await;
    dead.sort_unstable();
    assert_eq!(dead, poison);
    shop.until_handled().await;
    stack.index.until(&expected).await;
}

#[tokio::test]
async fn an_event_is_followed_without_listing_the_bucket() {
    let shop = Shop::open();
    shop.put("docs/a.txt", "Alpha.");
    let stack = start(shop.followed_with(S3Options { max_objects: 2, ..options(&shop.bucket) })).await;
    for n in 0..5 {
        shop.put(&format!("docs/unnamed-{n}.txt"), "Nobody says so.");
    }
    shop.put("docs/b.txt", "Beta.");
    shop.send(&shop.event("ObjectCreated:Put", "docs/b.txt", 1));
    stack.index.until(&[("main/a.txt", "Alpha."), ("main/b.txt", "Beta.")]).await;
    let events = stack.client.clone().reconcile(ReconcileRequest { force: false }).await.expect("starts");
    let status = events.into_inner().message().await.expect_err("a listing would be refused");
    assert!(status.message().contains("more than 2 objects"), "{status}");
}

#[tokio::test]
async fn an_event_waits_while_the_index_is_away_for_a_moment() {
    let shop = Shop::open();
    let stack = start(shop.followed()).await;
    // Together longer than the queue would hide the event by itself.
    stack.index.refuse([ErrorCode::Unavailable, ErrorCode::Overloaded, ErrorCode::StorageFull]);
    shop.put("docs/a.txt", "Alpha.");
    shop.send(&shop.event("ObjectCreated:Put", "docs/a.txt", 1));
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    shop.until_handled().await;
    assert_eq!(stack.index.replaced(), 1);
}

#[tokio::test]
async fn events_that_were_lost_are_found_by_comparing() {
    let shop = Shop::open();
    shop.put("docs/a.txt", "Alpha.");
    let stack = start(shop.followed()).await;
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    shop.remove("docs/a.txt");
    shop.put("docs/b.txt", "Beta.");
    shop.until_handled().await;
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    let (_, summary) = reconcile(&stack, false).await;
    assert_eq!((summary.added, summary.removed), (1, 1));
    stack.index.until(&[("main/b.txt", "Beta.")]).await;
}

#[tokio::test]
async fn an_event_of_a_document_that_cannot_be_read_is_done_with_and_says_why() {
    let shop = Shop::open();
    let stack = start(shop.followed()).await;
    shop.put("docs/a.json", "{\"a\": ");
    shop.send(&shop.event("ObjectCreated:Put", "docs/a.json", 1));
    shop.until_handled().await;
    let request = StatusRequest { document_id: "a.json".to_owned(), collection: String::new() };
    let status = stack.client.clone().status(request).await.expect("is known").into_inner();
    let failure = status.document.expect("is known").failure.expect("failed");
    assert_eq!(failure.code, "UNREADABLE_DOCUMENT");
}

#[tokio::test]
async fn a_bucket_that_vanishes_does_not_empty_the_index() {
    let shop = Shop::open();
    shop.put("docs/a.txt", "Alpha.");
    let stack = start(shop.followed()).await;
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
    shop.remove("docs/a.txt");
    crate::aws::call("s3", "delete_bucket", &json!({ "Bucket": shop.bucket }));
    shop.send(&shop.event("ObjectRemoved:Delete", "docs/a.txt", 9));
    shop.until_handled().await;
    stack.index.until(&[("main/a.txt", "Alpha.")]).await;
}

#[tokio::test]
async fn what_is_kept_beside_an_object_describes_it_and_a_file_beside_it_says_more() {
    let shop = Shop::open();
    let kept = json!({ "title": "Kept", "author": "Ann", "audience": "all", "collection": "internal" });
    shop.put_with("docs/a.md", "---\ntitle: Front\nyear: 2026\naudience: none\n---\nAlpha.", &kept);
    let stack = start(shop.followed()).await;
    stack.index.until(&[("main/a.md", "Alpha.")]).await;
    let header = stack.index.header("main", "a.md").expect("is there");
    assert_eq!(header.title, "Kept");
    let attribute = |name: &str| header.attributes.get(name).map(String::as_str);
    assert_eq!(
        (attribute("author"), attribute("audience"), attribute("year"), attribute("collection")),
        (Some("Ann"), Some("all"), Some("2026"), None)
    );
    shop.put(
        "docs/a.md.metadata.json",
        r#"{"metadataAttributes": {"title": "Beside", "audience": "staff"}}"#,
    );
    shop.send(&shop.event("ObjectCreated:Put", "docs/a.md.metadata.json", 1));
    shop.until_handled().await;
    let header = stack.index.header("main", "a.md").expect("is there");
    let attribute = |name: &str| header.attributes.get(name).map(String::as_str);
    assert_eq!(
        (header.title.as_str(), attribute("audience"), attribute("author")),
        ("Beside", Some("staff"), Some("Ann"))
    );
    assert_eq!((embedded(&stack), stack.index.replaced()), (1, 2), "only what is said of it changed");
}
