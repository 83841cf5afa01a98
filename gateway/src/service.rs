//! The public gRPC service: messages in and out. tonic's types end here.

mod relay;

use std::net::IpAddr;
use std::sync::Arc;

use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::send_feedback_request::Verdict;
use proto::v1::{
    AskRequest, ExplainRequest, ExplainResponse, FeedbackReason, GetSuggestionsRequest,
    GetSuggestionsResponse, HandoffRequest, HandoffResponse, ResumeRequest, SendFeedbackRequest,
    SendFeedbackResponse, StopRequest, StopResponse, chat_server, handoff_response,
};
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Extensions, Request, Response, Status};
use ulid::Ulid;

use crate::admission::{Caller, Note, Whence, client_address};
use crate::answer::Reader;
use crate::chat::{Lookup, Opinion, Origin};
use crate::handoff::{Handing, Receipt, State, Wish};
use crate::http::{Edge, bearer};
use crate::question::{Asked, check_page};
use crate::refusal::Refusal;
use crate::registry::Resumed;
use crate::state::Allowance;

use relay::Events;

/// Serves `smallbiz.chatbot.v1.Chat`.
#[derive(Debug)]
pub(crate) struct ChatService {
    edge: Arc<Edge>,
}

impl ChatService {
    /// Returns the service over the shared core.
    pub(crate) fn new(edge: Arc<Edge>) -> Self {
        Self { edge }
    }

    fn caller(
        &self,
        metadata: &MetadataMap,
        extensions: &Extensions,
        visitor_id: &str,
    ) -> Result<Caller, Refusal> {
        let named = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        let credential = named("x-api-key").or_else(|| bearer(named("authorization")?));
        let origin = metadata.get("origin").map(|origin| origin.to_str().unwrap_or("null"));
        let whence = Whence {
            address: self.address(metadata, extensions),
            // Over HTTP/1 a page of the gateway's own host may call; HTTP/2 has no such header.
            is_listed: self.edge.origins.allows(origin, named("host")),
            origin: origin.map(Into::into),
        };
        self.edge.chat.admission().admit(credential, &whence, visitor_id)
    }

    fn address(&self, metadata: &MetadataMap, extensions: &Extensions) -> Option<IpAddr> {
        let peer = extensions.get::<TcpConnectInfo>()?.remote_addr()?.ip();
        let forwarded = metadata.get_all("x-forwarded-for").into_iter();
        let forwarded: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
        Some(client_address(peer, &forwarded, self.edge.settings.trusted_hops))
    }

    fn status(&self, refusal: &Refusal) -> Status {
        self.edge.chat.metrics().refused(refusal.code());
        let mut status = refusal.code().status(refusal.message(), refusal.retry_after());
        if let Some(allowance) = refusal.allowance() {
            tell(&allowance, status.metadata_mut());
        }
        status
    }

    async fn asked(&self, request: Request<AskRequest>, note: &Note) -> Result<Reader, Refusal> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
        let caller = caller.noted_in(Some(Arc::clone(note)));
        check_page(message.page.as_ref())?;
        let asked = Asked {
            text: message.question,
            history: message.history,
            collections: message.collections,
            filter: message.filter,
            top_k: message.top_k,
            message_id: message.client_message_id,
        };
        let origin = Origin {
            connection_id: Ulid::new().to_string(),
            trace: TraceContext::from_metadata(&metadata),
            deadline: lifecycle::remaining(&metadata),
            resumable: true,
            is_keyed: false,
        };
        self.edge.chat.ask(&caller, asked.check()?, &origin).await
    }

    async fn handed_over(&self, request: Request<HandoffRequest>) -> Result<Handing, Refusal> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
        let wish = Wish {
            transcript: message.transcript,
            contact: message.contact.unwrap_or_default(),
            message: message.message,
            answer_ids: message.answer_ids,
            page: message.page,
            message_id: message.client_message_id,
        };
        self.edge.desk.take(&self.edge.chat, &caller, &wish.check()?).await
    }

    async fn resumed(&self, request: Request<ResumeRequest>) -> Result<Reader, Refusal> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
        match self.edge.chat.resume(&caller, &message.answer_id, (message.epoch, message.after_seq)).await? {
            Resumed::Reading(reader) => Ok(reader),
            Resumed::Resync => {
                let text = "the place to continue from is gone; discard the answer and ask again";
                Err(Refusal::new(ErrorCode::NotFound, text))
            }
        }
    }
}

#[tonic::async_trait]
impl chat_server::Chat for ChatService {
    type AskStream = Events;
    type ResumeStream = Events;

    async fn ask(&self, request: Request<AskRequest>) -> Result<Response<Events>, Status> {
        let note = Note::default();
        let deadline = lifecycle::remaining(request.metadata()).map(|left| Instant::now() + left);
        let reader = self.asked(request, &note).await.map_err(|refusal| self.status(&refusal))?;
        let mut response = Response::new(relay::events(&self.edge, reader, deadline));
        if let Some(allowance) = note.get() {
            tell(allowance, response.metadata_mut());
        }
        Ok(response)
    }

    async fn resume(&self, request: Request<ResumeRequest>) -> Result<Response<Events>, Status> {
        let reader = self.resumed(request).await.map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(relay::events(&self.edge, reader, None)))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let stopped = async {
            let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
            self.edge.chat.stop(&caller, &message.answer_id).await
        };
        let was_running = stopped.await.map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(StopResponse { was_running }))
    }

    async fn send_feedback(
        &self,
        request: Request<SendFeedbackRequest>,
    ) -> Result<Response<SendFeedbackResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let sent = async {
            let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
            let positive = match message.verdict() {
                Verdict::Positive => true,
                Verdict::Negative => false,
                Verdict::Unspecified => {
                    return Err(Refusal::invalid("verdict is missing; expected positive or negative"));
                }
            };
            let Ok(reason) = FeedbackReason::try_from(message.reason) else {
                return Err(Refusal::invalid("reason is not known; expected one of FeedbackReason"));
            };
            let (answer_id, comment) = (message.answer_id, message.comment);
            let opinion = Opinion { answer_id, positive, comment, reason };
            self.edge.chat.feedback(&caller, opinion, &TraceContext::from_metadata(&metadata)).await
        };
        sent.await.map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(SendFeedbackResponse {}))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let explained = async {
            let caller = self.caller(&metadata, &extensions, "")?;
            let search = message.search.ok_or_else(|| Refusal::invalid("search is missing"))?;
            if !search.query_vector.is_empty() {
                return Err(Refusal::invalid("query_vector is not for callers from outside; leave it empty"));
            }
            let lookup = Lookup {
                mode: search.mode(),
                effort: search.effort(),
                text: search.question,
                history: search.history,
                collections: search.collections,
                filter: search.filter,
                top_k: search.top_k,
                evidence_threshold: search.evidence_threshold,
                budget_tokens: search.budget_tokens,
                generation: search.generation,
                neighbours: search.neighbours,
            };
            let trace = TraceContext::from_metadata(&metadata);
            self.edge.chat.explain(&caller, lookup, message.ranking, &trace).await
        };
        explained.await.map(Response::new).map_err(|refusal| self.status(&refusal))
    }

    async fn handoff(&self, request: Request<HandoffRequest>) -> Result<Response<HandoffResponse>, Status> {
        let mut handing = self.handed_over(request).await.map_err(|refusal| self.status(&refusal))?;
        let receipt = handing.next().await.map(handoff_response);
        receipt.map(Response::new).ok_or_else(|| Status::internal("a handoff has no receipt"))
    }

    async fn get_suggestions(
        &self,
        request: Request<GetSuggestionsRequest>,
    ) -> Result<Response<GetSuggestionsResponse>, Status> {
        let caller = self.caller(request.metadata(), request.extensions(), "");
        caller.map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(GetSuggestionsResponse { suggestions: self.edge.settings.suggestions.clone() }))
    }
}

fn handoff_response(receipt: Receipt) -> HandoffResponse {
    let state = match receipt.state {
        State::Delivered => handoff_response::State::Delivered,
        State::Queued => handoff_response::State::Queued,
        State::Failed => handoff_response::State::Failed,
    };
    HandoffResponse { handoff_id: receipt.handoff_id, state: state.into(), message: receipt.message }
}

/// Tells how much may still be asked for, in metadata named like the header fields of HTTP.
fn tell(allowance: &Allowance, metadata: &mut MetadataMap) {
    for (name, value) in allowance.fields() {
        metadata.insert(name, value.into());
    }
}
