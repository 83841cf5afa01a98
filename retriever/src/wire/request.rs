//! Searches, names, pages and opinions as they arrive.

use proto::v1;

use super::{
    check_collection, check_count, check_document_id, check_length, check_no_nul, check_vector, wrong,
};
use crate::error::Error;
use crate::model::{Feedback, Filter, Reason, Summary, Turn};
use crate::search::{Limits, Question, Weights};
use crate::store::{Effort, Sides};

const QUESTION_CHARACTERS: std::ops::RangeInclusive<usize> = 1..=4_000;
const MOST_COLLECTIONS: usize = 64;
const MOST_HISTORY: usize = 200;
const MOST_PAGE: u32 = 1_000;
const MOST_NEIGHBOURS: u32 = 10;

/// Returns the question of a search. `dimensions` are the store's.
pub(crate) fn question(search: v1::SearchRequest, dimensions: u32) -> Result<Question, Error> {
    let (sides, effort) = (sides(&search), effort(&search));
    let may_be_empty = sides == Sides::Meaning && !search.query_vector.is_empty();
    let text = typed(&search.question);
    if !may_be_empty || !text.is_empty() {
        check_length("question", &text, QUESTION_CHARACTERS)?;
        if text.trim().is_empty() {
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
        text,
        collections: collections(search.collections)?,
        history: search.history.iter().map(turn).collect::<Result<_, _>>()?,
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
    let neighbours = search.neighbours.unwrap_or(defaults.neighbours);
    if neighbours > MOST_NEIGHBOURS {
        return Err(wrong("neighbours", "0 to 10"));
    }
    Ok(Limits { top_k, evidence_threshold, budget_tokens, neighbours, ..defaults })
}

/// Returns the weights of an explained search; `defaults` stand in for what it leaves open.
pub(crate) fn weights(asked: v1::RankingSettings, defaults: Weights) -> Result<Weights, Error> {
    let check = |field: &str, asked: Option<f32>, default: f32, most: u8| match asked {
        None => Ok(default),
        Some(number) if (0.0..=f32::from(most)).contains(&number) => Ok(number),
        Some(_) => Err(wrong(field, &format!("0 to {most}"))),
    };
    let share = "ranking.evidence_meaning_share";
    Ok(Weights {
        meaning: check("ranking.meaning_weight", asked.meaning_weight, defaults.meaning, 10)?,
        evidence: check("ranking.evidence_weight", asked.evidence_weight, defaults.evidence, 10)?,
        meaning_in_evidence: check(share, asked.evidence_meaning_share, defaults.meaning_in_evidence, 1)?,
        importance: check("ranking.importance_weight", asked.importance_weight, defaults.importance, 1)?,
    })
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

/// Returns what somebody typed with spaces for the character NUL, which means nothing to them and not every store takes.
fn typed(text: &str) -> String {
    text.replace('\0', " ")
}

fn turn(turn: &v1::HistoryTurn) -> Result<Turn, Error> {
    check_length("history.text", &turn.text, QUESTION_CHARACTERS)?;
    match turn.role() {
        v1::history_turn::Role::Visitor => Ok(Turn { by_visitor: true, text: typed(&turn.text) }),
        v1::history_turn::Role::Assistant => Ok(Turn { by_visitor: false, text: typed(&turn.text) }),
        v1::history_turn::Role::Unspecified => Err(wrong("history.role", "visitor or assistant")),
    }
}

fn filter(filter: v1::SearchFilter) -> Result<Filter, Error> {
    check_count("filter.document_ids", filter.document_ids.len(), 100)?;
    check_count("filter.kinds", filter.kinds.len(), 32)?;
    check_count("filter.languages", filter.languages.len(), 32)?;
    check_count("filter.attributes", filter.attributes.len(), 16)?;
    for (field, values) in [
        ("filter.document_ids", &filter.document_ids),
        ("filter.kinds", &filter.kinds),
        ("filter.languages", &filter.languages),
    ] {
        values.iter().try_for_each(|value| check_no_nul(field, value))?;
    }
    for text in filter.attributes.iter().flat_map(|(key, value)| [key, value]) {
        check_no_nul("filter.attributes", text)?;
    }
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
    check_no_nul("answer_id", &given.answer_id)?;
    check_length("comment", &given.comment, 0..=2_000)?;
    let v1::RecordFeedbackRequest { answer_id, positive, comment, given_ms, reason } = given;
    let reason =
        v1::FeedbackReason::try_from(reason).map_err(|_| wrong("reason", "one of FeedbackReason"))?;
    Ok(Feedback { answer_id, positive, comment: typed(&comment), given_ms, reason: reason_of(reason) })
}

fn reason_of(reason: v1::FeedbackReason) -> Option<Reason> {
    match reason {
        v1::FeedbackReason::Unspecified => None,
        v1::FeedbackReason::Wrong => Some(Reason::Wrong),
        v1::FeedbackReason::Incomplete => Some(Reason::Incomplete),
        v1::FeedbackReason::Outdated => Some(Reason::Outdated),
        v1::FeedbackReason::Irrelevant => Some(Reason::Irrelevant),
        v1::FeedbackReason::Unclear => Some(Reason::Unclear),
        v1::FeedbackReason::Inappropriate => Some(Reason::Inappropriate),
        v1::FeedbackReason::Other => Some(Reason::Other),
    }
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

#[cfg(test)]
mod tests {
    use proto::v1;

    use super::{Reason, feedback, question};

    fn asked(question: &str) -> v1::SearchRequest {
        let collections = vec!["public".to_owned()];
        v1::SearchRequest { question: question.to_owned(), collections, ..Default::default() }
    }

    #[test]
    fn nul_is_a_space_in_what_somebody_typed() {
        let mut search = asked("opening\0hours");
        let role = v1::history_turn::Role::Visitor.into();
        search.history = vec![v1::HistoryTurn { role, text: "on\0sunday".to_owned() }];
        let read = question(search, 4).unwrap();
        assert_eq!((read.text.as_str(), read.history[0].text.as_str()), ("opening hours", "on sunday"));
        let opinion = v1::RecordFeedbackRequest {
            answer_id: "1".to_owned(),
            comment: "very\0good".to_owned(),
            ..Default::default()
        };
        assert_eq!(feedback(opinion).unwrap().comment, "very good");
        assert!(question(asked("\0\0"), 4).unwrap_err().to_string().starts_with("question: "));
    }

    #[test]
    fn every_reason_is_known_and_no_other_number() {
        let opinion =
            |reason| v1::RecordFeedbackRequest { answer_id: "1".to_owned(), reason, ..Default::default() };
        for (place, (reason, name)) in (1..).zip(Reason::NAMES) {
            assert_eq!(feedback(opinion(place)).unwrap().reason, Some(reason));
            let number = v1::FeedbackReason::try_from(place).unwrap();
            assert_eq!(number.as_str_name().to_lowercase(), format!("feedback_reason_{name}"));
            assert_eq!((reason.name(), Reason::from_name(name)), (name, Some(reason)));
        }
        assert_eq!(feedback(opinion(0)).unwrap().reason, None);
        assert!(feedback(opinion(8)).unwrap_err().to_string().starts_with("reason: "));
    }

    #[test]
    fn nul_is_refused_in_a_filter() {
        let nul = || vec!["a\0b".to_owned()];
        let attributes = [("a\0b".to_owned(), String::new())].into();
        for (field, filter) in [
            ("filter.document_ids", v1::SearchFilter { document_ids: nul(), ..Default::default() }),
            ("filter.kinds", v1::SearchFilter { kinds: nul(), ..Default::default() }),
            ("filter.languages", v1::SearchFilter { languages: nul(), ..Default::default() }),
            ("filter.attributes", v1::SearchFilter { attributes, ..Default::default() }),
        ] {
            let error = question(v1::SearchRequest { filter: Some(filter), ..asked("a") }, 4).unwrap_err();
            assert!(error.to_string().starts_with(field), "{error}");
        }
    }
}
