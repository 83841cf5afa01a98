//! What the index is told of a document beside its chunks: from the document, from what lies beside it, from the store.

use std::collections::HashMap;

use proto::v1::DocumentHeader;

use super::prepare::Reading;
use crate::error::Error;
use crate::extract::{Extracted, Shape, first_instruction};
use crate::index::{Recipe, header};
use crate::metadata::{MAX_ATTRIBUTE_CHARS, MAX_URL_BYTES, Metadata, MetadataLimits, parse_sidecar};
use crate::store::{Described, Entry};

/// Returns what was said of a document outside it: in the file beside it, else in the store.
pub(super) fn said_beside(described: &Described, limits: MetadataLimits) -> Result<Metadata, Error> {
    let kept = &described.original.metadata;
    let kept = Metadata::of_pairs(kept.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let sidecar = described.sidecar.as_deref().map(|bytes| parse_sidecar(bytes, limits)).transpose()?;
    Ok(sidecar.unwrap_or_default().over(kept, limits.attributes))
}

/// Returns the header of a document that was read.
pub(super) fn header_of(
    entry: &Entry,
    reading: &Reading,
    recipe: &Recipe,
    limits: MetadataLimits,
) -> DocumentHeader {
    let extracted = &reading.extracted;
    let mut beside = reading.beside.clone();
    // A model reads titles. The document's own were looked at as its text was.
    beside.title = beside.title.filter(|title| first_instruction(title).is_none());
    let said = beside.over(own(extracted), limits.attributes);
    let file_sha256 = reading.file_sha256.as_deref().map(hex::encode);
    let attributes = attributes(&said, extracted, file_sha256);
    DocumentHeader {
        title: said.title.unwrap_or_default(),
        kind: extracted.kind.name().to_owned(),
        language: said.language.unwrap_or_default(),
        content_sha256: reading.sha256.clone(),
        content_bytes: reading.content_bytes,
        modified_ms: said.modified_ms.unwrap_or(entry.modified_ms),
        source_url: said.source_url.unwrap_or_default(),
        attributes,
        ..header(&entry.key, recipe)
    }
}

/// Returns what a document says of itself.
fn own(extracted: &Extracted) -> Metadata {
    let own = extracted.own.clone();
    Metadata {
        title: Some(extracted.title.clone()),
        author: extracted.author.clone(),
        language: Some(extracted.language.clone()).filter(|code| !code.is_empty()),
        source_url: extracted.source_url.clone().filter(|url| url.len() <= MAX_URL_BYTES),
        created: own.created,
        modified_ms: own.modified_ms,
        attributes: own.attributes,
    }
}

/// Returns what is said, and above that what was found out. Search compares attributes as a whole, so each kind of
/// content has one of its own.
fn attributes(
    said: &Metadata,
    extracted: &Extracted,
    file_sha256: Option<String>,
) -> HashMap<String, String> {
    let has = |is_it: fn(&Shape) -> bool| {
        extracted.blocks.iter().any(|block| is_it(&block.shape)).then(|| "true".to_owned())
    };
    let facts = [
        ("author", said.author.clone()),
        ("created", said.created.clone()),
        ("pages", extracted.own.pages.map(|pages| pages.to_string())),
        ("has_table", has(|shape| matches!(shape, Shape::Table { .. }))),
        ("has_list", has(|shape| matches!(shape, Shape::List { .. }))),
        ("has_code", has(|shape| matches!(shape, Shape::Code))),
        ("file_sha256", file_sha256),
    ];
    let fitting = |value: String| value.chars().take(MAX_ATTRIBUTE_CHARS).collect();
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), fitting(value?))));
    said.attributes.clone().into_iter().chain(facts).collect()
}
