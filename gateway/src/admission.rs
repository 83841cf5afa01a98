//! Who may ask, what they may see, and how often. It knows addresses, keys and origins as plain values, no transport.

mod address;
mod keys;
mod origin;
mod rate;
mod session;
mod spend;
mod token;
mod whence;
mod work;

use std::sync::{Arc, OnceLock};

use proto::ErrorCode;
use tokio_util::sync::CancellationToken;

pub(crate) use address::client_address;
pub(crate) use keys::{Holder, Keyring, Keys};
pub(crate) use origin::{Origins, is_origin};
pub(crate) use rate::{Kind, RateLimits, Tally};
pub(crate) use session::{Introduction, Opened};
pub(crate) use spend::{Purse, SpendCaps, Taken};
pub(crate) use whence::Whence;

use crate::error::Error;
use crate::keys::{Scope, now_s};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::state::{Allowance, State};
use token::{Tokens, Visitor};
pub(crate) use work::Challenge;
use work::Work;

const VISITOR_ID_CHARACTERS: usize = 64;

/// Whom an answer belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    key: u32,
    visitor: Arc<str>,
}

impl Owner {
    /// Returns the number of the key that the owner came with, counted from 1; 0 for none.
    pub(crate) fn key(&self) -> u32 {
        self.key
    }

    /// Returns a text that is the same for the same owner on every gateway with these settings, and no other's.
    pub(crate) fn name(&self) -> String {
        self.to_string()
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.key, self.visitor)
    }
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
    /// What money counts for: like the owner, but a visitor whom nobody vouches for cannot escape by taking another name or token.
    payer: Owner,
    /// What the limits of a visitor count for: like the payer, but each token is a visitor, for its address has limits too.
    visitor: Owner,
    /// The address, where it is the visitor's own.
    place: Option<Arc<str>>,
    holder: Arc<Holder>,
    gone: CancellationToken,
    /// Seconds since the Unix epoch until which the caller's token is good.
    until_s: Option<u64>,
    /// Where what is left of the limits is noted for the response.
    note: Option<Note>,
}

/// What the tightest limit still allows, once a request has been counted.
pub(crate) type Note = Arc<OnceLock<Allowance>>;

impl Caller {
    /// Returns whom this caller's answers belong to.
    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns the same caller, whose limits are noted there.
    #[must_use]
    pub(crate) fn noted_in(mut self, note: Option<Note>) -> Self {
        self.note = note;
        self
    }

    fn is_page_without_token(&self) -> bool {
        self.holder.is_public() && self.until_s.is_none()
    }

    fn tally(&self) -> Tally<'_> {
        let holder = &self.holder;
        Tally {
            visitor: &self.visitor,
            address: self.place.as_deref(),
            quota: holder.quota(),
            site: holder.site(),
        }
    }

    /// Returns the signal that the caller's key opens nothing any more.
    pub(crate) fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    /// Checks that the caller may do this, now.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` where the key is not for it, `UNAUTHENTICATED` when the key or the token is over by now.
    pub(crate) fn check(&self, scope: Scope) -> Result<(), Refusal> {
        if self.gone.is_cancelled() {
            return Err(key_gone());
        }
        if self.until_s.is_some_and(|until| until <= now_s()) {
            return Err(bad_token(token::BadToken::Expired));
        }
        self.holder.check_scope(scope)
    }

    /// Returns the collections to search: the asked ones, or all that the caller may see when none is asked for.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a collection that the caller may not see.
    pub(crate) fn collections(&self, asked: &[String]) -> Result<Vec<String>, Refusal> {
        let seen = self.holder.collections();
        if asked.is_empty() {
            return Ok(seen.to_vec());
        }
        if asked.iter().any(|asked| !seen.contains(asked)) {
            let message =
                "this key may not see all of these collections; leave them out to search all that it may see";
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
    ring: Keyring,
    tokens: Tokens,
    /// Where work may be asked for.
    work: Option<Work>,
    everybody: Arc<Holder>,
    rates: RateLimits,
    purse: Purse,
}

const KEY_NEEDED: &str = "a known API key is needed, in the header `x-api-key` or `authorization: Bearer`, or the `authenticate` frame";

impl Admission {
    /// Returns a door with these settings.
    ///
    /// # Errors
    /// When the key file or the file of what was spent cannot be used.
    pub(crate) fn new(settings: &Settings, state: &State) -> Result<Self, Error> {
        let doors = &settings.doors;
        let open: Arc<[String]> = settings.open_collections.clone().into();
        let secret = doors.token_secret.as_ref().map(lifecycle::Secret::expose);
        Ok(Self {
            ring: Keyring::open(settings.keys.clone(), doors.keys_file.clone())
                .map_err(|error| Error::Keys(error.to_string()))?,
            tokens: Tokens::new(secret, doors.token_lifetime)?,
            work: doors.asks_for_work.then(Work::new).transpose()?,
            everybody: Arc::new(Holder::of_everybody(&open)),
            rates: RateLimits::new(settings.rates, Arc::clone(state.limits())),
            purse: Purse::open(settings.spend.clone(), &settings.state, state)?,
        })
    }

    /// Takes what one answer of this caller may cost from what may be spent.
    pub(crate) async fn reserve(&self, caller: &Caller) -> Taken {
        self.purse.reserve(&caller.payer, caller.holder.quota().spend_day_microdollars).await
    }

    /// Returns whether callers need a key.
    pub(crate) fn needs_key(&self) -> bool {
        self.ring.is_needed()
    }

    /// Returns whether some site key is for pages of this origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.ring.knows_origin(origin)
    }

    /// Lets a caller in by a key or a visitor token. An empty visitor id means the address stands for the visitor.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a known key or a good token where keys are needed, `PERMISSION_DENIED` for pages that may not
    /// use the key, `INVALID_ARGUMENT` for an over-long visitor id.
    pub(crate) fn admit(
        &self,
        credential: Option<&str>,
        whence: &Whence,
        visitor_id: &str,
    ) -> Result<Caller, Refusal> {
        if visitor_id.chars().count() > VISITOR_ID_CHARACTERS {
            return Err(Refusal::invalid("visitor_id is too long; at most 64 characters"));
        }
        if !self.ring.is_needed() {
            let holder = Arc::clone(&self.everybody);
            holder.check_origin(whence)?;
            let gone = holder.gone().clone();
            return Ok(at_place(holder, gone, whence, visitor_id));
        }
        let credential = credential.unwrap_or_default();
        if credential.starts_with(token::PREFIX) {
            return self.admit_token(credential, whence);
        }
        let Some(keys::Found { holder, gone }) = self.ring.find(credential) else {
            return Err(Refusal::new(ErrorCode::Unauthenticated, KEY_NEEDED));
        };
        holder.check_origin(whence)?;
        if holder.is_public() || visitor_id.is_empty() {
            return Ok(at_place(holder, gone, whence, visitor_id));
        }
        // Whoever holds a secret key vouches for the names it gives its visitors; the key's own limit bounds them all.
        let owner = Owner { key: holder.number(), visitor: format!("name {visitor_id}").into() };
        let (payer, visitor) = (owner.clone(), owner.clone());
        Ok(Caller { owner, payer, visitor, place: None, holder, gone, until_s: None, note: None })
    }

    fn admit_token(&self, token: &str, whence: &Whence) -> Result<Caller, Refusal> {
        let token::Checked { visitor, until_s } =
            self.tokens.check(token, whence, now_s()).map_err(bad_token)?;
        let Some(keys::Found { holder, gone }) = self.ring.holder(visitor.holder) else {
            return Err(bad_token(token::BadToken::Unknown));
        };
        holder.check_origin(whence)?;
        let Visitor { id, is_signed_in, .. } = visitor;
        let kind = if is_signed_in { "user" } else { "visitor" };
        let owner = Owner { key: holder.number(), visitor: format!("{kind} {id}").into() };
        let place: Arc<str> = whence.place().into();
        // A new token costs nothing, so its money is the address's.
        let payer = if is_signed_in {
            owner.clone()
        } else {
            Owner { key: holder.number(), visitor: Arc::clone(&place) }
        };
        let (visitor, until_s) = (owner.clone(), Some(until_s));
        Ok(Caller { owner, payer, visitor, place: Some(place), holder, gone, until_s, note: None })
    }

    /// Counts one request toward the caller's limits. Returns what the tightest of them still allows.
    ///
    /// # Errors
    /// `RATE_LIMITED` with the time until the next one is free, `PERMISSION_DENIED` while work is asked for and none was done.
    pub(crate) async fn count(&self, caller: &Caller, kind: Kind) -> Result<Option<Allowance>, Refusal> {
        if kind == Kind::Question && caller.is_page_without_token() && self.work_bits() > 0 {
            let message = "many are asking today; get a token at POST /v1/session first";
            return Err(Refusal::new(ErrorCode::PermissionDenied, message));
        }
        let counted = self.rates.count(caller.tally(), kind).await;
        let allowance = counted.unwrap_or_else(|exceeded| Some(exceeded.allowance));
        if let Some((note, allowance)) = caller.note.as_ref().zip(allowance) {
            // A request is counted once; of a second count the first is told.
            _ = note.set(allowance);
        }
        counted.map_err(|exceeded| rate::refusal(&exceeded))
    }

    /// Returns how much work a new session costs now; 0 for none.
    fn work_bits(&self) -> u32 {
        self.work.as_ref().map_or(0, |_| work::bits(self.purse.share_of_day()))
    }

    /// Forgets visitors whose limits are full again; to be called every minute or so.
    pub(crate) fn forget_idle_visitors(&self) {
        self.rates.forget_idle();
    }

    /// Reads the key file again when it has changed, and ends what has expired; to be called every few seconds.
    pub(crate) async fn refresh_keys(&self) {
        self.ring.refresh().await;
    }
}

/// A caller whom nobody vouches for: the address is what is counted.
fn at_place(holder: Arc<Holder>, gone: CancellationToken, whence: &Whence, visitor_id: &str) -> Caller {
    let (key, place): (u32, Arc<str>) = (holder.number(), whence.place().into());
    let named = |visitor| Owner { key, visitor };
    let at = named(Arc::clone(&place));
    let owner =
        if visitor_id.is_empty() { at.clone() } else { named(format!("{place} {visitor_id}").into()) };
    let (payer, visitor) = (at.clone(), at);
    Caller { owner, payer, visitor, place: Some(place), holder, gone, until_s: None, note: None }
}

/// Returns what is told to whoever came in with a key that opens nothing any more, or not what it opened then.
pub(crate) fn key_gone() -> Refusal {
    Refusal::new(
        ErrorCode::Unauthenticated,
        "this key was revoked, changed or has expired; ask again with one that is good",
    )
}

fn bad_token(bad: token::BadToken) -> Refusal {
    Refusal::new(ErrorCode::Unauthenticated, bad.to_string())
}
