//! A unit as the visitor reads it: plain words in which nothing acts as Markdown or HTML.

use super::concepts::{self, Concepts};
use super::expectation::Expectation;
use super::scoring::Question;
use super::units::{Field, Form, Unit};

/// Rows up to this length are shown whole when no field stands out: characters.
const WHOLE_ROW_CHARACTERS: usize = 200;
/// What is read of a sentence at most, whatever the passage calls a sentence: characters.
const MAX_SOURCE_CHARACTERS: usize = 2_400;
/// Fields that a row's answer states at most; more asked for, and it is shown whole.
const MAX_FACTS: usize = 3;
/// Share of the best name's overlap with the question that makes another field asked for too.
const ASKED_SHARE: f32 = 0.6;
/// Fields that name the thing of a row.
const NAME_KEYS: [&str; 10] =
    ["name", "title", "product", "produkt", "artikel", "nombre", "producto", "nom", "名称", "day"];

/// Returns a unit's text for the answer: a sentence as it stands, a row reduced to what was asked for.
pub(crate) fn unit(question: &Question, unit: &Unit, passage: &str) -> String {
    match &unit.form {
        Form::Sentence | Form::Item => plain(&shorten(&passage[unit.range.clone()], MAX_SOURCE_CHARACTERS)),
        Form::Record(fields) => plain(&shorten(&row(question, fields), MAX_SOURCE_CHARACTERS)),
    }
}

/// Returns text of at most `limit` characters, cut between words and marked by an ellipsis.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let kept = &text[..cut];
    let end = kept.rfind(char::is_whitespace).filter(|end| end * 2 > cut).unwrap_or(cut);
    format!("{}…", kept[..end].trim_end())
}

fn row(question: &Question, fields: &[Field]) -> String {
    let named = |field: &Field| question.overlap(&key_words(field));
    let most = fields.iter().map(named).fold(0.0, f32::max);
    let is_asked = |field: &Field| {
        let is_named = most > 0.0 && named(field) >= most * ASKED_SHARE;
        is_named || is_expected(question.expectation, field)
    };
    let (asked, others): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|field| is_asked(field));
    if asked.is_empty() || asked.len() > MAX_FACTS {
        return shorten(&facts(&fields.iter().collect::<Vec<_>>()), WHOLE_ROW_CHARACTERS);
    }
    match subject(question, &others) {
        subject if subject.is_empty() => facts(&asked),
        subject => format!("{} – {}", subject.join(", "), facts(&asked)),
    }
}

/// Returns the values that name the row's thing: its name, and what else the question named it by.
fn subject<'f>(question: &Question, fields: &[&'f Field]) -> Vec<&'f str> {
    let is_name = |field: &Field| NAME_KEYS.contains(&field.key.to_lowercase().as_str());
    let names: Vec<&str> =
        fields.iter().filter(|field| is_name(field)).map(|field| field.value.as_str()).collect();
    let known = question.names_in(&names.join(" "));
    let adds = |field: &Field| question.names_in(&format!("{} {}", names.join(" "), field.value)) > known;
    fields.iter().filter(|field| is_name(field) || adds(field)).map(|field| field.value.as_str()).collect()
}

fn facts(fields: &[&Field]) -> String {
    let facts = fields.iter().map(|field| format!("{}: {}", key_words(field), field.value));
    facts.collect::<Vec<_>>().join("; ")
}

fn key_words(field: &Field) -> String {
    field.key.replace('_', " ")
}

/// Whether a field is of the kind that the question's form asks for.
fn is_expected(expectation: Expectation, field: &Field) -> bool {
    let about = |matter: Concepts| field.key.split(['_', ' ']).any(|word| Concepts::of(word).meets(matter));
    match expectation {
        Expectation::Price => about(concepts::PRICE),
        Expectation::Time => about(concepts::OPENING),
        Expectation::Contact => about(concepts::CONTACT),
        Expectation::Place => about(concepts::LOCATION),
        Expectation::Duration | Expectation::Number | Expectation::Person | Expectation::Anything => false,
    }
}

/// Returns text in one line in which no link, image, tag, emphasis or citation mark is left, only their words.
pub(crate) fn plain(text: &str) -> String {
    let mut text = text.replace(is_invisible, "");
    // Taking a tag or a link out can leave another one behind, so go on until nothing changes; each round shortens.
    loop {
        let next = without_marks(&without_links(&without_tags(&text)));
        if next == text {
            break;
        }
        text = next;
    }
    let text = text.replace('[', "(").replace(']', ")");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_start_matches(['#', '>', '|', '+', '=', '~', ' ']).trim_start_matches("- ").to_owned()
}

/// Control characters, and those that hide text or turn its direction.
fn is_invisible(c: char) -> bool {
    let is_hidden = matches!(u32::from(c), 0x200b | 0x200e..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f);
    is_hidden || (c.is_control() && !c.is_whitespace())
}

fn without_tags(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let opens = from[1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?'));
        match from.find('>') {
            // An address between angle brackets is text.
            Some(end) if opens && (from.starts_with("<http") || from[..end].contains('@')) => {
                kept.push_str(&from[1..end]);
                rest = &from[end + 1..];
            }
            Some(end) if opens => {
                kept.push(' ');
                rest = &from[end + 1..];
            }
            _ => {
                // A lone bracket in front of a name could become a tag further on.
                kept.push_str(if opens { "" } else { "<" });
                rest = &from[1..];
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Keeps the words of `[words](address)`, `![words](address)` and `[words][name]`, innermost brackets first; other pairs
/// become parentheses, because square brackets are left to the citation marks.
fn without_links(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(']') {
        let Some(start) = rest[..end].rfind('[') else {
            // Its opening bracket stands before a link that was just taken out: the next round sees both.
            kept.push_str(&rest[..=end]);
            rest = &rest[end + 1..];
            continue;
        };
        let (before, words, after) = (&rest[..start], &rest[start + 1..end], &rest[end + 1..]);
        let target = match after.chars().next() {
            Some('(') => after.find(')'),
            Some('[') => after.find(']'),
            _ => None,
        };
        kept.push_str(before.strip_suffix('!').unwrap_or(before));
        match target {
            Some(end) => {
                kept.push_str(words);
                rest = &after[end + 1..];
            }
            None => {
                kept.push_str(&format!("({words})"));
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Drops the characters that mark emphasis and code, and backslashes that escape.
fn without_marks(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    for (place, &c) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|p| characters.get(p));
        let after = characters.get(place + 1);
        let is_space = |near: Option<&char>| near.is_none_or(|c| c.is_whitespace());
        let is_inside_word = |near: Option<&char>| near.is_some_and(|c| c.is_alphanumeric());
        let drops = match c {
            '`' => true,
            '*' => {
                let is_times_sign = is_inside_word(before) && after.is_some_and(char::is_ascii_digit);
                let stands_alone = is_space(before) && is_space(after);
                !stands_alone && !is_times_sign
            }
            '_' => !(is_inside_word(before) && is_inside_word(after)),
            '~' => after == Some(&'~') || before == Some(&'~'),
            '\\' => after.is_some_and(char::is_ascii_punctuation),
            '|' => true,
            _ => false,
        };
        match (drops, c) {
            (true, '|') => kept.push(' '),
            (true, _) => {}
            (false, _) => kept.push(c),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{plain, shorten};

    #[test]
    fn markup_is_reduced_to_its_words() {
        let cases = [
            ("We **really** mean `it`.", "We really mean it."),
            ("See [our page](https://x.example/y) now", "See our page now"),
            ("![pixel](https://evil.example/p.png) Hi", "pixel Hi"),
            ("a [ref][1] and [2] and [note]", "a ref and (2) and (note)"),
            ("<img src=x onerror=alert(1)>Hello <b>you</b>", "Hello you"),
            ("<<b>script>alert(1)</script>", "< script>alert(1)"),
            ("[![a](b)](https://evil.example)", "a"),
            ("3 < 5 and 5 * 2 and snake_case", "3 < 5 and 5 * 2 and snake_case"),
            (
                "write <info@shop.example> or <https://shop.example>",
                "write info@shop.example or https://shop.example",
            ),
            ("# Title\nof it", "Title of it"),
            ("\u{202e}turned\u{200b}", "turned"),
            ("open \\[link\\](x)", "open \\link\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn no_text_keeps_what_opens_markup() {
        proptest::proptest!(|(text in r"[\[\]()!<>/a*_`\\ ~|#-]{0,40}")| {
            let plain = plain(&text);
            assert!(!plain.contains(['[', ']', '`']), "{plain}");
            let opens = |(place, _): (usize, &str)| plain[place + 1..].starts_with(|c: char| c.is_alphabetic() || "/!?".contains(c));
            assert!(!plain.match_indices('<').any(opens), "{plain}");
        });
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(shorten("one two three", 9), "one two…");
        assert_eq!(shorten("short", 9), "short");
        assert_eq!(shorten("没有空格的文字", 3), "没有空…");
    }
}
