//! What every store promises. `check_all` runs over each implementation, given a way to make an empty store.

mod basics;
mod concurrency;
mod past;
mod purging;
mod rollbacks;
mod sharing;
mod sides;
mod unfriendly;

use std::any::Any;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use retriever::store::{Found, Store};

use crate::documents::open;

/// An empty store, and what must live as long as it.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keep: Box<dyn Any + Send>,
}

type Check = (&'static str, fn(Arc<dyn Store>) -> BoxFuture<'static, ()>);

const SUITE: [Check; 26] = [
    ("an empty store finds nothing", |store| Box::pin(basics::empty(store))),
    ("opinions are kept with their reasons", |store| Box::pin(basics::opinions(store))),
    ("replacing leaves only the new chunks", |store| Box::pin(basics::replacing(store))),
    ("deleting is complete and may be repeated", |store| Box::pin(basics::deleting(store))),
    ("generations rise with each change and are announced", |store| Box::pin(basics::generations(store))),
    ("collections never see each other", |store| Box::pin(basics::collections(store))),
    ("filters narrow both ways of searching", |store| Box::pin(basics::filters(store))),
    ("another model is refused", |store| Box::pin(basics::other_model(store))),
    ("lists go page by page in order", |store| Box::pin(basics::pages(store))),
    ("history tells every change in pages", |store| Box::pin(past::history(store))),
    ("an earlier generation is searched as it was", |store| Box::pin(past::search(store))),
    ("filters and corrections work in an earlier generation", |store| Box::pin(past::narrowed(store))),
    ("an unknown generation is refused", |store| Box::pin(past::unknown(store))),
    ("chunks are read by their ordinals at any generation", |store| Box::pin(past::chunks_at(store))),
    ("a rollback brings back what was", |store| Box::pin(rollbacks::back(store))),
    ("what a rollback undid is withheld until it changes", |store| Box::pin(rollbacks::withheld(store))),
    ("a rollback keeps to its collections", |store| Box::pin(rollbacks::collections(store))),
    ("purging removes earlier versions", |store| Box::pin(purging::earlier(store))),
    ("purging removes documents from every generation", |store| Box::pin(purging::everything(store))),
    ("stored vectors are found and used again", |store| Box::pin(sharing::reuse(store))),
    ("a missing vector changes nothing", |store| Box::pin(sharing::missing(store))),
    ("versions that share chunks keep their own places", |store| Box::pin(sharing::places(store))),
    ("each side searches alone", |store| Box::pin(sides::sides(store))),
    ("unfriendly text is text", |store| Box::pin(unfriendly::text(store))),
    ("equal searches find the same", |store| Box::pin(unfriendly::equal(store))),
    ("a search never sees a mixture", |store| Box::pin(concurrency::no_mixture(store))),
];

/// Runs every check, each over a store of its own.
pub(crate) async fn check_all(fresh: impl AsyncFn() -> Fresh) {
    for (promise, check) in SUITE {
        let fresh = fresh().await;
        // The name of the promise stands before the message of the assertion that failed.
        println!("checking: {promise}");
        check(Arc::clone(&fresh.store)).await;
        drop(fresh.keep);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_embedded_store_keeps_every_promise() {
    check_all(async || {
        let folder = tempfile::tempdir().unwrap();
        Fresh { store: Arc::new(open(folder.path())), keep: Box::new(folder) }
    })
    .await;
}

/// What a search found, apart from the generation, in an order that does not depend on the store.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    chunks: u64,
    terms: Vec<(String, u64)>,
    passages: Vec<Passage>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Passage {
    document_id: String,
    text: String,
    ordinal: u32,
    holds: Vec<bool>,
    /// Scores in thousandths: an index built anew may add up in another order.
    word_score: Option<i32>,
    is_near: bool,
    cosine: i32,
}

pub(crate) fn picture(found: &Found) -> Picture {
    #[expect(clippy::cast_possible_truncation, reason = "scores are small")]
    let thousandths = |number: f32| (number * 1_000.0).round() as i32;
    let passage = |candidate: &retriever::store::Candidate| Passage {
        document_id: candidate.document.id.clone(),
        text: candidate.chunk.text.clone(),
        ordinal: candidate.chunk.ordinal,
        holds: candidate.holds.clone(),
        word_score: candidate.words.map(|(_, score)| thousandths(score)),
        is_near: candidate.meaning_rank.is_some(),
        cosine: thousandths(candidate.cosine),
    };
    let mut passages: Vec<Passage> = found.candidates.iter().map(passage).collect();
    passages
        .sort_by(|left, right| (&left.document_id, left.ordinal).cmp(&(&right.document_id, right.ordinal)));
    let terms = found.terms.iter().map(|term| (term.text.clone(), term.chunks)).collect();
    Picture { chunks: found.chunks, terms, passages }
}
