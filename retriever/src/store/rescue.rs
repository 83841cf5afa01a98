//! What a word that no document holds may have been meant to be: a misspelt one, or two written together.

use std::collections::HashMap;

use embedding::analysis;

/// Fewest letters of a word that is corrected by one mistake, and by two; shorter ones have too many neighbours.
const ONE_MISTAKE: usize = 4;
const TWO_MISTAKES: usize = 8;
/// Most corrections of one word that are searched, all equally near.
const MOST_CORRECTIONS: usize = 3;
/// Fewest letters of a word that another one may be corrected to.
const SHORTEST_WORD: usize = 3;
/// Fewest letters of the parts of a compound.
const SHORTEST_PART: usize = 4;
const SHORTEST_COMPOUND: usize = 8;
/// Fewest letters of a known word that an unknown one may begin with.
const SHORTEST_BEGINNING: usize = 5;
/// Letters that join the parts of German, Dutch and Scandinavian compounds.
const LINKS: [&str; 5] = ["", "s", "n", "en", "es"];

/// What to search in the place of an unknown word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Correction {
    /// The best form.
    pub(super) word: String,
    /// All forms that are equally near, the best one included.
    pub(super) forms: Vec<String>,
    /// Chunks that hold the best form.
    pub(super) chunks: u64,
    /// Letters that differ from the word as asked: 0 to 2.
    pub(super) mistakes: usize,
}

/// The words of a collection and how many chunks hold each. Numbers and codes are left out: a mistyped article number
/// must not find another article.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    chunks: HashMap<Box<str>, u64>,
    by_length: HashMap<usize, Vec<Word>>,
}

#[derive(Debug)]
struct Word {
    text: Box<str>,
    letters: Box<[char]>,
    /// One bit per letter that occurs: words with few common bits cannot be near.
    signature: u64,
    chunks: u64,
}

impl Vocabulary {
    /// Adds a word, unless it holds anything but letters.
    pub(super) fn add(&mut self, text: &str, chunks: u64) {
        let letters: Box<[char]> = text.chars().collect();
        if letters.len() < SHORTEST_WORD || !letters.iter().all(|letter| letter.is_alphabetic()) {
            return;
        }
        *self.chunks.entry(text.into()).or_default() += chunks;
        let word = Word { text: text.into(), signature: signature(&letters), letters, chunks };
        self.by_length.entry(word.letters.len()).or_default().push(word);
    }

    /// Returns the words that an unknown one may stand for: the nearest spelling of its stem or of the word as written,
    /// else the word that it begins with, else the parts of a compound.
    pub(super) fn corrections(&self, stem: &str, written: &str) -> Vec<Correction> {
        let letters = |word: &str| word.chars().collect::<Vec<char>>();
        if !written.chars().all(char::is_alphabetic) {
            return Vec::new();
        }
        let near = [self.nearest(&letters(stem)), self.nearest(&letters(written))].into_iter().flatten();
        match near.min_by_key(|correction| correction.mistakes).or_else(|| self.beginning(stem)) {
            Some(correction) => vec![correction],
            None => self.parts(stem),
        }
    }

    /// Takes up to three letters off the end, which a misspelt ending leaves on the stem.
    fn beginning(&self, stem: &str) -> Option<Correction> {
        let ends = stem.char_indices().map(|(place, _)| place).skip(SHORTEST_BEGINNING).collect::<Vec<_>>();
        ends.iter().rev().take(3).find_map(|&end| stem.get(..end).and_then(|head| self.known(head)))
    }

    fn nearest(&self, letters: &[char]) -> Option<Correction> {
        let most = match letters.len() {
            ..ONE_MISTAKE => return None,
            ONE_MISTAKE..TWO_MISTAKES => 1,
            _ => 2,
        };
        let signature = signature(letters);
        let mut near: Vec<(usize, bool, &Word)> = Vec::new();
        for length in letters.len() - most..=letters.len() + most {
            for word in self.by_length.get(&length).into_iter().flatten() {
                if (word.signature ^ signature).count_ones() as usize <= 2 * most
                    && let Some(mistakes) = mistakes(letters, &word.letters, most)
                {
                    near.push((mistakes, word.letters.first() != letters.first(), word));
                }
            }
        }
        // Short words have many neighbours at one mistake: there the first letter must be right.
        near.retain(|(_, differs, _)| letters.len() > ONE_MISTAKE + 1 || !differs);
        near.sort_by_key(|(mistakes, differs, word)| (*mistakes, *differs, std::cmp::Reverse(word.chunks)));
        let (best_mistakes, best_differs, best) = near.first()?;
        let equal = near
            .iter()
            .take_while(|(mistakes, differs, _)| (mistakes, differs) == (best_mistakes, best_differs));
        let forms = equal.take(MOST_CORRECTIONS).map(|(_, _, word)| word.text.to_string()).collect();
        Some(Correction { word: best.text.to_string(), forms, chunks: best.chunks, mistakes: *best_mistakes })
    }

    /// Cuts a compound into two known words, as late as possible: the last part names the thing.
    fn parts(&self, word: &str) -> Vec<Correction> {
        if word.chars().count() < SHORTEST_COMPOUND {
            return Vec::new();
        }
        let cuts = word.char_indices().map(|(place, _)| place).skip(SHORTEST_PART);
        for (left, right) in cuts.filter_map(|place| word.split_at_checked(place)) {
            let Some(right) = self.known(right) else { continue };
            let left =
                LINKS.iter().filter_map(|link| left.strip_suffix(link)).find_map(|left| self.known(left));
            if let Some(left) = left {
                return vec![left, right];
            }
        }
        Vec::new()
    }

    fn known(&self, part: &str) -> Option<Correction> {
        let chunks = *self.chunks.get(part)?;
        Some(Correction { word: part.to_owned(), forms: vec![part.to_owned()], chunks, mistakes: 1 })
    }
}

fn signature(letters: &[char]) -> u64 {
    letters.iter().fold(0, |bits, &letter| bits | 1 << (u32::from(letter) % 64))
}

/// Returns whether an unknown word is most likely a stop word with one wrong or two swapped letters.
pub(super) fn is_misspelt_stop_word(word: &str, languages: &[&str]) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let is_near = |stop: &str| {
        let stop: Vec<char> = stop.chars().collect();
        stop.len() == letters.len() && mistakes(&letters, &stop, 1).is_some()
    };
    letters.len() >= ONE_MISTAKE
        && languages.iter().any(|language| analysis::stop_words(language).any(is_near))
}

/// Returns how many letters must be changed, added, left out or swapped with their neighbour, if not more than `most`
/// (optimal string alignment).
fn mistakes(left: &[char], right: &[char], most: usize) -> Option<usize> {
    let width = right.len() + 1;
    let (mut before, mut above) = (vec![0; width], (0..width).collect::<Vec<usize>>());
    for (i, &letter) in left.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, &other) in right.iter().enumerate() {
            let changed = above[j] + usize::from(letter != other);
            let mut least = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && letter == right[j - 1] && left[i - 1] == other {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        if row.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|mistakes| *mistakes <= most)
}
