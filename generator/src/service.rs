//! The gRPC face: requests in, events out. Statuses and wire messages are known here only.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use lifecycle::Span;
use proto::v1;
use proto::v1::generate_event::Event;
use proto::v1::generator_server::Generator;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use crate::answer::{AnswerEvent, Answerer, Author};
use crate::earlier::{Earlier, EarlierCitation};
use crate::error::Error;
use crate::gate::{Claim, Unsupported};
use crate::metrics::{Metrics, Watch};
use crate::model::{Finish, FinishReason, ModelKind};
use crate::prompt::{Message, Passage, Prompt, Task};

/// Bytes of a request, at most: every passage, heading and message at its own limit does not fit, nor need it.
pub(crate) const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// Serves `Generator`.
#[derive(Clone, Debug)]
pub(crate) struct GeneratorService {
    pub(crate) answerer: Answerer,
    pub(crate) max_output_tokens: u32,
    pub(crate) metrics: Arc<Metrics>,
}

#[tonic::async_trait]
impl Generator for GeneratorService {
    type GenerateStream = BoxStream<'static, Result<v1::GenerateEvent, Status>>;

    async fn generate(
        &self,
        request: Request<v1::GenerateRequest>,
    ) -> Result<Response<Self::GenerateStream>, Status> {
        let deadline = lifecycle::remaining(request.metadata()).map(|left| Instant::now() + left);
        let trace = lifecycle::TraceContext::from_metadata(request.metadata());
        let request = request.into_inner();
        let passages = Arc::new(request.passages.clone());
        let budget = request.budget_microdollars;
        let prompt = self.prompt(request).checked().map_err(|error| status(&error))?;
        tracing::debug!(trace_id = trace.trace_id(), passages = passages.len(), "answering");
        let mut work = trace.begin("generator.generate");
        let mut model = Some(work.context().child().begin("model"));
        let mut watch = Watch::new(Arc::clone(&self.metrics));
        let events = until(deadline, self.answerer.answer(prompt, budget)).map(move |event| match event {
            Ok(event) => {
                watch.see(&event);
                if let AnswerEvent::Finished { finish, author, .. } = &event {
                    end(&mut model, finish, author.as_ref());
                }
                Ok(wire(event, &passages))
            }
            Err(error) => {
                watch.fail();
                work.fail(error.code().name());
                tracing::warn!(
                    trace_id = trace.trace_id(),
                    code = error.code().name(),
                    ?error,
                    "answer broken off"
                );
                Err(status(&error))
            }
        });
        Ok(Response::new(events.boxed()))
    }

    async fn rewrite(
        &self,
        request: Request<v1::RewriteRequest>,
    ) -> Result<Response<v1::RewriteResponse>, Status> {
        let request = request.into_inner();
        let budget = request.budget_microdollars;
        let prompt = self.to_rewrite(request).checked().map_err(|error| status(&error))?;
        let rewritten = self.answerer.rewrite(prompt, budget).await;
        self.metrics.spent(rewritten.cost_microdollars);
        Ok(Response::new(v1::RewriteResponse {
            question: rewritten.question.unwrap_or_default(),
            cost_microdollars: rewritten.cost_microdollars,
        }))
    }
}

impl GeneratorService {
    fn to_rewrite(&self, request: v1::RewriteRequest) -> Prompt {
        Prompt {
            question: request.question,
            passages: Vec::new(),
            history: request.history.into_iter().map(message).collect(),
            language: String::new(),
            max_output_tokens: self.max_output_tokens,
            task: Task::Rewrite,
            earlier: None,
        }
    }

    fn prompt(&self, request: v1::GenerateRequest) -> Prompt {
        let stands_alone = !request.rewritten_question.trim().is_empty();
        Prompt {
            question: if stands_alone { request.rewritten_question } else { request.question },
            passages: request.passages.into_iter().map(passage).collect(),
            history: request.history.into_iter().map(message).collect(),
            language: request.language,
            max_output_tokens: request.max_output_tokens.unwrap_or(self.max_output_tokens),
            task: Task::Answer,
            earlier: request.earlier_answer.map(earlier),
        }
    }
}

/// Ends the span of the model that wrote an answer, with what it took.
fn end(model: &mut Option<Span>, finish: &Finish, author: Option<&Author>) {
    let Some(mut model) = model.take() else { return };
    model.note("input_tokens", i64::from(finish.input_tokens));
    model.note("output_tokens", i64::from(finish.output_tokens));
    if let Some(author) = author {
        model.note("model", author.name.clone());
        model.note("is_fallback", author.is_fallback);
    }
}

fn passage(passage: v1::Passage) -> Passage {
    let v1::Passage { title, heading_path, text, language, modified_ms, .. } = passage;
    Passage { title, heading_path, text, language, modified_ms }
}

fn earlier(earlier: v1::EarlierAnswer) -> Earlier {
    let citations = earlier.citations.into_iter().map(|cited| EarlierCitation {
        number: cited.number,
        passage: usize::try_from(cited.passage).unwrap_or(usize::MAX),
        quote: cited.quote,
    });
    Earlier { text: earlier.text, citations: citations.collect() }
}

fn message(turn: v1::HistoryTurn) -> Message {
    Message { is_visitor: turn.role() == v1::history_turn::Role::Visitor, text: turn.text }
}

fn status(error: &Error) -> Status {
    let code = error.code();
    let retry_after = code.retryable().then_some(Duration::from_secs(1));
    code.status(error.to_string(), retry_after)
}

/// Ends a stream with an error once the caller's time is over.
fn until(
    deadline: Option<Instant>,
    events: BoxStream<'static, Result<AnswerEvent, Error>>,
) -> BoxStream<'static, Result<AnswerEvent, Error>> {
    let Some(deadline) = deadline else { return events };
    let timed = stream::unfold(Some(events), move |events| async move {
        let mut events = events?;
        match tokio::time::timeout_at(deadline, events.next()).await {
            Ok(event) => event.map(|event| (event, Some(events))),
            Err(_) => Some((Err(Error::DeadlineExceeded), None)),
        }
    });
    timed.boxed()
}

fn wire(event: AnswerEvent, passages: &[v1::Passage]) -> v1::GenerateEvent {
    let event = match event {
        AnswerEvent::Text(text) => Event::Delta(v1::Delta { text }),
        AnswerEvent::Citation { number, passage, quote } => {
            let passage = passages.get(passage).cloned();
            Event::Citation(v1::Citation { number, passage, quote, url: String::new() })
        }
        AnswerEvent::Retract { reason } => Event::Retract(v1::Retract { from_byte: 0, reason }),
        AnswerEvent::Notice { kind, text } => {
            Event::Notice(v1::Notice { kind: kind.to_owned(), text: text.to_owned() })
        }
        AnswerEvent::Unsupported(unsupported) => Event::Unsupported(self::unsupported(unsupported)),
        AnswerEvent::Committed(cost_microdollars) => Event::Committed(v1::Committed { cost_microdollars }),
        AnswerEvent::Finished { finish, author, follow_ups } => {
            let source = match &author {
                Some(Author { kind: ModelKind::Extractive, .. }) => v1::AnswerSource::Extractive,
                Some(Author { kind: ModelKind::Earlier, .. }) => v1::AnswerSource::Cache,
                Some(Author { is_fallback: true, .. }) => v1::AnswerSource::FallbackModel,
                Some(_) => v1::AnswerSource::Model,
                None => v1::AnswerSource::FixedText,
            };
            Event::Finished(v1::Finished {
                finish_reason: reason(finish.reason).into(),
                usage: Some(v1::Usage {
                    input_tokens: finish.input_tokens,
                    output_tokens: finish.output_tokens,
                    guardrail_units: finish.guardrail_units,
                    cost_microdollars: finish.cost_microdollars,
                }),
                source: source.into(),
                model: author.map(|author| author.name).unwrap_or_default(),
                follow_ups,
            })
        }
    };
    v1::GenerateEvent { event: Some(event) }
}

fn unsupported(unsupported: Unsupported) -> v1::Unsupported {
    let Unsupported { range, what, is_uncited } = unsupported;
    let claim = |claim: Claim| v1::Claim { kind: claim.kind.name().to_owned(), text: claim.text };
    v1::Unsupported {
        byte_range: Some(v1::ByteRange { start: range.start, end: range.end }),
        claims: what.into_iter().map(claim).collect(),
        is_uncited,
    }
}

fn reason(reason: FinishReason) -> v1::FinishReason {
    match reason {
        FinishReason::Complete => v1::FinishReason::Complete,
        FinishReason::NoEvidence => v1::FinishReason::NoEvidence,
        FinishReason::Length => v1::FinishReason::Length,
        FinishReason::Blocked => v1::FinishReason::Blocked,
    }
}

#[cfg(test)]
mod tests {
    use super::{AnswerEvent, Claim, Event, Unsupported, v1, wire};
    use crate::gate::ClaimKind;

    #[test]
    fn a_sentence_that_is_not_borne_out_keeps_its_bytes_and_claims() {
        let what = vec![Claim { kind: ClaimKind::Price, text: "$49".to_owned() }];
        let sent = wire(AnswerEvent::Unsupported(Unsupported { range: 3..44, what, is_uncited: true }), &[]);
        let expected = v1::Unsupported {
            byte_range: Some(v1::ByteRange { start: 3, end: 44 }),
            claims: vec![v1::Claim { kind: "price".to_owned(), text: "$49".to_owned() }],
            is_uncited: true,
        };
        assert_eq!(sent.event, Some(Event::Unsupported(expected)));
    }
}
