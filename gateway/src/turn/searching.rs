//! The search of a turn, for the question as it is or as a model wrote it to stand alone.

use proto::ErrorCode;
use proto::v1::{HistoryTurn, RewriteRequest, SearchRequest, SearchResponse};

use super::{Draft, Turn};
use crate::refusal::Refusal;

impl Turn {
    /// Searches. Where the retriever finds that the question leans on earlier messages, and the settings want it, a model
    /// writes one that does not, and that is searched instead; what a failure of the model leaves is the first search.
    pub(super) async fn search(&self, draft: &mut Draft) -> Result<SearchResponse, Refusal> {
        let asked = self.question.asked();
        let wants_vector = draft.place.is_some() && self.cache.compares_vectors();
        let mut found = self.search_for(&asked.text, &asked.history, wants_vector).await?;
        draft.vector = std::mem::take(&mut found.question_vector);
        if found.rewritten_question.is_empty() || !self.services.rewriting().is_by_model {
            return Ok(found);
        }
        let Some(question) = self.rewrite(draft).await else { return Ok(found) };
        let found = self.search_for(&question, &[], false).await?;
        Ok(SearchResponse { rewritten_question: question, ..found })
    }

    async fn search_for(
        &self,
        question: &str,
        history: &[HistoryTurn],
        wants_vector: bool,
    ) -> Result<SearchResponse, Refusal> {
        let asked = self.question.asked();
        let request = SearchRequest {
            question: question.to_owned(),
            collections: self.collections.clone(),
            history: history.to_vec(),
            filter: asked.filter.clone(),
            top_k: asked.top_k,
            wants_question_vector: wants_vector,
            ..SearchRequest::default()
        };
        let mut span = self.trace.child().begin("search");
        let found = self
            .services
            .search(request, span.context())
            .await
            .inspect_err(|refusal| span.fail(refusal.code().name()))?;
        span.note("passages", found.passages.len() as i64);
        // The retriever promises this; a leak between tenants is worth a second look.
        if found.passages.iter().any(|passage| !self.collections.contains(&passage.collection)) {
            return Err(Refusal::hidden(ErrorCode::Internal, "the search left its collections"));
        }
        Ok(found)
    }

    async fn rewrite(&self, draft: &mut Draft) -> Option<String> {
        let asked = self.question.asked();
        let budget = self.services.rewriting().microdollars.min(self.reservation.amount());
        let request = RewriteRequest {
            question: asked.text.clone(),
            history: asked.history.clone(),
            budget_microdollars: budget,
        };
        // Until the call says what it cost, and should it never, all that it might have cost counts.
        draft.lost = draft.lost.saturating_add(budget);
        let span = self.trace.child().begin("rewrite");
        match self.services.rewrite(request, span.context()).await {
            Ok(written) => {
                let unspent = budget.saturating_sub(written.cost_microdollars);
                draft.lost = draft.lost.saturating_sub(unspent);
                Some(written.question).filter(|question| !question.is_empty())
            }
            Err(refusal) => {
                let (trace_id, cause) = (self.trace.trace_id(), refusal.cause());
                tracing::warn!(trace_id, cause, "the question is searched as it is");
                None
            }
        }
    }
}
