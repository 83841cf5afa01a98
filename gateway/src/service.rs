//! The public gRPC service: messages in and out. tonic's types end here.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, stream};
use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::send_feedback_request::Verdict;
use proto::v1::{
    AskRequest, ChatEvent, ExplainRequest, ExplainResponse, PageContext, ResumeRequest, SendFeedbackRequest,
    SendFeedbackResponse, StopRequest, StopResponse, chat_server,
};
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Extensions, Request, Response, Status};
use ulid::Ulid;

use crate::admission::{Caller, client_address};
use crate::answer::Reader;
use crate::chat::{Lookup, Opinion, Origin};
use crate::http::Edge;
use crate::question::Asked;
use crate::refusal::Refusal;
use crate::registry::Resumed;

/// Serves `smallbiz.chatbot.v1.Chat`.
#[derive(Debug)]
pub(crate) struct ChatService {
    edge: Arc<Edge>,
}

type Events = Pin<Box<dyn Stream<Item = Result<ChatEvent, Status>> + Send>>;

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
        let key = metadata.get("x-api-key").and_then(|value| value.to_str().ok());
        let address = self.address(metadata, extensions);
        self.edge.chat.admission().admit(key, address, visitor_id)
    }

    fn address(&self, metadata: &MetadataMap, extensions: &Extensions) -> Option<IpAddr> {
        let peer = extensions.get::<TcpConnectInfo>()?.remote_addr()?.ip();
        let forwarded = metadata.get_all("x-forwarded-for").into_iter();
        let forwarded: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
        Some(client_address(peer, &forwarded, self.edge.settings.trusted_hops))
    }

    fn status(&self, refusal: &Refusal) -> Status {
        self.edge.chat.metrics().refused(refusal.code());
        refusal.code().status(refusal.message(), refusal.retry_after())
    }

    fn asked(&self, request: Request<AskRequest>) -> Result<Reader, Refusal> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
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
        };
        self.edge.chat.ask(&caller, asked.check()?, &origin)
    }

    fn resumed(&self, request: Request<ResumeRequest>) -> Result<Reader, Refusal> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id)?;
        match self.edge.chat.resume(&caller, &message.answer_id, (message.epoch, message.after_seq))? {
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
        let reader = self.asked(request).map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(events(reader)))
    }

    async fn resume(&self, request: Request<ResumeRequest>) -> Result<Response<Events>, Status> {
        let reader = self.resumed(request).map_err(|refusal| self.status(&refusal))?;
        Ok(Response::new(events(reader)))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        let (metadata, extensions, message) = request.into_parts();
        let caller = self.caller(&metadata, &extensions, &message.visitor_id);
        let stopped = caller.and_then(|caller| self.edge.chat.stop(&caller, &message.answer_id));
        let was_running = stopped.map_err(|refusal| self.status(&refusal))?;
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
            let opinion = Opinion { answer_id: message.answer_id, positive, comment: message.comment };
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
}

fn events(reader: Reader) -> Events {
    Box::pin(stream::unfold(reader, |mut reader| async {
        let logged = reader.next().await?;
        Some((Ok(logged.event.clone()), reader))
    }))
}

fn check_page(page: Option<&PageContext>) -> Result<(), Refusal> {
    let Some(page) = page else { return Ok(()) };
    if page.url.len() > 2048 {
        return Err(Refusal::invalid("page.url is too long; at most 2,048 bytes"));
    }
    if page.title.chars().count() > 256 {
        return Err(Refusal::invalid("page.title is too long; at most 256 characters"));
    }
    if page.language.len() > 35 {
        return Err(Refusal::invalid("page.language is too long; expected a BCP 47 tag such as de-AT"));
    }
    Ok(())
}
