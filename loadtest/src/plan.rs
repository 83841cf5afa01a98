//! The schedule of a load: arrivals at a constant rate, which no answer can slow down.

use std::time::Duration;

/// Arrivals of one run, at most.
const MAX_ARRIVALS: f64 = 10_000_000.0;

/// When questions arrive, and how many may be under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    rate: f64,
    arrivals: u32,
    max_in_flight: usize,
}

impl Plan {
    /// Plans `rate` arrivals a second over a length of time, the first one at once.
    ///
    /// # Errors
    /// When there would be no arrival, or more than ten million.
    pub fn new(rate: f64, length: Duration, max_in_flight: usize) -> anyhow::Result<Self> {
        let arrivals = (rate * length.as_secs_f64()).round();
        anyhow::ensure!(
            (1.0..=MAX_ARRIVALS).contains(&arrivals),
            "the rate and the length give {arrivals} arrivals; expected 1 to 10,000,000"
        );
        anyhow::ensure!(max_in_flight > 0, "at least one question must be allowed under way");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to lie within the range"
        )]
        let arrivals = arrivals as u32;
        Ok(Self { rate, arrivals, max_in_flight })
    }

    /// Returns the times of arrival from the start, in order.
    pub fn arrivals(&self) -> impl Iterator<Item = Duration> {
        let rate = self.rate;
        (0..self.arrivals).map(move |place| Duration::from_secs_f64(f64::from(place) / rate))
    }

    /// Returns how many questions may be under way at the same time.
    pub fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// Returns the arrivals a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Plan};

    #[test]
    fn arrivals_are_evenly_spaced() {
        let plan = Plan::new(4.0, Duration::from_secs(1), 10).expect("a plan");
        assert_eq!(plan.arrivals().map(|time| time.as_millis()).collect::<Vec<_>>(), [0, 250, 500, 750]);
    }

    #[test]
    fn a_plan_without_arrivals_is_refused() {
        for (rate, seconds) in [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (1e9, 3600)] {
            assert!(Plan::new(rate, Duration::from_secs(seconds), 10).is_err(), "{rate}");
        }
        assert!(Plan::new(1.0, Duration::from_secs(1), 0).is_err());
    }
}
