//! Whether a value that has the form of personal data is one, where no number proves it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The form is proof enough.
pub(super) fn any(_: &[u8]) -> bool {
    true
}

pub(super) fn is_ip(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    Ipv4Addr::from_str(text).is_ok() || Ipv6Addr::from_str(text).is_ok()
}

/// Prefixes that are never given out.
pub(super) fn is_national_insurance(value: &[u8]) -> bool {
    let prefix = value.get(..2).unwrap_or_default().to_ascii_uppercase();
    !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].iter().any(|never| never.as_bytes() == prefix)
}

pub(super) fn has_four_digits(value: &[u8]) -> bool {
    value.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
}

pub(super) fn is_plate(value: &[u8]) -> bool {
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    letters && value.iter().any(u8::is_ascii_digit) && (4..=11).contains(&value.len())
}

/// Keys are random, so that 40 characters without a digit or a change of case are none.
pub(super) fn is_secret(value: &[u8]) -> bool {
    let has = |of: fn(&u8) -> bool| value.iter().any(of);
    value.len() == 40 && has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// A word such as `required.` is no password.
pub(super) fn is_password(value: &[u8]) -> bool {
    let inner = value.split_last().map_or(value, |(_, inner)| inner);
    value.iter().any(u8::is_ascii_digit) || inner.iter().any(|byte| b"!@#$%^&*_".contains(byte))
}

pub(super) fn is_user(value: &[u8]) -> bool {
    value.iter().any(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'@'))
}
