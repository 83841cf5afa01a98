//! What is kept, what is found, and what is not.

use std::sync::Arc;
use std::time::Duration;

use proto::v1::{
    AnswerSource, Citation, FinishReason, Finished, HistoryTurn, Passage, SearchFilter, history_turn::Role,
};

use super::{Cache, CacheBounds, Found, KeptParts, Knowledge, Near, Place};
use crate::admission::Owner;
use crate::answer::Answer;
use crate::question::Asked;

fn bounds() -> CacheBounds {
    CacheBounds {
        bytes: 1_000_000,
        lifetime: Duration::from_secs(60),
        stale: Duration::from_secs(60),
        near: Near::Ladder,
        similarity: 0.9,
    }
}

fn asked(text: &str) -> Asked {
    Asked { text: text.to_owned(), ..Asked::default() }
}

fn place(cache: &Cache, asked: Asked, collections: &[&str], generation: u64) -> Option<Place> {
    let collections: Vec<String> = collections.iter().map(|name| (*name).to_owned()).collect();
    cache.place_at(&asked.check().expect("right"), &collections, generation)
}

fn here(cache: &Cache, text: &str) -> Place {
    place(cache, asked(text), &["main"], 1).expect("a place")
}

fn answer(id: &str) -> Arc<Answer> {
    Arc::new(Answer::new(id.to_owned(), 7, Owner::for_tests("a"), String::new(), 10_000))
}

fn passage() -> Passage {
    Passage { document_id: "a.md".to_owned(), text: "Open at 9.".to_owned(), ..Passage::default() }
}

fn parts(text: &str) -> KeptParts {
    let citation = Citation { number: 1, passage: Some(passage()), ..Citation::default() };
    KeptParts { text: text.to_owned(), citations: vec![citation], vector: vec![1.0, 0.0], generation: 1 }
}

fn finished(source: AnswerSource, reason: FinishReason) -> Finished {
    Finished { source: source.into(), finish_reason: reason.into(), ..Finished::default() }
}

fn whole() -> Finished {
    finished(AnswerSource::Model, FinishReason::Complete)
}

fn is_kept(cache: &Cache, place: &Place) -> bool {
    matches!(cache.find(place, &answer("probe")), Found::Kept(_))
}

#[test]
fn only_the_same_question_over_the_same_knowledge_finds_an_answer() {
    let cache = Cache::new(bounds(), Knowledge::default());
    cache.keep(&here(&cache, "When are you open?"), parts("At 9 [1]."), &whole());
    assert!(is_kept(&cache, &here(&cache, "  when Are you open")));
    let filter = |kind: &str| {
        let filter = SearchFilter { kinds: vec![kind.to_owned()], ..SearchFilter::default() };
        Asked { filter: Some(filter), ..asked("When are you open?") }
    };
    for other in [
        place(&cache, asked("When are you not open?"), &["main"], 1),
        place(&cache, asked("When are you open?"), &["shop"], 1),
        place(&cache, asked("When are you open?"), &["main", "shop"], 1),
        place(&cache, asked("When are you open?"), &["main"], 2),
        place(&cache, filter("pdf"), &["main"], 1),
        place(&cache, Asked { top_k: Some(3), ..asked("When are you open?") }, &["main"], 1),
    ] {
        assert!(!is_kept(&cache, &other.expect("a place")));
    }
    let turn = HistoryTurn { role: Role::Visitor.into(), text: "I am Anna.".to_owned() };
    let personal = Asked { history: vec![turn], ..asked("When are you open?") };
    assert!(place(&cache, personal, &["main"], 1).is_none());
    cache.clear();
    assert!(!is_kept(&cache, &here(&cache, "When are you open?")));
}

#[test]
fn what_is_not_a_whole_answer_of_the_usual_model_is_not_kept() {
    let cache = Cache::new(bounds(), Knowledge::default());
    let place = here(&cache, "x");
    for not in [
        finished(AnswerSource::FallbackModel, FinishReason::Complete),
        finished(AnswerSource::Cache, FinishReason::Complete),
        finished(AnswerSource::FixedText, FinishReason::Complete),
        finished(AnswerSource::Model, FinishReason::NoEvidence),
        finished(AnswerSource::Model, FinishReason::Length),
        finished(AnswerSource::Model, FinishReason::Blocked),
        finished(AnswerSource::Model, FinishReason::Stopped),
    ] {
        cache.keep(&place, parts("a [1]"), &not);
        assert!(!is_kept(&cache, &place), "{not:?}");
    }
    cache.keep(&place, KeptParts { generation: 2, ..parts("a [1]") }, &whole());
    cache.keep(&place, parts(""), &whole());
    assert!(!is_kept(&cache, &place));
}

#[test]
fn the_same_question_in_flight_is_followed_until_it_lands_or_is_stopped() {
    let cache = Cache::new(bounds(), Knowledge::default());
    let place = here(&cache, "x");
    let first = answer("first");
    let Found::Nothing(flight) = cache.find(&place, &first) else { panic!("nothing is there") };
    assert!(matches!(cache.find(&place, &answer("second")), Found::Flying(_)));
    first.stop();
    let Found::Nothing(next) = cache.find(&place, &answer("third")) else { panic!("it was stopped") };
    drop(flight);
    assert!(matches!(cache.find(&place, &answer("fourth")), Found::Flying(_)), "the third still flies");
    drop(next);
    assert!(cache.flights().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_again_for_its_lifetime() {
    let cache = Cache::new(bounds(), Knowledge::default());
    let place = here(&cache, "x");
    cache.keep(&place, parts("a [1]"), &whole());
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(is_kept(&cache, &place));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(!is_kept(&cache, &place));
    assert_eq!(cache.entries().sizes(), (0, 0));
}

#[test]
fn memory_is_bounded_and_none_means_no_cache() {
    let cache = Cache::new(CacheBounds { bytes: 20_000, ..bounds() }, Knowledge::default());
    for number in 0..1_000 {
        cache.keep(&here(&cache, &format!("Question {number}?")), parts("a [1]"), &whole());
    }
    let (count, bytes) = cache.entries().sizes();
    assert!(bytes <= 20_000 && count > 10, "{count} {bytes}");
    assert!(
        is_kept(&cache, &here(&cache, "Question 999?")) && !is_kept(&cache, &here(&cache, "Question 0?"))
    );
    let none = Cache::new(CacheBounds { bytes: 0, ..bounds() }, Knowledge::default());
    assert!(place(&none, asked("x"), &["main"], 1).is_none());
}

#[test]
fn a_near_answer_needs_its_sources_among_the_passages() {
    let cache = Cache::new(bounds(), Knowledge::default());
    cache.keep(&here(&cache, "When do you open?"), parts("At 9 [1]."), &whole());
    let asked = here(&cache, "Please tell me when do you open");
    let other = Passage { document_id: "b.md".to_owned(), ..passage() };
    let found = [other.clone(), passage()];
    let near = cache.near(&asked, &found, &[0.95, 0.31]).expect("near");
    let earlier = near.earlier(&found).expect("its source is there");
    assert_eq!(
        (earlier.text.as_str(), earlier.citations[0].number, earlier.citations[0].passage),
        ("At 9 [1].", 1, 1)
    );
    let joined = [Passage { text: "Closed on Mondays. Open at 9.".to_owned(), ordinal: 4, ..passage() }];
    assert!(cache.near(&asked, &joined, &[1.0, 0.0]).is_some(), "a neighbour was joined to it");
    let changed = Passage { text: "Open at 10.".to_owned(), ..passage() };
    assert!(cache.near(&asked, &[other, changed], &[1.0, 0.0]).is_none(), "the source is not there any more");
    assert!(cache.near(&asked, &found, &[0.5, 0.86]).is_none(), "too far");
    assert!(cache.near(&here(&cache, "When do you not open?"), &found, &[1.0, 0.0]).is_none(), "a negation");
    let elsewhere = place(&cache, super::tests::asked("when do you open"), &["shop"], 1).expect("a place");
    assert!(cache.near(&elsewhere, &found, &[1.0, 0.0]).is_none(), "another tenant");
}
