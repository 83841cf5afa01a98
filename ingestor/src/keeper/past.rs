//! What editors ask of the index's past. A rollback changes the index and not the store, so both are compared again.

use proto::v1::{
    GetDocumentRequest, GetDocumentResponse, PurgeRequest, PurgeResponse, RollbackRequest, RollbackResponse,
};

use super::{ExplainRequest, ExplainResponse, Keeper, ListChangesRequest, ListChangesResponse};
use crate::document::DocumentKey;
use crate::error::Error;

impl Keeper {
    pub(crate) async fn explain(&self, request: ExplainRequest) -> Result<ExplainResponse, Error> {
        self.index.explain(request).await
    }

    pub(crate) async fn whole_document(
        &self,
        request: GetDocumentRequest,
    ) -> Result<GetDocumentResponse, Error> {
        self.index.document(request).await
    }

    pub(crate) async fn changes(&self, request: ListChangesRequest) -> Result<ListChangesResponse, Error> {
        self.index.changes(request).await
    }

    /// Makes the index what it was. The store stays as it is; what the index withholds is left alone from now on.
    pub(crate) async fn roll_back(&self, request: RollbackRequest) -> Result<RollbackResponse, Error> {
        let done = self.index.rollback(request).await?;
        tracing::info!(generation = done.generation, documents = done.documents, "index rolled back");
        self.compare_again();
        Ok(done)
    }

    /// Removes a document from the store and from every generation of the index.
    pub(crate) async fn purge_document(&self, key: &DocumentKey) -> Result<PurgeResponse, Error> {
        let _turn = self.lane(key).lock().await;
        self.documents.delete(key).await?;
        let request = PurgeRequest {
            collections: vec![key.collection().to_owned()],
            document_id: key.id().to_owned(),
            keep_current: false,
        };
        let purged = self.index.purge(request).await?;
        self.ledger().removed(key, purged.generation, true);
        tracing::info!(document = %key, versions = purged.versions, "document purged");
        Ok(purged)
    }

    /// Removes the earlier versions of all documents of these collections, or of all when none is named.
    pub(crate) async fn purge_history(&self, collections: Vec<String>) -> Result<PurgeResponse, Error> {
        let request = PurgeRequest { collections, document_id: String::new(), keep_current: true };
        let purged = self.index.purge(request).await?;
        tracing::info!(versions = purged.versions, "earlier versions purged");
        self.compare_again();
        Ok(purged)
    }

    /// Lets the next pass list the index, soon.
    fn compare_again(&self) {
        self.ledger().has_seen_index = false;
        self.wake.notify_one();
    }
}
