//! Reads HTML: the main content without navigation, scripts and hidden parts; headings, lists, tables, code.

mod concealed;
mod list;
mod page;
mod table;

use scraper::{ElementRef, Html, Node};

use super::Unreadable;
use super::builder::Builder;
use super::encoding::clean;
use super::markup;

/// Deeper elements are left out: nobody reads them, and the stack is finite.
const MAX_DEPTH: usize = 1_000;

const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
const SKIPPED: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio",
    "video", "nav", "aside", "head", "select", "button", "input", "textarea", "datalist", "dialog",
];
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "nobr", "output", "q", "rp", "rt", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// Reads a page.
pub(super) fn read(html: &str, builder: &mut Builder) -> Result<(), Unreadable> {
    markup::check_cost(html)?;
    let document = Html::parse_document(html);
    page::read(&document, builder);
    Ok(())
}

/// Reads a piece of HTML inside another format.
pub(super) fn read_fragment(html: &str, builder: &mut Builder) -> Result<(), Unreadable> {
    markup::check_cost(html)?;
    let fragment = Html::parse_fragment(html);
    let mut walker = Walker::new(builder, Frame::Kept);
    walker.children(fragment.root_element(), 0);
    walker.flush();
    concealed::read(fragment.root_element(), builder);
    Ok(())
}

/// What happens to headers and footers: around a page they are its frame, inside an article they belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// Left out.
    Dropped,
    /// Only headers are kept.
    Inside,
    /// Everything is kept.
    Kept,
}

/// Walks through elements and hands their text to the builder.
#[derive(Debug)]
struct Walker<'a> {
    builder: &'a mut Builder,
    inline: String,
    frame: Frame,
    list_depth: usize,
}

impl<'a> Walker<'a> {
    fn new(builder: &'a mut Builder, frame: Frame) -> Self {
        Self { builder, inline: String::new(), frame, list_depth: 0 }
    }

    fn children(&mut self, element: ElementRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for child in element.children() {
            if let Node::Text(text) = child.value() {
                push_collapsed(&mut self.inline, &clean(text));
            } else if let Some(child) = ElementRef::wrap(child)
                && !is_hidden(child)
            {
                self.element(child, depth + 1);
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>, depth: usize) {
        let name = element.value().name();
        if SKIPPED.contains(&name) || self.is_frame(name) {
            return;
        }
        if let Some(place) = HEADINGS.iter().position(|heading| *heading == name) {
            return self.heading(element, place + 1);
        }
        match name {
            "br" => self.inline.push('\n'),
            // Nobody sees the text behind an image, so it is no place for an answer, and a good one to hide things.
            "img" => self.inline.push(' '),
            "pre" => {
                self.flush();
                self.builder.code(&clean(&element.text().collect::<String>()));
            }
            "ul" | "ol" | "menu" | "dir" => list::read(self, element, depth),
            "dl" => list::read_descriptions(self, element, depth),
            "table" => table::read(self, element, depth),
            "a" => {
                self.children(element, depth);
                push_address(&mut self.inline, element.attr("href").unwrap_or_default());
            }
            _ if INLINE.contains(&name) => self.children(element, depth),
            _ => {
                self.flush();
                let around = self.frame;
                if matches!(name, "article" | "main") && around == Frame::Dropped {
                    self.frame = Frame::Inside;
                }
                self.children(element, depth);
                self.flush();
                self.frame = around;
            }
        }
    }

    fn is_frame(&self, name: &str) -> bool {
        match self.frame {
            Frame::Dropped => matches!(name, "header" | "footer"),
            Frame::Inside => name == "footer",
            Frame::Kept => false,
        }
    }

    fn heading(&mut self, element: ElementRef<'_>, level: usize) {
        self.flush();
        let text = lines_of(element, self.list_depth);
        self.builder.heading(u8::try_from(level).unwrap_or(6), &text);
    }

    /// Ends the paragraph under way.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.inline);
        self.builder.paragraph(&tidy_lines(&text));
    }
}

/// Returns the text below an element, one line for each block.
fn lines_of(element: ElementRef<'_>, list_depth: usize) -> String {
    let mut builder = Builder::default();
    let mut walker = Walker::new(&mut builder, Frame::Kept);
    walker.list_depth = list_depth;
    walker.children(element, 0);
    walker.flush();
    builder.into_lines()
}

/// Whether an element is no part of what a page says: its frame, ornaments, and what is concealed.
fn is_hidden(element: ElementRef<'_>) -> bool {
    is_frame_or_ornament(element) || is_concealed(element)
}

fn is_frame_or_ornament(element: ElementRef<'_>) -> bool {
    let element = element.value();
    element.attr("aria-hidden") == Some("true")
        || matches!(element.attr("role"), Some("navigation" | "banner" | "contentinfo" | "search" | "dialog"))
}

/// Whether a person does not see an element's text, at least not at first.
fn is_concealed(element: ElementRef<'_>) -> bool {
    let element = element.value();
    if element.attr("hidden").is_some() {
        return true;
    }
    let Some(style) = element.attr("style") else { return false };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    style.split(';').any(hides)
}

/// Whether a style declaration makes text invisible.
fn hides(declaration: &str) -> bool {
    let Some((property, value)) = declaration.split_once(':') else { return false };
    let value = value.trim_end_matches("!important");
    let number: String = value.chars().take_while(|c| c.is_ascii_digit() || "-.".contains(*c)).collect();
    let number = number.parse::<f32>().ok();
    match property {
        "display" => value == "none",
        "visibility" => matches!(value, "hidden" | "collapse"),
        "opacity" => number.is_some_and(|opacity| opacity < 0.05),
        "font-size" => number.is_some_and(|size| size < 0.1) || value.starts_with("1px"),
        "left" | "top" | "text-indent" | "margin-left" => number.is_some_and(|offset| offset <= -500.0),
        "clip" => value.starts_with("rect(0"),
        _ => false,
    }
}

/// Appends text with each run of white space made one space.
fn push_collapsed(line: &mut String, text: &str) {
    for c in text.chars() {
        if !c.is_whitespace() {
            line.push(c);
        } else if !line.ends_with([' ', '\n']) && !line.is_empty() {
            line.push(' ');
        }
    }
}

/// A mail address or a telephone number behind a link is an answer; other addresses are noise.
pub(super) fn push_address(line: &mut String, href: &str) {
    let address = href.strip_prefix("mailto:").or_else(|| href.strip_prefix("tel:")).unwrap_or_default();
    let address = address.split('?').next().unwrap_or_default();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_shown =
        line.contains(address) || (href.starts_with("tel:") && digits(line).contains(&digits(address)));
    if !address.is_empty() && !is_shown {
        line.push_str(&format!(" ({address})"));
    }
}

fn tidy_lines(text: &str) -> String {
    let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
