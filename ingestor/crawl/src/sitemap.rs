//! Reads sitemaps: lists of pages, and lists of such lists. Entities that a sitemap defines are never expanded.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Depth of an address: the list, its entry, the address itself.
const ADDRESS_DEPTH: usize = 3;

/// A sitemap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sitemap {
    /// Addresses of pages.
    Pages(Vec<String>),
    /// Addresses of other sitemaps.
    Maps(Vec<String>),
}

/// Reads a sitemap up to its first fault; `None` when it is none. Addresses beyond `most`, or longer than `url_bytes`, are
/// left out.
pub(crate) fn read(bytes: &[u8], most: usize, url_bytes: usize) -> Option<Sitemap> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut is_index, mut found) = (0_usize, None, Vec::new());
    let mut address: Option<String> = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(element) => {
                depth += 1;
                let name = element.local_name().into_inner();
                if depth == 1 {
                    is_index = Some(root(name)?);
                }
                address = (depth == ADDRESS_DEPTH && name == "loc").then(String::new);
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                let whole = address.take().filter(|address| address.len() <= url_bytes);
                found.extend(
                    whole.map(|address| address.trim().to_owned()).filter(|address| !address.is_empty()),
                );
                if found.len() >= most {
                    break;
                }
            }
            Event::Text(text) => push(&mut address, &text, url_bytes),
            Event::CData(text) => push(&mut address, &text, url_bytes),
            Event::GeneralRef(reference) => match known(&reference) {
                Some(text) => push(&mut address, &text, url_bytes),
                None => address = None,
            },
            _ => {}
        }
    }
    is_index.map(|is_index| if is_index { Sitemap::Maps(found) } else { Sitemap::Pages(found) })
}

/// Whether the outermost element makes a list of sitemaps; `None` when it makes no list.
fn root(name: &str) -> Option<bool> {
    match name {
        "sitemapindex" => Some(true),
        "urlset" => Some(false),
        _ => None,
    }
}

/// Adds a piece, no more than makes an address too long.
fn push(address: &mut Option<String>, text: &str, url_bytes: usize) {
    if let Some(address) = address
        && address.len() <= url_bytes
    {
        address.push_str(text.get(..text.floor_char_boundary(url_bytes + 64)).unwrap_or_default());
    }
}

/// Returns what a reference stands for in every XML document.
fn known(reference: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character.to_string());
    }
    resolve_predefined_entity(reference).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Sitemap, read};

    fn pages(xml: &str) -> Vec<String> {
        match read(xml.as_bytes(), 10, 50) {
            Some(Sitemap::Pages(pages)) => pages,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pages_and_maps_are_told_apart() {
        let xml = "\u{feff}<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\
            <url><loc> https://a.de/?x=1&amp;y=2 </loc><lastmod>2024-01-01</lastmod></url>\
            <url><loc><![CDATA[https://a.de/b]]></loc><image:image><image:loc>https://a.de/c.png</image:loc></image:image></url>\
            <url><loc/></url></urlset>";
        assert_eq!(pages(xml), ["https://a.de/?x=1&y=2", "https://a.de/b"]);
        let index = "<sitemapindex><sitemap><loc>https://a.de/1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(
            read(index.as_bytes(), 10, 50),
            Some(Sitemap::Maps(vec!["https://a.de/1.xml".to_owned()]))
        );
        for other in ["<html><body>", "", "https://a.de/", "<rss><channel><loc>x</loc></channel></rss>"] {
            assert_eq!(read(other.as_bytes(), 10, 50), None, "{other}");
        }
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let bomb = "<!DOCTYPE urlset [<!ENTITY a 'https://a.de/x'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\
            <!ENTITY f SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&b;</loc></url><url><loc>&f;</loc></url>\
            <url><loc>https://a.de/ok</loc></url></urlset>";
        assert_eq!(pages(bomb), ["https://a.de/ok"]);
    }

    #[test]
    fn a_cut_or_endless_sitemap_gives_what_is_whole_within_the_limits() {
        assert_eq!(
            pages("<urlset><url><loc>https://a.de/1</loc></url><url><loc>https://a"),
            ["https://a.de/1"]
        );
        let many = format!("<urlset>{}", "<url><loc>https://a.de/</loc></url>".repeat(100));
        assert_eq!(pages(&many).len(), 10);
        let long = format!("<urlset><url><loc>https://a.de/{}</loc></url></urlset>", "x".repeat(100_000));
        assert!(pages(&long).is_empty());
        assert!(pages(&format!("<urlset>{}", "<url>".repeat(100_000))).is_empty());
    }
}
