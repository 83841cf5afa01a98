//! Dates: `2024-03-05`, `5.3.2024`, `03/05/2024`, "5 March 2024", "March 5th", "5 de marzo de 2024", "March 2024".

use super::{Amount, Form, Reader};
use crate::extractive::language::Language;
use crate::gate::tokens::{self, Gap, Kind, Token};

/// A date, as far as it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::gate) struct Date {
    pub(in crate::gate) year: Option<u16>,
    /// From 1.
    pub(in crate::gate) month: u8,
    pub(in crate::gate) day: Option<u8>,
}

impl Date {
    fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let year = u16::try_from(if year < 100 { year + 2_000 } else { year }).ok()?;
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && (1_000..3_000).contains(&year);
        is_date.then_some(Self { year: Some(year), month, day: Some(day) })
    }

    /// Returns another day of the same month.
    pub(in crate::gate) fn with_day(self, day: u32) -> Option<Self> {
        let day = u8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
        self.day.map(|_| Self { day: Some(day), ..self })
    }
}

type Either = (Date, Option<Date>);

/// Reads a date of numbers only; where it is not known which of them is the month, both are given.
pub(super) fn numeric(reader: &Reader<'_, '_>) -> Option<(Either, usize)> {
    let first = reader.ahead(0)?;
    if let Some((day, month, year)) = tokens::dotted_date(first.text) {
        return Some(((Date::new(year, month, day)?, None), 1));
    }
    if let Some(date) = german(reader, first) {
        return Some(((date, None), 2));
    }
    let joint =
        reader.ahead(1).filter(|joint| joint.gap == Gap::None && joint.is_one_of(&["-", "/", "‑"]))?;
    let second = digits(reader.ahead(2)?)?;
    let is_same = |token: &&Token<'_>| token.gap == Gap::None && token.is_mark(joint.text);
    reader.ahead(3).filter(is_same)?;
    let last = reader.ahead(4)?;
    let (third, from) = (digits(last)?, digits(first)?);
    if first.text.len() == 4 {
        return Some(((Date::new(from, second, third)?, None), 5));
    }
    if first.text.len() > 2 || !matches!(last.text.len(), 2 | 4) {
        return None;
    }
    let (day_first, month_first) = (Date::new(third, second, from), Date::new(third, from, second));
    match (day_first, month_first) {
        (Some(date), other) => Some(((date, other.filter(|other| *other != date)), 5)),
        (None, Some(date)) => Some(((date, None), 5)),
        (None, None) => None,
    }
}

/// Reads `24.12.`, which is a date in German only.
fn german(reader: &Reader<'_, '_>, first: &Token<'_>) -> Option<Date> {
    let is_german = reader.language == Language::German;
    reader.ahead(1).filter(|dot| is_german && dot.gap == Gap::None && dot.is_mark("."))?;
    let (day, month) = first.text.split_once('.')?;
    if day.len() > 2 || month.len() > 2 {
        return None;
    }
    let date = Date::new(2_000, month.parse().ok()?, day.parse().ok()?)?;
    Some(Date { year: None, ..date })
}

fn digits(token: &Token<'_>) -> Option<u32> {
    let is_near = token.kind == Kind::Number && token.text.len() <= 4;
    is_near.then(|| token.text.parse().ok()).flatten()
}

/// Reads a date that begins with its day, of which the number is read already.
pub(super) fn day_first(reader: &Reader<'_, '_>, amount: &Amount) -> Option<(Date, usize)> {
    let day = amount.readings.small().filter(|day| (1..=31).contains(day) && amount.form != Form::Article)?;
    let mut used = amount.used;
    used += usize::from(
        reader.ahead(used).is_some_and(|next| next.is_one_of(&[".", "º"]) && next.gap == Gap::None),
    );
    used += usize::from(reader.ahead(used).is_some_and(is_of));
    let word = reader.ahead(used).filter(|word| word.gap <= Gap::Space)?;
    let month = word.entry.month.filter(|_| is_believable(word))?;
    let date = Date { year: None, month, day: u8::try_from(day).ok() };
    Some(with_year(reader, date, used + 1))
}

/// Reads a date that begins with its month.
pub(super) fn month_first(reader: &Reader<'_, '_>) -> Option<(Date, usize)> {
    let word = reader.ahead(0)?;
    let month = word.entry.month.filter(|_| is_believable(word))?;
    let used = 1 + usize::from(reader.ahead(1).is_some_and(|dot| dot.is_mark(".") && dot.gap == Gap::None));
    let bare = Date { year: None, month, day: None };
    let number = reader.ahead(used).filter(|number| number.kind == Kind::Number && number.gap == Gap::Space);
    let day = number.and_then(digits).filter(|day| (1..=31).contains(day));
    let is_time = reader.ahead(used + 1).is_some_and(|next| next.gap == Gap::None && next.is_mark(":"));
    let Some(day) = day.filter(|_| !is_time) else {
        let (date, with_year) = with_year(reader, bare, used);
        return date.year.map(|_| (date, with_year));
    };
    let suffix = reader.ahead(used + 1).filter(|next| next.gap == Gap::None && next.entry.is_ordinal_suffix);
    let used = used + 1 + usize::from(suffix.is_some());
    // In "March 5 days" the number is no day.
    let is_amount = suffix.is_none() && reader.ahead(used).is_some_and(|next| next.entry.unit.is_some());
    let date = Date { day: u8::try_from(day).ok(), ..bare };
    (!is_amount).then(|| with_year(reader, date, used))
}

/// Adds the year, if one follows.
fn with_year(reader: &Reader<'_, '_>, date: Date, used: usize) -> (Date, usize) {
    let skips =
        |next: &Token<'_>| next.is_mark(",") || (next.is_mark(".") && next.gap == Gap::None) || is_of(next);
    let skipped = usize::from(reader.ahead(used).is_some_and(skips));
    let number =
        reader.ahead(used + skipped).filter(|number| number.gap <= Gap::Space && number.text.len() == 4);
    let is_time =
        reader.ahead(used + skipped + 1).is_some_and(|next| next.gap == Gap::None && next.is_mark(":"));
    let year = number.and_then(digits).filter(|year| (1_000..3_000).contains(year) && !is_time);
    match year.and_then(|year| u16::try_from(year).ok()) {
        Some(year) => (Date { year: Some(year), ..date }, used + skipped + 1),
        None => (date, used),
    }
}

fn is_of(token: &Token<'_>) -> bool {
    ["of", "de", "of", "du", "del"].iter().any(|of| token.is_word(of))
}

/// "may" and "march" are other words unless they begin with a capital.
fn is_believable(token: &Token<'_>) -> bool {
    let is_verb = token.text.eq_ignore_ascii_case("may") || token.text.eq_ignore_ascii_case("march");
    !is_verb || token.is_capital()
}
