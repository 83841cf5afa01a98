//! Answers that are given again: to the same question over the same knowledge, to whoever asks it while it is being answered, and,
//! where no model can answer, to nearly the same question. It knows no transport and asks nobody.
//!
//! Only what anybody with the same collections may read is kept: no question with earlier messages, and no answer that was cut,
//! blocked, marked or written by a model that stood in for another.

mod entries;
mod near;
mod record;
mod shared;
mod wording;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lifecycle::Shutdown;
use prost::Message;
use proto::v1::{
    AnswerSource, Citation, EarlierAnswer, EarlierCitation, FinishReason, Finished, Passage, SearchFilter,
};
use sha2::{Digest, Sha256};

use crate::answer::{Answer, Reader};
use crate::knowledge::Knowledge;
use crate::question::Question;
use crate::settings::{CacheBounds, Near};
use crate::state::Redis;
use entries::Entries;
use shared::{Exchange, Outbox};
use wording::Wording;

/// What an entry takes beside its texts, roughly.
const ENTRY_BYTES: usize = 512;
/// Words and vectors of this many answers are compared at most, the newest first.
const MOST_COMPARED: usize = 2_000;

/// Shorter lines are headings that many passages share.
const LINE_BYTES: usize = 32;

/// Tells one question over one state of the knowledge from all others.
type Key = [u8; 32];

/// Answers to give again. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    bounds: CacheBounds,
    knowledge: Knowledge,
    entries: Arc<Mutex<Entries>>,
    flights: Arc<Mutex<HashMap<Key, Arc<Answer>>>>,
    /// Where answers go that other gateways may give again too.
    outbox: Option<Outbox>,
}

/// A question's place in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    key: Key,
    /// The same for all questions over the same collections, filter and generation.
    scope: Key,
    generation: u64,
    wording: Wording,
}

/// An answer as it is given again.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The whole text.
    pub(crate) text: String,
    /// Its sources.
    pub(crate) citations: Vec<Citation>,
    /// The model that wrote it.
    pub(crate) model: String,
    /// Further questions.
    pub(crate) follow_ups: Vec<String>,
    /// The generation that answered.
    pub(crate) generation: u64,
    scope: Key,
    wording: Wording,
    vector: Vec<f32>,
}

/// What there is for a question.
#[derive(Debug)]
pub(crate) enum Found {
    /// An answer to the same question.
    Kept(Arc<Kept>),
    /// The same question is being answered.
    Flying(Reader),
    /// Nothing: others may follow this answer until the flight is dropped.
    Nothing(Flight),
}

/// An answer in the making that others follow.
#[derive(Debug)]
pub(crate) struct Flight {
    cache: Cache,
    key: Key,
    answer: Arc<Answer>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flights = self.cache.flights();
        if flights.get(&self.key).is_some_and(|known| known.id() == self.answer.id()) {
            flights.remove(&self.key);
        }
    }
}

impl Place {
    /// Returns the generation that it is a place of.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }
}

impl Cache {
    /// Returns an empty cache.
    pub(crate) fn new(bounds: CacheBounds, knowledge: Knowledge) -> Self {
        let entries = Entries::new(bounds.bytes, bounds.lifetime);
        Self {
            bounds,
            knowledge,
            entries: Arc::new(Mutex::new(entries)),
            flights: Arc::default(),
            outbox: None,
        }
    }

    /// Returns the cache, which from now on exchanges its answers with the other gateways of this Redis.
    pub(crate) fn sharing(mut self, redis: Option<&Arc<Redis>>, shutdown: &Shutdown) -> Self {
        if let Some(redis) = redis.filter(|_| self.bounds.bytes > 0) {
            let (exchange, outbox) = Exchange::new(self.clone(), Arc::clone(redis));
            let token = shutdown.token().clone();
            shutdown.spawn("kept answers", token.run_until_cancelled_owned(exchange.run()));
            self.outbox = Some(outbox);
        }
        self
    }

    /// Returns whether answers to nearly the same question are wanted, and so the vectors of questions.
    pub(crate) fn compares_vectors(&self) -> bool {
        self.bounds.bytes > 0 && self.bounds.near != Near::Off
    }

    /// Returns whether the answer to nearly the same question is as good as a new one.
    pub(crate) fn prefers_near(&self) -> bool {
        self.bounds.near == Near::Always
    }

    /// Returns a question's place; none for one with earlier messages, or while the newest generation is not known.
    pub(crate) fn place(&self, question: &Question, collections: &[String]) -> Option<Place> {
        self.place_at(question, collections, self.knowledge.newest()?)
    }

    /// Returns an answer to the same question as of the generation that was known when the retriever was lost.
    pub(crate) fn stale(&self, question: &Question, collections: &[String]) -> Option<Arc<Kept>> {
        let generation = self.knowledge.last_known(self.bounds.stale)?;
        let place = self.place_at(question, collections, generation)?;
        self.entries().get(&place.key)
    }

    fn place_at(&self, question: &Question, collections: &[String], generation: u64) -> Option<Place> {
        let asked = question.asked();
        if self.bounds.bytes == 0 || !asked.history.is_empty() {
            return None;
        }
        let wording = Wording::of(&asked.text);
        let scope = scope(collections, asked.filter.as_ref(), asked.top_k, generation);
        let key = Sha256::new().chain_update(scope).chain_update(wording.normal()).finalize().into();
        Some(Place { key, scope, generation, wording })
    }

    /// Returns what there is for a question, whose own answer is `answer`.
    pub(crate) fn find(&self, place: &Place, answer: &Arc<Answer>) -> Found {
        if let Some(kept) = self.entries().get(&place.key) {
            return Found::Kept(kept);
        }
        let mut flights = self.flights();
        // One that was just stopped is nothing to follow.
        let flying = flights.get(&place.key).filter(|flying| !flying.is_stopped());
        if let Some(reader) = flying.and_then(|flying| flying.read_after(0)) {
            return Found::Flying(reader);
        }
        flights.insert(place.key, Arc::clone(answer));
        drop(flights);
        Found::Nothing(Flight { cache: self.clone(), key: place.key, answer: Arc::clone(answer) })
    }

    /// Keeps a whole answer of the model that was meant to write it. `vector` is the question's embedding, or empty.
    pub(crate) fn keep(&self, place: &Place, kept: KeptParts, finished: &Finished) {
        let is_whole = finished.finish_reason() == FinishReason::Complete;
        let is_the_usual = matches!(finished.source(), AnswerSource::Model | AnswerSource::Extractive);
        if !is_whole || !is_the_usual || kept.generation != place.generation || kept.text.is_empty() {
            return;
        }
        let KeptParts { text, citations, vector, generation } = kept;
        let kept = Kept {
            text,
            citations,
            model: finished.model.clone(),
            follow_ups: finished.follow_ups.clone(),
            generation,
            scope: place.scope,
            wording: place.wording.clone(),
            vector,
        };
        let kept = Arc::new(kept);
        if let Some(outbox) = &self.outbox {
            // Where too many wait, this one stays this gateway's own.
            _ = outbox.try_send((place.key, Arc::clone(&kept)));
        }
        self.entries().insert(place.key, kept, Duration::ZERO);
    }

    /// Keeps an answer that another gateway kept `age` ago.
    fn take_in(&self, key: Key, kept: Kept, age: Duration) {
        let mut entries = self.entries();
        if !entries.has(&key) {
            entries.insert(key, Arc::new(kept), age);
        }
    }

    /// Returns the answer to the nearest question that asks for the same, and how near it is. All that it cites is among `found`.
    pub(crate) fn near(&self, place: &Place, found: &[Passage], vector: &[f32]) -> Option<Arc<Kept>> {
        if !self.compares_vectors() || vector.is_empty() {
            return None;
        }
        let mut best: Option<(f32, Arc<Kept>)> = None;
        let entries = self.entries().newest(MOST_COMPARED);
        for kept in entries {
            if kept.scope != place.scope {
                continue;
            }
            let similarity = near::cosine(&kept.vector, vector);
            let is_nearer = best.as_ref().is_none_or(|(nearest, _)| similarity > *nearest);
            if similarity >= self.bounds.similarity
                && is_nearer
                && near::asks_the_same(&place.wording, &kept.wording, &kept.text, found)
                && kept.earlier(found).is_some()
            {
                best = Some((similarity, kept));
            }
        }
        best.map(|(_, kept)| kept)
    }

    /// Forgets every answer: the knowledge has changed.
    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Arc<Answer>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a finished answer leaves to be kept.
#[derive(Clone, Debug)]
pub(crate) struct KeptParts {
    /// The whole text.
    pub(crate) text: String,
    /// Its sources.
    pub(crate) citations: Vec<Citation>,
    /// The question's embedding, or empty.
    pub(crate) vector: Vec<f32>,
    /// The generation that answered.
    pub(crate) generation: u64,
}

impl Kept {
    /// Returns the answer for the generator, when all that it cites is among the found passages.
    pub(crate) fn earlier(&self, found: &[Passage]) -> Option<EarlierAnswer> {
        let cited = |citation: &Citation| {
            let passage = u32::try_from(found.iter().position(|passage| bears(passage, citation))?).ok()?;
            Some(EarlierCitation { number: citation.number, passage, quote: citation.quote.clone() })
        };
        let citations = self.citations.iter().map(cited).collect::<Option<Vec<_>>>()?;
        (!citations.is_empty()).then(|| EarlierAnswer { text: self.text.clone(), citations })
    }

    fn bytes(&self) -> usize {
        let citations: usize = self.citations.iter().map(Message::encoded_len).sum();
        let follow_ups: usize = self.follow_ups.iter().map(String::len).sum();
        let vector = std::mem::size_of_val(self.vector.as_slice());
        ENTRY_BYTES + self.text.len() + citations + follow_ups + vector + self.wording.bytes()
    }
}

/// Whether a passage holds what was cited, or a whole line of it. Neighbours are joined to a passage as the question goes, so it may
/// begin and end elsewhere.
fn bears(passage: &Passage, citation: &Citation) -> bool {
    let Some(cited) = &citation.passage else { return false };
    let is_of_the_same = passage.collection == cited.collection && passage.document_id == cited.document_id;
    let holds_the_quote = || {
        let mut pieces = citation.quote.split(" … ").filter(|piece| !piece.is_empty()).peekable();
        pieces.peek().is_some() && pieces.all(|piece| passage.text.contains(piece))
    };
    let shares_a_line =
        || passage.text.lines().any(|line| line.len() >= LINE_BYTES && cited.text.contains(line));
    is_of_the_same && (passage.text.contains(&cited.text) || holds_the_quote() || shares_a_line())
}

fn scope(collections: &[String], filter: Option<&SearchFilter>, top_k: Option<u32>, generation: u64) -> Key {
    let mut sorted: Vec<&String> = collections.iter().collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(generation.to_le_bytes());
    hash.update(top_k.unwrap_or(0).to_le_bytes());
    for name in sorted {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    if let Some(filter) = filter {
        hash.update(crate::question::filter_text(filter).as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
