//! Numbers as several languages write them, in one form: `1.299,00`, `1,299.00` and `1299` are equal.

/// A number: `digits` with the last `scale` of them after the point, without zeros at the end of a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Value {
    digits: u64,
    scale: u8,
}

/// What a written number can mean: two values where a point or comma may part thousands or begin a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Readings {
    pub(super) first: Value,
    pub(super) second: Option<Value>,
}

impl Value {
    pub(super) const HALF: Self = Self { digits: 5, scale: 1 };

    pub(super) fn whole(number: u64) -> Self {
        Self { digits: number, scale: 0 }
    }

    fn new(mut digits: u64, mut scale: u8) -> Self {
        while scale > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            scale -= 1;
        }
        Self { digits, scale }
    }

    /// Returns the product; none when it is too large.
    pub(super) fn times(self, factor: u64) -> Option<Self> {
        Some(Self::new(self.digits.checked_mul(factor)?, self.scale))
    }

    pub(super) fn hundredth(self) -> Option<Self> {
        Some(Self::new(self.digits, self.scale.checked_add(2)?))
    }

    /// Returns the value plus a half; none when it is too large or has a fraction.
    pub(super) fn and_half(self) -> Option<Self> {
        let doubled = self.digits.checked_mul(10)?.checked_add(5)?;
        (self.scale == 0).then(|| Self::new(doubled, 1))
    }

    /// Returns a whole number that fits.
    pub(super) fn small(self) -> Option<u32> {
        u32::try_from(self.digits).ok().filter(|_| self.scale == 0)
    }
}

impl Readings {
    pub(super) fn of(value: Value) -> Self {
        Self { first: value, second: None }
    }

    pub(super) fn each(self) -> impl Iterator<Item = Value> {
        std::iter::once(self.first).chain(self.second)
    }

    pub(super) fn times(self, factor: u64) -> Option<Self> {
        Some(Self {
            first: self.first.times(factor)?,
            second: self.second.and_then(|value| value.times(factor)),
        })
    }

    /// Returns the reading of a price, which has no three digits after the point.
    pub(super) fn as_price(self) -> Self {
        Self::of(self.first)
    }

    /// Returns the whole number that this can only be.
    pub(super) fn small(self) -> Option<u32> {
        self.first.small().filter(|_| self.second.is_none())
    }
}

/// Returns the value of a digit: European, Arabic, Persian or of full width.
pub(super) fn digit(character: char) -> Option<u64> {
    let code = u64::from(u32::from(character));
    let zero = match code {
        0x30..=0x39 => 0x30,
        0x660..=0x669 => 0x660,
        0x6f0..=0x6f9 => 0x6f0,
        0xff10..=0xff19 => 0xff10,
        _ => return None,
    };
    code.checked_sub(zero)
}

/// Returns whether the character may stand between the digits of one number.
pub(super) fn is_separator(character: char) -> bool {
    is_point(character) || is_space(character)
}

fn is_point(character: char) -> bool {
    matches!(character, '.' | ',' | '٫' | '٬')
}

/// Separators that only ever part thousands.
fn is_space(character: char) -> bool {
    matches!(character, '\'' | '’' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Returns what digits with separators between them mean; none when they are no number, such as `1.2.3`.
pub(super) fn readings(text: &str) -> Option<Readings> {
    let Some((place, last)) = text.char_indices().rev().find(|(_, character)| is_separator(*character))
    else {
        return digits(text).map(|digits| Readings::of(Value::whole(digits)));
    };
    let before = text.get(..place)?;
    let after = text.get(place + last.len_utf8()..)?;
    let whole = || digits(text).map(Value::whole);
    let fraction = || {
        let scale = u8::try_from(after.chars().count()).ok()?;
        Some(Value::new(digits(text)?, scale))
    };
    let is_thousands = groups_of_three(text);
    if before.contains(is_separator) {
        return if before.contains(last) || is_space(last) {
            whole().filter(|_| is_thousands).map(Readings::of)
        } else {
            fraction().filter(|_| groups_of_three(before)).map(Readings::of)
        };
    }
    if is_thousands {
        let second = if is_space(last) { None } else { fraction() };
        return Some(Readings { first: whole()?, second });
    }
    fraction().filter(|_| !is_space(last)).map(Readings::of)
}

/// Returns whether one to three digits are followed by groups of three, as thousands are.
fn groups_of_three(text: &str) -> bool {
    let mut groups = text.split(is_separator);
    let first = groups.next().unwrap_or_default();
    let is_first = (1..=3).contains(&first.chars().count()) && !first.starts_with('0');
    is_first && groups.all(|group| group.chars().count() == 3)
}

/// Returns the number that the digits make without their separators; none when it is too large.
fn digits(text: &str) -> Option<u64> {
    text.chars().filter_map(digit).try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit))
}

#[cfg(test)]
mod tests {
    use super::{Value, readings};

    #[test]
    fn one_number_is_the_same_however_it_is_written() {
        for text in ["1299", "1.299,00", "1,299.00", "1'299.00", "1\u{202f}299,0", "١٢٩٩"] {
            assert_eq!(readings(text).map(|read| read.first), Some(Value::whole(1299)), "{text}");
        }
        assert_eq!(readings("4.90"), readings("4,9"));
        assert_ne!(readings("4.90"), readings("49"));
        assert_eq!(readings("1,299").and_then(|read| read.second), readings("1.2990").map(|read| read.first));
        assert_eq!(readings("0.125").map(|read| read.second), Some(None));
        assert_eq!(readings("1.2.3"), None);
        assert_eq!(readings("99999999999999999999999"), None);
    }
}
