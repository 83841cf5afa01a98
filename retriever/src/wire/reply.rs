//! Passages, documents and candidates as they leave.

use std::time::Duration;

use proto::v1;
use proto::v1::candidate::Outcome as WireOutcome;

use crate::model::{Change, ChangeKind, Chunk, Document, Summary, Withheld};
use crate::search::{Judged, Outcome, StageTime, Weights};

/// Returns the passage of a candidate.
pub(crate) fn passage(judged: &Judged) -> v1::Passage {
    let Document { id, collection, language, kind, modified_ms, source_url, .. } = &judged.candidate.document;
    let chunk = judged.passage();
    v1::Passage {
        document_id: id.clone(),
        collection: collection.clone(),
        title: judged.candidate.document.shown_title().to_owned(),
        byte_range: byte_range(&chunk),
        heading_path: chunk.heading_path,
        text: chunk.text,
        ordinal: chunk.ordinal,
        page: chunk.page,
        score: judged.score,
        evidence: judged.evidence,
        language: language.clone(),
        kind: kind.clone(),
        modified_ms: *modified_ms,
        source_url: source_url.clone(),
    }
}

/// Returns a candidate with how it was found and what became of it.
pub(crate) fn candidate(judged: &Judged) -> v1::Candidate {
    let found = &judged.candidate;
    let outcome = match judged.outcome {
        Outcome::Kept => WireOutcome::Kept,
        Outcome::BelowThreshold => WireOutcome::BelowThreshold,
        Outcome::Duplicate => WireOutcome::Duplicate,
        Outcome::OverBudget => WireOutcome::OverBudget,
        Outcome::OverTopK => WireOutcome::OverTopK,
        Outcome::Filtered => WireOutcome::Filtered,
        Outcome::Joined => WireOutcome::Joined,
    };
    v1::Candidate {
        passage: Some(passage(judged)),
        word_rank: found.words.map(|(rank, _)| rank),
        word_score: found.words.map(|(_, score)| score),
        meaning_rank: found.meaning_rank,
        meaning_score: Some(found.cosine),
        outcome: outcome.into(),
    }
}

/// Returns the time of a stage.
pub(crate) fn stage(stage: &StageTime) -> v1::SearchStage {
    v1::SearchStage { name: stage.stage.name().to_owned(), milliseconds: millis(stage.time) }
}

/// Returns the settings of the ranking.
pub(crate) fn ranking(weights: &Weights) -> v1::RankingSettings {
    v1::RankingSettings {
        meaning_weight: Some(weights.meaning),
        evidence_weight: Some(weights.evidence),
        evidence_meaning_share: Some(weights.meaning_in_evidence),
        importance_weight: Some(weights.importance),
    }
}

/// Returns a stored document.
pub(crate) fn summary(summary: Summary) -> v1::DocumentSummary {
    let Summary { document, chunk_count, indexed_ms, generation } = summary;
    let header = v1::DocumentHeader {
        document_id: document.id,
        collection: document.collection,
        title: document.title,
        kind: document.kind,
        language: document.language,
        content_sha256: document.content_sha256,
        content_bytes: document.content_bytes,
        modified_ms: document.modified_ms,
        source_url: document.source_url,
        attributes: document.attributes.into_iter().collect(),
        embedding_model: document.embedding_model,
        embedding_dimensions: document.embedding_dimensions,
        chunking_version: document.chunking_version,
    };
    v1::DocumentSummary { header: Some(header), chunk_count, indexed_ms, generation }
}

/// Returns a stored chunk, which has no vector.
pub(crate) fn chunk(chunk: Chunk) -> v1::Chunk {
    let byte_range = byte_range(&chunk);
    let Chunk { ordinal, heading_path, text, page, importance, vector, tokens, content_type, .. } = chunk;
    v1::Chunk { ordinal, heading_path, text, byte_range, page, importance, vector, tokens, content_type }
}

fn byte_range(chunk: &Chunk) -> Option<v1::ByteRange> {
    chunk.byte_range.as_ref().map(|range| v1::ByteRange { start: range.start, end: range.end })
}

/// Returns a length of time in milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Returns a committed change.
pub(crate) fn change(change: Change) -> v1::Change {
    let Change { generation, kind, collection, document_id, count } = change;
    let (kind, target) = match kind {
        ChangeKind::Added => (v1::change::Kind::Added, None),
        ChangeKind::Replaced => (v1::change::Kind::Replaced, None),
        ChangeKind::Deleted => (v1::change::Kind::Deleted, None),
        ChangeKind::RolledBack(target) => (v1::change::Kind::RolledBack, Some(target)),
        ChangeKind::Purged => (v1::change::Kind::Purged, None),
    };
    let generation = v1::Generation { number: generation.number, committed_ms: generation.committed_ms };
    v1::Change { generation: Some(generation), kind: kind.into(), document_id, collection, count, target }
}

/// Returns what a rollback undid.
pub(crate) fn withheld(withheld: Withheld) -> v1::Withheld {
    let Withheld { collection, document_id, content_sha256 } = withheld;
    v1::Withheld { document_id, collection, content_sha256 }
}
