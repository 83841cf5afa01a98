//! Floors that measures must not fall below.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::eval::Outcome;

/// Floors by set and measure, such as `{"faq": {"recall_at_5": 0.9}, "faq minilm": {"recall_at_5": 0.95}}`: those under
/// the set's and the embedder's name stand in for the set's own.
#[derive(Clone, Debug)]
pub struct Floors(BTreeMap<String, BTreeMap<String, f64>>);

/// A measure below its floor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Below {
    /// The measure.
    pub measure: String,
    /// What was measured; nothing when it was not measured at all.
    pub value: Option<f64>,
    /// What it must reach.
    pub floor: f64,
}

impl Floors {
    /// Reads a file of floors.
    ///
    /// # Errors
    /// When it cannot be read or is not of that form.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} holds no floors", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// Returns what fell below its floor. A floor that nothing was measured for counts as missed, and so does a set
    /// without floors: a check that checks nothing must not pass.
    pub fn below(&self, outcome: &Outcome, embedder: &str) -> Vec<Below> {
        let own = self.0.get(&format!("{} {embedder}", outcome.set));
        let Some(floors) = own.or_else(|| self.0.get(&outcome.set)) else {
            return vec![Below { measure: format!("floors of {}", outcome.set), value: None, floor: 0.0 }];
        };
        let measured = measured(outcome);
        let missed = floors.iter().filter_map(|(measure, floor)| {
            let value = measured.get(measure.as_str()).copied();
            let is_reached = value.is_some_and(|value| value >= *floor);
            (!is_reached).then(|| Below { measure: measure.clone(), value, floor: *floor })
        });
        missed.collect()
    }
}

/// Every measure by name, 0 to 1 and higher is better.
fn measured(outcome: &Outcome) -> BTreeMap<&'static str, f64> {
    let mut measured = BTreeMap::new();
    if let Some(search) = outcome.search {
        measured.extend([
            ("recall_at_1", search.recall_at_1),
            ("recall_at_5", search.recall_at_5),
            ("recall_at_10", search.recall_at_10),
            ("hit_at_5", search.hit_at_5),
            ("mrr_at_10", search.mrr_at_10),
            ("ndcg_at_10", search.ndcg_at_10),
        ]);
    }
    if let Some(evidence) = outcome.evidence {
        measured.insert("auroc", evidence.auroc);
    }
    if let Some(refusal) = outcome.refusal {
        measured.extend([("refusal_precision", refusal.precision), ("refusal_recall", refusal.recall)]);
    }
    if let Some(refusals) = outcome.refusals {
        let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
        if refusals.unanswerable > 0 {
            measured.insert("refused", share(refusals.refused, refusals.unanswerable));
        }
        if refusals.answerable > 0 {
            measured.insert("answered", 1.0 - share(refusals.falsely_refused, refusals.answerable));
        }
    }
    measured
}

#[cfg(test)]
mod tests {
    use super::{Floors, Outcome};
    use crate::quality::Measures;
    use crate::refusal::Refusals;

    fn outcome() -> Outcome {
        let search = Measures {
            questions: 10,
            recall_at_1: 0.5,
            recall_at_5: 0.9,
            recall_at_10: 0.9,
            hit_at_5: 0.9,
            mrr_at_10: 0.6,
            ndcg_at_10: 0.65,
        };
        let refusals = Refusals { unanswerable: 4, refused: 3, answerable: 10, falsely_refused: 1 };
        let errors = std::collections::BTreeMap::new();
        Outcome {
            set: "faq".to_owned(),
            top_k: 10,
            search: Some(search),
            evidence: None,
            refusals: Some(refusals),
            refusal: refusals.point(),
            errors,
        }
    }

    #[test]
    fn what_falls_below_its_floor_is_named() {
        let cases: [(&str, &[&str]); 8] = [
            (r#"{"faq": {"recall_at_1": 0.6}, "faq offline": {"recall_at_1": 0.5}}"#, &[]),
            (r#"{"faq": {"recall_at_1": 0.6}, "faq minilm": {"recall_at_1": 0.5}}"#, &["recall_at_1"]),
            (
                r#"{"faq": {"refusal_precision": 0.8, "refusal_recall": 0.75, "auroc": 0.5}}"#,
                &["auroc", "refusal_precision"],
            ),
            (r#"{"faq": {"recall_at_5": 0.9, "refused": 0.75}}"#, &[]),
            (r#"{"faq": {"recall_at_1": 0.6, "answered": 0.95}}"#, &["answered", "recall_at_1"]),
            (r#"{"faq": {"recall_at_50": 0.1}}"#, &["recall_at_50"]),
            (r#"{"other": {}}"#, &["floors of faq"]),
            (r#"{"faq": {}}"#, &[]),
        ];
        for (floors, missed) in cases {
            let below = Floors::parse(floors).expect("floors").below(&outcome(), "offline");
            assert_eq!(
                below.iter().map(|below| below.measure.as_str()).collect::<Vec<_>>(),
                missed,
                "{floors}"
            );
        }
    }
}
