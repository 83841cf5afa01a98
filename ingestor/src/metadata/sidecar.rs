//! Reads the file beside a document, in the form of Bedrock's knowledge bases:
//! `{"metadataAttributes": {"audience": "staff", "year": 2026, "tags": ["a", "b"]}}`, where a value may also be
//! `{"value": {"type": "STRING", "stringValue": "staff"}}`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Metadata, MetadataLimits};

/// Why the file beside a document cannot be used; the text says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenMetadata {
    /// Over the limit.
    #[error("the metadata beside the document is longer than {limit_bytes} bytes")]
    TooLarge {
        /// The limit in force.
        limit_bytes: u64,
    },
    /// Not JSON of the right shape.
    #[error(
        "the metadata beside the document is broken: {problem}; expected {{\"metadataAttributes\": {{\"name\": \"value\"}}}}"
    )]
    Shape {
        /// What the parser expected or found.
        problem: String,
    },
    /// One attribute that cannot be.
    #[error("the metadata beside the document is wrong at `{name}`: {problem}")]
    Attribute {
        /// Its name.
        name: String,
        /// What would be right.
        problem: &'static str,
    },
    /// Over the limit.
    #[error("the metadata beside the document holds {count} attributes of its own; the limit is {limit}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The limit in force.
        limit: usize,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "metadataAttributes")]
    attributes: Map<String, Value>,
}

/// Reads the file.
///
/// # Errors
/// Why it cannot be used. A collection cannot be set here: it is where the document lies.
pub fn parse(bytes: &[u8], limits: MetadataLimits) -> Result<Metadata, BrokenMetadata> {
    let limit_bytes = limits.sidecar_bytes;
    if u64::try_from(bytes.len()).map_or(true, |length| length > limit_bytes) {
        return Err(BrokenMetadata::TooLarge { limit_bytes });
    }
    // Some editors begin a file with a mark of its byte order.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| BrokenMetadata::Shape { problem: error.to_string() })?;
    let mut metadata = Metadata::default();
    for (name, value) in &file.attributes {
        let wrong = |problem| BrokenMetadata::Attribute { name: name.escape_debug().to_string(), problem };
        let text = text(value).ok_or_else(|| wrong(VALUE))?;
        metadata.set(name, &text).map_err(wrong)?;
    }
    let (count, limit) = (metadata.attributes.len(), limits.attributes);
    if count > limit {
        return Err(BrokenMetadata::TooMany { count, limit });
    }
    Ok(metadata)
}

const VALUE: &str = "expected a text, a number, true, false or a list of texts";

/// Returns a value as one text; a list is divided by commas.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Object(typed) => plain(typed_value(typed)?),
        plain_value => plain(plain_value),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        Value::Array(values) => {
            let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
            Some(texts?.join(", "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// Returns the value of the longer form; what else it says is for other programs.
fn typed_value(typed: &Map<String, Value>) -> Option<&Value> {
    let value = typed.get("value")?.as_object()?;
    let name = match value.get("type")?.as_str()? {
        "STRING" => "stringValue",
        "NUMBER" => "numberValue",
        "BOOLEAN" => "booleanValue",
        "STRING_LIST" => "stringListValue",
        _ => return None,
    };
    value.get(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, proptest};

    use super::{BrokenMetadata, Metadata, MetadataLimits, parse};

    const LIMITS: MetadataLimits = MetadataLimits { attributes: 4, sidecar_bytes: 1_000 };

    fn read(attributes: &str) -> Result<Metadata, BrokenMetadata> {
        parse(format!("{{\"metadataAttributes\": {attributes}}}").as_bytes(), LIMITS)
    }

    #[test]
    fn every_form_of_a_value_is_read() {
        let metadata = read(
            r#"{"title": "Prices", "year": 2026, "is_public": true, "tags": ["a", "b"],
                "audience": {"value": {"type": "STRING", "stringValue": "staff"}, "includeForEmbedding": true}}"#,
        );
        let metadata = metadata.expect("is right");
        assert_eq!(metadata.title.as_deref(), Some("Prices"));
        let shown: Vec<String> =
            metadata.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["audience=staff", "is_public=true", "tags=a, b", "year=2026"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (attributes, expected) in [
            (r#"{"collection": "internal"}"#, "wrong at `collection`: it is found out"),
            (r#"{"language": "Klingon"}"#, "wrong at `language`: expected the code"),
            (r#"{"date": "soon"}"#, "wrong at `date`: expected a date"),
            (r#"{"url": "ftp://x"}"#, "wrong at `url`: expected a web address"),
            (r#"{"a": null}"#, "wrong at `a`: expected a text"),
            (r#"{"a": [1]}"#, "wrong at `a`: expected a text"),
            (r#"{"a": {"value": {"type": "STRING", "numberValue": 1}}}"#, "wrong at `a`: expected a text"),
            (
                r#"{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}"#,
                "5 attributes of its own; the limit is 4",
            ),
            (r#"["a"]"#, "expected a map"),
            ("{", "is broken"),
        ] {
            let message = read(attributes).expect_err(attributes).to_string();
            assert!(message.contains(expected), "{message}");
        }
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(257));
        assert!(read(&long).expect_err("too long").to_string().contains("at most 256"));
        let large = parse(&[b' '; 1_001], LIMITS);
        assert_eq!(large, Err(BrokenMetadata::TooLarge { limit_bytes: 1_000 }));
        assert!(parse(b"{}", LIMITS).is_err(), "the attributes must be there");
        assert!(parse(b"\xef\xbb\xbf{\"metadataAttributes\": {}}", LIMITS).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_outcome(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(broken) = parse(&bytes, LIMITS) {
                prop_assert!(!broken.to_string().is_empty());
            }
        }
    }
}
