//! Amounts: a number in digits or words, and the currency or unit beside it.

use super::{Reader, numbers, times};
use crate::extractive::language::Language;
use crate::gate::lexicon::{Role, Unit};
use crate::gate::tokens::{Gap, Kind, Token};
use crate::gate::values::{self, Readings, Value};

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gate) enum Form {
    Digits,
    Words,
    Ordinal,
    /// A word that is one, or only an article: `ein`, `une`.
    Article,
}

/// A number without what stands beside it.
#[derive(Clone, Copy, Debug)]
pub(in crate::gate) struct Amount {
    pub(in crate::gate) readings: Readings,
    pub(in crate::gate) form: Form,
    /// Tokens that it takes.
    pub(in crate::gate) used: usize,
}

/// Reads the number that begins here.
pub(super) fn amount(reader: &Reader<'_, '_>) -> Option<Amount> {
    let token = reader.ahead(0)?;
    if token.kind == Kind::Word {
        let (value, used, is_ordinal) = numbers::spelled(reader)?;
        let form = match value {
            _ if is_ordinal => Form::Ordinal,
            1 if used == 1 => Form::Article,
            _ => Form::Words,
        };
        return Some(Amount { readings: Readings::of(Value::whole(value)), form, used });
    }
    if let Some((readings, used)) = spaced(reader, token) {
        return Some(Amount { readings, form: Form::Digits, used });
    }
    let readings = values::readings(token.text)?;
    let next = reader.ahead(1);
    if let Some(suffix) =
        next.filter(|next| next.gap == Gap::None && next.entry.is_ordinal_suffix && !is_unit(reader, next))
    {
        let is_last = reader.ahead(2).is_none_or(|after| after.gap != Gap::None || after.kind == Kind::Mark);
        if is_last && !suffix.is_capital() {
            return Some(Amount { readings, form: Form::Ordinal, used: 2 });
        }
    }
    if next.is_some_and(|next| next.is_mark("½"))
        && let Some(value) = readings.first.and_half()
    {
        return Some(Amount { readings: Readings::of(value), form: Form::Digits, used: 2 });
    }
    Some(multiplied(reader, readings).unwrap_or(Amount { readings, form: Form::Digits, used: 1 }))
}

/// Reads `1 299`: French parts thousands with spaces, and other languages may.
fn spaced(reader: &Reader<'_, '_>, first: &Token<'_>) -> Option<(Readings, usize)> {
    const MOST_GROUPS: usize = 5;
    let is_spacing = matches!(reader.language, Language::French | Language::Russian | Language::Other);
    let is_head = first.text.len() <= 3
        && !first.text.starts_with('0')
        && first.text.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = |place: usize| {
        reader.ahead(place).is_some_and(|next| {
            let head = next.text.split([',', '.']).next().unwrap_or_default();
            next.kind == Kind::Number && next.gap == Gap::Space && head.len() == 3
        })
    };
    let groups = (1..MOST_GROUPS).take_while(|place| is_spacing && is_head && is_group(*place)).count();
    let joined: String =
        (0..=groups).filter_map(|place| reader.ahead(place)).map(|token| token.text).collect();
    let readings = if groups > 0 { values::readings(&joined) } else { None };
    readings.map(|readings| (readings, groups + 1))
}

/// Returns whether letters after digits are a unit rather than the end of an ordinal.
fn is_unit(reader: &Reader<'_, '_>, token: &Token<'_>) -> bool {
    token.entry.unit.is_some() || (token.is_word("s") && reader.language == Language::Other)
}

/// Reads "2.5 million" and "5 Mio.": several words may follow.
fn multiplied(reader: &Reader<'_, '_>, readings: Readings) -> Option<Amount> {
    let token = reader.ahead(1).filter(|token| token.gap <= Gap::Space)?;
    let multiplier = token.entry.multiplier_in(reader.language)?;
    // "5 cents" is no multiple of a hundred, and "5 k" with a space is a letter.
    if token.entry.unit.is_some() || (token.text.len() == 1 && token.gap != Gap::None) {
        return None;
    }
    let is_short = matches!(token.text.len(), 3) && reader.ahead(2).is_some_and(|next| next.is_mark("."));
    let readings = readings.times(multiplier)?;
    Some(Amount { readings, form: Form::Digits, used: 2 + usize::from(is_short) })
}

/// Returns the unit of an amount, the tokens from the number to the end of the unit, and the tokens of a unit before it.
pub(super) fn unit(reader: &Reader<'_, '_>, amount: &Amount) -> (Option<Unit>, usize, usize) {
    if let Some(unit) = before(reader) {
        let repeated = after(reader, amount.used).filter(|(unit, _)| unit.is_currency());
        return (Some(unit), repeated.map_or(amount.used, |(_, used)| used), 1);
    }
    after(reader, amount.used).map_or((None, amount.used, 0), |(unit, used)| (Some(unit), used, 0))
}

/// Returns the currency before the number.
fn before(reader: &Reader<'_, '_>) -> Option<Unit> {
    let is_near = reader.ahead(0)?.gap <= Gap::Space;
    let token = reader.behind(1).filter(|_| is_near)?;
    match token.kind {
        Kind::Mark => {
            let unit = Unit::of_mark(token.text).filter(|unit| unit.is_currency())?;
            let letters = reader.behind(2).filter(|_| token.gap == Gap::None).map_or("", |word| word.text);
            Some(match letters {
                "US" => Unit::UsDollar,
                "A" | "AU" => Unit::AustralianDollar,
                "C" | "CA" => Unit::CanadianDollar,
                _ => unit,
            })
        }
        Kind::Word => token.entry.unit.filter(|unit| {
            let is_code = token.text.len() == 3 && token.text.bytes().all(|byte| byte.is_ascii_uppercase());
            unit.is_currency() && (is_code || matches!(token.text, "Rs" | "SFr"))
        }),
        Kind::Number | Kind::Address => None,
    }
}

/// Returns the unit after so many tokens, and the tokens up to its end.
fn after(reader: &Reader<'_, '_>, used: usize) -> Option<(Unit, usize)> {
    let next = reader.ahead(used).filter(|next| next.gap <= Gap::Space)?;
    match next.kind {
        Kind::Mark if next.is_dash() && next.gap == Gap::None => {
            let word = reader.ahead(used + 1).filter(|word| word.gap == Gap::None)?;
            // "5,- EUR" writes a dash for the cents.
            let is_cents = word.kind == Kind::Mark;
            if is_cents {
                of_mark(word).map(|unit| (unit, used + 2))
            } else {
                of_word(reader, word).map(|unit| (unit, used + 2))
            }
        }
        Kind::Mark => of_mark(next).map(|unit| (unit, used + 1)),
        Kind::Word => {
            let second = reader.ahead(used + 1).filter(|second| second.gap == Gap::Space);
            if next.entry.role == Role::BeforeUnit
                && let Some(unit) = second.and_then(|word| of_word(reader, word))
            {
                return Some((unit, used + 2));
            }
            let is_per_cent = ["per", "por", "pour"].iter().any(|per| next.is_word(per))
                && second.is_some_and(|second| second.entry.multiplier == Some(100));
            if is_per_cent {
                return Some((Unit::Percent, used + 2));
            }
            of_word(reader, next).map(|unit| (unit, used + 1))
        }
        Kind::Number | Kind::Address => None,
    }
}

fn of_mark(token: &Token<'_>) -> Option<Unit> {
    Unit::of_mark(token.text).filter(|unit| {
        // "5 $3" is two amounts: a mark of a dollar belongs to what follows it directly.
        !unit.is_dollar() || token.gap == Gap::None
    })
}

fn of_word(reader: &Reader<'_, '_>, token: &Token<'_>) -> Option<Unit> {
    let unit = token.entry.unit?;
    // Single letters are units where they touch the number or are written small; "5 a" and "5 A" are none.
    let is_letter = token.text.len() == 1;
    let is_unit = !is_letter || (!token.is_capital() || token.gap == Gap::None);
    let is_meridiem = reader.language != Language::German && times::is_meridiem(token.text);
    (is_unit && !is_meridiem).then_some(unit)
}
