//! Puts letters together to words as they are drawn.

use formats::Hidden;

use super::Word;

/// A wider gap between letters, in font sizes, is a space: kerning stays below, the spaces of narrow justified lines above.
const SPACE: f32 = 0.13;
/// How far letters of a word may overlap.
const OVERLAP: f32 = 0.4;
/// How far letters of a word may stand above or below each other.
const SHIFT: f32 = 0.08;

/// A letter as it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<'t> {
    pub(super) text: &'t str,
    /// Along the direction of writing.
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    /// How much further the next letter of the same string begins.
    pub(super) spacing: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) mono: bool,
    pub(super) hidden: Option<Hidden>,
    pub(super) furniture: bool,
    pub(super) turn: u8,
}

/// Words so far.
#[derive(Debug, Default)]
pub(super) struct Words {
    done: Vec<Word>,
    current: Option<Word>,
    /// Where the next letter of the current word would begin.
    pen: f32,
    spaced: bool,
}

impl Words {
    pub(super) fn len(&self) -> usize {
        self.done.len()
    }

    pub(super) fn push(&mut self, letter: &Drawn<'_>) {
        if letter.text.is_empty() {
            return;
        }
        if letter.text.chars().all(char::is_whitespace) {
            self.end_word();
            self.spaced = true;
            return;
        }
        let rtl = letter.text.chars().any(is_right_to_left);
        let visual = if rtl { letter.text.chars().rev().collect() } else { letter.text.to_owned() };
        let right = letter.x + letter.width;
        if let Some(word) = self.current.as_mut().filter(|word| belongs(word, letter)) {
            let gap = (letter.x - self.pen) / letter.size;
            let left_gap = (word.x0 - right) / letter.size;
            if (-OVERLAP..SPACE).contains(&gap) {
                word.text.push_str(&visual);
                word.x1 = word.x1.max(right);
                self.pen = right + letter.spacing;
                return;
            }
            if rtl && (-OVERLAP..SPACE).contains(&left_gap) {
                word.text.insert_str(0, &visual);
                word.x0 = letter.x;
                return;
            }
        }
        self.end_word();
        self.pen = right + letter.spacing;
        self.current = Some(Word {
            text: visual,
            x0: letter.x,
            x1: right,
            y: letter.y,
            size: letter.size,
            bold: letter.bold,
            mono: letter.mono,
            spaced: std::mem::take(&mut self.spaced),
            hidden: letter.hidden,
            furniture: letter.furniture,
            turn: letter.turn,
        });
    }

    pub(super) fn finish(mut self) -> Vec<Word> {
        self.end_word();
        self.done
    }

    fn end_word(&mut self) {
        self.done.extend(self.current.take());
    }
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and their neighbours up to the presentation forms.
pub(crate) fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
        && !character.is_numeric()
}

fn belongs(word: &Word, letter: &Drawn<'_>) -> bool {
    word.turn == letter.turn
        && word.hidden == letter.hidden
        && word.furniture == letter.furniture
        && word.bold == letter.bold
        && (word.size - letter.size).abs() < word.size * 0.05
        && (word.y - letter.y).abs() < word.size * SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(text: &str, x: f32) -> Drawn<'_> {
        Drawn {
            text,
            x,
            y: 100.0,
            width: 5.0,
            spacing: 0.0,
            size: 10.0,
            bold: false,
            mono: false,
            hidden: None,
            furniture: false,
            turn: 0,
        }
    }

    fn words(letters: &[Drawn<'_>]) -> Vec<String> {
        let mut words = Words::default();
        for letter in letters {
            words.push(letter);
        }
        words.finish().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn letters_that_touch_are_a_word_and_a_gap_ends_it() {
        let drawn = [letter("a", 0.0), letter("b", 5.4), letter("c", 13.0)];
        assert_eq!(words(&drawn), ["ab", "c"]);
    }

    #[test]
    fn a_drawn_space_ends_a_word_however_narrow_it_is() {
        let drawn = [letter("a", 0.0), letter(" ", 5.0), letter("b", 5.0)];
        assert_eq!(words(&drawn), ["a", "b"]);
    }

    #[test]
    fn letters_drawn_from_right_to_left_are_kept_from_left_to_right() {
        let drawn = [letter("ש", 20.0), letter("ל", 15.0), letter("ם", 10.0)];
        assert_eq!(words(&drawn), ["םלש"]);
    }

    #[test]
    fn a_raised_number_is_a_word_of_its_own() {
        let raised = Drawn { y: 96.0, size: 7.0, ..letter("2", 5.0) };
        assert_eq!(words(&[letter("x", 0.0), raised]), ["x", "2"]);
    }
}
