//! The commands that are one call: list, delete, reconcile. `status` has a file of its own.

use std::time::Duration;

use lifecycle::{TraceContext, within};
use proto::v1::ingestor_client::IngestorClient;
use proto::v1::reconcile_event::Event;
use proto::v1::reconciled_document::Action;
use proto::v1::{
    DeleteRequest, DocumentState, ListRequest, ReconcileRequest, ReconcileSummary, ReconciledDocument, Stage,
};
use proto::{ErrorCode, ServiceChannel, Target};
use serde::Serialize;
use tonic::Status;

use super::report::{Report, counted};
use super::{Ending, Trouble};

pub(super) const DEADLINE: Duration = Duration::from_secs(30);
/// Longest silence in a stream of events; one large document may take this long.
pub(super) const SILENCE: Duration = Duration::from_secs(180);
/// A reconciliation or a rollback of everything may take this long.
pub(super) const RECONCILE_DEADLINE: Duration = Duration::from_secs(3_600);

/// A connection to the service.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) grpc: IngestorClient<ServiceChannel>,
    server: String,
}

#[derive(Serialize)]
struct Document<'a> {
    document_id: &'a str,
    collection: &'a str,
    state: &'static str,
    title: &'a str,
    kind: &'a str,
    content_bytes: u64,
    chunk_count: u32,
    indexed_ms: i64,
    source_url: &'a str,
    sha256: String,
    code: Option<&'a str>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Change<'a> {
    document_id: &'a str,
    collection: &'a str,
    action: &'static str,
    code: Option<&'a str>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Totals {
    added: u32,
    changed: u32,
    removed: u32,
    unchanged: u32,
    failed: u32,
    withheld: u32,
    embedded_count: u32,
    reused_count: u32,
    generation: u64,
    elapsed_ms: f64,
}

impl Client {
    pub(super) fn new(server: &Target) -> Self {
        let name = match server {
            Target::Address(address) | Target::Guarded(address, _) => address.to_string(),
            Target::Memory(_) => "this process".to_owned(),
        };
        Self { grpc: IngestorClient::new(server.service_channel()), server: name }
    }

    /// Says why a call failed in words that help.
    pub(super) fn trouble(&self, status: &Status) -> Trouble {
        let (code, _) = ErrorCode::of(status);
        // Only a service that is there gives details.
        if code == ErrorCode::Unavailable && status.details().is_empty() {
            return Trouble::Call(format!(
                "no connection to {}; is `ingestor serve` running there?",
                self.server
            ));
        }
        Trouble::Call(status.message().to_owned())
    }

    pub(super) async fn list(&mut self, collections: &[String], report: &Report) -> Result<Ending, Trouble> {
        let mut page_token = String::new();
        loop {
            let request = ListRequest { collections: collections.to_vec(), page_size: None, page_token };
            let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
            let page = self.grpc.list(request).await.map_err(|status| self.trouble(&status))?.into_inner();
            for state in &page.documents {
                print_document(state, report);
            }
            if page.next_page_token.is_empty() {
                return Ok(Ending::AllWell);
            }
            page_token = page.next_page_token;
        }
    }

    pub(super) async fn delete(
        &mut self,
        documents: &[String],
        collection: Option<&str>,
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let mut ending = Ending::AllWell;
        for document_id in documents {
            let request = DeleteRequest {
                document_id: document_id.clone(),
                collection: collection.unwrap_or_default().to_owned(),
            };
            let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
            let answer =
                self.grpc.delete(request).await.map_err(|status| self.trouble(&status))?.into_inner();
            let action = if answer.deleted { "deleted" } else { "not found" };
            if !answer.deleted {
                ending = Ending::SomeFailed;
            }
            let collection = collection.unwrap_or(crate::MAIN_COLLECTION);
            let change = Change { document_id, collection, action, code: None, reason: None };
            report.result(&change, &format!("{action:10} {}", document_id.escape_debug()));
        }
        Ok(ending)
    }

    pub(super) async fn reconcile(&mut self, force: bool, report: &Report) -> Result<Ending, Trouble> {
        let request =
            lifecycle::request(ReconcileRequest { force }, RECONCILE_DEADLINE, &TraceContext::new());
        let events = self.grpc.reconcile(request).await.map_err(|status| self.trouble(&status))?;
        let mut events = events.into_inner();
        loop {
            let event = within(SILENCE, events.message()).await;
            let event = event.map_err(|late| Trouble::Call(format!("the service fell silent: {late}")))?;
            match event.map_err(|status| self.trouble(&status))?.and_then(|event| event.event) {
                Some(Event::Document(document)) => print_change(&document, report),
                Some(Event::Summary(summary)) => return Ok(print_summary(&summary, report)),
                None => return Err(Trouble::Call("the service stopped before it was done".to_owned())),
            }
        }
    }
}

pub(super) fn print_document(state: &DocumentState, report: &Report) {
    let name = match state.stage() {
        Stage::Indexed => "indexed",
        Stage::Failed => "FAILED",
        Stage::Withheld => "withheld",
        _ => "in progress",
    };
    let failure = state.failure.as_ref();
    let note = Some(state.note.as_str()).filter(|note| !note.is_empty());
    let document = Document {
        document_id: &state.document_id,
        collection: &state.collection,
        state: name,
        title: &state.title,
        kind: &state.kind,
        content_bytes: state.content_bytes,
        chunk_count: state.chunk_count,
        indexed_ms: state.indexed_ms,
        source_url: &state.source_url,
        sha256: state.content_sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        code: failure.map(|failure| failure.code.as_str()),
        reason: failure.map(|failure| failure.reason.as_str()).or(note),
    };
    let shown = shown(&state.collection, &state.document_id);
    let rest = document.reason.map_or_else(
        || {
            let passages = counted(state.chunk_count, "passage");
            format!("{passages}, {}", counted(state.content_bytes, "byte"))
        },
        str::to_owned,
    );
    report.result(&document, &format!("{name:11} {shown}  {rest}"));
}

fn print_change(document: &ReconciledDocument, report: &Report) {
    let action = match document.action() {
        Action::Added => "added",
        Action::Changed => "changed",
        Action::Removed => "removed",
        Action::Failed => "FAILED",
        Action::Withheld => "withheld",
        Action::Unspecified => "unchanged",
    };
    let failure = document.failure.as_ref();
    let change = Change {
        document_id: &document.document_id,
        collection: &document.collection,
        action,
        code: failure.map(|failure| failure.code.as_str()),
        reason: failure.map(|failure| failure.reason.as_str()),
    };
    let reason = failure.map(|failure| format!("  {}", failure.reason)).unwrap_or_default();
    report.result(
        &change,
        &format!("{action:9} {}{reason}", shown(&document.collection, &document.document_id)),
    );
}

fn print_summary(summary: &ReconcileSummary, report: &Report) -> Ending {
    let totals = Totals {
        added: summary.added,
        changed: summary.changed,
        removed: summary.removed,
        unchanged: summary.unchanged,
        failed: summary.failed,
        withheld: summary.withheld,
        embedded_count: summary.embedded_count,
        reused_count: summary.reused_count,
        generation: summary.generation,
        elapsed_ms: summary.elapsed_ms,
    };
    let Totals { added, changed, removed, unchanged, failed, withheld, elapsed_ms, .. } = totals;
    let left_out = if withheld > 0 { format!(", {withheld} withheld") } else { String::new() };
    let line = format!(
        "{added} added, {changed} changed, {removed} removed, {unchanged} unchanged, {failed} failed{left_out} in \
         {elapsed_ms:.0} ms; {} embedded, {} reused",
        counted(totals.embedded_count, "passage"),
        totals.reused_count
    );
    report.result(&totals, &line);
    if failed > 0 { Ending::SomeFailed } else { Ending::AllWell }
}

/// Shows a document's name on one line, whatever characters it holds.
pub(super) fn shown(collection: &str, id: &str) -> String {
    crate::DocumentKey::new(collection, id)
        .map_or_else(|_| id.escape_debug().to_string(), |key| key.to_string())
}
