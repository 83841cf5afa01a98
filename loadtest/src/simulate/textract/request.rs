//! What is asked for, checked as the service checks it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Family;
use crate::simulate::journal::hex;
use crate::simulate::reply::ServiceError;

/// Most bytes of a document that is sent with the request.
const MOST_BYTES: usize = 10 * 1024 * 1024;
const MOST_TOKEN_CHARS: usize = 64;
/// First bytes of the formats that are read.
const FORMATS: [&[u8]; 5] = [b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];
const FEATURES: [&str; 5] = ["LAYOUT", "TABLES", "FORMS", "QUERIES", "SIGNATURES"];

/// The document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Bytes { sha256: String, pages: usize },
    Object { name: String },
}

/// What is looked for in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Features {
    names: Vec<String>,
    pub(super) queries: Vec<Query>,
}

/// A question about the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) text: String,
    pub(super) alias: Option<String>,
}

impl Input {
    /// Reads the document of an operation that answers at once.
    pub(super) fn of_document(body: &Value) -> Result<Self, ServiceError> {
        let document = body.get("Document").ok_or_else(invalid)?;
        match (document.get("Bytes"), document.get("S3Object")) {
            (Some(Value::String(text)), None) => Self::of_bytes(text),
            (None, Some(object)) => Self::of_object(object),
            _ => Err(invalid()),
        }
    }

    /// Reads where the document of a job is.
    pub(super) fn of_location(body: &Value) -> Result<Self, ServiceError> {
        Self::of_object(body.pointer("/DocumentLocation/S3Object").ok_or_else(invalid)?)
    }

    fn of_bytes(text: &str) -> Result<Self, ServiceError> {
        let wrong = |_| ServiceError::new("SerializationException", "Bytes: expected base64");
        let bytes = STANDARD.decode(text).map_err(wrong)?;
        if bytes.len() > MOST_BYTES {
            let text = format!("Document bytes exceed the maximum of {MOST_BYTES}");
            return Err(ServiceError::new("DocumentTooLargeException", text));
        }
        if !FORMATS.iter().any(|format| bytes.starts_with(format)) {
            let text = "Request has unsupported document format";
            return Err(ServiceError::new("UnsupportedDocumentException", text));
        }
        Ok(Self::Bytes { sha256: hex(&bytes), pages: pdf_pages(&bytes) })
    }

    fn of_object(object: &Value) -> Result<Self, ServiceError> {
        let member = |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        member("Bucket").ok_or_else(invalid)?;
        Ok(Self::Object { name: member("Name").ok_or_else(invalid)?.to_owned() })
    }

    /// Pages that can be counted without reading the format in full: those of a plain PDF.
    pub(super) fn pages(&self) -> usize {
        match self {
            Self::Bytes { pages, .. } => *pages,
            Self::Object { .. } => 0,
        }
    }
}

impl Features {
    /// Reads what an analysis looks for; detection of text looks for nothing else.
    pub(super) fn read(family: Family, body: &Value) -> Result<Self, ServiceError> {
        if family == Family::TextDetection {
            return Ok(Self::default());
        }
        let names = body.get("FeatureTypes").and_then(Value::as_array).ok_or_else(invalid)?;
        let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
        let names = names.filter(|names| !names.is_empty()).ok_or_else(invalid)?;
        if let Some(unknown) = names.iter().find(|name| !FEATURES.contains(name)) {
            let text = format!(
                "1 validation error detected: value {unknown} at 'featureTypes' is none of {FEATURES:?}"
            );
            return Err(ServiceError::new("ValidationException", text));
        }
        let queries = body.pointer("/QueriesConfig/Queries").and_then(Value::as_array);
        let queries: Option<Vec<Query>> = queries.into_iter().flatten().map(Query::read).collect();
        let queries = queries.ok_or_else(invalid)?;
        if queries.is_empty() == names.contains(&"QUERIES") {
            return Err(invalid());
        }
        Ok(Self { names: names.into_iter().map(str::to_owned).collect(), queries })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

impl Query {
    fn read(value: &Value) -> Option<Self> {
        let text = value.get("Text")?.as_str()?.to_owned();
        Some(Self { text, alias: value.get("Alias").and_then(Value::as_str).map(str::to_owned) })
    }
}

/// Returns a token or tag of a job, when there is one and it may stand there.
pub(super) fn token<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, ServiceError> {
    let Some(value) = body.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.as_str().ok_or_else(invalid)?;
    let is_sign = |sign: char| {
        sign.is_ascii_alphanumeric() || "-_".contains(sign) || name == "JobTag" && ".:".contains(sign)
    };
    if text.is_empty() || text.len() > MOST_TOKEN_CHARS || !text.chars().all(is_sign) {
        return Err(ServiceError::new(
            "ValidationException",
            format!("1 validation error detected: value at '{name}'"),
        ));
    }
    Ok(Some(text))
}

pub(super) fn invalid() -> ServiceError {
    ServiceError::new("InvalidParameterException", "Request has invalid parameters")
}

/// Counts the page objects of a PDF that are not packed.
fn pdf_pages(bytes: &[u8]) -> usize {
    if !bytes.starts_with(b"%PDF-") {
        return 1;
    }
    let starts =
        bytes.windows(5).enumerate().filter(|(_, window)| *window == b"/Type").map(|(start, _)| start + 5);
    let rest = starts.filter_map(|start| bytes.get(start..)).map(<[u8]>::trim_ascii_start);
    rest.filter(|rest| rest.starts_with(b"/Page") && rest.get(5) != Some(&b's')).count()
}

#[cfg(test)]
mod tests {
    use super::pdf_pages;

    #[test]
    fn pages_of_a_pdf_are_counted_and_their_tree_is_not() {
        let pdf = b"%PDF-1.4 << /Type /Pages >> << /Type /Page >> <</Type/Page/Parent 1 0 R>>";
        assert_eq!((pdf_pages(pdf), pdf_pages(b"\x89PNG /Type /Page /Type /Page")), (2, 1));
    }
}
