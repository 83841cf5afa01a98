//! What a single word can mean for facts: a number, a unit, a month, a day. Which of them it means is decided elsewhere.

mod words;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::extractive::language::Language;
use crate::extractive::{terms, weekdays};

/// Letters of a word, at most; a longer one is looked up by its beginning and means nothing.
const LONGEST: usize = 64;

/// What is measured or paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rustfmt::skip]
pub(super) enum Unit {
    Dollar, UsDollar, AustralianDollar, CanadianDollar, Euro, Pound, Franc, Yen, Yuan, Rupee, Dirham, Cent,
    Percent, Second, Minute, Hour, Day, Week, Month, Year,
    Millimetre, Centimetre, Metre, Kilometre, Inch, Foot, Yard, Mile,
    Gram, Kilogram, Tonne, PoundWeight, Ounce, Litre, Millilitre, Watt, Kilowatt, KilowattHour, Volt, Byte, Degree,
}

/// What a word can mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: Option<u32>,
    pub(super) multiplier: Option<u64>,
    pub(super) ordinal: Option<u32>,
    pub(super) unit: Option<Unit>,
    /// From 1.
    pub(super) month: Option<u8>,
    /// Days of the week, a bit each, Monday the lowest.
    pub(super) days: u8,
    /// The same for short forms, which are other words too.
    pub(super) short_days: u8,
    /// The only language in which it is a number.
    pub(super) only_in: Option<Language>,
    pub(super) is_unsure_month: bool,
    pub(super) is_ordinal_suffix: bool,
    pub(super) role: Role,
}

/// What a word does for the words beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    None,
    Until,
    BeforeUnit,
    Listed,
    Step,
    /// Both a word that counts and one that points: `option`.
    ListedStep,
    Every,
    Title,
}

/// The meaning of a word that means nothing here.
pub(super) static NOTHING: Entry = Entry {
    number: None,
    multiplier: None,
    ordinal: None,
    unit: None,
    month: None,
    days: 0,
    short_days: 0,
    only_in: None,
    is_unsure_month: false,
    is_ordinal_suffix: false,
    role: Role::None,
};

static ENTRIES: LazyLock<HashMap<Box<str>, Entry>> = LazyLock::new(build);

impl Unit {
    pub(super) fn is_currency(self) -> bool {
        self.is_dollar()
            || matches!(
                self,
                Self::Euro
                    | Self::Pound
                    | Self::Franc
                    | Self::Yen
                    | Self::Yuan
                    | Self::Rupee
                    | Self::Dirham
                    | Self::Cent
            )
    }

    pub(super) fn is_dollar(self) -> bool {
        matches!(self, Self::Dollar | Self::UsDollar | Self::AustralianDollar | Self::CanadianDollar)
    }

    /// Returns the unit of a mark.
    pub(super) fn of_mark(mark: &str) -> Option<Self> {
        Some(match mark {
            "$" | "＄" => Self::Dollar,
            "€" => Self::Euro,
            "£" => Self::Pound,
            "¥" | "￥" => Self::Yen,
            "₹" => Self::Rupee,
            "¢" => Self::Cent,
            "%" | "％" | "٪" => Self::Percent,
            "°" => Self::Degree,
            _ => return None,
        })
    }
}

impl Entry {
    pub(super) fn is_listed(&self) -> bool {
        matches!(self.role, Role::Listed | Role::ListedStep)
    }

    pub(super) fn is_step(&self) -> bool {
        matches!(self.role, Role::Step | Role::ListedStep)
    }

    /// Returns the number in a language; none where the word is another one there.
    pub(super) fn number_in(&self, language: Language) -> Option<u32> {
        self.number.filter(|_| self.counts_in(language))
    }

    pub(super) fn multiplier_in(&self, language: Language) -> Option<u64> {
        self.multiplier.filter(|_| self.counts_in(language))
    }

    fn counts_in(&self, language: Language) -> bool {
        self.only_in.is_none_or(|only| only == language)
    }
}

/// Returns a word in lower case without accents.
pub(super) fn fold(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() {
        return Cow::Owned(terms::fold(word));
    }
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(word.to_ascii_lowercase());
    }
    Cow::Borrowed(word)
}

/// Returns what a word can mean.
pub(super) fn look_up(word: &str) -> &'static Entry {
    if word.len() > LONGEST {
        return &NOTHING;
    }
    ENTRIES.get(fold(word).as_ref()).unwrap_or(&NOTHING)
}

fn build() -> HashMap<Box<str>, Entry> {
    let mut entries = HashMap::new();
    add_numbers(&mut entries);
    add_ordinals(&mut entries);
    add_calendar(&mut entries);
    for (unit, names) in words::UNITS {
        names.iter().for_each(|name| entry(&mut entries, name).unit = Some(unit));
    }
    for (stem, unit) in words::GERMAN_PERIODS {
        for ending in words::GERMAN_ENDINGS {
            entry(&mut entries, &format!("{stem}{ending}")).unit = Some(unit);
        }
    }
    let roles: [(&[&str], Role); 6] = [
        (&words::UNTIL, Role::Until),
        (&words::BEFORE_UNIT, Role::BeforeUnit),
        (&words::LISTED, Role::Listed),
        (&words::STEPS, Role::Step),
        (&words::EVERY, Role::Every),
        (&words::TITLES, Role::Title),
    ];
    for (names, role) in roles {
        for name in names {
            let known = entry(&mut entries, name);
            let is_both = known.role == Role::Listed && role == Role::Step;
            known.role = if is_both { Role::ListedStep } else { role };
        }
    }
    for (language, names) in words::ONLY_IN {
        names.iter().for_each(|name| entry(&mut entries, name).only_in = Some(language));
    }
    entries
}

fn entry<'e>(entries: &'e mut HashMap<Box<str>, Entry>, name: &str) -> &'e mut Entry {
    entries.entry(name.into()).or_default()
}

fn add_numbers(entries: &mut HashMap<Box<str>, Entry>) {
    for (number, names) in words::NUMBERS {
        names.iter().for_each(|name| entry(entries, name).number = Some(number));
    }
    for (unit, name) in (1..).zip(words::GERMAN_UNITS) {
        for (ten, tens) in (2..).zip(words::GERMAN_TENS) {
            entry(entries, &format!("{name}und{tens}")).number = Some(10 * ten + unit);
        }
        entry(entries, &format!("{name}hundert")).number = Some(100 * unit);
        entry(entries, &format!("{name}tausend")).number = Some(1_000 * unit);
    }
    for (multiplier, names) in words::MULTIPLIERS {
        names.iter().for_each(|name| entry(entries, name).multiplier = Some(multiplier));
    }
}

fn add_ordinals(entries: &mut HashMap<Box<str>, Entry>) {
    for (place, names) in (1..).zip(words::ORDINALS) {
        names.iter().for_each(|name| entry(entries, name).ordinal = Some(place));
    }
    for (place, stem) in (1..).zip(words::GERMAN_ORDINALS) {
        // Without an ending it is another word: `acht` is a number, `erst` an adverb.
        for ending in words::GERMAN_ENDINGS.iter().filter(|ending| !ending.is_empty()) {
            entry(entries, &format!("{stem}{ending}")).ordinal = Some(place);
        }
    }
    for suffix in words::ORDINAL_SUFFIXES {
        entry(entries, suffix).is_ordinal_suffix = true;
    }
}

fn add_calendar(entries: &mut HashMap<Box<str>, Entry>) {
    for (month, names) in (1..).zip(words::MONTHS) {
        names.iter().for_each(|name| entry(entries, name).month = Some(month));
    }
    for name in words::UNSURE_MONTHS {
        entry(entries, name).is_unsure_month = true;
    }
    for names in weekdays::NAMES {
        for (day, name) in names.iter().enumerate() {
            entry(entries, name).days = 1 << day;
            entry(entries, &format!("{name}s")).days = 1 << day;
        }
    }
    for names in weekdays::SHORT {
        for (day, name) in names.iter().enumerate() {
            entry(entries, name).short_days = 1 << day;
        }
    }
    for (name, day) in weekdays::OTHER_NAMES {
        entry(entries, name).days = 1 << day;
    }
    for (name, days) in weekdays::GROUPS {
        entry(entries, name).days = days.iter().fold(0, |bits, day| bits | 1 << day);
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Unit, look_up};

    #[test]
    fn a_word_means_numbers_units_months_and_days_in_several_languages() {
        assert_eq!(look_up("fünfundzwanzig").number, Some(25));
        assert_eq!(look_up("Veinticinco").number, Some(25));
        assert_eq!(look_up("März").month, Some(3));
        assert_eq!(look_up("Werktage").unit, Some(Unit::Day));
        assert_eq!(look_up("weekend").days, 0b110_0000);
        assert_eq!(look_up("once").number_in(Language::English), None);
        assert_eq!(look_up("once").number_in(Language::Spanish), Some(11));
    }
}
