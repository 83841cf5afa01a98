//! Optical character recognition by Tesseract, where it is installed: a picture goes in, its text comes out. The program
//! runs with limits on its memory and time.

use std::path::PathBuf;
use std::time::Duration;

use formats::{Content, Contents, Piece};
use futures_util::future::BoxFuture;

use crate::confined::{Confined, Program};
use crate::extract::Unreadable;
use crate::text_extractor::{Media, Recognised, RecognitionError, Scan, TextExtractor};

/// Most languages that are looked for at once: each makes it slower and less sure.
const MOST_LANGUAGES: usize = 4;
/// Finds the page's orientation and its columns by itself.
const PAGE_SEGMENTATION: &str = "1";
const PAGE_END: char = '\u{c}';

/// How pictures are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The program `tesseract`, looked for where programs are.
    pub program: PathBuf,
    /// Languages by Tesseract's names (`eng`, `deu`), the most likely first; none for all that are installed.
    pub languages: Vec<String>,
    /// Most pixels of one picture.
    pub pixels: u64,
    /// Most address space of the program.
    pub memory_bytes: u64,
    /// Longest time for one picture.
    pub time: Duration,
}

/// Reads text in pictures.
#[derive(Clone, Debug)]
pub(crate) struct Recognition {
    wanted: Wanted,
    confined: Confined,
    /// As Tesseract takes them: `eng+deu`.
    languages: String,
}

impl Recognition {
    /// Looks for the program and for its languages. Returns nothing where it is not installed.
    pub(crate) async fn find(wanted: &Wanted, confined: &Confined) -> Option<Self> {
        let Wanted { program, languages: likely, time, .. } = wanted;
        let mut command = tokio::process::Command::new(program);
        command.arg("--list-langs").kill_on_drop(true);
        let listed = tokio::time::timeout(*time, command.output()).await.ok()?.ok()?;
        let text = String::from_utf8_lossy(&listed.stdout);
        let installed = text.lines().skip(1).map(str::trim).filter(|name| !name.is_empty() && *name != "osd");
        let mut languages: Vec<&str> = installed
            .filter(|name| likely.is_empty() || likely.iter().any(|likely| likely == name))
            .collect();
        // English first: what is written with Latin letters is read best that way where nothing else fits.
        languages.sort_by_key(|name| (*name != "eng", likely.iter().position(|likely| likely == name)));
        languages.truncate(MOST_LANGUAGES);
        if languages.is_empty() {
            tracing::warn!(program = %program.display(), ?likely, "no language is installed to read pictures in");
            return None;
        }
        Some(Self { wanted: wanted.clone(), confined: confined.clone(), languages: languages.join("+") })
    }

    /// Reads a picture: PNG, JPEG or TIFF, which may have several pages.
    ///
    /// # Errors
    /// Why it cannot be read; [`Unreadable::NoText`] is not among them.
    async fn picture(&self, picture: &[u8]) -> Result<Contents, Unreadable> {
        let Wanted { ref program, pixels: limit, memory_bytes, time, .. } = self.wanted;
        let size = imagesize::blob_size(picture).map_err(|error| damaged(error.to_string()))?;
        let pixels = u64::try_from(size.width).ok().zip(u64::try_from(size.height).ok());
        let pixels = pixels.map_or(u64::MAX, |(width, height)| width.saturating_mul(height));
        if pixels > limit {
            return Err(Unreadable::TooManyPixels { pixels, limit });
        }
        let arguments = ["stdin", "stdout", "-l", &self.languages, "--psm", PAGE_SEGMENTATION];
        let program = Program {
            path: program,
            arguments: &arguments,
            // The work of one page does not gain from more threads, and the others of the machine lose.
            environment: &[("OMP_THREAD_LIMIT", "1")],
            memory_bytes,
            time,
        };
        let text = self.confined.run(program, picture).await.map_err(|error| match error {
            // Its limits end it in another way: what it cannot read it refuses.
            Unreadable::ReaderFailed => damaged("no part of it can be shown".to_owned()),
            error => error,
        })?;
        Ok(contents(&String::from_utf8_lossy(&text)))
    }
}

fn damaged(problem: String) -> Unreadable {
    formats::Failure::Damaged { format: "picture".to_owned(), problem }.into()
}

impl TextExtractor for Recognition {
    fn reads(&self, scan: &Scan<'_>) -> bool {
        scan.media != Media::Pdf
    }

    fn read<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Recognised, RecognitionError>> {
        Box::pin(async move { Ok(self.picture(scan.bytes).await?.into()) })
    }
}

/// Cuts recognised text into pages and paragraphs.
fn contents(text: &str) -> Contents {
    let pages: Vec<&str> = text.split_terminator(PAGE_END).collect();
    let count = u32::try_from(pages.len()).ok();
    let mut pieces = Vec::new();
    for (page, text) in (1..).zip(pages) {
        let paragraphs = text.split("\n\n").map(joined).filter(|paragraph| is_text(paragraph));
        pieces.extend(paragraphs.map(|text| Piece {
            page: Some(page),
            content: Content::Paragraph { text },
            hidden: None,
        }));
    }
    Contents { pages: count, pieces, ..Contents::default() }
}

/// Joins the lines of a paragraph, and the parts of words that a line's end divided.
pub(crate) fn joined(paragraph: &str) -> String {
    let mut joined = String::with_capacity(paragraph.len());
    for line in paragraph.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let begins_small = line.starts_with(char::is_lowercase);
        let is_divided = joined.strip_suffix('-').is_some_and(|word| word.ends_with(char::is_alphabetic));
        if is_divided && begins_small {
            joined.pop();
        } else if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    joined
}

/// Tells text from what is seen into stains and lines: some letters or digits, and most of it.
fn is_text(paragraph: &str) -> bool {
    let signs = paragraph.chars().filter(|character| !character.is_whitespace()).count();
    let letters = paragraph.chars().filter(|character| character.is_alphanumeric()).count();
    letters >= 2 && letters * 2 >= signs
}

#[cfg(test)]
mod tests {
    use formats::Content;

    use super::contents;

    #[test]
    fn lines_become_paragraphs_and_pages_are_counted() {
        let read = contents(
            "Opening hours are from\nnine to even-\ning.\n\n~ | —\n\nPrices\n\u{c}Page two-\nFold\n\u{c}",
        );
        let found: Vec<(Option<u32>, &str)> = read
            .pieces
            .iter()
            .filter_map(|piece| match &piece.content {
                Content::Paragraph { text } => Some((piece.page, text.as_str())),
                _ => None,
            })
            .collect();
        let expected = [
            (Some(1), "Opening hours are from nine to evening."),
            (Some(1), "Prices"),
            (Some(2), "Page two- Fold"),
        ];
        assert_eq!((found.as_slice(), read.pages), (&expected[..], Some(2)));
    }
}
