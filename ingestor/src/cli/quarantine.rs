//! The commands about passages that are held back.

use clap::Subcommand;
use lifecycle::TraceContext;
use proto::v1::decide_held_request::Decision;
use proto::v1::held_chunk::Reason;
use proto::v1::{DecideHeldRequest, HeldChunk, ListHeldRequest};
use serde::Serialize;

use super::client::{Client, DEADLINE, RECONCILE_DEADLINE};
use super::report::{Report, counted};
use super::{Ending, Trouble};

/// What to do about passages that are held back.
#[derive(Debug, Subcommand)]
pub(super) enum Quarantine {
    /// List the passages that are held back, and why
    List {
        /// Path of a document inside the document store; else all documents
        #[arg(value_name = "DOCUMENT")]
        document: Option<String>,
    },
    /// Let visitors get passages that are held back
    Release {
        /// Path of the document inside the document store
        #[arg(value_name = "DOCUMENT")]
        document: String,
        /// Ids from `quarantine list`; else all that are held of the document
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Never let visitors get passages that are held back; the document itself stays as it is
    Drop {
        /// Path of the document inside the document store
        #[arg(value_name = "DOCUMENT")]
        document: String,
        /// Ids from `quarantine list`; else all that are held of the document
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    document_id: &'a str,
    collection: &'a str,
    reason: &'static str,
    heading_path: &'a [String],
    page: Option<u32>,
    text: &'a str,
}

#[derive(Serialize)]
struct Decided<'a> {
    document_id: &'a str,
    action: &'static str,
    count: u32,
    generation: u64,
}

impl Client {
    pub(super) async fn quarantine(
        &mut self,
        command: &Quarantine,
        collections: &[String],
        report: &Report,
    ) -> Result<Ending, Trouble> {
        match command {
            Quarantine::List { document } => self.list_held(document.as_deref(), collections, report).await,
            Quarantine::Release { document, ids } => {
                let decided = request(document, ids, super::only(collections)?, Decision::Release);
                self.decide(decided, report).await
            }
            Quarantine::Drop { document, ids } => {
                let decided = request(document, ids, super::only(collections)?, Decision::Drop);
                self.decide(decided, report).await
            }
        }
    }

    async fn list_held(
        &mut self,
        document: Option<&str>,
        collections: &[String],
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let (mut page_token, mut count) = (String::new(), 0_u64);
        loop {
            let request = ListHeldRequest {
                collections: collections.to_vec(),
                document_id: document.unwrap_or_default().to_owned(),
                page_token,
            };
            let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
            let page =
                self.grpc.list_held(request).await.map_err(|status| self.trouble(&status))?.into_inner();
            for chunk in &page.chunks {
                count += 1;
                show(chunk, report);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                report.note(&format!("{} held back", counted(count, "passage")));
                return Ok(Ending::AllWell);
            }
        }
    }

    async fn decide(&mut self, decision: DecideHeldRequest, report: &Report) -> Result<Ending, Trouble> {
        let action = if decision.decision() == Decision::Release { "released" } else { "dropped" };
        let document = decision.document_id.clone();
        let request = lifecycle::request(decision, RECONCILE_DEADLINE, &TraceContext::new());
        let done = self.grpc.decide_held(request).await.map_err(|status| self.trouble(&status))?.into_inner();
        let decided =
            Decided { document_id: &document, action, count: done.decided, generation: done.generation };
        report.result(&decided, &format!("{action:10} {document}  {}", counted(done.decided, "passage")));
        Ok(Ending::AllWell)
    }
}

fn request(
    document: &str,
    ids: &[String],
    collection: Option<&str>,
    decision: Decision,
) -> DecideHeldRequest {
    DecideHeldRequest {
        document_id: document.to_owned(),
        collection: collection.unwrap_or_default().to_owned(),
        chunk_ids: ids.to_vec(),
        decision: decision.into(),
    }
}

fn show(chunk: &HeldChunk, report: &Report) {
    let reason = match chunk.reason() {
        Reason::Unspecified => "held",
        Reason::Hidden => "a person does not see it",
        Reason::Instructions => "it gives orders to a model",
    };
    let HeldChunk { id, document_id, collection, heading_path, page, text, .. } = chunk;
    let shown = Shown { id, document_id, collection, reason, heading_path, page: *page, text };
    let place = page.map(|page| format!(", page {page}")).unwrap_or_default();
    // The text is hostile for all we know: what would steer a terminal is shown as what it is.
    let text: String = text.replace('\n', " ").escape_debug().collect();
    report.result(&shown, &format!("{id}  {document_id}{place}: {reason}\n    {text}"));
}
