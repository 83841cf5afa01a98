//! Where an answer's money is taken from: the sums that all gateways share or, while those are away, this gateway's own
//! share of the caps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::super::Owner;
use super::period::Period;
use super::{Ledger, Reservation, SpendCaps};
use crate::settings::state::StateSettings;
use crate::state::{Accounts, Redis, State};

/// What may be spent, wherever it is counted.
#[derive(Debug)]
pub(crate) struct Purse {
    caps: SpendCaps,
    own: Ledger,
    redis: Option<Arc<Redis>>,
    alone_percent: u64,
    /// What all gateways spent in the day, as this one heard last.
    day_spent: AtomicU64,
}

/// Money that was taken for one answer. What is dropped without being settled counts as spent.
#[derive(Debug)]
pub(crate) struct Taken {
    amount: u64,
    from: From,
}

#[derive(Debug)]
enum From {
    Own(Reservation),
    Shared(Arc<Redis>, Accounts),
}

impl Purse {
    /// Returns a purse with these caps. Where the state is shared, the file of the settings tells of this gateway's own share
    /// only.
    ///
    /// # Errors
    /// When the file of what was spent cannot be used.
    pub(crate) fn open(caps: SpendCaps, settings: &StateSettings, state: &State) -> std::io::Result<Self> {
        let redis = state.redis().cloned();
        let own = if redis.is_some() { caps.share(settings.alone_percent) } else { caps.clone() };
        Ok(Self {
            caps,
            own: Ledger::open(own)?,
            redis,
            alone_percent: settings.alone_percent,
            day_spent: AtomicU64::new(0),
        })
    }

    /// Returns which share of the day's cap is spent or reserved; 0 where there is none.
    pub(crate) fn share_of_day(&self) -> f64 {
        if self.redis.is_none() || self.caps.day == 0 {
            return self.own.share_of_day();
        }
        self.day_spent.load(Ordering::Relaxed) as f64 / self.caps.day as f64
    }

    /// Takes what one answer of a visitor may cost from every cap; less, or nothing, where less is left. `quota` is a cap of the
    /// visitor's key alone for the day, beside the one for each key.
    pub(crate) async fn reserve(&self, visitor: &Owner, quota: Option<u64>) -> Taken {
        if let Some(redis) = &self.redis {
            let accounts = accounts(redis, visitor, Period::at(SystemTime::now()));
            let SpendCaps { answer, visitor_day, key_day, day, month, .. } = self.caps;
            let key_day = match quota {
                _ if visitor.key == 0 => 0,
                Some(quota) if key_day == 0 || quota < key_day => quota,
                _ => key_day,
            };
            if let Ok((amount, day_spent, _)) =
                accounts.reserve(redis, answer, [day, month, key_day, visitor_day]).await
            {
                self.day_spent.store(day_spent, Ordering::Relaxed);
                return Taken { amount, from: From::Shared(Arc::clone(redis), accounts) };
            }
        }
        let share = |quota: u64| (quota / 100).saturating_mul(self.alone_percent).max(1);
        let quota = if self.redis.is_some() { quota.map(share) } else { quota };
        let reservation = self.own.reserve(visitor, quota);
        Taken { amount: reservation.amount(), from: From::Own(reservation) }
    }
}

fn accounts(redis: &Redis, visitor: &Owner, period: Period) -> Accounts {
    let Period { day, month } = period;
    let (key, name) = (visitor.key, &visitor.visitor);
    let (day, month) = (day.to_string(), month.to_string());
    Accounts::new(redis, [&day, &month, &format!("{day} {key}"), &format!("{day} {key} {name}")])
}

impl Taken {
    /// Returns what the answer may cost.
    pub(crate) fn amount(&self) -> u64 {
        self.amount
    }

    /// Gives back what the answer did not cost. Returns what all together spent in this day and this month, what is still
    /// reserved included; nothing when it could not be given back.
    pub(crate) async fn settle(self, cost: u64) -> Option<(u64, u64)> {
        match self.from {
            From::Own(reservation) => Some(reservation.settle(cost)),
            From::Shared(redis, accounts) => {
                if cost > self.amount {
                    tracing::error!(
                        cost,
                        reserved = self.amount,
                        "an answer cost more than was reserved for it"
                    );
                }
                accounts.settle(&redis, self.amount, cost).await.ok()
            }
        }
    }
}
