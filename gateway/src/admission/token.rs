//! Visitor tokens: what a page's browser gets for a site key, good for minutes and for that page and network only.
//!
//! A token is `sbc_visit_`, what it says, a dot and an HMAC-SHA256 over all before it. Nobody has to keep a list: every gateway
//! with the same secret knows its own.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::Whence;
use crate::keys::random;

/// Begins every visitor token.
pub(crate) const PREFIX: &str = "sbc_visit_";
/// How far the clocks of gateways may be apart, in seconds.
const SKEW_S: u64 = 60;
const MAX_BYTES: usize = 1024;

/// Makes and checks tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    key: hmac::Key,
    lifetime: Duration,
}

/// Who somebody with a token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Visitor {
    /// The number of the site key's holder.
    pub(crate) holder: u32,
    /// The visitor's id: one of ours, or the site's own when it vouches for it.
    pub(crate) id: String,
    /// Whether the site vouches for the id.
    pub(crate) is_signed_in: bool,
}

/// What a token says. Short names, because it travels with each request.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    visitor: Visitor,
    issued_s: u64,
    expires_s: u64,
    /// Hash of the page's origin and the network; neither is to be read from a token in a log.
    bound: String,
}

/// A token that was made.
#[derive(Debug)]
pub(crate) struct Minted {
    pub(crate) token: String,
    /// For how long it is good.
    pub(crate) lifetime: Duration,
}

/// A token that is good.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) visitor: Visitor,
    /// Seconds since the Unix epoch after which it is no good, skew of clocks included.
    pub(crate) until_s: u64,
}

/// Why a token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    /// Not made here, or changed since.
    #[error("this visitor token is not known; get one at POST /v1/session")]
    Unknown,
    /// Too old, or from the future.
    #[error("this visitor token has expired; get a new one at POST /v1/session")]
    Expired,
    /// Used from somewhere else.
    #[error("this visitor token was made for another page or network; get one at POST /v1/session")]
    Elsewhere,
}

impl Tokens {
    /// Returns a maker of tokens. Without a secret it makes one up: then tokens are good at this gateway only, until it ends.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn new(secret: Option<&str>, lifetime: Duration) -> std::io::Result<Self> {
        let key = match secret {
            Some(secret) => hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            None => hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?),
        };
        Ok(Self { key, lifetime })
    }

    /// Returns an id for a visitor that nobody can guess.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn fresh_id() -> std::io::Result<String> {
        random::<16>().map(hex::encode)
    }

    /// Makes a token.
    pub(crate) fn mint(&self, visitor: Visitor, whence: &Whence, now_s: u64) -> Minted {
        let expires_s = now_s.saturating_add(self.lifetime.as_secs());
        let claims = Claims { visitor, issued_s: now_s, expires_s, bound: self.bound(whence) };
        // A struct of numbers and texts is always written.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let mut token = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&self.key, token.as_bytes());
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(tag, &mut token);
        Minted { token, lifetime: self.lifetime }
    }

    /// Checks a token.
    ///
    /// # Errors
    /// Why it is no good.
    pub(crate) fn check(&self, token: &str, whence: &Whence, now_s: u64) -> Result<Checked, BadToken> {
        let claims = self.claims(token).ok_or(BadToken::Unknown)?;
        let until_s = claims.expires_s.saturating_add(SKEW_S);
        if now_s >= until_s || claims.issued_s > now_s.saturating_add(SKEW_S) {
            return Err(BadToken::Expired);
        }
        if claims.bound != self.bound(whence) {
            return Err(BadToken::Elsewhere);
        }
        Ok(Checked { visitor: claims.visitor, until_s })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > MAX_BYTES {
            return None;
        }
        let (body, tag) = token.split_once('.')?;
        let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key, body.as_bytes(), &tag).ok()?;
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body.strip_prefix(PREFIX)?).ok()?).ok()
    }

    fn bound(&self, whence: &Whence) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        let network = whence.network();
        // A token begins with letters, so no token is ever signed over such a text.
        for part in ["\0bound", whence.origin.as_deref().unwrap_or_default(), &network] {
            context.update(part.as_bytes());
            context.update(b"\0");
        }
        let tag = hex::encode(context.sign());
        tag.chars().take(32).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BadToken, Tokens, Visitor, Whence};

    const NOW_S: u64 = 1_700_000_000;

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(Some(secret), Duration::from_secs(600)).expect("a secret")
    }

    fn from(address: &str, origin: &str) -> Whence {
        let address = Some(address.parse().expect("an address"));
        Whence { address, origin: Some(origin.into()), is_listed: false }
    }

    fn visitor() -> Visitor {
        Visitor { holder: 0x0100_0001, id: "v".into(), is_signed_in: false }
    }

    #[test]
    fn a_token_is_good_for_its_page_network_and_time_only() {
        let (tokens, home) = (tokens("a secret of some length"), from("192.0.2.7", "https://shop.example"));
        let token = tokens.mint(visitor(), &home, NOW_S).token;
        for (whence, now_s, expected) in [
            (&home, NOW_S, Ok(visitor())),
            (&from("192.0.2.200", "https://shop.example"), NOW_S, Ok(visitor())),
            (&home, NOW_S + 659, Ok(visitor())),
            (&home, NOW_S - 60, Ok(visitor())),
            (&home, NOW_S + 660, Err(BadToken::Expired)),
            (&home, NOW_S - 61, Err(BadToken::Expired)),
            (&from("192.0.3.7", "https://shop.example"), NOW_S, Err(BadToken::Elsewhere)),
            (&from("192.0.2.7", "https://evil.example"), NOW_S, Err(BadToken::Elsewhere)),
            (&Whence { origin: None, ..home.clone() }, NOW_S, Err(BadToken::Elsewhere)),
            (&Whence { address: None, ..home.clone() }, NOW_S, Err(BadToken::Elsewhere)),
        ] {
            let checked = tokens.check(&token, whence, now_s).map(|checked| checked.visitor);
            assert_eq!(checked, expected, "{whence:?} {now_s}");
        }
        let six = tokens.mint(visitor(), &from("2001:db8:1:2::1", "https://a.example"), NOW_S).token;
        assert!(tokens.check(&six, &from("2001:db8:1:2:9::9", "https://a.example"), NOW_S).is_ok());
        assert!(tokens.check(&six, &from("2001:db8:1:3::1", "https://a.example"), NOW_S).is_err());
        assert!(!token.contains("192.0.2"), "{token}");
    }

    #[test]
    fn no_changed_or_foreign_token_is_good() {
        let (tokens, home) = (tokens("a secret of some length"), from("192.0.2.7", "https://shop.example"));
        let token = tokens.mint(visitor(), &home, NOW_S).token;
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert_eq!(tokens.check(&changed, &home, NOW_S).map(|_| ()), Err(BadToken::Unknown), "{place}");
        }
        let foreign = super::Tokens::new(None, Duration::from_secs(600)).expect("randomness");
        assert!(foreign.check(&token, &home, NOW_S).is_err());
        for wrong in ["", ".", "sbc_visit_", "sbc_visit_.", &token[..token.len() - 1], &"x".repeat(5000)] {
            assert_eq!(tokens.check(wrong, &home, NOW_S).map(|_| ()), Err(BadToken::Unknown), "{wrong}");
        }
    }
}
