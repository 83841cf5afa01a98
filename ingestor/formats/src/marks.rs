//! Writes the numbers of items: `3`, `c`, `iii`.

/// A repeated letter is no number any more.
const MAX_REPEATS: u32 = 5;

/// How a level is numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    #[default]
    Decimal,
    /// `01`.
    Padded,
    Bullet,
    Nothing,
    LowerLetter,
    UpperLetter,
    LowerRoman,
    UpperRoman,
}

impl Scheme {
    /// Schemes of other scripts are written in digits.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "bullet" => Self::Bullet,
            "none" => Self::Nothing,
            "decimalZero" => Self::Padded,
            "lowerLetter" => Self::LowerLetter,
            "upperLetter" => Self::UpperLetter,
            "lowerRoman" => Self::LowerRoman,
            "upperRoman" => Self::UpperRoman,
            _ => Self::Decimal,
        }
    }
}

pub(crate) fn write(scheme: Scheme, number: u32) -> String {
    match scheme {
        Scheme::Decimal => number.to_string(),
        Scheme::Padded => format!("{number:02}"),
        Scheme::Bullet | Scheme::Nothing => String::new(),
        Scheme::LowerLetter => letters(number),
        Scheme::UpperLetter => letters(number).to_uppercase(),
        Scheme::LowerRoman => roman(number).to_lowercase(),
        Scheme::UpperRoman => roman(number),
    }
}

/// After z comes aa, then bb.
fn letters(number: u32) -> String {
    let place = number.saturating_sub(1);
    let letter = u8::try_from(place % 26).ok().and_then(|place| b'a'.checked_add(place)).map(char::from);
    let repeats = (place / 26).saturating_add(1);
    match letter {
        Some(letter) if number > 0 && repeats <= MAX_REPEATS => (0..repeats).map(|_| letter).collect(),
        _ => number.to_string(),
    }
}

fn roman(number: u32) -> String {
    const VALUES: &[(u32, &str)] = &[
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..4000).contains(&number) {
        return number.to_string();
    }
    let (mut left, mut text) = (number, String::new());
    for (value, letters) in VALUES {
        while left >= *value {
            left -= value;
            text.push_str(letters);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Scheme, write};

    #[test]
    fn numbers_are_written_in_each_scheme() {
        for (scheme, number, expected) in [
            (Scheme::Decimal, 12, "12"),
            (Scheme::Padded, 3, "03"),
            (Scheme::LowerLetter, 28, "bb"),
            (Scheme::UpperLetter, 3, "C"),
            (Scheme::LowerLetter, 0, "0"),
            (Scheme::LowerLetter, u32::MAX, "4294967295"),
            (Scheme::LowerRoman, 14, "xiv"),
            (Scheme::UpperRoman, 1994, "MCMXCIV"),
            (Scheme::UpperRoman, 4000, "4000"),
            (Scheme::Nothing, 1, ""),
        ] {
            assert_eq!(write(scheme, number), expected);
        }
    }
}
