//! The text of a key: a prefix that says what it is, 192 random bits, and a checksum by which a scanner for leaked keys tells
//! one from a text that only looks like it.

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::Kind;

/// Begins every site key.
const SITE_PREFIX: &str = "sbc_site_";
/// Begins every secret key.
const SECRET_PREFIX: &str = "sbc_secret_";
const RANDOM_BYTES: usize = 24;
const CHECKSUM_DIGITS: usize = 8;

/// Returns a new key.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn make(kind: Kind) -> std::io::Result<String> {
    let prefix = match kind {
        Kind::Site => SITE_PREFIX,
        Kind::Secret => SECRET_PREFIX,
    };
    let body = format!("{prefix}{}", hex::encode(random::<RANDOM_BYTES>()?));
    Ok(format!("{body}{}", checksum(&body)))
}

/// Returns whether the text is a whole key, nothing cut off or mistyped.
pub(super) fn is_whole(text: &str) -> bool {
    let kind = [SITE_PREFIX, SECRET_PREFIX].into_iter().find(|prefix| text.starts_with(prefix));
    let Some((body, sum)) =
        text.len().checked_sub(CHECKSUM_DIGITS).and_then(|end| text.split_at_checked(end))
    else {
        return false;
    };
    let right = |prefix: &str| body.len() == prefix.len() + 2 * RANDOM_BYTES;
    kind.is_some_and(right) && checksum(body) == sum
}

/// The first 32 bits of the SHA-256 of all that stands before, as hexadecimal digits.
fn checksum(body: &str) -> String {
    let mut sum = hex::encode(digest(body));
    sum.truncate(CHECKSUM_DIGITS);
    sum
}

/// Returns the SHA-256 of a key's text, as it is stored.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Reads 64 hexadecimal digits.
pub(crate) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Returns random bytes that nobody can foretell.
///
/// # Errors
/// When the system has none.
pub(crate) fn random<const BYTES: usize>() -> std::io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| std::io::Error::other("the system gives no random numbers"))
}

#[cfg(test)]
mod tests {
    use super::{Kind, is_whole, make};

    #[test]
    fn a_key_says_what_it_is_and_whether_it_is_whole() {
        for (kind, prefix) in [(Kind::Site, "sbc_site_"), (Kind::Secret, "sbc_secret_")] {
            let key = make(kind).expect("randomness");
            assert!(key.starts_with(prefix) && is_whole(&key), "{key}");
            assert_eq!(key.len(), prefix.len() + 56);
            assert_ne!(key, make(kind).expect("randomness"));
            let cut = &key[..key.len() - 1];
            let other = key.replacen(prefix, if kind == Kind::Site { "sbc_secret_" } else { "sbc_site_" }, 1);
            for wrong in [cut, &format!("{key}0"), &key.to_uppercase(), &other, "", "sbc_site_", "ä"] {
                assert!(!is_whole(wrong), "{wrong}");
            }
        }
    }
}
