//! The command `status`: how the service is doing, or how a document is, with what it took to index it.

use lifecycle::TraceContext;
use proto::v1::{DocumentState, Stage, StatusRequest, StatusResponse};
use serde::Serialize;

use super::client::{Client, DEADLINE, print_document};
use super::price;
use super::report::{Report, counted};
use super::{Ending, Trouble};

#[derive(Serialize)]
struct Overview<'a> {
    indexed: u32,
    in_progress: u32,
    failed: u32,
    withheld: u32,
    held: u32,
    chunk_count: u64,
    generation: u64,
    last_reconciled_ms: i64,
    embedded_count: u64,
    reused_count: u64,
    embedded_tokens: u64,
    embedding_model: &'a str,
    cost_dollars: Option<f64>,
}

#[derive(Serialize)]
struct Details<'a> {
    stage: &'static str,
    failed_stage: Option<&'static str>,
    /// The last page that a passage begins on; absent where the format has no pages.
    pages: Option<u32>,
    chunk_count: u32,
    held: u32,
    tokens: Option<u64>,
    embedded_count: u32,
    reused_count: u32,
    embedded_tokens: u64,
    embedding_model: &'a str,
    cost_dollars: Option<f64>,
}

impl Client {
    pub(super) async fn status(
        &mut self,
        document: Option<&str>,
        collection: Option<&str>,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let request = StatusRequest {
            document_id: document.unwrap_or_default().to_owned(),
            collection: collection.unwrap_or_default().to_owned(),
        };
        let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
        let answer = self.grpc.status(request).await.map_err(|status| self.trouble(&status))?.into_inner();
        let Some(state) = &answer.document else {
            print_overview(&answer, report);
            return Ok(Ending::AllWell);
        };
        print_document(state, report);
        self.print_details(state, &answer.embedding_model, report).await;
        Ok(if state.failure.is_none() { Ending::AllWell } else { Ending::SomeFailed })
    }

    async fn print_details(&self, state: &DocumentState, embedding_model: &str, report: &Report) {
        // One that is not in the knowledge has no pages; the rest is known all the same.
        let chunks = self.document(&state.document_id, Some(&state.collection)).await;
        let chunks = chunks.ok().map(|found| found.chunks);
        let details = Details {
            stage: stage_name(state.stage()),
            failed_stage: state.failure.as_ref().map(|failure| stage_name(failure.stage())),
            pages: chunks.as_ref().and_then(|chunks| chunks.iter().filter_map(|chunk| chunk.page).max()),
            chunk_count: state.chunk_count,
            tokens: chunks.map(|chunks| chunks.iter().map(|chunk| u64::from(chunk.tokens)).sum()),
            embedded_count: state.embedded_count,
            reused_count: state.reused_count,
            embedded_tokens: state.embedded_tokens,
            embedding_model,
            held: state.held_count,
            cost_dollars: state.cost_nano_dollars.map(price::dollars_of),
        };
        report.result(&details, &details_line(&details));
    }
}

fn details_line(details: &Details<'_>) -> String {
    let stage = match details.failed_stage {
        Some(failed) => format!("{} while {failed}", details.stage),
        None => details.stage.to_owned(),
    };
    let pages = details.pages.map(|pages| format!(", {}", counted(pages, "page"))).unwrap_or_default();
    let tokens = details.tokens.map(|tokens| format!(", {}", counted(tokens, "token"))).unwrap_or_default();
    let spent = if details.embedded_count + details.reused_count == 0 {
        "indexed before the service started".to_owned()
    } else {
        format!(
            "{} embedded, {} reused; {} with {}, {}",
            counted(details.embedded_count, "passage"),
            details.reused_count,
            counted(details.embedded_tokens, "token"),
            details.embedding_model,
            price::shown(details.cost_dollars)
        )
    };
    let (chunks, held) = (counted(details.chunk_count, "passage"), held_back(details.held));
    format!("            {stage}{pages}, {chunks}{held}{tokens}; {spent}")
}

fn held_back(passages: u32) -> String {
    if passages == 0 { String::new() } else { format!(", {} held back", counted(passages, "passage")) }
}

fn print_overview(answer: &StatusResponse, report: &Report) {
    let overview = Overview {
        indexed: answer.indexed,
        in_progress: answer.in_progress,
        failed: answer.failed,
        withheld: answer.withheld,
        chunk_count: answer.chunk_count,
        generation: answer.generation,
        last_reconciled_ms: answer.last_reconciled_ms,
        embedded_count: answer.embedded_count,
        reused_count: answer.reused_count,
        embedded_tokens: answer.embedded_tokens,
        embedding_model: &answer.embedding_model,
        held: answer.held,
        cost_dollars: Some(price::dollars_of(answer.cost_nano_dollars)),
    };
    let Overview { indexed, in_progress, failed, withheld, held, chunk_count, generation, .. } = overview;
    let mut left_out = if withheld > 0 { format!(", {withheld} withheld") } else { String::new() };
    left_out += &held_back(held);
    let line = format!(
        "{indexed} indexed, {in_progress} in progress, {failed} failed{left_out}; {}, generation {generation}\n\
         since the service started: {} embedded, {} reused; {} with {}, {}",
        counted(chunk_count, "passage"),
        counted(overview.embedded_count, "passage"),
        overview.reused_count,
        counted(overview.embedded_tokens, "token"),
        overview.embedding_model,
        price::shown(overview.cost_dollars)
    );
    report.result(&overview, &line);
}

/// Returns a stage in an editor's words.
pub(super) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Unspecified | Stage::Queued => "waiting",
        Stage::Extracting => "reading",
        Stage::Chunking => "cutting",
        Stage::Embedding => "embedding",
        Stage::Committing => "committing",
        Stage::Indexed => "indexed",
        Stage::Failed => "failed",
        Stage::Withheld => "withheld",
    }
}
