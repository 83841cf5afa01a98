//! Upload, list, status and delete, as a caller sees them.

use proto::ErrorCode;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{DeleteRequest, ListRequest, StatusRequest, UploadHeader};
use tonic::Status;

use crate::fake::FakeIndex;
use crate::stack::{Stack, header};

fn code(result: Result<Vec<Event>, Status>) -> ErrorCode {
    ErrorCode::of(&result.expect_err("is refused")).0
}

#[tokio::test]
async fn an_upload_is_stored_then_indexed() {
    let stack = Stack::start().await;
    let events = stack.upload("folder/ü b.txt", "Alpha.".as_bytes()).await.expect("is taken");
    assert!(matches!(&events[0], Event::Stored(stored) if stored.content_bytes == 6 && !stored.unchanged));
    assert!(events.iter().any(|event| matches!(event, Event::Progress(_))));
    let Some(Event::Indexed(indexed)) = events.last() else { panic!("{events:?}") };
    assert_eq!((indexed.chunk_count, indexed.unchanged), (1, false));
    let stored = std::fs::read(stack.folder.path().join("folder/ü b.txt")).expect("is stored");
    assert_eq!(stored, b"Alpha.");
    let again = stack.upload("folder/ü b.txt", "Alpha.".as_bytes()).await.expect("is taken");
    assert!(matches!(&again[0], Event::Stored(stored) if stored.unchanged));
    assert!(matches!(again.last(), Some(Event::Indexed(indexed)) if indexed.unchanged));
}

#[tokio::test]
async fn an_unreadable_upload_is_stored_and_fails_with_its_reason() {
    let stack = Stack::start().await;
    for (name, bytes, code, reason) in [
        ("a.txt", &b"  \n"[..], "UNREADABLE_DOCUMENT", "only white space"),
        ("a.pdf", b"%PDF-1.7", "UNREADABLE_DOCUMENT", "the PDF is damaged"),
        ("a.gif", b"GIF89a\0\x01", "UNSUPPORTED_MEDIA", "a GIF image is not supported"),
        ("a.docx", b"MZ\x90\0\x03\0\0\0", "UNSUPPORTED_MEDIA", "a program"),
        ("empty.txt", b"", "UNREADABLE_DOCUMENT", "is empty"),
    ] {
        let events = stack.upload(name, bytes).await.expect("is taken");
        let Some(Event::Failed(failure)) = events.last() else { panic!("{events:?}") };
        assert_eq!(failure.code, code);
        assert!(failure.reason.contains(reason), "{}", failure.reason);
    }
    assert!(stack.index.texts().is_empty());
    let events = stack.upload("good.txt", b"Good.").await.expect("is taken");
    assert!(matches!(events.last(), Some(Event::Indexed(_))));
}

#[tokio::test]
async fn a_format_with_a_reader_of_its_own_is_indexed_with_its_metadata() {
    let stack = Stack::start().await;
    let mail = b"Subject: Opening hours\r\nFrom: Anna <anna@example.com>\r\n\r\nWe open at nine.\r\n";
    let events = stack.upload("hours.eml", mail).await.expect("is taken");
    assert!(matches!(events.last(), Some(Event::Indexed(_))), "{events:?}");
    let header = stack.index.header("main", "hours.eml").expect("is indexed");
    assert_eq!((header.title.as_str(), header.kind.as_str()), ("Opening hours", "eml"));
    assert!(header.attributes["author"].contains("Anna"));
    let chunks = stack.index.chunks("main", "hours.eml");
    assert!(chunks.iter().any(|chunk| chunk.text.contains("We open at nine.")), "{chunks:?}");
}

#[tokio::test]
async fn an_upload_that_breaks_its_contract_stores_nothing() {
    let stack = Stack::start_over(
        FakeIndex::new(),
        Stack::start().await.folder,
        &[("INGESTOR_MAX_DOCUMENT_BYTES", "100")],
    )
    .await;
    let data = |text: &str| Part::Data(text.as_bytes().to_vec().into());
    let wrong_hash = UploadHeader { content_sha256: vec![1; 32], ..header("a.txt", b"abc") };
    for (parts, expected) in [
        (vec![], ErrorCode::InvalidArgument),
        (vec![data("abc")], ErrorCode::InvalidArgument),
        (vec![Part::Header(header("../a.txt", b"abc")), data("abc")], ErrorCode::InvalidArgument),
        (vec![Part::Header(header("a.txt", b"abc")), data("ab")], ErrorCode::InvalidArgument),
        (vec![Part::Header(header("a.txt", b"abc")), data("abcd")], ErrorCode::InvalidArgument),
        (vec![Part::Header(wrong_hash), data("abc")], ErrorCode::InvalidArgument),
        (vec![Part::Header(header("a.txt", &[b'a'; 101]))], ErrorCode::TooLarge),
        (
            vec![Part::Header(header("a.txt", b"abc")), data(&"a".repeat(1024 * 1024 + 1))],
            ErrorCode::TooLarge,
        ),
        (
            vec![Part::Header(header("a.txt", b"abc")), data(&"a".repeat(2 * 1024 * 1024))],
            ErrorCode::TooLarge,
        ),
    ] {
        assert_eq!(code(stack.send(parts).await), expected);
    }
    let documents = std::fs::read_dir(stack.folder.path()).expect("lists").count();
    assert_eq!(documents, 0, "nothing of a refused upload stays");
}

#[tokio::test]
async fn an_upload_outlasts_an_index_that_is_away_for_a_moment() {
    let stack = Stack::start().await;
    stack.index.refuse([ErrorCode::Unavailable, ErrorCode::Overloaded]);
    let events = stack.upload("a.txt", b"Alpha.").await.expect("is taken");
    assert!(matches!(events.last(), Some(Event::Indexed(_))), "{events:?}");
}

#[tokio::test]
async fn uploads_of_one_document_at_once_end_with_one_of_them_whole() {
    let stack = Stack::start().await;
    let texts: Vec<String> = (0..4).map(|n| format!("Version {n}.")).collect();
    let uploads = texts.iter().map(|text| stack.upload("a.txt", text.as_bytes()));
    for events in futures_util::future::join_all(uploads).await {
        assert!(matches!(events.expect("is taken").last(), Some(Event::Indexed(_))));
    }
    let stored = std::fs::read_to_string(stack.folder.path().join("a.txt")).expect("is stored");
    stack.index.until(&[("main/a.txt", &stored)]).await;
}

#[tokio::test]
async fn a_deleted_document_is_gone_from_store_and_index() {
    let stack = Stack::start().await;
    stack.upload("a.txt", b"Alpha.").await.expect("is taken");
    let request = DeleteRequest { document_id: "a.txt".to_owned(), collection: String::new() };
    let mut client = stack.client.clone();
    assert!(client.delete(request.clone()).await.expect("deletes").into_inner().deleted);
    assert!(stack.index.texts().is_empty());
    assert!(!stack.folder.path().join("a.txt").exists());
    assert!(!client.delete(request).await.expect("deletes").into_inner().deleted);
    let request = StatusRequest { document_id: "a.txt".to_owned(), collection: String::new() };
    let status = client.status(request).await.expect_err("is unknown");
    assert_eq!(ErrorCode::of(&status).0, ErrorCode::NotFound);
}

#[tokio::test]
async fn documents_are_listed_in_order_and_in_pages() {
    let stack = Stack::start().await;
    for name in ["b.txt", "a.txt", "@x/c.txt"] {
        stack.write(name, "Text.");
    }
    stack.index.until(&[("main/a.txt", "Text."), ("main/b.txt", "Text."), ("x/c.txt", "Text.")]).await;
    let mut client = stack.client.clone();
    let mut names = Vec::new();
    let mut request = ListRequest { page_size: Some(2), ..ListRequest::default() };
    loop {
        let page = client.list(request.clone()).await.expect("lists").into_inner();
        names.push(page.documents.iter().map(|state| state.document_id.clone()).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names, [vec!["a.txt", "b.txt"], vec!["c.txt"]]);
    let request = ListRequest { collections: vec!["x".to_owned()], ..ListRequest::default() };
    assert_eq!(client.list(request).await.expect("lists").into_inner().documents.len(), 1);
    for wrong in [
        ListRequest { page_size: Some(0), ..ListRequest::default() },
        ListRequest { collections: vec!["X".to_owned()], ..ListRequest::default() },
        ListRequest { page_token: "?".to_owned(), ..ListRequest::default() },
    ] {
        let status = client.list(wrong).await.expect_err("makes no sense");
        assert_eq!(ErrorCode::of(&status).0, ErrorCode::InvalidArgument);
    }
}
