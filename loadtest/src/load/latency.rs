//! Latencies in histograms: three digits, so a percentile is off by 0.1 % at most.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Longest latency that is told apart: nanoseconds. Longer ones count as this.
const MAX_NANOS: u64 = 10 * 60 * 1_000_000_000;
/// Where the curve of a distribution is drawn.
const CURVE: [f64; 16] =
    [0.0, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9999, 1.0];

/// Latencies of one kind.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

/// Percentiles in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Latencies recorded.
    pub count: u64,
    /// Arithmetic mean.
    pub mean_ms: f64,
    /// Standard deviation.
    pub deviation_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Longest.
    pub max_ms: f64,
    /// Pairs of a quantile, 0 to 1, and its latency.
    pub curve: Vec<(f64, f64)>,
}

impl Latency {
    /// Returns an empty histogram.
    ///
    /// # Errors
    /// When the histogram's bounds do not fit together.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1_000, MAX_NANOS, 3).context("cannot make a histogram")?))
    }

    /// Records a latency.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(MAX_NANOS);
        self.0.saturating_record(nanos.clamp(1, MAX_NANOS));
    }

    /// Records a latency that somebody else measured, in milliseconds; what is none is left out.
    pub fn record_ms(&mut self, milliseconds: f64) {
        if let Ok(latency) = Duration::try_from_secs_f64(milliseconds / 1e3) {
            self.record(latency);
        }
    }

    /// Returns the percentiles; nothing when nothing was recorded.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile: f64| millis(self.0.value_at_quantile(quantile) as f64);
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            mean_ms: millis(self.0.mean()),
            deviation_ms: millis(self.0.stdev()),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: millis(self.0.max() as f64),
            curve: CURVE.iter().map(|quantile| (*quantile, at(*quantile))).collect(),
        })
    }
}

fn millis(nanos: f64) -> f64 {
    nanos / 1e6
}

#[cfg(test)]
mod tests {
    use super::{Duration, Latency};

    #[test]
    fn percentiles_are_of_what_was_recorded() {
        let mut latency = Latency::new().expect("a histogram");
        assert!(latency.percentiles().is_none());
        for millis in 1..=100 {
            latency.record(Duration::from_millis(millis));
        }
        latency.record(Duration::from_secs(100_000));
        latency.record_ms(f64::NAN);
        let percentiles = latency.percentiles().expect("recorded");
        assert_eq!(percentiles.count, 101);
        assert!((percentiles.p50_ms - 51.0).abs() < 0.1, "{percentiles:?}");
        assert!(percentiles.max_ms >= 600_000.0, "{percentiles:?}");
        assert!(percentiles.curve.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{percentiles:?}");
    }
}
