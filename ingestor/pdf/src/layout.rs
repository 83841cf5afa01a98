//! Turns the words of pages into pieces in reading order. It knows places and sizes, and nothing of PDF.

mod blocks;
mod columns;
mod direction;
mod furniture;
mod pieces;
mod rows;
mod segments;
mod tables;

use formats::{Content, Hidden, Piece};

use crate::page::{Page, Word};
use segments::Segment;

/// A page that pictures cover so far, and that shows no other text, has its invisible text from character recognition.
const SCANNED: f64 = 0.5;

/// A page whose words stand in segments.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    number: u32,
    height: f32,
    pictured: bool,
    segments: Vec<Segment>,
}

impl Sheet {
    pub(crate) fn new(page: Page) -> Self {
        let Page { number, height, mut words, pictured } = page;
        words.retain(|word| !word.furniture);
        let seen = words.iter().any(|word| word.hidden.is_none());
        if pictured >= SCANNED && !seen {
            reveal(&mut words);
        }
        Self { number, height, pictured: pictured > 0.0, segments: segments::join(words) }
    }
}

/// Text without ink over a scan is what the scan shows.
fn reveal(words: &mut [Word]) {
    for word in words {
        if word.hidden == Some(Hidden::Invisible) {
            word.hidden = None;
        }
    }
}

/// Everything on the pages in reading order.
pub(crate) fn pieces(mut sheets: Vec<Sheet>) -> Vec<Piece> {
    let scans: Vec<bool> = sheets.iter().map(|sheet| sheet.segments.is_empty() && sheet.pictured).collect();
    furniture::remove(&mut sheets);
    let body = pieces::Body::of(&sheets);
    let mut pieces = Vec::new();
    for (sheet, scan) in sheets.into_iter().zip(scans) {
        let page = Some(sheet.number);
        if scan {
            pieces.push(Piece { page, content: Content::Scan, hidden: None });
        }
        for (hidden, segments) in layers(sheet.segments) {
            let mut blocks = Vec::new();
            for flow in columns::order(segments) {
                blocks.extend(blocks::build(flow));
            }
            let blocks = blocks::join_across_columns(blocks);
            pieces.extend(pieces::describe(blocks, &body).map(|content| Piece { page, content, hidden }));
        }
    }
    pieces
}

/// Segments that are read together: those in one direction and equally visible, what is seen first.
fn layers(segments: Vec<Segment>) -> Vec<(Option<Hidden>, Vec<Segment>)> {
    let mut layers: Vec<(Option<Hidden>, u8, Vec<Segment>)> = Vec::new();
    for segment in segments {
        match layers.iter_mut().find(|(hidden, turn, _)| *hidden == segment.hidden && *turn == segment.turn) {
            Some((_, _, layer)) => layer.push(segment),
            None => layers.push((segment.hidden, segment.turn, vec![segment])),
        }
    }
    layers
        .sort_by_key(|(hidden, turn, layer)| (hidden.is_some(), *turn == 4, std::cmp::Reverse(layer.len())));
    layers.into_iter().map(|(hidden, _, layer)| (hidden, layer)).collect()
}
