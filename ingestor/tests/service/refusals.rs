//! What a bucket's store makes of answers that S3 gives seldom: each test scripts them on a real socket.

use std::sync::Arc;

use ingestor::DocumentKey;
use ingestor::store::{Bucket, DocumentStore, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::aws::{config, options};

/// Part of the first line of a request, and the answer to it: status, headers, body.
type Script = Vec<(&'static str, u16, &'static str, String)>;

/// Starts a server that answers by script, and knows no address that a document was uploaded with; it ends with the test's
/// runtime.
#[expect(clippy::disallowed_methods, reason = "the server ends with the runtime of its test")]
async fn serve(script: Script) -> Bucket {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("is bound");
    let mut script = script;
    script.insert(0, (".sources/", 404, "", error("NoSuchKey")));
    let script = Arc::new(script);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let script = Arc::clone(&script);
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut part = [0; 4_096];
                    let read = stream.read(&mut part).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    request.extend_from_slice(&part[..read]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let line = request.lines().next().unwrap_or_default();
                let (_, status, headers, body) =
                    script.iter().find(|answer| line.contains(answer.0)).unwrap_or_else(|| panic!("{line}"));
                let answer = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}\r\n{body}");
                _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    Bucket::new(&config(format!("http://{address}")), options("shop"), None)
}

fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>said so</Message></Error>")
}

fn page(keys: &[&str], rest: &str) -> String {
    let object = |key: &&str| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-05-01T10:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>\
             <Size>4</Size></Contents>"
        )
    };
    let objects: String = keys.iter().map(object).collect();
    format!("<ListBucketResult>{objects}{rest}</ListBucketResult>")
}

fn key() -> DocumentKey {
    DocumentKey::new("", "a.txt").expect("valid")
}

const LAST: &str = "<IsTruncated>false</IsTruncated>";

#[tokio::test]
async fn only_what_is_said_to_be_missing_is() {
    let listed = || page(&["docs/a.txt"], LAST);
    // What the object answers, what a listing of it alone answers, and what comes of it.
    let cases = [
        (404, error("NoSuchKey"), 200, listed(), "absent"),
        (404, error("NoSuchBucket"), 200, listed(), "unusable"),
        (404, String::new(), 200, listed(), "closed"),
        (404, String::new(), 200, page(&[], LAST), "absent"),
        (404, String::new(), 404, error("NoSuchBucket"), "unusable"),
        // Without the right to list, S3 says so of what is not there as well: a listing decides.
        (403, error("AccessDenied"), 200, page(&[], LAST), "absent"),
        (403, error("AccessDenied"), 200, page(&["docs/a.txt.bak"], LAST), "absent"),
        (403, error("AccessDenied"), 200, listed(), "closed"),
        (403, error("AccessDenied"), 403, error("AccessDenied"), "unusable"),
        (403, error("InvalidObjectState"), 200, listed(), "closed"),
        (403, error("ExpiredToken"), 200, page(&[], LAST), "unusable"),
        (403, error("InvalidAccessKeyId"), 200, page(&[], LAST), "unusable"),
        (500, error("InternalError"), 200, page(&[], LAST), "unusable"),
        (503, error("SlowDown"), 200, page(&[], LAST), "unusable"),
        (400, error("InvalidRequest"), 200, page(&[], LAST), "closed"),
        (429, error("TooManyRequests"), 200, page(&[], LAST), "unusable"),
        (301, error("PermanentRedirect"), 200, page(&[], LAST), "unusable"),
    ];
    for (status, said, list_status, list, expected) in cases {
        let what = format!("{status} {said}, {list_status} {list}");
        let store = serve(vec![("list-type=2", list_status, "", list), ("GET", status, "", said)]).await;
        let outcome = match store.read(&key(), 10).await {
            Ok(None) => "absent",
            Ok(Some(_)) => "there",
            Err(StoreError::Closed { .. }) => "closed",
            Err(StoreError::Document { .. }) => "document",
            Err(StoreError::Unusable(_)) => "unusable",
            Err(_) => "another",
        };
        assert_eq!(outcome, expected, "{what}");
    }
}

#[tokio::test]
async fn a_listing_is_whole_or_an_error() {
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    let first = || page(&["docs/a.txt"], more);
    for (second_status, second, expected) in [
        (200, page(&["docs/b.txt"], LAST), Some(2)),
        (500, error("InternalError"), None),
        (403, error("AccessDenied"), None),
        (200, page(&["docs/b.txt"], more), None),
        (200, page(&["docs/b.txt"], "<IsTruncated>true</IsTruncated>"), None),
        (200, page(&["docs/b.txt"], ""), None),
        (200, "<ListBucketResult><Contents><Key>docs/b.txt".to_owned(), None),
        (
            200,
            "<ListBucketResult><Contents><Key>docs/b.txt</Key></Contents>".to_owned()
                + LAST
                + "</ListBucketResult>",
            None,
        ),
        (200, String::new(), None),
    ] {
        let what = format!("{second_status} {second}");
        let store = serve(vec![
            ("continuation-token=t", second_status, "", second),
            ("list-type=2", 200, "", first()),
        ])
        .await;
        let listed = store.list().await;
        assert_eq!(listed.ok().map(|listing| listing.entries.len()), expected, "{what}");
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_document() {
    let facts = "etag: \"e\"\r\nlast-modified: Fri, 01 May 2026 10:00:00 GMT\r\n";
    for (length, limit_bytes, is_read) in [(4, 10, true), (9, 10, false), (9, 2, true), (9, 3, true)] {
        let headers: &'static str =
            Box::leak(format!("{facts}content-length: {length}\r\n").into_boxed_str());
        let store = serve(vec![("GET", 200, headers, "text".to_owned())]).await;
        let read = store.read(&key(), limit_bytes).await;
        assert_eq!(read.is_ok(), is_read, "{length} announced, limit {limit_bytes}: {read:?}");
    }
    let store = serve(vec![("GET", 200, "content-length: 4\r\n", "text".to_owned())]).await;
    assert!(store.read(&key(), 10).await.is_err(), "without a tag nobody can tell its version");
}
