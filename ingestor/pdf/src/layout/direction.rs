//! Puts text that the eye reads from right to left into the order in which it is written and searched.

use crate::page::is_right_to_left;

/// Returns the logical order of a line whose characters stand in the order of their places.
pub(crate) fn logical(visual: &str) -> String {
    let right = visual.chars().filter(|c| is_right_to_left(*c)).count();
    if right == 0 {
        return visual.to_owned();
    }
    let left = visual.chars().filter(|c| c.is_alphabetic() && !is_right_to_left(*c)).count();
    let characters: Vec<char> = visual.chars().collect();
    if right >= left { from_right(&characters) } else { from_left(&characters) }
}

/// Whether a text is mostly written from right to left.
pub(crate) fn runs_left(text: &str) -> bool {
    let right = text.chars().filter(|c| is_right_to_left(*c)).count();
    right > 0 && right * 2 >= text.chars().filter(|c| c.is_alphabetic()).count()
}

/// A line from right to left: all turned round, but not the words and numbers that run the other way.
fn from_right(visual: &[char]) -> String {
    let mut logical = String::new();
    let mut end = visual.len();
    while let Some(last) = end.checked_sub(1).and_then(|last| visual.get(last)) {
        if runs_right(*last) {
            let start = run_start(visual, end, runs_right, |c| !is_right_to_left(c));
            logical.extend(visual.get(start..end).unwrap_or_default());
            end = start;
        } else {
            logical.push(mirrored(*last));
            end -= 1;
        }
    }
    logical
}

/// A line from left to right: only what runs the other way is turned round.
fn from_left(visual: &[char]) -> String {
    let mut turned: Vec<String> = Vec::new();
    let mut end = visual.len();
    while let Some(last) = end.checked_sub(1).and_then(|last| visual.get(last)) {
        let start = if is_right_to_left(*last) {
            let start = run_start(visual, end, is_right_to_left, |c| !runs_right(c));
            turned.push(from_right(visual.get(start..end).unwrap_or_default()));
            start
        } else {
            turned.push(last.to_string());
            end - 1
        };
        end = start;
    }
    turned.into_iter().rev().collect()
}

/// Where the run that ends at `end` starts: it holds characters that `belong`, and between them others that `may`.
fn run_start(
    visual: &[char],
    end: usize,
    belongs: impl Fn(char) -> bool,
    may: impl Fn(char) -> bool,
) -> usize {
    let mut start = end;
    for (place, character) in visual.get(..end).unwrap_or_default().iter().enumerate().rev() {
        if belongs(*character) {
            start = place;
        } else if !may(*character) {
            break;
        }
    }
    start
}

fn runs_right(character: char) -> bool {
    character.is_numeric() || character.is_alphabetic() && !is_right_to_left(character)
}

fn mirrored(character: char) -> char {
    match character {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_left_to_right_is_left_alone() {
        assert_eq!(logical("Opens at 07:45 (daily)"), "Opens at 07:45 (daily)");
    }

    #[test]
    fn words_from_right_to_left_are_turned_round() {
        assert_eq!(logical("םלוע םולש"), "שלום עולם");
    }

    #[test]
    fn names_and_numbers_within_keep_their_order() {
        assert_eq!(logical("2024 תנשב R Studio תנכות"), "תוכנת R Studio בשנת 2024");
    }

    #[test]
    fn a_foreign_word_in_a_line_from_left_to_right_is_turned_round_alone() {
        assert_eq!(logical("the greeting םולש is old"), "the greeting שלום is old");
    }
}
