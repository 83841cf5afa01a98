//! Passages of several chunks, and curated answers.

use std::sync::Arc;

use embedding::OfflineEmbedder;
use retriever::model::Chunk;
use retriever::search::{Answered, Judged, Limits, Outcome, Question, Searcher, Weights};
use retriever::store::{Sides, Store};

use crate::documents::{DIMENSIONS, PUBLIC, chunk, document, open};

const JOINING: Limits =
    Limits { top_k: 5, evidence_threshold: 0.0, budget_tokens: 4_000, neighbours: 0, passage_tokens: 800 };
const CURATED: i32 = proto::v1::ContentType::QuestionAnswer as i32;
const TABLE: i32 = proto::v1::ContentType::Table as i32;

struct Library {
    store: Arc<dyn Store>,
    searcher: Searcher,
    _folder: tempfile::TempDir,
}

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(open(folder.path()));
        let embedder = Arc::new(OfflineEmbedder::new(DIMENSIONS as usize).unwrap());
        let searcher = Searcher::new(Arc::clone(&store), embedder, Weights::DEFAULT);
        Self { store, searcher, _folder: folder }
    }

    /// Stores texts that stand one after the other in their document.
    async fn put(&self, id: &str, texts: &[&str], content_type: i32) {
        let mut start = 0;
        let place = |(text, ordinal): (&&str, u32)| {
            let end = start + u64::try_from(text.len()).unwrap();
            let byte_range = Some(start..end);
            start = end + 1;
            Chunk { byte_range, content_type, page: Some(ordinal + 1), ..chunk(ordinal, text) }
        };
        let chunks = texts.iter().zip(0..).map(place).collect();
        self.store.replace(document(id), chunks).await.unwrap();
    }

    async fn ask(&self, text: &str, limits: Limits) -> Answered {
        self.ask_sides(text, limits, Sides::Both).await
    }

    async fn ask_sides(&self, text: &str, limits: Limits, sides: Sides) -> Answered {
        let collections = vec![PUBLIC.to_owned()];
        let question = Question { text: text.to_owned(), collections, sides, ..Question::default() };
        self.searcher.search(question, limits).await.unwrap()
    }
}

fn kept(answered: &Answered) -> Vec<&Judged> {
    answered.candidates.iter().filter(|judged| judged.outcome == Outcome::Kept).collect()
}

const TENT: [&str; 5] = [
    "The tent is packed in a green bag.",
    "Pitch the tent on flat ground and peg the four corners.",
    "Then raise the tent with the two long poles.",
    "Dry everything before storage.",
    "The warranty lasts two years.",
];

#[tokio::test]
async fn hits_next_to_each_other_are_one_passage_in_the_order_of_the_document() {
    let library = Library::new();
    library.put("tent.md", &TENT, 1).await;
    let answered = library.ask("How do I raise and pitch the tent with poles and peg?", JOINING).await;
    let passages = kept(&answered);
    let passage = passages[0].passage();
    assert!(passage.text.contains("four corners.\nThen raise"), "{}", passage.text);
    assert_eq!(
        passage.ordinal, passages[0].candidate.chunk.ordinal,
        "links lead to the chunk that was found"
    );
    let range = passage.byte_range.unwrap();
    assert_eq!(range.end - range.start, u64::try_from(passage.text.len()).unwrap());
    assert!(answered.candidates.iter().any(|judged| judged.outcome == Outcome::Joined));
    let apart = library.ask("pitch the tent", Limits { passage_tokens: 0, ..JOINING }).await;
    assert!(apart.candidates.iter().all(|judged| judged.outcome != Outcome::Joined));
}

#[tokio::test]
async fn text_that_two_chunks_share_stands_in_their_passage_once() {
    let library = Library::new();
    let (first, second) = ("Lamps need oil. Fill them slowly.", "Fill them slowly. Lamps burn all night.");
    let chunks = vec![
        Chunk { byte_range: Some(0..33), ..chunk(0, first) },
        Chunk { byte_range: Some(16..39), ..chunk(1, second) },
    ];
    library.store.replace(document("lamps.md"), chunks).await.unwrap();
    let answered = library.ask("fill lamps", JOINING).await;
    let passage = kept(&answered)[0].passage();
    assert_eq!(passage.text, "Lamps need oil. Fill them slowly. Lamps burn all night.");
}

#[tokio::test]
async fn neighbours_are_added_within_the_limits() {
    let library = Library::new();
    library.put("tent.md", &TENT, 1).await;
    let one = |limits: Limits| Limits { top_k: 1, ..limits };
    let text = async |limits: Limits| {
        let answered = library.ask("dry everything before storage", limits).await;
        kept(&answered)[0].passage().text
    };
    assert_eq!(text(one(JOINING)).await, TENT[3]);
    assert_eq!(text(one(Limits { neighbours: 1, ..JOINING })).await, TENT[2..].join("\n"));
    assert_eq!(text(one(Limits { neighbours: 10, ..JOINING })).await, TENT.join("\n"));
    assert_eq!(text(one(Limits { neighbours: 1, passage_tokens: 10, ..JOINING })).await, TENT[3]);
    assert_eq!(text(one(Limits { neighbours: 1, budget_tokens: 10, ..JOINING })).await, TENT[3]);
}

#[tokio::test]
async fn rows_of_a_table_stand_for_themselves() {
    let library = Library::new();
    library.put("tents.csv", &["name: tent Alpha; price: 80", "name: tent Beta; price: 90"], TABLE).await;
    let answered = library.ask("tent price", Limits { neighbours: 1, ..JOINING }).await;
    assert_eq!(kept(&answered).len(), 2);
    assert!(kept(&answered).iter().all(|judged| judged.joined.is_empty()));
}

const PROSE: [&str; 3] = [
    "Returning the Alpha kettle is possible within thirty days. Return the Alpha kettle with its bill; how a kettle is \
     returned is told on the return form of the Alpha kettle.",
    "The Beta kettle boils a litre in three minutes.",
    "Our kettles are made in Porto.",
];

#[tokio::test]
async fn a_curated_answer_to_the_question_wins_and_a_loosely_similar_one_does_not() {
    let library = Library::new();
    library.put("kettles.md", &PROSE, 1).await;
    let curated = [
        "How do I return the Beta kettle?\nBring it to the shop.",
        "When are you open?\nFrom nine to five.",
        "Where is your shop?\nAt the harbour.",
    ];
    library.put("answers.csv", &curated, CURATED).await;
    for (question, best) in [
        ("How do I return the Beta kettle?", "Bring it"),
        ("how can i retrun the beta kettle", "Bring it"),
        ("How do I return the Alpha kettle?", "Returning the Alpha"),
        ("Where is your shop?", "harbour"),
    ] {
        let answered = library.ask(question, JOINING).await;
        let first = kept(&answered)[0];
        assert!(first.candidate.chunk.text.contains(best), "{question}: {}", first.candidate.chunk.text);
        let is_curated = first.candidate.chunk.content_type == CURATED;
        assert!(!is_curated || first.evidence >= 0.75, "{question}: {}", first.evidence);
    }
}

#[tokio::test]
async fn each_side_alone_has_its_own_evidence() {
    let library = Library::new();
    library.put("tent.md", &TENT, 1).await;
    let question = "green bag of the tent";
    let by_meaning = library.ask_sides(question, JOINING, Sides::Meaning).await;
    for judged in &by_meaning.candidates {
        assert!((judged.evidence - judged.candidate.cosine.clamp(0.0, 1.0)).abs() < 1e-6);
    }
    let cosines: Vec<f32> = by_meaning.candidates.iter().map(|judged| judged.candidate.cosine).collect();
    assert!(cosines.is_sorted_by(|left, right| left >= right), "{cosines:?}");
    let by_words = library.ask_sides(question, JOINING, Sides::Words).await;
    assert!(by_words.embed_time.is_none(), "nothing is embedded");
    assert!((by_words.candidates[0].evidence - 1.0).abs() < 1e-6);
}
