//! A stored document as a page that people can read. Everything of the document is escaped; nothing of it is markup.

use std::fmt::Write as _;

use proto::v1::{Chunk, ContentType, DocumentHeader, GetDocumentResponse};

use crate::source::web_address;

/// Returns the page as HTML. Each chunk stands in a section `passage-N`, where N is its place in the document.
pub(super) fn render(document: &GetDocumentResponse) -> String {
    let header = document.document.as_ref().and_then(|summary| summary.header.clone()).unwrap_or_default();
    let title = if header.title.is_empty() { &header.document_id } else { &header.title };
    let mut html = String::with_capacity(4096);
    open(&mut html, &header, title);
    let mut headings: &[String] = &[];
    let mut covered = 0;
    for chunk in &document.chunks {
        put(&mut html, &["<section id=\"passage-", &chunk.ordinal.to_string(), "\">\n"]);
        new_headings(&mut html, headings, &chunk.heading_path, title);
        headings = &chunk.heading_path;
        match chunk.content_type() {
            ContentType::Code => put(&mut html, &["<pre>", &escape(&chunk.text), "</pre>\n"]),
            _ => new_text(chunk, covered).split("\n\n").for_each(|block| paragraph(&mut html, block)),
        }
        covered = chunk.byte_range.map_or(covered, |range| range.end.max(covered));
        html.push_str("</section>\n");
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn open(html: &mut String, header: &DocumentHeader, title: &str) {
    html.push_str("<!doctype html>\n<html");
    if (2..=3).contains(&header.language.len())
        && header.language.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        put(html, &[" lang=\"", &header.language, "\""]);
    }
    html.push_str(" dir=\"auto\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.push_str(
        "<meta name=\"robots\" content=\"noindex\">\n<link rel=\"stylesheet\" href=\"/documents.css\">\n",
    );
    put(
        html,
        &["<title>", &escape(title), "</title>\n</head>\n<body>\n<main>\n<h1>", &escape(title), "</h1>\n"],
    );
    if let Some(address) = web_address(&header.source_url) {
        let address = escape(address);
        put(
            html,
            &["<p class=\"origin\"><a href=\"", &address, "\" rel=\"noreferrer\">", &address, "</a></p>\n"],
        );
    }
}

/// Writes the headings that differ from those above the chunk before.
fn new_headings(html: &mut String, before: &[String], now: &[String], title: &str) {
    let shared = before.iter().zip(now).take_while(|(before, now)| before == now).count();
    for (depth, heading) in now.iter().enumerate().skip(shared) {
        // A document usually opens with its title, which stands above already.
        if depth == 0 && heading == title {
            continue;
        }
        let level = (depth + 2).min(6);
        // Writing to a string cannot fail.
        _ = writeln!(html, "<h{level}>{}</h{level}>", escape(heading));
    }
}

/// Returns the text of a chunk without what the chunk before it showed already.
fn new_text(chunk: &Chunk, covered: u64) -> &str {
    let text = chunk.text.as_str();
    let Some(range) = chunk.byte_range else { return text };
    // Only a text that stands in the document word for word can be cut by the document's bytes.
    if range.end.saturating_sub(range.start) != text.len() as u64 {
        return text;
    }
    let shown = usize::try_from(covered.saturating_sub(range.start)).unwrap_or(usize::MAX);
    text.get(shown.min(text.len())..).unwrap_or(text)
}

fn paragraph(html: &mut String, block: &str) {
    let lines: Vec<&str> = block.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return;
    }
    if let Some(table) = Table::read(&lines) {
        return table.write(html);
    }
    if lines.iter().all(|line| item(line).is_some()) {
        html.push_str("<ul>\n");
        for text in lines.iter().filter_map(|line| item(line)) {
            put(html, &["<li>", &escape(text), "</li>\n"]);
        }
        return html.push_str("</ul>\n");
    }
    put(html, &["<p>", &escape(&lines.join("\n")).replace('\n', "<br>\n"), "</p>\n"]);
}

fn item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(|| line.strip_prefix("• "))
}

/// Rows written as `Item: Tea; Price: 3`, each naming its columns.
struct Table<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    fn read(lines: &[&'a str]) -> Option<Self> {
        let mut columns: Vec<&str> = Vec::new();
        let mut rows = Vec::new();
        for line in lines {
            let cells: Option<Vec<_>> = line.split("; ").map(|cell| cell.split_once(": ")).collect();
            let cells = cells.filter(|cells| cells.len() > 1)?;
            let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
            if columns.is_empty() {
                columns = names;
            } else if columns != names {
                return None;
            }
            rows.push(cells.into_iter().map(|(_, value)| value).collect());
        }
        Some(Self { columns, rows })
    }

    fn write(&self, html: &mut String) {
        html.push_str("<table>\n<thead><tr>");
        self.columns.iter().for_each(|name| put(html, &["<th scope=\"col\">", &escape(name), "</th>"]));
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            row.iter().for_each(|cell| put(html, &["<td>", &escape(cell), "</td>"]));
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n");
    }
}

fn put(html: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| html.push_str(part));
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proto::v1::{ByteRange, Chunk, ContentType, DocumentHeader, DocumentSummary, GetDocumentResponse};

    use super::render;

    fn page(header: DocumentHeader, chunks: Vec<Chunk>) -> String {
        let document = DocumentSummary { header: Some(header), ..DocumentSummary::default() };
        render(&GetDocumentResponse { document: Some(document), chunks })
    }

    fn chunk(text: &str) -> Chunk {
        Chunk { text: text.to_owned(), ..Chunk::default() }
    }

    #[test]
    fn nothing_of_the_document_becomes_markup() {
        let evil = "<script>alert(1)</script>\"'&";
        let header = DocumentHeader {
            title: evil.to_owned(),
            source_url: "javascript:alert(1)".to_owned(),
            language: "\"><script>".to_owned(),
            ..DocumentHeader::default()
        };
        let heading = Chunk { heading_path: vec![evil.to_owned(), evil.to_owned()], ..chunk(evil) };
        let code = Chunk { content_type: ContentType::Code.into(), ..chunk(evil) };
        let html = page(header, vec![heading, code, chunk("a: <script>; b: <script>"), chunk("- <script>")]);
        assert!(!html.contains("<script") && !html.contains("javascript:"), "{html}");
    }

    #[test]
    fn passages_headings_lists_and_tables_are_readable() {
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let header = DocumentHeader {
            title: "Shop".to_owned(),
            language: "en".to_owned(),
            ..DocumentHeader::default()
        };
        let first = Chunk {
            heading_path: path(&["Shop", "Prices"]),
            ..chunk("Item: Tea; Price: 3\nItem: Milk; Price: 1")
        };
        let second = Chunk {
            ordinal: 1,
            heading_path: path(&["Shop", "Prices"]),
            ..chunk("One line\nand another\n\n- a\n- b")
        };
        let html = page(header, vec![first, second]);
        for part in [
            "<html lang=\"en\"",
            "<h1>Shop</h1>",
            "<h3>Prices</h3>",
            "<section id=\"passage-1\">",
            "<th scope=\"col\">Item</th><th scope=\"col\">Price</th>",
            "<td>Milk</td><td>1</td>",
            "<p>One line<br>\nand another</p>",
            "<li>a</li>",
        ] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
        assert_eq!(
            (html.matches("Prices").count(), html.matches(">Shop<").count()),
            (1, 2),
            "no heading twice"
        );
    }

    #[test]
    fn text_that_two_chunks_share_is_shown_once() {
        let at = |start, text: &str| {
            let byte_range = Some(ByteRange { start, end: start + text.len() as u64 });
            Chunk { byte_range, ..chunk(text) }
        };
        let html = page(DocumentHeader::default(), vec![at(0, "One. Two."), at(5, "Two. Three.")]);
        assert!(html.contains("<p>One. Two.</p>") && html.contains("<p> Three.</p>"), "{html}");
    }
}
