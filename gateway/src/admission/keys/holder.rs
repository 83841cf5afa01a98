//! Whoever holds a key: what it may do, see and use up, and from where.

use std::sync::Arc;

use proto::ErrorCode;
use ring::hmac;
use tokio_util::sync::CancellationToken;

use crate::admission::Whence;
use crate::keys::{Entry, Kind, Quota, Scope, parse_hash};
use crate::refusal::Refusal;

/// The terms of one key, whatever its text is at the time.
#[derive(Debug)]
pub(crate) struct Holder {
    number: u32,
    /// Without hashes and dates, so that equal terms compare equal.
    terms: Entry,
    collections: Arc<[String]>,
    identity: Option<hmac::Key>,
    gone: CancellationToken,
}

impl Holder {
    /// Returns the terms of callers where no key is needed.
    pub(crate) fn of_everybody(collections: &Arc<[String]>) -> Self {
        Self::of_setting(0, collections)
    }

    /// Returns the terms of a key of the setting, which may do everything with its collections.
    pub(super) fn of_setting(number: u32, collections: &Arc<[String]>) -> Self {
        let terms = Entry {
            id: number.to_string(),
            kind: Kind::Secret,
            name: String::new(),
            sha256: String::new(),
            previous: None,
            created_s: 0,
            expires_s: None,
            revoked_s: None,
            collections: collections.to_vec(),
            scopes: Scope::ALL.to_vec(),
            origins: Vec::new(),
            quota: Quota::default(),
            identity_secret: None,
        };
        let collections = Arc::clone(collections);
        Self { number, terms, collections, identity: None, gone: CancellationToken::new() }
    }

    /// Returns the terms of an entry of the key file.
    pub(super) fn of_file(entry: &Entry) -> Option<Self> {
        let terms = Entry { sha256: String::new(), previous: None, created_s: 0, ..entry.clone() };
        let secret = entry.identity_secret.as_deref().and_then(parse_hash);
        Some(Self {
            number: entry.number()?,
            collections: entry.collections.clone().into(),
            identity: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, hex::encode(secret).as_bytes())),
            terms,
            gone: CancellationToken::new(),
        })
    }

    /// Returns the number that stands for this holder in limits and owners.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Returns the name that keys of one site share; empty for keys of the setting.
    pub(crate) fn site(&self) -> &str {
        &self.terms.name
    }

    /// Returns what may be used up.
    pub(crate) fn quota(&self) -> Quota {
        self.terms.quota
    }

    /// Returns whether everybody may know the key.
    pub(crate) fn is_public(&self) -> bool {
        self.terms.kind == Kind::Site
    }

    /// Returns what the holder may see.
    pub(crate) fn collections(&self) -> &Arc<[String]> {
        &self.collections
    }

    /// Returns the signal that these terms are over: revoked, changed or expired.
    pub(crate) fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    pub(super) fn has_expired(&self, now_s: u64) -> bool {
        self.terms.expires_s.is_some_and(|expires| expires <= now_s)
    }

    pub(super) fn has_terms_of(&self, other: &Self) -> bool {
        self.terms == other.terms
    }

    /// Checks that the key may be used for this.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`.
    pub(crate) fn check_scope(&self, scope: Scope) -> Result<(), Refusal> {
        if self.terms.scopes.contains(&scope) {
            return Ok(());
        }
        let message =
            format!("this key may not be used to {}; a secret key with that scope may", verb(scope));
        Err(Refusal::new(ErrorCode::PermissionDenied, message))
    }

    /// Checks that the key may be used from the page that the request comes from.
    ///
    /// # Errors
    /// `PERMISSION_DENIED`.
    pub(crate) fn check_origin(&self, whence: &Whence) -> Result<(), Refusal> {
        let may = match (self.is_public(), &whence.origin) {
            (true, Some(origin)) => self.terms.origins.iter().any(|known| **known == **origin),
            (true, None) => false,
            (false, _) => whence.is_listed,
        };
        if may {
            return Ok(());
        }
        let message = if whence.origin.is_none() {
            "a site key is for web pages, whose browsers send their origin; use a secret key"
        } else {
            "pages of this origin may not use this key"
        };
        Err(Refusal::new(ErrorCode::PermissionDenied, message))
    }

    /// Checks that the site vouches for the id of its signed-in visitor: HMAC-SHA256 of the id under the site's identity
    /// secret (its 64 hexadecimal digits as text), as hexadecimal digits.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for another hash, `INVALID_ARGUMENT` where the key has no such secret.
    pub(crate) fn check_identity(&self, user_id: &str, user_hash: &str) -> Result<(), Refusal> {
        let Some(identity) = &self.identity else {
            let message = "this key has no identity secret, so it can vouch for nobody; leave user_id out, or make one \
                           with `gateway keys rotate --identity`";
            return Err(Refusal::invalid(message));
        };
        let hash = parse_hash(user_hash);
        let right = hash.is_some_and(|hash| hmac::verify(identity, user_id.as_bytes(), &hash).is_ok());
        if right {
            return Ok(());
        }
        let message = "user_hash is not that of this user_id; expected the HMAC-SHA256 of user_id under the site's \
                       identity secret, as 64 hexadecimal digits";
        Err(Refusal::new(ErrorCode::Unauthenticated, message))
    }
}

fn verb(scope: Scope) -> &'static str {
    match scope {
        Scope::Chat => "chat",
        Scope::Search => "search",
        Scope::Explain => "explain searches",
    }
}
