//! The rule by which a limit follows delays. It knows no clock: whoever measures calls it once for each span of time.
//!
//! The limit falls in proportion when first results come much later than usual while many run, and rises by a twentieth
//! when all of it was used and delays were bearable: the scheme of TCP's congestion avoidance, with a delay for a loss.

/// How much later than usual is bearable, beside the fixed slack.
const BEARABLE: f64 = 2.0;
const RISE: f64 = 0.05;
/// One span of time takes away at most half, at least a tenth.
const FALL: std::ops::RangeInclusive<f64> = 0.5..=0.9;
/// A first delay above this, in seconds, is not believed to be the usual one: the service may have started under load.
const MOST_AT_FIRST: f64 = 0.5;
const LEARN_FASTER: f64 = 0.2;
const LEARN_SLOWER: f64 = 0.1;

/// A limit and what it has learned.
#[derive(Clone, Debug)]
pub(super) struct Control {
    floor: f64,
    ceiling: f64,
    /// Seconds.
    slack: f64,
    limit: f64,
    /// The delay of first results without a crowd, in seconds.
    usual: Option<f64>,
}

/// What was seen in a span of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Median time to the first result, in seconds; none where none came.
    pub(super) delay: Option<f64>,
    /// The most that ran at once.
    pub(super) most: f64,
    /// Whether a service behind said that it has too much to do.
    pub(super) was_refused: bool,
}

impl Control {
    /// Returns a control whose limit stands at the ceiling until something is seen.
    pub(super) fn new(floor: usize, ceiling: usize, slack: f64) -> Self {
        let ceiling = ceiling as f64;
        Self { floor: (floor as f64).min(ceiling), ceiling, slack, limit: ceiling, usual: None }
    }

    /// Returns how many may run at once: a whole number from floor to ceiling.
    pub(super) fn limit(&self) -> f64 {
        self.limit.floor()
    }

    /// Learns from a span of time.
    pub(super) fn observe(&mut self, seen: Seen) {
        let most = seen.most;
        let crowded = most > self.floor;
        let usual = self.usual.or_else(|| seen.delay.map(|delay| delay.min(MOST_AT_FIRST)));
        let bearable = usual.map_or(f64::INFINITY, |usual| usual * BEARABLE + self.slack);
        let delay = seen.delay.unwrap_or(0.0);
        if crowded && (seen.was_refused || delay > bearable) {
            let share = if delay > bearable { bearable / delay } else { *FALL.end() };
            let fallen = self.limit.min(most) * share.clamp(*FALL.start(), *FALL.end());
            self.limit = fallen.max(self.floor);
        } else if most >= self.limit() && seen.delay.is_some() {
            self.limit = (self.limit + (self.limit * RISE).max(1.0)).min(self.ceiling);
        }
        self.usual = usual.zip(seen.delay).map_or(usual, |(usual, delay)| {
            // In a crowd a longer delay may be the crowd's own; believing it would let in more and more.
            let weight = if delay < usual {
                LEARN_FASTER
            } else if crowded {
                0.0
            } else {
                LEARN_SLOWER
            };
            Some(usual + (delay - usual) * weight)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Control, Seen};

    const SPAN: f64 = 0.5;

    fn seen(delay: f64, most: f64) -> Seen {
        Seen { delay: Some(delay), most, was_refused: false }
    }

    /// A service that works on `places` at once for `service` seconds each, under `rate` arrivals a second: returns what
    /// was done within `patience` seconds in the second half of `spans`, as a share of what it can do, and the limit.
    fn run(control: &mut Control, (places, service): (f64, f64), rate: f64, spans: usize) -> (f64, f64) {
        let (mut inside, mut good, mut counted) = (0.0_f64, 0.0, 0.0);
        let capacity = places / service;
        for span in 0..spans {
            let room = (control.limit() - inside).max(0.0);
            let done = ((inside + room).min(inside + rate * SPAN)).min(capacity * SPAN);
            // What leaves makes room within the span.
            inside = (inside + rate * SPAN - done).min(control.limit());
            let waiting = (inside - places).max(0.0) / capacity;
            let delay = waiting + service;
            let most = if rate > capacity { control.limit() } else { inside.max(rate * service) };
            control.observe(seen(delay, most));
            if span >= spans / 2 {
                counted += capacity * SPAN;
                good += if delay <= 2.0 { done } else { 0.0 };
            }
        }
        (good / counted, control.limit())
    }

    #[test]
    fn five_times_the_load_costs_little_of_what_can_be_done_and_delays_stay_bearable() {
        for (places, service) in [(20.0, 0.25), (50.0, 0.5), (30.0, 0.05)] {
            let mut control = Control::new(16, 256, 0.5);
            run(&mut control, (places, service), 0.5 * places / service, 20);
            let (good, limit) = run(&mut control, (places, service), 5.0 * places / service, 120);
            assert!(good >= 0.8, "{good} of the peak at {places} places of {service} s, limit {limit}");
            let delay = (limit - places).max(0.0) * service / places + service;
            assert!(delay <= 2.0 * service + 0.5 + 0.2, "a delay of {delay} s");
        }
    }

    #[test]
    fn a_start_under_load_finds_the_limit_too() {
        let mut control = Control::new(16, 256, 0.5);
        let (good, limit) = run(&mut control, (20.0, 0.25), 400.0, 120);
        assert!(good >= 0.8 && limit < 230.0, "{good} of the peak, limit {limit}");
    }

    #[test]
    fn without_a_crowd_slowness_refuses_nobody() {
        let mut control = Control::new(16, 256, 0.5);
        control.observe(seen(0.01, 3.0));
        for _ in 0..100 {
            control.observe(seen(8.0, 16.0));
            control.observe(Seen { delay: None, most: 10.0, was_refused: true });
        }
        assert!((control.limit() - 256.0).abs() < f64::EPSILON, "{}", control.limit());
    }

    #[test]
    fn the_limit_stays_between_its_bounds_and_comes_back() {
        let mut control = Control::new(4, 40, 0.1);
        control.observe(seen(0.05, 2.0));
        for _ in 0..50 {
            control.observe(seen(30.0, 40.0));
        }
        assert!((control.limit() - 4.0).abs() < f64::EPSILON, "{}", control.limit());
        for _ in 0..60 {
            let most = control.limit();
            control.observe(seen(0.05, most));
        }
        assert!((control.limit() - 40.0).abs() < f64::EPSILON, "{}", control.limit());
    }

    #[test]
    fn a_service_that_says_it_has_too_much_to_do_gets_less() {
        let mut control = Control::new(4, 100, 0.5);
        control.observe(Seen { delay: Some(0.1), most: 60.0, was_refused: true });
        assert!((control.limit() - 54.0).abs() < f64::EPSILON, "{}", control.limit());
    }

    #[test]
    fn a_service_that_became_slower_for_good_is_learned_at_the_floor() {
        let mut control = Control::new(8, 100, 0.1);
        control.observe(seen(0.1, 5.0));
        for _ in 0..200 {
            let most = control.limit();
            control.observe(seen(2.0, most));
        }
        assert!((control.limit() - 100.0).abs() < f64::EPSILON, "{control:?}");
    }
}
