//! The exact answers to queries, by comparing with every vector, and what share of them a search found.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::path::Path;
use std::thread;

use anyhow::Context;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::corpus::{Corpus, Query};

/// Chunks in an answer.
pub const DEPTH: usize = 10;
const SHELVES: u32 = 100;

/// Which documents may be found.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Narrowing {
    /// All of them.
    None,
    /// One of a hundred: those whose attribute `shelf` is `0`.
    Narrow,
    /// Every second one: those of kind `md`.
    Wide,
}

/// A query with the chunks that are closest to it, best first, for each narrowing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// Words that go with the query.
    pub question: String,
    /// Among all chunks.
    pub none: Vec<u32>,
    /// Among the chunks of one document in a hundred.
    pub narrow: Vec<u32>,
    /// Among the chunks of every second document.
    pub wide: Vec<u32>,
}

/// The exact answers of all queries, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact(pub Vec<Answer>);

/// The closest chunks that were seen so far.
#[derive(Clone, Debug, Default)]
struct Closest(Vec<(f32, u32)>);

impl Narrowing {
    const ALL: [Self; 3] = [Self::None, Self::Narrow, Self::Wide];

    /// Returns whether a document passes.
    pub fn passes(self, document: u32) -> bool {
        match self {
            Self::None => true,
            Self::Narrow => shelf_of(document) == 0,
            Self::Wide => kind_of(document) == "md",
        }
    }
}

/// Returns the attribute `shelf` of a document, 0 to 99.
pub fn shelf_of(document: u32) -> u32 {
    document % SHELVES
}

/// Returns the kind of a document.
pub fn kind_of(document: u32) -> &'static str {
    if document.is_multiple_of(2) { "md" } else { "html" }
}

impl Answer {
    /// Returns the closest chunks among those that pass.
    pub fn among(&self, narrowing: Narrowing) -> &[u32] {
        match narrowing {
            Narrowing::None => &self.none,
            Narrowing::Narrow => &self.narrow,
            Narrowing::Wide => &self.wide,
        }
    }
}

impl Closest {
    fn add(&mut self, score: f32, chunk: u32) {
        let is_full = self.0.len() == DEPTH;
        if is_full && self.0.last().is_some_and(|&(last, _)| score <= last) {
            return;
        }
        // Equal scores keep the smaller chunk first, whichever thread saw it.
        let at = self.0.partition_point(|&(other, earlier)| (other, chunk) > (score, earlier));
        self.0.insert(at, (score, chunk));
        self.0.truncate(DEPTH);
    }

    fn chunks(self) -> Vec<u32> {
        self.0.into_iter().map(|(_, chunk)| chunk).collect()
    }
}

impl Exact {
    /// Compares every query with every chunk, on all processors.
    ///
    /// # Errors
    /// When a thread fails.
    pub fn search(corpus: &Corpus, queries: u32) -> anyhow::Result<Self> {
        let queries: Vec<Query> = (0..queries).map(|number| corpus.query(number)).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let compare = |first: usize| {
            let documents = (0..corpus.documents()).skip(first).step_by(threads);
            compare(corpus, &queries, documents)
        };
        let parts: Vec<Vec<[Closest; 3]>> = thread::scope(|scope| {
            let started: Vec<_> = (0..threads).map(|first| scope.spawn(move || compare(first))).collect();
            started.into_iter().map(|thread| thread.join().ok()).collect::<Option<_>>()
        })
        .context("a thread of the exact search failed")?;
        let mut whole = vec![<[Closest; 3]>::default(); queries.len()];
        for part in parts {
            for (whole, part) in whole.iter_mut().flatten().zip(part.into_iter().flatten()) {
                part.0.into_iter().for_each(|(score, chunk)| whole.add(score, chunk));
            }
        }
        let answer = |(query, [none, narrow, wide]): (Query, [Closest; 3])| Answer {
            question: query.question,
            none: none.chunks(),
            narrow: narrow.chunks(),
            wide: wide.chunks(),
        };
        Ok(Self(queries.into_iter().zip(whole).map(answer).collect()))
    }

    /// Reads what `export` wrote: an answer a line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let answers = BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?));
        answers.collect::<anyhow::Result<_>>().map(Self).with_context(|| format!("in {}", path.display()))
    }
}

fn compare(corpus: &Corpus, queries: &[Query], documents: impl Iterator<Item = u32>) -> Vec<[Closest; 3]> {
    let mut closest = vec![<[Closest; 3]>::default(); queries.len()];
    for document in documents {
        for chunk in corpus.chunks_of(document) {
            let vector = corpus.vector(chunk);
            for (closest, query) in closest.iter_mut().zip(queries) {
                let score = dot(&query.vector, &vector);
                for (closest, narrowing) in closest.iter_mut().zip(Narrowing::ALL) {
                    if narrowing.passes(document) {
                        closest.add(score, chunk);
                    }
                }
            }
        }
    }
    closest
}

/// Sums in lanes, because the compiler must not reorder one sum of floats.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut lanes = [0.0f32; LANES];
    for (left, right) in left.iter().zip(right) {
        for ((lane, left), right) in lanes.iter_mut().zip(left).zip(right) {
            *lane += left * right;
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Returns recall@10: the share of the exact answer's chunks that are among the first ten found; nothing where there is
/// nothing to find.
pub fn recall(exact: &[u32], found: &[u32]) -> Option<f64> {
    let found = &found[..found.len().min(DEPTH)];
    let hits = exact.iter().filter(|chunk| found.contains(chunk)).count();
    (!exact.is_empty()).then(|| hits as f64 / exact.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::{Answer, Closest, Corpus, DEPTH, Exact, Narrowing, recall};
    use crate::retrieval::corpus::Shape;

    fn corpus() -> Corpus {
        Corpus::new(Shape { chunks: 4_100, dimensions: 33, seed: 3 }).unwrap()
    }

    fn naive(corpus: &Corpus, query: u32, narrowing: Narrowing) -> Vec<u32> {
        let query = corpus.query(query);
        let passing = (0..4_100).filter(|chunk| narrowing.passes(chunk / 20));
        let score = |chunk| -> f64 {
            let vector = corpus.vector(chunk);
            query.vector.iter().zip(vector).map(|(left, right)| f64::from(*left) * f64::from(right)).sum()
        };
        let mut scored: Vec<(f64, u32)> = passing.map(|chunk| (score(chunk), chunk)).collect();
        scored.sort_by(|left, right| right.0.total_cmp(&left.0));
        scored.into_iter().take(DEPTH).map(|(_, chunk)| chunk).collect()
    }

    #[test]
    fn the_exact_answer_is_that_of_a_full_sort() {
        let corpus = corpus();
        let Exact(answers) = Exact::search(&corpus, 4).unwrap();
        for (number, answer) in (0..).zip(&answers) {
            for narrowing in Narrowing::ALL {
                let expected = naive(&corpus, number, narrowing);
                assert_eq!(answer.among(narrowing), expected, "{narrowing:?}");
                assert!(expected.iter().all(|chunk| narrowing.passes(chunk / 20)));
            }
        }
    }

    #[test]
    fn narrow_is_one_document_in_a_hundred_and_wide_every_second() {
        let count = |narrowing: Narrowing| (0..1_000).filter(|&document| narrowing.passes(document)).count();
        assert_eq!(Narrowing::ALL.map(count), [1_000, 10, 500]);
    }

    #[test]
    fn equal_scores_are_ordered_by_chunk_whatever_came_first() {
        for order in [[4, 2, 9], [9, 4, 2], [2, 9, 4]] {
            let mut closest = Closest::default();
            order.into_iter().for_each(|chunk| closest.add(0.5, chunk));
            closest.add(0.7, 11);
            assert_eq!(closest.chunks(), [11, 2, 4, 9]);
        }
    }

    #[test]
    fn recall_counts_the_first_ten_found() {
        let exact: Vec<u32> = (0..10).collect();
        for (found, expected) in [
            ((0..10).rev().collect::<Vec<u32>>(), 1.0),
            ((5..15).collect(), 0.5),
            (Vec::new(), 0.0),
            // What stands behind ten wrong ones does not count.
            ((20..30).chain(0..10).collect(), 0.0),
        ] {
            assert_eq!(recall(&exact, &found), Some(expected), "{found:?}");
        }
        assert_eq!(recall(&[3, 4], &[4, 5]), Some(0.5));
        assert_eq!(recall(&[], &[1]), None);
    }

    #[test]
    fn answers_survive_their_file() {
        let answer = Answer { question: "bo da".to_owned(), none: vec![1, 2], narrow: vec![], wide: vec![2] };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let line = serde_json::to_string(&answer).unwrap();
        std::io::Write::write_all(&mut file, format!("{line}\n{line}\n").as_bytes()).unwrap();
        assert_eq!(Exact::read(file.path()).unwrap(), Exact(vec![answer.clone(), answer]));
    }
}
