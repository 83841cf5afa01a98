//! Whatever comes in, the readers end, with contents or a failure.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use formats::{Content, Failure, Format, Limits, read};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const FORMATS: [Format; 5] = [Format::Word, Format::Excel, Format::PowerPoint, Format::Ebook, Format::Mail];

const PARTS: &[(&str, &str)] = &[
    ("[Content_Types].xml", "<Types><Override ContentType='x.wordprocessingml.document.main+xml'/></Types>"),
    (
        "word/document.xml",
        "<w:document><w:body><w:p><w:pPr><w:pStyle w:val='A'/><w:numPr><w:ilvl w:val='1'/><w:numId w:val='1'/></w:numPr></w:pPr>\
      <w:r><w:rPr><w:sz w:val='4'/></w:rPr><w:t>one &amp; &#65;</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbxContent><w:p/></wps:txbxContent>\
      </w:drawing></mc:Choice><mc:Fallback><x/></mc:Fallback></mc:AlternateContent></w:r></w:p><w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='3'/><w:vMerge/></w:tcPr><w:p/></w:tc>\
      <w:tc><w:p><m:oMath><m:f><m:num/><m:den/></m:f></m:oMath></w:p></w:tc></w:tr></w:tbl></w:body></w:document>",
    ),
    (
        "word/styles.xml",
        "<w:styles><w:style w:type='paragraph' w:styleId='A'><w:name w:val='heading 1'/><w:basedOn w:val='A'/></w:style></w:styles>",
    ),
    (
        "word/numbering.xml",
        "<w:numbering><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='1'><w:start w:val='4294967295'/><w:numFmt w:val='upperRoman'/><w:lvlText w:val='%1.%2.%9%'/></w:lvl></w:abstractNum>\
      <w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>",
    ),
    (
        "xl/workbook.xml",
        "<workbook><workbookPr date1904='1'/><sheets><sheet name='A' r:id='r'/></sheets></workbook>",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id='r' Type='x/worksheet' Target='s.xml'/></Relationships>",
    ),
    (
        "xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[&gt;=1]#,##0.0#E+0;[h]:mm:ss AM/PM;\"x\"@'/></numFmts><cellXfs><xf numFmtId='164'/></cellXfs></styleSheet>",
    ),
    (
        "xl/s.xml",
        "<worksheet><cols><col min='2' max='3' hidden='1'/></cols><sheetData><row r='1'><c r='A1' s='0'><v>1234.5</v></c><c r='XFD1'><v>-2</v></c></row>\
      <row r='1048576'><c r='A1048576' t='str'><v>x</v></c></row></sheetData><mergeCells><mergeCell ref='A1:C9'/></mergeCells></worksheet>",
    ),
    (
        "ppt/presentation.xml",
        "<p:presentation><p:sldIdLst><p:sldId r:id='a'/></p:sldIdLst><p:sldSz cx='9' cy='9'/></p:presentation>",
    ),
    (
        "ppt/_rels/presentation.xml.rels",
        "<Relationships><Relationship Id='a' Type='x/slide' Target='s.xml'/></Relationships>",
    ),
    (
        "ppt/s.xml",
        "<p:sld><p:sp><p:txBody><a:p><a:pPr lvl='8'><a:buAutoNum type='romanUcPeriod' startAt='4294967295'/></a:pPr><a:r><a:t>a_x0041_</a:t></a:r></a:p></p:txBody></p:sp>\
      <a:tbl><a:tr><a:tc hMerge='1'/><a:tc vMerge='1'/></a:tr></a:tbl></p:sld>",
    ),
    ("META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>"),
    (
        "b.opf",
        "<package><metadata><dc:date>2024-01-01T10:00:00+01:00</dc:date></metadata><manifest><item id='c' href='c.html' media-type='text/html'/></manifest><spine><itemref idref='c'/></spine></package>",
    ),
    ("c.html", "<p>text<br/><a/></p>"),
];

const MAIL: &str = "From: A <a@b.c>\nDate: Wed, 1 May 2024 10:20:30 +0200\nSubject: =?utf-8?B?eA==?=\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=M\n\n--M\nContent-Type: text/plain; format=flowed\n\nHi \nyou\n--M\n\
    Content-Type: message/rfc822\n\nSubject: in\n\nx\n--M\nContent-Transfer-Encoding: base64\nContent-Type: text/html; charset=utf-16\n\nPGI+\n--M--\n";

fn archive(parts: &[(&str, String)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn document(body: &str) -> Vec<u8> {
    archive(&[("word/document.xml", format!("<w:document><w:body>{body}</w:body></w:document>"))])
}

/// Reads within a time that only runaway work passes, in a build without optimisation.
fn timed(format: Format, bytes: &[u8]) -> Result<formats::Contents, Failure> {
    let begun = Instant::now();
    let outcome = read(format, bytes, &Limits::DEFAULT);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    outcome
}

fn is_over_limit(outcome: &Result<formats::Contents, Failure>) -> bool {
    matches!(outcome, Err(Failure::OverLimit { .. }))
}

#[test]
fn a_part_that_unpacks_to_too_much_is_refused() {
    assert!(is_over_limit(&timed(Format::Word, &document(&" ".repeat(30 << 20)))));
}

#[test]
fn elements_nested_too_deeply_are_refused_and_allowed_depth_is_read() {
    for (open, close) in [("<w:sdt>", "</w:sdt>"), ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>")] {
        let deep = |times: usize| document(&format!("{}{}", open.repeat(times), close.repeat(times)));
        assert!(is_over_limit(&timed(Format::Word, &deep(20_000))));
        timed(Format::Word, &deep(80)).unwrap();
    }
}

#[test]
fn entities_of_the_document_are_not_expanded() {
    let text = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><w:document><w:body><w:p><w:r><w:t>x&b;y</w:t></w:r></w:p></w:body></w:document>";
    let contents = timed(Format::Word, &archive(&[("word/document.xml", text.to_owned())])).unwrap();
    assert_eq!(
        contents.pieces.first().map(|piece| &piece.content),
        Some(&Content::Paragraph { text: "xy".to_owned() })
    );
}

#[test]
fn merged_cells_that_multiply_a_text_are_refused() {
    let cell = format!(
        "<w:tc><w:tcPr><w:gridSpan w:val='100000'/></w:tcPr><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>",
        "x".repeat(300_000)
    );
    assert!(is_over_limit(&timed(
        Format::Word,
        &document(&format!("<w:tbl><w:tr>{cell}<w:tc><w:p/></w:tc></w:tr></w:tbl>"))
    )));
}

#[test]
fn two_parts_of_one_name_are_read_as_one() {
    let text = |word: &str| {
        format!("<w:document><w:body><w:p><w:r><w:t>{word}</w:t></w:r></w:p></w:body></w:document>")
    };
    let mut bytes = archive(&[("word/document.xml", text("one")), ("word/documenu.xml", text("two"))]);
    let name = b"word/documenu.xml";
    let places: Vec<usize> =
        (0..bytes.len()).filter(|place| bytes.get(*place..place + name.len()) == Some(name)).collect();
    for place in places {
        *bytes.get_mut(place + 12).unwrap() = b't';
    }
    assert_eq!(timed(Format::Word, &bytes).map_or(1, |contents| contents.pieces.len()), 1);
}

#[test]
fn a_truncated_document_is_damaged() {
    let bytes = document("<w:p/>");
    let half = bytes.get(..bytes.len() / 2).unwrap();
    assert_eq!(Format::of(half, "a.docx"), Some(Format::Word));
    assert!(matches!(read(Format::Word, half, &Limits::DEFAULT), Err(Failure::Damaged { .. })));
}

#[test]
fn formats_are_told_by_content() {
    let types = |kind: &str| {
        archive(&[("[Content_Types].xml", format!("<Override ContentType='application/vnd.{kind}+xml'/>"))])
    };
    let encrypted: Vec<u8> = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        .iter()
        .copied()
        .chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let mail = MAIL.as_bytes().to_vec();
    for (bytes, name, expected) in [
        (types("openxmlformats-officedocument.wordprocessingml.document.main"), "a.xlsx", Some(Format::Word)),
        (types("ms-excel.sheet.macroEnabled.main"), "a", Some(Format::Excel)),
        (types("openxmlformats-officedocument.presentationml.slideshow.main"), "a", Some(Format::PowerPoint)),
        (archive(&[("mimetype", "application/epub+zip".to_owned())]), "a.zip", Some(Format::Ebook)),
        (archive(&[("readme.txt", "x".to_owned())]), "a.docx", None),
        (encrypted.clone(), "a.xlsx", Some(Format::Excel)),
        (mail.clone(), "a.eml", Some(Format::Mail)),
        (mail, "a.txt", Some(Format::Mail)),
        (b"Subject: hello\n\ntext".to_vec(), "a.eml", Some(Format::Mail)),
        (b"Subject: hello\n\ntext".to_vec(), "a.txt", None),
        (b"just text".to_vec(), "a.eml", None),
        (Vec::new(), "a.docx", None),
    ] {
        assert_eq!(Format::of(&bytes, name), expected, "{name}");
    }
    assert!(matches!(read(Format::Excel, &encrypted, &Limits::DEFAULT), Err(Failure::Encrypted { .. })));
}

/// Replaces, removes and repeats pieces of a text where the seeds say.
fn mutate(text: &str, seeds: &[(u16, u16, u8)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (place, length, what) in seeds {
        let start = usize::from(*place) % characters.len().max(1);
        let end = (start + usize::from(*length) % 40).min(characters.len());
        let piece: Vec<char> = characters.get(start..end).unwrap_or_default().to_vec();
        match what % 5 {
            0 => drop(characters.drain(start..end)),
            1 => drop(characters.splice(start..start, piece)),
            2 => drop(characters.splice(start..end, "99999999999".chars())),
            3 => drop(characters.splice(start..end, "</w:p>&<é\u{0}".chars())),
            _ => drop(characters.splice(start..end, "-1".chars())),
        }
    }
    characters.into_iter().collect()
}

fn read_all(bytes: &[u8]) {
    for format in FORMATS {
        let _ = read(format, bytes, &Limits::DEFAULT);
    }
    let _ = Format::of(bytes, "a.eml");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_not_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn changed_bytes_of_an_archive_do_not_break_the_readers(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..20)) {
        let parts: Vec<(&str, String)> = PARTS.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let mut bytes = archive(&parts);
        for (place, byte) in changes {
            let place = usize::from(place) % bytes.len();
            *bytes.get_mut(place).unwrap() = byte;
        }
        read_all(&bytes);
    }

    #[test]
    fn changed_parts_do_not_break_the_readers(seeds in proptest::collection::vec((any::<u16>(), any::<u16>(), any::<u8>()), 1..6)) {
        let parts: Vec<(&str, String)> = PARTS.iter().map(|(name, text)| (*name, mutate(text, &seeds))).collect();
        read_all(&archive(&parts));
        let _ = read(Format::Mail, mutate(MAIL, &seeds).as_bytes(), &Limits::DEFAULT);
    }

    #[test]
    fn one_changed_part_among_good_ones_does_not_break_the_readers(
        which in 0..PARTS.len(),
        seeds in proptest::collection::vec((any::<u16>(), any::<u16>(), any::<u8>()), 1..3),
    ) {
        let change = |(place, (name, text)): (usize, &(&'static str, &str))| {
            (*name, if place == which { mutate(text, &seeds) } else { (*text).to_owned() })
        };
        read_all(&archive(&PARTS.iter().enumerate().map(change).collect::<Vec<_>>()));
    }
}
