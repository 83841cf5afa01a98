//! Phrases in a text, whatever the case of the letters.

/// Returns what stands before the first place of a phrase, the phrase as it is written there, and what stands behind it. A phrase
/// that begins or ends with a letter is no part of a longer word.
pub(super) fn find<'a>(text: &'a str, phrase: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let phrase: Vec<char> = phrase.chars().flat_map(char::to_lowercase).collect();
    let begins_with_letter = phrase.first().is_some_and(|sign| sign.is_alphanumeric());
    let mut was_letter = false;
    for (start, sign) in text.char_indices() {
        let is_inside = begins_with_letter && was_letter;
        was_letter = sign.is_alphanumeric();
        if is_inside {
            continue;
        }
        let (before, rest) = text.split_at_checked(start)?;
        if let Some(length) = length_at_start(rest, &phrase) {
            let (found, behind) = rest.split_at_checked(length)?;
            return Some((before, found, behind));
        }
    }
    None
}

/// Returns how long a phrase in small letters is at the beginning of a text, in bytes.
fn length_at_start(text: &str, phrase: &[char]) -> Option<usize> {
    let (mut wanted, mut length) = (phrase.iter(), 0);
    for sign in text.chars() {
        if wanted.len() == 0 {
            let is_cut = phrase.last().is_some_and(|last| last.is_alphanumeric()) && sign.is_alphanumeric();
            return (!is_cut).then_some(length);
        }
        if !sign.to_lowercase().all(|small| wanted.next() == Some(&small)) {
            return None;
        }
        length += sign.len_utf8();
    }
    (wanted.len() == 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_phrase_is_found_as_whole_words_in_any_case() {
        assert_eq!(find("Sue, SUE MY LANDLORD!", "sue my landlord"), Some(("Sue, ", "SUE MY LANDLORD", "!")));
        assert_eq!(find("pursue it", "sue"), None);
        assert_eq!(find("sued, sue", "sue"), Some(("sued, ", "sue", "")));
        assert_eq!(find("CAFÉ ÉTÉ", "été"), Some(("CAFÉ ", "ÉTÉ", "")));
        assert_eq!(find("a$b", "$"), Some(("a", "$", "b")));
        assert_eq!((find("", "a"), find("a", "ab")), (None, None));
    }
}
