//! Passages of several chunks: hits that stand next to each other in their document, and the chunks around a hit. It
//! reads no store.

use super::ranking::{Judged, Limits, Outcome};
use crate::model::Chunk;

/// Content types of the contract that are complete as they are: a row of a table and a curated answer. What stands next
/// to them is about something else.
const STAND_ALONE: [i32; 2] =
    [proto::v1::ContentType::Table as i32, proto::v1::ContentType::QuestionAnswer as i32];

impl Judged {
    /// Returns the passage: the chunk that was found and those that were joined to it, in the order of the document.
    /// Text that two of them share stands there once; the byte range spans all of them and the page is the first one's.
    /// Ordinal, headings and importance stay those of the chunk that was found.
    pub fn passage(&self) -> Chunk {
        let mut passage = self.candidate.chunk.clone();
        if self.joined.is_empty() {
            return passage;
        }
        let mut chunks: Vec<&Chunk> = self.joined.iter().chain([&self.candidate.chunk]).collect();
        chunks.sort_by_key(|chunk| chunk.ordinal);
        passage.text.clear();
        let mut headings = &self.candidate.chunk.heading_path;
        let mut end = None;
        for chunk in &chunks {
            if *headings != chunk.heading_path {
                headings = &chunk.heading_path;
                append(&mut passage.text, headings.last().map_or("", String::as_str), None);
                end = None;
            }
            let overlap = chunk.byte_range.as_ref().zip(end).map(|(range, end)| (range.start, end));
            append(&mut passage.text, &chunk.text, overlap);
            end = chunk.byte_range.as_ref().map(|range| range.end);
        }
        let ranges = || chunks.iter().filter_map(|chunk| chunk.byte_range.as_ref());
        let (start, end) = (ranges().map(|range| range.start).min(), ranges().map(|range| range.end).max());
        passage.byte_range = start.zip(end).map(|(start, end)| start..end);
        passage.page = chunks.iter().filter_map(|chunk| chunk.page).min();
        passage.tokens = self.tokens();
        passage
    }

    /// Returns the tokens of the passage; text that two chunks share counts twice.
    pub(super) fn tokens(&self) -> u32 {
        self.joined.iter().fold(self.candidate.chunk.tokens, |sum, chunk| sum.saturating_add(chunk.tokens))
    }

    /// Returns the ordinals of the first and the last chunk of the passage.
    pub(super) fn ends(&self) -> (u32, u32) {
        let own = self.candidate.chunk.ordinal;
        let ordinals = || self.joined.iter().map(|chunk| chunk.ordinal).chain([own]);
        (ordinals().min().unwrap_or(own), ordinals().max().unwrap_or(own))
    }

    fn is_of_the_document_of(&self, other: &Self) -> bool {
        let (own, other) = (&self.candidate.document, &other.candidate.document);
        own.collection == other.collection && own.id == other.id
    }

    /// Whether a returned passage may hold another one, too.
    fn takes(&self, other: &Self, limits: &Limits) -> bool {
        self.outcome == Outcome::Kept
            && may_grow(&self.candidate.chunk)
            && may_grow(&other.candidate.chunk)
            && self.is_next_to(other)
            && self.tokens().saturating_add(other.tokens()) <= limits.passage_tokens
    }

    fn is_next_to(&self, other: &Self) -> bool {
        let ((first, last), (other_first, other_last)) = (self.ends(), other.ends());
        self.is_of_the_document_of(other)
            && (last.checked_add(1) == Some(other_first) || other_last.checked_add(1) == Some(first))
    }
}

/// Adds text after a line break, or without what both share where the bytes before it end inside it.
fn append(text: &mut String, next: &str, start_and_end_before: Option<(u64, u64)>) {
    let shared = start_and_end_before.and_then(|(start, end)| usize::try_from(end.checked_sub(start)?).ok());
    let new = shared.and_then(|shared| next.split_at_checked(shared));
    match new {
        Some((shared, new)) if text.ends_with(shared) => text.push_str(new),
        _ => {
            if !text.is_empty() && !next.is_empty() {
                text.push('\n');
            }
            text.push_str(next);
        }
    }
}

/// Returns whether a chunk may be part of a larger passage.
pub(super) fn may_grow(chunk: &Chunk) -> bool {
    !STAND_ALONE.contains(&chunk.content_type)
}

/// Returns the best kept passage that a hit continues, if that stays within its limit with it.
pub(super) fn continued<'a>(
    better: &'a mut [Judged],
    hit: &Judged,
    limits: &Limits,
) -> Option<&'a mut Judged> {
    better.iter_mut().find(|kept| kept.takes(hit, limits))
}

/// Joins kept passages that a third one between them brought next to each other.
pub(super) fn close_gaps(judged: &mut [Judged], limits: &Limits) {
    for place in 0..judged.len() {
        let (better, rest) = judged.split_at_mut(place);
        let Some(this) = rest.first_mut().filter(|this| this.outcome == Outcome::Kept) else { continue };
        if let Some(passage) = better.iter_mut().find(|kept| kept.takes(this, limits)) {
            this.outcome = Outcome::Joined;
            passage.joined.push(this.candidate.chunk.clone());
            passage.joined.append(&mut this.joined);
        }
    }
}

/// Adds chunks around a kept passage, the nearest first, as long as the passage stays within its limit and all passages
/// within their budget. `around` are chunks of its document; those that another kept passage holds are left to it.
pub(super) fn surround(judged: &mut [Judged], place: usize, around: &[Chunk], limits: &Limits) {
    let kept = |judged: &&Judged| judged.outcome == Outcome::Kept;
    let Some(passage) = judged.get(place) else { return };
    let taken: Vec<(u32, u32)> = judged
        .iter()
        .filter(kept)
        .filter(|other| other.is_of_the_document_of(passage))
        .map(Judged::ends)
        .collect();
    let mut left = limits.budget_tokens.saturating_sub(judged.iter().filter(kept).map(Judged::tokens).sum());
    let Some(passage) = judged.get_mut(place) else { return };
    let (first, last) = passage.ends();
    let is_free = |chunk: &&Chunk| {
        may_grow(chunk) && !taken.iter().any(|(first, last)| (*first..=*last).contains(&chunk.ordinal))
    };
    let mut before = around.iter().rev().filter(|chunk| chunk.ordinal < first).peekable();
    let mut after = around.iter().filter(|chunk| chunk.ordinal > last).peekable();
    let (mut next_before, mut next_after) = (first.checked_sub(1), last.checked_add(1));
    while next_before.is_some() || next_after.is_some() {
        for (chunks, next, step_back) in [
            (&mut before as &mut dyn Iterator<Item = &Chunk>, &mut next_before, true),
            (&mut after as &mut dyn Iterator<Item = &Chunk>, &mut next_after, false),
        ] {
            let Some(ordinal) = *next else { continue };
            let found = chunks.next().filter(|chunk| chunk.ordinal == ordinal).filter(is_free);
            let fits = |chunk: &&Chunk| {
                chunk.tokens <= left && passage.tokens().saturating_add(chunk.tokens) <= limits.passage_tokens
            };
            *next = found.filter(fits).and_then(|chunk| {
                left -= chunk.tokens;
                passage.joined.push(chunk.clone());
                if step_back { ordinal.checked_sub(1) } else { ordinal.checked_add(1) }
            });
        }
    }
}

/// Returns whether the chunks around a candidate may be added to it.
pub(super) fn has_surroundings(judged: &Judged) -> bool {
    judged.outcome == Outcome::Kept && may_grow(&judged.candidate.chunk)
}
