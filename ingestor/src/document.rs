//! What names a document: its collection and its path inside the document store. It touches no file.

use std::fmt;

/// The collection of documents that name none.
pub const MAIN_COLLECTION: &str = "main";
const MAX_ID_BYTES: usize = 1_024;
/// What common file systems take as one name.
const MAX_PART_BYTES: usize = 255;
const MAX_COLLECTION_BYTES: usize = 64;
/// Endings of files that are being written or were left behind by an editor.
const TEMPORARY_ENDINGS: [&str; 9] =
    ["~", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", ".swx", ".bak"];

/// Names one document; valid by construction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentKey {
    collection: String,
    id: String,
}

/// Why a name is refused, with what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not a collection's name.
    #[error("`{0}` is not a collection; expected 1 to 64 characters of a-z, 0-9, - and _")]
    Collection(String),
    /// Not a path inside the document store.
    #[error("`{name}` is not a document's path: {problem}")]
    Document {
        /// The name, control characters escaped.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl DocumentKey {
    /// Returns the key of a document; an empty collection means `main`.
    ///
    /// # Errors
    /// A collection outside `a-z 0-9 - _`; a path that is empty, over 1,024 bytes, absolute, leaves its folder, or
    /// names something that the store does not take for a document (hidden and temporary files).
    pub fn new(collection: &str, id: &str) -> Result<Self, InvalidName> {
        let collection = if collection.is_empty() { MAIN_COLLECTION } else { collection };
        if !is_collection(collection) {
            return Err(InvalidName::Collection(collection.escape_debug().to_string()));
        }
        let refuse = |problem| Err(InvalidName::Document { name: id.escape_debug().to_string(), problem });
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return refuse("it must be 1 to 1,024 bytes long");
        }
        if id.starts_with('@') {
            return refuse("it begins with @, which names a collection");
        }
        for part in id.split('/') {
            if let Some(problem) = problem_of(part) {
                return refuse(problem);
            }
        }
        Ok(Self { collection: collection.to_owned(), id: id.to_owned() })
    }

    /// Returns the collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// Returns the path inside the collection, with `/` between folders.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.collection != MAIN_COLLECTION {
            write!(f, "@{}/", self.collection)?;
        }
        write!(f, "{}", self.id.escape_debug())
    }
}

/// Returns whether a text names a collection.
pub(crate) fn is_collection(name: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=MAX_COLLECTION_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

/// Returns whether files and folders of this name are no documents by custom: hidden or temporary.
pub(crate) fn is_ignored(part: &str) -> bool {
    let lower = part.to_lowercase();
    (part.starts_with('.') && !part.starts_with(".."))
        || part.starts_with("~$")
        || (part.starts_with('#') && part.ends_with('#'))
        || TEMPORARY_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

fn problem_of(part: &str) -> Option<&'static str> {
    match part {
        "" => Some("a part between two `/` is empty"),
        "." | ".." => Some("`.` and `..` are not allowed"),
        _ if part.len() > MAX_PART_BYTES => Some("a part is longer than 255 bytes"),
        _ if part.contains(char::is_control) => Some("it holds a control character"),
        _ if is_ignored(part) => Some("hidden and temporary files are not taken in"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentKey;

    #[test]
    fn awkward_names_are_fine_and_dangerous_ones_are_refused() {
        for id in
            ["a.txt", "folder/a b & $(id).txt", "ünïcödé-文件.txt", "..%2fetc%2fpasswd", "a/@b.txt", "C:\\x"]
        {
            assert!(DocumentKey::new("", id).is_ok(), "{id}");
        }
        for id in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            ".env",
            "a/.git/b",
            "@x/a",
            "a\0b",
            "a.txt~",
            "~$a.docx",
            "a.part",
        ] {
            assert!(DocumentKey::new("", id).is_err(), "{id:?}");
        }
        assert!(DocumentKey::new("main", &"a".repeat(256)).is_err());
        for collection in ["Main", "a/b", "..", &"a".repeat(65)] {
            assert!(DocumentKey::new(collection, "a.txt").is_err(), "{collection}");
        }
    }

    #[test]
    fn a_key_shows_its_collection_unless_it_is_main() {
        assert_eq!(DocumentKey::new("", "a.txt").expect("valid").to_string(), "a.txt");
        assert_eq!(DocumentKey::new("internal", "a.txt").expect("valid").to_string(), "@internal/a.txt");
    }
}
