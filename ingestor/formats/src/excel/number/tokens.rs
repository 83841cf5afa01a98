//! Takes the code of a number format apart.

use super::{Condition, Section};

/// Codes are short; the rest of a longer one is left out.
const MAX_CHARS: usize = 300;
const MAX_SECTIONS: usize = 4;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Literal(String),
    /// A place for a digit: `0`, `#` or `?`.
    Digit(char),
    Point,
    Comma,
    Percent,
    /// With the sign that it always has, or `-`.
    Exponent(char),
    /// A part of a date by its letter and how often it is repeated.
    Date(char, usize),
    /// Hours, minutes or seconds since day 0.
    Elapsed(char),
    HalfDay,
    /// `@`.
    Text,
    General,
    Fraction,
}

impl Token {
    pub(super) fn is_date(&self) -> bool {
        matches!(self, Self::Date(..) | Self::Elapsed(_) | Self::HalfDay)
    }
}

pub(super) fn sections(code: &str) -> Vec<Section> {
    let code: Vec<char> = code.chars().take(MAX_CHARS).collect();
    if code.is_empty() {
        return Vec::new();
    }
    let (mut sections, mut section, mut rest) = (Vec::new(), Section::default(), code.as_slice());
    while let Some((first, after)) = rest.split_first() {
        if *first == ';' {
            sections.push(std::mem::take(&mut section));
            rest = after;
        } else {
            rest = token(*first, after, rest, &mut section);
        }
    }
    sections.push(section);
    sections.truncate(MAX_SECTIONS);
    sections
}

/// Takes one token and returns what follows it.
fn token<'a>(first: char, after: &'a [char], rest: &'a [char], section: &mut Section) -> &'a [char] {
    let tokens = &mut section.tokens;
    match first {
        '"' => {
            let (text, after) = until(after, '"');
            tokens.push(Token::Literal(text));
            after
        }
        '[' => {
            let (text, after) = until(after, ']');
            bracket(&text, section);
            after
        }
        '\\' => {
            tokens.extend(after.first().map(|character| Token::Literal(character.to_string())));
            after.get(1..).unwrap_or_default()
        }
        // Room as wide as a character, and a character that fills the cell.
        '_' => {
            tokens.push(Token::Literal(" ".to_owned()));
            after.get(1..).unwrap_or_default()
        }
        '*' => after.get(1..).unwrap_or_default(),
        '0' | '#' | '?' => push(tokens, Token::Digit(first), after),
        '.' => push(tokens, Token::Point, after),
        ',' => push(tokens, Token::Comma, after),
        '%' => push(tokens, Token::Percent, after),
        '@' => push(tokens, Token::Text, after),
        '/' if matches!(after.first(), Some('?' | '#' | '0'..='9')) && tokens.iter().any(is_digit) => {
            push(tokens, Token::Fraction, after)
        }
        'E' | 'e' if matches!(after.first(), Some('+' | '-')) => {
            let sign = after.first().copied().unwrap_or('-');
            push(tokens, Token::Exponent(sign), after.get(1..).unwrap_or_default())
        }
        'G' | 'g' if starts_with(rest, "general") => {
            push(tokens, Token::General, rest.get(7..).unwrap_or_default())
        }
        'A' | 'a' if starts_with(rest, "am/pm") => {
            push(tokens, Token::HalfDay, rest.get(5..).unwrap_or_default())
        }
        'A' | 'a' if starts_with(rest, "a/p") => {
            push(tokens, Token::HalfDay, rest.get(3..).unwrap_or_default())
        }
        'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => {
            let same = |other: &char| other.eq_ignore_ascii_case(&first);
            let count = rest.iter().take_while(|other| same(other)).count();
            push(
                tokens,
                Token::Date(first.to_ascii_lowercase(), count),
                rest.get(count..).unwrap_or_default(),
            )
        }
        other => push(tokens, Token::Literal(other.to_string()), after),
    }
}

fn push<'a>(tokens: &mut Vec<Token>, token: Token, after: &'a [char]) -> &'a [char] {
    tokens.push(token);
    after
}

fn is_digit(token: &Token) -> bool {
    matches!(token, Token::Digit(_))
}

fn starts_with(text: &[char], word: &str) -> bool {
    text.len() >= word.len() && word.chars().zip(text).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

fn until(text: &[char], end: char) -> (String, &[char]) {
    let place = text.iter().position(|character| *character == end).unwrap_or(text.len());
    let (inside, rest) = text.split_at(place);
    (inside.iter().collect(), rest.get(1..).unwrap_or_default())
}

/// Reads what stands in square brackets: a currency, a duration, a condition; colours are not shown.
fn bracket(text: &str, section: &mut Section) {
    if let Some(currency) = text.strip_prefix('$') {
        let sign = currency.split('-').next().unwrap_or_default();
        if !sign.is_empty() {
            section.tokens.push(Token::Literal(sign.to_owned()));
        }
        return;
    }
    let letter = text.chars().next().map(|letter| letter.to_ascii_lowercase());
    if let Some(letter @ ('h' | 'm' | 's')) = letter
        && text.chars().all(|other| other.eq_ignore_ascii_case(&letter))
    {
        section.tokens.push(Token::Elapsed(letter));
        return;
    }
    let bound = text.trim_start_matches(['<', '>', '=']);
    let sign = text.strip_suffix(bound).unwrap_or_default();
    if let (Ok(bound), false) = (bound.parse(), sign.is_empty()) {
        section.condition = Some(Condition { sign: sign.to_owned(), bound });
    }
}
