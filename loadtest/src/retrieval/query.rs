//! Searches in a closed loop: each client has a connection of its own and sends the next search once the last is answered.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use futures_util::future::join_all;
use proto::Target;
use proto::v1;
use proto::v1::retriever_client::RetrieverClient;
use serde::Serialize;
use tonic::Request;

use super::corpus::{Corpus, DOCUMENT_CHUNKS};
use super::exact::{DEPTH, Exact, Narrowing, recall};
use super::upload::document_of;
use crate::load::latency::{Latency, Percentiles};

const SEARCH_TIMEOUT: Duration = Duration::from_secs(30);
/// No passage is left out for its length.
const BUDGET_TOKENS: u32 = 1_000_000;

/// Which sides search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// The vector alone.
    Meaning,
    /// The question's words and the vector.
    Both,
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Clients at the same time.
    pub clients: usize,
    /// Time of searching before the measuring.
    pub warm_up: Duration,
    /// Time of measuring.
    pub length: Duration,
    /// Rest of a client between two searches.
    pub pause: Duration,
    /// Which sides search.
    pub sides: Sides,
    /// Which documents may be found.
    pub narrowing: Narrowing,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Clients at the same time.
    pub clients: usize,
    /// Which sides searched.
    pub mode: Sides,
    /// Which documents could be found.
    pub filter: Narrowing,
    /// Searches that were answered while it was measured.
    pub searches: u64,
    /// Answered searches a second.
    pub per_second: f64,
    /// Latencies of the answered searches.
    pub latency: Option<Percentiles>,
    /// Mean recall@10 by meaning, over every query that was answered, the warm-up's too; nothing for searches by both
    /// sides, whose best passages are not the closest vectors.
    pub recall_at_10: Option<f64>,
    /// Failed searches by gRPC code.
    pub errors: BTreeMap<String, u64>,
}

/// The searches of a plan, ready to be sent, each with what it should find.
#[derive(Debug)]
pub struct Searches(Vec<(v1::SearchRequest, Vec<u32>)>);

impl Searches {
    /// Returns one search for each exact answer.
    ///
    /// # Errors
    /// When there is no answer, or more than there can be queries.
    pub fn new(corpus: &Corpus, exact: &Exact, plan: &Plan, collection: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(!exact.0.is_empty(), "there is no query to ask");
        let searches = (0..).zip(&exact.0).map(|(number, answer)| {
            let query = corpus.query(number);
            anyhow::ensure!(query.question == answer.question, "the exact answers are of another corpus");
            let request = v1::SearchRequest {
                question: if plan.sides == Sides::Both { query.question } else { String::new() },
                mode: match plan.sides {
                    Sides::Meaning => v1::SearchMode::Meaning,
                    Sides::Both => v1::SearchMode::Unspecified,
                }
                .into(),
                collections: vec![collection.to_owned()],
                filter: filter(plan.narrowing),
                top_k: Some(u32::try_from(DEPTH)?),
                evidence_threshold: Some(0.0),
                budget_tokens: Some(BUDGET_TOKENS),
                neighbours: Some(0),
                query_vector: query.vector,
                ..Default::default()
            };
            Ok((request, answer.among(plan.narrowing).to_vec()))
        });
        searches.collect::<anyhow::Result<_>>().map(Self)
    }
}

fn filter(narrowing: Narrowing) -> Option<v1::SearchFilter> {
    match narrowing {
        Narrowing::None => None,
        Narrowing::Narrow => Some(v1::SearchFilter {
            attributes: [("shelf".to_owned(), "0".to_owned())].into(),
            ..Default::default()
        }),
        Narrowing::Wide => Some(v1::SearchFilter { kinds: vec!["md".to_owned()], ..Default::default() }),
    }
}

/// What the clients note together; they take turns on one task.
#[derive(Debug)]
struct Notes {
    next: usize,
    latency: Latency,
    searches: u64,
    recalls: Vec<Option<f64>>,
    errors: BTreeMap<String, u64>,
}

/// Runs a plan.
///
/// # Errors
/// When latencies cannot be counted.
pub async fn run(target: &Target, plan: &Plan, searches: &Searches) -> anyhow::Result<Outcome> {
    let notes = RefCell::new(Notes {
        next: 0,
        latency: Latency::new()?,
        searches: 0,
        recalls: vec![None; searches.0.len()],
        errors: BTreeMap::new(),
    });
    let from = Instant::now() + plan.warm_up;
    join_all((0..plan.clients).map(|_| client(target, plan, searches, (&notes, from)))).await;
    let notes = notes.into_inner();
    let recalls: Vec<f64> = notes.recalls.into_iter().flatten().collect();
    let is_comparable = plan.sides == Sides::Meaning && !recalls.is_empty();
    Ok(Outcome {
        clients: plan.clients,
        mode: plan.sides,
        filter: plan.narrowing,
        searches: notes.searches,
        per_second: notes.searches as f64 / plan.length.as_secs_f64(),
        latency: notes.latency.percentiles(),
        recall_at_10: is_comparable.then(|| recalls.iter().sum::<f64>() / recalls.len() as f64),
        errors: notes.errors,
    })
}

async fn client(
    target: &Target,
    plan: &Plan,
    searches: &Searches,
    (notes, from): (&RefCell<Notes>, Instant),
) {
    let mut retriever = RetrieverClient::new(target.channel());
    let until = from + plan.length;
    while Instant::now() < until {
        let number = {
            let mut notes = notes.borrow_mut();
            notes.next += 1;
            (notes.next - 1) % searches.0.len()
        };
        let (search, exact) = &searches.0[number];
        let mut request = Request::new(search.clone());
        request.set_timeout(SEARCH_TIMEOUT);
        let begun = Instant::now();
        let answer = retriever.search(request).await;
        let ended = Instant::now();
        notes.borrow_mut().note(
            number,
            exact,
            answer,
            (from <= ended && ended < until).then(|| ended - begun),
        );
        // Without a rest nothing may be waited for: a timer takes a millisecond at least.
        if !plan.pause.is_zero() {
            tokio::time::sleep(plan.pause).await;
        }
    }
}

impl Notes {
    /// Notes an answer; `latency` is nothing for one outside of the measured time.
    fn note(
        &mut self,
        number: usize,
        exact: &[u32],
        answer: Result<tonic::Response<v1::SearchResponse>, tonic::Status>,
        latency: Option<Duration>,
    ) {
        match answer {
            Ok(answer) => {
                if let Some(latency) = latency {
                    self.latency.record(latency);
                    self.searches += 1;
                }
                if self.recalls[number].is_none() {
                    self.recalls[number] = recall(exact, &found(&answer.into_inner().passages));
                }
            }
            Err(status) => *self.errors.entry(status.code().to_string()).or_default() += 1,
        }
    }
}

/// Returns the chunks of passages, each of which is one chunk.
fn found(passages: &[v1::Passage]) -> Vec<u32> {
    let chunk = |passage: &v1::Passage| {
        document_of(&passage.document_id).map(|document| document * DOCUMENT_CHUNKS + passage.ordinal)
    };
    passages.iter().filter_map(chunk).collect()
}

#[cfg(test)]
mod tests {
    use proto::v1;

    use super::{Duration, Exact, Narrowing, Plan, Searches, Sides, found};
    use crate::retrieval::corpus::{Corpus, Shape};

    fn plan(sides: Sides, narrowing: Narrowing) -> Plan {
        let zero = Duration::ZERO;
        Plan { clients: 1, warm_up: zero, length: zero, pause: zero, sides, narrowing }
    }

    #[test]
    fn a_search_carries_its_vector_and_only_with_both_sides_its_question() {
        let corpus = Corpus::new(Shape { chunks: 60, dimensions: 64, seed: 1 }).unwrap();
        let exact = Exact::search(&corpus, 3).unwrap();
        for (sides, has_question) in [(Sides::Meaning, false), (Sides::Both, true)] {
            let searches = Searches::new(&corpus, &exact, &plan(sides, Narrowing::Wide), "c").unwrap();
            assert_eq!(searches.0.len(), 3);
            for ((search, expected), answer) in searches.0.iter().zip(&exact.0) {
                assert_eq!((search.query_vector.len(), !search.question.is_empty()), (64, has_question));
                assert_eq!(search.filter.as_ref().unwrap().kinds, ["md"]);
                assert_eq!(expected, &answer.wide);
            }
        }
    }

    #[test]
    fn exact_answers_of_another_corpus_are_refused() {
        let corpus = |seed| Corpus::new(Shape { chunks: 60, dimensions: 64, seed }).unwrap();
        let exact = Exact::search(&corpus(1), 3).unwrap();
        let plan = plan(Sides::Meaning, Narrowing::None);
        let error = Searches::new(&corpus(2), &exact, &plan, "c").unwrap_err();
        assert!(error.to_string().contains("another corpus"), "{error}");
    }

    #[test]
    fn passages_are_told_by_document_and_place() {
        let passage =
            |id: &str, ordinal| v1::Passage { document_id: id.to_owned(), ordinal, ..Default::default() };
        let passages = [passage("document-000002", 1), passage("other", 0), passage("document-000000", 0)];
        assert_eq!(found(&passages), [41, 0]);
    }
}
