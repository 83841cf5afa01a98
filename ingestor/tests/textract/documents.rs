//! What documents become.

use ingestor::text_extractor::{Bill, Media};
use ingestor::textract::TextractOptions;
use serde_json::json;

use super::{PDF, Simulator, client, found, in_s3, options, picture, read};

const MENU: &str = r#"
[[textract.document]]
in_progress = 3
[[textract.document.answer]]
query = "title"
text = "The menu of May"
confidence = 95.0
[[textract.document.answer]]
query = "date"
text = "3 May 2024"
confidence = 80.0
[[textract.document.page]]
part = [
  { kind = "header", lines = ["Riverbend Inn"] },
  { kind = "title", lines = ["Lunch menu"] },
  { kind = "section", lines = ["Soups"] },
  { kind = "text", lines = ["All soups are cooked fresh and come with home-", "made bread."] },
  { kind = "list", lines = ["• Tomato", "• Leek and potato"] },
  { kind = "table", title = "Prices in euros", rows = [["Size", "Price"], ["Small cup", "4"], ["Bowl", ""]], header_rows = 1 },
  { kind = "form", fields = [{ key = "Phone:", value = "0316 123" }, { key = "Terrace", selected = true }] },
  { kind = "signature" },
  { kind = "page_number", lines = ["1"] },
]
"#;

fn expected() -> Vec<&'static str> {
    vec![
        "1 h1 Lunch menu",
        "1 h2 Soups",
        "1 p All soups are cooked fresh and come with homemade bread.",
        "1 l Tomato; Leek and potato",
        "1 p Prices in euros",
        "1 t [\"Size\", \"Price\"] [[\"Small cup\", \"4\"], [\"Bowl\", \"\"]]",
        "1 t [] [[\"Phone:\", \"0316 123\"], [\"Terrace\", \"[x]\"]]",
    ]
}

#[tokio::test]
async fn a_picture_is_read_at_once_with_its_structure_and_its_price() {
    let simulator = Simulator::start(MENU);
    let read = picture(&client(&simulator, options())).await.expect("read");
    assert_eq!(found(&read.contents), expected());
    assert_eq!((read.contents.pages, read.contents.title), (Some(1), None));
    assert_eq!(read.bill, Bill { pages: 1, microdollars: 65_000 });
    let asked = simulator.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].operation, "AnalyzeDocument");
    assert_eq!(asked[0].body["FeatureTypes"], json!(["LAYOUT", "TABLES", "FORMS"]));
    assert_eq!(asked[0].body["Document"]["Bytes"]["bytes"], 8);
}

#[tokio::test]
async fn a_pdf_of_one_page_is_sent_as_it_is_and_one_asked_for_text_alone_costs_least() {
    let simulator = Simulator::start(MENU);
    let plain = TextractOptions { features: Vec::new(), ..options() };
    let read = read(&client(&simulator, plain), Media::Pdf, PDF, Some(1), None).await.expect("read");
    assert_eq!(read.bill, Bill { pages: 1, microdollars: 1_500 });
    let found = found(&read.contents);
    assert_eq!(found[0], "1 p Riverbend Inn");
    assert!(found.contains(&"1 p Lunch menu".to_owned()), "{found:?}");
    assert_eq!(simulator.operations(), ["DetectDocumentText"]);
}

#[tokio::test]
async fn queries_give_a_document_its_title_and_its_date() {
    let simulator = Simulator::start(MENU);
    let asking = TextractOptions { queries: true, page_microdollars: Some(70_000), ..options() };
    let read = picture(&client(&simulator, asking)).await.expect("read");
    assert_eq!(read.contents.title.as_deref(), Some("The menu of May"));
    assert_eq!(
        (read.contents.author, read.contents.created.as_deref()),
        (None, Some("2024-05-03T00:00:00Z"))
    );
    assert_eq!(read.bill, Bill { pages: 1, microdollars: 70_000 });
}

#[tokio::test]
async fn many_pages_are_a_slow_job_whose_blocks_come_in_parts_cut_anywhere() {
    let page = MENU.split("[[textract.document.page]]").nth(1).expect("a page");
    for max_results in [1, 7, 1_000] {
        let pages = format!("{MENU}\n[[textract.document.page]]{page}\n[[textract.document.page]]{page}");
        let simulator = Simulator::start(&format!("[textract]\nmax_results = {max_results}\n{pages}"));
        let read = in_s3(&client(&simulator, options()), "menu.pdf").await.expect("read");
        let every: Vec<String> = (1..=3)
            .flat_map(|page| expected().into_iter().map(move |text| format!("{page}{}", &text[1..])))
            .collect();
        assert_eq!(found(&read.contents), every);
        assert_eq!(read.bill, Bill { pages: 3, microdollars: 195_000 });
        let asked = simulator.asked();
        assert_eq!(asked[0].operation, "StartDocumentAnalysis");
        let object = json!({ "Bucket": "docs", "Name": "menu.pdf", "Version": "v1" });
        assert_eq!(asked[0].body["DocumentLocation"]["S3Object"], object);
        assert_eq!(asked[0].body["JobTag"], "folder-Menu-of-today.pdf");
        assert_eq!(asked[0].body["ClientRequestToken"].as_str().map(str::len), Some(64));
        assert!(asked[1..].iter().all(|asked| asked.operation == "GetDocumentAnalysis"));
        assert!(asked.len() >= 5, "three times in progress, then the result");
    }
}

#[tokio::test]
async fn text_alone_of_many_pages_is_a_job_of_its_own_kind() {
    let simulator = Simulator::start(MENU);
    let plain = TextractOptions { features: Vec::new(), ..options() };
    let read = in_s3(&client(&simulator, plain), "menu.pdf").await.expect("read");
    assert_eq!(found(&read.contents)[0], "1 p Riverbend Inn");
    let operations = simulator.operations();
    assert_eq!(operations[0], "StartDocumentTextDetection");
    assert!(operations[1..].iter().all(|operation| operation == "GetDocumentTextDetection"));
}

#[tokio::test]
async fn what_was_read_is_kept_when_some_pages_were_not_and_these_are_named() {
    let simulator = Simulator::start(
        r#"
[[textract.document]]
status = "PARTIAL_SUCCESS"
warning = [{ code = "PAGE_CHARACTER_LIMIT_EXCEEDED", pages = [2, 900] }]
page = [
  { part = [{ lines = ["first"] }] },
  { part = [{ lines = ["second"] }] },
  { part = [{ lines = ["third"] }] },
]
"#,
    );
    let read = in_s3(&client(&simulator, options()), "menu.pdf").await.expect("read");
    assert_eq!(found(&read.contents), ["1 p first", "2 unread", "3 p third"]);
    assert_eq!(read.bill.pages, 2);
}

#[tokio::test]
async fn a_restart_finds_the_job_that_was_begun_and_other_bytes_begin_another() {
    let simulator = Simulator::start(MENU);
    for _ in 0..2 {
        in_s3(&client(&simulator, options()), "menu.pdf").await.expect("read");
    }
    let unversioned = super::Location { version: None, ..super::place("menu.pdf") };
    for bytes in [b"%PDF-1.7 old", b"%PDF-1.7 new"] {
        let client = client(&simulator, options());
        super::read(&client, Media::Pdf, bytes, Some(3), Some(&unversioned)).await.expect("read");
    }
    let asked = simulator.asked();
    let starts: Vec<_> = asked.iter().filter(|asked| asked.operation == "StartDocumentAnalysis").collect();
    let tokens: Vec<_> = starts.iter().map(|asked| &asked.body["ClientRequestToken"]).collect();
    assert_eq!((tokens.len(), tokens[0]), (4, tokens[1]));
    assert_ne!(tokens[2], tokens[3]);
    let mut jobs: Vec<_> = asked.iter().filter_map(|asked| asked.body["JobId"].as_str()).collect();
    jobs.dedup();
    assert_eq!(jobs.len(), 3, "one job for both first readings");
}
