//! Characters as they are compared: without case, accents, look-alikes and what nobody sees.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Returns whether a character takes no room: it is only ever inside a word to hide it.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a character writes a word or a part of one without spaces around it.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Writes a character in lower case, without accents, in its plain form; nothing for what is invisible.
pub(super) fn fold(character: char, mut write: impl FnMut(char)) {
    if character.is_ascii() {
        write(character.to_ascii_lowercase());
    } else if is_invisible(character) || is_combining_mark(character) {
    } else if is_decomposed(character) {
        decompose_compatible(character, |part| {
            if !is_combining_mark(part) {
                part.to_lowercase().for_each(|lower| plain(lower, &mut write));
            }
        });
    } else {
        character.to_lowercase().for_each(write);
    }
}

/// Scripts whose characters fall apart into parts that are no letters to their readers are left as they are.
fn is_decomposed(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{58f}' | '\u{1d00}'..='\u{2bff}' | '\u{fb00}'..='\u{fb06}' | '\u{ff01}'..='\u{ff5e}'
        | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}')
}

/// Letters that no accent makes different, but that many write plainly.
fn plain(character: char, write: &mut impl FnMut(char)) {
    let letters = match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' => "d",
        'ı' => "i",
        '’' | '‘' | 'ʼ' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '−' => "-",
        other => return write(other),
    };
    letters.chars().for_each(write);
}

/// Returns the Latin letter that a Cyrillic or Greek one, in lower case, looks like.
pub(super) fn look_alike(character: char) -> Option<char> {
    Some(match character {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'η' | 'п' => 'n',
        'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ν' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => return None,
    })
}

/// Returns the letter that a digit or sign stands for among letters.
pub(super) fn leet(character: char) -> Option<char> {
    Some(match character {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_accents_forms_and_hidden_characters_make_no_difference() {
        for (written, plain) in [
            ("ÉCOLE", "ecole"),
            ("Straße", "strasse"),
            ("ｉｇｎｏｒｅ", "ignore"),
            ("𝐢𝐠𝐧𝐨𝐫𝐞", "ignore"),
            ("ig\u{200b}no\u{ad}re\u{202e}", "ignore"),
            ("e\u{301}", "e"),
            ("한국어", "한국어"),
            ("プロンプト", "プロンプト"),
            ("Łódź", "lodz"),
            ("\0", "\0"),
        ] {
            let mut folded = String::new();
            written.chars().for_each(|character| fold(character, |part| folded.push(part)));
            assert_eq!(folded, plain, "{written:?}");
        }
    }
}
