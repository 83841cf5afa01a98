//! Sessions: a site key, from one of its pages, becomes a visitor token.

use proto::ErrorCode;

use super::token::{Minted, Tokens, Visitor};
use super::work::Challenge;
use super::{Admission, Caller, Whence, bad_token};
use crate::keys::{Scope, now_s};
use crate::refusal::Refusal;

const USER_ID_CHARACTERS: usize = 128;

/// How a visitor is introduced.
#[derive(Clone, Default)]
pub(crate) struct Introduction {
    /// The id under which the site knows its signed-in visitor; empty for anybody.
    pub(crate) user_id: String,
    /// The site's word for that id.
    pub(crate) user_hash: String,
    /// The visitor's token so far, which may be about to expire; empty for none.
    pub(crate) token: String,
    /// A challenge that was made before; empty for none.
    pub(crate) challenge: String,
    /// Its solution.
    pub(crate) solution: String,
}

/// What comes of asking for a session.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A token.
    Session(Minted),
    /// Work that has to be done first.
    Challenge(Challenge),
}

impl Admission {
    /// Makes a token for a caller who came with a site key, or says which work comes first.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a key that is no site key, `UNAUTHENTICATED` for a user whom the site does not vouch for or a token,
    /// challenge or solution that is no good, `INVALID_ARGUMENT`.
    pub(crate) fn open_session(
        &self,
        caller: &Caller,
        whence: &Whence,
        introduction: &Introduction,
    ) -> Result<Opened, Refusal> {
        let holder = &caller.holder;
        if !caller.is_page_without_token() {
            let message = "sessions are opened with a site key; a secret key needs none";
            return Err(Refusal::new(ErrorCode::PermissionDenied, message));
        }
        caller.check(Scope::Chat)?;
        let id = self.visitor_id(caller, whence, introduction)?;
        let is_signed_in = !introduction.user_id.is_empty();
        let bits = if is_signed_in { 0 } else { self.work_bits() };
        if let Some(work) = self.work.as_ref().filter(|_| bits > 0) {
            let origin = whence.origin.as_deref().unwrap_or_default();
            let whom = format!("{}\0{origin}\0{}", holder.number(), whence.network());
            if introduction.challenge.is_empty() {
                return work
                    .challenge(&whom, bits, now_s())
                    .map(Opened::Challenge)
                    .map_err(|error| lost(&error));
            }
            work.check(&whom, &introduction.challenge, &introduction.solution, now_s())?;
        }
        let visitor = Visitor { holder: holder.number(), id, is_signed_in };
        Ok(Opened::Session(self.tokens.mint(visitor, whence, now_s())))
    }

    fn visitor_id(
        &self,
        caller: &Caller,
        whence: &Whence,
        introduction: &Introduction,
    ) -> Result<String, Refusal> {
        let Introduction { user_id, user_hash, token, .. } = introduction;
        if !user_id.is_empty() {
            if user_id.chars().count() > USER_ID_CHARACTERS {
                return Err(Refusal::invalid("user_id is too long; at most 128 characters"));
            }
            caller.holder.check_identity(user_id, user_hash)?;
            return Ok(user_id.clone());
        }
        if !user_hash.is_empty() {
            return Err(Refusal::invalid("user_id is missing; user_hash alone names nobody"));
        }
        if token.is_empty() {
            return Tokens::fresh_id().map_err(|error| lost(&error));
        }
        let known = self.tokens.check(token, whence, now_s()).map_err(bad_token)?.visitor;
        let is_own = known.holder == caller.holder.number() && !known.is_signed_in;
        // Whoever has signed out begins anew; a token of another site is none.
        if is_own { Ok(known.id) } else { Err(bad_token(super::token::BadToken::Unknown)) }
    }
}

fn lost(error: &std::io::Error) -> Refusal {
    Refusal::hidden(ErrorCode::Internal, error.to_string())
}
