//! Quotations: words in quotation marks, which must stand in a passage in the same order.

use super::{ClaimKind, Need, Proof, Sentence};
use crate::gate::facts;
use crate::gate::tokens::{Gap, Kind};

/// Quotations of a sentence that are looked up, at most: each is searched for in whole passages.
const MOST_QUOTATIONS: usize = 24;

pub(super) fn needs(sentence: &Sentence<'_>, needs: &mut Vec<Need>) {
    let mut open: Option<(usize, &str)> = None;
    for (place, token) in sentence.tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Mark) {
        match open {
            Some((from, mark)) if closes(mark, token.text) => {
                open = None;
                quotation(sentence.text.get(from..token.start).unwrap_or_default(), needs);
            }
            Some(_) => {}
            None => {
                let before = place.checked_sub(1).and_then(|before| sentence.tokens.get(before));
                // `12"` is a length.
                let is_inch =
                    token.gap == Gap::None && before.is_some_and(|before| before.kind == Kind::Number);
                let opens = matches!(token.text, "“" | "„" | "«" | "»" | "\"");
                open = (opens && !is_inch).then_some((token.end(), token.text));
            }
        }
    }
    // A sentence may end inside a quotation; a straight mark alone says nothing.
    if let Some((from, "“" | "„" | "«")) = open {
        quotation(sentence.text.get(from..).unwrap_or_default(), needs);
    }
}

fn closes(opening: &str, mark: &str) -> bool {
    match opening {
        "«" => mark == "»",
        "»" => mark == "«",
        "„" => matches!(mark, "“" | "”" | "\""),
        "“" => matches!(mark, "”" | "“"),
        _ => mark == opening,
    }
}

/// What is left out of a quotation parts it.
fn quotation(text: &str, needs: &mut Vec<Need>) {
    for part in text.split("...").flat_map(|part| part.split('…')) {
        let words = facts::spoken(part);
        // A letter or a number in quotation marks is looked at as such.
        let quoted = needs.iter().rev().take_while(|need| need.claim.kind == ClaimKind::Quotation).count();
        if quoted < MOST_QUOTATIONS && words.chars().filter(|c| c.is_alphabetic()).count() > 2 {
            needs.push(Need::new(ClaimKind::Quotation, part.trim(), Proof::Says(words)));
        }
    }
}
