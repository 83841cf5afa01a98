//! The command `show`: a document as the knowledge holds it, chunk by chunk.

use lifecycle::TraceContext;
use proto::v1::{Chunk, ContentType, GetDocumentRequest, GetDocumentResponse};
use serde::Serialize;
use tonic::Status;

use super::client::{Client, DEADLINE, shown};
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::index::past::WHOLE_DOCUMENT_BYTES;

#[derive(Serialize)]
struct Document<'a> {
    document_id: &'a str,
    collection: &'a str,
    title: &'a str,
    kind: &'a str,
    language: &'a str,
    source_url: &'a str,
    content_bytes: u64,
    embedding_model: &'a str,
    chunk_count: u32,
    indexed_ms: i64,
    generation: u64,
}

#[derive(Serialize)]
struct Piece<'a> {
    ordinal: u32,
    heading_path: &'a [String],
    page: Option<u32>,
    start_byte: u64,
    end_byte: u64,
    tokens: u32,
    importance: f32,
    content: &'static str,
    text: &'a str,
}

impl Client {
    /// Returns a document with its chunks.
    pub(super) async fn document(
        &self,
        document: &str,
        collection: Option<&str>,
    ) -> Result<GetDocumentResponse, Status> {
        let request = GetDocumentRequest {
            document_id: document.to_owned(),
            collections: collection.map(str::to_owned).into_iter().collect(),
        };
        let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
        let mut grpc = self.grpc.clone().max_decoding_message_size(WHOLE_DOCUMENT_BYTES);
        Ok(grpc.get_document(request).await?.into_inner())
    }

    pub(super) async fn show(
        &self,
        document: &str,
        collection: Option<&str>,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let found = self.document(document, collection).await.map_err(|status| self.trouble(&status))?;
        let summary = found.document.unwrap_or_default();
        let header = summary.header.unwrap_or_default();
        let head = Document {
            document_id: &header.document_id,
            collection: &header.collection,
            title: &header.title,
            kind: &header.kind,
            language: &header.language,
            source_url: &header.source_url,
            content_bytes: header.content_bytes,
            embedding_model: &header.embedding_model,
            chunk_count: summary.chunk_count,
            indexed_ms: summary.indexed_ms,
            generation: summary.generation,
        };
        let name = shown(head.collection, head.document_id);
        let count = counted(head.chunk_count, "passage");
        let source =
            if head.source_url.is_empty() { String::new() } else { format!("\n   {}", head.source_url) };
        let line = format!(
            "== {name}: {} ({}, {}, {count}, generation {}){source}",
            head.title, head.kind, head.language, head.generation
        );
        report.result(&head, &line);
        for chunk in &found.chunks {
            print_chunk(chunk, report);
        }
        Ok(Ending::AllWell)
    }
}

fn print_chunk(chunk: &Chunk, report: &Report) {
    let range = chunk.byte_range.unwrap_or_default();
    let piece = Piece {
        ordinal: chunk.ordinal,
        heading_path: &chunk.heading_path,
        page: chunk.page,
        start_byte: range.start,
        end_byte: range.end,
        tokens: chunk.tokens,
        importance: chunk.importance,
        content: content_name(chunk.content_type()),
        text: &chunk.text,
    };
    let page = piece.page.map(|page| format!("page {page}, ")).unwrap_or_default();
    let line = format!(
        "-- {} [{}] {page}bytes {} to {}, {} tokens, importance {:.2}, {}\n{}\n",
        piece.ordinal,
        piece.heading_path.join(" › "),
        piece.start_byte,
        piece.end_byte,
        piece.tokens,
        piece.importance,
        piece.content,
        piece.text
    );
    report.result(&piece, &line);
}

fn content_name(content: ContentType) -> &'static str {
    match content {
        ContentType::Unspecified => "unknown",
        ContentType::Prose => "prose",
        ContentType::List => "list",
        ContentType::Table => "table",
        ContentType::Code => "code",
        ContentType::QuestionAnswer => "question and answer",
    }
}
