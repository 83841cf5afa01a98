//! An explained search as objects for programs.

use proto::v1::{Candidate, ExplainResponse, Passage};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What holds for the whole search.
#[derive(Serialize)]
pub(super) struct Search<'a> {
    searched_question: &'a str,
    terms: &'a [String],
    generation: u64,
    evidence_threshold: f32,
    top_k: u32,
    budget_tokens: u32,
    meaning_weight: Option<f32>,
    evidence_weight: Option<f32>,
    evidence_meaning_share: Option<f32>,
    importance_weight: Option<f32>,
    stage_ms: Map<String, Value>,
}

/// One passage that was considered.
#[derive(Serialize)]
pub(super) struct Considered<'a> {
    rank: usize,
    outcome: &'static str,
    score: f32,
    evidence: f32,
    word_rank: Option<u32>,
    word_score: Option<f32>,
    meaning_rank: Option<u32>,
    meaning_score: Option<f32>,
    document_id: &'a str,
    collection: &'a str,
    ordinal: u32,
    heading_path: &'a [String],
    text: &'a str,
}

pub(super) fn search(answer: &ExplainResponse) -> Search<'_> {
    let ranking = answer.ranking.unwrap_or_default();
    Search {
        searched_question: &answer.searched_question,
        terms: &answer.terms,
        generation: answer.generation,
        evidence_threshold: answer.evidence_threshold,
        top_k: answer.top_k,
        budget_tokens: answer.budget_tokens,
        meaning_weight: ranking.meaning_weight,
        evidence_weight: ranking.evidence_weight,
        evidence_meaning_share: ranking.evidence_meaning_share,
        importance_weight: ranking.importance_weight,
        stage_ms: answer.stages.iter().map(|stage| (stage.name.clone(), json!(stage.milliseconds))).collect(),
    }
}

pub(super) fn candidate(rank: usize, candidate: &Candidate) -> Considered<'_> {
    let passage: Option<&Passage> = candidate.passage.as_ref();
    Considered {
        rank,
        outcome: super::outcome_name(candidate.outcome()),
        score: passage.map_or(0.0, |passage| passage.score),
        evidence: passage.map_or(0.0, |passage| passage.evidence),
        word_rank: candidate.word_rank,
        word_score: candidate.word_score,
        meaning_rank: candidate.meaning_rank,
        meaning_score: candidate.meaning_score,
        document_id: passage.map_or("", |passage| &passage.document_id),
        collection: passage.map_or("", |passage| &passage.collection),
        ordinal: passage.map_or(0, |passage| passage.ordinal),
        heading_path: passage.map_or(&[], |passage| &passage.heading_path),
        text: passage.map_or("", |passage| &passage.text),
    }
}
