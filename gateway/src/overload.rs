//! How much is let in at once, by limits that follow how long first results take. What is inside is never thrown out.
//!
//! It knows neither callers nor transports. Own code, because the crates that adapt a limit measure whole calls, and an
//! answer's length says nothing about load: only the wait for its first words does.

mod control;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proto::ErrorCode;
use tokio::time::Instant;

use crate::metrics::{LimitGauges, Metrics};
use crate::refusal::Refusal;
use crate::settings::Settings;
use control::{Control, Seen};

/// Delays are judged by their median over this time, or longer where few come.
const SPAN: Duration = Duration::from_millis(500);
const ENOUGH_DELAYS: usize = 5;
const MOST_DELAYS: usize = 64;
/// Refusals further apart than this are no lasting overload.
const PAUSE: Duration = Duration::from_secs(1);
const MOST_RETRY_AFTER: Duration = Duration::from_secs(10);

/// The limits of a gateway.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Answers being written.
    pub(crate) answers: Arc<Limiter>,
    /// Searches that are no part of an answer.
    pub(crate) searches: Arc<Limiter>,
}

impl Limits {
    /// Returns the limits of these settings, with nothing running.
    pub(crate) fn new(settings: &Settings, metrics: &Metrics) -> Self {
        let bounds = settings.overload;
        let limiter = |what, floor, ceiling| {
            let control = Control::new(floor, ceiling, bounds.delay.as_secs_f64());
            Arc::new(Limiter::new(control, bounds.unready_after, metrics.limit(what)))
        };
        Self {
            answers: limiter("answers", bounds.least_answers, settings.answers.running),
            searches: limiter("searches", bounds.least_searches, bounds.searches),
        }
    }
}

/// One limit, and what runs under it.
#[derive(Debug)]
pub(crate) struct Limiter {
    inner: Mutex<Inner>,
    unready_after: Duration,
    gauges: LimitGauges,
}

#[derive(Debug)]
struct Inner {
    control: Control,
    running: usize,
    delays: Vec<f64>,
    most: usize,
    was_refused: bool,
    span_began: Instant,
    /// When the present row of refusals began, and its last one.
    shedding: Option<(Instant, Instant)>,
}

/// The place of something that runs; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place {
    limiter: Arc<Limiter>,
    entered: Instant,
    has_responded: AtomicBool,
}

impl Limiter {
    fn new(control: Control, unready_after: Duration, gauges: LimitGauges) -> Self {
        gauges.show(0, control.limit());
        let inner = Inner {
            control,
            running: 0,
            delays: Vec::new(),
            most: 0,
            was_refused: false,
            span_began: Instant::now(),
            shedding: None,
        };
        Self { inner: Mutex::new(inner), unready_after, gauges }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `OVERLOADED` with the time after which to try again.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Place, Refusal> {
        let now = Instant::now();
        let mut inner = self.inner();
        if !inner.has_room() {
            return Err(self.shed(&mut inner, now));
        }
        inner.running += 1;
        inner.most = inner.most.max(inner.running);
        self.gauges.show(inner.running, inner.control.limit());
        drop(inner);
        Ok(Place { limiter: Arc::clone(self), entered: now, has_responded: AtomicBool::new(false) })
    }

    /// Says what [`Limiter::enter`] would say, for those who would only prepare a request to be refused.
    ///
    /// # Errors
    /// As [`Limiter::enter`].
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let mut inner = self.inner();
        if inner.has_room() { Ok(()) } else { Err(self.shed(&mut inner, Instant::now())) }
    }

    /// Returns whether requests have been refused for so long that a balancer should look elsewhere.
    pub(crate) fn is_overloaded(&self) -> bool {
        let now = Instant::now();
        let lasting =
            |(since, last): (Instant, Instant)| now - last < PAUSE && last - since >= self.unready_after;
        !self.unready_after.is_zero() && self.inner().shedding.is_some_and(lasting)
    }

    /// Counts a refusal. The longer they last, the later those refused are to come back, and never all at once.
    fn shed(&self, inner: &mut Inner, now: Instant) -> Refusal {
        let since = inner.shedding.filter(|(_, last)| now - *last < PAUSE).map_or(now, |(since, _)| since);
        inner.shedding = Some((since, now));
        self.gauges.shed();
        let part = 0.5 + (ulid::Ulid::new().random() % 1000) as f64 / 1000.0;
        let wait = (Duration::from_secs(1) + (now - since) / 4).min(MOST_RETRY_AFTER).mul_f64(part);
        Refusal::hidden(ErrorCode::Overloaded, "the limit of what runs at once is reached").after(wait)
    }

    fn note(&self, delay: Option<Duration>, was_refused: bool) {
        let mut inner = self.inner();
        inner.was_refused |= was_refused;
        if let Some(delay) = delay.filter(|_| inner.delays.len() < MOST_DELAYS) {
            inner.delays.push(delay.as_secs_f64());
        }
        inner.end_span(Instant::now());
        self.gauges.show(inner.running, inner.control.limit());
    }

    fn leave(&self) {
        let mut inner = self.inner();
        inner.running -= 1;
        self.gauges.show(inner.running, inner.control.limit());
    }

    // Plain numbers: a panic while the lock is held leaves nothing that would mislead.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&self) -> bool {
        (self.running as f64) < self.control.limit()
    }

    fn end_span(&mut self, now: Instant) {
        let lasted = now - self.span_began;
        if lasted < SPAN || (self.delays.len() < ENOUGH_DELAYS && lasted < 4 * SPAN) {
            return;
        }
        self.delays.sort_by(f64::total_cmp);
        let delay = self.delays.get(self.delays.len() / 2).copied();
        self.control.observe(Seen { delay, most: self.most as f64, was_refused: self.was_refused });
        self.delays.clear();
        (self.most, self.was_refused, self.span_began) = (self.running, false, now);
    }
}

impl Place {
    /// Notes that the first result came; later calls change nothing.
    pub(crate) fn responded(&self) {
        if !self.has_responded.swap(true, Ordering::Relaxed) {
            self.limiter.note(Some(self.entered.elapsed()), false);
        }
    }

    /// Notes why nothing came. Only what tells of too much load counts: a service that is away is not relieved by less.
    pub(crate) fn failed(&self, code: ErrorCode) {
        match code {
            ErrorCode::DeadlineExceeded => self.responded(),
            ErrorCode::Overloaded => self.limiter.note(None, true),
            _ => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.limiter.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use prometheus_client::registry::Registry;
    use proto::ErrorCode;

    use super::{Control, Limiter, Place};
    use crate::metrics::Metrics;

    fn limiter(floor: usize, ceiling: usize) -> Arc<Limiter> {
        let gauges = Metrics::register(&mut Registry::default()).limit("answers");
        Arc::new(Limiter::new(Control::new(floor, ceiling, 0.5), Duration::from_secs(10), gauges))
    }

    fn enter(limiter: &Arc<Limiter>, number: usize) -> Vec<Place> {
        (0..number).map_while(|_| limiter.enter().ok()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_above_the_limit_is_refused_with_a_time_to_come_back() {
        let limiter = limiter(4, 10);
        let places = enter(&limiter, 20);
        assert_eq!(places.len(), 10);
        let refusal = limiter.enter().expect_err("full");
        assert_eq!(refusal.code(), ErrorCode::Overloaded);
        assert!(refusal.retry_after().is_some_and(|wait| wait >= Duration::from_millis(500)));
        assert!(limiter.check().is_err());
        drop(places);
        assert!(limiter.check().is_ok() && limiter.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_first_results_in_a_crowd_lower_the_limit_and_throw_nothing_out() {
        let limiter = limiter(4, 100);
        for place in enter(&limiter, 5) {
            tokio::time::advance(Duration::from_millis(150)).await;
            place.responded();
        }
        let crowd = enter(&limiter, 100);
        assert_eq!(crowd.len(), 100);
        tokio::time::advance(Duration::from_secs(5)).await;
        for place in &crowd {
            place.responded();
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        assert!(limiter.enter().is_err(), "the crowd still has its places");
        drop(crowd);
        let next = enter(&limiter, 100).len();
        assert!((4..100).contains(&next), "{next}");
    }

    #[tokio::test(start_paused = true)]
    async fn overload_is_told_when_refusals_have_lasted_and_forgotten_after_a_pause() {
        let limiter = limiter(1, 1);
        let _place = enter(&limiter, 1);
        for _ in 0..20 {
            assert!(!limiter.is_overloaded());
            assert!(limiter.check().is_err());
            tokio::time::advance(Duration::from_millis(500)).await;
        }
        assert!(limiter.check().is_err());
        assert!(limiter.is_overloaded());
        let wait = limiter.check().expect_err("full").retry_after().expect("a time");
        assert!(wait >= Duration::from_millis(1700), "{wait:?}");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(!limiter.is_overloaded());
    }
}
