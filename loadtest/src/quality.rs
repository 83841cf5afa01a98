//! Measures of ranked results: capped recall@k, hit@5, mean reciprocal rank, normalised discounted cumulative gain.

use crate::hit::{Gold, Returned};

/// Rank up to which the reciprocal rank and the cumulative gain count.
const DEPTH: usize = 10;

/// Sums over questions; every mean is over the questions added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ranking {
    questions: u32,
    recall_at_1: f64,
    recall_at_5: f64,
    recall_at_10: f64,
    hit_at_5: f64,
    reciprocal_rank: f64,
    gain: f64,
}

/// Means over the questions, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Measures {
    /// Questions that were measured.
    pub questions: u32,
    /// Gold passages among the first result, over the most that could be there.
    pub recall_at_1: f64,
    /// Gold passages among the first 5 results, over the most that could be there.
    pub recall_at_5: f64,
    /// Gold passages among the first 10 results, over the most that could be there.
    pub recall_at_10: f64,
    /// Questions with a gold passage among the first 5 results.
    pub hit_at_5: f64,
    /// Mean of 1/rank of the first gold passage among the first 10 results, 0 where there is none.
    pub mrr_at_10: f64,
    /// Mean of the gain of the first 10 results, over the gain of the best order. A gold passage gains
    /// 1 / log2(rank + 1) at the rank where it is first found (Järvelin and Kekäläinen, 2002).
    pub ndcg_at_10: f64,
}

impl Ranking {
    /// Adds a question's results, best first.
    pub fn add(&mut self, golds: &[Gold], returned: &[Returned]) {
        // Rank, from 0, at which each gold passage is first found.
        let ranks: Vec<Option<usize>> =
            golds.iter().map(|gold| returned.iter().position(|passage| gold.is_hit_by(passage))).collect();
        let found = |depth: usize| ranks.iter().flatten().filter(|rank| **rank < depth).count();
        let recall = |depth: usize| ratio(found(depth), depth.min(golds.len()));
        self.questions += 1;
        self.recall_at_1 += recall(1);
        self.recall_at_5 += recall(5);
        self.recall_at_10 += recall(10);
        self.hit_at_5 += if found(5) > 0 { 1.0 } else { 0.0 };
        let first = ranks.iter().flatten().min().filter(|rank| **rank < DEPTH);
        self.reciprocal_rank += first.map_or(0.0, |rank| ratio(1, rank + 1));
        let gained: f64 = ranks.iter().flatten().filter(|rank| **rank < DEPTH).map(|rank| gain(*rank)).sum();
        let best: f64 = (0..golds.len().min(DEPTH)).map(gain).sum();
        // One result may hold several gold passages, which no order of single ones can.
        self.gain += if best > 0.0 { (gained / best).min(1.0) } else { 0.0 };
    }

    /// Adds a question that brought an error: it found nothing.
    pub fn add_failed(&mut self) {
        self.questions += 1;
    }

    /// Returns the means; nothing before the first question.
    pub fn measures(&self) -> Option<Measures> {
        let count = f64::from(self.questions);
        (self.questions > 0).then(|| Measures {
            questions: self.questions,
            recall_at_1: self.recall_at_1 / count,
            recall_at_5: self.recall_at_5 / count,
            recall_at_10: self.recall_at_10 / count,
            hit_at_5: self.hit_at_5 / count,
            mrr_at_10: self.reciprocal_rank / count,
            ndcg_at_10: self.gain / count,
        })
    }
}

/// Gain of a rank counted from 0.
fn gain(rank: usize) -> f64 {
    1.0 / ((rank + 2) as f64).log2()
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part.min(whole) as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::{Gold, Ranking, Returned};

    fn returned(texts: &[&str]) -> Vec<Returned> {
        texts.iter().map(|text| Returned { headings: Vec::new(), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn recall_is_capped_by_what_the_depth_can_hold() {
        let golds = [Gold::new("alpha", None), Gold::new("beta", None)];
        let mut ranking = Ranking::default();
        ranking.add(&golds, &returned(&["alpha", "x", "beta"]));
        let measures = ranking.measures().expect("a question");
        assert_eq!((measures.recall_at_1, measures.recall_at_5, measures.mrr_at_10), (1.0, 1.0, 1.0));
    }

    #[test]
    fn means_are_over_all_questions_failed_ones_included() {
        let gold = [Gold::new("alpha", None)];
        let mut ranking = Ranking::default();
        ranking.add(&gold, &returned(&["x", "alpha"]));
        ranking.add(&gold, &returned(&["x", "x", "x", "x", "x", "alpha"]));
        ranking.add(&gold, &returned(&[]));
        ranking.add_failed();
        let measures = ranking.measures().expect("questions");
        assert_eq!(measures.questions, 4);
        assert_eq!((measures.recall_at_1, measures.recall_at_5, measures.recall_at_10), (0.0, 0.25, 0.5));
        assert!((measures.mrr_at_10 - (0.5 + 1.0 / 6.0) / 4.0).abs() < 1e-9);
        assert_eq!(measures.hit_at_5, 0.25);
    }

    #[test]
    fn gain_falls_with_the_rank_and_counts_each_gold_passage_once() {
        let golds = [Gold::new("alpha", None), Gold::new("beta", None)];
        let both = 1.0 + 1.0 / 3_f64.log2();
        let cases = [
            (vec!["alpha", "beta"], 1.0),
            (vec!["alpha", "alpha", "beta"], (1.0 + 0.5) / both),
            (vec!["x", "alpha"], (both - 1.0) / both),
            (vec!["alpha beta"], 1.0),
            (vec!["x"], 0.0),
        ];
        for (texts, expected) in cases {
            let mut ranking = Ranking::default();
            ranking.add(&golds, &returned(&texts));
            let measured = ranking.measures().expect("a question").ndcg_at_10;
            assert!((measured - expected).abs() < 1e-9, "{texts:?}: {measured}");
        }
    }

    #[test]
    fn the_first_gold_passage_beyond_rank_ten_counts_nothing() {
        let mut texts = vec!["x"; 10];
        texts.push("alpha");
        let mut ranking = Ranking::default();
        ranking.add(&[Gold::new("alpha", None)], &returned(&texts));
        assert_eq!(ranking.measures().expect("a question").mrr_at_10, 0.0);
        assert!(Ranking::default().measures().is_none());
    }
}
