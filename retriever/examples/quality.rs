//! Measures retrieval over sets of passages and questions: recall@1/5/10, MRR@10, and how well evidence tells questions
//! that the passages answer from others. `cargo run --release -p retriever --example quality -- SET_DIRECTORY...`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measuring program prints its numbers and stops at the first broken input"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use embedding::{Embedder, OfflineEmbedder};
use retriever::model::{Chunk, Document};
use retriever::search::{Limits, Question, Searcher, Weights};
use retriever::store::embedded::EmbeddedStore;
use retriever::store::{Model, Store};
use serde_json::Value;

const COLLECTION: &str = "default";
const QUESTION_FILES: [&str; 3] = ["questions.jsonl", "questions_noisy.jsonl", "questions_offtopic.jsonl"];

#[derive(Default)]
struct Measured {
    reciprocal: f32,
    recall: [f32; 3],
    asked: usize,
    evidence: Vec<f32>,
    evidence_unanswerable: Vec<f32>,
    gold_evidence: Vec<f32>,
    slowest: Duration,
    total: Duration,
}

struct Asked {
    kind: String,
    text: String,
    gold: HashSet<String>,
    answerable: bool,
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn setting(name: &str, default: f32) -> f32 {
    let prefix = format!("{name}=");
    let given = std::env::args().find_map(|argument| argument.strip_prefix(&prefix).map(str::to_owned));
    given.map_or(default, |value| value.parse().unwrap())
}

/// Stores one chunk per passage, and returns the passage ids by document and ordinal.
async fn load(
    store: &dyn Store,
    embedder: &OfflineEmbedder,
    directory: &Path,
) -> HashMap<(String, u32), String> {
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
                vector: embedder.vector(&body),
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

fn document(id: String, language: &str, title: String, embedder: &OfflineEmbedder) -> Document {
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
            let perturbation = line["perturbation"].as_str().unwrap_or("");
            let kind = if file.contains("offtopic") { "offtopic" } else { perturbation };
            let gold = line["gold_ids"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str().map(str::to_owned));
            all.push(Asked {
                kind: kind.to_owned(),
                text: text(&line, "question"),
                gold: gold.collect(),
                answerable: line["answerable"].as_bool().unwrap_or(false),
            });
        }
    }
    all
}

async fn measure(directory: &Path, threshold: f32) {
    let folder = tempfile::tempdir().unwrap();
    let embedder = OfflineEmbedder::new(setting("dimensions", 512.0).to_string().parse().unwrap()).unwrap();
    let model = Model {
        id: embedder.model_id().to_owned(),
        dimensions: u32::try_from(embedder.dimensions()).unwrap(),
    };
    let begun = Instant::now();
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(folder.path(), model.clone(), 1).unwrap());
    let ids = load(&*store, &embedder, directory).await;
    let loading = begun.elapsed();
    drop(store);
    let begun = Instant::now();
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(folder.path(), model, 1).unwrap());
    let opening = begun.elapsed();
    let weights = Weights {
        meaning: setting("meaning", Weights::DEFAULT.meaning),
        evidence: setting("evidence", Weights::DEFAULT.evidence),
        meaning_in_evidence: setting("share", Weights::DEFAULT.meaning_in_evidence),
        importance: Weights::DEFAULT.importance,
    };
    let searcher = Searcher::new(store, Arc::new(embedder), weights);
    let mut sets: BTreeMap<String, Measured> = BTreeMap::new();
    for asked in questions(directory) {
        let set = sets.entry(asked.kind.clone()).or_default();
        ask(&searcher, &asked, &ids, set).await;
    }
    let name = directory.file_name().unwrap().to_string_lossy();
    println!("{name}: {} passages, loaded in {loading:.0?}, opened in {opening:.1?}", ids.len());
    let answerable = sets.get("").map(|set| set.evidence.clone()).unwrap_or_default();
    for (kind, set) in &sets {
        report(kind, set, threshold, &answerable);
    }
}

async fn ask(searcher: &Searcher, asked: &Asked, ids: &HashMap<(String, u32), String>, set: &mut Measured) {
    let limits = Limits { top_k: 10, evidence_threshold: 0.0, budget_tokens: u32::MAX };
    let question = Question {
        text: asked.text.clone(),
        collections: vec![COLLECTION.to_owned()],
        ..Question::default()
    };
    let begun = Instant::now();
    let answered = searcher.search(question, limits).await.unwrap();
    set.total += begun.elapsed();
    set.slowest = set.slowest.max(begun.elapsed());
    let best = answered.candidates.iter().map(|judged| judged.evidence).fold(0.0, f32::max);
    if !asked.answerable {
        set.evidence_unanswerable.push(best);
        return;
    }
    set.asked += 1;
    set.evidence.push(best);
    let found =
        answered.candidates.iter().filter(|judged| judged.outcome == retriever::search::Outcome::Kept);
    let found: Vec<(&String, f32)> = found
        .map(|judged| {
            (&ids[&(judged.candidate.document.id.clone(), judged.candidate.chunk.ordinal)], judged.evidence)
        })
        .collect();
    let rank = found.iter().position(|(id, _)| asked.gold.contains(*id));
    if let Some(rank) = rank {
        set.reciprocal += 1.0 / (rank as f32 + 1.0);
        set.gold_evidence.push(found[rank].1);
    }
    for (recall, depth) in set.recall.iter_mut().zip([1, 5, 10]) {
        let hits = found.iter().take(depth).filter(|(id, _)| asked.gold.contains(*id)).count();
        *recall += hits as f32 / asked.gold.len().min(depth) as f32;
    }
    if std::env::args().any(|argument| argument == "weak") && best < setting("threshold", 0.3) {
        let terms: Vec<_> =
            answered.terms.iter().map(|term| format!("{}:{}", term.text, term.chunks)).collect();
        println!("  {best:.2} {rank:?} {} {terms:?}", asked.text);
    }
    if std::env::args().any(|argument| argument == "verbose") && rank.is_none_or(|rank| rank >= 5) {
        let terms: Vec<_> =
            answered.terms.iter().map(|term| format!("{}:{}", term.text, term.chunks)).collect();
        println!("  {rank:?} {} {terms:?} gold {:?} got {:?}", asked.text, asked.gold, found.first());
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

fn report(kind: &str, set: &Measured, threshold: f32, answerable: &[f32]) {
    let asked = set.asked.max(1) as f32;
    let [one, five, ten] = set.recall.map(|recall| recall / asked);
    let all = set.asked + set.evidence_unanswerable.len();
    let mean = set.total / u32::try_from(all).unwrap();
    let name = if kind.is_empty() { "plain" } else { kind };
    if set.asked > 0 {
        let mut evidence = set.evidence.clone();
        evidence.sort_by(f32::total_cmp);
        let at = |share: f32| {
            evidence[((evidence.len() - 1) as f32 * share).round().to_string().parse::<usize>().unwrap()]
        };
        let kept = evidence.iter().filter(|evidence| **evidence >= threshold).count() as f32 / asked;
        let gold = set.gold_evidence.iter().filter(|evidence| **evidence >= threshold).count() as f32 / asked;
        println!(
            "  {name:9} n {:4} R@1 {one:.3} R@5 {five:.3} R@10 {ten:.3} MRR@10 {:.3} | kept {kept:.3} gold kept {gold:.3} p1/3/5/50 {:.2}/{:.2}/{:.2}/{:.2} | mean {mean:.1?} slowest {:.1?}",
            set.asked,
            set.reciprocal / asked,
            at(0.01),
            at(0.03),
            at(0.05),
            at(0.5),
            set.slowest
        );
    }
    if !set.evidence_unanswerable.is_empty() {
        let refused = set.evidence_unanswerable.iter().filter(|evidence| **evidence < threshold).count();
        let kept = answerable.iter().filter(|evidence| **evidence < threshold).count();
        let recall = refused as f32 / set.evidence_unanswerable.len() as f32;
        let precision = refused as f32 / (refused + kept).max(1) as f32;
        println!(
            "  {name:9} unanswerable {:4} refusal AUROC {:.3} recall {recall:.3} precision {precision:.3} at {threshold}",
            set.evidence_unanswerable.len(),
            auroc(answerable, &set.evidence_unanswerable)
        );
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let threshold = setting("threshold", 0.3);
    for directory in std::env::args().skip(1).filter(|argument| argument.contains('/')) {
        runtime.block_on(measure(Path::new(&directory), threshold));
    }
}
