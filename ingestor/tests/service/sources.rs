//! Web addresses that documents are uploaded with.

use proto::ErrorCode;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{DeleteRequest, GetDocumentRequest, UploadHeader};

use crate::fake::FakeIndex;
use crate::stack::{Stack, header};

const PAGE: &[u8] = b"<link rel=canonical href='https://example.com/own'><p>We open at nine.</p>";

impl Stack {
    async fn upload_from(&self, name: &str, source_url: &str) -> Vec<Event> {
        let header = UploadHeader { source_url: source_url.to_owned(), ..header(name, PAGE) };
        self.send(vec![Part::Header(header), Part::Data(PAGE.to_vec().into())]).await.expect("is taken")
    }

    fn source(&self, name: &str) -> String {
        self.index.header("main", name).expect("is indexed").source_url
    }
}

#[tokio::test]
async fn an_uploaded_address_counts_more_than_the_document_s_own_and_follows_each_upload() {
    let stack = Stack::start().await;
    for (address, expected) in [
        ("https://example.com/a", "https://example.com/a"),
        ("https://example.com/b", "https://example.com/b"),
        ("https://example.com/b", "https://example.com/b"),
    ] {
        stack.upload_from("a.html", address).await;
        assert_eq!(stack.source("a.html"), expected);
    }
    assert_eq!(stack.index.replaced(), 2, "the third upload changed nothing");
    stack.upload_from("plain.html", "").await;
    assert_eq!(stack.source("plain.html"), "https://example.com/own");
}

#[tokio::test]
async fn an_uploaded_address_is_as_durable_as_the_document_and_goes_with_it() {
    let stack = Stack::start().await;
    stack.upload_from("sub/a.html", "https://example.com/a").await;
    let (_, folder) = stack.kill();
    // The index is lost; what the store holds is enough to make it again.
    let stack = Stack::start_over(FakeIndex::new(), folder, &[]).await;
    assert_eq!(stack.source("sub/a.html"), "https://example.com/a");
    assert_eq!(stack.index.texts().len(), 1, "the address itself is no document");
    let request = DeleteRequest { document_id: "sub/a.html".to_owned(), collection: String::new() };
    stack.client.clone().delete(request).await.expect("deletes");
    stack.upload("sub/a.html", PAGE).await.expect("is taken");
    assert_eq!(stack.source("sub/a.html"), "https://example.com/own");
}

#[tokio::test]
async fn what_is_no_web_address_is_refused() {
    let stack = Stack::start().await;
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    for wrong in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a b",
        "https://a\u{1b}[2J",
        "example.com",
        &long,
    ] {
        let header = UploadHeader { source_url: wrong.to_owned(), ..header("a.html", PAGE) };
        let refused = stack.send(vec![Part::Header(header), Part::Data(PAGE.to_vec().into())]).await;
        let status = refused.expect_err("is refused");
        assert_eq!(ErrorCode::of(&status).0, ErrorCode::InvalidArgument);
        assert!(status.message().contains("expected an address such as"), "{}", status.message());
    }
}

#[tokio::test]
async fn a_document_is_returned_with_its_chunks() {
    let stack = Stack::start().await;
    stack.upload("a.md", b"# Hours\n\nWe open at nine.").await.expect("is taken");
    let request = GetDocumentRequest { document_id: "a.md".to_owned(), collections: Vec::new() };
    let found = stack.client.clone().get_document(request.clone()).await.expect("finds").into_inner();
    assert_eq!(found.document.expect("a summary").chunk_count, 1);
    assert!(found.chunks[0].text.contains("We open at nine."));
    let request = GetDocumentRequest { document_id: "b.md".to_owned(), ..request };
    let status = stack.client.clone().get_document(request).await.expect_err("is unknown");
    assert_eq!(ErrorCode::of(&status).0, ErrorCode::NotFound);
}
