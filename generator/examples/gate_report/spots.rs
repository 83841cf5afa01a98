//! Places of a sentence where an error can be planted, found with rules of their own.

use std::ops::Range;

use crate::planted::words::{CURRENCIES, PERCENTS, Tongue};

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Digits that are none of the others.
    Number,
    /// A number in words.
    NumberWord,
    /// Digits beside a currency.
    Price,
    /// Digits of a percentage.
    Percent,
    /// Day of a date, beside its month.
    Day,
    /// Year.
    Year,
    /// Month beside a day or a year.
    Month,
    /// `9:30`.
    Time,
    /// Day of the week.
    Weekday,
    /// Two capitalised words side by side.
    FullName,
    /// One capitalised word.
    Name,
    /// A word inside a quotation.
    Quotation,
    /// An address of mail.
    Mail,
    /// A telephone number.
    Phone,
}

/// A place of a sentence.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// What stands there.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) range: Range<usize>,
}

/// A piece of text between white space, without the marks around it.
struct Word<'s> {
    text: &'s str,
    start: usize,
    before: &'s str,
    after: &'s str,
}

/// Returns the places of a sentence.
pub(crate) fn spots(sentence: &str, tongue: Tongue) -> Vec<Spot> {
    let words = words(sentence);
    let mut spots: Vec<Spot> = (0..words.len())
        .filter_map(|place| {
            let word = words.get(place)?;
            let kind = kind(&words, place, tongue)?;
            Some(Spot { kind, range: word.start..word.start + word.text.len() })
        })
        .collect();
    spots.extend(quoted(sentence));
    spots.extend(phone(sentence));
    let phone = spots.iter().find(|spot| spot.kind == Kind::Phone).map(|spot| spot.range.clone());
    spots.retain(|spot| {
        spot.kind == Kind::Phone || phone.as_ref().is_none_or(|phone| !phone.contains(&spot.range.start))
    });
    spots
}

fn words(sentence: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut from = 0;
    for piece in sentence.split_inclusive([' ', '\u{a0}', '\n']) {
        let bare = piece.trim();
        let start = piece.len() - piece.trim_start().len();
        let text = bare.trim_matches(|c: char| !c.is_alphanumeric());
        if let Some(inner) = bare.find(text).filter(|_| !text.is_empty()) {
            let (before, rest) = bare.split_at(inner);
            words.push(Word {
                text,
                start: from + start + inner,
                before,
                after: rest.get(text.len()..).unwrap_or_default(),
            });
        }
        from += piece.len();
    }
    words
}

fn kind(words: &[Word<'_>], place: usize, tongue: Tongue) -> Option<Kind> {
    let word = words.get(place)?;
    let before = place.checked_sub(1).and_then(|place| words.get(place));
    let next = words.get(place + 1).filter(|_| word.after.is_empty() || word.after == ".");
    let is_month = |word: Option<&Word<'_>>| word.is_some_and(|word| tongue.months().contains(&word.text));
    if word.text.starts_with(|c: char| c.is_ascii_digit()) {
        return digits(word, before, next, tongue);
    }
    let is_number = |word: Option<&Word<'_>>| {
        word.is_some_and(|word| word.text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match word.text {
        text if text.contains('@') => Some(Kind::Mail),
        text if tongue.days().contains(&text) => Some(Kind::Weekday),
        _ if is_month(Some(word)) => {
            let is_date =
                is_number(next) || is_number(before) || before.is_some_and(|before| before.text == "de");
            is_date.then_some(Kind::Month)
        }
        text if tongue.numbers().iter().any(|(name, _)| *name == text) => Some(Kind::NumberWord),
        _ => name(word, before, next, tongue),
    }
}

fn digits(
    word: &Word<'_>,
    before: Option<&Word<'_>>,
    next: Option<&Word<'_>>,
    tongue: Tongue,
) -> Option<Kind> {
    let text = word.text;
    let is_time = text
        .split_once(':')
        .is_some_and(|(hour, minute)| hour.parse::<u8>().is_ok() && minute.parse::<u8>().is_ok());
    if is_time {
        return Some(Kind::Time);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return None;
    }
    let is_currency = |text: &str| CURRENCIES.contains(&text);
    if word.before.ends_with(['$', '€', '£'])
        || word.after.starts_with(['€', '$'])
        || next.is_some_and(|next| is_currency(next.text))
        || before.is_some_and(|before| {
            matches!(before.text, "USD" | "EUR" | "GBP" | "CHF") && word.before.is_empty()
        })
    {
        return Some(Kind::Price);
    }
    if word.after.starts_with('%')
        || next.is_some_and(|next| PERCENTS.contains(&next.text) || next.before.starts_with('%'))
    {
        return Some(Kind::Percent);
    }
    let near_month = |word: Option<&Word<'_>>| {
        word.is_some_and(|word| {
            tongue.months().contains(&word.text) || (tongue == Tongue::Spanish && word.text == "de")
        })
    };
    match text.parse::<u32>() {
        Ok(1..=31) if next.is_some_and(|next| tongue.months().contains(&next.text)) => Some(Kind::Day),
        Ok(1..=31)
            if before
                .is_some_and(|before| tongue.months().contains(&before.text) && before.after.is_empty()) =>
        {
            Some(Kind::Day)
        }
        Ok(1_000..=2_099) if text.len() == 4 && (near_month(before) || text >= "1500") => Some(Kind::Year),
        _ => Some(Kind::Number),
    }
}

fn name(word: &Word<'_>, before: Option<&Word<'_>>, next: Option<&Word<'_>>, tongue: Tongue) -> Option<Kind> {
    let is_capital = |word: &Word<'_>| {
        let mut letters = word.text.chars();
        letters.next().is_some_and(char::is_uppercase)
            && word.text.chars().count() > 2
            && letters.all(|c| c.is_lowercase())
    };
    // The first word of a sentence, or of a quotation, says nothing.
    let before = before.filter(|before| before.after.is_empty() && word.before.is_empty())?;
    if !is_capital(word) || word.text.chars().any(|c| c.is_numeric()) {
        return None;
    }
    let has_neighbour =
        next.is_some_and(|next| is_capital(next) && next.before.is_empty() && word.after.is_empty());
    if has_neighbour && !is_capital(before) {
        return Some(Kind::FullName);
    }
    (tongue != Tongue::German && !is_capital(before)).then_some(Kind::Name)
}

fn quoted(sentence: &str) -> Option<Spot> {
    let (open, close) = [('“', '”'), ('„', '“'), ('"', '"'), ('«', '»')]
        .into_iter()
        .find(|(open, _)| sentence.contains(*open))?;
    let from = sentence.find(open)? + open.len_utf8();
    let inner = sentence.get(from..)?;
    let inner = inner.get(..inner.find(close)?)?;
    let mut words =
        inner.split(' ').filter(|word| word.chars().count() > 3 && word.chars().all(char::is_alphabetic));
    let (count, word) = (inner.split(' ').count(), words.next_back()?);
    let start = from + inner.rfind(word)?;
    (count >= 3).then(|| Spot { kind: Kind::Quotation, range: start..start + word.len() })
}

fn phone(sentence: &str) -> Option<Spot> {
    let from =
        sentence.find(" +").map(|place| place + 2).or_else(|| sentence.find(" 0").map(|place| place + 1))?;
    let rest = sentence.get(from..)?;
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != ' ').unwrap_or(rest.len());
    let text = rest.get(..length)?.trim_end();
    (text.len() >= 9).then(|| Spot { kind: Kind::Phone, range: from..from + text.len() })
}
