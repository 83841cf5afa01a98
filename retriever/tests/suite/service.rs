//! The service over a pipe in memory, with real gRPC.

use std::time::Duration;

use lifecycle::{Reader, Shutdown, memory_listener};
use proto::v1::retriever_client::RetrieverClient;
use proto::{ErrorCode, Target, v1};
use retriever::{Listeners, Running, Settings};
use tonic::Status;
use tonic::transport::Channel;

use crate::documents::{DIMENSIONS, PUBLIC, vector};

/// A retriever that serves, and a client of it.
pub(crate) struct Served {
    pub(crate) client: RetrieverClient<Channel>,
    pub(crate) shutdown: Shutdown,
    _running: Running,
    _folder: tempfile::TempDir,
}

pub(crate) async fn serve(settings: &[(&str, &str)]) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let dimensions = DIMENSIONS.to_string();
    let mut pairs =
        vec![("RETRIEVER_DATA_DIR", data.as_str()), ("RETRIEVER_EMBEDDING_DIMENSIONS", &dimensions)];
    pairs.extend(settings);
    let settings = Settings::read(&mut Reader::from_pairs(pairs)).unwrap();
    let (pipe, grpc) = memory_listener();
    let shutdown = Shutdown::new();
    let running = retriever::start(settings, Listeners { grpc, internal: None }, &shutdown).await.unwrap();
    let client = RetrieverClient::new(Target::Memory(pipe).channel());
    Served { client, shutdown, _running: running, _folder: folder }
}

pub(crate) fn header(id: &str) -> v1::DocumentHeader {
    v1::DocumentHeader {
        document_id: id.to_owned(),
        collection: PUBLIC.to_owned(),
        title: "Help".to_owned(),
        kind: "md".to_owned(),
        language: "en".to_owned(),
        content_sha256: vec![1; 32],
        content_bytes: 10,
        modified_ms: 5,
        embedding_model: embedding::MODEL_ID.to_owned(),
        embedding_dimensions: DIMENSIONS,
        chunking_version: 1,
        ..v1::DocumentHeader::default()
    }
}

pub(crate) fn chunk(ordinal: u32, text: &str) -> v1::Chunk {
    v1::Chunk {
        ordinal,
        text: text.to_owned(),
        heading_path: vec!["Orders".to_owned()],
        byte_range: Some(v1::ByteRange { start: 0, end: 9 }),
        page: Some(3),
        importance: 1.5,
        vector: vector(text),
        tokens: 7,
        content_type: v1::ContentType::List.into(),
    }
}

pub(crate) type Part = v1::replace_document_request::Part;

pub(crate) fn parts(header: v1::DocumentHeader, chunks: Vec<v1::Chunk>) -> Vec<Part> {
    let chunk_count = u32::try_from(chunks.len()).unwrap();
    vec![
        Part::Header(header),
        Part::Chunks(v1::ChunkBatch { chunks }),
        Part::Commit(v1::ReplaceCommit { chunk_count }),
    ]
}

impl Served {
    pub(crate) async fn send(&mut self, parts: Vec<Part>) -> Result<v1::ReplaceDocumentResponse, Status> {
        let messages = parts.into_iter().map(|part| v1::ReplaceDocumentRequest { part: Some(part) });
        let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
        self.client.replace_document(stream).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn put(&mut self, id: &str, texts: &[&str]) -> v1::ReplaceDocumentResponse {
        let chunks = texts.iter().zip(0..).map(|(text, ordinal)| chunk(ordinal, text)).collect();
        self.send(parts(header(id), chunks)).await.unwrap()
    }
}

pub(crate) fn search(question: &str) -> v1::SearchRequest {
    v1::SearchRequest {
        question: question.to_owned(),
        collections: vec![PUBLIC.to_owned()],
        ..v1::SearchRequest::default()
    }
}

#[tokio::test]
async fn a_document_goes_in_is_found_listed_read_and_deleted() {
    let mut served = serve(&[]).await;
    let stored = served
        .put("faq/orders.md", &["An order can be cancelled within one hour.", "Refunds take a week."])
        .await;
    assert_eq!((stored.generation, stored.replaced), (1, false));
    let found = served.client.search(search("can I cancel an order?")).await.unwrap().into_inner();
    let best = &found.passages[0];
    assert_eq!(
        (best.document_id.as_str(), best.title.as_str(), best.ordinal, best.page),
        ("faq/orders.md", "Help", 0, Some(3))
    );
    assert_eq!(best.heading_path, ["Orders"]);
    assert!(best.evidence > 0.3 && best.evidence <= 1.0 && best.score > 0.0);
    assert_eq!((found.generation, found.rewritten_question.as_str()), (1, ""));
    assert!(found.stage_times.unwrap().embed_ms.is_some());
    let list = v1::ListDocumentsRequest { collections: vec![PUBLIC.to_owned()], ..Default::default() };
    let listed = served.client.list_documents(list).await.unwrap().into_inner();
    assert_eq!(listed.documents[0].header, Some(header("faq/orders.md")));
    assert_eq!((listed.documents[0].chunk_count, listed.next_page_token.as_str()), (2, ""));
    let get = v1::GetDocumentRequest {
        document_id: "faq/orders.md".to_owned(),
        collections: vec![PUBLIC.to_owned()],
    };
    let read = served.client.get_document(get.clone()).await.unwrap().into_inner();
    let expected = v1::Chunk { vector: Vec::new(), ..chunk(1, "Refunds take a week.") };
    assert_eq!(read.chunks[1], expected);
    let delete =
        v1::DeleteDocumentRequest { document_id: "faq/orders.md".to_owned(), collection: PUBLIC.to_owned() };
    let gone = served.client.delete_document(delete).await.unwrap().into_inner();
    assert!(gone.deleted && gone.generation == 2);
    let missing = served.client.get_document(get).await.unwrap_err();
    assert_eq!(ErrorCode::of(&missing).0, ErrorCode::NotFound);
    assert!(
        served
            .client
            .search(search("can I cancel an order?"))
            .await
            .unwrap()
            .into_inner()
            .passages
            .is_empty()
    );
}

#[tokio::test]
async fn explain_shows_every_candidate_with_ranks_terms_and_outcome() {
    let mut served = serve(&[]).await;
    served
        .put("a.md", &["Parcels are insured up to 500 euros.", "We ship with a carrier of your choice."])
        .await;
    let explain =
        v1::ExplainRequest { search: Some(search("Are parcells insured?")), ..v1::ExplainRequest::default() };
    let explained = served.client.explain(explain).await.unwrap().into_inner();
    assert_eq!(explained.terms, ["parcel", "insur"]);
    assert_eq!(explained.searched_question, "Are parcells insured?");
    let [best, other] = &explained.candidates[..] else { panic!("two candidates") };
    assert_eq!((best.word_rank, best.meaning_rank), (Some(1), Some(1)));
    assert!(best.word_score.unwrap() > 0.0);
    assert_eq!(best.outcome(), v1::candidate::Outcome::Kept);
    assert_eq!((other.word_rank, other.outcome()), (None, v1::candidate::Outcome::BelowThreshold));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_the_field_and_what_would_be_right() {
    let mut served = serve(&[]).await;
    served.put("a.md", &["text"]).await;
    let good = || search("question");
    let turn = |text: &str, role| v1::HistoryTurn { role, text: text.to_owned() };
    for (request, field) in [
        (search(""), "question"),
        (search(" \n"), "question"),
        (search(&"x".repeat(4_001)), "question"),
        (v1::SearchRequest { collections: vec![], ..good() }, "collections"),
        (v1::SearchRequest { collections: vec!["No".to_owned()], ..good() }, "collection"),
        (v1::SearchRequest { top_k: Some(0), ..good() }, "top_k"),
        (v1::SearchRequest { top_k: Some(101), ..good() }, "top_k"),
        (v1::SearchRequest { evidence_threshold: Some(f32::NAN), ..good() }, "evidence_threshold"),
        (v1::SearchRequest { evidence_threshold: Some(1.1), ..good() }, "evidence_threshold"),
        (v1::SearchRequest { budget_tokens: Some(0), ..good() }, "budget_tokens"),
        (v1::SearchRequest { query_vector: vec![1.0; 3], ..good() }, "query_vector"),
        (v1::SearchRequest { query_vector: vec![f32::NAN; DIMENSIONS as usize], ..good() }, "query_vector"),
        (v1::SearchRequest { query_vector: vec![0.0; DIMENSIONS as usize], ..good() }, "query_vector"),
        (v1::SearchRequest { history: vec![turn("", 1)], ..good() }, "history.text"),
        (v1::SearchRequest { history: vec![turn("x", 0)], ..good() }, "history.role"),
    ] {
        let refused = served.client.search(request).await.unwrap_err();
        assert_eq!(ErrorCode::of(&refused).0, ErrorCode::InvalidArgument, "{field}");
        assert!(
            refused.message().starts_with(field) && refused.message().contains("expected"),
            "{}",
            refused.message()
        );
    }
    let page = v1::ListDocumentsRequest {
        collections: vec![PUBLIC.to_owned()],
        page_size: Some(1),
        page_token: "x".to_owned(),
    };
    assert!(served.client.list_documents(page).await.unwrap_err().message().starts_with("page_token"));
    let opinion = v1::RecordFeedbackRequest {
        answer_id: "1".to_owned(),
        comment: "x".repeat(2_001),
        ..Default::default()
    };
    assert!(
        served.client.record_feedback(opinion.clone()).await.unwrap_err().message().starts_with("comment")
    );
    served
        .client
        .record_feedback(v1::RecordFeedbackRequest { comment: String::new(), ..opinion })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_caller_may_bring_the_vector_and_history_rewrites_the_question() {
    let mut served = serve(&[]).await;
    served.put("a.md", &["The museum opens at ten.", "On Mondays the museum is closed."]).await;
    let brought = v1::SearchRequest {
        query_vector: vector("museum").iter().map(|n| n * 3.0).collect(),
        ..search("museum")
    };
    let found = served.client.search(brought).await.unwrap().into_inner();
    let text = "The museum opens at ten.\nOn Mondays the museum is closed.";
    assert_eq!(found.passages.iter().map(|passage| passage.text.as_str()).collect::<Vec<_>>(), [text]);
    assert!(found.stage_times.unwrap().embed_ms.is_none());
    let visitor = v1::HistoryTurn { role: 1, text: "When does the museum open?".to_owned() };
    let follow_up = v1::SearchRequest { history: vec![visitor], ..search("and on Mondays?") };
    let found = served.client.search(follow_up).await.unwrap().into_inner();
    assert_eq!(found.rewritten_question, "When does the museum open? and on Mondays?");
}

#[tokio::test]
async fn watchers_see_each_generation_and_are_sent_away_at_shutdown() {
    let mut served = serve(&[]).await;
    let mut watched =
        served.client.watch_generation(v1::WatchGenerationRequest {}).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().number, 0);
    served.put("a.md", &["text"]).await;
    let now = watched.message().await.unwrap().unwrap();
    assert!(now.number == 1 && now.committed_ms > 0);
    served.shutdown.begin();
    let farewell = watched.message().await.unwrap_err();
    assert_eq!(ErrorCode::of(&farewell).0, ErrorCode::ShuttingDown);
    assert!(served.shutdown.drained(Duration::from_secs(10)).await);
}
