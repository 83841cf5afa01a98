//! Reads Markdown: headings, lists, tables, code, front matter, and HTML inside it.

use pulldown_cmark::{CodeBlockKind, Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::builder::Builder;
use super::{Unreadable, html};
use crate::metadata::FrontMatter;

/// Reads a text in CommonMark with tables, footnotes, task lists and YAML front matter.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), Unreadable> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = MarkdownReader::new(builder);
    for event in Parser::new_ext(text, options) {
        reader.event(event)?;
    }
    reader.end_paragraph();
    Ok(())
}

/// Where text goes that is neither a heading nor a paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verbatim {
    FrontMatter,
    Code,
    Html,
}

#[derive(Debug)]
struct MarkdownReader<'a> {
    builder: &'a mut Builder,
    /// Text of the heading, paragraph or cell under way.
    inline: String,
    verbatim: Option<Verbatim>,
    /// For each open list the number of its next item; none when it has marks.
    lists: Vec<Option<u64>>,
    items: Vec<String>,
    links: Vec<String>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// Name of the element whose inline text is not for readers.
    skipped: Option<&'static str>,
}

impl<'a> MarkdownReader<'a> {
    fn new(builder: &'a mut Builder) -> Self {
        Self {
            builder,
            inline: String::new(),
            verbatim: None,
            lists: Vec::new(),
            items: Vec::new(),
            links: Vec::new(),
            header: Vec::new(),
            rows: Vec::new(),
            row: Vec::new(),
            skipped: None,
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Unreadable> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => return self.end(tag),
            Event::Text(text) | Event::Code(text) if self.skipped.is_none() => self.inline.push_str(&text),
            Event::Html(html) => self.inline.push_str(&html),
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.inline.push('\n'),
            Event::TaskListMarker(done) => self.inline.push_str(if done { "[x] " } else { "[ ] " }),
            Event::Rule => self.end_paragraph(),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } => self.links.push(dest_url.into_string()),
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Image { .. } => {}
            Tag::TableCell | Tag::TableRow | Tag::TableHead => self.inline.clear(),
            Tag::List(first) => {
                self.end_paragraph();
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle) => self.start_verbatim(Verbatim::FrontMatter),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.start_verbatim(Verbatim::Code);
            }
            Tag::HtmlBlock => self.start_verbatim(Verbatim::Html),
            _ => self.end_paragraph(),
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), Unreadable> {
        match tag {
            TagEnd::Link => {
                let address = self.links.pop().unwrap_or_default();
                html::push_address(&mut self.inline, &address);
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Image => {}
            TagEnd::Heading(level) if self.lists.is_empty() => {
                let text = std::mem::take(&mut self.inline);
                self.builder.heading(u8::try_from(level as usize).unwrap_or(6), &text);
            }
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.inline)),
            TagEnd::TableHead => self.header = std::mem::take(&mut self.row),
            TagEnd::TableRow => self.rows.push(std::mem::take(&mut self.row)),
            TagEnd::Table => self.end_table(),
            TagEnd::List(_) => self.end_list(),
            TagEnd::MetadataBlock(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock => return self.end_verbatim(),
            _ => self.end_paragraph(),
        }
        Ok(())
    }

    fn start_verbatim(&mut self, verbatim: Verbatim) {
        self.end_paragraph();
        self.verbatim = Some(verbatim);
    }

    fn end_verbatim(&mut self) -> Result<(), Unreadable> {
        let text = std::mem::take(&mut self.inline);
        match self.verbatim.take() {
            Some(Verbatim::FrontMatter) => self.front_matter(&text),
            Some(Verbatim::Html) if self.lists.is_empty() => html::read_fragment(&text, self.builder)?,
            Some(Verbatim::Html) => {
                let mut inner = Builder::default();
                html::read_fragment(&text, &mut inner)?;
                self.inline = inner.into_lines();
                self.end_paragraph();
            }
            Some(Verbatim::Code) if self.lists.is_empty() => self.builder.code(&text),
            Some(Verbatim::Code) | None => {
                self.inline = text;
                self.end_paragraph();
            }
        }
        Ok(())
    }

    fn front_matter(&mut self, text: &str) {
        self.builder.says(FrontMatter::read(text).said());
    }

    fn inline_html(&mut self, html: &str) {
        let tag = html.to_ascii_lowercase();
        if tag.starts_with("<br") {
            self.inline.push('\n');
        }
        match self.skipped {
            None => {
                self.skipped =
                    ["script", "style"].into_iter().find(|name| tag.starts_with(&format!("<{name}")));
            }
            Some(name) if tag.starts_with(&format!("</{name}")) => self.skipped = None,
            Some(_) => {}
        }
    }

    fn start_item(&mut self) {
        self.end_paragraph();
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number = number.saturating_add(1);
                format!("{}. ", number.saturating_sub(1))
            }
            _ => "- ".to_owned(),
        };
        match self.items.last_mut() {
            Some(item) if self.lists.len() > 1 => item.push_str(&format!("\n{indent}{mark}")),
            _ => self.items.push(mark),
        }
    }

    fn end_list(&mut self) {
        self.end_paragraph();
        self.lists.pop();
        if self.lists.is_empty() {
            let items = std::mem::take(&mut self.items);
            self.builder.list(&items);
        }
    }

    fn end_table(&mut self) {
        let (header, rows) = (std::mem::take(&mut self.header), std::mem::take(&mut self.rows));
        if self.lists.is_empty() {
            return self.builder.table(&header, &rows);
        }
        let mut inner = Builder::default();
        inner.table(&header, &rows);
        self.inline = inner.into_lines();
        self.end_paragraph();
    }

    /// Ends the paragraph under way: inside a list it belongs to the item.
    fn end_paragraph(&mut self) {
        self.skipped = None;
        let text = std::mem::take(&mut self.inline);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match self.items.last_mut() {
            Some(item) if !self.lists.is_empty() => {
                if !item.ends_with(' ') {
                    item.push_str("\n  ");
                }
                item.push_str(text);
            }
            _ => self.builder.paragraph(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Builder, read};
    use crate::extract::{Extracted, Kind, Shape};

    fn markdown(text: &str) -> Extracted {
        let mut builder = Builder::default();
        read(text, &mut builder).expect("is readable");
        builder.finish(Kind::Markdown, "a.md").expect("has text")
    }

    #[test]
    fn marks_vanish_and_text_stays() {
        for (source, text) in [
            (
                "# A *title* {#id}\n\nSome **bold** `code`\nin [a link](https://x.y).",
                "A title\n\nSome bold code in a link.",
            ),
            ("- a\n  - b\n  - c\n- d\n\n  more", "- a\n  - b\n  - c\n- d\n  more"),
            ("3. a\n4. b", "3. a\n4. b"),
            ("- [x] done\n- [ ] open", "- [x] done\n- [ ] open"),
            ("| Day | Hours |\n|---|---|\n| Mon | 9–5 |\n| Tue | |", "Day: Mon; Hours: 9–5\nDay: Tue"),
            ("```sh\n  ls -l\n```", "  ls -l"),
            ("> quoted\n> text", "quoted text"),
            ("a<br>b<!-- no --> c", "a\nb c"),
            ("<div hidden>\nsecret\n</div>\n\n<p>shown</p>", "shown"),
            ("<script>\nalert(1)\n</script>\n\nx <script>y</script> z", "x  z"),
            ("[mail](mailto:a@b.c) ![map](m.png)", "mail (a@b.c) map"),
            ("Text[^1].\n\n[^1]: A note.", "Text.\n\nA note."),
        ] {
            assert_eq!(markdown(source).text, text, "{source}");
        }
    }

    #[test]
    fn front_matter_gives_facts_and_no_text() {
        let document =
            markdown("---\ntitle: \"Our shop\"\nauthor: Ann\ntags: [a, b]\n---\n\n# Heading\n\nText");
        assert_eq!((document.title.as_str(), document.author.as_deref()), ("Our shop", Some("Ann")));
        assert_eq!(document.text, "Heading\n\nText");
        assert_eq!(document.own.attributes.get("tags").map(String::as_str), Some("a, b"));
    }

    #[test]
    fn a_table_keeps_its_header_and_rows() {
        let document = markdown("## Prices\n\n| Item | Price |\n|---|---|\n| Tea | 3 |");
        let Shape::Table { header, rows } = &document.blocks[1].shape else { panic!("not a table") };
        assert_eq!(header.join("|"), "Item|Price");
        assert_eq!(&document.text[rows[0].clone()], "Item: Tea; Price: 3");
        assert_eq!(document.title, "Prices");
    }
}
