//! Text as words, numbers, addresses and single marks, with their places. One pass; nothing is interpreted.

use super::lexicon::{self, Entry};
use super::values;

/// Characters of a number, at most; what follows is another number.
const LONGEST_NUMBER: usize = 40;

/// Characters of an address, at most.
const LONGEST_ADDRESS: usize = 400;
const ENDS_ADDRESS: [char; 14] = ['<', '>', '(', ')', '[', ']', '"', '“', '”', '„', '|', ',', ';', '`'];

/// A piece of text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// Byte where it begins.
    pub(super) start: usize,
    pub(super) gap: Gap,
    /// What it can mean as a word.
    pub(super) entry: &'static Entry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Digits, with separators between them where they are one number.
    Number,
    /// An address of mail or of the web.
    Address,
    /// Any other character.
    Mark,
}

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    None,
    Space,
    /// A line break, or the beginning of the text.
    Line,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start.saturating_add(self.text.len())
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }

    pub(super) fn is_one_of(&self, marks: &[&str]) -> bool {
        self.kind == Kind::Mark && marks.contains(&self.text)
    }

    pub(super) fn is_dash(&self) -> bool {
        self.is_one_of(&["-", "–", "—", "−", "‑", "~"])
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_capital(&self) -> bool {
        self.kind == Kind::Word && self.text.starts_with(char::is_uppercase)
    }
}

/// Splits a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0, gap: Gap::Line, tokens: Vec::with_capacity(text.len() / 4) };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    gap: Gap,
    tokens: Vec<Token<'t>>,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { return false };
        if first.is_whitespace() || matches!(first, '\u{feff}' | '\u{200b}') {
            let gap = if first == '\n' { Gap::Line } else { Gap::Space };
            self.gap = self.gap.max(gap);
            self.at += first.len_utf8();
            return true;
        }
        if self.may_begin_address()
            && let Some(length) = address(rest)
        {
            self.push(Kind::Address, length);
            return true;
        }
        if values::digit(first).is_some() {
            let length = number(rest);
            self.push(Kind::Number, length);
        } else if is_letter(first) {
            let length = word(rest);
            self.push(Kind::Word, length);
        } else {
            self.push(Kind::Mark, first.len_utf8());
        }
        true
    }

    /// An address begins where a word does, so each piece of text is looked at once.
    fn may_begin_address(&self) -> bool {
        self.gap != Gap::None
            || self.tokens.last().is_none_or(|last| {
                last.kind == Kind::Mark && !matches!(last.text, "." | "-" | "_" | "@" | "/" | "+" | "'" | "’")
            })
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let end = self.at.saturating_add(length.max(1));
        let text = self.text.get(self.at..end).unwrap_or_default();
        let entry = if kind == Kind::Word { lexicon::look_up(text) } else { &lexicon::NOTHING };
        self.tokens.push(Token { kind, text, start: self.at, gap: self.gap, entry });
        self.at = end;
        self.gap = Gap::None;
    }
}

fn is_letter(character: char) -> bool {
    // Accents that stand beside their letter belong to the word.
    character.is_alphabetic() || matches!(u32::from(character), 0x300..0x370 | 0x64b..0x660)
}

/// Returns the bytes of the word at the beginning; `l'` and the like are words of their own.
fn word(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        if is_letter(character) {
            continue;
        }
        let is_apostrophe = matches!(character, '\'' | '’');
        let goes_on = characters.peek().is_some_and(|(_, next)| is_letter(*next));
        let before = text.get(..place).unwrap_or_default();
        if !(is_apostrophe && goes_on) || is_elided(before) {
            return place;
        }
    }
    text.len()
}

fn is_elided(word: &str) -> bool {
    ["l", "d", "j", "n", "s", "c", "m", "t", "qu", "dell", "all"]
        .iter()
        .any(|elided| word.eq_ignore_ascii_case(elided))
}

/// Returns the bytes of the number at the beginning.
fn number(text: &str) -> usize {
    let (mut end, mut first_group) = (0, None);
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        if values::digit(character).is_some() {
            end = place + character.len_utf8();
        } else {
            first_group.get_or_insert(place);
            let goes_on = characters.peek().is_some_and(|(_, next)| values::digit(*next).is_some());
            if !values::is_separator(character) || !goes_on || place > LONGEST_NUMBER {
                break;
            }
        }
        if place > LONGEST_NUMBER {
            break;
        }
    }
    let whole = text.get(..end).unwrap_or_default();
    let is_one = values::readings(whole).is_some() || dotted_date(whole).is_some();
    // Digits that are too long to be a number stay together all the same.
    if is_one { end } else { first_group.filter(|group| *group < end).unwrap_or(end) }
}

/// Returns day, month and year of `5.3.2024`.
pub(super) fn dotted_date(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = parts.next().is_none()
        && (1..=2).contains(&day.len())
        && (1..=2).contains(&month.len())
        && matches!(year.len(), 2 | 4);
    if !is_date {
        return None;
    }
    Some((day.parse().ok()?, month.parse().ok()?, year.parse().ok()?))
}

/// Returns the bytes of the address at the beginning, if there is one.
fn address(text: &str) -> Option<usize> {
    let mut end = text.len();
    for (count, (place, character)) in text.char_indices().enumerate() {
        if character.is_whitespace() || ENDS_ADDRESS.contains(&character) {
            end = place;
            break;
        }
        // The limit keeps the work in proportion to the text.
        if count >= LONGEST_ADDRESS {
            return None;
        }
    }
    let whole = text.get(..end)?;
    let trimmed = whole.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
    (is_mail(trimmed) || is_web(trimmed)).then_some(trimmed.len())
}

fn is_mail(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !host.contains('@') && host.starts_with(char::is_alphanumeric)
}

fn is_web(text: &str) -> bool {
    #[rustfmt::skip]
    const ENDINGS: [&str; 20] = [
        "com", "org", "net", "de", "at", "ch", "es", "fr", "it", "nl", "eu", "io", "co", "uk", "example", "shop", "info", "biz", "app", "dev",
    ];
    if text.contains("://") || text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) {
        return true;
    }
    let host = text.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    // `Uhr.Am` is a space that was forgotten, `beispiel.de` is a host.
    let is_plain = |c: char| c.is_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    ENDINGS.contains(&ending) && name.len() > 1 && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = tokens(text).iter().map(|token| token.text).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_numbers_addresses_and_marks_are_told_apart() {
        check("It costs $1,299.00, or 5.", &["It", "costs", "$", "1,299.00", ",", "or", "5", "."]);
        check("l'heure o'clock Anna's", &["l", "'", "heure", "o'clock", "Anna's"]);
        check("am 5.3.2024, v1.2.3", &["am", "5.3.2024", ",", "v", "1", ".", "2.3"]);
        check(
            "see https://a.example/b?c=1. Or x@y.example!",
            &["see", "https://a.example/b?c=1", ".", "Or", "x@y.example", "!"],
        );
        check("9:00–18:30", &["9", ":", "00", "–", "18", ":", "30"]);
    }

    #[test]
    fn a_host_is_an_address_and_a_forgotten_space_is_not() {
        assert!(tokens("brightwater.example").iter().any(|token| token.kind == Kind::Address));
        assert!(tokens("Uhr.de Am").iter().all(|token| token.kind != Kind::Address));
        assert!(tokens("z.B. e.g. 3.5").iter().all(|token| token.kind != Kind::Address));
    }
}
