//! The index's past and its inner life, as editors ask for it: changes, rollbacks, purges, explained searches.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use lifecycle::TraceContext;
use proto::v1::{
    ExplainRequest, ExplainResponse, GetDocumentRequest, GetDocumentResponse, ListChangesRequest,
    ListChangesResponse, ListWithheldRequest, PurgeRequest, PurgeResponse, RollbackRequest, RollbackResponse,
    SearchRequest,
};

use super::{Index, SHORT_DEADLINE, on_time};
use crate::document::MAIN_COLLECTION;
use crate::error::Error;

/// Rollbacks and purges may touch every document.
const LONG_DEADLINE: Duration = Duration::from_secs(300);
const PAGE_CHANGES: u32 = 1_000;
/// A document comes whole: its text, without vectors.
pub(crate) const WHOLE_DOCUMENT_BYTES: usize = 256 * 1024 * 1024;

impl Index {
    /// Returns what rollbacks undid, by collection and id.
    pub(super) async fn withheld(
        &self,
        collections: Vec<String>,
    ) -> Result<HashMap<(String, String), Vec<u8>>, Error> {
        if collections.is_empty() {
            return Ok(HashMap::new());
        }
        let request = ListWithheldRequest { collections };
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        let found = on_time(SHORT_DEADLINE, self.client.clone().list_withheld(request)).await?;
        let entries = found.withheld.into_iter();
        Ok(entries.map(|entry| ((entry.collection, entry.document_id), entry.content_sha256)).collect())
    }

    /// Returns a document with its chunks.
    pub(crate) async fn document(&self, request: GetDocumentRequest) -> Result<GetDocumentResponse, Error> {
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        let mut client = self.client.clone().max_decoding_message_size(WHOLE_DOCUMENT_BYTES);
        on_time(SHORT_DEADLINE, client.get_document(request)).await
    }

    /// Explains a search; one without collections searches all.
    pub(crate) async fn explain(&self, request: ExplainRequest) -> Result<ExplainResponse, Error> {
        let ExplainRequest { search, ranking } = request;
        let mut search: SearchRequest = search.unwrap_or_default();
        if search.collections.is_empty() {
            search.collections = self.all_collections(None).await?;
        }
        let request = ExplainRequest { search: Some(search), ranking };
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        on_time(SHORT_DEADLINE, self.client.clone().explain(request)).await
    }

    /// Lists committed changes.
    pub(crate) async fn changes(&self, request: ListChangesRequest) -> Result<ListChangesResponse, Error> {
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        on_time(SHORT_DEADLINE, self.client.clone().list_changes(request)).await
    }

    /// Goes back to an earlier generation; without collections all of them do.
    pub(crate) async fn rollback(&self, request: RollbackRequest) -> Result<RollbackResponse, Error> {
        let RollbackRequest { generation, mut collections } = request;
        if collections.is_empty() {
            collections = self.all_collections(Some(generation)).await?;
        }
        let request = RollbackRequest { generation, collections };
        let request = lifecycle::request(request, LONG_DEADLINE, &TraceContext::new());
        on_time(LONG_DEADLINE, self.client.clone().rollback(request)).await
    }

    /// Removes for good; without collections from all of them.
    pub(crate) async fn purge(&self, request: PurgeRequest) -> Result<PurgeResponse, Error> {
        let mut request = request;
        if request.collections.is_empty() {
            request.collections = self.all_collections(Some(0)).await?;
        }
        let request = lifecycle::request(request, LONG_DEADLINE, &TraceContext::new());
        on_time(LONG_DEADLINE, self.client.clone().purge(request)).await
    }

    /// Returns the collections that hold a document now and, with `since`, those that changed after that generation:
    /// they may have lost their last document.
    async fn all_collections(&self, since: Option<u64>) -> Result<Vec<String>, Error> {
        let mut all: BTreeSet<String> = self.collections().await?.collections.into_iter().collect();
        let mut before = None;
        while let Some(since) = since {
            let page = self.changes(ListChangesRequest { before, page_size: Some(PAGE_CHANGES) }).await?;
            let number =
                |change: &proto::v1::Change| change.generation.map_or(0, |generation| generation.number);
            let recent = page.changes.iter().filter(|change| number(change) > since);
            all.extend(recent.map(|change| change.collection.clone()).filter(|name| !name.is_empty()));
            before = page.changes.last().map(number);
            if !page.has_more || before.is_none_or(|oldest| oldest <= since) {
                break;
            }
        }
        if all.is_empty() {
            all.insert(MAIN_COLLECTION.to_owned());
        }
        Ok(all.into_iter().collect())
    }
}
