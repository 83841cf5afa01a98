//! Rollback and purge: checks what is asked for and says what may be wrong with it.

use proto::v1::{PurgeRequest, PurgeResponse, RollbackRequest, RollbackResponse};

use super::{Service, check_collections};
use crate::document::DocumentKey;
use crate::error::Error;

impl Service {
    pub(super) async fn roll_back(&self, request: RollbackRequest) -> Result<RollbackResponse, Error> {
        check_collections(&request.collections)?;
        self.keeper.roll_back(request).await
    }

    pub(super) async fn remove_for_good(&self, request: PurgeRequest) -> Result<PurgeResponse, Error> {
        let PurgeRequest { collections, document_id, keep_current } = request;
        check_collections(&collections)?;
        if document_id.is_empty() {
            if !keep_current {
                let wrong = "document_id: expected a document, or keep_current for the history of all";
                return Err(Error::Request(wrong.to_owned()));
            }
            return self.keeper.purge_history(collections).await;
        }
        if keep_current {
            return Err(Error::Request("keep_current: expected no document beside it".to_owned()));
        }
        let collections = if collections.is_empty() { vec![String::new()] } else { collections };
        let mut purged = PurgeResponse::default();
        for collection in collections {
            let key = DocumentKey::new(&collection, &document_id)?;
            let PurgeResponse { generation, versions } = self.keeper.purge_document(&key).await?;
            purged = PurgeResponse { generation, versions: purged.versions + versions };
        }
        Ok(purged)
    }
}
