//! Finds what a page is about: its head's facts and its main content.

use scraper::{ElementRef, Html, Node};

use super::{Frame, Walker, concealed, is_hidden};
use crate::extract::builder::Builder;

/// A main element with less text than this may be a shell that a script fills.
const MIN_MAIN_CHARS: usize = 200;

/// Reads a parsed page.
pub(super) fn read(document: &Html, builder: &mut Builder) {
    let root = document.root_element();
    builder.declared_language = root.attr("lang").map(str::to_owned);
    for element in root.descendants().filter_map(ElementRef::wrap) {
        facts(element, builder);
    }
    let body = root.child_elements().find(|element| element.value().name() == "body").unwrap_or(root);
    match main_content(body) {
        Some(main) => walk(main, Frame::Inside, builder),
        None => walk(body, Frame::Dropped, builder),
    }
    if builder.is_empty() {
        // Everything stands in the frame: better that than nothing.
        walk(body, Frame::Kept, builder);
    }
    concealed::read(body, builder);
}

fn walk(element: ElementRef<'_>, frame: Frame, builder: &mut Builder) {
    let mut walker = Walker::new(builder, frame);
    walker.children(element, 0);
    walker.flush();
}

fn facts(element: ElementRef<'_>, builder: &mut Builder) {
    let content = || element.attr("content").map(str::to_owned);
    match element.value().name() {
        // An image may hold a title of its own; the page's comes first.
        "title" if builder.title.is_none() => builder.title = Some(element.text().collect()),
        "meta" if element.attr("name") == Some("author") => builder.author = content(),
        "link" if element.attr("rel") == Some("canonical") => {
            builder.source_url = element.attr("href").map(str::to_owned);
        }
        _ => {}
    }
}

/// Returns the element that is marked as the main content, or the only article.
fn main_content(body: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let elements = || body.descendants().filter_map(ElementRef::wrap).filter(|element| !is_hidden(*element));
    let is_main =
        |element: &ElementRef<'_>| element.value().name() == "main" || element.attr("role") == Some("main");
    let mut articles = elements().filter(|element| element.value().name() == "article");
    let marked =
        elements().find(is_main).or_else(|| articles.next().filter(|_| articles.next().is_none()))?;
    let chars = text_chars(marked);
    (chars >= MIN_MAIN_CHARS || chars * 4 >= text_chars(body)).then_some(marked)
}

/// Counts what is read of an element, roughly: without white space, scripts and styles.
fn text_chars(element: ElementRef<'_>) -> usize {
    let mut chars = 0;
    for node in element.descendants() {
        let parent = node.parent().and_then(ElementRef::wrap).map(|parent| parent.value().name());
        if let Node::Text(text) = node.value()
            && !matches!(parent, Some("script" | "style" | "noscript" | "template"))
        {
            chars += text.chars().filter(|c| !c.is_whitespace()).count();
        }
    }
    chars
}
