//! Keys and what each may see. Only their hashes are known here.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::settings::is_collection;

/// A set of hashed keys.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    entries: Vec<([u8; 32], Arc<[String]>)>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.entries.len())
    }
}

impl Keys {
    /// Returns an empty set.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Reads `sha256-hex=collection+collection`, separated by commas.
    ///
    /// # Errors
    /// A sentence that says what is expected and repeats nothing of the text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (place, entry) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            let wrong = || {
                format!(
                    "expected 64 hexadecimal digits, `=` and collections joined by `+`; entry {} differs",
                    place + 1
                )
            };
            let (hash, collections) = entry.split_once('=').ok_or_else(wrong)?;
            let hash = parse_hash(hash.trim()).ok_or_else(wrong)?;
            let collections: Vec<String> =
                collections.split('+').map(|name| name.trim().to_owned()).collect();
            if !collections.iter().all(|name| is_collection(name)) {
                return Err(wrong());
            }
            entries.push((hash, collections.into()));
        }
        Ok(Self { entries })
    }

    /// Returns whether there is no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the number of a key, counted from 1, and the collections that it may see.
    pub(crate) fn find(&self, key: &str) -> Option<(u32, Arc<[String]>)> {
        let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut found = None;
        // Every entry is compared, so that the time tells nothing about the place.
        for (number, (known, collections)) in (1..).zip(&self.entries) {
            if bool::from(known.ct_eq(&hash)) {
                found = Some((number, Arc::clone(collections)));
            }
        }
        found
    }
}

fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::Keys;

    // printf %s secret | sha256sum
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn a_key_opens_its_collections_and_nothing_else_does() {
        let keys = Keys::parse(&format!("{}=x, {SECRET}=main+shop", "0".repeat(64))).expect("right");
        let (number, collections) = keys.find("secret").expect("known");
        assert_eq!((number, &*collections), (2, &["main".to_owned(), "shop".to_owned()][..]));
        for wrong in ["", "Secret", "secret ", "secre", SECRET] {
            assert!(keys.find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        for wrong in
            ["secret", "secret=main", &format!("{SECRET}="), &format!("{SECRET}=Main"), &SECRET[..63]]
        {
            assert!(Keys::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Keys::parse("").expect("no key").is_empty());
    }
}
