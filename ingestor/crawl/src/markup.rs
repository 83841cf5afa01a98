//! What the markup of a page says to robots: links, the canonical address, wishes. It reads tags one after the other and
//! builds no tree, so its cost is linear in the page's length, whatever the page holds.

use quick_xml::escape::unescape;

/// Elements whose text is not markup.
const RAW: &[&str] = &["script", "style", "textarea", "title", "template", "noscript"];
const WANTED_ELEMENTS: &[&str] = &["a", "area", "base", "link", "meta"];
const WANTED_ATTRIBUTES: &[&str] = &["href", "rel", "name", "content"];
/// Longer values are no address and no wish.
const VALUE_BYTES: usize = 8 * 1024;

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Addresses as they stand in the page.
    pub(crate) links: Vec<String>,
    /// What they are relative to, when not to the page.
    pub(crate) base: Option<String>,
    pub(crate) canonical: Option<String>,
    pub(crate) wishes: Wishes,
}

/// What a page asks of robots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// It shall not be found.
    pub(crate) noindex: bool,
    /// Its links shall not be followed.
    pub(crate) nofollow: bool,
}

impl Wishes {
    /// Adds what a list of words such as `noindex, nofollow` asks for.
    pub(crate) fn add(&mut self, words: &str) {
        for word in words.split([',', ' ', ':']).map(str::trim) {
            let is = |name: &str| word.eq_ignore_ascii_case(name);
            self.noindex |= is("noindex") || is("none");
            self.nofollow |= is("nofollow") || is("none");
        }
    }
}

/// Reads a page; `product` is the crawler's own name, which a page may speak to.
pub(crate) fn read(html: &str, product: &str, most_links: usize) -> Facts {
    let mut facts = Facts::default();
    let mut rest = html;
    while let Some(tag) = next_tag(&mut rest) {
        let rel = tag.get("rel").unwrap_or_default();
        let has_rel =
            |wanted: &str| rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(wanted));
        match (tag.name.as_str(), tag.get("href")) {
            ("a" | "area", Some(href))
                if !href.is_empty() && !has_rel("nofollow") && facts.links.len() < most_links =>
            {
                facts.links.push(href.to_owned());
            }
            ("base", Some(href)) if facts.base.is_none() => facts.base = Some(href.to_owned()),
            ("link", Some(href)) if has_rel("canonical") && facts.canonical.is_none() => {
                facts.canonical = Some(href.to_owned());
            }
            ("meta", _) => {
                let name = tag.get("name").unwrap_or_default().trim();
                if name.eq_ignore_ascii_case("robots") || name.eq_ignore_ascii_case(product) {
                    facts.wishes.add(tag.get("content").unwrap_or_default());
                }
            }
            _ => {}
        }
    }
    facts
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the next start tag of a wanted element and moves behind it.
fn next_tag(rest: &mut &str) -> Option<Tag> {
    loop {
        let (_, after) = rest.split_once('<')?;
        *rest = after;
        if let Some(comment) = after.strip_prefix("!--") {
            *rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let name = element_name(after);
        if name.is_empty() {
            continue;
        }
        *rest = after.get(name.len()..).unwrap_or_default();
        let attributes = attributes(rest, WANTED_ELEMENTS.contains(&name.as_str()));
        if RAW.contains(&name.as_str()) {
            skip_raw(rest, &name);
        } else if WANTED_ELEMENTS.contains(&name.as_str()) {
            return Some(Tag { name, attributes });
        }
    }
}

/// Returns the lower-case name that a text begins with; empty when it begins with none.
fn element_name(text: &str) -> String {
    let is_start = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let name = text.bytes().take_while(|byte| is_start && (byte.is_ascii_alphanumeric() || *byte == b'-'));
    name.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Reads attributes up to the end of the tag; keeps the first of each wanted name.
fn attributes(rest: &mut &str, is_wanted: bool) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    loop {
        *rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            *rest = behind;
            return kept;
        }
        if rest.is_empty() {
            return kept;
        }
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=');
        // An equals sign at the start of a name belongs to it.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest.get(first..).and_then(|tail| tail.find(ends)).map_or(rest.len(), |at| at + first);
        let name = rest.get(..length).unwrap_or_default().to_ascii_lowercase();
        *rest = rest.get(length..).unwrap_or_default().trim_start();
        let value = match rest.strip_prefix('=') {
            Some(after) => {
                *rest = after.trim_start();
                value(rest)
            }
            None => "",
        };
        let is_kept = is_wanted && WANTED_ATTRIBUTES.contains(&name.as_str()) && value.len() <= VALUE_BYTES;
        if is_kept && !kept.iter().any(|(own, _)| *own == name) {
            kept.push((name, unescape(value).map_or_else(|_| value.to_owned(), Into::into)));
        }
    }
}

/// Returns the value that a text begins with and moves behind it.
fn value<'a>(rest: &mut &'a str) -> &'a str {
    let (value, behind) = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inside = rest.get(1..).unwrap_or_default();
            inside.split_once(quote).unwrap_or((inside, ""))
        }
        _ => {
            let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(rest.len());
            rest.split_at(end)
        }
    };
    *rest = behind;
    value
}

/// Moves behind an element's text, in which tags mean nothing.
fn skip_raw(rest: &mut &str, name: &str) {
    while let Some((_, after)) = rest.split_once("</") {
        *rest = after;
        if element_name(after.get(..after.floor_char_boundary(name.len() + 1)).unwrap_or_default()) == name {
            return;
        }
    }
    *rest = "";
}

#[cfg(test)]
mod tests {
    use super::{Facts, Wishes, read};

    fn links(html: &str) -> Vec<String> {
        read(html, "shopbot", 100).links
    }

    #[test]
    fn links_are_found_however_they_are_written() {
        let html = "<A HREF='/a'>a</A><a class=x href=/b>b</a><a href=\"/c?x=1&amp;y=2\" rel=\"nofollow\">c</a>\
            <map><area href = \"/d?x=1&amp;y=2\"></map><a\nhref=\"/e&unknown;\"\n>e</a><a/href='/f'/><a name=x>g</a>";
        assert_eq!(links(html), ["/a", "/b", "/d?x=1&y=2", "/e&unknown;", "/f"]);
    }

    #[test]
    fn what_is_no_markup_holds_no_links() {
        let html = "<!-- <a href=/1> --><script>x = '<a href=/2>'</script><STYLE><a href=/3></STYLE>\
            <title><a href=/4></title><a title='<a href=/5>' href=/6>6</a> 1 < 2 <a href=/7";
        assert_eq!(links(html), ["/6", "/7"]);
    }

    #[test]
    fn the_head_says_what_robots_shall_do() {
        let html = "<base href=/sub/><link rel='Canonical' href=/page><meta name=ROBOTS content='NoIndex, follow'>\
            <meta name=otherbot content=nofollow>";
        let expected = Facts {
            links: Vec::new(),
            base: Some("/sub/".to_owned()),
            canonical: Some("/page".to_owned()),
            wishes: Wishes { noindex: true, nofollow: false },
        };
        assert_eq!(read(html, "shopbot", 100), expected);
        let own = read("<meta name=ShopBot content=none>", "shopbot", 100);
        assert_eq!(own.wishes, Wishes { noindex: true, nofollow: true });
    }

    #[test]
    fn a_page_of_broken_markup_is_read_to_its_end_and_the_links_are_bounded() {
        let mut many = "<a href=/x>".repeat(1_000);
        assert_eq!(links(&many).len(), 100);
        many = format!("<a{}>", " b='>' =c".repeat(100_000));
        assert!(links(&many).is_empty());
        for broken in
            ["<", "<a", "<a href", "<a href=", "<a href='", "<a =", "<script>", "<!--", "</", "<ä href=/x>"]
        {
            assert!(links(broken).is_empty(), "{broken}");
        }
        assert_eq!(links(&format!("{}<a href=/x>", "<div ".repeat(50_000))).len(), 0);
    }
}
