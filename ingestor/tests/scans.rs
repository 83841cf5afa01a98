//! Pictures of text, read by Tesseract as it is installed here: `make tools` installs it.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use ingestor::extract::Unreadable;
use ingestor::{DocumentReader, Error, Settings};
use lifecycle::Reader;

const HOURS: &[u8] = include_bytes!("samples/hours.jpg");

fn reader(settings: &[(&str, &str)]) -> DocumentReader {
    let own = [("INGESTOR_READER_PROGRAM", env!("CARGO_BIN_EXE_ingestor"))];
    let mut reader = Reader::from_pairs(own.iter().chain(settings).copied());
    Settings::read(&mut reader).expect("complete").reading
}

/// A PDF of pages: each with a line of text, or with the picture where there is none.
fn pdf(pages: &[Option<&str>]) -> Vec<u8> {
    let mut objects: Vec<Vec<u8>> = Vec::new();
    let first_page = 4;
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", first_page + page * 2)).collect();
    objects.push(b"<< /Type /Catalog /Pages 2 0 R >>".to_vec());
    objects
        .push(format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()).into_bytes());
    let length = HOURS.len();
    let picture = format!(
        "<< /Type /XObject /Subtype /Image /Width 1000 /Height 420 /ColorSpace /DeviceGray /BitsPerComponent 8 \
         /Filter /DCTDecode /Length {length} >>\nstream\n"
    );
    objects.push([picture.as_bytes(), HOURS, b"\nendstream"].concat());
    for (page, text) in pages.iter().enumerate() {
        let content = match text {
            Some(text) => format!("BT /F1 12 Tf 50 300 Td ({text}) Tj ET"),
            None => "q 500 0 0 210 40 40 cm /Im1 Do Q".to_owned(),
        };
        let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 400] /Contents {} 0 R \
                 /Resources << /XObject << /Im1 3 0 R >> /Font << /F1 {font} >> >> >>",
                first_page + page * 2 + 1
            )
            .into_bytes(),
        );
        objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()).into_bytes());
    }
    let mut file = b"%PDF-1.7\n".to_vec();
    for (number, object) in (1..).zip(&objects) {
        file.extend(format!("{number} 0 obj\n").into_bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    file.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\n%%EOF\n", objects.len() + 1).into_bytes());
    file
}

#[tokio::test]
async fn a_picture_of_text_is_read() {
    let read =
        reader(&[]).read("hours.jpg", HOURS.into()).await.expect("Tesseract is installed: run `make tools`");
    assert!(read.text.contains("Monday to Friday from nine to six"), "{}", read.text);
    assert_eq!((read.kind.name(), read.page_at(0)), ("jpg", Some(1)));
}

#[tokio::test]
async fn only_the_pages_without_text_are_recognised_and_all_keep_their_order() {
    let document = pdf(&[Some("The first page is text."), None, Some("The last page is text, too.")]);
    let read = reader(&[]).read("hours.pdf", document.into()).await.expect("readable");
    let place = |text: &str| read.text.find(text).map(|at| read.page_at(at));
    assert_eq!(place("The first page"), Some(Some(1)), "{}", read.text);
    assert_eq!(place("Saturday from ten to two"), Some(Some(2)), "{}", read.text);
    assert_eq!(place("The last page"), Some(Some(3)), "{}", read.text);
    assert!(read.unread_pages.is_empty());
}

#[tokio::test]
async fn without_tesseract_a_picture_says_what_it_needs_and_a_mixed_document_what_is_missing() {
    let without = reader(&[("INGESTOR_OCR_PROGRAM", "no-such-program")]);
    let error = without.read("hours.jpg", HOURS.into()).await.expect_err("nobody reads it");
    assert!(matches!(error, Error::Unreadable(Unreadable::NeedsOcr { pages: 1 })), "{error}");
    assert!(error.to_string().contains("this page needs OCR"), "{error}");
    let read = without.read("a.pdf", pdf(&[Some("Text."), None]).into()).await.expect("has text");
    assert_eq!((read.text.as_str(), read.unread_pages.as_slice()), ("Text.", &[2][..]));
}

#[tokio::test]
async fn pictures_over_the_limits_and_broken_ones_are_refused() {
    let small = reader(&[("INGESTOR_MAX_MEGAPIXELS", "1")]);
    let mut large = HOURS.to_vec();
    // Height and width stand behind the frame's marker and its length and precision.
    let frame = large.windows(2).position(|marker| marker == b"\xff\xc0").expect("a baseline picture");
    large.splice(frame + 5..frame + 9, [0x40, 0, 0x40, 0]);
    let error = small.read("hours.jpg", large.into()).await.expect_err("is too large");
    let expected = Unreadable::TooManyPixels { pixels: 16_384 * 16_384, limit: 1_000_000 };
    assert!(matches!(&error, Error::Unreadable(why) if *why == expected), "{error}");
    let cut: Vec<u8> = HOURS.iter().take(700).copied().collect();
    let error = small.read("hours.jpg", cut.into()).await.expect_err("is cut off");
    assert!(matches!(error, Error::Unreadable(Unreadable::Refused(_) | Unreadable::NoText)), "{error}");
    let one_page = reader(&[("INGESTOR_MAX_OCR_PAGES", "1")]);
    let read = one_page.read("a.pdf", pdf(&[None, None]).into()).await.expect("one page is read");
    assert_eq!(read.unread_pages, [2]);
}
