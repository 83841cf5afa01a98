//! Which limits a request counts toward: those of its visitor, its address, its key and its site.

use std::sync::Arc;
use std::time::Duration;

use proto::ErrorCode;

use super::Owner;
use crate::keys::Quota;
use crate::refusal::Refusal;
use crate::settings::Rates;
use crate::state::{Allowance, Bucket, Exceeded, Limits};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is counted; each kind has limits of its own with the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A question.
    Question,
    /// A search, or its explanation.
    Search,
    /// An opinion about an answer.
    Feedback,
    /// A new visitor token. Nobody is a visitor yet, so the address counts.
    Session,
    /// A request for a person.
    Handoff,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Search => "search",
            Self::Feedback => "feedback",
            Self::Session => "session",
            Self::Handoff => "handoff",
        }
    }
}

/// Whom a request counts for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally<'a> {
    /// The visitor, of the key that let it in; key 0 stands for none and has no limit of its own.
    pub(crate) visitor: &'a Owner,
    /// The address, or its network; none where it is not the visitor's.
    pub(crate) address: Option<&'a str>,
    /// What the key allows beside the settings.
    pub(crate) quota: Quota,
    /// The site that keys of one name share; empty for none.
    pub(crate) site: &'a str,
}

/// Limits for every kind.
#[derive(Debug)]
pub(crate) struct RateLimits {
    rates: Rates,
    limits: Arc<Limits>,
}

impl RateLimits {
    /// Returns these limits, counted there.
    pub(crate) fn new(rates: Rates, limits: Arc<Limits>) -> Self {
        Self { rates, limits }
    }

    /// Counts one request. Returns what the tightest limit still allows.
    ///
    /// # Errors
    /// What that limit allows, and the time until the next request is free.
    pub(crate) async fn count(&self, tally: Tally<'_>, kind: Kind) -> Result<Option<Allowance>, Exceeded> {
        self.limits.take(&self.buckets(tally, kind)).await
    }

    /// Forgets visitors whose limits are full again.
    pub(crate) fn forget_idle(&self) {
        self.limits.forget_idle();
    }

    fn buckets(&self, tally: Tally<'_>, kind: Kind) -> Vec<Bucket> {
        let Tally { visitor, address, quota, site } = tally;
        let (kind_name, key) = (kind.name(), visitor.key);
        let rates = &self.rates;
        let mut buckets = Vec::with_capacity(10);
        let mut add = |who: &str, name: &str, (minute, hour): (u32, u32)| {
            for (span, burst, period) in [("minute", minute, MINUTE), ("hour", hour, HOUR)] {
                if burst > 0 {
                    let name = format!("{kind_name} {span} {who} {name}");
                    buckets.push(Bucket { name, burst, period });
                }
            }
        };
        if kind != Kind::Session {
            add("visitor", &format!("{key} {}", visitor.visitor), rates.visitor);
        }
        if let Some(address) = address {
            add("address", address, rates.address);
        }
        if key != 0 {
            let key = key.to_string();
            add("key", &key, rates.key);
            add("quota", &key, (quota.per_minute.unwrap_or(0), quota.per_hour.unwrap_or(0)));
        }
        if !site.is_empty() {
            add("site", site, rates.site);
        }
        buckets
    }
}

/// Returns what a caller is told who came too early.
pub(crate) fn refusal(exceeded: &Exceeded) -> Refusal {
    let seconds = exceeded.wait.as_millis().div_ceil(1000).max(1);
    let plural = if seconds == 1 { "" } else { "s" };
    let message = format!("too many requests in a short time; please try again in {seconds} second{plural}");
    Refusal::new(ErrorCode::RateLimited, message).after(exceeded.wait).with_allowance(exceeded.allowance)
}

#[cfg(test)]
mod tests {
    use super::{Arc, Kind, Limits, Owner, Quota, RateLimits, Rates, Tally};

    const NO_LIMITS: Rates = Rates { visitor: (0, 0), address: (0, 0), key: (0, 0), site: (0, 0) };

    fn limits(rates: Rates) -> RateLimits {
        RateLimits::new(rates, Arc::new(Limits::default()))
    }

    fn owner(key: u32, name: &str) -> Owner {
        Owner { key, visitor: name.into() }
    }

    fn tally<'a>(visitor: &'a Owner, address: &'a str, site: &'a str) -> Tally<'a> {
        Tally { visitor, address: Some(address), quota: Quota::default(), site }
    }

    async fn passed(limits: &RateLimits, tally: Tally<'_>, tries: usize) -> usize {
        let mut passed = 0;
        for _ in 0..tries {
            passed += usize::from(limits.count(tally, Kind::Question).await.is_ok());
        }
        passed
    }

    #[tokio::test]
    async fn exactly_the_limit_passes_in_a_burst() {
        let limits = limits(Rates { visitor: (10, 100), ..NO_LIMITS });
        let (a, b) = (owner(1, "a"), owner(1, "b"));
        assert_eq!(passed(&limits, tally(&a, "x", ""), 100).await, 10);
        assert_eq!(passed(&limits, tally(&b, "x", ""), 100).await, 10, "another visitor is not touched");
        let exceeded = limits.count(tally(&a, "x", ""), Kind::Question).await.expect_err("used up");
        assert!(exceeded.wait.as_secs() <= 6, "{exceeded:?}");
        let search =
            limits.count(tally(&a, "x", ""), Kind::Search).await.expect("searches are counted apart");
        assert!(search.is_some_and(|allowance| (allowance.limit, allowance.remaining) == (10, 9)));
    }

    #[tokio::test]
    async fn address_key_site_and_hour_have_limits_of_their_own_and_zero_lifts_one() {
        let (a, b, c) = (owner(1, "a"), owner(1, "b"), owner(2, "c"));
        let both = async |rates: Rates, first: Tally<'_>, second: Tally<'_>| {
            let limits = limits(rates);
            (passed(&limits, first, 8).await, passed(&limits, second, 8).await)
        };
        let hour = Rates { visitor: (0, 7), ..NO_LIMITS };
        assert_eq!(both(hour, tally(&a, "x", ""), tally(&b, "x", "")).await, (7, 7));
        let address = Rates { address: (12, 0), ..NO_LIMITS };
        assert_eq!(both(address, tally(&a, "x", ""), tally(&c, "x", "")).await, (8, 4));
        assert_eq!(both(address, tally(&a, "x", ""), tally(&b, "y", "")).await, (8, 8));
        let key = Rates { key: (0, 12), ..NO_LIMITS };
        assert_eq!(both(key, tally(&a, "x", ""), tally(&b, "y", "")).await, (8, 4));
        assert_eq!(both(key, tally(&a, "x", ""), tally(&c, "x", "")).await, (8, 8));
        let site = Rates { site: (12, 0), ..NO_LIMITS };
        assert_eq!(both(site, tally(&a, "x", "shop"), tally(&c, "y", "shop")).await, (8, 4));
        assert_eq!(both(site, tally(&a, "x", "shop"), tally(&b, "x", "bank")).await, (8, 8));
        assert_eq!(both(NO_LIMITS, tally(&a, "x", "shop"), tally(&a, "x", "shop")).await, (8, 8));
        let own = Quota { per_minute: Some(3), ..Quota::default() };
        let small = Tally { quota: own, ..tally(&a, "x", "") };
        assert_eq!(both(NO_LIMITS, small, tally(&c, "x", "")).await, (3, 8));
        let everybody = owner(0, "a");
        assert_eq!(both(key, tally(&everybody, "x", ""), tally(&everybody, "x", "")).await, (8, 8), "no key");
    }

    #[tokio::test]
    async fn new_tokens_do_not_make_new_limits_for_an_address() {
        let limits = limits(Rates { visitor: (2, 0), address: (5, 0), ..NO_LIMITS });
        let mut opened = 0;
        for number in 0..10 {
            let visitor = owner(1, &number.to_string());
            opened += usize::from(limits.count(tally(&visitor, "x", ""), Kind::Session).await.is_ok());
            passed(&limits, tally(&visitor, "x", ""), 1).await;
        }
        assert_eq!(opened, 5);
        let late = owner(1, "late");
        assert_eq!(passed(&limits, tally(&late, "x", ""), 1).await, 0, "five questions were asked by others");
    }
}
