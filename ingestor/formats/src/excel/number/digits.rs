//! Puts the digits of a number into the places of its format.

use super::tokens::Token;

/// More digits behind the point than a number has.
const MAX_DECIMALS: usize = 30;

/// Shows a number that is not negative.
pub(super) fn show(tokens: &[Token], value: f64) -> String {
    let digits = |token: &Token| matches!(token, Token::Digit(_));
    let point = tokens.iter().position(|token| *token == Token::Point);
    let exponent = tokens.iter().position(|token| matches!(token, Token::Exponent(_)));
    let end = exponent.unwrap_or(tokens.len());
    let whole = tokens.get(..point.unwrap_or(end).min(end)).unwrap_or_default();
    let decimals = point.and_then(|point| tokens.get(point..end)).unwrap_or_default();
    let last_digit = tokens.get(..end).unwrap_or_default().iter().rposition(digits);

    // A comma between digits groups them; one behind them divides by a thousand.
    let is_grouped = commas(whole, |place| last_place(whole).is_some_and(|last| place < last)) > 0;
    let thousands = commas(tokens, |place| last_digit.is_some_and(|last| place > last));
    let percents = tokens.iter().filter(|token| **token == Token::Percent).count();
    let scale =
        i32::try_from(percents.min(10)).unwrap_or(0) * 2 - i32::try_from(thousands.min(10)).unwrap_or(0) * 3;
    let mut value = value * 10_f64.powi(scale);
    if !value.is_finite() {
        return String::new();
    }
    let mut power = 0;
    if exponent.is_some() && value > 0.0 {
        let width = whole.iter().filter(|token| digits(token)).count().max(1);
        (value, power) = apart(value, width, decimals.iter().filter(|token| digits(token)).count());
    }

    let places: Vec<char> = decimals.iter().filter_map(place).take(MAX_DECIMALS).collect();
    let written = format!("{:.*}", places.len(), round(value, places.len()));
    let (left, right) = written.split_once('.').unwrap_or((&written, ""));
    let mut text = whole_part(whole, left, is_grouped);
    if point.is_some() {
        text.push_str(&decimal_part(decimals, right, &places));
    }
    if let Some(Token::Exponent(sign)) = exponent.and_then(|place| tokens.get(place)) {
        text.push_str(&exponent_part(*sign, power, tokens.get(end.saturating_add(1)..).unwrap_or_default()));
    }
    text
}

/// Halves are rounded away from zero, as on paper, although binary numbers are rarely halves.
fn round(value: f64, places: usize) -> f64 {
    let nudge = value * f64::EPSILON;
    if places < 15 { value + nudge } else { value }
}

/// Returns the number between one and the power of ten that is left for `width` digits, and the power of ten taken off.
fn apart(value: f64, width: usize, decimals: usize) -> (f64, i32) {
    let step = i32::try_from(width.min(10)).unwrap_or(1);
    let written = format!("{value:.*e}", decimals.min(MAX_DECIMALS));
    let (_, power) = written.split_once('e').unwrap_or(("", "0"));
    let power = power.parse::<i32>().unwrap_or(0).div_euclid(step) * step;
    (value / 10_f64.powi(power), power)
}

fn place(token: &Token) -> Option<char> {
    match token {
        Token::Digit(place) => Some(*place),
        _ => None,
    }
}

fn last_place(tokens: &[Token]) -> Option<usize> {
    tokens.iter().rposition(|token| matches!(token, Token::Digit(_)))
}

fn commas(tokens: &[Token], counts: impl Fn(usize) -> bool) -> usize {
    tokens.iter().enumerate().filter(|(place, token)| **token == Token::Comma && counts(*place)).count()
}

/// Fills the places before the point from the right; the first place takes all digits that are left.
fn whole_part(tokens: &[Token], digits: &str, is_grouped: bool) -> String {
    let mut digits: Vec<char> = if digits == "0" { Vec::new() } else { digits.chars().collect() };
    let first = tokens.iter().position(|token| matches!(token, Token::Digit(_)));
    let mut text: Vec<char> = Vec::new();
    let mut written = 0_usize;
    let mut write = |digit: char, text: &mut Vec<char>| {
        if is_grouped && written > 0 && written.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
        written = written.saturating_add(1);
    };
    for (number, token) in tokens.iter().enumerate().rev() {
        match token {
            Token::Digit(place) => {
                match digits.pop() {
                    Some(digit) => write(digit, &mut text),
                    None if *place == '0' => write('0', &mut text),
                    None => {}
                }
                while first == Some(number)
                    && let Some(digit) = digits.pop()
                {
                    write(digit, &mut text);
                }
            }
            token => text.extend(literal(token).chars().rev()),
        }
    }
    text.into_iter().rev().collect()
}

/// Fills the places behind the point; zeros that the format does not ask for fall away at the end.
fn decimal_part(tokens: &[Token], digits: &str, places: &[char]) -> String {
    let needed = places.iter().rposition(|place| *place == '0').map_or(0, |place| place.saturating_add(1));
    let kept = digits.trim_end_matches('0').len().max(needed);
    let mut digits = digits.chars().take(kept);
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Point if kept > 0 => text.push('.'),
            Token::Digit(_) => text.extend(digits.next()),
            token => text.push_str(literal(token)),
        }
    }
    text
}

fn exponent_part(sign: char, power: i32, tokens: &[Token]) -> String {
    let width = tokens.iter().filter(|token| matches!(token, Token::Digit('0'))).count().min(10);
    let sign = if power < 0 {
        "-"
    } else if sign == '+' {
        "+"
    } else {
        ""
    };
    let rest: String = tokens.iter().map(literal).collect();
    format!("E{sign}{:0width$}{rest}", power.unsigned_abs())
}

fn literal(token: &Token) -> &str {
    match token {
        Token::Literal(text) => text,
        Token::Percent => "%",
        _ => "",
    }
}
