//! Documents that are lent a place in S3, and the reader of documents that decides what is sent.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use ingestor::extract::{Extracted, Unreadable};
use ingestor::text_extractor::{Bill, Location, Media, RecognitionError, Shelf};
use ingestor::textract::Textract;
use ingestor::{DocumentReader, Error, Settings};
use lifecycle::Reader;

use super::{PDF, PICTURE, Simulator, client, found, options, read};

/// A shelf in memory: it stands where the service looks for keys that begin with `lent/`.
#[derive(Debug, Default)]
struct Memory {
    lent: Mutex<Vec<Location>>,
    removed: Mutex<Vec<Location>>,
    is_full: bool,
}

impl Shelf for Memory {
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Location, String>> {
        let key = format!("lent/{}-{}", bytes.len(), name.len());
        let place = Location { bucket: "docs".to_owned(), key, version: None };
        Box::pin(async move {
            if self.is_full {
                return Err("the bucket is not there".to_owned());
            }
            self.lent.lock().expect("no test has failed").push(place.clone());
            Ok(place)
        })
    }

    fn remove<'a>(&'a self, place: &'a Location) -> BoxFuture<'a, Result<(), String>> {
        self.removed.lock().expect("no test has failed").push(place.clone());
        Box::pin(async { Ok(()) })
    }
}

const LENT: &str = r#"
[[textract.document]]
key = "lent/*"
page = [{ part = [{ lines = ["first"] }] }, { part = [{ lines = ["second"] }] }, { part = [{ lines = ["third"] }] }]
"#;

#[tokio::test]
async fn a_document_of_many_pages_is_lent_a_place_in_s3_and_taken_away_again() {
    let failing = "[[textract.document]]\nkey = \"lent/*\"\nstatus = \"FAILED\"\n";
    for (scenario, is_read) in [(LENT, true), (failing, false)] {
        let simulator = Simulator::start(scenario);
        let shelf = Arc::new(Memory::default());
        let client = client(&simulator, options()).with_shelf(Arc::<Memory>::clone(&shelf));
        let read = read(&client, Media::Pdf, PDF, Some(3), None).await;
        assert_eq!(
            read.map(|read| found(&read.contents)).ok(),
            is_read.then(|| strings(&["1 p first", "2 p second", "3 p third"]))
        );
        let lent = shelf.lent.lock().expect("no test has failed").clone();
        assert_eq!((lent.len(), &lent), (1, &*shelf.removed.lock().expect("no test has failed")));
    }
}

#[tokio::test]
async fn without_a_place_in_s3_many_pages_are_the_operators_matter() {
    let simulator = Simulator::start(LENT);
    let alone = client(&simulator, options());
    let full = alone.clone().with_shelf(Arc::new(Memory { is_full: true, ..Memory::default() }));
    let error = read(&alone, Media::Pdf, PDF, Some(3), None).await.expect_err("no shelf");
    assert!(matches!(&error, RecognitionError::Settings(text) if text.contains("only from S3")), "{error}");
    let error = read(&full, Media::Pdf, PDF, Some(3), None).await.expect_err("a full shelf");
    assert!(
        matches!(&error, RecognitionError::Unavailable(text) if text.contains("bucket is not there")),
        "{error}"
    );
    let large = vec![0; 10 * 1024 * 1024 + 1];
    let error = read(&alone, Media::Pdf, &large, Some(1), None).await.expect_err("no shelf");
    assert!(matches!(error, RecognitionError::Settings(_)), "{error}");
    assert!(simulator.operations().is_empty());
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn reader(textract: Textract) -> DocumentReader {
    let mut reader = Reader::from_pairs([("INGESTOR_READER_PROGRAM", env!("CARGO_BIN_EXE_ingestor"))]);
    Settings::read(&mut reader).expect("complete").reading.with_extractor(Arc::new(textract))
}

/// A PDF each of whose pages shows a picture, or the text where there is one.
fn pdf(texts: &[Option<&str>]) -> Vec<u8> {
    let kids: Vec<String> = (0..texts.len()).map(|page| format!("{} 0 R", 6 + 2 * page)).collect();
    let size = "/Type /XObject /Subtype /Image /Width 2 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceRGB";
    let mut objects = vec![
        "<< /Type /Catalog /Pages 3 0 R >>".to_owned(),
        "<< /Author (Riverbend) >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", texts.len(), kids.join(" ")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< {size} /Length 6 >>\nstream\nrgbRGB\nendstream"),
    ];
    for (page, text) in texts.iter().enumerate() {
        let draw = match text {
            Some(text) => format!("BT /F 12 Tf 50 700 Td ({text}) Tj ET"),
            None => "q 600 0 0 800 0 0 cm /P Do Q".to_owned(),
        };
        let resources = "<< /Font << /F 4 0 R >> /XObject << /P 5 0 R >> >>";
        objects.push(format!(
            "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 600 800] /Resources {resources} /Contents {} 0 R >>",
            7 + 2 * page
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{draw}\nendstream", draw.len()));
    }
    let mut file = String::from("%PDF-1.7\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        writeln!(file, "{number} 0 obj\n{object}\nendobj").expect("written");
    }
    let (table, size) = (file.len(), objects.len() + 1);
    writeln!(file, "xref\n0 {size}\n0000000000 65535 f ").expect("written");
    for place in places {
        writeln!(file, "{place:010} 00000 n ").expect("written");
    }
    write!(file, "trailer\n<< /Size {size} /Root 1 0 R /Info 2 0 R >>\nstartxref\n{table}\n%%EOF")
        .expect("written");
    file.into_bytes()
}

#[tokio::test]
async fn a_scanned_pdf_is_read_as_a_whole_and_keeps_its_properties() {
    let simulator = Simulator::start(LENT);
    let shelf = Arc::new(Memory::default());
    let reader = reader(client(&simulator, options()).with_shelf(shelf));
    let scanned = pdf(&[None, None, None]);
    let read = reader.read("scan.pdf", scanned.into()).await.expect("read");
    let Extracted { text, author, ocr, page_starts, .. } = read;
    assert_eq!((text.as_str(), author.as_deref()), ("first\n\nsecond\n\nthird", Some("Riverbend")));
    assert_eq!(page_starts, [(0, 1), (7, 2), (15, 3)]);
    assert_eq!(ocr, Bill { pages: 3, microdollars: 195_000 });
    assert_eq!(simulator.operations()[0], "StartDocumentAnalysis");
}

#[tokio::test]
async fn pages_that_are_pictures_are_read_one_by_one_where_the_whole_cannot_or_need_not_be_sent() {
    let page = "[[textract.document]]\npage = [{ part = [{ lines = [\"scanned\"] }] }]\n";
    let damaged = "[[fault]]\nerror = \"BadDocumentException\"\nafter = 1\ntimes = 1\n";
    for (pages, scenario, text, unread, calls) in [
        (vec![Some("We open at nine."), None], String::from(page), "We open at nine.\n\nscanned", &[][..], 1),
        (vec![None, None], String::from(page), "scanned\n\nscanned", &[], 2),
        (vec![None, None, None], format!("{damaged}{page}"), "scanned\n\nscanned", &[2], 3),
        (vec![Some("We open at nine.")], String::from(page), "We open at nine.", &[], 0),
    ] {
        let simulator = Simulator::start(&scenario);
        let reader = reader(client(&simulator, options()));
        let read = reader.read("some.pdf", pdf(&pages).into()).await.expect("read");
        assert_eq!((read.text.as_str(), read.unread_pages.as_slice()), (text, unread), "{pages:?}");
        let read_pages = u64::try_from(calls - unread.len()).expect("a few");
        assert_eq!(read.ocr, Bill { pages: read_pages, microdollars: read_pages * 65_000 }, "{pages:?}");
        assert_eq!(simulator.operations(), vec!["AnalyzeDocument"; calls], "{pages:?}");
    }
}

#[tokio::test]
async fn no_document_stays_half_read_because_the_service_was_busy() {
    let simulator = Simulator::start("[[fault]]\nerror = \"ThrottlingException\"\nafter = 1\n");
    let reader = reader(client(&simulator, options()));
    let error = reader.read("scan.pdf", pdf(&[None, None]).into()).await.expect_err("throttled");
    assert!(matches!(error, Error::Recognition(RecognitionError::Throttled(_))), "{error}");
}

#[tokio::test]
async fn a_picture_and_a_pdf_of_one_page_are_read_at_once_and_failures_reach_the_caller() {
    let simulator = Simulator::start("[[fault]]\nerror = \"ThrottlingException\"\nafter = 2\n");
    let reader = reader(client(&simulator, options()));
    let plain = "A simulated document\n\nNo scenario says what this document holds.";
    let picture = reader.read("board.png", PICTURE.into()).await.expect("read");
    assert_eq!(
        (picture.text.as_str(), picture.title.as_str(), picture.kind.name()),
        (plain, "A simulated document", "png")
    );
    let page = reader.read("page.pdf", pdf(&[None]).into()).await.expect("read");
    assert_eq!((page.text.as_str(), page.kind.name(), page.ocr.pages), (plain, "pdf", 1));
    let error = reader.read("board.png", PICTURE.into()).await.expect_err("throttled");
    assert!(
        matches!(error, Error::Recognition(RecognitionError::Throttled(_))) && error.code().retryable(),
        "{error}"
    );
    assert_eq!(simulator.operations()[..2], ["AnalyzeDocument", "AnalyzeDocument"]);
    let broken = reader.read("broken.pdf", Arc::from(&b"%PDF-1.7 nothing"[..])).await.expect_err("no PDF");
    assert!(matches!(broken, Error::Unreadable(Unreadable::Refused(_))), "{broken}");
}
