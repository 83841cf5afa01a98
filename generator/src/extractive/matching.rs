//! How well a word of a document stands for a word of the question.

use super::concepts::Concepts;
use super::terms::{Kind, Word};

const SAME_STEM: f32 = 1.0;
pub(crate) const TYPING_SLIP: f32 = 0.8;
const SAME_MATTER: f32 = 0.7;
const RELATED_FORM: f32 = 0.6;

/// Letters from which a typing slip is told from another word.
const SLIP_LETTERS: usize = 5;
const TWO_SLIPS_LETTERS: usize = 9;
/// Letters that two related forms have in common at least.
const RELATED_LETTERS: usize = 5;

/// Returns how well `written` stands for `asked`: 0 (not at all) to 1 (the same word).
pub(crate) fn credit(asked: &Word, asked_concepts: Concepts, written: &Word) -> f32 {
    if asked.key == written.key {
        return SAME_STEM;
    }
    if !asked_concepts.is_empty() && asked_concepts.meets(Concepts::of(&written.folded)) {
        return SAME_MATTER;
    }
    if asked.kind != Kind::Word || written.kind != Kind::Word {
        return 0.0;
    }
    let asked_letters: Vec<char> = asked.folded.chars().collect();
    let written_letters: Vec<char> = written.folded.chars().collect();
    if is_slip(&asked_letters, &written_letters) {
        return TYPING_SLIP;
    }
    if is_related(&asked_letters, &written_letters) || is_part(&asked.key, &written.folded) {
        return RELATED_FORM;
    }
    0.0
}

fn is_slip(one: &[char], other: &[char]) -> bool {
    let shorter = one.len().min(other.len());
    let allowed = match shorter {
        ..SLIP_LETTERS => return false,
        SLIP_LETTERS..TWO_SLIPS_LETTERS => 1,
        _ => 2,
    };
    one.len().abs_diff(other.len()) <= allowed
        && one.first() == other.first()
        && distance(one, other) <= allowed
}

/// Whether two words share a beginning that is most of both, as `deliver` and `delivery` in any language.
fn is_related(one: &[char], other: &[char]) -> bool {
    let shared = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    shared >= RELATED_LETTERS && shared * 10 >= one.len().max(other.len()) * 6
}

/// Whether a compound holds the word, as `sonntagsfahrplan` holds `fahrplan`.
fn is_part(asked: &str, written: &str) -> bool {
    asked.chars().count() >= RELATED_LETTERS && (written.starts_with(asked) || written.ends_with(asked))
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours, one each.
fn distance(one: &[char], other: &[char]) -> usize {
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for i in 1..=one.len() {
        let mut row = vec![i; width];
        for j in 1..width {
            let replaced = last[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            let is_swap = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if is_swap {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::language::Language;
    use super::super::terms::Analyzer;
    use super::{Concepts, credit};

    #[test]
    fn a_word_counts_by_how_near_it_is() {
        let cases = [
            ("open", "opening", 1.0),
            ("open", "hours", 0.7),
            ("riemnan", "riemann", 0.8),
            ("delivering", "deliverable", 0.7),
            ("photographer", "photography", 0.8),
            ("kilometre", "kilometer", 0.8),
            ("market", "supermarket", 0.6),
            ("1944", "1945", 0.0),
            ("HL-365V93", "HL-365V94", 0.0),
            ("lamp", "lamb", 0.0),
        ];
        let analyzer = Analyzer::new(Language::English);
        for (asked, written, expected) in cases {
            let asked_word = analyzer.question_words(asked).remove(0);
            let concepts = Concepts::of(&asked_word.folded);
            let best = analyzer
                .words(written)
                .iter()
                .map(|word| credit(&asked_word, concepts, word))
                .fold(0.0, f32::max);
            assert!((best - expected).abs() < f32::EPSILON, "{asked} {written}: {best}");
        }
    }
}
