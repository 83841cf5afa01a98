//! Which questions do not stand alone, and what to search in their place: the question they follow, and then they.

use embedding::analysis::{self, Kind};

use crate::model::Turn;

/// A question with more words of its own subject stands alone, whatever pronouns it holds.
const MOST_CONTENT_WORDS: usize = 3;
/// Longest question as searched, in characters: as much as one question may have.
const MOST_CHARACTERS: usize = 4_000;

/// Returns what to search when the question does not stand alone: the visitor's earlier question before it.
pub(super) fn rewrite(question: &str, history: &[Turn]) -> Option<String> {
    if stands_alone(question) {
        return None;
    }
    let mut parts = vec![question];
    for turn in history.iter().rev().filter(|turn| turn.by_visitor && turn.text.trim() != question.trim()) {
        parts.insert(0, turn.text.trim());
        // A follow-up of a follow-up leans on the question before that.
        if stands_alone(&turn.text) || parts.len() > 2 {
            break;
        }
    }
    let joined = parts.join(" ");
    (parts.len() > 1 && joined.chars().count() <= MOST_CHARACTERS).then_some(joined)
}

fn stands_alone(question: &str) -> bool {
    let normal = analysis::normalise(question);
    let words: Vec<String> = normal
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(analysis::fold)
        .collect();
    let is_among = |list: &str, word: &str| list.split_ascii_whitespace().any(|listed| listed == word);
    let content = content_words(question);
    let begins_open = words.first().is_some_and(|word| is_among(OPENINGS, word));
    let points_back = words.iter().any(|word| is_among(POINTERS, word));
    match content {
        0 | 1 => words.len() > MOST_CONTENT_WORDS + 1 && !begins_open && !points_back,
        2..=MOST_CONTENT_WORDS => !begins_open && !points_back,
        _ => true,
    }
}

/// Words that are a stop word of no main language, codes and numbers; a pair of a dense script counts half.
fn content_words(question: &str) -> usize {
    let terms = analysis::analyse(question, "");
    let is_content = |term: &&analysis::Term| match term.kind {
        Kind::Word => !analysis::is_stop_word_anywhere(&term.text) && !is_listed(&term.text),
        Kind::Joined | Kind::Dense => false,
        Kind::Number | Kind::Code => true,
    };
    let dense = terms.iter().filter(|term| term.kind == Kind::Dense).count();
    terms.iter().filter(is_content).count() + dense / 2
}

fn is_listed(word: &str) -> bool {
    [OPENINGS, POINTERS].iter().any(|list| list.split_ascii_whitespace().any(|listed| listed == word))
}

/// Words that go on from what was said, when a question begins with them.
const OPENINGS: &str = "and also but or then und auch aber oder dann y tambien pero o et aussi mais ou e anche ma ed tambem mas en ook \
     maar och a и а или و او ו";

/// Words that point at something said before.
const POINTERS: &str = "it its they them their theirs that this those these there one ones he him his she her hers same such more \
     else es sie ihn ihm ihr ihre ihnen das dies diese dieser dieses dort davon dafur damit dabei darauf daran eso esa ese esto esta \
     este ello ella ellos ellas alli ahi il elle ils elles cela ca celui celle ceux celles y questo questa quello quella esso essa lo \
     isso isto ele ela eles elas dit dat deze die daar ervan";
