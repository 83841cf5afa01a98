//! Addresses of sources: how a citation links to its passage, and how a document's path is written in an address.

use proto::v1::Passage;

/// Returns where a reader finds a passage: the document's own web address, or its page on the gateway.
pub(crate) fn source_url(passage: &Passage) -> String {
    if let Some(address) = web_address(&passage.source_url) {
        return address.to_owned();
    }
    let id = percent_encode(&passage.document_id);
    format!("/documents/{}/{id}#passage-{}", percent_encode(&passage.collection), passage.ordinal)
}

/// Returns the text if it is an address that a browser opens as a page and as nothing else.
pub(crate) fn web_address(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (web && plain).then_some(text)
}

/// Percent-encodes all but unreserved characters and `/` (RFC 3986, section 2.3).
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => {
                for nibble in [byte >> 4, byte & 15] {
                    encoded.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
                encoded.insert(encoded.len() - 2, '%');
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{Passage, source_url};

    #[test]
    fn a_passage_links_to_the_web_or_to_its_page() {
        for (source, id, expected) in [
            ("https://shop.example/faq?x=1#y", "a.md", "https://shop.example/faq?x=1#y"),
            ("HTTP://shop.example", "a.md", "HTTP://shop.example"),
            ("javascript:alert(1)//://", "a.md", "/documents/main/a.md#passage-3"),
            ("https://shop.example/\n", "a.md", "/documents/main/a.md#passage-3"),
            (
                "",
                "docs/Über uns & <b>.md",
                "/documents/main/docs/%C3%9Cber%20uns%20%26%20%3Cb%3E.md#passage-3",
            ),
        ] {
            let passage = Passage {
                source_url: source.to_owned(),
                document_id: id.to_owned(),
                collection: "main".to_owned(),
                ordinal: 3,
                ..Passage::default()
            };
            assert_eq!(source_url(&passage), expected);
        }
    }
}
