//! What is told of a document with each of its passages: one JSON text, made when the document is written, and stored with
//! its version and with each live chunk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::model::Document;

/// How a document is written: all of it but the collection, which every row has as a number.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Document")]
struct Header {
    id: String,
    #[serde(skip)]
    collection: String,
    title: String,
    kind: String,
    language: String,
    #[serde(with = "hex")]
    content_sha256: Vec<u8>,
    content_bytes: u64,
    modified_ms: i64,
    source_url: String,
    attributes: BTreeMap<String, String>,
    embedding_model: String,
    embedding_dimensions: u32,
    chunking_version: u32,
}

/// Returns a document's header.
///
/// # Errors
/// [`Error::Internal`] when it cannot be written as JSON.
pub(super) fn of(document: &Document) -> Result<String, Error> {
    let mut header = Vec::new();
    Header::serialize(document, &mut serde_json::Serializer::new(&mut header))
        .map_err(|error| Error::Internal(error.into()))?;
    String::from_utf8(header).map_err(|error| Error::Internal(error.into()))
}

/// Reads the document that a header tells of.
///
/// # Errors
/// [`Error::Internal`] when it is not one.
pub(super) fn document(header: &str, collection: String) -> Result<Document, Error> {
    let read = Header::deserialize(&mut serde_json::Deserializer::from_str(header));
    let document = read.map_err(|error| Error::Internal(error.into()))?;
    Ok(Document { collection, ..document })
}

#[cfg(test)]
mod tests {
    use super::{document, of};
    use crate::model::Document;

    #[test]
    fn a_document_comes_back_as_it_went() {
        let written = Document {
            id: "prices/\"summer\".md".to_owned(),
            collection: "shop".to_owned(),
            title: "Été\u{1}".to_owned(),
            kind: "md".to_owned(),
            language: "fr".to_owned(),
            content_sha256: vec![0, 0x9f, 0xff],
            content_bytes: u64::MAX,
            modified_ms: -1,
            source_url: "https://example.com/?a=b&c".to_owned(),
            attributes: [("season".to_owned(), "été".to_owned())].into(),
            embedding_model: "titan".to_owned(),
            embedding_dimensions: 1024,
            chunking_version: 5,
        };
        let header = of(&written).expect("JSON");
        assert_eq!(document(&header, "shop".to_owned()).expect("a header"), written);
        assert!(document("{}", "shop".to_owned()).is_err());
    }
}
