//! Which object of a bucket is which document: the folder's rules, applied to keys. It knows no bucket.

use crate::document::{DocumentKey, MAIN_COLLECTION, is_collection, is_ignored};

/// S3 takes no longer key: bytes of UTF-8 (AWS's guide, "Naming Amazon S3 objects").
const MAX_OBJECT_KEY_BYTES: usize = 1_024;

/// Names documents below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    /// Empty, or ends with `/`.
    prefix: String,
}

/// What an object's key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A document, or what lies beside one.
    Document(DocumentKey),
    /// Nothing that anybody expects to be one: a folder's marker, a hidden or temporary file, another prefix.
    Nothing,
    /// No document, with the reason for people.
    Refused(String),
}

impl Naming {
    /// Returns the names below a prefix; one without a `/` at its end means a folder all the same.
    pub(super) fn new(prefix: &str) -> Self {
        let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
        Self { prefix: format!("{prefix}{slash}") }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the object of a document; none where its key would be longer than S3 takes.
    pub(super) fn object(&self, key: &DocumentKey) -> Option<String> {
        let object = if key.collection() == MAIN_COLLECTION {
            format!("{}{}", self.prefix, key.id())
        } else {
            format!("{}@{}/{}", self.prefix, key.collection(), key.id())
        };
        (object.len() <= MAX_OBJECT_KEY_BYTES).then_some(object)
    }

    /// Returns what an object is.
    pub(super) fn document(&self, object: &str) -> Named {
        let Some(path) = object.strip_prefix(&self.prefix) else { return Named::Nothing };
        if path.is_empty() || path.ends_with('/') || path.split('/').any(is_ignored) {
            return Named::Nothing;
        }
        let key = match path.strip_prefix('@') {
            None => DocumentKey::new(MAIN_COLLECTION, path),
            Some(named) => match named.split_once('/') {
                Some((name, id)) if is_collection(name) && name != MAIN_COLLECTION => {
                    DocumentKey::new(name, id)
                }
                _ => {
                    return Named::Refused(format!(
                        "`{}`: a name with @ at its start must be a folder named after a collection",
                        path.escape_debug()
                    ));
                }
            },
        };
        key.map_or_else(|error| Named::Refused(error.to_string()), Named::Document)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Named, Naming};

    #[test]
    fn objects_are_documents_by_the_rules_of_the_folder() {
        let naming = Naming::new("docs");
        let name = |object: &str| match naming.document(object) {
            Named::Document(key) => key.to_string(),
            Named::Nothing => "nothing".to_owned(),
            Named::Refused(_) => "refused".to_owned(),
        };
        for (object, expected) in [
            ("docs/a.md", "a.md"),
            ("docs/sub/b c.md", "sub/b c.md"),
            ("docs/@internal/c.md", "@internal/c.md"),
            ("docs/sub/@odd/d.md", "sub/@odd/d.md"),
            ("docs/", "nothing"),
            ("docs/sub/", "nothing"),
            ("docs/.git/config", "nothing"),
            ("docs/a.md~", "nothing"),
            ("other/a.md", "nothing"),
            ("docsa.md", "nothing"),
            ("docs/@main/a.md", "refused"),
            ("docs/@Bad/a.md", "refused"),
            ("docs/@file.md", "refused"),
            ("docs//a.md", "refused"),
            ("docs/../a.md", "refused"),
            ("docs/a\u{1}.md", "refused"),
        ] {
            assert_eq!(name(object), expected, "{object}");
        }
        assert_eq!(Naming::new("").document("a.md"), Naming::new("x/").document("x/a.md"));
    }

    proptest! {
        #[test]
        fn a_document_and_its_object_name_each_other(object in any::<String>()) {
            let naming = Naming::new("p");
            if let Named::Document(key) = naming.document(&format!("p/{object}")) {
                prop_assert_eq!(naming.object(&key), Some(format!("p/{object}")));
            }
        }
    }
}
