//! What must hold of a load: each limit that was missed is told with its figure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latency::Percentiles;
use super::record::Measured;
use super::watch::Usage;

/// Limits of a scenario; what is not set is not held against it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Share of the planned questions that may fail, 0 to 1; default 0.
    pub failed_share: f64,
    /// Share of them that may be dropped, 0 to 1; default 0.
    pub dropped_share: f64,
    /// Milliseconds to the first token, at most.
    pub first_token_p50_ms: Option<f64>,
    /// The same.
    pub first_token_p99_ms: Option<f64>,
    /// Milliseconds between two pieces of text, at most.
    pub gap_p99_ms: Option<f64>,
    /// Milliseconds to the end of an answer, at most.
    pub answer_p99_ms: Option<f64>,
    /// Milliseconds of the gateway and the way to it, at most.
    pub rest_p50_ms: Option<f64>,
    /// The same.
    pub rest_p99_ms: Option<f64>,
    /// Pieces of text a second, at least.
    pub tokens_per_second: Option<f64>,
    /// Most memory of a watched process, in MiB, by its name.
    pub resident_mib: BTreeMap<String, f64>,
    /// Growth of a watched process's memory after the first minute, in hundredths, by its name.
    pub growth_percent: BTreeMap<String, f64>,
}

/// A limit that was missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Miss {
    /// The limit's name.
    pub limit: String,
    /// What was measured; nothing where it was not.
    pub value: Option<f64>,
    /// What was asked.
    pub wanted: f64,
}

impl Limits {
    /// Returns the limits that were missed. One whose figure was not measured is missed.
    pub fn missed(&self, measured: &Measured, usage: &BTreeMap<String, Usage>) -> Vec<Miss> {
        let counts = &measured.counts;
        let share = |count: u64| count as f64 / (counts.planned.max(1)) as f64;
        let of = |latency: &Option<Percentiles>, read: fn(&Percentiles) -> f64| latency.as_ref().map(read);
        let p50: fn(&Percentiles) -> f64 = |latency| latency.p50_ms;
        let p99: fn(&Percentiles) -> f64 = |latency| latency.p99_ms;
        let rest = measured.hops.get("rest").cloned();
        let mut most = vec![
            ("failed_share".to_owned(), Some(share(counts.failed())), Some(self.failed_share)),
            ("dropped_share".to_owned(), Some(share(counts.dropped)), Some(self.dropped_share)),
            ("first_token_p50_ms".to_owned(), of(&measured.first_token, p50), self.first_token_p50_ms),
            ("first_token_p99_ms".to_owned(), of(&measured.first_token, p99), self.first_token_p99_ms),
            ("gap_p99_ms".to_owned(), of(&measured.gap, p99), self.gap_p99_ms),
            ("answer_p99_ms".to_owned(), of(&measured.answer, p99), self.answer_p99_ms),
            ("rest_p50_ms".to_owned(), of(&rest, p50), self.rest_p50_ms),
            ("rest_p99_ms".to_owned(), of(&rest, p99), self.rest_p99_ms),
        ];
        for (name, wanted) in &self.resident_mib {
            let resident = usage.get(name).map(|usage| usage.most_resident_bytes as f64 / 1_048_576.0);
            most.push((format!("resident_mib.{name}"), resident, Some(*wanted)));
        }
        for (name, wanted) in &self.growth_percent {
            let growth = usage.get(name).and_then(|usage| usage.growth_percent);
            most.push((format!("growth_percent.{name}"), growth, Some(*wanted)));
        }
        let above =
            |value: Option<f64>, wanted: f64| value.is_none_or(|value| value > wanted || value.is_nan());
        let mut missed: Vec<Miss> = most
            .into_iter()
            .filter_map(|(limit, value, wanted)| Some(Miss { limit, value, wanted: wanted? }))
            .filter(|miss| above(miss.value, miss.wanted))
            .collect();
        if let Some(wanted) = self.tokens_per_second.filter(|wanted| measured.tokens_per_second < *wanted) {
            let value = Some(measured.tokens_per_second);
            missed.push(Miss { limit: "tokens_per_second".to_owned(), value, wanted });
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Limits;
    use crate::load::record::Recorder;
    use crate::load::watch::Usage;

    #[tokio::test]
    async fn a_missed_limit_has_its_figure_and_one_without_a_figure_is_missed() {
        let mut recorder = Recorder::new(Instant::now(), Duration::ZERO).expect("a recorder");
        let now = Instant::now();
        (0..10).for_each(|_| recorder.planned(now));
        recorder.dropped(now);
        let measured = recorder.measured();
        let usage = Usage { most_resident_bytes: 64 * 1_048_576, ..Usage::default() };
        let usage: BTreeMap<_, _> = [("gateway".to_owned(), usage)].into();
        let limits: Limits = toml::from_str(
            "failed_share = 0.1\nfirst_token_p99_ms = 5\ntokens_per_second = 1\n[resident_mib]\ngateway = 64\nother = 1\n",
        )
        .expect("limits");
        let missed = limits.missed(&measured, &usage);
        let named: Vec<_> = missed.iter().map(|miss| (miss.limit.as_str(), miss.value)).collect();
        let expected = [
            ("dropped_share", Some(0.1)),
            ("first_token_p99_ms", None),
            ("resident_mib.other", None),
            ("tokens_per_second", Some(0.0)),
        ];
        assert_eq!(named, expected);
        assert!(Limits { dropped_share: 0.1, ..Limits::default() }.missed(&measured, &usage).is_empty());
    }
}
