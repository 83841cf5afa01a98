//! Streams that replace a document: whatever is wrong with one, nothing changes.

use proto::{ErrorCode, v1};

use crate::documents::{DIMENSIONS, PUBLIC};
use crate::service::{Part, Served, chunk, header, parts, search, serve};

#[tokio::test]
async fn a_malformed_stream_changes_nothing_and_says_what_would_be_right() {
    let mut served = serve(&[("RETRIEVER_MAX_DOCUMENT_CHUNKS", "3")]).await;
    served.put("a.md", &["the old text"]).await;
    let head = || Part::Header(header("a.md"));
    let batch = |chunks| Part::Chunks(v1::ChunkBatch { chunks });
    let commit = |chunk_count| Part::Commit(v1::ReplaceCommit { chunk_count });
    let new = || chunk(0, "the new text");
    for (stream, code, message) in [
        (vec![], ErrorCode::InvalidArgument, "commit: expected"),
        (vec![head()], ErrorCode::InvalidArgument, "commit: expected"),
        (vec![head(), batch(vec![new()])], ErrorCode::InvalidArgument, "commit: expected"),
        (vec![batch(vec![new()]), commit(1)], ErrorCode::InvalidArgument, "header: expected as the first"),
        (vec![commit(0)], ErrorCode::InvalidArgument, "header: expected as the first"),
        (vec![head(), head()], ErrorCode::InvalidArgument, "header: expected only once"),
        (
            vec![head(), batch(vec![new()]), commit(2)],
            ErrorCode::InvalidArgument,
            "commit.chunk_count: expected 1",
        ),
        (
            vec![head(), batch(vec![chunk(1, "x")]), commit(1)],
            ErrorCode::InvalidArgument,
            "chunk.ordinal: expected 0",
        ),
        (
            vec![head(), batch(vec![new(), new()]), commit(2)],
            ErrorCode::InvalidArgument,
            "chunk.ordinal: expected 1",
        ),
        (
            vec![head(), batch((0..4).map(|n| chunk(n, "x")).collect())],
            ErrorCode::TooLarge,
            "chunks: expected at most 3",
        ),
    ] {
        refused(&mut served, stream, (code, message)).await;
    }
}

#[tokio::test]
async fn a_malformed_header_or_chunk_changes_nothing() {
    let mut served = serve(&[]).await;
    served.put("a.md", &["the old text"]).await;
    let good = || header("a.md");
    let named = |id: &str| header(id);
    let many = || (0..33).map(|n| (n.to_string(), String::new())).collect();
    for (head, field) in [
        (named(""), "document_id"),
        (named("a/../b"), "document_id"),
        (named("/etc/passwd"), "document_id"),
        (named("a\0b"), "document_id"),
        (named(&"x".repeat(1_025)), "document_id"),
        (v1::DocumentHeader { collection: "A".to_owned(), ..good() }, "collection"),
        (v1::DocumentHeader { collection: "x".repeat(65), ..good() }, "collection"),
        (v1::DocumentHeader { title: "x".repeat(513), ..good() }, "title"),
        (v1::DocumentHeader { language: "English".to_owned(), ..good() }, "language"),
        (v1::DocumentHeader { content_sha256: vec![1; 31], ..good() }, "content_sha256"),
        (v1::DocumentHeader { attributes: many(), ..good() }, "attributes"),
    ] {
        refused(&mut served, parts(head, vec![]), (ErrorCode::InvalidArgument, field)).await;
    }
    let whole = || chunk(0, "new");
    let full = DIMENSIONS as usize;
    for (wrong, field) in [
        (v1::Chunk { text: String::new(), ..whole() }, "chunk.text"),
        (v1::Chunk { text: "x".repeat(16_385), ..whole() }, "chunk.text"),
        (v1::Chunk { importance: 0.5, ..whole() }, "chunk.importance"),
        (v1::Chunk { importance: f32::NAN, ..whole() }, "chunk.importance"),
        (v1::Chunk { page: Some(0), ..whole() }, "chunk.page"),
        (v1::Chunk { vector: vec![0.0; full], ..whole() }, "chunk.vector"),
        (v1::Chunk { vector: vec![f32::INFINITY; full], ..whole() }, "chunk.vector"),
        (v1::Chunk { vector: vec![1.0; full], ..whole() }, "chunk.vector"),
        (v1::Chunk { byte_range: Some(v1::ByteRange { start: 2, end: 1 }), ..whole() }, "chunk.byte_range"),
    ] {
        refused(&mut served, parts(good(), vec![wrong]), (ErrorCode::InvalidArgument, field)).await;
    }
    let without = v1::Chunk { vector: vec![], ..whole() };
    refused(&mut served, parts(good(), vec![without]), (ErrorCode::NotFound, "chunk 0: no vector")).await;
    let other = v1::DocumentHeader { embedding_model: "titan".to_owned(), ..good() };
    refused(&mut served, parts(other, vec![whole()]), (ErrorCode::IncompatibleIndex, "the index holds"))
        .await;
}

async fn refused(served: &mut Served, stream: Vec<Part>, (code, message): (ErrorCode, &str)) {
    let status = served.send(stream).await.unwrap_err();
    assert_eq!(ErrorCode::of(&status).0, code, "{message}: {}", status.message());
    assert!(status.message().starts_with(message), "{message}: {}", status.message());
    let found = served.client.search(search("old text")).await.unwrap().into_inner();
    assert_eq!((found.generation, found.passages.len()), (1, 1));
    assert_eq!(found.passages[0].text, "the old text");
}

#[tokio::test]
async fn a_document_may_have_no_chunks_and_its_replacement_says_so() {
    let mut served = serve(&[]).await;
    let first = served.send(parts(header("empty.md"), vec![])).await.unwrap();
    let second = served.send(parts(header("empty.md"), vec![])).await.unwrap();
    assert_eq!((first.replaced, second.replaced, second.generation), (false, true, 2));
    let list = v1::ListDocumentsRequest { collections: vec![PUBLIC.to_owned()], ..Default::default() };
    assert_eq!(served.client.list_documents(list).await.unwrap().into_inner().documents[0].chunk_count, 0);
}
