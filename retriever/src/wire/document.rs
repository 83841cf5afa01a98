//! Documents and chunks as they arrive.

use proto::v1;

use super::{
    check_collection, check_count, check_document_id, check_length, check_no_nul, check_vector, wrong,
};
use crate::error::Error;
use crate::model::{Chunk, Document};

const SHA256_BYTES: usize = 32;
const MOST_TEXT_BYTES: usize = 16_384;
const MOST_HEADINGS_BYTES: usize = 16_384;
const MOST_URL_BYTES: usize = 2_048;
/// How far the length of a vector may be from 1, for senders that compute with less precision.
const LENGTH_TOLERANCE: f32 = 0.01;

/// Returns what a header says of a document.
pub(crate) fn document(header: v1::DocumentHeader) -> Result<Document, Error> {
    check_document_id(&header.document_id)?;
    check_collection(&header.collection)?;
    check_length("title", &header.title, 0..=512)?;
    check_length("kind", &header.kind, 0..=32)?;
    for (field, text) in
        [("title", &header.title), ("kind", &header.kind), ("source_url", &header.source_url)]
    {
        check_no_nul(field, text)?;
    }
    let is_code = matches!(header.language.len(), 0 | 2 | 3)
        && header.language.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_code {
        return Err(wrong("language", "an ISO 639-1 code such as `en`, or nothing"));
    }
    if header.content_sha256.len() != SHA256_BYTES {
        return Err(wrong("content_sha256", "32 bytes"));
    }
    if i64::try_from(header.content_bytes).is_err() {
        return Err(wrong("content_bytes", "less than 2^63"));
    }
    if header.source_url.len() > MOST_URL_BYTES {
        return Err(wrong("source_url", "at most 2,048 bytes"));
    }
    check_count("attributes", header.attributes.len(), 32)?;
    for (key, value) in &header.attributes {
        check_length("attributes: key", key, 1..=256)?;
        check_length("attributes: value", value, 0..=256)?;
        check_no_nul("attributes: key", key)?;
        check_no_nul("attributes: value", value)?;
    }
    Ok(Document {
        id: header.document_id,
        collection: header.collection,
        title: header.title,
        kind: header.kind,
        language: header.language,
        content_sha256: header.content_sha256,
        content_bytes: header.content_bytes,
        modified_ms: header.modified_ms,
        source_url: header.source_url,
        attributes: header.attributes.into_iter().collect(),
        embedding_model: header.embedding_model,
        embedding_dimensions: header.embedding_dimensions,
        chunking_version: header.chunking_version,
    })
}

/// Returns the chunk that must be the `expected`th of its document, counted from 0.
pub(crate) fn chunk(chunk: v1::Chunk, expected: usize, dimensions: u32) -> Result<Chunk, Error> {
    if chunk.ordinal as usize != expected {
        return Err(wrong(
            "chunk.ordinal",
            &format!("{expected}, because ordinals have no gaps, got {}", chunk.ordinal),
        ));
    }
    if !(1..=MOST_TEXT_BYTES).contains(&chunk.text.len()) {
        return Err(wrong("chunk.text", &format!("1 to 16,384 bytes, got {}", chunk.text.len())));
    }
    if chunk.heading_path.iter().map(String::len).sum::<usize>() > MOST_HEADINGS_BYTES {
        return Err(wrong("chunk.heading_path", "at most 16,384 bytes in all"));
    }
    check_no_nul("chunk.text", &chunk.text)?;
    chunk.heading_path.iter().try_for_each(|heading| check_no_nul("chunk.heading_path", heading))?;
    if !(1.0..=2.0).contains(&chunk.importance) {
        return Err(wrong("chunk.importance", "1.0 to 2.0"));
    }
    if chunk.page == Some(0) {
        return Err(wrong("chunk.page", "at least 1, or nothing"));
    }
    // Without a vector the store's own is used.
    if !chunk.vector.is_empty() {
        let length = check_vector("chunk.vector", &chunk.vector, dimensions)?;
        if (length - 1.0).abs() > LENGTH_TOLERANCE {
            return Err(wrong("chunk.vector", "unit length"));
        }
    }
    let byte_range = chunk.byte_range.map(|range| range.start..range.end);
    if byte_range.as_ref().is_some_and(|range| range.start > range.end || i64::try_from(range.end).is_err()) {
        return Err(wrong("chunk.byte_range", "a start not after its end, less than 2^63"));
    }
    let content_type = chunk.content_type().into();
    let tokens = if chunk.tokens == 0 { embedding::estimate_tokens(&chunk.text) } else { chunk.tokens };
    Ok(Chunk {
        ordinal: chunk.ordinal,
        heading_path: chunk.heading_path,
        text: chunk.text,
        byte_range,
        page: chunk.page,
        importance: chunk.importance,
        vector: chunk.vector,
        tokens,
        content_type,
    })
}

#[cfg(test)]
mod tests {
    use proto::v1;

    use super::{chunk, document};

    fn header() -> v1::DocumentHeader {
        v1::DocumentHeader {
            document_id: "a".to_owned(),
            collection: "public".to_owned(),
            content_sha256: vec![0; 32],
            ..Default::default()
        }
    }

    fn text(text: &str) -> v1::Chunk {
        v1::Chunk { text: text.to_owned(), importance: 1.0, ..Default::default() }
    }

    #[test]
    fn nul_is_refused_by_the_name_of_its_field() {
        let nul = || "a\0b".to_owned();
        let attribute = |key: String, value: String| [(key, value)].into();
        for (field, header) in [
            ("document_id", v1::DocumentHeader { document_id: nul(), ..header() }),
            ("title", v1::DocumentHeader { title: nul(), ..header() }),
            ("kind", v1::DocumentHeader { kind: nul(), ..header() }),
            ("source_url", v1::DocumentHeader { source_url: nul(), ..header() }),
            (
                "attributes: key",
                v1::DocumentHeader { attributes: attribute(nul(), String::new()), ..header() },
            ),
            (
                "attributes: value",
                v1::DocumentHeader { attributes: attribute("k".to_owned(), nul()), ..header() },
            ),
        ] {
            let error = document(header).unwrap_err();
            assert_eq!(error.code(), proto::ErrorCode::InvalidArgument);
            assert!(error.to_string().starts_with(field), "{error}");
        }
        for (field, refused) in [
            ("chunk.text", text("a\0b")),
            ("chunk.heading_path", v1::Chunk { heading_path: vec!["a".to_owned(), nul()], ..text("text") }),
        ] {
            let error = chunk(refused, 0, 4).unwrap_err();
            assert_eq!(error.code(), proto::ErrorCode::InvalidArgument);
            assert!(error.to_string().starts_with(field), "{error}");
        }
        assert!(document(header()).is_ok() && chunk(text("text"), 0, 4).is_ok());
    }
}
