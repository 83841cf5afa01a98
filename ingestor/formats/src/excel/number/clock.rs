//! Shows numbers that are dates, times or durations.

use super::super::dates::{Moment, moment};
use super::tokens::Token;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Returns the date or time, or `None` when the number is outside of the calendar.
pub(super) fn show(tokens: &[Token], value: f64, counts_from_1904: bool) -> Option<String> {
    let moment = moment(value, counts_from_1904)?;
    let has_halves = tokens.contains(&Token::HalfDay);
    let mut text = String::new();
    let mut is_fraction = false;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Date('m', count) if *count < 3 && is_minute(tokens, place) => {
                text.push_str(&padded(moment.seconds / 60 % 60, *count));
            }
            Token::Date(letter, count) => text.push_str(&part(&moment, *letter, *count, has_halves)),
            Token::Elapsed(letter) => {
                let unit = match letter {
                    'h' => 3_600,
                    'm' => 60,
                    _ => 1,
                };
                text.push_str(&(moment.all_seconds / unit).to_string());
            }
            Token::HalfDay => text.push_str(if moment.seconds < 43_200 { "AM" } else { "PM" }),
            Token::Literal(literal) => text.push_str(literal),
            Token::Comma => text.push(','),
            // Nobody needs parts of seconds.
            Token::Point if matches!(tokens.get(place.saturating_add(1)), Some(Token::Digit(_))) => {
                is_fraction = true;
            }
            Token::Point => text.push('.'),
            Token::Digit(digit) if !is_fraction => text.push(*digit),
            _ => {}
        }
    }
    Some(text.trim().to_owned())
}

/// An `m` is a minute behind hours and before seconds.
fn is_minute(tokens: &[Token], place: usize) -> bool {
    let clock = |token: &&Token| token.is_date() && **token != Token::HalfDay;
    let (before, after) = tokens.split_at(place.min(tokens.len()));
    let follows_hour =
        matches!(before.iter().rev().find(clock), Some(Token::Date('h', _) | Token::Elapsed('h')));
    follows_hour
        || matches!(after.iter().skip(1).find(clock), Some(Token::Date('s', _) | Token::Elapsed('s')))
}

fn part(moment: &Moment, letter: char, count: usize, has_halves: bool) -> String {
    match (letter, count) {
        ('y', 1 | 2) => padded(moment.year.rem_euclid(100), 2),
        ('y', _) => padded(moment.year, 4),
        ('m', 1 | 2) => padded(i64::try_from(moment.month).unwrap_or(1), count),
        ('m', _) => name(&MONTHS, moment.month.saturating_sub(1), count),
        ('d', 1 | 2) => padded(moment.day, count),
        ('d', _) => name(&DAYS, moment.weekday, count),
        ('h', _) => {
            let hour = moment.seconds / 3_600;
            let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
            padded(if has_halves { twelve } else { hour }, count)
        }
        _ => padded(moment.seconds % 60, count),
    }
}

/// Three letters are short for a name, five for its first letter.
fn name(names: &[&str], place: usize, count: usize) -> String {
    let name = names.get(place).copied().unwrap_or_default();
    let length = match count {
        3 => 3,
        5 => 1,
        _ => name.len(),
    };
    name.chars().take(length).collect()
}

fn padded(number: i64, count: usize) -> String {
    let width = count.min(4);
    format!("{number:0width$}")
}
