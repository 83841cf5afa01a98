//! How long things take: delays that are drawn from a distribution.

use std::time::Duration;

use anyhow::ensure;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Uniform};
use serde::Deserialize;

/// Nothing waits longer.
const MOST_MS: f64 = 3_600_000.0;

/// A distribution of delays in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub enum Delay {
    /// Always the same.
    #[serde(rename = "constant_ms")]
    Constant(f64),
    /// From the first to the second, each as likely.
    #[serde(rename = "uniform_ms")]
    Uniform([f64; 2]),
    /// Mostly about the median, with a long tail: what a loaded service looks like.
    #[serde(rename = "lognormal_ms")]
    Lognormal(Lognormal),
}

/// A lognormal distribution.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Half of the delays are shorter.
    pub median: f64,
    /// Standard deviation of the logarithm: 0.4 puts the 95th percentile at about twice the median.
    pub sigma: f64,
    /// What is drawn beyond it is cut to it.
    #[serde(default = "most")]
    pub most: f64,
}

fn most() -> f64 {
    MOST_MS
}

impl Default for Delay {
    fn default() -> Self {
        Self::Constant(0.0)
    }
}

impl Delay {
    /// Returns the next delay.
    pub(super) fn draw(self, random: &mut ChaCha8Rng) -> Duration {
        let milliseconds = match self {
            Self::Constant(constant) => constant,
            Self::Uniform([least, most]) => {
                Uniform::new_inclusive(least, most).map_or(least, |uniform| uniform.sample(random))
            }
            Self::Lognormal(Lognormal { median, sigma, most }) => LogNormal::new(median.ln(), sigma)
                .map_or(median, |lognormal| lognormal.sample(random))
                .min(most),
        };
        Duration::from_secs_f64(milliseconds.clamp(0.0, MOST_MS) / 1_000.0)
    }

    pub(super) fn check(self) -> anyhow::Result<()> {
        let is_time = |value: f64| (0.0..=MOST_MS).contains(&value);
        let is_right = match self {
            Self::Constant(constant) => is_time(constant),
            Self::Uniform([least, most]) => is_time(least) && is_time(most) && least <= most,
            Self::Lognormal(Lognormal { median, sigma, most }) => {
                is_time(median) && is_time(most) && median > 0.0 && sigma.is_finite() && sigma >= 0.0
            }
        };
        ensure!(is_right, "{self:?}: expected milliseconds from 0 to {MOST_MS}, the least first");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::{ChaCha8Rng, Delay, Duration, Lognormal};

    fn draws(delay: Delay, seed: u64) -> Vec<Duration> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..1_001).map(|_| delay.draw(&mut random)).collect()
    }

    #[test]
    fn a_seed_draws_the_same_delays_and_another_one_others() {
        let delay = Delay::Uniform([10.0, 20.0]);
        assert_eq!(draws(delay, 1), draws(delay, 1));
        assert_ne!(draws(delay, 1), draws(delay, 2));
        let within = Duration::from_millis(10)..=Duration::from_millis(20);
        assert!(draws(delay, 1).iter().all(|drawn| within.contains(drawn)));
    }

    #[test]
    fn half_of_a_lognormal_lies_below_its_median_and_none_beyond_its_cut() {
        let delay = Delay::Lognormal(Lognormal { median: 100.0, sigma: 0.5, most: 250.0 });
        let mut drawn = draws(delay, 3);
        drawn.sort();
        let middle = drawn[500].as_secs_f64();
        assert!((0.09..0.11).contains(&middle), "{middle}");
        assert_eq!(drawn.last(), Some(&Duration::from_millis(250)));
    }

    #[test]
    fn delays_that_cannot_be_are_said_before_anything_starts() {
        let lognormal = |median, sigma| Delay::Lognormal(Lognormal { median, sigma, most: 1.0 });
        let wrong =
            [Delay::Constant(-1.0), Delay::Uniform([2.0, 1.0]), lognormal(0.0, 1.0), lognormal(1.0, -1.0)];
        assert!(wrong.into_iter().all(|delay| delay.check().is_err()));
        assert!(Delay::Uniform([1.0, 1.0]).check().is_ok());
        assert_eq!(draws(Delay::Uniform([1.0, 1.0]), 0)[0], Duration::from_millis(1));
    }
}
