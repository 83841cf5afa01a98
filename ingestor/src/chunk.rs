//! Cuts extracted text into chunks, the units of search: structure first, then sentences, clauses and words. It knows
//! no vectors and no index. Everything is deterministic and takes time linear in the length of the text.

mod classes;
mod importance;
mod pack;
mod section;
mod sentences;
mod split;
mod words;

use std::ops::Range;

use crate::extract::{Extracted, Hold, Shape};
use section::{Piece, Section};

/// Version of the rules in this module and in `extract`: raised with each change that alters chunks
/// or what is known of a document.
const RULES: u32 = 5;

/// How large chunks are, in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Neighbouring short pieces are joined up to this length.
    pub target_chars: usize,
    /// No chunk is longer.
    pub max_chars: usize,
    /// A shorter piece joins its neighbour under the same heading, whatever the neighbour's length.
    pub min_chars: usize,
    /// Whole sentences up to this length are repeated where running text had to be cut.
    pub overlap_chars: usize,
}

impl Sizes {
    /// Returns a number that differs for other rules and other sizes: what was chunked under another number is chunked
    /// anew.
    pub fn version(&self) -> u32 {
        let sizes = [self.target_chars, self.max_chars, self.min_chars, self.overlap_chars];
        // FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>): stable across machines and versions.
        let bytes = sizes.into_iter().flat_map(|size| u64::try_from(size).unwrap_or(u64::MAX).to_le_bytes());
        let hash =
            bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        (RULES << 24) | (hash & 0x00ff_ffff)
    }
}

/// A piece of a document's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Position in the document, counted from 0 without gaps.
    pub ordinal: u32,
    /// Headings above the chunk, outermost first.
    pub heading_path: Vec<String>,
    /// The text: exactly the bytes of `range`, at most [`Sizes::max_chars`] characters, white space trimmed. Only a later
    /// part of a long curated answer begins with a line of its own, the question.
    pub text: String,
    /// Where the text stands in [`Extracted::text`]: bytes. Starts rise from chunk to chunk.
    pub range: Range<usize>,
    /// Page that it begins on, from 1, where the document has pages.
    pub page: Option<u32>,
    /// Weight beside other chunks: 1.0 to 2.0.
    pub importance: f32,
    /// Tokens of headings and text, estimated.
    pub tokens: u32,
    /// What the chunk mostly is.
    pub content: ContentType,
    /// Why an editor has to release it first, where one has to; such text never shares a chunk with other text.
    pub hold: Option<Hold>,
}

/// What a chunk mostly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// Running text.
    Prose,
    /// Items of a list.
    List,
    /// Rows of a table.
    Table,
    /// Lines of code.
    Code,
    /// A curated answer: the first line is the question.
    QuestionAnswer,
}

impl Chunk {
    /// Returns headings and text as one: what is embedded.
    pub fn embedded_text(&self) -> String {
        let mut lines = self.heading_path.clone();
        lines.push(self.text.clone());
        lines.join("\n")
    }
}

/// Cuts a document into chunks. Together they hold all of its text but the headings, which stand in the paths; a
/// heading with nothing below it is a chunk of its own.
pub fn chunk(document: &Extracted, sizes: &Sizes) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for section in sections(document) {
        let estimate = |total: u32, text: &String| total.saturating_add(embedding::estimate_tokens(text));
        let heading_tokens = section.heading_path.iter().fold(0, estimate);
        for piece in section.pieces(&document.text, sizes) {
            let Piece { range, content, question, .. } = piece;
            let mut text = document.text[range.clone()].to_owned();
            if let Some(question) = question {
                text = format!("{}\n{text}", &document.text[question]);
            }
            let ordinal = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
            chunks.push(Chunk {
                ordinal,
                heading_path: section.heading_path.clone(),
                importance: importance::importance(&text, section.level, ordinal == 0),
                tokens: estimate(heading_tokens, &text),
                text,
                page: document.page_at(range.start),
                range,
                content,
                hold: section.hold,
            });
        }
    }
    chunks
}

/// Divides the blocks of a document at its headings.
fn sections(document: &Extracted) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut headings: Vec<(u8, &str)> = Vec::new();
    let mut current = Section::default();
    let blocks = &document.blocks;
    for (place, block) in blocks.iter().enumerate() {
        let path = |headings: &[(u8, &str)]| headings.iter().map(|(_, text)| (*text).to_owned()).collect();
        let Shape::Heading { level } = block.shape else {
            if block.hold != current.hold {
                let next = Section {
                    heading_path: path(&headings),
                    level: headings.last().map(|(level, _)| *level),
                    hold: block.hold,
                    blocks: Vec::new(),
                };
                sections.push(std::mem::replace(&mut current, next));
            }
            current.blocks.push(block);
            continue;
        };
        sections.push(std::mem::take(&mut current));
        headings.retain(|(above, _)| *above < level);
        let is_bare = match blocks.get(place + 1).map(|next| &next.shape) {
            None => true,
            Some(Shape::Heading { level: next }) => *next <= level,
            Some(_) => false,
        };
        if is_bare {
            sections.push(Section {
                heading_path: path(&headings),
                level: Some(level),
                hold: None,
                blocks: vec![block],
            });
        }
        headings.push((level, &document.text[block.range.clone()]));
        current =
            Section { heading_path: path(&headings), level: Some(level), hold: None, blocks: Vec::new() };
    }
    sections.push(current);
    sections
}

#[cfg(test)]
mod tests;
