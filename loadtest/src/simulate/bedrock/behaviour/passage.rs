//! Passages of a prompt: `<passage number="N" ...>text</passage>`.

const OPEN: &str = "<passage";
const CLOSE: &str = "</passage>";
/// What a prompt may write for signs that would look like a mark.
const ESCAPES: [(&str, &str); 5] =
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];

/// A passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// What it is cited by.
    pub(super) number: String,
    pub(super) text: String,
}

/// Returns the passages of a text, in order. One that is never closed goes to the text's end.
pub(super) fn passages(text: &str) -> Vec<Passage> {
    split(text).0
}

/// Returns what stands outside of the passages of a text.
pub(super) fn outside(text: &str) -> String {
    split(text).1
}

/// Returns what stands between two marks, the first of their kind.
pub(super) fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inside, _)| inside)
}

fn split(text: &str) -> (Vec<Passage>, String) {
    let (mut passages, mut outside, mut rest) = (Vec::new(), String::new(), text);
    while let Some((before, opened)) = rest.split_once(OPEN) {
        outside.push_str(before);
        let Some((attributes, inside)) =
            opened.split_once('>').filter(|_| opened.starts_with(char::is_whitespace))
        else {
            // Another element, or none: `<passages>`.
            outside.push_str(OPEN);
            rest = opened;
            continue;
        };
        let (inside, behind) = inside.split_once(CLOSE).unwrap_or((inside, ""));
        match between(attributes, " number=\"", "\"") {
            Some(number) => {
                passages.push(Passage { number: number.to_owned(), text: unescaped(inside.trim()) });
            }
            None => outside.push_str(inside),
        }
        rest = behind;
    }
    outside.push_str(rest);
    (passages, outside)
}

/// Returns a text with the signs that its escapes stand for.
pub(super) fn unescaped(text: &str) -> String {
    ESCAPES.iter().fold(text.to_owned(), |text, (escape, sign)| text.replace(escape, sign))
}

#[cfg(test)]
mod tests {
    use super::{Passage, outside, passages};

    fn passage(number: &str, text: &str) -> Passage {
        Passage { number: number.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn passages_are_found_wherever_they_stand() {
        let text = "<passages>\n<passage number=\"1\" title=\"A &amp; B\">\nOne &lt; two.\n</passage>and\
                    <passage title=\"x\" number=\"2\">Three</passage></passages> Why?";
        assert_eq!(passages(text), [passage("1", "One < two."), passage("2", "Three")]);
        assert_eq!(outside(text), "<passages>\nand</passages> Why?");
    }

    #[test]
    fn broken_marks_do_no_harm() {
        for text in ["<passage", "<passage number=\"1", "a <passage <passage", "</passage>", "<passageway>"] {
            assert_eq!((passages(text), outside(text)), (Vec::new(), text.to_owned()));
        }
        assert_eq!(passages("<passage number=\"1\">open"), [passage("1", "open")]);
        assert_eq!(outside("<passage title=\"no number\">text</passage>"), "text");
    }
}
