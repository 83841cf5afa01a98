//! How many tokens a language model would count in a text. It is an estimate: no model's vocabulary is held here.

use crate::analysis::is_dense;

/// Letters of an alphabet that one token covers on average in English prose.
const LETTERS_PER_TOKEN: u32 = 4;

/// Returns about how many tokens a language model would count; never 0 for a text that is not empty.
///
/// A word of an alphabet costs a token for each four letters begun (three outside ASCII), a run of digits one for
/// each three, a mark of punctuation one, and a character of a script without spaces one.
pub fn estimate_tokens(text: &str) -> u32 {
    let (mut tokens, mut word, mut rest) = (0u32, Word::default(), text);
    loop {
        let letters = leading_letters(rest.as_bytes());
        word.letters = word.letters.saturating_add(u32::try_from(letters).unwrap_or(u32::MAX));
        let mut after = rest.get(letters..).unwrap_or_default().chars();
        let Some(character) = after.next() else { break };
        rest = after.as_str();
        // What most words end with has a branch of its own, which is foreseen more often than a table's.
        if character == ' ' {
            tokens = tokens.saturating_add(word.take_tokens());
            continue;
        }
        match kind(character) {
            Kind::Digit => word.digits = word.digits.saturating_add(1),
            Kind::LetterBeyondAscii => {
                word.letters = word.letters.saturating_add(1);
                word.is_beyond_ascii = true;
            }
            Kind::Space => tokens = tokens.saturating_add(word.take_tokens()),
            Kind::Single => tokens = tokens.saturating_add(word.take_tokens()).saturating_add(1),
        }
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
    /// Returns the tokens of this word, and begins another.
    fn take_tokens(&mut self) -> u32 {
        let Self { letters, digits, is_beyond_ascii } = std::mem::take(self);
        // Two divisions by constants, which cost a multiplication each.
        let of_letters = if is_beyond_ascii {
            letters.div_ceil(LETTERS_PER_TOKEN - 1)
        } else {
            letters.div_ceil(LETTERS_PER_TOKEN + 1)
        };
        of_letters.saturating_add(digits.div_ceil(3))
    }
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
    use super::{estimate_tokens, leading_letters};

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
