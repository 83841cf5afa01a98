//! Measures retrieval over sets of passages and questions: recall@1/5/10, MRR@10 and nDCG@10 of words, of meaning and of
//! both fused, and how well evidence tells questions that the passages answer from others.
//! `cargo run --release -p retriever --example quality -- [vectors=FILE] [NAME=NUMBER...] SET_DIRECTORY...`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measuring program prints its numbers and stops at the first broken input"
)]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use embedding::{Embedder, Embedding, OfflineEmbedder};
use retriever::model::{Chunk, Document};
use retriever::search::{Answered, Limits, Outcome, Question, Searcher, Weights};
use retriever::store::embedded::{EmbeddedStore, Options};
use retriever::store::{Model, Sides, Store};
use serde_json::Value;

const COLLECTION: &str = "default";
const OPTIONS: Options = Options { readers: 1, history: Duration::ZERO };
const QUESTION_FILES: [&str; 3] = ["questions.jsonl", "questions_noisy.jsonl", "questions_offtopic.jsonl"];
const LIMITS: Limits =
    Limits { top_k: 10, evidence_threshold: 0.0, budget_tokens: u32::MAX, neighbours: 0, passage_tokens: 0 };

#[derive(Default)]
struct Measured {
    reciprocal: f32,
    gain: f32,
    recall: [f32; 3],
    asked: usize,
    evidence: Vec<f32>,
    evidence_unanswerable: Vec<f32>,
    slowest: Duration,
    total: Duration,
}

struct Asked {
    kind: String,
    text: String,
    /// Passages that answer, each with its share of the answer.
    gold: HashMap<String, f32>,
    answerable: bool,
}

type Ids = HashMap<(String, u32), String>;

/// Vectors from a file: the dimension, then for each text its length in bytes, its bytes and its vector; numbers are
/// little-endian `u32` and `f32`.
#[derive(Debug)]
struct Precomputed {
    dimensions: usize,
    vectors: HashMap<String, Vec<f32>>,
}

impl Precomputed {
    fn read(path: &str) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (head, mut rest) = bytes.split_first_chunk::<4>().unwrap();
        let dimensions = usize::try_from(u32::from_le_bytes(*head)).unwrap();
        let mut vectors = HashMap::new();
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let (text, tail) = tail.split_at(usize::try_from(u32::from_le_bytes(*length)).unwrap());
            let (vector, tail) = tail.split_at(4 * dimensions);
            let numbers = vector.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
            vectors.insert(String::from_utf8(text.to_vec()).unwrap(), numbers.collect());
            rest = tail;
        }
        Self { dimensions, vectors }
    }
}

impl Embedder for Precomputed {
    fn model_id(&self) -> &'static str {
        "precomputed"
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed<'a>(&'a self, texts: &'a [&'a str]) -> Embedding<'a> {
        let vectors = texts.iter().map(|text| self.vectors[*text].clone()).collect();
        Box::pin(async { Ok(embedding::Embedded { vectors, tokens: 0 }) })
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn argument(name: &str) -> Option<String> {
    let prefix = format!("{name}=");
    std::env::args().find_map(|argument| argument.strip_prefix(&prefix).map(str::to_owned))
}

fn setting(name: &str, default: f32) -> f32 {
    argument(name).map_or(default, |value| value.parse().unwrap())
}

/// Stores one chunk per passage, and returns the passage ids by document and ordinal.
async fn load(store: &dyn Store, embedder: &dyn Embedder, directory: &Path) -> Ids {
    let mut documents: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for passage in lines(&directory.join("corpus.jsonl")) {
        documents.entry(text(&passage, "doc")).or_default().push(passage);
    }
    let mut ids = HashMap::new();
    for (id, passages) in documents {
        let whole: Vec<String> = passages.iter().map(|passage| text(passage, "text")).collect();
        let language = embedding::analysis::detect_language(&whole.join("\n")).unwrap_or("");
        let mut chunks = Vec::new();
        for (passage, ordinal) in passages.iter().zip(0u32..) {
            let body = text(passage, "text");
            ids.insert((id.clone(), ordinal), text(passage, "id"));
            chunks.push(Chunk {
                ordinal,
                heading_path: Vec::new(),
                byte_range: None,
                page: None,
                importance: 1.0,
                vector: embedder.embed(&[&body]).await.unwrap().vectors.remove(0),
                tokens: embedding::estimate_tokens(&body),
                content_type: 0,
                text: body,
            });
        }
        let title = if setting("titles", 1.0) > 0.0 { String::new() } else { "-".to_owned() };
        store.replace(document(id, language, title, embedder), chunks).await.unwrap();
    }
    ids
}

fn document(id: String, language: &str, title: String, embedder: &dyn Embedder) -> Document {
    Document {
        id,
        collection: COLLECTION.to_owned(),
        title,
        kind: "md".to_owned(),
        language: language.to_owned(),
        content_sha256: vec![0; 32],
        content_bytes: 0,
        modified_ms: 0,
        source_url: String::new(),
        attributes: BTreeMap::new(),
        embedding_model: embedder.model_id().to_owned(),
        embedding_dimensions: u32::try_from(embedder.dimensions()).unwrap(),
        chunking_version: 1,
    }
}

fn questions(directory: &Path) -> Vec<Asked> {
    let mut all = Vec::new();
    for file in QUESTION_FILES {
        for line in lines(&directory.join(file)) {
            let perturbation = line["perturbation"].as_str().unwrap_or("plain");
            let kind = if file.contains("offtopic") { "offtopic" } else { perturbation };
            let ids = line["gold_ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let share = |id: &str| {
                line["gold_shares"][id].as_f64().map_or(0.0, |share| share.to_string().parse().unwrap())
            };
            all.push(Asked {
                kind: kind.to_owned(),
                text: text(&line, "question"),
                gold: ids.map(|id| (id.to_owned(), share(id))).collect(),
                answerable: line["answerable"].as_bool().unwrap_or(false),
            });
        }
    }
    all
}

fn embedder() -> Arc<dyn Embedder> {
    match argument("vectors") {
        Some(file) => Arc::new(Precomputed::read(&file)),
        None => {
            Arc::new(OfflineEmbedder::new(setting("dimensions", 512.0).to_string().parse().unwrap()).unwrap())
        }
    }
}

async fn measure(directory: &Path, embedder: Arc<dyn Embedder>, threshold: f32) {
    let folder = tempfile::tempdir().unwrap();
    let model = Model {
        id: embedder.model_id().to_owned(),
        dimensions: u32::try_from(embedder.dimensions()).unwrap(),
    };
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(folder.path(), model, OPTIONS).unwrap());
    let ids = load(&*store, &*embedder, directory).await;
    let name = directory.file_name().unwrap().to_string_lossy();
    println!("{name}: {} passages", ids.len());
    let all = questions(directory);
    let weights = Weights {
        meaning: setting("meaning", Weights::DEFAULT.meaning),
        evidence: setting("evidence", Weights::DEFAULT.evidence),
        meaning_in_evidence: setting("share", Weights::DEFAULT.meaning_in_evidence),
        importance: Weights::DEFAULT.importance,
    };
    let searcher = Searcher::new(store, embedder, weights);
    for sides in [Sides::Words, Sides::Meaning, Sides::Both] {
        let mut sets: BTreeMap<String, Measured> = BTreeMap::new();
        for asked in &all {
            let set = sets.entry(asked.kind.clone()).or_default();
            ask(&searcher, asked, &ids, sides, set).await;
        }
        let answerable = sets.get("plain").map(|set| set.evidence.clone()).unwrap_or_default();
        for (kind, set) in &sets {
            report(&format!("{sides:?} {kind}"), set, threshold, &answerable);
        }
    }
}

async fn ask(searcher: &Searcher, asked: &Asked, ids: &Ids, sides: Sides, set: &mut Measured) {
    let question = Question {
        text: asked.text.clone(),
        collections: vec![COLLECTION.to_owned()],
        sides,
        ..Question::default()
    };
    let begun = Instant::now();
    let answered = searcher.search(question, LIMITS).await.unwrap();
    set.total += begun.elapsed();
    set.slowest = set.slowest.max(begun.elapsed());
    let best = answered.candidates.iter().map(|judged| judged.evidence).fold(0.0, f32::max);
    if !asked.answerable {
        set.evidence_unanswerable.push(best);
        return;
    }
    set.asked += 1;
    set.evidence.push(best);
    let kept = answered.candidates.iter().filter(|judged| judged.outcome == Outcome::Kept);
    let found: Vec<&String> = kept
        .map(|judged| &ids[&(judged.candidate.document.id.clone(), judged.candidate.chunk.ordinal)])
        .collect();
    let rank = found.iter().position(|id| asked.gold.contains_key(*id));
    set.reciprocal += rank.map_or(0.0, |rank| 1.0 / (rank as f32 + 1.0));
    set.gain += gain(&found, asked);
    for (recall, depth) in set.recall.iter_mut().zip([1, 5, 10]) {
        let hits = found.iter().take(depth).filter_map(|id| asked.gold.get(*id));
        let shares: f32 = asked.gold.values().sum();
        *recall += if shares > 0.0 {
            hits.sum::<f32>()
        } else {
            hits.count() as f32 / asked.gold.len().min(depth) as f32
        };
    }
    show(asked, &answered, best, rank, &found);
}

/// Discounted gain of the first ten beside the best possible.
fn gain(found: &[&String], asked: &Asked) -> f32 {
    let discount = |place: usize| 1.0 / (place as f32 + 2.0).log2();
    let hits = found.iter().enumerate().take(10).filter(|(_, id)| asked.gold.contains_key(**id));
    let ideal: f32 = (0..asked.gold.len().min(10)).map(discount).sum();
    hits.map(|(place, _)| discount(place)).sum::<f32>() / ideal
}

/// Prints the questions that would be refused (`weak`) or whose passage is not among the first five (`verbose`).
fn show(asked: &Asked, answered: &Answered, best: f32, rank: Option<usize>, found: &[&String]) {
    let wants = |name: &str| std::env::args().any(|argument| argument == name);
    let is_missed = rank.is_none_or(|rank| rank >= 5);
    if wants("weak") && best < setting("threshold", 0.3) || wants("verbose") && is_missed {
        let terms: Vec<String> =
            answered.terms.iter().map(|term| format!("{}:{}", term.text, term.chunks)).collect();
        let gold: Vec<&String> = asked.gold.keys().collect();
        println!("  {best:.2} {rank:?} {} {terms:?} gold {gold:?} got {:?}", asked.text, found.first());
    }
}

/// Share of pairs in which the answerable question has the higher evidence.
fn auroc(answerable: &[f32], unanswerable: &[f32]) -> f32 {
    let won =
        |left: f32, right: f32| if left > right { 1.0 } else { f32::from(u8::from(left >= right)) / 2.0 };
    let sum: f32 =
        answerable.iter().flat_map(|left| unanswerable.iter().map(move |right| won(*left, *right))).sum();
    sum / (answerable.len() * unanswerable.len()) as f32
}

fn report(name: &str, set: &Measured, threshold: f32, answerable: &[f32]) {
    let asked = set.asked.max(1) as f32;
    let [one, five, ten] = set.recall.map(|recall| recall / asked);
    let mean = set.total / u32::try_from(set.asked + set.evidence_unanswerable.len()).unwrap();
    if set.asked > 0 {
        let mut evidence = set.evidence.clone();
        evidence.sort_by(f32::total_cmp);
        let at = |hundredth: usize| evidence[(evidence.len() - 1) * hundredth / 100];
        let kept = evidence.iter().filter(|evidence| **evidence >= threshold).count() as f32 / asked;
        println!(
            "  {name:16} n {:4} R@1 {one:.3} R@5 {five:.3} R@10 {ten:.3} MRR@10 {:.3} nDCG@10 {:.3} | kept {kept:.3} p1/3/5/50 {:.2}/{:.2}/{:.2}/{:.2} | mean {mean:.1?} slowest {:.1?}",
            set.asked,
            set.reciprocal / asked,
            set.gain / asked,
            at(1),
            at(3),
            at(5),
            at(50),
            set.slowest
        );
    }
    if !set.evidence_unanswerable.is_empty() {
        let refused = set.evidence_unanswerable.iter().filter(|evidence| **evidence < threshold).count();
        let kept = answerable.iter().filter(|evidence| **evidence < threshold).count();
        let recall = refused as f32 / set.evidence_unanswerable.len() as f32;
        let precision = refused as f32 / (refused + kept).max(1) as f32;
        println!(
            "  {name:16} unanswerable {:4} refusal AUROC {:.3} recall {recall:.3} precision {precision:.3} at {threshold}",
            set.evidence_unanswerable.len(),
            auroc(answerable, &set.evidence_unanswerable)
        );
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let threshold = setting("threshold", 0.3);
    let embedder = embedder();
    let directories =
        std::env::args().skip(1).filter(|argument| argument.contains('/') && !argument.contains('='));
    for directory in directories {
        runtime.block_on(measure(Path::new(&directory), Arc::clone(&embedder), threshold));
    }
}
