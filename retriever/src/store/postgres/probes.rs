//! What the word index is asked. A question's common words match most chunks and tell little, so the rare ones choose
//! which chunks are looked at, and the common ones are asked for only among those.

use super::lexemes::lexeme;
use crate::store::question::Asked;

/// Chunks that the rare terms together may match; each costs the server about two microseconds.
const MOST_RARE: u64 = 600;
/// Rarest terms that are asked for in pairs where every term is common.
const PAIRED: usize = 4;
/// Chunks that one probe may give, where nothing rarer was asked.
pub(super) const MOST_ROWS: i32 = 2_000;

/// Queries for the word index, each with the weight that a match gives.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Probes {
    pub(super) queries: Vec<String>,
    pub(super) weights: Vec<f32>,
}

struct Term {
    query: String,
    chunks: u64,
    weight: f32,
}

impl Probes {
    /// Returns the probes of a question. `collections` are the numbers of those searched, which hold `chunks` in all.
    pub(super) fn new(asked: &[Asked], collections: &[i32], chunks: u64) -> Self {
        let known = asked.iter().filter(|term| term.shown.chunks > 0);
        let term = |asked: &Asked| Term {
            query: query(&asked.forms, collections),
            chunks: asked.shown.chunks,
            weight: asked.shown.weight * rarity(asked.shown.chunks, chunks),
        };
        let mut terms: Vec<Term> = known.map(term).collect();
        terms.sort_by_key(|term| term.chunks);
        let mut matched = 0;
        let is_rare = |term: &&Term| {
            matched += term.chunks;
            matched <= MOST_RARE
        };
        let rare = terms.iter().take_while(is_rare).count();
        let (rare, common) = terms.split_at(rare);
        let mut probes = Self::default();
        if rare.is_empty() {
            probes.add_pairs(common);
            return probes;
        }
        rare.iter().for_each(|term| probes.add(term.query.clone(), term.weight));
        let any_rare = rare.iter().map(|term| format!("({})", term.query)).collect::<Vec<_>>().join(" | ");
        for term in common {
            probes.add(format!("({any_rare}) & ({})", term.query), term.weight);
        }
        probes
    }

    fn add(&mut self, query: String, weight: f32) {
        self.queries.push(query);
        self.weights.push(weight);
    }

    /// Asks for chunks with at least two of the rarest terms, and for those with the rarest alone.
    fn add_pairs(&mut self, common: &[Term]) {
        let rarest = common.get(..PAIRED.min(common.len())).unwrap_or_default();
        for (place, left) in rarest.iter().enumerate() {
            for right in rarest.iter().skip(place + 1) {
                self.add(format!("({}) & ({})", left.query, right.query), left.weight + right.weight);
            }
        }
        if let Some(first) = rarest.first() {
            self.add(first.query.clone(), first.weight);
        }
    }
}

/// Returns the query for chunks with any of the forms in any of the collections.
pub(super) fn query(forms: &[String], collections: &[i32]) -> String {
    let lexemes =
        forms.iter().flat_map(|form| collections.iter().map(|collection| lexeme(*collection, form)));
    lexemes.collect::<Vec<_>>().join(" | ")
}

/// Inverse document frequency as BM25 has it in Lucene: always positive.
#[expect(clippy::cast_precision_loss, reason = "a weight needs no more than the leading digits")]
fn rarity(holding: u64, all: u64) -> f32 {
    let (holding, all) = (holding as f32, all.max(holding) as f32);
    (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use super::{Asked, Probes};
    use crate::store::QuestionTerm;

    fn asked(terms: &[(&str, u64)]) -> Vec<Asked> {
        let term = |(text, chunks): &(&str, u64)| Asked {
            shown: QuestionTerm { text: (*text).to_owned(), chunks: *chunks, weight: 1.0 },
            forms: vec![(*text).to_owned()],
        };
        terms.iter().map(term).collect()
    }

    #[test]
    fn common_words_are_asked_for_among_the_chunks_with_a_rare_one() {
        let probes =
            Probes::new(&asked(&[("the", 90_000), ("brake", 40), ("disc", 500), ("none", 0)]), &[7], 100_000);
        assert_eq!(probes.queries, ["'7:brake'", "'7:disc'", "(('7:brake') | ('7:disc')) & ('7:the')"],);
        assert!(probes.weights.is_sorted_by(|left, right| left >= right));
    }

    #[test]
    fn a_question_of_common_words_asks_for_pairs() {
        let probes = Probes::new(&asked(&[("a", 9_000), ("b", 8_000)]), &[1, 2], 100_000);
        assert_eq!(probes.queries, ["('1:b' | '2:b') & ('1:a' | '2:a')", "'1:b' | '2:b'"]);
        assert_eq!(Probes::new(&asked(&[("x", 0)]), &[1], 10), Probes::default());
    }
}
