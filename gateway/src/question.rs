//! A question that was found to be well formed, and the rules for that. It knows no transport.

use std::collections::{BTreeMap, HashMap};

use proto::v1::{HistoryTurn, PageContext, SearchFilter, history_turn::Role};
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// Of a question, a message, and one of the earlier ones.
pub(crate) const TEXT_CHARACTERS: usize = 4_000;
/// Of a client's own id for a message.
pub(crate) const MESSAGE_ID_CHARACTERS: usize = 64;
/// Of what is said beside an opinion.
pub(crate) const COMMENT_CHARACTERS: usize = 2_000;
/// That a search returns, at most.
pub(crate) const SEARCH_PASSAGES: u32 = 100;
/// That an answer is written from, at most.
pub(crate) const ANSWER_PASSAGES: u32 = 20;
const HISTORY_TURNS: usize = 20;

/// What was asked, as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The question.
    pub(crate) text: String,
    /// Earlier messages, oldest first.
    pub(crate) history: Vec<HistoryTurn>,
    /// Collections to search; empty means all that the caller may see.
    pub(crate) collections: Vec<String>,
    /// Narrows the search.
    pub(crate) filter: Option<SearchFilter>,
    /// Passages to answer from.
    pub(crate) top_k: Option<u32>,
    /// The client's own id for the message; empty for none.
    pub(crate) message_id: String,
}

/// A question within all bounds.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    asked: Asked,
}

impl Asked {
    /// Checks every bound; of a long history the newest 20 messages are kept.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with what would be right.
    pub(crate) fn check(mut self) -> Result<Question, Refusal> {
        check_text(&self.text, "message")?;
        check_message_id(&self.message_id)?;
        check_passages(self.top_k, ANSWER_PASSAGES)?;
        check_history(&mut self.history, "history")?;
        Ok(Question { asked: self })
    }
}

impl Question {
    /// Returns what was asked.
    pub(crate) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Returns the same question under another message id.
    #[must_use]
    pub(crate) fn under_message_id(mut self, id: String) -> Self {
        self.asked.message_id = id;
        self
    }

    /// Returns what tells this question from another one under the same message id.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut field = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        field(&self.asked.text);
        for turn in &self.asked.history {
            field(turn.role().as_str_name());
            field(&turn.text);
        }
        self.asked.collections.iter().for_each(|name| field(name));
        field(&self.asked.top_k.map(|top_k| top_k.to_string()).unwrap_or_default());
        if let Some(filter) = &self.asked.filter {
            field(&filter_text(filter));
        }
        hash.finalize().into()
    }
}

/// Returns a text that is the same for equal filters and no others.
pub(crate) fn filter_text(filter: &SearchFilter) -> String {
    let attributes: BTreeMap<&String, &String> = filter.attributes.iter().collect();
    let plain = SearchFilter { attributes: HashMap::new(), ..filter.clone() };
    // The order of a hash map differs from one to the next, so attributes are written sorted.
    format!("{plain:?}{attributes:?}")
}

/// Checks a question or search of 1 to 4,000 characters.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the field and what would be right.
pub(crate) fn check_text(text: &str, field: &str) -> Result<(), Refusal> {
    if is_blank(text) {
        return Err(Refusal::invalid(format!("{field} is empty; expected 1 to 4,000 characters")));
    }
    let characters = text.chars().count();
    if characters > TEXT_CHARACTERS {
        return Err(Refusal::invalid(format!(
            "{field} has {characters} characters; at most 4,000 are taken"
        )));
    }
    if text.contains('\0') {
        return Err(Refusal::invalid(format!("{field} holds a NUL character; leave it out")));
    }
    Ok(())
}

/// Whether nothing is written: separators of information count as white space, as in most languages of clients.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}'))
}

/// Checks the client's own id for a message: at most 64 characters.
///
/// # Errors
/// `INVALID_ARGUMENT` with the limit.
pub(crate) fn check_message_id(id: &str) -> Result<(), Refusal> {
    if id.chars().count() > MESSAGE_ID_CHARACTERS {
        return Err(Refusal::invalid("client_message_id is too long; at most 64 characters"));
    }
    Ok(())
}

/// Checks earlier messages; of a long list the newest 20 are kept.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the field and what would be right.
pub(crate) fn check_history(turns: &mut Vec<HistoryTurn>, field: &str) -> Result<(), Refusal> {
    for turn in turns.iter() {
        check_text(&turn.text, &format!("{field} text"))?;
        if turn.role() == Role::Unspecified {
            let message = format!("{field} role is missing; expected `visitor` or `assistant`");
            return Err(Refusal::invalid(message));
        }
    }
    turns.drain(..turns.len().saturating_sub(HISTORY_TURNS));
    Ok(())
}

/// Checks what is said of the page that a visitor is on.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the field and its limit.
pub(crate) fn check_page(page: Option<&PageContext>) -> Result<(), Refusal> {
    let Some(page) = page else { return Ok(()) };
    if page.url.chars().count() > 2048 {
        return Err(Refusal::invalid("page.url is too long; at most 2,048 characters"));
    }
    if page.title.chars().count() > 256 {
        return Err(Refusal::invalid("page.title is too long; at most 256 characters"));
    }
    if page.language.chars().count() > 35 {
        return Err(Refusal::invalid("page.language is too long; expected a BCP 47 tag such as de-AT"));
    }
    Ok(())
}

/// Checks the number of passages of a search: 1 to 100.
///
/// # Errors
/// `INVALID_ARGUMENT` with the range.
pub(crate) fn check_search_passages(top_k: Option<u32>) -> Result<(), Refusal> {
    check_passages(top_k, SEARCH_PASSAGES)
}

fn check_passages(top_k: Option<u32>, most: u32) -> Result<(), Refusal> {
    match top_k {
        Some(number) if !(1..=most).contains(&number) => {
            Err(Refusal::invalid(format!("top_k is {number}; expected 1 to {most}")))
        }
        _ => Ok(()),
    }
}

/// Checks the comment of an opinion: at most 2,000 characters.
///
/// # Errors
/// `INVALID_ARGUMENT` with the limit.
pub(crate) fn check_comment(comment: &str) -> Result<(), Refusal> {
    if comment.chars().count() > COMMENT_CHARACTERS {
        return Err(Refusal::invalid("comment is too long; at most 2,000 characters"));
    }
    if comment.contains('\0') {
        return Err(Refusal::invalid("comment holds a NUL character; leave it out"));
    }
    Ok(())
}

/// Checks that an answer id is a ULID.
///
/// # Errors
/// `INVALID_ARGUMENT` with what would be right.
pub(crate) fn check_answer_id(id: &str) -> Result<(), Refusal> {
    // The parser takes small letters, but an id has one form only.
    match ulid::Ulid::from_string(id) {
        Ok(read) if read.to_string() == id => Ok(()),
        _ => Err(Refusal::invalid(
            "answer_id is no ULID; expected the 26 characters that came with the answer",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, HistoryTurn, Role};

    fn asked(text: &str) -> Asked {
        Asked { text: text.to_owned(), ..Asked::default() }
    }

    #[test]
    fn a_question_out_of_bounds_is_told_what_is_right() {
        let turn = |text: &str, role: Role| HistoryTurn { role: role.into(), text: text.to_owned() };
        for (wrong, told) in [
            (asked(""), "expected 1 to 4,000"),
            (asked(" \n\t"), "expected 1 to 4,000"),
            (asked(&"ä".repeat(4001)), "4001 characters"),
            (asked("a\0b"), "NUL"),
            (Asked { top_k: Some(0), ..asked("x") }, "expected 1 to 20"),
            (Asked { top_k: Some(21), ..asked("x") }, "expected 1 to 20"),
            (Asked { message_id: "x".repeat(65), ..asked("x") }, "at most 64"),
            (Asked { history: vec![turn("", Role::Visitor)], ..asked("x") }, "history text"),
            (Asked { history: vec![turn("x", Role::Unspecified)], ..asked("x") }, "history role"),
        ] {
            let message = wrong.check().expect_err(told).to_string();
            assert!(message.contains(told), "{message}");
        }
        assert!(asked(&"ä".repeat(4000)).check().is_ok());
    }

    #[test]
    fn of_a_long_history_the_newest_messages_stay() {
        let history =
            (0..50).map(|n| HistoryTurn { role: Role::Visitor.into(), text: n.to_string() }).collect();
        let question = Asked { history, ..asked("x") }.check().expect("right");
        let kept: Vec<&str> = question.asked().history.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!((kept.len(), kept[0], kept[19]), (20, "30", "49"));
    }
}
