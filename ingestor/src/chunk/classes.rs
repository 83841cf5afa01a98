//! What characters do to the bounds of words and sentences: the classes of UAX 29
//! (<https://www.unicode.org/reports/tr29/>), for those of Latin, Greek and Cyrillic text. It knows no rules.

/// Class of a character for the bounds of sentences, without those that `is_common` shuts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InSentence {
    Lower,
    Upper,
    /// A letter without case.
    Letter,
    Digit,
    /// A closing or opening mark: brackets and quotes.
    Close,
    Space,
    /// A mark after which a sentence goes on.
    Continue,
    FullStop,
    /// A mark that ends a sentence, whatever comes.
    Stop,
    /// A line feed or a carriage return.
    LineEnd,
    Other,
}

/// Class of a character for the bounds of words, without those that `is_common` shuts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InWord {
    Letter,
    Digit,
    /// It belongs to any word beside it, and is none by itself.
    Joiner,
    /// It stands inside a word between two letters.
    MidLetter,
    /// It stands inside a word between two digits.
    MidDigit,
    /// It stands inside a word between two letters or two digits.
    Mid,
    /// It is a word by itself.
    Alone,
    Other,
}

/// Returns whether the classes below hold for a character. Combining marks are not among them, nor are scripts that
/// end sentences with marks of their own.
pub(super) fn is_common(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{b7}' | '\u{b9}'..='\u{2af}' => true,
        // Greek without its question mark, Cyrillic without its combining marks, Latin with two marks on a letter, Han.
        '\u{388}'..='\u{3ff}' | '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{1e00}'..='\u{1eff}' => {
            true
        }
        '\u{4e00}'..='\u{9fff}' => true,
        // Dashes, quotes, bullets, ellipsis, primes; a narrow space; the euro, the trade mark, arrows, the minus.
        '\u{2010}'..='\u{2023}' | '\u{2025}' | '\u{2026}' | '\u{202f}' => true,
        '\u{2030}'..='\u{203a}' | '\u{20ac}' | '\u{2122}' | '\u{2190}'..='\u{2193}' | '\u{2212}' => true,
        _ => false,
    }
}

pub(super) fn in_sentence(c: char) -> InSentence {
    match c {
        'a'..='z' => InSentence::Lower,
        'A'..='Z' => InSentence::Upper,
        '0'..='9' => InSentence::Digit,
        '.' => InSentence::FullStop,
        '!' | '?' => InSentence::Stop,
        '\n' | '\r' => InSentence::LineEnd,
        ' ' | '\t' | '\u{b}' | '\u{c}' | '\u{a0}' | '\u{202f}' => InSentence::Space,
        ',' | '-' | ':' | ';' | '\u{2013}' | '\u{2014}' => InSentence::Continue,
        '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | '«' | '»' => InSentence::Close,
        '\u{2018}'..='\u{201f}' | '‹' | '›' => InSentence::Close,
        _ if c.is_lowercase() => InSentence::Lower,
        _ if c.is_uppercase() || is_title_case(c) => InSentence::Upper,
        _ if c.is_alphabetic() => InSentence::Letter,
        _ => InSentence::Other,
    }
}

/// Letters such as `ǅ`, whose first part is a capital.
fn is_title_case(c: char) -> bool {
    matches!(c, '\u{1c5}' | '\u{1c8}' | '\u{1cb}' | '\u{1f2}')
}

/// Returns the class of the character that begins at a byte, and its length; nothing at the end of the text.
pub(super) fn in_word_at(text: &str, place: usize) -> Option<(InWord, usize)> {
    let byte = text.as_bytes().get(place)?;
    match ASCII.get(usize::from(*byte)) {
        Some(class) => Some((*class, 1)),
        None => text.get(place..)?.chars().next().map(|c| (beyond_ascii(c), c.len_utf8())),
    }
}

fn beyond_ascii(c: char) -> InWord {
    match c {
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='\u{24f}' => InWord::Letter,
        '\u{b7}' => InWord::MidLetter,
        '\u{2018}' | '\u{2019}' => InWord::Mid,
        '\u{202f}' => InWord::Joiner,
        '\u{4e00}'..='\u{9fff}' => InWord::Alone,
        _ if c.is_alphabetic() => InWord::Letter,
        _ if c.is_numeric() => InWord::Alone,
        _ => InWord::Other,
    }
}

const ASCII: [InWord; 128] = {
    let mut classes = [InWord::Other; 128];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => InWord::Letter,
            b'0'..=b'9' => InWord::Digit,
            b'_' => InWord::Joiner,
            b':' => InWord::MidLetter,
            b',' | b';' => InWord::MidDigit,
            b'.' | b'\'' => InWord::Mid,
            _ => InWord::Other,
        };
        byte += 1;
    }
    classes
};

#[cfg(test)]
pub(super) mod samples;
