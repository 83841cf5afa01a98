//! Joins words to segments: what stands on one line without a gap as wide as a column's.

use formats::Hidden;

use super::direction;
use crate::page::Word;

/// A wider gap, in font sizes, ends a segment: the narrowest gap between columns is about 1, stretched spaces rarely are.
const GAP: f32 = 0.75;
/// A wider gap, in font sizes, is a space.
const SPACE: f32 = 0.13;
/// The part of a font size that letters reach above and below their baseline.
const ABOVE: f32 = 0.75;
const BELOW: f32 = 0.2;

/// Words on a line with ordinary spaces between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// In logical order.
    pub(crate) text: String,
    pub(crate) words: u32,
    pub(crate) x0: f32,
    pub(crate) x1: f32,
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) mono: bool,
    pub(crate) turn: u8,
    pub(crate) hidden: Option<Hidden>,
}

impl Segment {
    pub(crate) fn top(&self) -> f32 {
        self.y - self.size * ABOVE
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.y + self.size * BELOW
    }

    pub(crate) fn left(&self) -> f32 {
        self.x0
    }

    pub(crate) fn right(&self) -> f32 {
        self.x1
    }

    pub(crate) fn middle(&self) -> f32 {
        self.x0.midpoint(self.x1)
    }

    pub(crate) fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    /// Whether two segments stand on the same line; a raised number does with the word that it follows.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        overlap((self.top(), self.bottom()), (other.top(), other.bottom()))
    }
}

/// Whether the smaller of two spans lies at least half within the other.
fn overlap(a: (f32, f32), b: (f32, f32)) -> bool {
    let shared = a.1.min(b.1) - a.0.max(b.0);
    shared >= 0.5 * (a.1 - a.0).min(b.1 - b.0)
}

/// The segments of a page from top to bottom.
pub(crate) fn join(mut words: Vec<Word>) -> Vec<Segment> {
    words.sort_by(|a, b| (a.turn, rank(a.hidden)).cmp(&(b.turn, rank(b.hidden))).then(a.y.total_cmp(&b.y)));
    let mut segments = Vec::new();
    let mut line: Vec<Word> = Vec::new();
    for word in words {
        if !line.first().is_none_or(|first| is_on_line(first, &word)) {
            cut(std::mem::take(&mut line), &mut segments);
        }
        // The largest word leads, so that a raised number does not stand for its line.
        line.push(word);
        if let [first, .., last] = line.as_mut_slice()
            && last.size > first.size
        {
            std::mem::swap(first, last);
        }
    }
    cut(line, &mut segments);
    segments
}

fn rank(hidden: Option<Hidden>) -> u8 {
    hidden.map_or(0, |hidden| hidden as u8 + 1)
}

fn is_on_line(first: &Word, word: &Word) -> bool {
    let span = |word: &Word| (word.y - word.size * ABOVE, word.y + word.size * BELOW);
    first.turn == word.turn && first.hidden == word.hidden && overlap(span(first), span(word))
}

/// Cuts a line at its gaps.
fn cut(mut line: Vec<Word>, segments: &mut Vec<Segment>) {
    line.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let mut run: Vec<Word> = Vec::new();
    let mut right = f32::MIN;
    for word in line {
        // Some programs draw letters twice to make them bold.
        if run
            .last()
            .is_some_and(|last| last.text == word.text && (last.x0 - word.x0).abs() < 0.3 * word.size)
        {
            continue;
        }
        let size = run.last().map_or(word.size, |last| last.size.max(word.size));
        if !run.is_empty() && word.x0 - right > GAP * size {
            segments.extend(segment(&std::mem::take(&mut run)));
            right = f32::MIN;
        }
        right = right.max(word.x1);
        run.push(word);
    }
    segments.extend(segment(&run));
}

fn segment(run: &[Word]) -> Option<Segment> {
    let first = run.first()?;
    let mut visual = String::new();
    let mut x1 = first.x0;
    let mut words = 0;
    for word in run {
        let gap = word.x0 - x1;
        if !visual.is_empty() && (word.spaced && gap > 0.0 || gap > SPACE * word.size) {
            visual.push(' ');
            words += 1;
        }
        visual.push_str(&word.text);
        x1 = x1.max(word.x1);
    }
    let letters = |wanted: &dyn Fn(&Word) -> bool| {
        run.iter().filter(|word| wanted(word)).map(|word| word.text.len()).sum::<usize>()
    };
    let all = letters(&|_| true);
    let main = run.iter().max_by(|a, b| a.size.total_cmp(&b.size))?;
    let text = direction::logical(&visual);
    (!text.trim().is_empty()).then(|| Segment {
        text,
        words: words + 1,
        x0: first.x0,
        x1,
        y: main.y,
        size: main.size,
        bold: letters(&|word| word.bold) == all,
        mono: letters(&|word| word.mono) * 10 >= all * 9,
        turn: first.turn,
        hidden: first.hidden,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn word(text: &str, x0: f32, x1: f32, y: f32) -> Word {
        Word {
            text: text.to_owned(),
            x0,
            x1,
            y,
            size: 10.0,
            bold: false,
            mono: false,
            spaced: false,
            hidden: None,
            furniture: false,
            turn: 0,
        }
    }

    fn texts(words: Vec<Word>) -> Vec<String> {
        join(words).into_iter().map(|segment| segment.text).collect()
    }

    #[test]
    fn words_on_a_line_are_joined_in_the_order_of_the_eye() {
        let words = vec![
            word("world", 33.0, 60.0, 100.0),
            word("Hello", 5.0, 30.0, 100.4),
            word("again", 5.0, 30.0, 112.0),
        ];
        assert_eq!(texts(words), ["Hello world", "again"]);
    }

    #[test]
    fn the_gap_between_columns_parts_a_line() {
        assert_eq!(
            texts(vec![word("left", 0.0, 20.0, 100.0), word("right", 40.0, 60.0, 100.0)]),
            ["left", "right"]
        );
    }

    #[test]
    fn a_raised_number_stays_with_its_word() {
        let raised = Word { size: 7.0, ..word("2", 30.2, 34.0, 96.0) };
        assert_eq!(texts(vec![word("metre", 5.0, 30.0, 100.0), raised]), ["metre2"]);
    }

    #[test]
    fn letters_drawn_twice_are_read_once() {
        assert_eq!(texts(vec![word("Bold", 5.0, 30.0, 100.0), word("Bold", 5.3, 30.3, 100.0)]), ["Bold"]);
    }
}
