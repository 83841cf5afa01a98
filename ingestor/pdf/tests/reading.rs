//! Reads small PDFs that are made here, damaged ones, and bytes that are no PDF at all.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fmt::Write as _;

use formats::{Content, Contents, Failure, Hidden, Limits};
use pdf::PictureKind;
use proptest::prelude::*;

/// A PDF of numbered objects, of which the first is the catalog; strings are bodies, with streams where they have them.
fn document(objects: &[String]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(file.len());
        writeln!(file, "{number} 0 obj\n{object}\nendobj").unwrap();
    }
    let (table, size) = (file.len(), objects.len() + 1);
    writeln!(file, "xref\n0 {size}\n0000000000 65535 f ").unwrap();
    for place in places {
        writeln!(file, "{place:010} 00000 n ").unwrap();
    }
    writeln!(file, "trailer\n<< /Size {size} /Root 1 0 R /Info 2 0 R >>\nstartxref\n{table}\n%%EOF").unwrap();
    file.into_bytes()
}

/// One page for each content.
fn pages(contents: &[&str]) -> Vec<u8> {
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>";
    let numbers = |page: usize| (5 + 2 * page, 6 + 2 * page);
    let kids: Vec<String> = (0..contents.len()).map(|page| format!("{} 0 R", numbers(page).0)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 3 0 R /Lang (de-AT) >>".to_owned(),
        "<< /Title (Opening hours) /Author (Riverbend) /CreationDate (D:20240209074500+01'00') >>".to_owned(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", contents.len(), kids.join(" ")),
        font.to_owned(),
    ];
    for (page, content) in contents.iter().enumerate() {
        let resources = "/Resources << /Font << /F 4 0 R >> /XObject << /Self 6 0 R >> >>";
        let (_, stream) = numbers(page);
        objects.push(format!(
            "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 600 800] {resources} /Contents {stream} 0 R >>"
        ));
        let kind = "/Type /XObject /Subtype /Form /BBox [0 0 600 800]";
        objects.push(format!("<< {kind} /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }
    document(&objects)
}

fn line(text: &str, x: u32, y: u32) -> String {
    format!("BT /F 12 Tf {x} {y} Td ({text}) Tj ET\n")
}

fn read(bytes: &[u8]) -> Contents {
    pdf::read(bytes, &Limits::DEFAULT).unwrap()
}

fn paragraph(text: &str) -> Content {
    Content::Paragraph { text: text.to_owned() }
}

fn found(contents: &Contents) -> Vec<(Content, Option<Hidden>)> {
    contents.pieces.iter().map(|piece| (piece.content.clone(), piece.hidden)).collect()
}

#[test]
fn properties_pages_and_text_are_read() {
    let contents = read(&pages(&[&line("We open at 07:45.", 50, 700), &line("We close at 18:00.", 50, 700)]));
    assert_eq!(contents.title.as_deref(), Some("Opening hours"));
    assert_eq!(contents.author.as_deref(), Some("Riverbend"));
    assert_eq!(contents.created.as_deref(), Some("2024-02-09T07:45:00+01:00"));
    assert_eq!(contents.language.as_deref(), Some("de-AT"));
    assert_eq!(contents.pages, Some(2));
    let pieces: Vec<_> = contents.pieces.iter().map(|piece| (piece.page, piece.content.clone())).collect();
    assert_eq!(
        pieces,
        [(Some(1), paragraph("We open at 07:45.")), (Some(2), paragraph("We close at 18:00."))]
    );
}

#[test]
fn a_divided_word_is_whole_again() {
    let text = [
        line("We open for an exam-", 50, 700),
        line("ple week in May and close", 50, 686),
        line("after it.", 50, 672),
    ];
    assert_eq!(
        found(&read(&pages(&[&text.concat()])))[0].0,
        paragraph("We open for an example week in May and close after it.")
    );
}

#[test]
fn larger_lines_are_headings() {
    let text = format!(
        "BT /F 20 Tf 50 740 Td (Hours) Tj ET\n{}",
        line("We open at 07:45 on every weekday.", 50, 700)
    );
    let expected = Content::Heading { level: 1, text: "Hours".to_owned() };
    assert_eq!(found(&read(&pages(&[&text])))[0].0, expected);
}

#[test]
fn text_that_nobody_sees_is_marked() {
    let seen = line("We open at 07:45.", 50, 700);
    let cases = [
        (format!("3 Tr {}0 Tr\n", line("obey", 50, 600)), Hidden::Invisible),
        (format!("1 g {}0 g\n", line("obey", 50, 600)), Hidden::PaperColoured),
        ("BT /F 1 Tf 50 600 Td (obey) Tj ET\n".to_owned(), Hidden::Tiny),
        (line("obey", 50, 900), Hidden::OffPage),
    ];
    for (unseen, why) in cases {
        let pieces = found(&read(&pages(&[&format!("{seen}{unseen}")])));
        assert_eq!(pieces, [(paragraph("We open at 07:45."), None), (paragraph("obey"), Some(why))]);
    }
}

#[test]
fn white_text_on_a_dark_box_is_seen() {
    let text = format!("0 0 1 rg 40 590 200 30 re f 1 g {}", line("Prices", 50, 600));
    assert_eq!(found(&read(&pages(&[&text]))), [(paragraph("Prices"), None)]);
}

#[test]
fn invisible_text_over_a_scan_is_the_text_of_the_scan() {
    let scan = "q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q\n";
    let text = format!("{scan}3 Tr {}", line("We open at 07:45.", 50, 700));
    let pieces = found(&read(&pages(&[&text, scan])));
    assert_eq!(pieces, [(paragraph("We open at 07:45."), None), (Content::Scan, None)]);
}

#[test]
fn a_table_of_objects_that_is_lost_is_rebuilt() {
    let whole = pages(&[&line("We open at 07:45.", 50, 700)]);
    let text = String::from_utf8(whole).unwrap();
    let lost = text.split("xref\n").next().unwrap();
    assert_eq!(found(&read(lost.as_bytes())), [(paragraph("We open at 07:45."), None)]);
    let cut = text.split("trailer").next().unwrap();
    assert_eq!(found(&read(cut.as_bytes())), [(paragraph("We open at 07:45."), None)]);
}

#[test]
fn bytes_of_another_kind_are_refused() {
    for bytes in [&b""[..], b"<html>hello</html>", b"%PDF-1.7", b"%PDF-1.7\n1 0 obj\n<<"] {
        assert!(matches!(pdf::read(bytes, &Limits::DEFAULT), Err(Failure::Damaged { .. })), "{bytes:?}");
    }
}

#[test]
fn a_form_that_draws_itself_ends() {
    let contents = read(&pages(&[&format!("{}/Self Do\n/Self Do\n", line("again", 50, 700))]));
    assert!(!contents.pieces.is_empty());
}

#[test]
fn more_pages_than_allowed_are_refused() {
    let limits = Limits { pages: 1, ..Limits::DEFAULT };
    let refusal = pdf::read(&pages(&["", ""]), &limits).unwrap_err();
    assert!(matches!(refusal, Failure::OverLimit { .. }), "{refusal}");
}

#[test]
fn more_text_than_allowed_is_refused() {
    let limits = Limits { text_bytes: 10, ..Limits::DEFAULT };
    let refusal = pdf::read(&pages(&[&line("We open at 07:45.", 50, 700)]), &limits).unwrap_err();
    assert!(matches!(refusal, Failure::OverLimit { .. }), "{refusal}");
}

/// A page that shows one picture.
fn pictured(picture: &str) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 3 0 R >>".to_owned(),
        "<< >>".to_owned(),
        "<< /Type /Pages /Count 1 /Kids [4 0 R] >>".to_owned(),
        "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 600 800] /Resources << /XObject << /P 6 0 R >> >> /Contents 5 0 R >>"
            .to_owned(),
    ];
    let draw = "q 600 0 0 800 0 0 cm /P Do Q";
    objects.push(format!("<< /Length {} >>\nstream\n{draw}\nendstream", draw.len()));
    objects.push(picture.to_owned());
    document(&objects)
}

#[test]
fn the_picture_of_a_page_is_returned() {
    let size = "/Type /XObject /Subtype /Image /Width 2 /Height 1 /BitsPerComponent 8";
    let jpeg = pictured(&format!(
        "<< {size} /ColorSpace /DeviceGray /Filter /DCTDecode /Length 4 >>\nstream\njpeg\nendstream"
    ));
    let picture = pdf::picture(&jpeg, 1, &Limits::DEFAULT).unwrap();
    assert_eq!((picture.kind, picture.bytes.as_slice()), (PictureKind::Jpeg, &b"jpeg"[..]));
    let plain =
        pictured(&format!("<< {size} /ColorSpace /DeviceRGB /Length 6 >>\nstream\nrgbRGB\nendstream"));
    let picture = pdf::picture(&plain, 1, &Limits::DEFAULT).unwrap();
    assert_eq!(picture.kind, PictureKind::Png);
    assert!(picture.bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(pdf::picture(&plain, 2, &Limits::DEFAULT).is_err());
    assert_eq!(found(&read(&plain)), [(Content::Scan, None)]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = pdf::read(&[b"%PDF-1.7\n".as_slice(), &bytes].concat(), &Limits::DEFAULT);
    }

    #[test]
    fn mutated_documents_never_panic(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30)) {
        let mut bytes = pages(&[&line("We open at 07:45.", 50, 700), "q 1 0 0 1 0 0 cm [(a) 3 (b)] TJ Q"]);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(contents) = pdf::read(&bytes, &Limits::DEFAULT) {
            prop_assert!(contents.pages.is_some());
        }
    }

    #[test]
    fn arbitrary_content_never_panics(content in "[ -~\n]{0,400}") {
        let _ = pdf::read(&pages(&[&content]), &Limits::DEFAULT);
    }
}
