//! What reading a document may cost, read from the settings.

use std::path::PathBuf;
use std::time::Duration;

use formats::Limits;
use lifecycle::Reader;

use super::textract;
use crate::confined::{Allowance, Confined};
use crate::reading::{DocumentReader, Ocr};
use crate::recognition::Wanted;

const MEBIBYTE: u64 = 1024 * 1024;

/// Reads the limits of one document. Text is read in this process; all other formats in a child for each document.
///
/// - `INGESTOR_READER_PROGRAM`: the program that is started as the child; default this one.
/// - `INGESTOR_READER_MEMORY_MIB`: most memory of a child, 64 to 4,096, default 256.
/// - `INGESTOR_READER_SECONDS`: longest time of a child, 1 to 600, default 30.
/// - `INGESTOR_READERS`: children at once, 1 to 64, default 2: each may take as much memory as it is allowed.
/// - `INGESTOR_MAX_PAGES`: pages, slides or sheets, 1 to 100,000, default 2,000.
/// - `INGESTOR_MAX_CELLS`: cells of all tables together, 1 to 100,000,000, default 1,000,000.
/// - `INGESTOR_MAX_TEXT_MIB`: text in all, 1 to 256, default 16.
/// - `INGESTOR_MAX_UNPACKED_MIB`: what packed parts unpack to, 1 to 2,048, default 64.
/// - `INGESTOR_MAX_UNPACKED_RATIO`: bytes that a packed byte may become, 2 to 10,000, default 100.
/// - `INGESTOR_MAX_PARTS`: files in a packed file, 1 to 1,000,000, default 10,000.
/// - `INGESTOR_MAX_DEPTH`: elements in elements, 8 to 10,000, default 256.
/// - `INGESTOR_OCR`: what reads pictures: `tesseract` (the default), `textract` (Amazon's service, `settings/textract.rs`) or
///   `none`, which refuses them.
/// - `INGESTOR_OCR_PROGRAM`: Tesseract; default `tesseract`. Where it is missing pictures are refused.
/// - `INGESTOR_OCR_LANGUAGES`: Tesseract's names of languages divided by `+`, the most likely first; default all that are
///   installed, at most four.
/// - `INGESTOR_OCR_SECONDS`: longest time for one picture, 1 to 3,600, default 120.
/// - `INGESTOR_MAX_OCR_PAGES`: pages of one PDF that are read in this way, 1 to 10,000, default 200.
/// - `INGESTOR_OCR_MEMORY_MIB`: most memory of Tesseract, 128 to 8,192, default 1,024.
/// - `INGESTOR_MAX_MEGAPIXELS`: largest picture, 1 to 1,000, default 50.
pub(super) fn read(reader: &mut Reader) -> DocumentReader {
    let own = || std::env::current_exe().unwrap_or_else(|_| PathBuf::from("ingestor"));
    let program = reader.optional_text("INGESTOR_READER_PROGRAM").map_or_else(own, PathBuf::from);
    let default = Limits::DEFAULT;
    let limits = Limits {
        unpacked_bytes: MEBIBYTE
            * reader.number("INGESTOR_MAX_UNPACKED_MIB", default.unpacked_bytes / MEBIBYTE, 1..=2_048),
        unpacked_ratio: reader.number("INGESTOR_MAX_UNPACKED_RATIO", default.unpacked_ratio, 2..=10_000),
        parts: reader.number("INGESTOR_MAX_PARTS", default.parts, 1..=1_000_000),
        depth: reader.number("INGESTOR_MAX_DEPTH", default.depth, 8..=10_000),
        pages: reader.number("INGESTOR_MAX_PAGES", default.pages, 1..=100_000),
        cells: reader.number("INGESTOR_MAX_CELLS", default.cells, 1..=100_000_000),
        text_bytes: MEBIBYTE * reader.number("INGESTOR_MAX_TEXT_MIB", default.text_bytes / MEBIBYTE, 1..=256),
    };
    let allowance = Allowance {
        limits,
        memory_bytes: MEBIBYTE * reader.number("INGESTOR_READER_MEMORY_MIB", 256, 64..=4_096),
        time: Duration::from_secs(reader.number("INGESTOR_READER_SECONDS", 30, 1..=600)),
        children: reader.number("INGESTOR_READERS", 2, 1..=64),
    };
    let languages = reader.text("INGESTOR_OCR_LANGUAGES", "");
    let wanted = Wanted {
        program: PathBuf::from(reader.text("INGESTOR_OCR_PROGRAM", "tesseract")),
        languages: languages.split('+').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        pixels: 1_000_000 * reader.number("INGESTOR_MAX_MEGAPIXELS", 50, 1..=1_000),
        memory_bytes: MEBIBYTE * reader.number("INGESTOR_OCR_MEMORY_MIB", 1_024, 128..=8_192),
        time: Duration::from_secs(reader.number("INGESTOR_OCR_SECONDS", 120, 1..=3_600)),
    };
    let max_scans = reader.number("INGESTOR_MAX_OCR_PAGES", 200, 1..=10_000);
    let options = textract::read(reader, &limits, max_scans);
    let ocr = match reader.text("INGESTOR_OCR", "tesseract").as_str() {
        "tesseract" => Ocr::Tesseract(wanted),
        "textract" => Ocr::Textract(Box::new(options)),
        "none" => Ocr::None,
        other => {
            reader.mistake("INGESTOR_OCR", format!("expected tesseract, textract or none, got `{other}`"));
            Ocr::None
        }
    };
    DocumentReader::new(Confined::new(program, allowance), ocr, max_scans)
}

#[cfg(test)]
mod tests {
    use super::{Reader, read};

    #[test]
    fn the_reader_of_pictures_is_chosen_by_name() {
        for (name, part, is_right) in [
            ("tesseract", "Tesseract(", true),
            ("textract", "Textract(", true),
            ("none", "None", true),
            ("google", "None", false),
        ] {
            let mut reader = Reader::from_pairs([("INGESTOR_OCR", name)]);
            let chosen = format!("{:?}", read(&mut reader));
            assert!(chosen.contains(&format!("ocr: {part}")), "{name}: {chosen}");
            assert_eq!(reader.finish(&["INGESTOR_"]).is_ok(), is_right, "{name}");
        }
    }
}
