//! What a text mentions that can be true or false: amounts, dates, times, days, telephone numbers, addresses, codes.
//! Passages and answers are read in the same way, so both are wrong in the same way where a reading is wrong.

mod amounts;
mod dates;
mod numbers;
mod phones;
mod times;

use std::ops::Range;

use super::lexicon::{self, Role, Unit};
use super::tokens::{Gap, Kind, Token};
use super::values::Readings;
use crate::extractive::language::Language;
pub(super) use amounts::{Amount, Form};
pub(super) use dates::Date;
pub(super) use times::Clock;

/// Every day of the week.
pub(super) const ALL_DAYS: u8 = 0b111_1111;

/// One thing that a text mentions.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub(super) what: What,
    /// Tokens that it takes.
    pub(super) tokens: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Number {
        readings: Readings,
        unit: Option<Unit>,
        form: Form,
    },
    /// A date, and what it is when day and month change places.
    Date(Date, Option<Date>),
    /// Minutes after midnight.
    Time {
        minutes: u16,
        clock: Clock,
    },
    /// Days of the week, a bit each, Monday the lowest, and the ends of a span where one is written.
    Days(u8, Option<(u8, u8)>),
    /// From 1.
    Month(u8),
    /// Digits only, without zeros at the beginning.
    Phone(String),
    /// Folded, without scheme and `www.`.
    Address(String),
    /// Letters and digits together, folded.
    Code(String),
}

/// Reads a text's tokens. Every place looks a few tokens ahead at most.
pub(super) fn read(tokens: &[Token<'_>], language: Language) -> Vec<Mention> {
    let mut reader = Reader { tokens, language, at: 0, mentions: Vec::new() };
    while reader.at < tokens.len() {
        let used = reader.step().unwrap_or(1);
        reader.at = reader.at.saturating_add(used.max(1));
    }
    reader.join_spans();
    reader.mentions
}

struct Reader<'r, 't> {
    tokens: &'r [Token<'t>],
    language: Language,
    at: usize,
    mentions: Vec<Mention>,
}

impl<'t> Reader<'_, 't> {
    /// Returns the token so many places ahead.
    fn ahead(&self, places: usize) -> Option<&Token<'t>> {
        self.tokens.get(self.at.checked_add(places)?)
    }

    /// Returns the token so many places before this one.
    fn behind(&self, places: usize) -> Option<&Token<'t>> {
        self.tokens.get(self.at.checked_sub(places)?)
    }

    fn mention(&mut self, what: What, used: usize) -> usize {
        self.mentions.push(Mention { what, tokens: self.at..self.at.saturating_add(used) });
        used
    }

    /// Reads what begins here; returns the tokens that it takes.
    fn step(&mut self) -> Option<usize> {
        let token = *self.ahead(0)?;
        match token.kind {
            Kind::Address => Some(self.mention(What::Address(address(token.text)), 1)),
            Kind::Mark => {
                if token.is_one_of(&["+", "("])
                    && let Some((digits, used)) = phones::phone(self)
                {
                    return Some(self.mention(What::Phone(digits), used));
                }
                let half = token.is_mark("½").then(numbers::half);
                half.map(|readings| {
                    self.mention(What::Number { readings, unit: None, form: Form::Digits }, 1)
                })
            }
            Kind::Number => self.number(),
            Kind::Word => self.word(&token),
        }
    }

    fn number(&mut self) -> Option<usize> {
        if let Some((date, used)) = dates::numeric(self) {
            return Some(self.mention(What::Date(date.0, date.1), used));
        }
        if let Some((digits, used)) = phones::phone(self) {
            return Some(self.mention(What::Phone(digits), used));
        }
        if let Some((code, used)) = self.code() {
            return Some(self.mention(What::Code(code), used));
        }
        self.amount()
    }

    /// Reads a number with what belongs to it: a date, a time, or an amount with its unit.
    fn amount(&mut self) -> Option<usize> {
        let amount = amounts::amount(self)?;
        if let Some((date, used)) = dates::day_first(self, &amount) {
            return Some(self.mention(What::Date(date, None), used));
        }
        if let Some((minutes, clock, used)) = times::time(self, &amount) {
            return Some(self.mention(What::Time { minutes, clock }, used));
        }
        let (unit, used, before) = amounts::unit(self, &amount);
        let is_price = unit.is_some_and(Unit::is_currency);
        let readings = if is_price { amount.readings.as_price() } else { amount.readings };
        let what = What::Number { readings, unit, form: amount.form };
        self.mentions
            .push(Mention { what, tokens: self.at.saturating_sub(before)..self.at.saturating_add(used) });
        Some(used)
    }

    fn word(&mut self, token: &Token<'t>) -> Option<usize> {
        if let Some((code, used)) = self.code() {
            return Some(self.mention(What::Code(code), used));
        }
        let entry = token.entry;
        if entry.month.is_some()
            && let Some((date, used)) = dates::month_first(self)
        {
            return Some(self.mention(What::Date(date, None), used));
        }
        if entry.number.is_some() || entry.ordinal.is_some() || entry.multiplier.is_some() {
            return self.amount();
        }
        if let Some(minutes) = times::named(token) {
            return Some(self.mention(What::Time { minutes, clock: Clock::Whole }, 1));
        }
        if let Some((days, used)) = self.days() {
            let is_span = used > 1;
            let last = self.ahead(used - 1).map_or(0, |last| last.entry.days | last.entry.short_days);
            let ends = is_span.then_some((entry.days | entry.short_days, last));
            return Some(self.mention(What::Days(days, ends), used));
        }
        let month = entry.month.filter(|_| !entry.is_unsure_month)?;
        Some(self.mention(What::Month(month), 1))
    }

    /// Reads a day, or days from one to another.
    fn days(&self) -> Option<(u8, usize)> {
        let token = self.ahead(0)?;
        if token.entry.role == Role::Every {
            let is_day = self.ahead(1).is_some_and(|next| next.entry.unit == Some(Unit::Day))
                || self.ahead(2).is_some_and(|next| next.entry.unit == Some(Unit::Day));
            return is_day.then_some((ALL_DAYS, 1));
        }
        let is_short = token.entry.days == 0;
        let from = if is_short { token.entry.short_days } else { token.entry.days };
        if from == 0 {
            return None;
        }
        let dot = usize::from(self.ahead(1).is_some_and(|next| next.is_mark(".") && next.gap == Gap::None));
        let is_span = self.ahead(1 + dot).is_some_and(is_until);
        let until =
            self.ahead(2 + dot).filter(|_| is_span).map_or(0, |next| next.entry.days | next.entry.short_days);
        if until != 0 {
            return Some((span(from, until), 3 + dot));
        }
        let is_number = |token: Option<&Token<'_>>| token.is_some_and(|token| token.kind == Kind::Number);
        let next_is_number = is_number(self.ahead(1 + dot))
            || (is_number(self.ahead(2 + dot))
                && self.ahead(1 + dot).is_some_and(|next| next.is_one_of(&[":", ",", "."])));
        (!is_short || next_is_number).then_some((from, 1))
    }

    /// Reads letters and digits that stand together, such as `HL-365V93`; units and ordinals are none.
    fn code(&self) -> Option<(String, usize)> {
        const MOST_TOKENS: usize = 12;
        let first = self.ahead(0)?;
        let (mut used, mut has_letters, mut has_digits) = (0, false, false);
        while let Some(token) = self.ahead(used).filter(|token| used == 0 || token.gap == Gap::None) {
            let is_joint = token.is_one_of(&["-", "_", "/"])
                && self.ahead(used + 1).is_some_and(|next| next.gap == Gap::None && is_plain(next));
            if !(is_joint || is_plain(token)) || used >= MOST_TOKENS {
                break;
            }
            has_letters |= token.kind == Kind::Word;
            has_digits |= token.kind == Kind::Number;
            used += 1;
        }
        if !has_letters || !has_digits || self.is_amount(first) {
            return None;
        }
        let parts = (0..used).filter_map(|place| self.ahead(place)).filter(|token| token.kind != Kind::Mark);
        Some((parts.map(|token| lexicon::fold(token.text)).collect(), used))
    }

    /// Returns whether letters and digits together are an amount: `5kg`, `14-day`, `9h30`, `1st`, `3x4`, `EUR20`.
    fn is_amount(&self, first: &Token<'_>) -> bool {
        let Some(second) = self.ahead(1) else { return false };
        if first.kind == Kind::Word {
            let entry = first.entry;
            return entry.unit.is_some_and(Unit::is_currency)
                || (entry.days | entry.short_days) != 0
                || entry.month.is_some()
                || entry.number.is_some()
                || self.ahead(1).is_some_and(|next| next.is_mark("-") && first.text.chars().count() > 5);
        }
        let entry = second.entry;
        second.is_dash()
            || second.is_mark("/")
            || entry.unit.is_some()
            || entry.is_ordinal_suffix
            || entry.multiplier.is_some()
            || times::is_time_word(second.text)
            || second.text.eq_ignore_ascii_case("x")
    }

    /// Gives the first number of `5–8 days` its unit, and that of `5–8 March` its month.
    fn join_spans(&mut self) {
        for place in (1..self.mentions.len()).rev() {
            let Some([first, second]) = self.mentions.get_mut(place - 1..=place) else { continue };
            let between = self.tokens.get(first.tokens.end..second.tokens.start).unwrap_or_default();
            let [joint] = between else { continue };
            let is_joint = is_until(joint) || joint.is_one_of(&["/", ","]);
            let is_span = joint.is_dash();
            match (&mut first.what, &second.what) {
                (What::Number { unit: unit @ None, form, .. }, What::Number { unit: Some(of), .. })
                    if is_joint && *form != Form::Article =>
                {
                    *unit = Some(*of);
                }
                (What::Number { readings, unit: None, .. }, What::Date(date, None)) if is_joint => {
                    let day = readings.small().and_then(|day| date.with_day(day));
                    first.what = day.map_or_else(|| first.what.clone(), |day| What::Date(day, None));
                }
                (What::Date(date, None), What::Number { readings, unit: None, form }) if is_span => {
                    let day =
                        readings.small().and_then(|day| date.with_day(day)).filter(|_| *form == Form::Digits);
                    let date = day.filter(|_| date.year.is_none());
                    second.what = date.map_or_else(|| second.what.clone(), |day| What::Date(day, None));
                }
                _ => {}
            }
        }
    }
}

/// Returns whether a token stands between the ends of a span.
pub(super) fn is_until(token: &Token<'_>) -> bool {
    token.is_dash() || token.entry.role == Role::Until
}

/// Returns the days from the first of `from` to the last of `until`.
fn span(from: u8, until: u8) -> u8 {
    let (mut day, last) = (from & from.wrapping_neg(), 1 << until.checked_ilog2().unwrap_or(0));
    let mut days = from | until;
    for _ in 0..7 {
        days |= day;
        if day == last {
            break;
        }
        day = if day >= 0b100_0000 { 1 } else { day << 1 };
    }
    days & ALL_DAYS
}

/// Returns whether a token is of the letters and digits that codes are made of.
fn is_plain(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Word | Kind::Number)
        && token.text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns an address as it is compared.
pub(super) fn address(text: &str) -> String {
    let folded = lexicon::fold(text);
    let bare = folded.split_once("://").map_or(&*folded, |(_, rest)| rest);
    let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
