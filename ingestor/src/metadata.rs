//! What is known of a document beside its text: who wrote it, when, where it came from, and what its owner adds. It
//! knows no store and no format; the keeper puts it into the index's header.

mod date;
mod front_matter;
mod sidecar;

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::extract::declared_language;
pub(crate) use date::{milliseconds, rfc_3339};
pub(crate) use front_matter::{FrontMatter, split as split_front_matter};
pub use sidecar::{BrokenMetadata, parse as parse_sidecar};

/// Names and values of attributes are at most this long in the index: characters.
pub(crate) const MAX_ATTRIBUTE_CHARS: usize = 256;
/// Titles are at most this long in the index: characters.
const MAX_TITLE_CHARS: usize = 512;
/// Addresses are at most this long in the index: bytes.
pub(crate) const MAX_URL_BYTES: usize = 2_048;
/// Attributes that the ingestor finds out itself, so that nobody declares them.
const FACTS: [&str; 6] = ["collection", "file_sha256", "has_code", "has_list", "has_table", "pages"];

/// Custom attributes of one document, at most: with the ingestor's own they stay below the 32 that the index takes.
pub const MOST_ATTRIBUTES: usize = 20;

/// How much metadata a document may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataLimits {
    /// Custom attributes: at most [`MOST_ATTRIBUTES`].
    pub attributes: usize,
    /// Bytes of the file beside a document.
    pub sidecar_bytes: u64,
}

/// What somebody says of a document. What nobody says is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Title for people.
    pub title: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Language as an ISO 639-1 code.
    pub language: Option<String>,
    /// Web address of the original.
    pub source_url: Option<String>,
    /// When it was written, RFC 3339.
    pub created: Option<String>,
    /// When it was last changed; milliseconds since the Unix epoch.
    pub modified_ms: Option<i64>,
    /// Everything else, by name.
    pub attributes: BTreeMap<String, String>,
}

/// One thing that somebody says, by its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Title,
    Author,
    Language,
    SourceUrl,
    Created,
    Modified,
    /// Found out by the ingestor, or not for documents to say.
    Fact,
    Custom,
}

impl Field {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().replace('-', "_").as_str() {
            "title" => Self::Title,
            "author" => Self::Author,
            "language" | "lang" => Self::Language,
            "source_url" | "url" => Self::SourceUrl,
            "created" => Self::Created,
            "modified" | "date" => Self::Modified,
            known if FACTS.contains(&known) => Self::Fact,
            _ => Self::Custom,
        }
    }
}

impl Metadata {
    /// Returns what this says and, where it says nothing, what the other says: at most so many attributes, this one's
    /// first.
    #[must_use]
    pub fn over(self, below: Self, most_attributes: usize) -> Self {
        let mut attributes = self.attributes;
        for (name, value) in below.attributes {
            if attributes.len() < most_attributes && !attributes.contains_key(&name) {
                attributes.insert(name, value);
            }
        }
        Self {
            title: self.title.or(below.title),
            author: self.author.or(below.author),
            language: self.language.or(below.language),
            source_url: self.source_url.or(below.source_url),
            created: self.created.or(below.created),
            modified_ms: self.modified_ms.or(below.modified_ms),
            attributes,
        }
    }

    /// Returns what names and values say that nobody answers for, such as those of an object in S3: what makes no sense
    /// or is too long is left out.
    pub(crate) fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut metadata = Self::default();
        for (name, value) in pairs {
            _ = metadata.set(name, value);
        }
        metadata
    }

    /// Takes over one thing that is said. The error says what would be right.
    fn set(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        let value = one_line(value);
        if value.is_empty() {
            return Ok(());
        }
        let fits = value.chars().nth(MAX_ATTRIBUTE_CHARS).is_none();
        match Field::of(name) {
            Field::Title if value.chars().nth(MAX_TITLE_CHARS).is_some() => {
                return Err("expected at most 512 characters");
            }
            Field::Title => self.title = Some(value),
            Field::SourceUrl if !is_web(&value) => {
                return Err("expected a web address, http or https, of at most 2,048 bytes");
            }
            Field::SourceUrl => self.source_url = Some(value),
            Field::Language => match declared_language(&value) {
                "" => return Err("expected the code of a language, such as `de` or `pt-BR`"),
                code => self.language = Some(code.to_owned()),
            },
            Field::Created => self.created = Some(rfc_3339(&value).ok_or(DATE)?),
            Field::Modified => self.modified_ms = Some(milliseconds(&value).ok_or(DATE)?),
            Field::Fact => return Err("it is found out by the ingestor and cannot be set"),
            Field::Author | Field::Custom if !fits => return Err("expected at most 256 characters"),
            Field::Author => self.author = Some(value),
            Field::Custom if name.is_empty() || name.chars().nth(MAX_ATTRIBUTE_CHARS).is_some() => {
                return Err("expected a name of 1 to 256 characters");
            }
            Field::Custom => _ = self.attributes.insert(one_line(name), value),
        }
        Ok(())
    }

    /// Returns a hash of all of it; none when nothing is said.
    pub(crate) fn sha256(&self) -> Option<Vec<u8>> {
        let written = serde_json::to_vec(self).unwrap_or_default();
        (*self != Self::default()).then(|| Sha256::digest(written).to_vec())
    }
}

const DATE: &str = "expected a date such as 2026-05-01 or 2026-05-01T10:30:00Z";

fn is_web(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")) && url.len() <= MAX_URL_BYTES
}

/// Returns a text on one line, without control characters.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Metadata;

    fn pairs(pairs: &[(&str, &str)]) -> Metadata {
        Metadata::of_pairs(pairs.iter().copied())
    }

    #[test]
    fn known_names_fill_fields_and_the_rest_are_attributes() {
        let metadata = pairs(&[
            ("Title", " Our\nshop "),
            ("LANG", "de-AT"),
            ("source-url", "https://shop.example/faq"),
            ("date", "2026-05-01"),
            ("created", "2026-04-01 10:30"),
            ("audience", "staff"),
        ]);
        assert_eq!(metadata.title.as_deref(), Some("Our shop"));
        assert_eq!(metadata.language.as_deref(), Some("de"));
        assert_eq!(metadata.source_url.as_deref(), Some("https://shop.example/faq"));
        assert_eq!(metadata.modified_ms, Some(1_777_593_600_000));
        assert_eq!(metadata.created.as_deref(), Some("2026-04-01T10:30:00Z"));
        assert_eq!(
            metadata.attributes.into_iter().collect::<Vec<_>>(),
            [("audience".into(), "staff".into())]
        );
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let long = "x".repeat(300);
        for pair in [
            ("language", "klingon"),
            ("url", "javascript:alert(1)"),
            ("date", "yesterday"),
            ("collection", "internal"),
            ("pages", "7"),
            ("note", long.as_str()),
            (long.as_str(), "value"),
            ("empty", " \n"),
        ] {
            assert_eq!(pairs(&[pair]), Metadata::default(), "{pair:?}");
        }
        assert_eq!(pairs(&[("empty", "")]).sha256(), None);
    }

    #[test]
    fn what_is_said_first_wins_and_comes_first_into_the_limit() {
        let above = pairs(&[("title", "Above"), ("z", "1")]);
        let below = pairs(&[("title", "Below"), ("author", "Ann"), ("a", "2"), ("b", "3"), ("z", "4")]);
        let merged = above.over(below, 2);
        assert_eq!((merged.title.as_deref(), merged.author.as_deref()), (Some("Above"), Some("Ann")));
        let expected = [("a".to_owned(), "2".to_owned()), ("z".to_owned(), "1".to_owned())];
        assert_eq!(merged.attributes.into_iter().collect::<Vec<_>>(), expected);
    }
}
