//! Times of day: `9:00`, `9.30 Uhr`, `9am`, "9 p.m.", `18h30`, "9 o'clock", noon.

use super::{Amount, Form, Reader};
use crate::extractive::language::Language;
use crate::gate::lexicon::{self};
use crate::gate::tokens::{Gap, Kind, Token};

/// Which half of the day a time is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gate) enum Clock {
    /// It says so: `9 pm`.
    Halves,
    /// The clock has 24 hours: `21:00`, `09:00`.
    Whole,
    /// It may be either: `9:00`.
    Open,
}

/// Reads a time whose hour is read already; returns minutes after midnight, the clock, and its tokens.
pub(super) fn time(reader: &Reader<'_, '_>, amount: &Amount) -> Option<(u16, Clock, usize)> {
    if matches!(amount.form, Form::Ordinal | Form::Article) {
        return None;
    }
    let (hour, minute, used, is_clock) = clock(reader, amount)?;
    if let Some((is_evening, width)) = meridiem(reader, used) {
        let hour = if hour == 12 { 0 } else { hour };
        let half = if is_evening { 12 * 60 } else { 0 };
        return (hour < 12).then_some((hour * 60 + minute + half, Clock::Halves, used + width));
    }
    let whole_from = |hour: u16| if hour > 12 || hour == 0 { Clock::Whole } else { Clock::Open };
    let word = reader.ahead(used).filter(|word| word.kind == Kind::Word && is_hour_word(word.text));
    if word.is_some() {
        let (more, width) = minutes_after(reader, used + 1, minute);
        return Some(((hour * 60 + more) % (24 * 60), whole_from(hour), used + 1 + width));
    }
    // `05:00` and `17:00` are of a clock of 24 hours, `5:00` may be either half of the day.
    let is_padded = reader.ahead(0).is_some_and(|token| token.text.starts_with('0'));
    let clock = if is_padded { Clock::Whole } else { whole_from(hour) };
    is_clock.then_some(((hour * 60 + minute) % (24 * 60), clock, used))
}

/// Reads hour and minute; whether that alone is a time, as `9:30` is and `9` and `9.30` are not.
fn clock(reader: &Reader<'_, '_>, amount: &Amount) -> Option<(u16, u16, usize, bool)> {
    let token = reader.ahead(0)?;
    if let Some((hour, minute)) = token.text.split_once('.').filter(|_| token.kind == Kind::Number) {
        let (hour, minute) = (small(hour)?, small(minute).filter(|_| minute.len() == 2)?);
        return (hour <= 24 && minute < 60).then_some((hour, minute, 1, false));
    }
    let hour =
        amount.readings.small().and_then(|hour| u16::try_from(hour).ok()).filter(|hour| *hour <= 24)?;
    let touches = |token: &&Token<'_>| token.gap == Gap::None;
    let joint = reader.ahead(amount.used).filter(touches);
    let is_joint = joint.is_some_and(|joint| joint.is_mark(":") || joint.is_word("h") || joint.is_word("u"));
    let minute =
        reader.ahead(amount.used + 1).filter(touches).filter(|minute| is_joint && minute.text.len() == 2);
    let Some(minute) = minute.and_then(|minute| small(minute.text)).filter(|minute| *minute < 60) else {
        return Some((hour, 0, amount.used, false));
    };
    let used = amount.used + 2;
    let has_seconds = reader.ahead(used).is_some_and(|next| next.gap == Gap::None && next.is_mark(":"))
        && reader.ahead(used + 1).is_some_and(|next| next.gap == Gap::None && next.text.len() == 2);
    Some((hour, minute, used + if has_seconds { 2 } else { 0 }, true))
}

/// Reads the minutes of `9 Uhr 30`.
fn minutes_after(reader: &Reader<'_, '_>, used: usize, known: u16) -> (u16, usize) {
    let number =
        reader.ahead(used).filter(|next| next.kind == Kind::Number && next.text.len() == 2 && known == 0);
    let is_alone = reader.ahead(used + 1).is_none_or(|next| next.entry.unit.is_none() && !next.is_mark(":"));
    let minutes = number.and_then(|next| small(next.text)).filter(|minutes| *minutes < 60 && is_alone);
    minutes.map_or((known, 0), |minutes| (minutes, 1))
}

/// Reads `am`, `p.m.` and the like; returns whether it is the evening's half, and its tokens.
fn meridiem(reader: &Reader<'_, '_>, used: usize) -> Option<(bool, usize)> {
    let word = reader.ahead(used).filter(|word| word.kind == Kind::Word && word.gap <= Gap::Space)?;
    if is_meridiem(word.text) {
        // In German "am" means "on the".
        let is_sure = word.gap == Gap::None
            || reader.language != Language::German
            || word.text.starts_with(['p', 'P', 'A']);
        return is_sure.then_some((word.text.starts_with(['p', 'P']), 1));
    }
    let is_letter = word.is_word("a") || word.is_word("p");
    let has_dot = reader.ahead(used + 1).is_some_and(|dot| dot.is_mark(".") && dot.gap == Gap::None);
    let has_m = reader.ahead(used + 2).is_some_and(|letter| letter.is_word("m"));
    if !(is_letter && has_dot && has_m) {
        return None;
    }
    let last = reader.ahead(used + 3).filter(|dot| dot.is_mark(".") && dot.gap == Gap::None);
    Some((word.is_word("p"), 3 + usize::from(last.is_some())))
}

pub(super) fn is_meridiem(word: &str) -> bool {
    word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm")
}

/// Returns whether letters that touch a number make a time of it.
pub(super) fn is_time_word(word: &str) -> bool {
    is_meridiem(word) || is_hour_word(word) || word.eq_ignore_ascii_case("h")
}

fn is_hour_word(word: &str) -> bool {
    word.eq_ignore_ascii_case("uhr") || matches!(lexicon::fold(word).as_ref(), "o'clock" | "o’clock" | "uur")
}

/// Returns the time that a word means.
pub(super) fn named(token: &Token<'_>) -> Option<u16> {
    match lexicon::fold(token.text).as_ref() {
        "noon" | "midday" | "mediodia" => Some(12 * 60),
        "midnight" | "mitternacht" | "minuit" | "medianoche" => Some(0),
        _ => None,
    }
}

fn small(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.len() <= 2)
}
