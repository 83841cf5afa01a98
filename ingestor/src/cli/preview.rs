//! Shows how a file is read and cut, with the default sizes.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::files::trouble;
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::chunk::{Chunk, Sizes, chunk};
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
                if extracted.hidden_pieces > 0 {
                    report.note(&format!("{file}: {} hidden pieces are left out", extracted.hidden_pieces));
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
                    let Chunk { ordinal, heading_path, text, tokens, importance, .. } = chunk;
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
                    };
                    let path = heading_path.join(" › ");
                    report.result(&passage, &format!("-- {ordinal} [{path}] {tokens} tokens\n{text}\n"));
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
