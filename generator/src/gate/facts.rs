//! What one passage states, as keys that are looked up. Built once per passage, when a sentence first asks for it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::lexicon::{self, Unit};
use super::mentions::{self, Clock, Date, Form, What};
use super::tokens::{self, Gap, Kind, Token};
use super::values::{self, Readings, Value};
use crate::extractive::language::Language;

/// Telephone numbers of a passage that are kept.
const MOST_PHONES: usize = 256;
/// Digits that a country's code and a zero in front add to a telephone number.
const COUNTRY_DIGITS: usize = 4;
/// Things that an answer may count.
pub(super) const MOST_COUNTED: u32 = 12;

/// One thing that a passage can state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A number, whatever it measures.
    Value(Value),
    /// A number whose unit is not known.
    Bare(Value),
    Measured(Value, Unit),
    /// A list of so many lines.
    Listed(u32),
    Date(Date),
    /// Month and day of a date that has no year.
    Yearless(u8, u8),
    Month(u8),
    /// Minutes after midnight.
    Time(u16),
    /// Minutes after noon or midnight of a time that says which.
    Half(u16),
    /// Minutes after noon or midnight of a time that does not say which.
    OpenHalf(u16),
    /// A day of the week, as a bit; Monday is the lowest.
    Day(u8),
    /// A day that is written, rather than meant by a span.
    NamedDay(u8),
    /// A word that is half of a name of two words, hashed.
    NamePart(u64),
    /// An address, code or word, hashed.
    Text(u64),
}

/// What a passage states.
#[derive(Debug)]
pub(super) struct Facts {
    keys: HashSet<Key>,
    phones: Vec<String>,
    /// The words in order, for quotations; built when the first one is looked up.
    spoken: Option<String>,
}

impl Facts {
    /// Reads a passage with its title and headings.
    pub(super) fn of(text: &str, language: Language) -> Self {
        let tokens = tokens::tokens(text);
        let mut facts =
            Self { keys: HashSet::with_capacity(2 * tokens.len()), phones: Vec::new(), spoken: None };
        for mention in mentions::read(&tokens, language) {
            facts.state(&mention.what);
        }
        facts.words(&tokens);
        facts.groups(&tokens);
        facts.lists(text);
        facts
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }

    /// Returns whether a telephone number is given, with or without its country.
    pub(super) fn has_phone(&self, digits: &str) -> bool {
        self.phones.iter().any(|known| {
            let (long, short) =
                if known.len() < digits.len() { (digits, known.as_str()) } else { (known.as_str(), digits) };
            long.ends_with(short) && long.len() - short.len() <= COUNTRY_DIGITS
        })
    }

    /// Returns whether words stand in the passage in this order; both as [`spoken`] gives them.
    pub(super) fn says(&mut self, words: &str, text: impl FnOnce() -> String) -> bool {
        self.spoken.get_or_insert_with(|| spoken(&text())).contains(words)
    }

    fn put(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.keys.extend(keys);
    }

    fn state(&mut self, what: &What) {
        match what {
            What::Number { readings, unit, form } => self.number(*readings, *unit, *form),
            What::Date(date, other) => {
                self.date(*date);
                other.iter().for_each(|date| self.date(*date));
            }
            What::Time { minutes, clock } => self.time(*minutes, *clock),
            What::Days(days, ends) => {
                self.put(bits(*days).map(Key::Day));
                let (from, until) = ends.unwrap_or((*days, *days));
                self.put(bits(from).chain(bits(until)).map(Key::NamedDay));
            }
            What::Month(month) => self.put([Key::Month(*month)]),
            What::Phone(digits) => {
                self.put(values::readings(digits).map(|read| Key::Value(read.first)));
                if self.phones.len() < MOST_PHONES {
                    self.phones.push(digits.clone());
                }
            }
            What::Address(address) => {
                let host = address.split(['/', '?', '#']).next().unwrap_or_default();
                self.put([Key::Text(hash(address)), Key::Text(hash(host))]);
                self.put(host.split_once('@').map(|(_, host)| Key::Text(hash(host))));
            }
            What::Code(code) => self.put([Key::Text(hash(code))]),
        }
    }

    fn number(&mut self, readings: Readings, unit: Option<Unit>, form: Form) {
        for value in readings.each() {
            self.put([Key::Value(value)]);
            let Some(unit) = unit else {
                // "a second pair" and "ein Paar" do not say how many.
                if !matches!(form, Form::Article) {
                    self.put([Key::Bare(value)]);
                }
                continue;
            };
            self.put([Key::Measured(value, unit)]);
            match unit {
                Unit::Dollar => {
                    let which = [Unit::UsDollar, Unit::AustralianDollar, Unit::CanadianDollar];
                    self.put(which.map(|unit| Key::Measured(value, unit)));
                }
                Unit::Cent => {
                    let whole = [Unit::Dollar, Unit::UsDollar, Unit::Euro, Unit::Pound];
                    let part = value.hundredth();
                    self.put(whole.iter().filter_map(|unit| Some(Key::Measured(part?, *unit))));
                }
                Unit::Hour => self.put(hour(value).map(Key::Time)),
                _ if unit.is_dollar() => self.put([Key::Measured(value, Unit::Dollar)]),
                _ => {}
            }
            if unit.is_currency() && unit != Unit::Cent {
                self.put(value.times(100).map(|cents| Key::Measured(cents, Unit::Cent)));
            }
        }
    }

    fn date(&mut self, date: Date) {
        let number = |number: u32| Key::Value(Value::whole(u64::from(number)));
        self.put([Key::Date(date), Key::Month(date.month), Key::Date(Date { year: None, ..date })]);
        if let Some(day) = date.day {
            self.put([Key::Date(Date { day: None, ..date }), number(u32::from(day))]);
            let yearless = Key::Yearless(date.month, day);
            self.put(date.year.is_none().then_some(yearless));
        }
        self.put(date.year.map(|year| number(u32::from(year))));
    }

    fn time(&mut self, minutes: u16, clock: Clock) {
        self.put([Key::Time(minutes)]);
        match clock {
            Clock::Halves => self.put([Key::Half(minutes % 720)]),
            Clock::Open => self.put([Key::OpenHalf(minutes % 720)]),
            Clock::Whole => {}
        }
        // The hours of "9 to 18:00" and "from 9 am to 6" have no unit of their own.
        let hours = [minutes / 60, (minutes % 720) / 60];
        self.put(hours.map(|hour| Key::Value(Value::whole(u64::from(hour)))));
    }

    fn words(&mut self, tokens: &[Token<'_>]) {
        let mut before: Option<&Token<'_>> = None;
        for token in tokens {
            match token.kind {
                Kind::Word => {
                    let hash = stem_hash(token.text);
                    self.keys.insert(Key::Text(hash));
                    if let Some(first) = before
                        .filter(|first| token.gap == Gap::Space && first.is_capital() && token.is_capital())
                    {
                        self.put([Key::NamePart(hash), Key::NamePart(stem_hash(first.text))]);
                    }
                    let is_article = before.is_some_and(|word| word.is_word("a") || word.is_word("an"));
                    if let Some(unit) = token.entry.unit.filter(|_| is_article) {
                        self.keys.insert(Key::Measured(Value::whole(1), unit));
                    }
                    self.keys.extend(ordinary(token));
                }
                // The number of "COVID-19" may stand alone.
                Kind::Number if before.is_some_and(|mark| token.gap == Gap::None && mark.is_mark("-")) => {
                    self.keys.extend(values::readings(token.text).map(|read| Key::Value(read.first)));
                }
                Kind::Number | Kind::Address | Kind::Mark => {}
            }
            before = Some(token);
        }
    }

    /// Reads `158 349` as one number beside the two that it may be.
    fn groups(&mut self, tokens: &[Token<'_>]) {
        const MOST_GROUPS: usize = 4;
        let is_group = |token: &&Token<'_>| {
            token.kind == Kind::Number && token.gap == Gap::Space && token.text.len() == 3
        };
        for (place, first) in tokens.iter().enumerate() {
            if first.kind != Kind::Number || first.text.len() > 3 || first.text.starts_with('0') {
                continue;
            }
            let mut joined = first.text.to_owned();
            for group in tokens.iter().skip(place + 1).take(MOST_GROUPS).take_while(is_group) {
                joined.push_str(group.text);
                let value = values::readings(&joined).map(|read| read.first);
                self.put(value.into_iter().flat_map(|value| [Key::Value(value), Key::Bare(value)]));
            }
        }
    }

    /// Counts the lines of every list.
    fn lists(&mut self, text: &str) {
        let mut count = 0;
        for line in text.lines().map(str::trim_start).chain([""]) {
            let is_item = line.starts_with(['-', '*', '•', '|']) || begins_with_number(line);
            if is_item {
                count += 1;
            } else if count > 0 && !line.is_empty() {
                count = 0;
            }
            if (2..=MOST_COUNTED + 2).contains(&count) {
                self.keys.insert(Key::Listed(count));
            }
        }
    }
}

/// Returns the bits that are set.
pub(super) fn bits(days: u8) -> impl Iterator<Item = u8> {
    (0..7).map(|place| 1 << place).filter(move |day| days & day != 0)
}

/// Words of a number of times: "both", "twice".
fn ordinary(token: &Token<'_>) -> Option<Key> {
    let is_two = ["both", "twice", "beide", "beiden", "zweimal", "ambos", "ambas", "deux"]
        .iter()
        .any(|two| token.is_word(two));
    is_two.then(|| Key::Bare(Value::whole(2)))
}

fn begins_with_number(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(['.', ')'])
}

/// Returns the minutes after midnight of an hour that there is.
pub(super) fn hour(value: Value) -> Option<u16> {
    let hour = u16::try_from(value.small()?).ok().filter(|hour| *hour <= 24)?;
    Some(hour * 60 % (24 * 60))
}

/// Returns the words of a text in order, folded, with a space before and after each.
pub(super) fn spoken(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len() + 2);
    spoken.push(' ');
    for token in tokens::tokens(text).iter().filter(|token| token.kind != Kind::Mark) {
        spoken.push_str(&lexicon::fold(token.text));
        spoken.push(' ');
    }
    spoken
}

pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Returns the hash of a word without the endings of a plural or a genitive.
pub(super) fn stem_hash(word: &str) -> u64 {
    let folded = lexicon::fold(word);
    hash(stem(&folded))
}

/// Strips endings that names take; both sides are stripped alike, so what is left need not be a word.
fn stem(folded: &str) -> &str {
    const SHORTEST: usize = 3;
    let mut stem = folded;
    for endings in [&["'s", "’s", "'", "’"][..], &["s", "x"], &["en", "n", "e"]] {
        let shorter = endings.iter().find_map(|ending| stem.strip_suffix(ending));
        stem = shorter.filter(|shorter| shorter.len() >= SHORTEST).unwrap_or(stem);
    }
    stem
}
