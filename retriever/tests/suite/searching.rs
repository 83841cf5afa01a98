//! Searching from question to passages over the embedded store.

use std::sync::Arc;

use embedding::OfflineEmbedder;
use retriever::model::{Chunk, Turn};
use retriever::search::{Answered, Limits, Outcome, Question, Searcher, Weights};
use retriever::store::Store;

use crate::documents::{DIMENSIONS, PUBLIC, chunk, chunks, document, open};

const OPEN: Limits =
    Limits { top_k: 5, evidence_threshold: 0.0, budget_tokens: 4_000, neighbours: 0, passage_tokens: 0 };
const STRICT: Limits =
    Limits { top_k: 5, evidence_threshold: 0.3, budget_tokens: 4_000, neighbours: 0, passage_tokens: 0 };

struct Shop {
    store: Arc<dyn Store>,
    searcher: Searcher,
    _folder: tempfile::TempDir,
}

async fn shop() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(folder.path()));
    let embedder = Arc::new(OfflineEmbedder::new(DIMENSIONS as usize).unwrap());
    let searcher = Searcher::new(Arc::clone(&store), embedder, Weights::DEFAULT);
    let shop = Shop { store, searcher, _folder: folder };
    shop.put(
        "delivery.md",
        "en",
        &["Delivery takes three working days.", "Express delivery costs 9.90 euros."],
    )
    .await;
    shop.put(
        "hours.md",
        "en",
        &["The shop is open from Monday to Friday, 10:30 to 18:00.", "On Saturdays we close at noon."],
    )
    .await;
    shop.put(
        "prices.csv",
        "en",
        &[
            "sku: HL-365V93; name: inkjet printer; price: 49.99",
            "sku: HL-365V94; name: inkjet printer; price: 59.99",
        ],
    )
    .await;
    shop.put(
        "lieferung.md",
        "de",
        &["Die Lieferzeit beträgt drei Werktage.", "Über unseren Kundendienst in München."],
    )
    .await;
    shop.put("退货.md", "zh", &["商品可以在三十天内退货。"]).await;
    shop.put("ارجاع.md", "ar", &["يُمكنكم إرجاعُ المُنتجات خلال ثلاثين يومًا."]).await;
    shop
}

impl Shop {
    async fn put(&self, id: &str, language: &str, texts: &[&str]) {
        let mut document = document(id);
        document.language = language.to_owned();
        self.store.replace(document, chunks(texts)).await.unwrap();
    }

    async fn ask(&self, text: &str, limits: Limits) -> Answered {
        self.ask_after(text, &[], limits).await
    }

    async fn ask_after(&self, text: &str, history: &[(bool, &str)], limits: Limits) -> Answered {
        let history = history
            .iter()
            .map(|(by_visitor, text)| Turn { by_visitor: *by_visitor, text: (*text).to_owned() });
        let question = Question {
            text: text.to_owned(),
            collections: vec![PUBLIC.to_owned()],
            history: history.collect(),
            ..Question::default()
        };
        self.searcher.search(question, limits).await.unwrap()
    }
}

fn kept(answered: &Answered) -> Vec<&str> {
    let kept = answered.candidates.iter().filter(|judged| judged.outcome == Outcome::Kept);
    kept.map(|judged| judged.candidate.chunk.text.as_str()).collect()
}

#[tokio::test]
async fn the_best_passage_is_found_however_it_is_asked_for() {
    let shop = shop().await;
    for (question, expected) in [
        ("How long does delivery take?", "three working days"),
        ("how long dose delivry take", "three working days"),
        ("price of HL-365V93", "49.99"),
        ("price of hl 365v93", "49.99"),
        ("hl365v94 price", "59.99"),
        ("hl365 v94", "59.99"),
        ("HL 365 V 93", "49.99"),
        ("what costs 9,90", "9.90"),
        ("open at 10:30?", "10:30"),
        ("Wie lang ist die Lieferzeit?", "Lieferzeit"),
        ("kundendienst muenchen", "München"),
        ("Kundendienstzeiten in Munchen", "München"),
        ("怎么退货", "退货"),
        ("إرجاع المنتجات", "إرجاع"),
    ] {
        let answered = shop.ask(question, STRICT).await;
        let strip = |text: &str| text.replace('\u{64f}', "");
        assert!(
            kept(&answered).first().is_some_and(|text| strip(text).contains(expected)),
            "{question}: {:?}",
            kept(&answered)
        );
    }
}

#[tokio::test]
async fn unfriendly_text_finds_nothing_and_breaks_nothing() {
    let shop = shop().await;
    let long = "word ".repeat(800);
    for question in [
        "the of and to",
        "?!…",
        "🦀🦀🦀",
        "'; DROP TABLE chunks; --",
        "a\0b",
        "\"",
        "\"\" OR *",
        "NEAR(a b, 2)",
        "title : x",
        "^ {a} - +",
        "AND OR NOT",
        "(((",
        "مرحبا",
        "שלום עולם",
        "ขอบคุณครับ",
        "\u{202e}evil",
        "0",
        "-",
        long.as_str(),
    ] {
        let answered = shop.ask(question, STRICT).await;
        assert!(kept(&answered).is_empty(), "{question}: {:?}", kept(&answered));
    }
    assert_eq!(kept(&shop.ask("delivery '; DROP TABLE documents; --", OPEN).await).len(), 5);
}

#[tokio::test]
async fn an_unknown_article_number_has_no_evidence() {
    let shop = shop().await;
    for question in ["What does HL-999X11 cost?", "price of hl 365v95", "HL-365"] {
        let answered = shop.ask(question, STRICT).await;
        let best = answered.candidates.first().map(|judged| judged.evidence);
        assert!(
            kept(&answered).is_empty(),
            "{question}: {best:?} {:?} {:?}",
            answered.terms,
            kept(&answered)
        );
    }
}

#[tokio::test]
async fn a_document_that_holds_the_question_is_more_evidence_than_one_that_holds_its_words() {
    let shop = shop().await;
    let asked = "Customers ask:\n- Do you repair broken kites?";
    let told = "Whoever comes with broken things, from the smallest kites to the widest tents, finds people who repair.";
    for (id, text) in [("asked.md", asked), ("told.md", told)] {
        shop.put(id, "en", &[text]).await;
    }
    let answered = shop.ask("repair of broken kites", OPEN).await;
    let evidence = |id: &str| {
        let of_it = answered.candidates.iter().filter(|judged| judged.candidate.document.id == id);
        of_it.map(|judged| judged.evidence).fold(0.0, f32::max)
    };
    let (asked, told) = (evidence("asked.md"), evidence("told.md"));
    assert!(asked > told && told > 0.3, "{asked} {told}");
}

#[tokio::test]
async fn a_follow_up_is_searched_with_the_question_before_it() {
    let shop = shop().await;
    let history = [(true, "When is the shop open?"), (false, "From Monday to Friday.")];
    let answered = shop.ask_after("and on Saturdays?", &history, OPEN).await;
    assert!(answered.is_rewritten);
    assert_eq!(answered.searched, "When is the shop open? and on Saturdays?");
    assert!(kept(&answered).iter().take(2).any(|text| text.contains("Saturdays")));
    let answered = shop.ask_after("What does express delivery cost in euros?", &history, OPEN).await;
    assert!(!answered.is_rewritten);
    assert!(!shop.ask("and on Saturdays?", OPEN).await.is_rewritten, "there is nothing to lean on");
}

#[tokio::test]
async fn headings_and_title_are_searched_with_the_text() {
    let shop = shop().await;
    let mut titled = document("x17.md");
    titled.title = "Warranty conditions".to_owned();
    let chunk = Chunk { heading_path: vec!["Batteries".to_owned()], ..chunk(0, "Two years from purchase.") };
    shop.store.replace(titled, vec![chunk]).await.unwrap();
    for question in ["warranty?", "batteries"] {
        assert_eq!(
            kept(&shop.ask(question, STRICT).await).first(),
            Some(&"Two years from purchase."),
            "{question}"
        );
    }
}

#[tokio::test]
async fn every_limit_has_its_outcome() {
    let shop = shop().await;
    let text = "Gift vouchers are valid for three years and can be paid out at the till.";
    shop.put("a.md", "en", &[text, "Gift vouchers cannot be used for books."]).await;
    shop.put("copy-of-a.md", "en", &[text]).await;
    let outcome = |answered: &Answered, part: &str| {
        let found = answered.candidates.iter().filter(|judged| judged.candidate.chunk.text.contains(part));
        found.map(|judged| judged.outcome).collect::<Vec<_>>()
    };
    let answered = shop.ask("Are gift vouchers valid for three years?", STRICT).await;
    assert_eq!(outcome(&answered, "paid out"), [Outcome::Kept, Outcome::Duplicate]);
    assert_eq!(outcome(&answered, "Express"), [Outcome::BelowThreshold]);
    let one = Limits { top_k: 1, ..OPEN };
    assert!(
        outcome(&shop.ask("gift vouchers", one).await, "books").contains(&Outcome::OverTopK)
            || outcome(&shop.ask("gift vouchers", one).await, "paid out").contains(&Outcome::OverTopK)
    );
    let short = Limits { budget_tokens: 20, ..OPEN };
    let answered = shop.ask("gift vouchers valid", short).await;
    assert_eq!(kept(&answered).len(), 1, "the best passage is returned even where it fills the budget");
    assert!(answered.candidates.iter().any(|judged| judged.outcome == Outcome::OverBudget));
}

#[tokio::test]
async fn rows_that_differ_in_a_number_are_no_duplicates() {
    let shop = shop().await;
    let answered = shop.ask("inkjet printer price", STRICT).await;
    assert_eq!(kept(&answered).iter().filter(|text| text.contains("inkjet")).count(), 2);
}

#[tokio::test]
async fn importance_lifts_a_passage_mildly() {
    let shop = shop().await;
    let mut two = chunks(&["Payment by card on account.", "Payment by card on invoice."]);
    two[1].importance = 2.0;
    shop.store.replace(document("pay.md"), two).await.unwrap();
    let answered = shop.ask("payment by card", OPEN).await;
    assert_eq!(kept(&answered)[0], "Payment by card on invoice.");
}
