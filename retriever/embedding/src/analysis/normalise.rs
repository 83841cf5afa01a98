//! One spelling for text that looks the same: compatibility forms, case, marks, digits, hyphens and apostrophes.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns the text in compatibility form and lower case; invisible characters, Arabic vowel signs and stretching, and
/// Hebrew points are gone; digits are ASCII; hyphens are `-` and apostrophes `'`. Accents stay, see [`fold`].
pub fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let other = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        // The last of them may belong to a mark that follows; ASCII itself has only one form.
        let ascii = if other < rest.len() { other.saturating_sub(1) } else { other };
        let (plain_part, after) = rest.split_at(ascii);
        push_ascii(plain_part, &mut out);
        let end = after
            .bytes()
            .enumerate()
            .skip(1)
            .skip_while(|(_, byte)| byte.is_ascii())
            .find(|(_, byte)| byte.is_ascii())
            .map_or(after.len(), |(place, _)| place);
        let (composed, next) = after.split_at(end);
        push_composed(composed, &mut out);
        rest = next;
    }
    out
}

fn push_ascii(text: &str, out: &mut String) {
    let start = out.len();
    if text.contains('`') {
        out.push_str(&text.replace('`', "'"));
    } else {
        out.push_str(text);
    }
    if let Some(new) = out.get_mut(start..) {
        new.make_ascii_lowercase();
    }
}

fn push_composed(text: &str, out: &mut String) {
    let lower = text.nfkc().flat_map(char::to_lowercase);
    out.extend(lower.filter_map(plain));
}

/// As [`fold`]; a word of ASCII is given back.
pub(super) fn folded(word: String) -> String {
    if word.is_ascii() { word } else { fold(&word) }
}

/// Returns a normalised word without accents: `ä` becomes `a`, `ß` becomes `ss`, `й` becomes `и`.
pub fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for character in word.nfd().filter(|&character| !is_accent(character)) {
        match character {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ł' => out.push('l'),
            'ı' => out.push('i'),
            'ς' => out.push('σ'),
            other => out.push(other),
        }
    }
    // Hangul falls apart in NFD and is put together again here.
    out.nfc().collect()
}

/// Whether a mark only decorates its letter. Marks of Indic and South-East Asian scripts are vowels and stay.
fn is_accent(character: char) -> bool {
    is_combining_mark(character)
        && matches!(u32::from(character), 0x0300..=0x036F | 0x0483..=0x0489 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x0653..=0x0655)
}

fn plain(character: char) -> Option<char> {
    if character.is_ascii() && character != '`' {
        return Some(character);
    }
    let kept = match character {
        // Soft hyphen, joiners, direction marks, byte order mark, variation selectors, dot left over from `İ`.
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => {
            return None;
        }
        '\u{fe00}'..='\u{fe0f}' | '\u{307}' => return None,
        // Arabic vowel signs and stretching; Hebrew points and accents.
        '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65f}' | '\u{670}' => {
            return None;
        }
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' => {
            return None;
        }
        // Letters that Arabic and Persian writers use for one another.
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ک' => 'ك',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{5be}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}' | '\u{2032}' => '\'',
        other => ascii_digit(other).unwrap_or(other),
    };
    Some(kept)
}

/// Zeros of the decimal digits that are turned into ASCII.
const ZEROS: [u32; 6] = [0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xED0];

fn ascii_digit(character: char) -> Option<char> {
    let code = u32::from(character);
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{normalise, push_composed};

    fn composed(text: &str) -> String {
        let mut out = String::new();
        push_composed(text, &mut out);
        out
    }

    #[test]
    fn the_short_way_for_ascii_changes_nothing() {
        for text in [
            "",
            "a",
            "Plain ASCII",
            "e\u{301}te\u{301}",
            "x\u{301}\u{302}A",
            "ﬁne İstanbul Ⅻ",
            "ab가\u{11a8}c",
            "’Tis–A",
            "`A` \u{301}`B",
        ] {
            assert_eq!(normalise(text), composed(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_normalised_as_in_one_piece(text in "([a-zA-Z0-9 '\\-`]{0,6}\\PC{0,3}[\\u{300}-\\u{330}]{0,2}){0,8}") {
            prop_assert_eq!(normalise(&text), composed(&text));
        }
    }
}
