//! Bedrock's events as pieces of an answer. Events that are not known are skipped; what is missing is noticed by whoever
//! reads the pieces.

use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ConverseStreamMetadataEvent, ConverseStreamOutput, GuardrailAssessment,
    GuardrailUsage, StopReason, TokenUsage,
};
use futures_util::stream::{self, StreamExt};

use super::failure;
use crate::error::Error;
use crate::language::{Piece, Pieces, Stop};
use crate::prices::{GuardrailUnits, Usage};

type Receiver = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

/// Returns what the service sends, until it sends nothing more or fails.
pub(super) fn pieces(receiver: Receiver) -> Pieces {
    stream::try_unfold(receiver, |mut receiver| async move {
        loop {
            let event = receiver.recv().await.map_err(|error| failure::of_stream(&error))?;
            let Some(event) = event else { return Ok(None) };
            if let Some(piece) = piece(event)? {
                return Ok(Some((piece, receiver)));
            }
        }
    })
    .boxed()
}

fn piece(event: ConverseStreamOutput) -> Result<Option<Piece>, Error> {
    Ok(match event {
        ConverseStreamOutput::ContentBlockDelta(event) => match event.delta {
            Some(ContentBlockDelta::Text(text)) => Some(Piece::Text(text)),
            _ => None,
        },
        ConverseStreamOutput::MessageStop(event) => Some(Piece::Stopped(stop(&event.stop_reason)?)),
        ConverseStreamOutput::Metadata(event) => Some(Piece::Used(usage(&event))),
        _ => None,
    })
}

fn stop(reason: &StopReason) -> Result<Stop, Error> {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence => Ok(Stop::Complete),
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => Ok(Stop::Length),
        StopReason::GuardrailIntervened | StopReason::ContentFiltered => Ok(Stop::Blocked),
        // Tools are never offered, and a reason that is not known may mean that the text is not to be shown.
        other => Err(Error::ModelCut(format!("it stopped with `{}`", failure::shortened(other.as_str())))),
    }
}

fn usage(event: &ConverseStreamMetadataEvent) -> Usage {
    let guardrail = event.trace.as_ref().and_then(|trace| trace.guardrail.as_ref());
    let input = guardrail.and_then(|trace| trace.input_assessment.as_ref());
    let output = guardrail.and_then(|trace| trace.output_assessments.as_ref());
    let assessments = input.into_iter().flat_map(|by_id| by_id.values());
    let assessments = assessments.chain(output.into_iter().flat_map(|by_id| by_id.values().flatten()));
    let units = assessments.filter_map(assessed).fold(GuardrailUnits::default(), add);
    let tokens = event.usage.as_ref().map(tokens).unwrap_or_default();
    Usage { guardrail: units, ..tokens }
}

/// Tokens from the cache, and those written to it, are counted beside the input there.
fn tokens(usage: &TokenUsage) -> Usage {
    let cached = count(usage.cache_read_input_tokens.unwrap_or(0));
    let kept = count(usage.cache_write_input_tokens.unwrap_or(0));
    Usage {
        input_tokens: count(usage.input_tokens).saturating_add(cached).saturating_add(kept),
        cached_tokens: cached,
        output_tokens: count(usage.output_tokens),
        guardrail: GuardrailUnits::default(),
    }
}

fn assessed(assessment: &GuardrailAssessment) -> Option<&GuardrailUsage> {
    assessment.invocation_metrics.as_ref()?.usage.as_ref()
}

fn add(sum: GuardrailUnits, usage: &GuardrailUsage) -> GuardrailUnits {
    GuardrailUnits {
        topics: sum.topics.saturating_add(count(usage.topic_policy_units)),
        content: sum.content.saturating_add(count(usage.content_policy_units)),
        personal_data: sum.personal_data.saturating_add(count(usage.sensitive_information_policy_units)),
        grounding: sum.grounding.saturating_add(count(usage.contextual_grounding_policy_units)),
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
