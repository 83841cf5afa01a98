//! Dates as people write them. Where day and month could be either, nothing is said.

/// Names of months begin like this, in the languages of most documents here.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "ene", "gen"],
    &["feb", "fev", "fév"],
    &["mar", "mär", "mrz"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aoû", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott", "out"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

/// Returns the first moment of a date in UTC, as RFC 3339 writes it: of `2024-03-12`, `12.3.2024`, `12 March 2024`,
/// `March 12th, 2024` and `31/12/2024`.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let (year, month, day) = words.windows(3).find_map(|three| match three {
        [first, second, third] => dated(first, second, third, text.contains('.')),
        _ => None,
    })?;
    is_day(year, month, day).then(|| format!("{year:04}-{month:02}-{day:02}T00:00:00Z"))
}

fn dated(first: &str, second: &str, third: &str, has_points: bool) -> Option<(u32, u32, u32)> {
    if let (Some(year), Some(month), Some(day)) = (year(first), number(second), number(third)) {
        return Some((year, month, day));
    }
    let year = year(third)?;
    if let Some((month, day)) = month(first).zip(number(second)).or_else(|| month(second).zip(number(first)))
    {
        return Some((year, month, day));
    }
    let (first, second) = (number(first)?, number(second)?);
    match (first > 12, second > 12) {
        (false, true) => Some((year, first, second)),
        (true, false) => Some((year, second, first)),
        // With points the day comes first; with strokes it depends on the country.
        _ if has_points || first == second => Some((year, second, first)),
        _ => None,
    }
}

fn year(word: &str) -> Option<u32> {
    word.parse().ok().filter(|year| word.len() == 4 && (1_000..=9_999).contains(year))
}

/// Reads `1` to `99`, and `1st` to `31st`.
fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|sign: char| sign.is_ascii_lowercase());
    let is_ordinal = matches!(word.get(digits.len()..), Some("" | "st" | "nd" | "rd" | "th"));
    digits.parse().ok().filter(|_| is_ordinal && digits.len() <= 2)
}

fn month(word: &str) -> Option<u32> {
    let is_named = |starts: &&[&str]| starts.iter().any(|start| word.starts_with(start));
    (1..).zip(MONTHS).find(|(_, starts)| is_named(starts)).map(|(month, _)| month)
}

fn is_day(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn dates_are_read_as_people_write_them_and_never_guessed() {
        for (text, date) in [
            ("2024-03-12", Some("2024-03-12")),
            ("12.3.2024", Some("2024-03-12")),
            ("12 March 2024", Some("2024-03-12")),
            ("Vienna, March 12th, 2024", Some("2024-03-12")),
            ("12. März 2024", Some("2024-03-12")),
            ("31/12/2024", Some("2024-12-31")),
            ("12/31/2024", Some("2024-12-31")),
            ("29.2.2024", Some("2024-02-29")),
            ("29.2.2023", None),
            ("03/04/2024", None),
            ("2024", None),
            ("soon", None),
            ("99.99.9999", None),
        ] {
            let expected = date.map(|date| format!("{date}T00:00:00Z"));
            assert_eq!(rfc3339(text), expected, "{text}");
        }
    }
}
