//! When visitors arrive: shapes of an open load, each as the times of its arrivals.
//!
//! All but a replay are made from a rate over time by the inverse of its integral, so that every shape has its arrivals evenly
//! spaced within its rate, or at random about it (`poisson`), and the same seed gives the same times.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1};
use serde::Deserialize;

/// Arrivals of one run, at most.
pub const MAX_ARRIVALS: usize = 10_000_000;

/// How arrivals are spread over a run. Rates are arrivals a second, lengths seconds.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "shape", rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// One after the other at the same distance.
    Constant {
        /// Arrivals a second.
        rate: f64,
        /// How long.
        seconds: f64,
    },
    /// Independent of each other, as visitors are.
    Poisson {
        /// Arrivals a second, on average.
        rate: f64,
        /// How long.
        seconds: f64,
        /// Of the random numbers.
        #[serde(default)]
        seed: u64,
    },
    /// From one rate to another, evenly.
    Ramp {
        /// Rate at the beginning.
        from: f64,
        /// Rate at the end.
        to: f64,
        /// How long.
        seconds: f64,
    },
    /// One rate after the other.
    Step {
        /// The rates.
        rates: Vec<f64>,
        /// How long each lasts.
        seconds: f64,
    },
    /// A rate with a much higher one in its middle.
    Spike {
        /// Rate before and after.
        rate: f64,
        /// Rate of the spike.
        peak: f64,
        /// How long before it, and after it.
        seconds: f64,
        /// How long it lasts.
        peak_seconds: f64,
    },
    /// What was recorded: one number a line, seconds from the beginning, in order.
    Replay {
        /// The file.
        file: PathBuf,
        /// Times as fast.
        #[serde(default = "one")]
        speed: f64,
    },
}

fn one() -> f64 {
    1.0
}

impl Shape {
    /// Returns the times of arrival from the start, in order.
    ///
    /// # Errors
    /// When a number is out of range, a file cannot be read, or there would be no arrival or more than ten million.
    pub fn arrivals(&self) -> anyhow::Result<Vec<Duration>> {
        let times = match self {
            Self::Replay { file, speed } => recorded(file, *speed)?,
            Self::Poisson { rate, seconds, seed } => {
                let mut random = ChaCha8Rng::seed_from_u64(*seed);
                let mut at = 0.0;
                let distances = std::iter::from_fn(|| {
                    let distance: f64 = Exp1.sample(&mut random);
                    at += distance;
                    Some(at)
                });
                spread(&[(*rate, *rate, *seconds)], distances)?
            }
            _ => spread(&self.pieces(), (0_u32..).map(f64::from))?,
        };
        ensure!(!times.is_empty(), "arrivals: the rate and the length give none");
        Ok(times)
    }

    /// Returns the rate at the beginning and at the end of each piece, and its length.
    fn pieces(&self) -> Vec<(f64, f64, f64)> {
        match self {
            Self::Constant { rate, seconds } | Self::Poisson { rate, seconds, .. } => {
                vec![(*rate, *rate, *seconds)]
            }
            Self::Ramp { from, to, seconds } => vec![(*from, *to, *seconds)],
            Self::Step { rates, seconds } => rates.iter().map(|rate| (*rate, *rate, *seconds)).collect(),
            Self::Spike { rate, peak, seconds, peak_seconds } => {
                vec![(*rate, *rate, *seconds), (*peak, *peak, *peak_seconds), (*rate, *rate, *seconds)]
            }
            Self::Replay { .. } => Vec::new(),
        }
    }

    /// Returns the seconds over which arrivals are planned; nothing for a replay, whose file tells.
    pub fn seconds(&self) -> Option<f64> {
        let pieces = self.pieces();
        (!pieces.is_empty()).then(|| pieces.iter().map(|(_, _, seconds)| seconds).sum())
    }
}

/// Returns when the integral of the rate reaches each of the rising `counts`.
fn spread(
    pieces: &[(f64, f64, f64)],
    mut counts: impl Iterator<Item = f64>,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    let (mut begin, mut before) = (0.0, 0.0);
    let mut next = counts.next();
    for &(from, to, seconds) in pieces {
        ensure!(
            [from, to].iter().all(|rate| (0.0..=1e6).contains(rate)) && seconds > 0.0 && seconds <= 1e6,
            "arrivals: expected rates from 0 to 1,000,000 and lengths above 0 s, got {from} to {to} for {seconds} s"
        );
        let whole = f64::midpoint(from, to) * seconds;
        while let Some(count) = next.filter(|count| *count < before + whole) {
            times.push(Duration::from_secs_f64(begin + moment(from, to, seconds, count - before)));
            ensure!(times.len() <= MAX_ARRIVALS, "arrivals: there are more than {MAX_ARRIVALS}");
            next = counts.next();
        }
        (begin, before) = (begin + seconds, before + whole);
    }
    Ok(times)
}

/// Returns when a rate that goes evenly from one to another has brought `count` arrivals.
fn moment(from: f64, to: f64, seconds: f64, count: f64) -> f64 {
    let slope = (to - from) / seconds;
    if slope == 0.0 {
        return count / from;
    }
    // The integral is from·t + slope·t²/2.
    ((from * from + 2.0 * slope * count).max(0.0).sqrt() - from) / slope
}

fn recorded(file: &Path, speed: f64) -> anyhow::Result<Vec<Duration>> {
    ensure!(speed > 0.0 && speed.is_finite(), "arrivals: `speed` is {speed}; expected a number above 0");
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut times: Vec<Duration> = Vec::new();
    for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let seconds = line.trim().parse().ok().map(|seconds: f64| seconds / speed);
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let time = time.filter(|time| times.last().is_none_or(|last| last <= time));
        let place = place + 1;
        let time = time.with_context(|| {
            format!("{}:{place}: expected seconds from the beginning, in order, got `{line}`", file.display())
        })?;
        times.push(time);
        ensure!(times.len() <= MAX_ARRIVALS, "{}: more than {MAX_ARRIVALS} arrivals", file.display());
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Shape;

    fn milliseconds(shape: &Shape) -> Vec<u128> {
        shape.arrivals().expect("arrivals").iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn a_constant_rate_is_evenly_spaced_and_begins_at_once() {
        assert_eq!(milliseconds(&Shape::Constant { rate: 4.0, seconds: 1.0 }), [0, 250, 500, 750]);
    }

    #[test]
    fn a_ramp_comes_closer_and_has_as_many_as_its_mean_rate() {
        let times = milliseconds(&Shape::Ramp { from: 0.0, to: 20.0, seconds: 10.0 });
        assert_eq!(times.len(), 100);
        // From nothing the integral is t² here, so arrival n comes at its root.
        assert_eq!([times[1], times[4], times[81]], [1000, 2000, 9000]);
        let falling = milliseconds(&Shape::Ramp { from: 20.0, to: 0.0, seconds: 10.0 });
        assert_eq!(falling.len(), 100);
        assert_eq!(falling[19], 1000, "10 - sqrt(100 - 19) = 1");
    }

    #[test]
    fn steps_and_spikes_have_each_rate_for_its_time() {
        let in_second = |times: &[u128], second: u128| times.iter().filter(|at| *at / 1000 == second).count();
        let steps = milliseconds(&Shape::Step { rates: vec![5.0, 0.0, 10.0], seconds: 1.0 });
        assert_eq!([0, 1, 2].map(|second| in_second(&steps, second)), [5, 0, 10]);
        let spike = milliseconds(&Shape::Spike { rate: 2.0, peak: 50.0, seconds: 1.0, peak_seconds: 2.0 });
        assert_eq!([0, 1, 2, 3].map(|second| in_second(&spike, second)), [2, 50, 50, 2]);
    }

    #[test]
    fn random_arrivals_are_exponential_and_the_same_for_a_seed() {
        let shape = |seed| Shape::Poisson { rate: 100.0, seconds: 200.0, seed };
        let times = shape(1).arrivals().expect("arrivals");
        assert_eq!(times, shape(1).arrivals().expect("arrivals"));
        assert_ne!(times, shape(2).arrivals().expect("arrivals"));
        // 20,000 with a standard deviation of 141.
        assert!((19_300..=20_700).contains(&times.len()), "{}", times.len());
        let distances: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        let variance =
            distances.iter().map(|distance| (distance - mean).powi(2)).sum::<f64>() / distances.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "as wide as its mean: {mean} {variance}");
    }

    #[test]
    fn a_record_is_played_again_at_its_speed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("arrivals.txt");
        std::fs::write(&file, "0\n0.5\n\n0.5\n2\n").expect("written");
        assert_eq!(milliseconds(&Shape::Replay { file: file.clone(), speed: 2.0 }), [0, 250, 250, 1000]);
        for wrong in ["1\n0.5", "a", "-1", "", "nan"] {
            std::fs::write(&file, wrong).expect("written");
            assert!(Shape::Replay { file: file.clone(), speed: 1.0 }.arrivals().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_planned_is_refused() {
        for (rate, seconds) in [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1e6, 3600.0), (1.0, 0.0)] {
            assert!(Shape::Constant { rate, seconds }.arrivals().is_err(), "{rate} {seconds}");
        }
    }
}
