//! Searches, names, pages and opinions as they arrive.

use proto::v1;

use super::{check_collection, check_count, check_document_id, check_length, check_vector, wrong};
use crate::error::Error;
use crate::model::{Feedback, Filter, Summary, Turn};
use crate::search::{Limits, Question};
use crate::store::{Effort, Sides};

const QUESTION_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=4_000;
const MOST_COLLECTIONS: usize = 64;
const MOST_HISTORY: usize = 200;
const MOST_PAGE: u32 = 1_000;

/// Returns the question of a search. `dimensions` are the store's.
pub(crate) fn question(search: v1::SearchRequest, dimensions: u32) -> Result<Question, Error> {
    let (sides, effort) = (sides(&search), effort(&search));
    let may_be_empty = sides == Sides::Meaning && !search.query_vector.is_empty();
    if !may_be_empty || !search.question.is_empty() {
        check_length("question", &search.question, QUESTION_CHARACTERS)?;
        if search.question.trim().is_empty() {
            return Err(wrong("question", "something else than spaces"));
        }
    }
    check_count("history", search.history.len(), MOST_HISTORY)?;
    let mut vector = search.query_vector;
    if !vector.is_empty() {
        let length = check_vector("query_vector", &vector, dimensions)?;
        vector.iter_mut().for_each(|number| *number /= length);
    }
    Ok(Question {
        text: search.question,
        collections: collections(search.collections)?,
        history: search.history.into_iter().map(turn).collect::<Result<_, _>>()?,
        filter: filter(search.filter.unwrap_or_default())?,
        vector,
        generation: search.generation,
        sides,
        effort,
    })
}

fn sides(search: &v1::SearchRequest) -> Sides {
    match search.mode() {
        v1::SearchMode::Unspecified => Sides::Both,
        v1::SearchMode::Words => Sides::Words,
        v1::SearchMode::Meaning => Sides::Meaning,
    }
}

fn effort(search: &v1::SearchRequest) -> Effort {
    match search.effort() {
        v1::SearchEffort::Unspecified => Effort::Normal,
        v1::SearchEffort::Fast => Effort::Fast,
        v1::SearchEffort::Thorough => Effort::Thorough,
    }
}

/// Returns the limits of a search; `defaults` stand in for what it leaves open.
pub(crate) fn limits(search: &v1::SearchRequest, defaults: Limits) -> Result<Limits, Error> {
    let top_k = search.top_k.map_or(defaults.top_k, |top_k| top_k as usize);
    let evidence_threshold = search.evidence_threshold.unwrap_or(defaults.evidence_threshold);
    let budget_tokens = search.budget_tokens.unwrap_or(defaults.budget_tokens);
    if !(1..=100).contains(&top_k) {
        return Err(wrong("top_k", "1 to 100"));
    }
    if !(0.0..=1.0).contains(&evidence_threshold) {
        return Err(wrong("evidence_threshold", "0 to 1"));
    }
    if budget_tokens == 0 {
        return Err(wrong("budget_tokens", "at least 1"));
    }
    Ok(Limits { top_k, evidence_threshold, budget_tokens })
}

/// Returns collections: at least one, each well formed.
pub(crate) fn collections(names: Vec<String>) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Err(wrong("collections", "at least one"));
    }
    check_count("collections", names.len(), MOST_COLLECTIONS)?;
    names.iter().try_for_each(|name| check_collection(name))?;
    Ok(names)
}

/// Returns the collection and the id of a document.
pub(crate) fn document_key(collection: String, document_id: String) -> Result<(String, String), Error> {
    check_collection(&collection)?;
    check_document_id(&document_id)?;
    Ok((collection, document_id))
}

fn turn(turn: v1::HistoryTurn) -> Result<Turn, Error> {
    check_length("history.text", &turn.text, QUESTION_CHARACTERS)?;
    match turn.role() {
        v1::history_turn::Role::Visitor => Ok(Turn { by_visitor: true, text: turn.text }),
        v1::history_turn::Role::Assistant => Ok(Turn { by_visitor: false, text: turn.text }),
        v1::history_turn::Role::Unspecified => Err(wrong("history.role", "visitor or assistant")),
    }
}

fn filter(filter: v1::SearchFilter) -> Result<Filter, Error> {
    check_count("filter.document_ids", filter.document_ids.len(), 100)?;
    check_count("filter.kinds", filter.kinds.len(), 32)?;
    check_count("filter.languages", filter.languages.len(), 32)?;
    check_count("filter.attributes", filter.attributes.len(), 16)?;
    Ok(Filter {
        document_ids: filter.document_ids,
        kinds: filter.kinds,
        languages: filter.languages,
        modified_from_ms: filter.modified_from_ms,
        modified_before_ms: filter.modified_before_ms,
        attributes: filter.attributes.into_iter().collect(),
    })
}

/// Returns the length of a page of documents.
pub(crate) fn page_size(asked: Option<u32>) -> Result<u32, Error> {
    let size = asked.unwrap_or(MOST_PAGE);
    if (1..=MOST_PAGE).contains(&size) { Ok(size) } else { Err(wrong("page_size", "1 to 1,000")) }
}

/// Returns the collection and id after which a page begins.
pub(crate) fn page_start(token: &str) -> Result<Option<(String, String)>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    // No collection has a slash in its name, so the first one parts it from the id.
    let parts =
        token.split_once('/').map(|(collection, id)| document_key(collection.to_owned(), id.to_owned()));
    match parts {
        Some(Ok(place)) => Ok(Some(place)),
        _ => Err(wrong("page_token", "the token of the page before, or nothing")),
    }
}

/// Returns the token of the page after this document.
pub(crate) fn page_end(last: &Summary) -> String {
    format!("{}/{}", last.document.collection, last.document.id)
}

/// Returns an opinion.
pub(crate) fn feedback(given: v1::RecordFeedbackRequest) -> Result<Feedback, Error> {
    check_length("answer_id", &given.answer_id, 1..=128)?;
    check_length("comment", &given.comment, 0..=2_000)?;
    let v1::RecordFeedbackRequest { answer_id, positive, comment, given_ms } = given;
    Ok(Feedback { answer_id, positive, comment, given_ms })
}

const MOST_CONTENT_KEYS: usize = 100_000;

/// Returns content keys.
pub(crate) fn content_keys(keys: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, Error> {
    check_count("content_keys", keys.len(), MOST_CONTENT_KEYS)?;
    let key = |key: &Vec<u8>| {
        <[u8; 32]>::try_from(key.as_slice()).map_err(|_| wrong("content_keys", "32 bytes each"))
    };
    keys.iter().map(key).collect()
}

/// Returns the length of a page of changes.
pub(crate) fn history_size(asked: Option<u32>) -> Result<u32, Error> {
    let size = asked.unwrap_or(100);
    if (1..=MOST_PAGE).contains(&size) { Ok(size) } else { Err(wrong("page_size", "1 to 1,000")) }
}

/// Returns the id of a document, or nothing where it is empty.
pub(crate) fn optional_document_id(document_id: String) -> Result<Option<String>, Error> {
    if document_id.is_empty() {
        return Ok(None);
    }
    check_document_id(&document_id)?;
    Ok(Some(document_id))
}
