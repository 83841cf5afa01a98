//! Reads front matter: names and values between two lines of `---` before a text. It is a small part of YAML: names at
//! the margin, values that are words, quoted, lists or text below; everything else is left out. No anchors, no tags, no
//! nesting, so nothing in it can grow.

use super::Metadata;

/// Longer front matter is text.
const MAX_LINES: usize = 200;

/// Names and values in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FrontMatter {
    pub(crate) pairs: Vec<(String, String)>,
}

/// Divides a plain text into its front matter and the rest; none when it does not begin with one. Two lines alone make no
/// front matter: between them must be a name, and nothing that is running text.
pub(crate) fn split(text: &str) -> Option<(FrontMatter, &str)> {
    let after = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut length = 0usize;
    for line in after.split_inclusive('\n').take(MAX_LINES) {
        let end = length.checked_add(line.len())?;
        if matches!(line.trim_end(), "---" | "...") {
            let (inside, rest) = (after.get(..length)?, after.get(end..)?);
            let is_yaml = inside.lines().all(belongs);
            let front_matter = FrontMatter::read(inside);
            return (is_yaml && !front_matter.pairs.is_empty()).then_some((front_matter, rest));
        }
        length = end;
    }
    None
}

fn belongs(line: &str) -> bool {
    line.trim().is_empty()
        || line.starts_with([' ', '\t', '#'])
        || line.starts_with("- ")
        || named(line).is_some()
}

/// Divides `name: value`; the name is one word at the margin.
fn named(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 64
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    (is_name(name) && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (name, value.trim()))
}

impl FrontMatter {
    /// Returns what it says; what makes no sense is left out.
    pub(crate) fn said(&self) -> Metadata {
        Metadata::of_pairs(self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Reads what stands between the two lines.
    pub(crate) fn read(text: &str) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        // What is below a name without a value: items of a list, or lines of a text.
        let mut is_open = false;
        for line in text.lines().take(MAX_LINES) {
            if let Some((name, value)) = named(line) {
                is_open = matches!(value, "" | "|" | ">" | "|-" | ">-");
                pairs.push((name.to_owned(), if is_open { String::new() } else { scalar(value) }));
                continue;
            }
            let below = line.trim();
            if below.is_empty() || below.starts_with('#') {
                continue;
            }
            match pairs.last_mut().filter(|_| is_open) {
                Some((_, value)) => push(value, below),
                None => is_open = false,
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Self { pairs }
    }
}

fn push(value: &mut String, below: &str) {
    match below.strip_prefix("- ") {
        Some(item) => {
            if !value.is_empty() {
                value.push_str(", ");
            }
            value.push_str(&scalar(item.trim()));
        }
        None => {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(below);
        }
    }
}

/// Returns a value without quotes, brackets and comment.
fn scalar(value: &str) -> String {
    if let Some(text) = quoted(value) {
        return text.to_owned();
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim_end();
    if let Some(items) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let items = items.split(',').map(|item| item.trim());
        let items =
            items.map(|item| quoted(item).unwrap_or_else(|| plain(item))).filter(|item| !item.is_empty());
        return items.collect::<Vec<_>>().join(", ");
    }
    plain(value).to_owned()
}

/// Returns what stands between quotes, when nothing but a comment follows them.
fn quoted(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let (inside, after) = value.get(1..)?.split_once(quote)?;
    let after = after.trim_start();
    (after.is_empty() || after.starts_with('#')).then_some(inside)
}

/// Returns a word or words; nothing for what only YAML understands.
fn plain(value: &str) -> &str {
    let is_for_machines = value.starts_with(['{', '&', '*', '!', '[']) || matches!(value, "~" | "null");
    if is_for_machines { "" } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{FrontMatter, split};

    fn pairs(text: &str) -> Vec<String> {
        FrontMatter::read(text).pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn values_are_words_quotes_lists_and_text_below() {
        for (text, expected) in [
            ("title: Our shop # note", &["title=Our shop"][..]),
            ("title: \"A: b # c\"\nauthor: 'Ann' # x", &["title=A: b # c", "author=Ann"]),
            ("tags: [a, \"b c\", ]\nkeys:\n  - d\n  - e\n- f", &["tags=a, b c", "keys=d, e, f"]),
            ("note: >\n  one\n  two\ndraft: true", &["note=one two", "draft=true"]),
            ("url: https://x.y/z", &["url=https://x.y/z"]),
            ("a: {b: c}\nb: *x\nc: &y 1\nd: !t 2\ne: ~\nf:", &[]),
            ("no name here\n\tx\n# comment", &[]),
        ] {
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_text_that_begins_with_it_has_front_matter() {
        let (front_matter, rest) = split("---\ntitle: A\n---\nText").expect("has some");
        assert_eq!((front_matter.pairs.len(), rest), (1, "Text"));
        for text in [
            "---\nText: and more\nrunning text\n---\nx",
            "---\n---\nx",
            "---\ntitle: A\nx",
            "a\n---\nb: c\n---",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_grows(text in any::<String>(), inside in "([a-z]{1,3}: ?[\\[\\]\"'#,a-z -]{0,9}\n|- x\n| y\n){0,9}") {
            for text in [text, format!("---\n{inside}---\nrest")] {
                if let Some((front_matter, rest)) = split(&text) {
                    let read: usize = front_matter.pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
                    prop_assert!(read + rest.len() <= 2 * text.len());
                }
            }
        }
    }
}
