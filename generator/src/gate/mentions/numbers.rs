//! Numbers in words, such as "twenty-five", "quatre-vingt-dix" or "ciento cinco".

use super::Reader;
use crate::extractive::language::Language;
use crate::gate::tokens::{Gap, Kind, Token};
use crate::gate::values::{Readings, Value};

/// Words of one number, at most.
const MOST_WORDS: usize = 16;

/// Returns a half.
pub(super) fn half() -> Readings {
    Readings::of(Value::HALF)
}

/// A number in the making: `total` of whole thousands, and what follows them.
#[derive(Clone, Copy, Default)]
struct Sum {
    total: u64,
    group: u64,
    /// The last word that multiplied the whole group; the next one must be smaller.
    last: Option<u64>,
    has_group: bool,
}

impl Sum {
    /// Adds a word; none when it cannot belong to the number.
    fn with(self, number: u64, joint: Joint) -> Option<Self> {
        let (tens, group) = (self.group % 100, self.group);
        let is_ten = tens >= 20 && tens.is_multiple_of(10);
        let added = if !self.has_group {
            (joint == Joint::None || self.total > 0).then_some(number)
        } else if (1..10).contains(&number) && is_ten && joint != Joint::And {
            group.checked_add(number)
        } else if matches!(tens, 60 | 80) && (10..20).contains(&number) && joint != Joint::And {
            // "soixante-dix" and "quatre-vingt-onze".
            group.checked_add(number)
        } else if tens == 4 && number == 20 && joint == Joint::None {
            group.checked_add(76)
        } else if group >= 100 && tens == 0 && number < 100 {
            group.checked_add(number)
        } else {
            None
        };
        added.map(|group| Self { group, has_group: true, ..self })
    }

    fn times(self, multiplier: u64) -> Option<Self> {
        let group = if self.has_group { self.group } else { 1 };
        if multiplier == 100 {
            let fits = (1..100).contains(&group);
            return fits.then_some(Self { group: group * 100, has_group: true, ..self });
        }
        let is_smaller = self.last.is_none_or(|last| multiplier < last);
        let total = self.total.checked_add(group.checked_mul(multiplier)?)?;
        is_smaller.then_some(Self { total, group: 0, last: Some(multiplier), has_group: false })
    }
}

/// What stands between two words of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    None,
    /// `y` and `et`, which join tens and ones.
    Tens,
    /// `and` and `und`, which follow hundreds.
    And,
}

/// Reads a number in words; returns its value, its tokens, and whether it is an ordinal.
pub(super) fn spelled(reader: &Reader<'_, '_>) -> Option<(u64, usize, bool)> {
    let mut sum = Sum::default();
    let (mut used, mut whole) = (0, None);
    for _ in 0..MOST_WORDS {
        let (joint, width) = joint(reader, used);
        let Some(token) = reader.ahead(used + width).filter(|token| token.kind == Kind::Word) else { break };
        if used > 0 && width == 0 && token.gap != Gap::Space {
            break;
        }
        if let Some(ordinal) =
            token.entry.ordinal.filter(|_| is_number_word(token, reader.language).is_none())
        {
            let ended = sum.with(u64::from(ordinal), joint);
            return ended.map(|sum| (sum.total + sum.group, used + width + 1, true)).or(whole);
        }
        let Some(word) = is_number_word(token, reader.language) else { break };
        let next = match word {
            Word::Number(number) => sum.with(number, joint),
            Word::Multiplier(multiplier) if joint == Joint::None => sum.times(multiplier),
            Word::Multiplier(_) => None,
        };
        let Some(next) = next else { break };
        sum = next;
        used += width + 1;
        whole = sum.total.checked_add(sum.group).map(|value| (value, used, false));
    }
    whole
}

enum Word {
    Number(u64),
    Multiplier(u64),
}

fn is_number_word(token: &Token<'_>, language: Language) -> Option<Word> {
    // "k" and "cents" alone are no numbers, and what is short and capital is a name.
    let multiplier = token.entry.multiplier_in(language).filter(|_| token.text.len() > 1);
    let number = token.entry.number_in(language).map(|number| Word::Number(u64::from(number)));
    number.or_else(|| multiplier.map(Word::Multiplier))
}

/// Returns what joins the next word, and the tokens that it takes.
fn joint(reader: &Reader<'_, '_>, used: usize) -> (Joint, usize) {
    let Some(token) = reader.ahead(used).filter(|_| used > 0) else { return (Joint::None, 0) };
    if token.is_dash() && token.gap == Gap::None {
        let inner = reader.ahead(used + 1).filter(|next| next.is_word("et"));
        let is_dash = |place: usize| reader.ahead(place).is_some_and(Token::is_dash);
        return if inner.is_some() && is_dash(used + 2) { (Joint::Tens, 3) } else { (Joint::None, 1) };
    }
    if token.is_word("y") || token.is_word("et") {
        return (Joint::Tens, 1);
    }
    if token.is_word("and") || token.is_word("und") { (Joint::And, 1) } else { (Joint::None, 0) }
}
