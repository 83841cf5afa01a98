//! A rendered prompt as Bedrock's request. What it says was decided before.

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ConversationRole, GuardrailConverseContentBlock,
    GuardrailConverseContentQualifier as Qualifier, GuardrailConverseTextBlock, GuardrailStreamConfiguration,
    GuardrailStreamProcessingMode, GuardrailTrace as Trace, InferenceConfiguration, Message,
    SystemContentBlock,
};

use crate::error::Error;
use crate::prompt::rendering::{Part, Rendered, Turn};
use crate::settings::{GuardPassages, GuardrailSettings, GuardrailStream, GuardrailTrace};

/// A token has at least about as many characters in the languages that Nova was made for. A prefix that is shorter than
/// what Bedrock caches is ignored there, so that too few are no harm.
const CHARACTERS_PER_TOKEN: usize = 4;

/// Returns the rules, marked for the cache where they alone are long enough.
pub(super) fn system(rendered: &Rendered, cache_from: u32) -> Result<Vec<SystemContentBlock>, Error> {
    let mut blocks = vec![SystemContentBlock::Text(rendered.system.clone())];
    if is_long_enough(characters(&rendered.system), cache_from) {
        blocks.push(SystemContentBlock::CachePoint(cache_point()?));
    }
    Ok(blocks)
}

/// Returns the turns; the visitor's last one holds passages and question. Where rules and history are long enough to be
/// cached, the last message of a visitor before it is marked: what follows changes with each question.
pub(super) fn messages(
    rendered: &Rendered,
    guardrail: Option<&GuardrailSettings>,
    cache_from: u32,
) -> Result<Vec<Message>, Error> {
    let last_earlier = rendered.turns.len().checked_sub(3);
    let mut prefix = characters(&rendered.system);
    let mut messages = Vec::with_capacity(rendered.turns.len());
    for (place, turn) in rendered.turns.iter().enumerate() {
        let mut blocks = content(turn, guardrail)?;
        prefix += turn.parts.iter().map(|part| characters(part.text())).sum::<usize>();
        if Some(place) == last_earlier && is_long_enough(prefix, cache_from) {
            blocks.push(ContentBlock::CachePoint(cache_point()?));
        }
        let role = if turn.is_visitor { ConversationRole::User } else { ConversationRole::Assistant };
        messages.push(Message::builder().role(role).set_content(Some(blocks)).build().map_err(internal)?);
    }
    Ok(messages)
}

/// Quota is reserved for as many tokens as may be written, so the limit is always set.
pub(super) fn inference(max_output_tokens: u32, temperature: f32) -> InferenceConfiguration {
    let tokens = i32::try_from(max_output_tokens).unwrap_or(i32::MAX);
    InferenceConfiguration::builder().max_tokens(tokens).temperature(temperature).build()
}

pub(super) fn guardrail(settings: &GuardrailSettings) -> GuardrailStreamConfiguration {
    let trace = match settings.trace {
        GuardrailTrace::Disabled => Trace::Disabled,
        GuardrailTrace::Enabled => Trace::Enabled,
        GuardrailTrace::EnabledFull => Trace::EnabledFull,
    };
    let mode = match settings.stream {
        GuardrailStream::Sync => GuardrailStreamProcessingMode::Sync,
        GuardrailStream::Async => GuardrailStreamProcessingMode::Async,
    };
    GuardrailStreamConfiguration::builder()
        .guardrail_identifier(&settings.id)
        .guardrail_version(&settings.version)
        .trace(trace)
        .stream_processing_mode(mode)
        .build()
}

/// Joins what no guardrail reads into one block; the question, and passages by setting, have blocks of their own.
fn content(turn: &Turn, guardrail: Option<&GuardrailSettings>) -> Result<Vec<ContentBlock>, Error> {
    let mut blocks = Vec::new();
    let mut text = String::new();
    for part in &turn.parts {
        match guardrail.and_then(|guardrail| qualifiers(part, guardrail.passages)) {
            Some(qualifiers) => {
                if !text.is_empty() {
                    blocks.push(ContentBlock::Text(std::mem::take(&mut text)));
                }
                blocks.push(guarded(part.text(), qualifiers)?);
            }
            None => {
                if !text.is_empty() {
                    text.push_str("\n\n");
                }
                text.push_str(part.text());
            }
        }
    }
    if !text.is_empty() {
        blocks.push(ContentBlock::Text(text));
    }
    Ok(blocks)
}

/// Returns what a guardrail does with a part; nothing where it does not read it. Without qualifiers every policy but
/// the grounding check reads it.
fn qualifiers(part: &Part, passages: GuardPassages) -> Option<Vec<Qualifier>> {
    match (part, passages) {
        (Part::Question(_), GuardPassages::None) => Some(Vec::new()),
        (Part::Question(_), _) => Some(vec![Qualifier::GuardContent, Qualifier::Query]),
        (Part::Passage(_), GuardPassages::Grounding) => Some(vec![Qualifier::GroundingSource]),
        (Part::Passage(_), GuardPassages::All) => {
            Some(vec![Qualifier::GuardContent, Qualifier::GroundingSource])
        }
        (Part::Passage(_), GuardPassages::None) | (Part::Text(_), _) => None,
    }
}

fn guarded(text: &str, qualifiers: Vec<Qualifier>) -> Result<ContentBlock, Error> {
    let qualifiers = (!qualifiers.is_empty()).then_some(qualifiers);
    let block = GuardrailConverseTextBlock::builder().text(text).set_qualifiers(qualifiers).build();
    Ok(ContentBlock::GuardContent(GuardrailConverseContentBlock::Text(block.map_err(internal)?)))
}

fn is_long_enough(characters: usize, cache_from: u32) -> bool {
    let tokens = u32::try_from(characters / CHARACTERS_PER_TOKEN).unwrap_or(u32::MAX);
    cache_from > 0 && tokens >= cache_from
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn cache_point() -> Result<CachePointBlock, Error> {
    CachePointBlock::builder().r#type(CachePointType::Default).build().map_err(internal)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err calls")]
fn internal(error: BuildError) -> Error {
    Error::Internal(error.to_string())
}
