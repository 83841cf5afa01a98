//! What every document store promises, over a folder and over a bucket.

use std::collections::BTreeSet;
use std::sync::Arc;

use ingestor::DocumentKey;
use ingestor::store::{DocumentStore, Folder, StoreError};
use serde_json::json;

use crate::aws::{Shop, call, config, options};
use crate::stack::write;

fn key(collection: &str, id: &str) -> DocumentKey {
    DocumentKey::new(collection, id).expect("valid")
}

type Put = Box<dyn Fn(&str, &str)>;

/// A store, and a way to put something into it that passes it by.
struct Subject {
    store: Arc<dyn DocumentStore>,
    put: Put,
    _folder: Option<tempfile::TempDir>,
}

fn subjects() -> [Subject; 2] {
    let home = tempfile::tempdir().expect("temporary folder");
    let path = home.path().to_path_buf();
    let folder = Folder::open(&path).expect("opens");
    let shop = Shop::open();
    let bucket = shop.store();
    [
        Subject {
            store: Arc::new(folder),
            put: Box::new(move |name, text| write(&path, name, text.as_bytes())),
            _folder: Some(home),
        },
        Subject {
            store: Arc::new(bucket),
            put: Box::new(move |name, text| shop.put(&format!("docs/{name}"), text)),
            _folder: None,
        },
    ]
}

#[tokio::test]
async fn what_lies_there_is_listed_by_the_same_rules() {
    for Subject { store, put, _folder } in subjects() {
        let documents = [
            "a.txt",
            "sub/deep/b c.md",
            "@internal/x.md",
            "@internal/sub/ü+%41.txt",
            "sub/@odd/y.txt",
            "q?&=#.txt",
            "文件 🙂.md",
        ];
        for name in documents {
            put(name, "text");
        }
        for name in [".hidden", "a.txt~", ".git/config", "@Bad/x.txt", "@main/x.txt"] {
            put(name, "text");
        }
        let listing = store.list().await.expect("lists");
        let names: BTreeSet<String> = listing.entries.iter().map(|entry| entry.key.to_string()).collect();
        assert_eq!(names, documents.map(str::to_owned).into(), "{store:?}");
        assert_eq!(listing.refused.len(), 2, "{:?}", listing.refused);
        for entry in listing.entries {
            assert_eq!(store.find(&entry.key).await.expect("finds").as_ref(), Some(&entry), "{store:?}");
            let read = store.read(&entry.key, 10).await.expect("reads").expect("is there");
            assert_eq!(
                (read.entry.version, read.bytes.as_slice()),
                (entry.version, &b"text"[..]),
                "{store:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_written_is_read_replaced_and_deleted() {
    for Subject { store, _folder, .. } in subjects() {
        let key = key("internal", "new/folder/a+b c.txt");
        assert!(store.find(&key).await.expect("looks").is_none(), "{store:?}");
        assert!(store.read(&key, 10).await.expect("looks").is_none(), "{store:?}");
        store.write(&key, b"one".to_vec()).await.expect("writes");
        let first = store.find(&key).await.expect("looks").expect("is there");
        store.write(&key, b"two".to_vec()).await.expect("writes");
        let second = store.read(&key, 100).await.expect("reads").expect("is there");
        assert_eq!((second.bytes.as_slice(), second.entry.bytes), (&b"two"[..], 3), "{store:?}");
        assert_ne!(first.version, second.entry.version, "{store:?}");
        let cut = store.read(&key, 1).await.expect("reads").expect("is there");
        assert_eq!(
            (cut.bytes.as_slice(), cut.entry.bytes),
            (&b"tw"[..], 3),
            "{store:?}: cut after the limit"
        );
        let longer = DocumentKey::new("internal", "new/folder/a+b c.txt.more").expect("valid");
        assert!(store.find(&longer).await.expect("looks").is_none(), "{store:?}");
        assert!(store.delete(&key).await.expect("deletes"), "{store:?}");
        assert!(!store.delete(&key).await.expect("deletes"), "{store:?}");
        assert!(store.read(&key, 100).await.expect("reads").is_none(), "{store:?}");
        store.write(&key, Vec::new()).await.expect("writes");
        let empty = store.read(&key, 100).await.expect("reads").expect("is there");
        assert_eq!((empty.bytes.len(), empty.entry.bytes), (0, 0), "{store:?}");
    }
}

#[tokio::test]
async fn a_large_document_is_read_to_its_limit_and_whole() {
    let bytes: Vec<u8> = (0..6_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for Subject { store, _folder, .. } in subjects() {
        let key = key("", "large.bin");
        store.write(&key, bytes.clone()).await.expect("writes");
        let cut = store.read(&key, 1_000_000).await.expect("reads").expect("is there");
        assert_eq!((cut.bytes.len(), cut.entry.bytes), (1_000_001, 6_000_000), "{store:?}");
        let whole = store.read(&key, 6_000_000).await.expect("reads").expect("is there");
        assert!(whole.bytes == bytes, "{store:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_is_an_error_and_not_an_empty_one() {
    let [Subject { store: folder, _folder, .. }, _] = subjects();
    drop(_folder);
    let shop = Shop::open();
    let bucket: Arc<dyn DocumentStore> = Arc::new(shop.store());
    call("s3", "delete_bucket", &json!({ "Bucket": shop.bucket }));
    let unreachable = Arc::new(ingestor::store::Bucket::new(
        &config("http://127.0.0.1:1".to_owned()),
        options(&shop.bucket),
        None,
    ));
    for store in [folder, bucket, unreachable] {
        let key = key("", "a.txt");
        assert!(store.list().await.is_err(), "{store:?}");
        assert!(store.find(&key).await.is_err(), "{store:?}");
        assert!(store.read(&key, 10).await.is_err(), "{store:?}");
        assert!(store.delete(&key).await.is_err(), "{store:?}");
    }
}

#[tokio::test]
async fn a_bucket_with_more_objects_than_allowed_is_refused() {
    let shop = Shop::open();
    for n in 0..5 {
        shop.put(&format!("docs/{n}.txt"), "text");
    }
    // Beside the prefix nothing counts.
    shop.put("other/x.txt", "text");
    shop.put("docs/", "");
    let limited = |max_objects| {
        let options = ingestor::store::S3Options { max_objects, ..options(&shop.bucket) };
        shop.store_with(options)
    };
    assert_eq!(limited(6).list().await.expect("lists").entries.len(), 5);
    let refused = limited(5).list().await.expect_err("one too many");
    assert!(matches!(&refused, StoreError::Unusable(why) if why.contains("more than 5")), "{refused}");
}

#[tokio::test]
async fn a_document_in_a_bucket_says_where_it_lies_and_what_is_kept_beside_it() {
    let shop = Shop::open();
    call(
        "s3",
        "put_bucket_versioning",
        &json!({ "Bucket": shop.bucket, "VersioningConfiguration": { "Status": "Enabled" } }),
    );
    shop.put_with("docs/a b.txt", "text", &json!({ "title": "Tea" }));
    let read = shop.store().read(&key("", "a b.txt"), 10).await.expect("reads").expect("is there");
    let location = read.location.expect("is in S3");
    assert_eq!((location.bucket.as_str(), location.key.as_str()), (shop.bucket.as_str(), "docs/a b.txt"));
    let arguments = json!({ "Bucket": shop.bucket, "Key": "docs/a b.txt" });
    let head = call("s3", "head_object", &arguments);
    assert_eq!(location.version.as_deref(), head["VersionId"].as_str());
    assert!(location.version.is_some());
    assert_eq!(read.metadata.get("title").map(String::as_str), Some("Tea"));
}

#[tokio::test]
async fn notes_are_kept_beside_the_documents_and_are_none_of_them() {
    for Subject { store, put, _folder } in subjects() {
        put("a.txt", "text");
        assert_eq!(store.list_notes().await.expect("lists"), Vec::<String>::new(), "{store:?}");
        assert_eq!(store.read_note("n.json", 10).await.expect("looks"), None, "{store:?}");
        store.write_note("n.json", Some(b"one".to_vec())).await.expect("writes");
        store.write_note("n.json", Some(b"another".to_vec())).await.expect("writes");
        assert_eq!(store.list_notes().await.expect("lists"), ["n.json"], "{store:?}");
        let read = store.read_note("n.json", 3).await.expect("reads");
        assert_eq!(read.as_deref(), Some(&b"ano"[..]), "{store:?}: cut at the limit");
        assert_eq!(store.list().await.expect("lists").entries.len(), 1, "{store:?}");
        store.write_note("n.json", None).await.expect("removes");
        store.write_note("n.json", None).await.expect("removes what is not there");
        assert_eq!(store.list_notes().await.expect("lists"), Vec::<String>::new(), "{store:?}");
    }
}
