//! What values look like beyond their types, as the description of the interface tells it and as they are read.

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use crate::question::TEXT_CHARACTERS;

/// What the name of a collection looks like.
pub(crate) const COLLECTION: &str = "^[a-z0-9_-]{1,64}$";
/// What an answer's id looks like.
pub(crate) const ANSWER_ID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";
/// Text that is not blank, without NUL.
pub(crate) const TEXT: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";
/// Text that may be blank, without NUL.
pub(crate) const ANY_TEXT: &str = r"^[^\x00]*$";
/// A telephone number, or nothing.
pub(crate) const PHONE: &str = r"^$|^[ +\-()./]*([0-9][ +\-()./]*){3,}$";

/// Returns that one of the ways to reach a visitor is there.
pub(crate) fn some_contact() -> Value {
    json!([
        { "required": ["email"], "properties": { "email": { "minLength": 1 } } },
        { "required": ["phone"], "properties": { "phone": { "minLength": 1 } } },
        { "required": ["text"], "properties": { "text": { "pattern": TEXT } } },
    ])
}

/// Returns that some message is the visitor's.
pub(crate) fn of_a_visitor() -> Value {
    json!({ "properties": { "role": { "const": "user" } }, "required": ["role"] })
}

/// Returns what a message holds, by its role.
pub(crate) fn by_role() -> Value {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern, "maxLength": TEXT_CHARACTERS });
    let part = json!({ "properties": { "text": text(TEXT) }, "required": ["text"] });
    let parts =
        json!({ "type": "array", "contains": part, "items": { "properties": { "text": text(ANY_TEXT) } } });
    json!([
        {
            "if": of_a_visitor(),
            "then": { "required": ["content"], "properties": { "content": { "anyOf": [text(TEXT), parts] } } },
        },
        {
            "if": { "properties": { "role": { "const": "assistant" } }, "required": ["role"] },
            "then": { "properties": { "content": { "anyOf": [
                text(ANY_TEXT),
                { "type": "null" },
                { "type": "array", "items": { "properties": { "text": text(ANY_TEXT) } } },
            ] } } },
        },
    ])
}

/// Reads a whole number; `3.0` is one, as in JSON Schema.
///
/// # Errors
/// For one with a fraction, one below 0, and one that is too large.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(de::Error::custom(format!("{number} is no whole number that fits")));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and within range"
    )]
    Ok(Some(number as u32))
}
