//! What a sentence claims that a passage must state, and whether facts bear it out.

mod names;
mod quotations;

use std::ops::Range;

use super::facts::{self, Facts, Key, MOST_COUNTED};
use super::lexicon::Unit;
use super::mentions::{self, ALL_DAYS, Clock, Date, Form, Mention, What};
use super::tokens::{self, Gap, Kind, Token};
use super::values::{self, Readings, Value};
use crate::extractive::language::Language;

/// Digits of a telephone number, at least.
const FEWEST_DIGITS: usize = 7;

/// What a passage must state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimKind {
    /// A number with or without a unit.
    Number,
    /// An amount of money.
    Price,
    /// A share of a hundred.
    Percentage,
    /// A date or a month.
    Date,
    /// A time of day.
    Time,
    /// A day of the week.
    Weekday,
    /// A telephone number.
    Phone,
    /// An address of mail or of the web.
    Address,
    /// Letters and digits together, such as an article's number.
    Code,
    /// The name of a person, place, product or company.
    Name,
    /// Words in quotation marks.
    Quotation,
}

/// Something that an answer says and its passages do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is.
    pub kind: ClaimKind,
    /// The words of the answer, or the name of a day of the week in English; 200 characters at most.
    pub text: String,
}

impl ClaimKind {
    /// Returns the kind's name for programs, such as `price`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Price => "price",
            Self::Percentage => "percentage",
            Self::Date => "date",
            Self::Time => "time",
            Self::Weekday => "weekday",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Code => "code",
            Self::Name => "name",
            Self::Quotation => "quotation",
        }
    }
}

/// A claim with what proves it.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) claim: Claim,
    proof: Proof,
}

#[derive(Clone, Debug)]
enum Proof {
    /// One of these, where a second key must be there beside the first.
    Any(Vec<(Key, Option<Key>)>),
    /// Digits of a telephone number, or of another long number.
    Phone(String),
    /// A word, hashed; or the word beside it, if that is no half of another name.
    Beside(u64, u64),
    /// Words in this order, as [`facts::spoken`] gives them.
    Says(String),
}

impl Need {
    fn new(kind: ClaimKind, text: &str, proof: Proof) -> Self {
        const LONGEST_TEXT: usize = 200;
        Self { claim: Claim { kind, text: text.chars().take(LONGEST_TEXT).collect() }, proof }
    }

    /// Returns whether a passage with these facts and this text states the claim.
    pub(super) fn is_met(&self, facts: &mut Facts, text: impl FnOnce() -> String) -> bool {
        match &self.proof {
            Proof::Any(keys) => {
                keys.iter().any(|(key, also)| facts.has(*key) && also.is_none_or(|also| facts.has(also)))
            }
            Proof::Phone(digits) => {
                let value = values::readings(digits).map(|read| Key::Value(read.first));
                facts.has_phone(digits) || value.is_some_and(|value| facts.has(value))
            }
            Proof::Beside(word, other) => {
                let is_other = facts.has(Key::Text(*other)) && !facts.has(Key::NamePart(*other));
                facts.has(Key::Text(*word)) || is_other
            }
            Proof::Says(words) => facts.says(words, text),
        }
    }
}

/// Returns what a sentence claims, in order of kind and place.
pub(super) fn needs(sentence: &str, language: Language) -> Vec<Need> {
    let tokens = tokens::tokens(sentence);
    let mentions = mentions::read(&tokens, language);
    let reading = Sentence { text: sentence, tokens: &tokens, mentions: &mentions, language };
    let mut needs = Vec::new();
    for mention in &mentions {
        reading.mention(mention, &mut needs);
    }
    names::needs(&reading, &mut needs);
    quotations::needs(&reading, &mut needs);
    needs
}

/// A sentence that is read.
struct Sentence<'s> {
    text: &'s str,
    tokens: &'s [Token<'s>],
    mentions: &'s [Mention],
    language: Language,
}

impl Sentence<'_> {
    fn words(&self, tokens: &Range<usize>) -> &str {
        let tokens = self.tokens.get(tokens.clone()).unwrap_or_default();
        let range = tokens.first().zip(tokens.last()).map(|(first, last)| first.start..last.end());
        range.and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    fn mention(&self, mention: &Mention, needs: &mut Vec<Need>) {
        let words = self.words(&mention.tokens);
        let mut need = |kind, keys| needs.push(Need::new(kind, words, Proof::Any(keys)));
        match &mention.what {
            What::Number { readings, unit, form } => {
                let is_long = words.len() >= FEWEST_DIGITS && words.bytes().all(|byte| byte.is_ascii_digit());
                if is_long {
                    // A telephone number without spaces is digits like any other.
                    needs.push(Need::new(ClaimKind::Number, words, Proof::Phone(words.to_owned())));
                } else if !self.is_no_claim(mention, *readings, *unit, *form) {
                    need(kind(*unit), self.number(mention, *readings, *unit));
                }
            }
            What::Date(date, other) => {
                let keys = std::iter::once(date).chain(other).flat_map(|date| self::date(*date));
                need(ClaimKind::Date, keys.collect());
            }
            What::Time { minutes, clock } => need(ClaimKind::Time, time(*minutes, *clock)),
            What::Month(month) => need(ClaimKind::Date, vec![(Key::Month(*month), None)]),
            What::Address(address) => need(ClaimKind::Address, vec![(Key::Text(facts::hash(address)), None)]),
            What::Code(code) => need(ClaimKind::Code, vec![(Key::Text(facts::hash(code)), None)]),
            What::Phone(digits) => {
                needs.push(Need::new(ClaimKind::Phone, words, Proof::Phone(digits.clone())));
            }
            // "Daily" says nothing that a passage must put into words.
            What::Days(ALL_DAYS, None) => {}
            What::Days(days, ends) => needs.extend(self::days(*days, *ends)),
        }
    }

    /// Returns whether a number is a mark of a list, an article, or a word that only orders what is said.
    fn is_no_claim(&self, mention: &Mention, readings: Readings, unit: Option<Unit>, form: Form) -> bool {
        let token = |place: Option<usize>| place.and_then(|place| self.tokens.get(place));
        let Some(first) = token(Some(mention.tokens.start)) else { return true };
        let (before, next) = (token(mention.tokens.start.checked_sub(1)), token(Some(mention.tokens.end)));
        let is_first = first.gap == Gap::Line
            || before.is_some_and(|mark| mark.gap == Gap::Line && mark.is_one_of(&["*", "#", ">"]));
        let is_marker =
            is_first && next.is_some_and(|next| next.gap == Gap::None && next.is_one_of(&[".", ")"]));
        let small = readings.small();
        let is_step =
            small.is_some_and(|small| small <= 20) && before.is_some_and(|word| word.entry.is_step());
        let is_order =
            form == Form::Ordinal && first.kind == Kind::Word && small.is_some_and(|small| small <= 3);
        unit.is_none()
            && (form == Form::Article || is_marker || is_step || is_order || self.is_count(mention, small))
    }

    /// Returns whether a number up to twelve counts things that the answer itself goes on to list.
    fn is_count(&self, mention: &Mention, small: Option<u32>) -> bool {
        let ahead = |places: usize| self.tokens.get(mention.tokens.end + places);
        let is_listed = (0..3).filter_map(ahead).any(|word| word.entry.is_listed());
        small.is_some_and(|small| small <= MOST_COUNTED)
            && (is_listed || self.text.trim_end().ends_with([':', '：']))
    }

    fn number(&self, mention: &Mention, readings: Readings, unit: Option<Unit>) -> Vec<(Key, Option<Key>)> {
        let mut keys = Vec::with_capacity(4);
        for value in readings.each() {
            match unit {
                None => {
                    keys.push((Key::Value(value), None));
                    keys.extend(
                        value
                            .small()
                            .filter(|count| *count <= MOST_COUNTED)
                            .map(|count| (Key::Listed(count), None)),
                    );
                }
                Some(unit) => {
                    keys.extend([(Key::Measured(value, unit), None), (Key::Bare(value), None)]);
                    let hour = facts::hour(value).filter(|_| unit == Unit::Hour);
                    keys.extend(hour.map(|minutes| (Key::Time(minutes), None)));
                }
            }
        }
        keys.extend(self.with_neighbours(mention).map(|value| (Key::Value(value), None)));
        keys
    }

    /// Returns the number that groups of three digits with spaces between them may make together: `1 299`.
    fn with_neighbours(&self, mention: &Mention) -> Option<Value> {
        let digits = |place: usize| self.tokens.get(place).filter(|token| token.kind == Kind::Number);
        let is_group = |place: usize| {
            digits(place).is_some_and(|token| token.text.len() == 3 && token.gap == Gap::Space)
        };
        let mut from = mention.tokens.start;
        digits(from)?;
        for _ in 0..4 {
            from -= usize::from(is_group(from) && from > 0 && digits(from - 1).is_some());
        }
        let length = (1..5).take_while(|step| is_group(from + step)).count();
        let joined: String = (from..=from + length).filter_map(digits).map(|token| token.text).collect();
        let value = values::readings(&joined).map(|read| read.first);
        value.filter(|_| length > 0)
    }
}

/// Each day must be meant by the passage, and the ends of a span must be written there.
fn days(days: u8, ends: Option<(u8, u8)>) -> impl Iterator<Item = Need> {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let ends = ends.map_or(0, |(from, until)| from | until);
    let each = NAMES.into_iter().zip(facts::bits(ALL_DAYS)).filter(move |(_, day)| days & day != 0);
    each.map(move |(name, day)| {
        let key = if ends & day == 0 { Key::Day(day) } else { Key::NamedDay(day) };
        Need::new(ClaimKind::Weekday, name, Proof::Any(vec![(key, None)]))
    })
}

fn kind(unit: Option<Unit>) -> ClaimKind {
    match unit {
        Some(Unit::Percent) => ClaimKind::Percentage,
        Some(unit) if unit.is_currency() => ClaimKind::Price,
        Some(_) | None => ClaimKind::Number,
    }
}

fn date(date: Date) -> Vec<(Key, Option<Key>)> {
    let year = date.year.map(|year| Key::Value(Value::whole(u64::from(year))));
    let mut keys = vec![(Key::Date(date), None)];
    match date.day {
        Some(day) if year.is_some() => keys.push((Key::Yearless(date.month, day), year)),
        None => keys.push((Key::Month(date.month), year)),
        Some(_) => {}
    }
    keys
}

fn time(minutes: u16, clock: Clock) -> Vec<(Key, Option<Key>)> {
    let mut keys = vec![(Key::Time(minutes), None)];
    match clock {
        Clock::Halves => keys.push((Key::OpenHalf(minutes % 720), None)),
        Clock::Open => keys.push((Key::Half(minutes % 720), None)),
        Clock::Whole => {}
    }
    let whole = minutes.is_multiple_of(60);
    let bare = |hour: u16| (Key::Bare(Value::whole(u64::from(hour))), None);
    keys.extend(whole.then(|| bare(minutes / 60)));
    keys.extend((whole && clock == Clock::Halves).then(|| bare(minutes % 720 / 60)));
    keys
}
