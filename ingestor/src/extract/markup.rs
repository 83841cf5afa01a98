//! Bounds the cost of parsing HTML before it is parsed: an HTML tree can grow with the square of its source.

use std::collections::HashMap;

use super::Unreadable;

/// Open elements that a parser walks through at each tag, summed over the tags. A page of 300,000 tags at depth 30
/// stays below.
const MAX_STEPS: u64 = 30_000_000;
/// Unclosed formatting tags that a parser opens anew in each block, summed over the tags.
const MAX_REOPENED: u64 = 2_000_000;
const MAX_DEPTH: u64 = 256;
const MAX_ATTRIBUTES: usize = 4_000;

/// Elements that hold nothing, and those that the next of their kind closes: neither nests by itself.
const UNCOUNTED: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "colgroup", "rp",
    "rt",
];
/// Elements whose text is not markup.
const RAW: &[&str] = &["script", "style", "textarea", "title"];
const FORMATTING: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Checks that parsing costs no more than a small multiple of the length.
pub(super) fn check_cost(html: &str) -> Result<(), Unreadable> {
    let mut open: HashMap<String, u64> = HashMap::new();
    let (mut depth, mut formatting, mut steps, mut reopened) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if rest.starts_with("!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end..]);
            continue;
        }
        let is_end = rest.starts_with('/');
        let name = tag_name(rest.trim_start_matches('/'));
        if name.is_empty() {
            continue;
        }
        let (tag, after) = rest.split_at(rest.find('>').unwrap_or(rest.len()));
        rest = if !is_end && RAW.contains(&name.as_str()) { after_raw(after, &name) } else { after };
        if UNCOUNTED.contains(&name.as_str()) {
            continue;
        }
        let is_formatting = FORMATTING.contains(&name.as_str());
        let count = open.entry(name).or_insert(0);
        if !is_end {
            *count += 1;
            depth += 1;
            formatting += u64::from(is_formatting);
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
            formatting -= u64::from(is_formatting);
        }
        steps += depth;
        reopened += formatting;
        let costs_too_much = depth > MAX_DEPTH || steps > MAX_STEPS || reopened > MAX_REOPENED;
        if costs_too_much || has_many_attributes(tag) {
            return Err(Unreadable::TooDeep { format: "HTML" });
        }
    }
    Ok(())
}

fn tag_name(after: &str) -> String {
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return String::new();
    }
    let name = after.bytes().take(16).take_while(u8::is_ascii_alphanumeric);
    name.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Returns what follows the text of an element in which tags mean nothing, its end tag first.
fn after_raw<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(start) = rest.find("</") {
        if tag_name(&rest[start + 2..]) == name {
            return &rest[start..];
        }
        rest = &rest[start + 2..];
    }
    ""
}

/// A parser compares each attribute with all before it; what white space and slashes divide bounds their number. A long
/// address or style inside quotes counts as well, hence the generous limit.
fn has_many_attributes(tag: &str) -> bool {
    let parts = tag.split(|c: char| c.is_ascii_whitespace() || c == '/');
    parts.filter(|part| !part.is_empty()).nth(MAX_ATTRIBUTES).is_some()
}

#[cfg(test)]
mod tests {
    use super::check_cost;

    #[test]
    fn ordinary_pages_pass() {
        let rows = "<tr><td>a<td>b".repeat(20_000);
        let articles = "<div class=\"x\"><p>One <b>bold</b> word<br></div>".repeat(20_000);
        let script = format!("<script>{}</script><p>x", "for(i=0;i<a;i++)".repeat(5_000));
        for page in [rows, articles, script, "<p>a".repeat(100_000), "a < b and c > d".repeat(10_000)] {
            assert!(check_cost(&page).is_ok(), "{}", &page[..40]);
        }
    }

    #[test]
    fn pages_that_would_cost_the_square_of_their_length_are_refused() {
        let attributes: String = (0..9_000).map(|n| format!(" a{n}")).collect();
        let formatting: String = (0..400).map(|n| format!("<b id={n}>")).collect();
        for page in [
            "<div>".repeat(5_000),
            format!("<div{attributes}>"),
            format!("{formatting}{}", "<p>x</p>".repeat(10_000)),
        ] {
            assert!(check_cost(&page).is_err(), "{}", &page[..40]);
        }
    }
}
