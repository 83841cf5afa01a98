//! Makes small archives for tests.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Content, Contents, Failure, Format, Hidden, Limits, read};

/// Returns an archive of these parts.
pub(crate) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn contents(format: Format, parts: &[(&str, &str)]) -> Contents {
    read(format, &archive(parts), &Limits::DEFAULT).unwrap()
}

pub(crate) fn failure(format: Format, parts: &[(&str, &str)]) -> Failure {
    read(format, &archive(parts), &Limits::DEFAULT).unwrap_err()
}

/// Writes pieces so that a test can compare them at a glance: `h1 Title`, `p text`, `- a / - b`, `t a|b // 1|2`.
pub(crate) fn sketch(contents: &Contents) -> Vec<String> {
    let sketched = contents.pieces.iter().map(|piece| {
        let text = match &piece.content {
            Content::Heading { level, text } => format!("h{level} {text}"),
            Content::Paragraph { text } => format!("p {text}"),
            Content::List { items } => items.join(" / "),
            Content::Table { header, rows } => {
                let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
                format!("t {} // {}", header.join("|"), rows.join(" / "))
            }
            Content::Code { text } => format!("code {text}"),
            Content::Html { text } => format!("html {text}"),
            Content::Scan => "scan".to_owned(),
        };
        match piece.hidden {
            None => text,
            Some(Hidden::Marked) => format!("marked: {text}"),
            Some(hidden) => format!("{hidden:?}: {text}"),
        }
    });
    sketched.collect()
}
