//! Proof of work for new sessions, asked for only while the day's money runs out: a person waits for a moment, whoever opens
//! thousands of sessions pays for each.
//!
//! A challenge is signed, so nobody has to keep it; only what was solved is kept until it has expired, so that it is used once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use proto::ErrorCode;
use ring::hmac;

use crate::keys::{digest, random};
use crate::refusal::Refusal;

const PREFIX: &str = "sbc_work_";
/// For how long a challenge may be worked on.
const LIFETIME_S: u64 = 120;
/// Share of the day's money from which on work is asked for.
const FROM_SHARE: f64 = 0.5;
/// Leading zero bits at that share, and when nothing is left: some 65 thousand and some 4 million hashes.
const LEAST_BITS: u32 = 16;
const MOST_BITS: u32 = 22;
const MAX_BYTES: usize = 512;
const MAX_SOLUTION_BYTES: usize = 64;
/// Each cost its solver some work; the memory stays bounded.
const MAX_SOLVED: usize = 100_000;

/// Makes and checks challenges.
#[derive(Debug)]
pub(crate) struct Work {
    key: hmac::Key,
    solved: Mutex<HashMap<[u8; 32], u64>>,
}

/// What has to be solved: find a text with which the SHA-256 of `challenge:text` begins with that many zero bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    pub(crate) bits: u32,
    pub(crate) lifetime_s: u64,
}

impl Work {
    /// Returns a maker of challenges; none of another maker's is good here.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn new() -> std::io::Result<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?);
        Ok(Self { key, solved: Mutex::default() })
    }

    /// Makes a challenge for somebody who is told by `whom`.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn challenge(&self, whom: &str, bits: u32, now_s: u64) -> std::io::Result<Challenge> {
        let (expires_s, nonce) = (now_s.saturating_add(LIFETIME_S), hex::encode(random::<16>()?));
        let mut text = format!("{PREFIX}{bits}.{expires_s}.{nonce}");
        let tag = hex::encode(self.tag(&text, whom));
        text.push('.');
        text.push_str(&tag);
        Ok(Challenge { text, bits, lifetime_s: LIFETIME_S })
    }

    /// Checks a solution; it is good once.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for a challenge or a solution that is no good, `OVERLOADED` when too many were solved.
    pub(crate) fn check(
        &self,
        whom: &str,
        challenge: &str,
        solution: &str,
        now_s: u64,
    ) -> Result<(), Refusal> {
        let (bits, expires_s) =
            self.read(whom, challenge).filter(|(_, expires_s)| now_s < *expires_s).ok_or_else(stale)?;
        let solved = digest(&format!("{challenge}:{solution}"));
        if solution.len() > MAX_SOLUTION_BYTES || leading_zeros(&solved) < bits {
            let message = format!(
                "this is no solution; the SHA-256 of `challenge:solution` must begin with {bits} zero bits"
            );
            return Err(Refusal::new(ErrorCode::Unauthenticated, message));
        }
        let mut used = self.solved.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MAX_SOLVED {
            used.retain(|_, expires_s| now_s < *expires_s);
        }
        if used.len() >= MAX_SOLVED {
            return Err(Refusal::hidden(ErrorCode::Overloaded, "too many challenges were solved"));
        }
        match used.insert(digest(challenge), expires_s) {
            None => Ok(()),
            Some(_) => Err(stale()),
        }
    }

    fn read(&self, whom: &str, challenge: &str) -> Option<(u32, u64)> {
        if challenge.len() > MAX_BYTES {
            return None;
        }
        let (body, tag) = challenge.rsplit_once('.')?;
        let signed = hex::decode(tag).ok()?;
        hmac::verify(&self.key, format!("{body}\0{whom}").as_bytes(), &signed).ok()?;
        let mut parts = body.strip_prefix(PREFIX)?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    fn tag(&self, body: &str, whom: &str) -> hmac::Tag {
        hmac::sign(&self.key, format!("{body}\0{whom}").as_bytes())
    }
}

/// Returns how many bits are asked for when this share of the day's money is spent; 0 for no work.
pub(crate) fn bits(share: f64) -> u32 {
    if share < FROM_SHARE {
        return 0;
    }
    let step = (1.0 - FROM_SHARE) / f64::from(MOST_BITS - LEAST_BITS);
    (LEAST_BITS..MOST_BITS)
        .find(|bits| share < FROM_SHARE + step * f64::from(bits - LEAST_BITS + 1))
        .unwrap_or(MOST_BITS)
}

fn leading_zeros(hash: &[u8; 32]) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(whole).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(8 * whole).unwrap_or(u32::MAX).saturating_add(rest)
}

fn stale() -> Refusal {
    let message = "this challenge is not known, has expired or was used; ask POST /v1/session for another";
    Refusal::new(ErrorCode::Unauthenticated, message)
}

#[cfg(test)]
mod tests {
    use super::{Challenge, Work, bits, digest, leading_zeros};

    const NOW_S: u64 = 1_700_000_000;

    fn solve(challenge: &Challenge) -> String {
        let solutions = (0u64..).map(|number| number.to_string());
        let right = |solution: &String| {
            leading_zeros(&digest(&format!("{}:{solution}", challenge.text))) >= challenge.bits
        };
        solutions.into_iter().find(right).expect("some number solves it")
    }

    #[test]
    fn work_rises_only_while_the_money_burns() {
        for (share, expected) in
            [(0.0, 0), (0.49, 0), (0.5, 16), (0.59, 17), (0.75, 19), (0.99, 21), (1.0, 22), (7.0, 22)]
        {
            assert_eq!(bits(share), expected, "{share}");
        }
    }

    #[test]
    fn a_solution_is_good_once_for_whom_it_was_made_and_for_a_time() {
        let work = Work::new().expect("randomness");
        let challenge = work.challenge("a", 8, NOW_S).expect("randomness");
        let solution = solve(&challenge);
        let text = challenge.text.as_str();
        let easier = text.replacen("sbc_work_8", "sbc_work_0", 1);
        for (whom, text, solution, now_s) in [
            ("b", text, solution.as_str(), NOW_S),
            ("a", text, solution.as_str(), NOW_S + 120),
            ("a", easier.as_str(), "", NOW_S),
            ("a", &text[..text.len() - 1], solution.as_str(), NOW_S),
            ("a", "sbc_work_0.9.9.9", "", NOW_S),
            ("a", "", "", NOW_S),
            ("a", text, &"0".repeat(65), NOW_S),
        ] {
            assert!(work.check(whom, text, solution, now_s).is_err(), "{whom} {text} {solution} {now_s}");
        }
        assert!(
            Work::new().expect("randomness").check("a", text, &solution, NOW_S).is_err(),
            "another maker"
        );
        assert!(work.check("a", text, &solution, NOW_S).is_ok());
        assert!(work.check("a", text, &solution, NOW_S).is_err(), "used");
    }
}
