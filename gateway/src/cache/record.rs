//! A kept answer as bytes, for other gateways. A newer one's unknown fields are left out; what cannot be read is no answer.

use prost::Message;
use proto::v1::Citation;

use super::wording::Wording;
use super::{Kept, Key};

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    scope: Vec<u8>,
    #[prost(string, tag = "3")]
    normal: String,
    #[prost(string, tag = "4")]
    text: String,
    #[prost(message, repeated, tag = "5")]
    citations: Vec<Citation>,
    #[prost(string, tag = "6")]
    model: String,
    #[prost(string, repeated, tag = "7")]
    follow_ups: Vec<String>,
    #[prost(uint64, tag = "8")]
    generation: u64,
    #[prost(float, repeated, tag = "9")]
    vector: Vec<f32>,
    #[prost(string, repeated, tag = "10")]
    names: Vec<String>,
}

/// Returns the answer of this key as bytes.
pub(super) fn encode(key: &Key, kept: &Kept) -> Vec<u8> {
    let record = Record {
        key: key.to_vec(),
        scope: kept.scope.to_vec(),
        normal: kept.wording.normal().to_owned(),
        text: kept.text.clone(),
        citations: kept.citations.clone(),
        model: kept.model.clone(),
        follow_ups: kept.follow_ups.clone(),
        generation: kept.generation,
        vector: kept.vector.clone(),
        names: kept.wording.names().iter().cloned().collect(),
    };
    record.encode_to_vec()
}

/// Returns the answer and its key; nothing when these bytes are not one.
pub(super) fn decode(bytes: &[u8]) -> Option<(Key, Kept)> {
    let record = Record::decode(bytes).ok()?;
    let key = record.key.try_into().ok()?;
    let kept = Kept {
        scope: record.scope.try_into().ok()?,
        wording: Wording::of_parts(record.normal, record.names),
        text: record.text,
        citations: record.citations,
        model: record.model,
        follow_ups: record.follow_ups,
        generation: record.generation,
        vector: record.vector,
    };
    Some((key, kept))
}
