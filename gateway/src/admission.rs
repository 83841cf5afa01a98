//! Who may ask, what they may see, and how often. It knows addresses, keys and origins as plain values, no transport.

mod address;
mod keys;
mod origin;
mod rate;
mod spend;

use std::net::IpAddr;
use std::sync::Arc;

use proto::ErrorCode;

pub(crate) use address::client_address;
pub(crate) use keys::Keys;
pub(crate) use origin::Origins;
pub(crate) use rate::{Kind, RateLimits};
pub(crate) use spend::{Ledger, Reservation, SpendCaps};

use crate::refusal::Refusal;
use crate::settings::Settings;

const VISITOR_ID_CHARACTERS: usize = 64;

/// Whom an answer belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    key: u32,
    visitor: Arc<str>,
}

#[cfg(test)]
impl Owner {
    pub(crate) fn for_tests(visitor: &str) -> Self {
        Self { key: 0, visitor: visitor.into() }
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    owner: Owner,
    /// What the limits count: like the owner, but a visitor without a key cannot escape by taking another name.
    counted: Owner,
    collections: Arc<[String]>,
}

impl Caller {
    /// Returns whom this caller's answers belong to.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns the collections to search: the asked ones, or all that the caller may see when none is asked for.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a collection that the caller may not see.
    pub(crate) fn collections(&self, asked: &[String]) -> Result<Vec<String>, Refusal> {
        if asked.is_empty() {
            return Ok(self.collections.to_vec());
        }
        if let Some(foreign) = asked.iter().find(|asked| !self.collections.contains(asked)) {
            let shown: String = foreign.chars().take(VISITOR_ID_CHARACTERS).collect();
            let message =
                format!("this key may not see the collection `{shown}`; leave it out to search all it may");
            return Err(Refusal::new(ErrorCode::PermissionDenied, message));
        }
        let mut asked = asked.to_vec();
        asked.sort_unstable();
        asked.dedup();
        Ok(asked)
    }
}

/// The door.
#[derive(Debug)]
pub(crate) struct Admission {
    keys: Keys,
    open_collections: Arc<[String]>,
    rates: RateLimits,
    ledger: Ledger,
}

impl Admission {
    /// Returns a door with these settings.
    ///
    /// # Errors
    /// When the file of what was spent cannot be used.
    pub(crate) fn new(settings: &Settings) -> std::io::Result<Self> {
        Ok(Self {
            keys: settings.keys.clone(),
            open_collections: settings.open_collections.clone().into(),
            rates: RateLimits::new(settings.rates),
            ledger: Ledger::open(settings.spend.clone())?,
        })
    }

    /// Takes what one answer of this caller may cost from what may be spent.
    pub(crate) fn reserve(&self, caller: &Caller) -> Reservation {
        self.ledger.reserve(&caller.counted)
    }

    /// Returns whether callers need a key.
    pub(crate) fn needs_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Lets a caller in. No address means a pipe inside the process; an empty visitor id means the address stands for
    /// the visitor.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a known key where keys are configured, `INVALID_ARGUMENT` for an over-long visitor id.
    pub(crate) fn admit(
        &self,
        key: Option<&str>,
        address: Option<IpAddr>,
        visitor_id: &str,
    ) -> Result<Caller, Refusal> {
        if visitor_id.chars().count() > VISITOR_ID_CHARACTERS {
            return Err(Refusal::invalid("visitor_id is too long; at most 64 characters"));
        }
        let place = address.map_or_else(|| "pipe".to_owned(), address::visitor);
        if self.keys.is_empty() {
            let counted = Owner { key: 0, visitor: place.as_str().into() };
            let visitor = if visitor_id.is_empty() { place } else { format!("{place} {visitor_id}") };
            let owner = Owner { key: 0, visitor: visitor.into() };
            return Ok(Caller { owner, counted, collections: Arc::clone(&self.open_collections) });
        }
        let Some((number, collections)) = key.and_then(|key| self.keys.find(key)) else {
            let message = "a known API key is needed, in the header `x-api-key` or the `authenticate` frame";
            return Err(Refusal::new(ErrorCode::Unauthenticated, message));
        };
        // Whoever holds the key vouches for the names it gives its visitors; the key's own limit bounds them all.
        let visitor = if visitor_id.is_empty() { place } else { format!("name {visitor_id}") };
        let owner = Owner { key: number, visitor: visitor.into() };
        Ok(Caller { counted: owner.clone(), owner, collections })
    }

    /// Counts one request toward the caller's limits.
    ///
    /// # Errors
    /// `RATE_LIMITED` with the time until the next one is free.
    pub(crate) fn count(&self, caller: &Caller, kind: Kind) -> Result<(), Refusal> {
        self.rates.count(caller.counted.key, &caller.counted, kind)
    }

    /// Forgets visitors whose limits are full again; to be called every minute or so.
    pub(crate) fn forget_idle_visitors(&self) {
        self.rates.forget_idle();
    }
}
