//! What is found in texts as models write them, whole and cut anywhere.

use super::{Found, Marks};
use proptest::prelude::*;

/// Returns what is found in text that comes in these pieces, text joined.
fn found(pieces: &[&str], passages: usize) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut add = |next: Found| match (all.last_mut(), next) {
        (Some(Found::Text(text)), Found::Text(more)) => text.push_str(&more),
        (_, next) => all.push(next),
    };
    let mut marks = Marks::new(passages);
    for piece in pieces {
        marks.push(piece, &mut add);
    }
    marks.finish(&mut add);
    all
}

/// Writes what was found as text: `{1}` for a citation of the passage at place 1, `{none}` for no answer.
fn written(found: &[Found]) -> String {
    let write = |found: &Found| match found {
        Found::Text(text) => text.clone(),
        Found::Cite(place) => format!("{{{place}}}"),
        Found::NoAnswer => "{none}".to_owned(),
    };
    found.iter().map(write).collect()
}

#[test]
fn citations_become_marks_and_other_brackets_stay() {
    for (text, expected) in [
        ("We open at 9 [1].", "We open at 9{0}."),
        ("We open at 9.[1][2] On", "We open at 9.{0}{1} On"),
        ("Both [1, 2] and [2;3] or [ 3 ]", "Both{0}{1} and{1}{2} or{2}"),
        ("Nine【1】and【2、3】.", "Nine{0}and{1}{2}."),
        ("Twice [1,1]", "Twice{0}"),
        ("Unknown [9] and [0] go.", "Unknown and go."),
        ("A known one [9, 2] stays", "A known one{1} stays"),
        ("[see note] [x] [ ] [] [1a] [2024] [1", "[see note] [x] [ ] [] [1a] [2024] [1"),
        ("See [1](https://a.example) or [text](b)", "See [1](https://a.example) or [text](b)"),
        ("As [said][1] before", "As [said]{0} before"),
        ("`list[1]` and list [1]", "`list[1]` and list{0}"),
        ("``a ` [1]`` [2]", "``a ` [1]``{1}"),
        ("```\nx[1]\n```\nDone [1]", "```\nx[1]\n```\nDone{0}"),
        ("~~~ js\n``` [1]\n~~~\n[1]", "~~~ js\n``` [1]\n~~~\n{0}"),
        ("an ` alone [1]\n\nnext [1]", "an ` alone [1]\n\nnext{0}"),
        ("\\[1\\] and \\\\[1]", "\\[1\\] and \\\\{0}"),
        ("[NO_ANSWER]", "{none}"),
        ("`[no answer]`", "`{none}`"),
        ("Sorry. [NO-ANSWER] more", "Sorry.{none} more"),
        ("[No answers here]", "[No answers here]"),
        ("[[1]]", "[{0}]"),
        ("tail  ", "tail  "),
    ] {
        assert_eq!(written(&found(&[text], 3)), expected, "{text}");
    }
}

#[test]
fn text_that_cannot_be_a_mark_is_not_held_back() {
    for (text, held) in [
        ("We open at nine", ""),
        ("We open at nine ", " "),
        ("nine [", " ["),
        ("nine [1", " [1"),
        ("nine [1]", " [1]"),
        ("nine [1] and", ""),
        ("nine [see", ""),
        ("nine [NO_A", " [NO_A"),
        ("`nine [1", ""),
    ] {
        let (mut marks, mut shown) = (Marks::new(3), String::new());
        marks.push(text, &mut |next| match next {
            Found::Text(more) => shown.push_str(&more),
            Found::Cite(_) => shown.push_str(" [1]"),
            Found::NoAnswer => {}
        });
        assert_eq!(format!("{shown}{held}"), text);
        assert_eq!(marks.held, held, "{text}");
    }
}

/// Texts made of what models write, and of what resembles it.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[1]",
        "[",
        "]",
        "1",
        "2",
        ",",
        " ",
        "  ",
        "【",
        "】",
        "`",
        "```",
        "~~~",
        "\n",
        "\n\n",
        "\\",
        "(",
        ")",
        "a",
        "Saturday",
        "[NO_ANSWER]",
        "NO_",
        "é",
        "🙂",
        "[12]",
        "[123]",
        "、",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_cut_finds_the_same(text in texts()) {
        let whole = found(&[text.as_str()], 3);
        let single: Vec<&str> = text.split("").collect();
        prop_assert_eq!(&found(&single, 3), &whole);
        for (cut, _) in text.char_indices() {
            let (first, second) = text.split_at(cut);
            prop_assert_eq!(&found(&[first, second], 3), &whole, "cut at {}", cut);
        }
    }

    #[test]
    fn nothing_but_marks_and_the_spaces_before_them_is_lost(text in any::<String>()) {
        let kept = written(&found(&[text.as_str()], 0));
        if !text.contains(['[', '【']) {
            prop_assert_eq!(&kept, &text);
        }
        let outside = |text: &str| -> String {
            let mark = |character: &char| !matches!(character, '[' | ']' | '【' | '】' | ' ' | '\u{a0}' | ',' | ';' | '，' | '、' | '；' | '0'..='9');
            text.chars().filter(mark).collect()
        };
        if !text.to_uppercase().contains("ANSWER") {
            prop_assert_eq!(outside(&kept), outside(&text));
        }
    }
}
