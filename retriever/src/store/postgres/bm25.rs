//! The score by words: BM25 as SQLite's FTS5 computes it, so that both stores rank alike.

/// Saturation of repeated terms and weight of the length, the usual values.
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// Least inverse document frequency, for terms that more than half of the chunks hold.
const LEAST_RARITY: f32 = 1e-6;

/// Statistics of one collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    /// Chunks.
    pub(super) chunks: u64,
    /// Occurrences of all terms in them.
    pub(super) terms: u64,
}

impl Statistics {
    /// Returns the score of a chunk of `length` terms for one form, which it holds `occurrences` times and `holding`
    /// chunks of the collection hold.
    pub(super) fn score(self, occurrences: f32, holding: u64, length: u32) -> f32 {
        if occurrences <= 0.0 {
            return 0.0;
        }
        let (all, holding) = (number(self.chunks), number(holding));
        let rarity = ((all - holding + 0.5) / (holding + 0.5)).ln().max(LEAST_RARITY);
        let mean = number(self.terms) / all.max(1.0);
        let relative = number(u64::from(length)) / mean.max(f32::EPSILON);
        rarity * occurrences * (K1 + 1.0) / (occurrences + K1 * (1.0 - B + B * relative))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a score needs no more than the leading digits")]
fn number(count: u64) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::Statistics;

    #[test]
    fn rare_repeated_and_short_count_more() {
        let all = Statistics { chunks: 1_000, terms: 100_000 };
        let base = all.score(1.0, 10, 100);
        assert!(
            (base - (990.5f32 / 10.5).ln()).abs() < 1e-4,
            "at the mean length the saturation is 1: {base}"
        );
        assert!(all.score(1.0, 100, 100) < base && all.score(2.0, 10, 100) > base);
        assert!(all.score(1.0, 10, 200) < base && all.score(1.0, 10, 50) > base);
        assert!(all.score(1.0, 900, 100) > 0.0, "a term of most chunks still counts a little");
        assert!(all.score(0.0, 10, 100).abs() < f32::EPSILON);
    }
}
