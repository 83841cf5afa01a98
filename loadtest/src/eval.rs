//! Asks a set's questions through the public interface and gathers the measures.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;

use crate::hit::Gold;
use crate::http::{Api, Code, Found};
use crate::quality::{Measures, Ranking};
use crate::refusal::{Evidence, Point, Refusals, Separation};
use crate::set::{Question, Set};

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    /// Passages to ask for.
    pub top_k: u32,
    /// Questions under way at the same time, at least 1.
    pub concurrency: usize,
    /// Whether to ask for answers too, to count refusals.
    pub asks_for_answers: bool,
}

/// What came out of a set.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Name of the set.
    pub set: String,
    /// Passages asked for.
    pub top_k: u32,
    /// Search over the answerable questions; a question that failed counts as found nothing.
    pub search: Option<Measures>,
    /// What the evidence of the best passage tells, where the set has questions of both kinds.
    pub evidence: Option<Separation>,
    /// Refusals at the product's own threshold, where answers were asked for.
    pub refusals: Option<Refusals>,
    /// The same as precision and recall, where the set has unanswerable questions.
    pub refusal: Option<Point>,
    /// Failed calls by code.
    pub errors: BTreeMap<String, u32>,
}

impl Outcome {
    /// Returns how many questions were asked in all.
    pub fn asked(&self) -> u32 {
        let answered = self.refusals.map_or(0, |refusals| refusals.unanswerable + refusals.answerable);
        self.search.map_or(0, |search| search.questions).max(answered)
    }
}

struct Asked {
    search: Result<Found, Code>,
    is_refused: Option<Result<bool, Code>>,
}

/// Asks every question once.
pub(crate) async fn run(api: &Api, set: &Set, options: Evaluation) -> Outcome {
    let asking =
        set.questions.iter().map(|question| async move { (question, ask(api, question, options).await) });
    let mut answers = stream::iter(asking).buffer_unordered(options.concurrency.max(1));
    let (mut ranking, mut evidence) = (Ranking::default(), Evidence::default());
    let mut refusals = Refusals::default();
    let mut errors: BTreeMap<String, u32> = BTreeMap::new();
    while let Some((question, asked)) = answers.next().await {
        match asked.search {
            Ok(found) => {
                evidence.add(question.answerable, found.evidence);
                if is_measurable(question) {
                    ranking.add(&golds(question), &found.passages);
                }
            }
            Err(code) => {
                if is_measurable(question) {
                    ranking.add_failed();
                }
                *errors.entry(code).or_default() += 1;
            }
        }
        match asked.is_refused {
            Some(Ok(is_refused)) => refusals.add(question.answerable, is_refused),
            Some(Err(code)) => *errors.entry(code).or_default() += 1,
            None => {}
        }
    }
    Outcome {
        set: set.name.clone(),
        top_k: options.top_k,
        search: ranking.measures(),
        evidence: evidence.separation(),
        refusals: options.asks_for_answers.then_some(refusals),
        refusal: refusals.point().filter(|_| options.asks_for_answers),
        errors,
    }
}

async fn ask(api: &Api, question: &Question, options: Evaluation) -> Asked {
    let search = api.search(&question.question, options.top_k).await;
    let is_refused = match options.asks_for_answers {
        true => Some(api.is_refused(&question.question).await),
        false => None,
    };
    Asked { search, is_refused }
}

fn is_measurable(question: &Question) -> bool {
    question.answerable && !question.gold_passages.is_empty()
}

fn golds(question: &Question) -> Vec<Gold> {
    let ids = question.gold_ids.iter().map(|id| Some(id.as_str())).chain(std::iter::repeat(None));
    question.gold_passages.iter().zip(ids).map(|(passage, id)| Gold::new(passage, id)).collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use http_body_util::{BodyExt, Full};
    use hyper::body::{Bytes, Incoming};
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::{Api, Evaluation, Set, run};
    use crate::set::Question;

    /// A gateway that knows one passage, refuses questions about boats and fails on `broken`.
    async fn respond(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_owned();
        let bytes = request.into_body().collect().await.expect("a body").to_bytes();
        let body: Value = serde_json::from_slice(&bytes).expect("JSON");
        let asks_about = |word: &str| body.to_string().contains(word);
        let (status, answer) = match path.as_str() {
            _ if asks_about("broken") => (429, json!({ "code": "RATE_LIMITED" })),
            "/v1/search" => {
                let evidence = if asks_about("boat") { 0.25 } else { 0.75 };
                let passages = json!([{ "document": "a.md", "heading_path": ["Hours"], "text": "We open at nine.", "score": 1.0, "evidence": evidence }]);
                (200, json!({ "passages": passages, "generation": 1 }))
            }
            _ if asks_about("boat") => (200, json!({ "response": "No.", "finish_reason": "no_evidence" })),
            _ => (200, json!({ "response": "Yes.", "finish_reason": "complete" })),
        };
        let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
        *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
        Ok(response)
    }

    async fn gateway(tasks: &mut JoinSet<()>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let serving = hyper::server::conn::http1::Builder::new();
                connections.spawn(serving.serve_connection(TokioIo::new(stream), service_fn(respond)));
            }
        });
        format!("http://{address}")
    }

    fn question(id: &str, text: &str, gold: Option<&str>) -> Question {
        Question {
            id: id.to_owned(),
            question: text.to_owned(),
            gold_passages: gold.into_iter().map(str::to_owned).collect(),
            gold_ids: Vec::new(),
            answerable: gold.is_some(),
        }
    }

    #[tokio::test]
    async fn a_set_is_measured_through_the_public_interface() {
        let mut tasks = JoinSet::new();
        let api = Api::new(&gateway(&mut tasks).await, None, Duration::from_secs(5)).expect("an address");
        let questions = vec![
            question("1", "When do you open?", Some("We open at nine.")),
            question("2", "Where are you?", Some("At the harbour.")),
            question("3", "This one is broken", Some("We open at nine.")),
            question("4", "Do you sell a boat?", None),
            question("5", "Do you sell a plane?", None),
        ];
        let set = Set { name: "shop".to_owned(), questions };
        let options = Evaluation { top_k: 10, concurrency: 2, asks_for_answers: true };
        let outcome = run(&api, &set, options).await;
        let search = outcome.search.expect("answerable questions");
        assert_eq!(search.questions, 3);
        assert!((search.recall_at_1 - 1.0 / 3.0).abs() < 1e-9, "{search:?}");
        let refusals = outcome.refusals.expect("asked for");
        assert_eq!((refusals.unanswerable, refusals.refused), (2, 1));
        assert_eq!((refusals.answerable, refusals.falsely_refused), (2, 0));
        assert_eq!(outcome.refusal.map(|point| (point.precision, point.recall)), Some((1.0, 0.5)));
        // Of two answerable and two unanswerable questions, one pair in two ties.
        assert_eq!(outcome.evidence.map(|found| (found.auroc, found.best_threshold)), Some((0.75, 0.75)));
        assert_eq!(outcome.errors.get("RATE_LIMITED"), Some(&2));
    }

    #[test]
    fn only_an_http_address_is_taken() {
        for url in ["127.0.0.1:8080", "https://shop.example", ""] {
            assert!(Api::new(url, None, Duration::from_secs(1)).is_err(), "{url}");
        }
    }
}
