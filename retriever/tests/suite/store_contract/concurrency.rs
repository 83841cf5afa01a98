//! Many writers and readers at once. `CONTRACT_SECONDS` makes it go on for that long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use retriever::model::Chunk;
use retriever::store::{Query, Store};
use tokio::task::JoinSet;

use crate::documents::{DIMENSIONS, chunk, document, query};

const WRITERS: usize = 8;
const READERS: usize = 8;
/// Replacements of each writer when no time is given.
const REPLACEMENTS: u32 = 25;

/// The version of each writer's document.
type Versions = [u32; WRITERS];

pub(super) async fn no_mixture(store: Arc<dyn Store>) {
    let until = time().map(|time| Instant::now() + time);
    for writer in 0..WRITERS {
        put(&*store, writer, 0).await;
    }
    let begun = store.generation().borrow().number;
    let writing = Arc::new(AtomicUsize::new(WRITERS));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, writing) = (Arc::clone(&store), Arc::clone(&writing));
        writers.spawn(async move {
            let mut written = Vec::new();
            for version in 1u32.. {
                written.push((put(&*store, writer, version).await, (writer, version)));
                let is_over = until.map_or(version >= REPLACEMENTS, |until| Instant::now() >= until);
                if is_over {
                    break;
                }
            }
            writing.fetch_sub(1, Ordering::SeqCst);
            written
        });
    }
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        readers.spawn(read(Arc::clone(&store), Arc::clone(&writing)));
    }
    let written: BTreeMap<u64, (usize, u32)> = writers.join_all().await.into_iter().flatten().collect();
    let seen: BTreeMap<u64, Versions> = readers.join_all().await.into_iter().flatten().collect();
    check(begun, &written, &seen);
}

/// What was read at a generation is what had been written up to it, and every generation has one writer.
fn check(begun: u64, written: &BTreeMap<u64, (usize, u32)>, seen: &BTreeMap<u64, Versions>) {
    let mut versions: Versions = [0; WRITERS];
    let last = *written.keys().next_back().unwrap();
    for generation in begun..=last {
        if let Some((writer, version)) = written.get(&generation) {
            assert_eq!(versions[*writer] + 1, *version, "{generation}");
            versions[*writer] = *version;
        } else {
            assert_eq!(generation, begun, "a generation that nobody wrote");
        }
        if let Some(read) = seen.get(&generation) {
            assert_eq!(read, &versions, "at {generation}");
        }
    }
    assert_eq!(seen.keys().next_back(), Some(&last), "the readers saw the end");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test reads how long it is to run; no service is configured here"
)]
fn time() -> Option<Duration> {
    let seconds = std::env::var("CONTRACT_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().unwrap()))
}

/// Chunks of a version: one that all versions share, in a place of its own, and one to five of its own.
fn length(version: u32) -> usize {
    version as usize % 5 + 2
}

fn axis(writer: usize, version: u32) -> usize {
    (writer * 3 + version as usize) % 16
}

async fn put(store: &dyn Store, writer: usize, version: u32) -> u64 {
    let own = format!("writer w{writer}x version v{version}x chunk");
    let mut shared = chunk(0, &format!("writer w{writer}x keeps this chunk"));
    shared.byte_range = Some(u64::from(version)..u64::from(version) + 1);
    if version > 0 {
        shared.vector = Vec::new();
    }
    let mut chunks = vec![shared];
    for ordinal in 1..u32::try_from(length(version)).unwrap() {
        let mut vector = vec![0.0; DIMENSIONS as usize];
        vector[axis(writer, version)] = 1.0;
        chunks.push(Chunk { vector, ..chunk(ordinal, &own) });
    }
    store.replace(document(&writer.to_string()), chunks).await.unwrap().generation.number
}

/// Searches until all writers are done and once more, and returns which versions each generation had.
async fn read(store: Arc<dyn Store>, writing: Arc<AtomicUsize>) -> BTreeMap<u64, Versions> {
    let numbers = (0..DIMENSIONS).map(|place| f32::from(u8::try_from(place % 16 + 1).unwrap()));
    let length = numbers.clone().map(|number| number * number).sum::<f32>().sqrt();
    let asked = Query { vector: numbers.map(|number| number / length).collect(), ..query("version chunk") };
    let (mut seen, mut last) = (BTreeMap::new(), 0);
    loop {
        let is_last = writing.load(Ordering::SeqCst) == 0;
        let result = store.search(asked.clone()).await.unwrap();
        assert!(result.generation.number >= last, "a search went back in time");
        last = result.generation.number;
        let versions = versions(&result, &asked.vector);
        assert_eq!(seen.entry(last).or_insert(versions), &versions, "two pictures of {last}");
        if is_last {
            return seen;
        }
    }
}

fn versions(result: &retriever::store::Found, question: &[f32]) -> Versions {
    let mut versions: Versions = [0; WRITERS];
    let mut places = BTreeSet::new();
    for candidate in result.candidates.iter().filter(|candidate| candidate.chunk.ordinal == 0) {
        let writer: usize = candidate.document.id.parse().unwrap();
        versions[writer] = u32::try_from(candidate.chunk.byte_range.clone().unwrap().start).unwrap();
    }
    for candidate in &result.candidates {
        let writer: usize = candidate.document.id.parse().unwrap();
        let version = versions[writer];
        assert!(places.insert((writer, candidate.chunk.ordinal)), "a chunk twice");
        assert!(candidate.words.is_some() && candidate.meaning_rank.is_some());
        assert!((candidate.chunk.ordinal as usize) < length(version), "a chunk too many");
        if candidate.chunk.ordinal > 0 {
            let text = &candidate.chunk.text;
            assert!(text.contains(&format!("w{writer}x version v{version}x ")), "{text} beside {version}");
            assert!((candidate.cosine - question[axis(writer, version)]).abs() < 1e-3, "{text}");
        }
    }
    let expected: usize = versions.iter().map(|version| length(*version)).sum();
    assert_eq!(places.len(), expected, "a gap in {versions:?}");
    assert_eq!(result.chunks, expected as u64);
    versions
}
