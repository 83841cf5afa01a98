//! What answers may cost: caps for each visitor and key a day, for all a day and a month. An answer's most possible cost is
//! taken from every cap before a model is asked and settled when it is known, so no cap is ever passed, however many
//! answers are written at once. It knows no model and no price.

mod period;
mod purse;
mod record;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::Owner;
use period::Period;
pub(crate) use purse::{Purse, Taken};
use record::{Record, Totals};

/// Visitors that are counted one by one; beyond, newcomers share one count, so that memory stays bounded.
const MAX_VISITORS: usize = 100_000;

/// Caps in millionths of a US dollar; 0 lifts one. Days and months are those of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpendCaps {
    /// `GATEWAY_SPEND_ANSWER_MICRODOLLARS`: one answer; default 20,000 (two cents). It cannot be lifted.
    pub(crate) answer: u64,
    /// `GATEWAY_SPEND_VISITOR_DAY_MICRODOLLARS`: one visitor in a day; default 200,000.
    pub(crate) visitor_day: u64,
    /// `GATEWAY_SPEND_KEY_DAY_MICRODOLLARS`: all visitors of one key in a day; default 0.
    pub(crate) key_day: u64,
    /// `GATEWAY_SPEND_DAY_MICRODOLLARS`: everybody in a day; default 5,000,000.
    pub(crate) day: u64,
    /// `GATEWAY_SPEND_MONTH_MICRODOLLARS`: everybody in a month; default 50,000,000.
    pub(crate) month: u64,
    /// `GATEWAY_SPEND_FILE`: where the totals of day and month outlive the process; none by default, then they begin
    /// with 0 at each start.
    pub(crate) file: Option<PathBuf>,
}

impl SpendCaps {
    /// Returns this share of every cap but the answer's; a cap that is lifted stays so.
    fn share(&self, percent: u64) -> Self {
        let share = |cap: u64| if cap == 0 { 0 } else { (cap / 100).saturating_mul(percent).max(1) };
        Self {
            visitor_day: share(self.visitor_day),
            key_day: share(self.key_day),
            day: share(self.day),
            month: share(self.month),
            ..self.clone()
        }
    }
}

/// What was spent so far. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    caps: Arc<SpendCaps>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    period: Period,
    totals: Totals,
    keys: HashMap<u32, u64>,
    visitors: HashMap<Owner, u64>,
    record: Option<Record>,
}

/// Money that was taken for one answer. What is dropped without being settled counts as spent.
#[derive(Debug)]
pub(crate) struct Reservation {
    ledger: Ledger,
    visitor: Owner,
    period: Period,
    amount: u64,
}

impl Ledger {
    /// Returns a ledger with these caps, that goes on where the file ends.
    ///
    /// # Errors
    /// When the file is there and cannot be read or written, or is no such file.
    pub(crate) fn open(caps: SpendCaps) -> std::io::Result<Self> {
        Self::open_at(caps, SystemTime::now())
    }

    fn open_at(caps: SpendCaps, now: SystemTime) -> std::io::Result<Self> {
        let period = Period::at(now);
        let opened = caps.file.clone().map(|file| Record::open(file, period)).transpose()?;
        let (record, totals) = opened.unzip();
        let state = State {
            period,
            totals: totals.unwrap_or_default(),
            keys: HashMap::new(),
            visitors: HashMap::new(),
            record,
        };
        Ok(Self { caps: Arc::new(caps), state: Arc::new(Mutex::new(state)) })
    }

    /// Takes what one answer of a visitor may cost from every cap; less, or nothing, where less is left. `quota` is a cap of
    /// the visitor's key alone for the day, beside the one for each key.
    pub(crate) fn reserve(&self, visitor: &Owner, quota: Option<u64>) -> Reservation {
        self.reserve_at(visitor, quota, SystemTime::now())
    }

    fn reserve_at(&self, visitor: &Owner, quota: Option<u64>, now: SystemTime) -> Reservation {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.turn_to(Period::at(now));
        let visitor = state.counted(visitor);
        let quota_left = quota.map(|quota| quota.saturating_sub(spent_by(state.keys.get(&visitor.key))));
        let amount = self.left(&state, &visitor).min(quota_left.unwrap_or(u64::MAX)).min(self.caps.answer);
        let amount = if state.is_recorded(amount, &self.caps) { amount } else { 0 };
        state.add(&visitor, amount);
        Reservation { ledger: self.clone(), period: state.period, visitor, amount }
    }

    /// Returns which share of the day's cap is spent or reserved; 0 where there is none.
    pub(crate) fn share_of_day(&self) -> f64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.turn_to(Period::at(SystemTime::now()));
        if self.caps.day == 0 { 0.0 } else { state.totals.day as f64 / self.caps.day as f64 }
    }

    fn left(&self, state: &State, visitor: &Owner) -> u64 {
        let SpendCaps { visitor_day, key_day, day, month, .. } = *self.caps;
        // Without keys there is no key whose visitors share a cap.
        let key_day = if visitor.key == 0 { 0 } else { key_day };
        let caps = [
            (visitor_day, spent_by(state.visitors.get(visitor))),
            (key_day, spent_by(state.keys.get(&visitor.key))),
            (day, state.totals.day),
            (month, state.totals.month),
        ];
        let left = caps.into_iter().filter(|(cap, _)| *cap > 0).map(|(cap, spent)| cap.saturating_sub(spent));
        left.min().unwrap_or(u64::MAX)
    }
}

fn spent_by(spent: Option<&u64>) -> u64 {
    spent.copied().unwrap_or(0)
}

impl State {
    /// Forgets what belongs to an earlier day or month. A clock that was set back changes nothing.
    fn turn_to(&mut self, now: Period) {
        if now.day <= self.period.day {
            return;
        }
        self.totals.day = 0;
        self.keys.clear();
        self.visitors.clear();
        if now.month != self.period.month {
            self.totals.month = 0;
        }
        self.period = now;
    }

    fn counted(&self, visitor: &Owner) -> Owner {
        if self.visitors.len() < MAX_VISITORS || self.visitors.contains_key(visitor) {
            return visitor.clone();
        }
        Owner { key: visitor.key, visitor: "everybody else".into() }
    }

    /// Whether the file covers the totals with this amount, or was made to.
    fn is_recorded(&mut self, amount: u64, caps: &SpendCaps) -> bool {
        let Some(record) = &mut self.record else { return true };
        let wanted = self.totals.plus(amount);
        record
            .cover(self.period, wanted, caps)
            .inspect_err(|error| {
                tracing::error!(%error, "what is spent cannot be written down, so nothing more is spent");
            })
            .is_ok()
    }

    fn add(&mut self, visitor: &Owner, amount: u64) {
        if amount == 0 {
            return;
        }
        self.totals = self.totals.plus(amount);
        let add = |spent: &mut u64| *spent = spent.saturating_add(amount);
        add(self.keys.entry(visitor.key).or_default());
        add(self.visitors.entry(visitor.clone()).or_default());
    }

    fn give_back(&mut self, visitor: &Owner, period: Period, amount: u64) {
        if period.month == self.period.month {
            self.totals.month = self.totals.month.saturating_sub(amount);
        }
        if period.day != self.period.day {
            return;
        }
        self.totals.day = self.totals.day.saturating_sub(amount);
        for spent in [self.keys.get_mut(&visitor.key), self.visitors.get_mut(visitor)].into_iter().flatten() {
            *spent = spent.saturating_sub(amount);
        }
    }
}

impl Reservation {
    /// Returns what the answer may cost.
    pub(crate) fn amount(&self) -> u64 {
        self.amount
    }

    /// Gives back what the answer did not cost. Returns what all together spent in this day and this month, what is still
    /// reserved included.
    pub(crate) fn settle(self, cost: u64) -> (u64, u64) {
        if cost > self.amount {
            tracing::error!(cost, reserved = self.amount, "an answer cost more than was reserved for it");
        }
        let mut state = self.ledger.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.give_back(&self.visitor, self.period, self.amount.saturating_sub(cost));
        state.add(&self.visitor, cost.saturating_sub(self.amount));
        (state.totals.day, state.totals.month)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Ledger, Owner, SpendCaps};

    const NOON: SystemTime = SystemTime::UNIX_EPOCH;

    fn caps() -> SpendCaps {
        SpendCaps { answer: 100, visitor_day: 250, key_day: 0, day: 1_000, month: 1_500, file: None }
    }

    fn visitor(key: u32, name: &str) -> Owner {
        Owner { key, visitor: name.into() }
    }

    fn ledger(caps: SpendCaps) -> Ledger {
        Ledger::open_at(caps, NOON).expect("no file")
    }

    #[test]
    fn a_visitor_gets_less_and_then_nothing_and_others_are_not_touched() {
        let ledger = ledger(caps());
        let amounts: Vec<u64> = (0..4)
            .map(|_| ledger.reserve_at(&visitor(0, "a"), None, NOON))
            .map(|taken| {
                let amount = taken.amount();
                taken.settle(amount);
                amount
            })
            .collect();
        assert_eq!(amounts, [100, 100, 50, 0]);
        assert_eq!(ledger.reserve_at(&visitor(0, "b"), None, NOON).amount(), 100);
    }

    #[test]
    fn what_an_answer_did_not_cost_is_given_back_and_what_nobody_settled_is_spent() {
        let ledger = ledger(caps());
        ledger.reserve_at(&visitor(0, "a"), None, NOON).settle(1);
        assert_eq!(ledger.state.lock().expect("no test has failed").totals.day, 1);
        drop(ledger.reserve_at(&visitor(0, "a"), None, NOON));
        assert_eq!(ledger.state.lock().expect("no test has failed").totals.day, 101);
    }

    #[test]
    fn a_new_day_frees_the_day_and_a_new_month_the_month() {
        let day = Duration::from_secs(24 * 60 * 60);
        let ledger = ledger(SpendCaps { visitor_day: 0, ..caps() });
        let spend_all = |now| {
            let mut all = 0;
            loop {
                let amount = ledger.reserve_at(&visitor(0, "a"), None, now).amount();
                if amount == 0 {
                    return all;
                }
                all += amount;
            }
        };
        assert_eq!(spend_all(NOON), 1_000);
        assert_eq!(spend_all(NOON + day), 500, "the month's cap");
        assert_eq!(spend_all(NOON + 2 * day), 0);
        assert_eq!(spend_all(NOON + 31 * day), 1_000, "February");
        let late = ledger.reserve_at(&visitor(0, "a"), None, NOON + 32 * day);
        assert_eq!(spend_all(NOON), 400, "a clock that was set back frees nothing");
        late.settle(0);
        assert_eq!(spend_all(NOON + 33 * day), 100);
    }

    #[test]
    fn a_key_may_have_a_cap_of_its_own() {
        let ledger = ledger(caps());
        assert_eq!(ledger.reserve_at(&visitor(1, "a"), Some(150), NOON).amount(), 100);
        assert_eq!(ledger.reserve_at(&visitor(1, "b"), Some(150), NOON).amount(), 50);
        assert_eq!(ledger.reserve_at(&visitor(2, "b"), Some(150), NOON).amount(), 100, "another key");
    }

    #[test]
    fn the_visitors_of_a_key_share_its_cap() {
        let ledger = ledger(SpendCaps { key_day: 150, ..caps() });
        assert_eq!(ledger.reserve_at(&visitor(1, "a"), None, NOON).amount(), 100);
        assert_eq!(ledger.reserve_at(&visitor(1, "b"), None, NOON).amount(), 50);
        assert_eq!(ledger.reserve_at(&visitor(2, "b"), None, NOON).amount(), 100, "another key");
        assert_eq!(ledger.reserve_at(&visitor(0, "c"), None, NOON).amount(), 100, "no key");
    }

    proptest! {
        #[test]
        fn no_cap_is_passed_however_answers_overlap(costs in proptest::collection::vec((any::<bool>(), 0u64..=100), 1..200)) {
            let ledger = ledger(SpendCaps { visitor_day: 0, month: 0, ..caps() });
            let (mut open, mut spent) = (Vec::new(), 0);
            for (ends, cost) in costs {
                let taken = ledger.reserve_at(&visitor(0, "a"), None, NOON);
                if ends {
                    let cost = cost.min(taken.amount());
                    spent += cost;
                    taken.settle(cost);
                } else {
                    open.push(taken);
                }
                let reserved: u64 = open.iter().map(super::Reservation::amount).sum();
                prop_assert!(spent + reserved <= 1_000);
            }
        }
    }
}
