//! Measures of refusing: of the questions that the documents do not answer, how many are refused, at what price.

use serde::Serialize;

/// How often an answer was refused for want of evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// Unanswerable questions that were answered or refused.
    pub unanswerable: u32,
    /// Unanswerable questions that were refused, as they should be.
    pub refused: u32,
    /// Answerable questions that were answered or refused.
    pub answerable: u32,
    /// Answerable questions that were refused, as they should not be.
    pub falsely_refused: u32,
}

/// Refusing as a classifier of unanswerable questions; each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Unanswerable ones among the refused questions; 0 where none is refused.
    pub precision: f64,
    /// Refused ones among the unanswerable questions.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// How well the evidence of the best passage alone tells unanswerable questions from the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Separation {
    /// Chance that an answerable question has more evidence than an unanswerable one, ties counted half: the area under
    /// the receiver operating characteristic. 0.5 is a coin.
    pub auroc: f64,
    /// The threshold with the best F1: questions with less evidence would be refused. Infinite, in JSON null, where
    /// refusing all of them is best.
    pub best_threshold: f64,
    /// Refusing at that threshold.
    pub best: Point,
}

/// Evidence of the best passage, by question.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Evidence, and whether the question is answerable.
    questions: Vec<(f64, bool)>,
}

impl Refusals {
    /// Adds a question.
    pub fn add(&mut self, is_answerable: bool, is_refused: bool) {
        let (asked, refused) = match is_answerable {
            true => (&mut self.answerable, &mut self.falsely_refused),
            false => (&mut self.unanswerable, &mut self.refused),
        };
        *asked += 1;
        *refused += u32::from(is_refused);
    }

    /// Returns precision and recall; nothing without an unanswerable question.
    pub fn point(&self) -> Option<Point> {
        (self.unanswerable > 0).then(|| {
            let recall = share(self.refused, self.unanswerable);
            Point::new(share(self.refused, self.refused + self.falsely_refused), recall)
        })
    }
}

impl Point {
    fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

impl Evidence {
    /// Adds a question with the evidence of its best passage, 0 where nothing was found.
    pub fn add(&mut self, is_answerable: bool, evidence: f64) {
        self.questions.push((evidence, is_answerable));
    }

    /// Returns how well evidence separates; nothing unless there are questions of both kinds.
    pub fn separation(&self) -> Option<Separation> {
        let mut questions = self.questions.clone();
        questions.sort_by(|left, right| left.0.total_cmp(&right.0));
        let answerable = count(&questions, true);
        let unanswerable = count(&questions, false);
        if answerable == 0 || unanswerable == 0 {
            return None;
        }
        let mut refusals = Refusals { unanswerable, answerable, ..Refusals::default() };
        let mut better = 0.0;
        let (mut best_threshold, mut best) = (0.0, Point::new(0.0, 0.0));
        for tied in questions.chunk_by(|left, right| left.0 == right.0) {
            // A threshold at this evidence refuses all questions before it.
            let evidence = tied.first().map_or(0.0, |first| first.0);
            choose(&refusals, evidence, &mut best_threshold, &mut best);
            let (yes, no) = (count(tied, true), count(tied, false));
            better += f64::from(yes) * (f64::from(refusals.refused) + f64::from(no) / 2.0);
            refusals.refused += no;
            refusals.falsely_refused += yes;
        }
        choose(&refusals, f64::INFINITY, &mut best_threshold, &mut best);
        let auroc = better / (f64::from(answerable) * f64::from(unanswerable));
        Some(Separation { auroc, best_threshold, best })
    }
}

fn choose(refusals: &Refusals, threshold: f64, best_threshold: &mut f64, best: &mut Point) {
    if let Some(point) = refusals.point().filter(|point| point.f1 > best.f1) {
        (*best_threshold, *best) = (threshold, point);
    }
}

fn count(questions: &[(f64, bool)], is_answerable: bool) -> u32 {
    let count = questions.iter().filter(|question| question.1 == is_answerable).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Refusals};

    /// Evidence of answerable and unanswerable questions, AUROC, the best threshold and its F1.
    type Case = (&'static [f64], &'static [f64], f64, f64, f64);

    fn evidence(answerable: &[f64], unanswerable: &[f64]) -> Evidence {
        let mut evidence = Evidence::default();
        answerable.iter().for_each(|value| evidence.add(true, *value));
        unanswerable.iter().for_each(|value| evidence.add(false, *value));
        evidence
    }

    #[test]
    fn separation_is_the_chance_of_the_right_order() {
        let cases: [Case; 5] = [
            (&[0.8, 0.9], &[0.1, 0.2], 1.0, 0.8, 1.0),
            (&[0.1, 0.2], &[0.8, 0.9], 0.0, f64::INFINITY, 2.0 / 3.0),
            (&[0.5], &[0.5], 0.5, f64::INFINITY, 2.0 / 3.0),
            (&[0.3, 0.9], &[0.1, 0.5], 0.75, 0.9, 0.8),
            (&[0.9, 0.9, 0.4], &[0.1, 0.5, 0.5, 0.5], 2.0 / 3.0 + 1.0 / 12.0, 0.9, 8.0 / 9.0),
        ];
        for (answerable, unanswerable, auroc, threshold, f1) in cases {
            let found = evidence(answerable, unanswerable).separation().expect("both kinds");
            assert!((found.auroc - auroc).abs() < 1e-9, "{answerable:?} {unanswerable:?}: {found:?}");
            assert_eq!(found.best_threshold, threshold, "{answerable:?} {unanswerable:?}: {found:?}");
            assert!((found.best.f1 - f1).abs() < 1e-9, "{answerable:?} {unanswerable:?}: {found:?}");
        }
        assert!(evidence(&[0.5], &[]).separation().is_none());
    }

    #[test]
    fn refusing_has_a_precision_and_a_recall() {
        let mut refusals = Refusals::default();
        for (is_answerable, is_refused) in [(false, true), (false, false), (true, true), (true, false)] {
            refusals.add(is_answerable, is_refused);
        }
        let point = refusals.point().expect("unanswerable questions");
        assert_eq!((point.precision, point.recall, point.f1), (0.5, 0.5, 0.5));
        let none =
            Refusals { unanswerable: 2, ..Refusals::default() }.point().expect("unanswerable questions");
        assert_eq!((none.precision, none.recall, none.f1), (0.0, 0.0, 0.0));
        assert!(Refusals { answerable: 3, ..Refusals::default() }.point().is_none());
    }
}
