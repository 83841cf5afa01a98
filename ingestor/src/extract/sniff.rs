//! Tells what a file is by its content; its name only tells kinds of text apart.

use formats::Format;

use super::{Kind, Unreadable, encoding};
use crate::confined::Task;

/// Decoded text and what it is.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// What stands in it in characters that nobody sees.
    pub(super) smuggled: Option<String>,
}

/// First bytes of formats that are known and not read.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"GIF8", "a GIF image"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"{\\rtf", "a rich text (RTF) document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
];
const PDF: &[u8] = b"%PDF-";
const PICTURES: &[(&[u8], &str)] =
    &[(b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"II*\0", "tiff"), (b"MM\0*", "tiff")];
const PROGRAMS: &[&[u8]] = &[
    b"MZ",
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
];
const HTML_STARTS: &[&str] = &["<!doctype html", "<html", "<head", "<body"];

/// Bytes at the start of a file among which a PDF's signature may stand: other programs take it there too.
const PDF_LEAD_BYTES: usize = 1024;

/// Returns how a file is read that is no text.
pub(super) fn apart(name: &str, bytes: &[u8]) -> Option<Task> {
    let start = bytes.trim_ascii_start();
    // A text may quote the signature; what stands before it in a PDF is rubbish or white space.
    let lead = bytes.get(..PDF_LEAD_BYTES).unwrap_or(bytes);
    let is_inside = || is_binary(bytes) && lead.windows(PDF.len()).any(|window| window == PDF);
    if start.starts_with(PDF) || is_inside() {
        return Some(Task::Pdf);
    }
    Format::of(bytes, name).map(Task::Packed)
}

/// Returns the short name of a picture's format.
pub(super) fn picture(bytes: &[u8]) -> Option<&'static str> {
    PICTURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, name)| *name)
}

/// Returns the text of a file and its kind.
pub(super) fn sniff(name: &str, bytes: &[u8]) -> Result<Content, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Empty);
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let is_binary = is_binary(bytes);
    // Two letters are a weak signature: a text may begin with them, so only binary data counts as a program.
    if is_binary && PROGRAMS.iter().any(|start| bytes.starts_with(start)) {
        return Err(Unreadable::Program);
    }
    if let Some(found) = known_format(bytes, &ending) {
        return Err(Unreadable::Unsupported { found });
    }
    if is_binary {
        return Err(Unreadable::Binary);
    }
    let text = encoding::decode(bytes);
    // The second byte of a tag character's four in UTF-8 is rare in any other text.
    let may_smuggle = bytes.windows(2).any(|two| two == b"\xf3\xa0");
    let smuggled = may_smuggle.then(|| encoding::smuggled(&String::from_utf8_lossy(bytes))).flatten();
    if text.trim().is_empty() {
        return Err(Unreadable::Blank);
    }
    Ok(Content { kind: kind(&ending, &text), text, smuggled })
}

fn known_format(bytes: &[u8], ending: &str) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    if let Some((_, found)) = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)) {
        return Some(found);
    }
    if start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
        return Some("a WebP image");
    }
    start.starts_with(b"PK\x03\x04").then_some(match ending {
        "odt" | "ods" | "odp" => "an OpenDocument file",
        _ => "a zip archive",
    })
}

/// Text holds hardly any control characters. A stray NUL in a long text is a slip, not a sign of binary data.
fn is_binary(bytes: &[u8]) -> bool {
    if encoding::is_utf16(bytes) {
        return false;
    }
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127);
    bytes.iter().filter(is_control).count() * 10 > bytes.len()
}

fn kind(ending: &str, text: &str) -> Kind {
    let start = text.trim_start();
    if starts_as_html(start) {
        return Kind::Html;
    }
    match ending {
        "md" | "markdown" => Kind::Markdown,
        "html" | "htm" | "xhtml" => Kind::Html,
        "csv" | "tsv" => Kind::Csv,
        "json" | "jsonl" | "ndjson" => Kind::Json,
        _ if starts_as_markup(start) => Kind::Html,
        // A text file may well begin with a bracket; only what is whole JSON counts.
        _ if start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
            Kind::Json
        }
        _ => Kind::Text,
    }
}

fn starts_as_html(start: &str) -> bool {
    let head: String = start.chars().take(16).collect::<String>().to_ascii_lowercase();
    HTML_STARTS.iter().any(|html| head.starts_with(html))
}

/// A comment or an XML declaration before the first tag of a page.
fn starts_as_markup(start: &str) -> bool {
    let head: String = start.chars().take(2048).collect::<String>().to_ascii_lowercase();
    (head.starts_with("<!--") || head.starts_with("<?xml"))
        && HTML_STARTS.iter().any(|html| head.contains(html))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Unreadable, sniff};

    #[test]
    fn the_content_decides_and_the_name_only_helps() {
        for (name, bytes, kind) in [
            ("a.txt", "Plain words", Kind::Text),
            ("a.md", "# Title", Kind::Markdown),
            ("a.csv", "a,b\n1,2", Kind::Csv),
            ("a.json", "{\"broken", Kind::Json),
            ("a", "{\"a\": 1}", Kind::Json),
            ("a.txt", "[sic] this is prose", Kind::Text),
            ("a.pdf", "<!DOCTYPE html><p>Hi", Kind::Html),
            ("a.txt", "<!-- note --><html><p>Hi", Kind::Html),
            ("a.htm", "<p>Hi", Kind::Html),
            ("MZ.txt", "MZ is how a program begins", Kind::Text),
        ] {
            assert_eq!(sniff(name, bytes.as_bytes()).expect(name).kind, kind, "{name} {bytes}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_its_reason() {
        for (name, bytes, reason) in [
            ("a.txt", &b""[..], "the file is empty"),
            ("a.txt", b" \r\n\t ", "only white space"),
            ("a.odt", b"PK\x03\x04\0\0", "OpenDocument file is not supported; supported are txt"),
            ("a.docx", b"MZ\x90\0\x03\0\0\0\x04\0", "a program"),
            ("a.gif", b"GIF89a\r\n", "GIF image"),
            ("a.txt", b"\0\x01\x02\x03abc", "binary data"),
        ] {
            let error = sniff(name, bytes).expect_err(name).to_string();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn a_stray_nul_does_not_make_a_text_binary() {
        let content = sniff("a.txt", b"Opening hours\0 are nine to five").expect("text");
        assert_eq!(content.text, "Opening hours are nine to five");
        assert_eq!(sniff("a.txt", b"\0\0\0").expect_err("binary"), Unreadable::Binary);
    }
}
