//! The command `chunks`: shows how a file is read and cut, with the default sizes, and what its passages would cost.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::files::trouble;
use super::price;
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::chunk::{Chunk, Sizes, chunk};
use crate::extract::{Extracted, Hold};
use crate::settings::own_reader;

const SIZES: Sizes = Sizes { target_chars: 1_000, max_chars: 2_000, min_chars: 100, overlap_chars: 150 };
/// The model whose price is estimated.
const MODEL: &str = "amazon.titan-embed-text-v2:0";

#[derive(Serialize)]
struct Passage<'a> {
    file: &'a str,
    title: &'a str,
    kind: &'a str,
    language: &'a str,
    ordinal: u32,
    heading_path: &'a [String],
    page: Option<u32>,
    start_byte: usize,
    end_byte: usize,
    text: &'a str,
    characters: usize,
    tokens: u32,
    importance: f32,
    hold: Option<Hold>,
}

#[derive(Serialize)]
struct Whole<'a> {
    file: &'a str,
    passages: usize,
    /// Smallest, middle and largest passage.
    tokens: [u32; 3],
    characters: [usize; 3],
    tokens_total: u64,
    cost_model: &'static str,
    cost_dollars: Option<f64>,
    unread_pages: &'a [u32],
    held: usize,
}

#[derive(Serialize)]
struct Unread<'a> {
    file: &'a str,
    code: &'a str,
    reason: String,
}

/// Prints the passages of each file, and what they come to.
pub(super) async fn chunks(files: &[PathBuf], report: &Report) -> Result<Ending, Trouble> {
    let mut ending = Ending::AllWell;
    let reader = own_reader();
    for path in files {
        let bytes = fs::read(path).map_err(|error| trouble(path, error))?;
        let file = path.to_string_lossy();
        match reader.read(&file, bytes.into()).await {
            Ok(extracted) => print(&file, &extracted, report),
            Err(why) => {
                ending = Ending::SomeFailed;
                let unread = Unread { file: &file, code: why.code().name(), reason: why.to_string() };
                report.result(&unread, &format!("FAILED {file}: {why}"));
            }
        }
    }
    Ok(ending)
}

fn print(file: &str, extracted: &Extracted, report: &Report) {
    let kind = extracted.kind.name();
    let chunks = chunk(extracted, &SIZES);
    let (title, language) = (&extracted.title, &extracted.language);
    let held = chunks.iter().filter(|chunk| chunk.hold.is_some()).count();
    if held > 0 {
        let held = counted(u64::try_from(held).unwrap_or(u64::MAX), "passage");
        report.note(&format!("{file}: {held} would be held back, see `ingestor quarantine --help`"));
    }
    if !extracted.unread_pages.is_empty() {
        report.note(&format!("{file}: pages {:?} are pictures that need OCR", extracted.unread_pages));
    }
    let count = counted(u64::try_from(chunks.len()).unwrap_or(u64::MAX), "passage");
    report.note(&format!("== {file}: {title} ({kind}, {language}, {count})"));
    for chunk in &chunks {
        let Chunk { ordinal, heading_path, text, tokens, importance, hold, .. } = chunk;
        let passage = Passage {
            file,
            title,
            kind,
            language,
            ordinal: *ordinal,
            heading_path,
            page: chunk.page,
            start_byte: chunk.range.start,
            end_byte: chunk.range.end,
            text,
            characters: text.chars().count(),
            tokens: *tokens,
            importance: *importance,
            hold: *hold,
        };
        let page = passage.page.map(|page| format!("page {page}, ")).unwrap_or_default();
        let path = heading_path.join(" › ");
        let held = if hold.is_some() { ", held back" } else { "" };
        let sizes = format!("{tokens} tokens, {} characters{held}", passage.characters);
        report.result(&passage, &format!("-- {ordinal} [{path}] {page}{sizes}\n{text}\n"));
    }
    let whole = whole(file, extracted, &chunks);
    report.result(&whole, &whole_line(&whole));
}

fn whole<'a>(file: &'a str, extracted: &'a Extracted, chunks: &[Chunk]) -> Whole<'a> {
    let tokens_total = chunks.iter().map(|chunk| u64::from(chunk.tokens)).sum();
    Whole {
        file,
        passages: chunks.len(),
        tokens: spread(chunks.iter().map(|chunk| chunk.tokens).collect()),
        characters: spread(chunks.iter().map(|chunk| chunk.text.chars().count()).collect()),
        tokens_total,
        cost_model: MODEL,
        cost_dollars: price::dollars(MODEL, tokens_total),
        unread_pages: &extracted.unread_pages,
        held: chunks.iter().filter(|chunk| chunk.hold.is_some()).count(),
    }
}

fn whole_line(whole: &Whole<'_>) -> String {
    let [few, middle, many] = whole.tokens;
    let [short, usual, long] = whole.characters;
    format!(
        "== {}: {}; tokens {few} to {many} (middle {middle}), characters {short} to {long} (middle {usual}); {} tokens, \
         embedding them with {} costs about {}",
        whole.file,
        counted(u64::try_from(whole.passages).unwrap_or(u64::MAX), "passage"),
        whole.tokens_total,
        whole.cost_model,
        price::shown(whole.cost_dollars)
    )
}

/// Returns the smallest, the middle and the largest number.
fn spread<T: Ord + Copy + Default>(mut numbers: Vec<T>) -> [T; 3] {
    numbers.sort_unstable();
    let middle = numbers.get(numbers.len() / 2).copied().unwrap_or_default();
    [numbers.first().copied().unwrap_or_default(), middle, numbers.last().copied().unwrap_or_default()]
}
