//! A document's pages as blocks: lines and words, and the parts of its layout in reading order.

use serde_json::Value;

use super::blocks::{Hand, Line, Sheet, id, relate};
use super::request::Features;
use super::scenario::{Document, Part, PartKind};
use super::structure;

/// Returns all blocks of a document; `number` tells it from others.
pub(super) fn analyse(document: &Document, features: &Features, number: u64) -> Vec<Value> {
    let mut blocks = Vec::new();
    for (page, content) in (1..).zip(&document.page) {
        if document.is_unread(page) {
            continue;
        }
        let mut sheet = Sheet::new(number, page);
        for part in &content.part {
            write(&mut sheet, part, features);
            sheet.gap();
        }
        if page == 1 && features.has("QUERIES") {
            structure::queries(&mut sheet, &features.queries, &document.answer);
        }
        blocks.extend(sheet.finish());
    }
    blocks
}

/// Writes a part onto the page.
fn write(sheet: &mut Sheet, part: &Part, features: &Features) {
    let hand = Hand { confidence: part.confidence, is_handwriting: part.handwriting };
    let (kind, lines) = match part.kind {
        PartKind::Table => ("LAYOUT_TABLE", structure::table(sheet, part, hand, features.has("TABLES"))),
        PartKind::Form => ("LAYOUT_KEY_VALUE", structure::form(sheet, part, hand, features.has("FORMS"))),
        PartKind::Signature => return structure::signature(sheet, hand, features.has("SIGNATURES")),
        PartKind::List => return list(sheet, part, hand, features),
        kind => (layout_name(kind), part.lines.iter().map(|line| sheet.line(line, hand)).collect()),
    };
    if features.has("LAYOUT") && part.kind != PartKind::Loose {
        let children: Vec<String> = lines.into_iter().map(|line| line.id).collect();
        layout(sheet, kind, hand, &children);
    }
}

/// A list's items are texts of their own, which come after it.
fn list(sheet: &mut Sheet, part: &Part, hand: Hand, features: &Features) {
    let lines: Vec<Line> = part.lines.iter().map(|line| sheet.line(line, hand)).collect();
    if !features.has("LAYOUT") {
        return;
    }
    let place = sheet.layout.len();
    let items: Vec<String> =
        lines.into_iter().map(|line| layout(sheet, "LAYOUT_TEXT", hand, &[line.id])).collect();
    let mut list = sheet.block("LAYOUT_LIST", Some(hand.confidence));
    relate(&mut list, "CHILD", &items);
    sheet.children.push(id(&list));
    sheet.layout.insert(place, list);
}

fn layout(sheet: &mut Sheet, kind: &str, hand: Hand, children: &[String]) -> String {
    let mut block = sheet.block(kind, Some(hand.confidence));
    relate(&mut block, "CHILD", children);
    let id = id(&block);
    sheet.children.push(id.clone());
    sheet.layout.push(block);
    id
}

fn layout_name(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Title => "LAYOUT_TITLE",
        PartKind::Section => "LAYOUT_SECTION_HEADER",
        PartKind::Header => "LAYOUT_HEADER",
        PartKind::Footer => "LAYOUT_FOOTER",
        PartKind::PageNumber => "LAYOUT_PAGE_NUMBER",
        PartKind::Figure | PartKind::Signature => "LAYOUT_FIGURE",
        PartKind::List => "LAYOUT_LIST",
        PartKind::Table => "LAYOUT_TABLE",
        PartKind::Form => "LAYOUT_KEY_VALUE",
        PartKind::Text | PartKind::Loose => "LAYOUT_TEXT",
    }
}
