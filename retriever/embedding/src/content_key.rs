//! Names the content of a chunk: equal keys mean that a vector may be used again.

use sha2::{Digest, Sha256};

/// Returns SHA-256 over the model's id, its dimension, the headings (outermost first) and the text of a chunk. Each part is
/// preceded by its length in bytes, so that no two contents give the same input.
pub fn content_key(model_id: &str, dimensions: u32, heading_path: &[String], text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut put = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    put(model_id.as_bytes());
    put(&dimensions.to_le_bytes());
    put(&(heading_path.len() as u64).to_le_bytes());
    heading_path.iter().for_each(|heading| put(heading.as_bytes()));
    put(text.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::content_key;

    #[test]
    fn every_part_counts_and_parts_do_not_run_into_each_other() {
        let headings = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let key = content_key("m", 4, &headings(&["a", "b"]), "text");
        assert_eq!(key, content_key("m", 4, &headings(&["a", "b"]), "text"));
        for other in [
            content_key("n", 4, &headings(&["a", "b"]), "text"),
            content_key("m", 5, &headings(&["a", "b"]), "text"),
            content_key("m", 4, &headings(&["ab"]), "text"),
            content_key("m", 4, &headings(&["a"]), "btext"),
            content_key("m", 4, &headings(&["a", "b"]), "texts"),
        ] {
            assert_ne!(key, other);
        }
    }
}
