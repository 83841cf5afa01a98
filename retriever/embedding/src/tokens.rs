//! How many tokens a language model would count in a text. It is an estimate: no model's vocabulary is held here.

use crate::analysis::is_dense;
use crate::marks::{block_at, marks};

/// Letters that one token covers.
const ASCII_LETTERS_PER_TOKEN: u32 = 5;
const OTHER_LETTERS_PER_TOKEN: u32 = 3;

/// Fewer bytes are looked at one by one.
const LEAST_COMMON_BYTES: u32 = 8;
/// So many bytes are looked at one by one before the next look at a block.
const LEAST_OTHER_BYTES: usize = 16;
const BLOCK_BITS: u32 = u64::BITS;

/// Returns about how many tokens a language model would count; never 0 for a text that is not empty.
///
/// A word of an alphabet costs a token for each five letters begun (three outside ASCII), a run of digits one for
/// each three, a mark of punctuation one, and a character of a script without spaces one.
pub fn estimate_tokens(text: &str) -> u32 {
    let (mut tokens, mut word, mut rest) = (0_u32, Word::default(), text);
    while !rest.is_empty() {
        let (of_part, after) = word.common_tokens(rest).unwrap_or_else(|| word.tokens_one_by_one(rest));
        tokens = tokens.saturating_add(of_part);
        rest = after;
    }
    tokens.saturating_add(word.take_tokens()).max(u32::from(!text.is_empty()))
}

/// Returns how many bytes at the start are ASCII letters. It looks at eight at once: most words are not longer, so no
/// branch depends on their length.
pub fn leading_letters(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<8>();
    for (place, block) in blocks.iter().enumerate() {
        let others = !letters(u64::from_le_bytes(*block)) & EACH_HIGH_BIT;
        if others != 0 {
            // Eight bits a byte; the count of trailing zeros is below 64.
            return place * 8 + others.trailing_zeros() as usize / 8;
        }
    }
    bytes.len() - rest.len() + rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()
}

const EACH_BYTE: u64 = 0x0101_0101_0101_0101;
const EACH_HIGH_BIT: u64 = 0x80 * EACH_BYTE;

/// Sets the high bit of each byte that is an ASCII letter; other bits mean nothing.
fn letters(block: u64) -> u64 {
    // Small letters, and seven bits: no sum below reaches into the next byte.
    let small = (block | (0x20 * EACH_BYTE)) & (0x7f * EACH_BYTE);
    let from_a = small + u64::from(0x80 - b'a') * EACH_BYTE;
    let beyond_z = small + u64::from(0x7f - b'z') * EACH_BYTE;
    from_a & !beyond_z & !block
}

/// Letters and digits that stand together.
#[derive(Debug, Default)]
struct Word {
    letters: u32,
    digits: u32,
    is_beyond_ascii: bool,
}

impl Word {
    /// Returns the tokens of the words that end in the ASCII without digits at the start of a text, at most a block of
    /// it, and the text after that; nothing where there is too little of it. What ends with it is this word from then on.
    fn common_tokens<'a>(&mut self, text: &'a str) -> Option<(u32, &'a str)> {
        if self.digits > 0 || self.is_beyond_ascii {
            return None;
        }
        let block = block_at(text.as_bytes(), 0);
        let rare = marks(&block, |byte| byte.is_ascii_digit() | !byte.is_ascii());
        let length = rare.trailing_zeros();
        if length < LEAST_COMMON_BYTES {
            return None;
        }
        let after = text.get(length as usize..).unwrap_or_default();
        let all = u64::MAX >> (BLOCK_BITS - length);
        let letters = all & marks(&block, |byte| byte.is_ascii_alphabetic());
        if letters == all {
            self.letters = self.letters.saturating_add(length);
            return Some((0, after));
        }
        let spaces = marks(&block, |byte| (byte == b' ') | (byte.wrapping_sub(b'\t') < 5));
        let (first, last) = (letters.trailing_ones(), (letters << (BLOCK_BITS - length)).leading_ones());
        self.letters = self.letters.saturating_add(first);
        let tokens = self.take_tokens().saturating_add((all & !letters & !spaces).count_ones());
        self.letters = last;
        let within = letters & (u64::MAX << first) & (all >> last);
        Some((tokens.saturating_add(run_tokens(within)), after))
    }

    /// Returns the tokens of the words that end in the next characters, some of which may be of any kind, and the text
    /// after the last of these words.
    fn tokens_one_by_one<'a>(&mut self, text: &'a str) -> (u32, &'a str) {
        let (mut tokens, mut rest, mut is_inside) = (0_u32, text, true);
        while is_inside || text.len() - rest.len() < LEAST_OTHER_BYTES {
            let letters = leading_letters(rest.as_bytes());
            self.letters = self.letters.saturating_add(u32::try_from(letters).unwrap_or(u32::MAX));
            let mut after = rest.get(letters..).unwrap_or_default().chars();
            let Some(character) = after.next() else { return (tokens, "") };
            rest = after.as_str();
            is_inside = false;
            // What most words end with has a branch of its own, which is foreseen more often than a table's.
            if character == ' ' {
                tokens = tokens.saturating_add(self.take_tokens());
                continue;
            }
            match kind(character) {
                Kind::Digit => {
                    self.digits = self.digits.saturating_add(1);
                    is_inside = true;
                }
                Kind::LetterBeyondAscii => {
                    is_inside = true;
                    self.letters = self.letters.saturating_add(1);
                    self.is_beyond_ascii = true;
                }
                Kind::Space => tokens = tokens.saturating_add(self.take_tokens()),
                Kind::Single => tokens = tokens.saturating_add(self.take_tokens()).saturating_add(1),
            }
        }
        (tokens, rest)
    }

    /// Returns the tokens of this word, and begins another.
    fn take_tokens(&mut self) -> u32 {
        let Self { letters, digits, is_beyond_ascii } = std::mem::take(self);
        // Two divisions by constants, which cost a multiplication each.
        let of_letters = if is_beyond_ascii {
            letters.div_ceil(OTHER_LETTERS_PER_TOKEN)
        } else {
            letters.div_ceil(ASCII_LETTERS_PER_TOKEN)
        };
        of_letters.saturating_add(digits.div_ceil(3))
    }
}

/// Returns the tokens of runs of letters: one for each that begins, and one after each [`ASCII_LETTERS_PER_TOKEN`] in it.
fn run_tokens(letters: u64) -> u32 {
    let two = letters & letters << 1;
    let four = two & two << 2;
    // Letters that stand after five others.
    let after_a_token = four & two << 4;
    let mut begun = letters & !(letters << 1);
    let mut tokens = 0;
    while begun != 0 {
        tokens += begun.count_ones();
        begun = begun << ASCII_LETTERS_PER_TOKEN & after_a_token;
    }
    tokens
}

/// What a character that is no ASCII letter counts as.
#[derive(Clone, Copy, Debug)]
enum Kind {
    LetterBeyondAscii,
    Digit,
    Space,
    /// A token by itself.
    Single,
}

fn kind(character: char) -> Kind {
    match ASCII.get(character as usize) {
        Some(kind) => *kind,
        None if matches!(character, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}') => Kind::LetterBeyondAscii,
        None if is_dense(character) => Kind::Single,
        None if character.is_alphanumeric() => Kind::LetterBeyondAscii,
        None if character.is_whitespace() => Kind::Space,
        None => Kind::Single,
    }
}

/// The kinds of ASCII in a table: most text is ASCII, and each chunk of each document passes here.
const ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Single; 128];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => Kind::Digit,
            b' ' | b'\t'..=b'\r' => Kind::Space,
            _ => Kind::Single,
        };
        byte += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::{Word, estimate_tokens, leading_letters};

    #[test]
    fn an_estimate_grows_with_the_text_and_is_near_what_models_count() {
        for (text, low, high) in [
            ("", 0, 0),
            (" ", 1, 1),
            ("Hello, world!", 4, 5),
            ("The shop opens at nine and closes at six in the evening.", 11, 16),
            ("Donaudampfschifffahrtsgesellschaft", 6, 12),
            ("退货政策是什么", 5, 9),
            ("1234567890", 3, 5),
        ] {
            let estimate = estimate_tokens(text);
            assert!((low..=high).contains(&estimate), "{text}: {estimate}");
        }
    }

    #[test]
    fn blocks_count_what_characters_one_by_one_count() {
        // A fixed sequence of texts: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>) chooses runs of all lengths.
        let mut state = 7_u64;
        let mut below = |bound: u64| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((mixed ^ (mixed >> 27)) >> 11) % bound
        };
        for round in 0..20_000 {
            let mut text = String::new();
            for _ in 0..below(30) {
                // Most rounds have common text only.
                let kinds = if round % 4 == 0 { 9 } else { 5 };
                let (part, most) = [
                    ("x", 20),
                    (" ", 2),
                    ("Q", 9),
                    (". ", 2),
                    ("\t(", 2),
                    ("7", 8),
                    ("é", 6),
                    ("退", 3),
                    ("w", 150),
                ][usize::try_from(below(kinds)).unwrap()];
                text.extend(std::iter::repeat_n(part, usize::try_from(below(most)).unwrap()));
            }
            let (mut word, mut rest, mut expected) = (Word::default(), text.as_str(), 0);
            while !rest.is_empty() {
                let (tokens, after) = word.tokens_one_by_one(rest);
                (expected, rest) = (expected + tokens, after);
            }
            expected = (expected + word.take_tokens()).max(u32::from(!text.is_empty()));
            assert_eq!(estimate_tokens(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn letters_are_told_from_every_other_byte() {
        for length in 0..20 {
            for byte in 0..=u8::MAX {
                let mut bytes = vec![b'x'; length];
                bytes.push(byte);
                bytes.extend_from_slice(b"Zz.Aa");
                let expected = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                assert_eq!(leading_letters(&bytes), expected, "{bytes:?}");
            }
        }
    }
}
