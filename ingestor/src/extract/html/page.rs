//! Finds what a page is about: its head's facts and its main content.

use scraper::{ElementRef, Html, Node};

use super::{Frame, Walker, concealed, is_hidden};
use crate::extract::builder::Builder;
use crate::metadata::{MAX_ATTRIBUTE_CHARS, Metadata};

/// A main element with less text than this may be a shell that a script fills.
const MIN_MAIN_CHARS: usize = 200;

/// Reads a parsed page.
pub(super) fn read(document: &Html, builder: &mut Builder) {
    let root = document.root_element();
    builder.declared_language = root.attr("lang").map(str::to_owned);
    for element in root.descendants().filter_map(ElementRef::wrap) {
        facts(element, builder);
    }
    builder.title = builder.title.take().or_else(|| shared_title(root));
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
    match element.value().name() {
        // An image may hold a title of its own; the page's comes first.
        "title" if builder.title.is_none() => builder.title = Some(element.text().collect()),
        "meta" => {
            let name =
                ["name", "property", "itemprop", "http-equiv"].into_iter().find_map(|it| element.attr(it));
            if let (Some(name), Some(content)) = (name, element.attr("content")) {
                meta(name, content, builder);
            }
        }
        "link" if element.attr("rel") == Some("canonical") => {
            builder.source_url = element.attr("href").map(str::to_owned);
        }
        _ => {}
    }
}

/// Takes over one line of the page's head: HTML's own names, Dublin Core's, Open Graph's and schema.org's.
fn meta(name: &str, content: &str, builder: &mut Builder) {
    let own = match name.to_ascii_lowercase().as_str() {
        "author" | "dc.creator" | "dcterms.creator" => "author",
        "date" | "dc.date" | "dcterms.created" | "article:published_time" | "datepublished" => "created",
        "last-modified"
        | "dcterms.modified"
        | "article:modified_time"
        | "og:updated_time"
        | "datemodified" => "modified",
        "description" => "description",
        "keywords" => "keywords",
        "content-language" if builder.declared_language.is_none() => "language",
        _ => return,
    };
    // A description may be longer than an attribute.
    let content: String = content.chars().take(MAX_ATTRIBUTE_CHARS).collect();
    builder.says(Metadata::of_pairs([(own, content.as_str())]));
}

/// Returns what a page calls itself where others show a link to it.
fn shared_title(root: ElementRef<'_>) -> Option<String> {
    let mut elements = root.descendants().filter_map(ElementRef::wrap);
    let meta = elements
        .find(|element| element.value().name() == "meta" && element.attr("property") == Some("og:title"));
    meta.and_then(|meta| meta.attr("content")).map(str::to_owned)
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
