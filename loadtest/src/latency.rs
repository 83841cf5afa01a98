//! Latencies in histograms: three digits, so a percentile is off by 0.1 % at most.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told apart: microseconds. Longer ones count as this.
const MAX_MICROS: u64 = 10 * 60 * 1_000_000;

/// Latencies of one kind.
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u64>);

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Latencies recorded.
    pub count: u64,
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
}

impl Latency {
    /// Returns an empty histogram.
    ///
    /// # Errors
    /// When the histogram's bounds do not fit together.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, MAX_MICROS, 3).context("cannot make a histogram")?))
    }

    /// Records a latency.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(MAX_MICROS);
        self.0.saturating_record(micros.clamp(1, MAX_MICROS));
    }

    /// Returns the percentiles; nothing when nothing was recorded.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile: f64| millis(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: millis(self.0.max()),
        })
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
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
        let percentiles = latency.percentiles().expect("recorded");
        assert_eq!(percentiles.count, 101);
        assert!((percentiles.p50_ms - 51.0).abs() < 0.1, "{percentiles:?}");
        assert!(percentiles.max_ms >= 600_000.0, "{percentiles:?}");
    }
}
