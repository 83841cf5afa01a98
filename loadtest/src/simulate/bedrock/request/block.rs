//! A block of a message or of the system text, as far as it holds text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{ServiceError, constraint, invalid, list};

/// What a block can be.
const KINDS: [&str; 14] = [
    "text",
    "guardContent",
    "document",
    "cachePoint",
    "image",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "reasoningContent",
    "citationsContent",
    "searchResult",
    "toolAddition",
    "toolRemoval",
];
const QUALIFIERS: [&str; 3] = ["grounding_source", "query", "guard_content"];

/// A block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::simulate::bedrock) struct Block {
    /// Its text; empty where it holds none.
    pub(in crate::simulate::bedrock) text: String,
    /// Whether it is marked for the guardrail.
    pub(in crate::simulate::bedrock) is_guarded: bool,
    /// Whether it is marked as the question.
    pub(in crate::simulate::bedrock) is_query: bool,
    /// Whether it is marked as what an answer is to be grounded in, or is a document.
    pub(in crate::simulate::bedrock) is_source: bool,
}

impl Block {
    /// Reads a block; `place` says where it stands.
    pub(super) fn read(value: &Value, place: &str) -> Result<Self, ServiceError> {
        let members = value.as_object().filter(|members| members.len() == 1);
        let Some((kind, content)) = members.and_then(|members| members.iter().next()) else {
            return Err(invalid(format!(
                "The ContentBlock object at {place} must set exactly one of {KINDS:?}."
            )));
        };
        match kind.as_str() {
            "text" => Ok(Self { text: text_of(content, place)?, ..Self::default() }),
            "guardContent" => Self::guarded(content, place),
            "document" => Ok(Self { text: document(content), is_source: true, ..Self::default() }),
            "toolResult" => Ok(Self { text: texts(content), is_source: true, ..Self::default() }),
            "searchResult" => Ok(Self { text: texts(content), is_source: true, ..Self::default() }),
            kind if KINDS.contains(&kind) => Ok(Self::default()),
            other => {
                Err(invalid(format!("The ContentBlock object at {place} has an unknown member {other}.")))
            }
        }
    }

    /// Reads what a guardrail is to look at.
    pub(in crate::simulate::bedrock) fn guarded(content: &Value, place: &str) -> Result<Self, ServiceError> {
        let Some(text) = content.get("text") else { return Ok(Self { is_guarded: true, ..Self::default() }) };
        let mut block = Self { is_guarded: true, ..Self::default() };
        block.text = text_of(text.get("text").unwrap_or(&Value::Null), place)?;
        for qualifier in list(text, "qualifiers")? {
            match qualifier.as_str() {
                Some("query") => block.is_query = true,
                Some("grounding_source") => block.is_source = true,
                Some("guard_content") => {}
                other => {
                    let rule = format!("Member must satisfy enum value set: {QUALIFIERS:?}");
                    return Err(constraint(other.unwrap_or("null"), &format!("{place}.qualifiers"), &rule));
                }
            }
        }
        Ok(block)
    }
}

fn text_of(value: &Value, place: &str) -> Result<String, ServiceError> {
    let Some(text) = value.as_str() else {
        return Err(ServiceError::new("SerializationException", format!("{place}: expected a text")));
    };
    if text.trim().is_empty() {
        return Err(invalid(format!(
            "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
        )));
    }
    Ok(text.to_owned())
}

/// Returns the text of a document that is sent as text, or as the bytes of one.
fn document(content: &Value) -> String {
    let bytes = content.pointer("/source/bytes").and_then(Value::as_str);
    let decoded = bytes.and_then(|bytes| STANDARD.decode(bytes).ok());
    match decoded.map(String::from_utf8) {
        Some(Ok(text)) => text,
        _ => [
            content.pointer("/source/text").and_then(Value::as_str).unwrap_or_default(),
            &texts_in(content, "/source/content"),
        ]
        .concat(),
    }
}

fn texts(content: &Value) -> String {
    texts_in(content, "/content")
}

fn texts_in(content: &Value, pointer: &str) -> String {
    let parts = content.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    parts.filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Block;

    #[test]
    fn documents_and_results_are_read_as_text() {
        let documents = [
            json!({ "document": { "name": "a", "source": { "text": "At nine." } } }),
            json!({ "document": { "name": "a", "format": "txt", "source": { "bytes": "QXQgbmluZS4=" } } }),
            json!({ "document": { "source": { "content": [{ "text": "At nine." }] } } }),
            json!({ "searchResult": { "source": "x", "title": "y", "content": [{ "text": "At nine." }] } }),
            json!({ "toolResult": { "toolUseId": "1", "content": [{ "text": "At nine." }] } }),
        ];
        for document in documents {
            let block = Block::read(&document, "here").expect("a block");
            assert!(block.is_source && block.text == "At nine.", "{document}: {block:?}");
        }
    }

    #[test]
    fn a_block_is_one_thing_that_is_known() {
        for wrong in [
            json!("text"),
            json!({ "text": "a", "image": {} }),
            json!({ "tale": "a" }),
            json!({ "text": 3 }),
            json!({ "guardContent": { "text": { "text": "a", "qualifiers": ["answer"] } } }),
        ] {
            assert!(Block::read(&wrong, "here").is_err(), "{wrong}");
        }
        assert_eq!(Block::read(&json!({ "image": {} }), "here").map(|block| block.text), Ok(String::new()));
    }
}
