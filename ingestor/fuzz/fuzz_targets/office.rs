//! Any XML inside an archive that is right otherwise: the readers of the parts, which random bytes never reach.
#![no_main]

use std::io::{Cursor, Write};

use formats::{Format, Limits};
use libfuzzer_sys::fuzz_target;
use zip::write::{SimpleFileOptions, ZipWriter};

const LIMITS: Limits = Limits { unpacked_bytes: 8 * 1024 * 1024, text_bytes: 1024 * 1024, ..Limits::DEFAULT };
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
/// Main parts, each with the kind of its document.
const KINDS: [(Format, &str, &str); 4] = [
    (Format::Word, "word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
    (Format::Excel, "xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
    (Format::PowerPoint, "ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"),
    (Format::Ebook, "OEBPS/content.opf", "application/oebps-package+xml"),
];
/// Further parts, in turn the second, third and so on part of the data.
const PARTS: [&str; 8] = [
    "word/styles.xml", "word/numbering.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml",
    "ppt/slides/slide1.xml", "OEBPS/chapter.xhtml", "docProps/core.xml",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let (format, main, kind) = KINDS[usize::from(*choice) % KINDS.len()];
    if let Ok(bytes) = archive(main, kind, data) {
        _ = formats::read(format, &bytes, &LIMITS);
    }
});

fn archive(main: &str, kind: &str, data: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| -> zip::result::ZipResult<()> {
        archive.start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))?;
        Ok(archive.write_all(bytes)?)
    };
    let types = format!("<Types><Override PartName=\"/{main}\" ContentType=\"{kind}\"/></Types>");
    add("[Content_Types].xml", types.as_bytes())?;
    let relations =
        format!("<Relationships><Relationship Id=\"r1\" Type=\"{RELATION}officeDocument\" Target=\"{main}\"/></Relationships>");
    add("_rels/.rels", relations.as_bytes())?;
    let container = format!("<container><rootfiles><rootfile full-path=\"{main}\"/></rootfiles></container>");
    add("META-INF/container.xml", container.as_bytes())?;
    let kinds = [("worksheet", "worksheets/sheet1.xml"), ("slide", "slides/slide1.xml"), ("sharedStrings", "sharedStrings.xml")];
    let links: String = kinds
        .iter()
        .enumerate()
        .map(|(at, (kind, target))| {
            format!("<Relationship Id=\"rId{}\" Type=\"{RELATION}{kind}\" Target=\"{target}\"/>", at + 1)
        })
        .collect();
    for relations in ["xl/_rels/workbook.xml.rels", "ppt/_rels/presentation.xml.rels"] {
        add(relations, format!("<Relationships>{links}</Relationships>").as_bytes())?;
    }
    let mut parts = data.split(|byte| *byte == 0);
    add(main, parts.next().unwrap_or_default())?;
    for (name, part) in PARTS.iter().zip(parts) {
        add(name, part)?;
    }
    Ok(archive.finish()?.into_inner())
}
