//! Reads what S3 says of changes: its own events, and the same inside SNS and `EventBridge`. It knows no queue, and
//! nothing here decides what became of an object: an event only says where to look.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A message of SQS is at most this long.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// An object to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Changed {
    pub(super) bucket: String,
    /// The object's key as it is, not as it was written in the event.
    pub(super) object: String,
}

/// Why a message says nothing of objects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoEvent {
    /// More than any message can hold.
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// Not JSON, or not of the shape of an event.
    #[error("it is no event of S3: {0}")]
    Shape(String),
    /// JSON without objects.
    #[error("it names no object of S3")]
    Nothing,
    /// A key that cannot be decoded.
    #[error("it names an object whose key is no text in UTF-8")]
    Key,
}

/// All shapes at once: which one it is shows in the fields that are there. Fields that are not named here are ignored,
/// so that later versions of the events are read as well.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    /// Of the test that S3 sends when somebody configures its events.
    #[serde(rename = "Event")]
    event: Option<String>,
    /// Of SNS.
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    /// Of `EventBridge`.
    source: Option<String>,
    detail: Option<Place>,
}

#[derive(Debug, Deserialize)]
struct Record {
    s3: Option<Place>,
}

#[derive(Debug, Deserialize)]
struct Place {
    bucket: Option<Bucket>,
    object: Option<Object>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
}

/// Returns the objects that a message names, in its order; none for the test that S3 sends.
pub(super) fn parse(body: &str) -> Result<Vec<Changed>, NoEvent> {
    let message = read(body)?;
    match (message.kind.as_deref(), message.message) {
        // What SNS wraps is wrapped once.
        (Some("Notification"), Some(inner)) => changes(read(&inner)?),
        (_, inner) => changes(Message { message: inner, ..message }),
    }
}

fn read(body: &str) -> Result<Message, NoEvent> {
    if body.len() > MAX_BODY_BYTES {
        return Err(NoEvent::TooLong);
    }
    serde_json::from_str(body).map_err(|error| NoEvent::Shape(error.to_string()))
}

fn changes(message: Message) -> Result<Vec<Changed>, NoEvent> {
    if let Some(records) = message.records {
        return records.into_iter().map(|record| of_record(record.s3)).collect();
    }
    if message.source.as_deref() == Some("aws.s3") {
        // EventBridge writes keys as they are.
        let (bucket, object) = place(message.detail)?;
        return Ok(vec![Changed { bucket, object }]);
    }
    match message.event.as_deref() {
        Some("s3:TestEvent") => Ok(Vec::new()),
        _ => Err(NoEvent::Nothing),
    }
}

fn of_record(place_of: Option<Place>) -> Result<Changed, NoEvent> {
    let (bucket, object) = place(place_of)?;
    Ok(Changed { bucket, object: form_decoded(&object).ok_or(NoEvent::Key)? })
}

fn place(place: Option<Place>) -> Result<(String, String), NoEvent> {
    match place {
        Some(Place { bucket: Some(bucket), object: Some(object) }) => Ok((bucket.name, object.key)),
        _ => Err(NoEvent::Nothing),
    }
}

/// Decodes as a form does, `+` for a space; none when that is no UTF-8.
pub(super) fn form_decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
