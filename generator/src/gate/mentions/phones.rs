//! Telephone numbers, however they are grouped.

use super::Reader;
use crate::gate::tokens::{Gap, Kind};
use crate::gate::values;

const MOST_TOKENS: usize = 16;

/// Reads the telephone number that begins here; returns its digits without zeros in front, and its tokens.
pub(super) fn phone(reader: &Reader<'_, '_>) -> Option<(String, usize)> {
    let (mut digits, mut groups) = (String::new(), Vec::new());
    let (mut used, mut end, mut dashes, mut has_bracket) = (0, 0, 0, false);
    while let Some(token) = reader.ahead(used).filter(|token| used == 0 || token.gap <= Gap::Space) {
        let is_joint = token.is_one_of(&["+", "(", ")", "-", "/", ".", "‑", "–"]);
        if used >= MOST_TOKENS
            || !(is_joint || token.kind == Kind::Number)
            || (used > 0 && token.is_mark("+"))
        {
            break;
        }
        used += 1;
        if token.kind == Kind::Number {
            // A word or a unit that touches the digits makes them something else.
            let touched =
                reader.ahead(used).is_some_and(|next| next.gap == Gap::None && next.kind == Kind::Word);
            let group: Vec<u64> = token.text.chars().filter_map(values::digit).collect();
            if touched || digits.len() + group.len() > 15 {
                break;
            }
            groups.push(group.len());
            digits.extend(group.iter().filter_map(|digit| char::from_digit(u32::try_from(*digit).ok()?, 10)));
            end = used;
        } else {
            has_bracket |= token.is_mark("(");
            dashes += usize::from(token.gap == Gap::None && token.is_one_of(&["-", "."]) && end + 1 == used);
        }
    }
    let starts_with = |mark: &str| reader.ahead(0).is_some_and(|first| first.is_mark(mark));
    let is_grouped = dashes >= 1 && matches!(groups.as_slice(), [3, 3, 4] | [3, 4] | [1, 3, 3, 4]);
    let is_national =
        digits.starts_with('0') && groups.len() >= 2 && groups.first().is_some_and(|first| *first >= 3);
    let is_long = digits.starts_with('0') && digits.len() >= 9;
    // `(030) 1234` and `(555) 123`, not `(1990) 2000`.
    let is_area = has_bracket && starts_with("(") && (digits.starts_with('0') || groups.first() == Some(&3));
    let is_phone = starts_with("+") || is_area || is_grouped || is_national || is_long;
    if !is_phone || digits.len() < 7 {
        return None;
    }
    let bare = digits.trim_start_matches('0').to_owned();
    (bare.len() >= 6).then_some((bare, end))
}
