//! Shows how a file is read and cut, with the default sizes.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::files::trouble;
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::chunk::{Chunk, Sizes, chunk};
use crate::extract::Hold;
use crate::settings::own_reader;

const SIZES: Sizes = Sizes { target_chars: 1_000, max_chars: 2_000, min_chars: 100, overlap_chars: 150 };

#[derive(Serialize)]
struct Passage<'a> {
    file: &'a str,
    title: &'a str,
    kind: &'a str,
    language: &'a str,
    ordinal: u32,
    heading_path: &'a [String],
    text: &'a str,
    tokens: u32,
    importance: f32,
    hold: Option<Hold>,
}

#[derive(Serialize)]
struct Unread<'a> {
    file: &'a str,
    code: &'a str,
    reason: String,
}

/// Prints the passages of each file.
pub(super) async fn preview(files: &[PathBuf], report: &Report) -> Result<Ending, Trouble> {
    let mut ending = Ending::AllWell;
    let reader = own_reader();
    for path in files {
        let bytes = fs::read(path).map_err(|error| trouble(path, error))?;
        let file = path.to_string_lossy();
        match reader.read(&file, bytes.into()).await {
            Ok(extracted) => {
                let kind = extracted.kind.name();
                let chunks = chunk(&extracted, &SIZES);
                let (title, language) = (&extracted.title, &extracted.language);
                let held = chunks.iter().filter(|chunk| chunk.hold.is_some()).count();
                if held > 0 {
                    let held = counted(u64::try_from(held).unwrap_or(u64::MAX), "passage");
                    report.note(&format!(
                        "{file}: {held} would be held back, see `ingestor quarantine --help`"
                    ));
                }
                if !extracted.unread_pages.is_empty() {
                    report.note(&format!(
                        "{file}: pages {:?} are pictures that need OCR",
                        extracted.unread_pages
                    ));
                }
                let count = counted(u64::try_from(chunks.len()).unwrap_or(u64::MAX), "passage");
                report.note(&format!("== {file}: {title} ({kind}, {language}, {count})"));
                for chunk in &chunks {
                    let Chunk { ordinal, heading_path, text, tokens, importance, hold, .. } = chunk;
                    let passage = Passage {
                        file: &file,
                        title,
                        kind,
                        language,
                        ordinal: *ordinal,
                        heading_path,
                        text,
                        tokens: *tokens,
                        importance: *importance,
                        hold: *hold,
                    };
                    let path = heading_path.join(" › ");
                    let held = if hold.is_some() { ", held back" } else { "" };
                    report
                        .result(&passage, &format!("-- {ordinal} [{path}] {tokens} tokens{held}\n{text}\n"));
                }
            }
            Err(why) => {
                ending = Ending::SomeFailed;
                let unread = Unread { file: &file, code: why.code().name(), reason: why.to_string() };
                report.result(&unread, &format!("FAILED {file}: {why}"));
            }
        }
    }
    Ok(ending)
}
