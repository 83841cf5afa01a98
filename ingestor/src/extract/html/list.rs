//! Reads lists: one item a line, nested lists indented; lists that only arrange a page become its blocks.

use scraper::ElementRef;

use super::{HEADINGS, Walker, is_hidden, lines_of};

/// Deeper lists are read as running text.
const MAX_LIST_DEPTH: usize = 12;

/// Reads `ul` and `ol`.
pub(super) fn read(walker: &mut Walker<'_>, element: ElementRef<'_>, depth: usize) {
    walker.flush();
    let arranges_page = walker.list_depth == 0 && holds_blocks(element);
    if arranges_page || walker.list_depth >= MAX_LIST_DEPTH {
        walker.children(element, depth);
        return walker.flush();
    }
    let is_numbered = element.value().name() == "ol";
    let mut number = element.attr("start").and_then(|start| start.parse().ok()).unwrap_or(1_i64);
    let mut items = Vec::new();
    for item in element.child_elements().filter(|item| !is_hidden(*item)) {
        let text = lines_of(item, walker.list_depth + 1);
        if text.is_empty() {
            continue;
        }
        let mark = if is_numbered { format!("{number}.") } else { "-".to_owned() };
        items.push(format!("{mark} {}", text.replace('\n', "\n  ")));
        number = number.saturating_add(1);
    }
    walker.builder.list(&items);
}

/// Reads `dl`: each term with its descriptions.
pub(super) fn read_descriptions(walker: &mut Walker<'_>, element: ElementRef<'_>, depth: usize) {
    walker.flush();
    if holds_blocks(element) || walker.list_depth >= MAX_LIST_DEPTH {
        walker.children(element, depth);
        return walker.flush();
    }
    let mut items: Vec<String> = Vec::new();
    let parts = element.descendants().filter_map(ElementRef::wrap);
    let mut after_term = false;
    for part in parts.filter(|part| matches!(part.value().name(), "dt" | "dd") && is_own(*part, element)) {
        let text = lines_of(part, walker.list_depth + 1);
        if text.is_empty() || is_hidden(part) {
            continue;
        }
        let is_term = part.value().name() == "dt";
        match items.last_mut() {
            Some(item) if !is_term && after_term => {
                item.push_str(&format!(": {text}"));
            }
            Some(item) if !is_term => item.push_str(&format!("\n{text}")),
            _ => items.push(text.trim_end_matches(':').to_owned()),
        }
        after_term = is_term;
    }
    walker.builder.list(&items);
}

/// Whether a term belongs to this list and not to one inside it; groups of terms may stand in a `div`.
fn is_own(part: ElementRef<'_>, list: ElementRef<'_>) -> bool {
    let mut around = part.parent().and_then(ElementRef::wrap);
    while let Some(element) = around.filter(|element| element.value().name() == "div") {
        around = element.parent().and_then(ElementRef::wrap);
    }
    around == Some(list)
}

/// Cards and tiles are often marked up as a list; their headings tell.
fn holds_blocks(list: ElementRef<'_>) -> bool {
    let mut elements = list.descendants().filter_map(ElementRef::wrap);
    elements.any(|element| HEADINGS.contains(&element.value().name()) || element.value().name() == "table")
}
