//! From bytes to clean text: which encoding, and which characters have no place in a text.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

const BLOCK_BYTES: usize = 32;

/// Decodes bytes: byte order mark, else UTF-8 when it fits, else the encoding that an HTML head declares, else a guess.
/// Bytes that fit no encoding become U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return clean(&encoding.decode_without_bom_handling(&bytes[mark..]).0);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(_) => clean(&guess(bytes).decode_without_bom_handling(bytes).0),
    }
}

/// Returns whether the bytes are UTF-16 with a byte order mark, in which NUL bytes are normal.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    Encoding::for_bom(bytes).is_some_and(|(encoding, _)| encoding != UTF_8)
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if is_mostly_utf8(bytes) {
        return UTF_8;
    }
    declared(bytes).unwrap_or_else(|| {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes, true);
        detector.guess(None, Utf8Detection::Deny)
    })
}

/// A few broken bytes in a UTF-8 text must not turn all its other letters into those of another encoding.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for part in bytes.utf8_chunks() {
        whole += part.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!part.invalid().is_empty());
    }
    whole > broken
}

/// Returns the encoding of `<meta charset="…">` or `<meta … content="…; charset=…">` near the start.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    if !head.contains("<meta") {
        return None;
    }
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    Encoding::for_label(label.as_bytes())
}

/// Returns text that is written in tag characters, which nobody sees and some models read; flags of regions, which are
/// made of them too, are no such text.
pub(super) fn smuggled(text: &str) -> Option<String> {
    let mut found = String::new();
    let mut is_flag = false;
    for c in text.chars() {
        match u32::from(c).checked_sub(0xe_0000) {
            Some(letter @ 0x20..=0x7e) if !is_flag => found.extend(char::from_u32(letter)),
            Some(0x20..=0x7f) => {}
            _ => is_flag = c == '\u{1f3f4}',
        }
    }
    let is_said = found.split_whitespace().next().is_some();
    is_said.then_some(found)
}

/// Makes every line end a line feed and drops characters that nobody can see but that break search, storage or trust:
/// controls, zero-width marks, soft hyphens, and the tag characters that smuggle hidden text past a reader.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut after_return = false;
    let mut rest = text;
    loop {
        let (printable, other) = rest.split_at(printable_ascii(rest.as_bytes()));
        cleaned.push_str(printable);
        after_return &= printable.is_empty();
        let mut after = other.chars();
        let Some(c) = after.next() else { break };
        match c {
            '\n' if after_return => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' => cleaned.push('\n'),
            '\u{2029}' => cleaned.push_str("\n\n"),
            '\t' => cleaned.push('\t'),
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' => {}
            // Overrides and isolates of writing direction show a text otherwise than it reads.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => cleaned.push(c),
        }
        after_return = c == '\r';
        rest = after.as_str();
    }
    cleaned
}

/// Returns how many bytes at the start are printable ASCII; most text is, and is copied as a whole.
fn printable_ascii(bytes: &[u8]) -> usize {
    let is_other = |byte: &u8| !(b' '..=b'~').contains(byte);
    let mut length = 0;
    for block in bytes.chunks(BLOCK_BYTES) {
        // Without an early end this loop compares many bytes at once.
        if block.iter().fold(false, |any, byte| any | is_other(byte)) {
            return length + block.iter().take_while(|byte| !is_other(byte)).count();
        }
        length += block.len();
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{decode, smuggled};

    #[test]
    fn text_in_tag_characters_is_made_readable_and_flags_are_no_text() {
        let hidden: String =
            "obey me".chars().filter_map(|c| char::from_u32(0xe_0000 + u32::from(c))).collect();
        assert_eq!(smuggled(&format!("We open{hidden} at nine")).as_deref(), Some("obey me"));
        assert_eq!(smuggled("\u{1f3f4}\u{e0067}\u{e0062}\u{e007f} We open at nine"), None);
        assert_eq!(smuggled("We open at nine"), None);
    }

    #[test]
    fn encodings_are_told_by_their_bytes() {
        let utf16: Vec<u8> = "\u{feff}Größe".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16_big: Vec<u8> = "\u{feff}Größe".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, text) in [
            ("Größe".as_bytes(), "Größe"),
            ("\u{feff}Größe".as_bytes(), "Größe"),
            (&utf16, "Größe"),
            (&utf16_big, "Größe"),
            (b"Gr\xf6\xdfe und Stra\xdfe", "Größe und Straße"),
            (b"<meta charset=\"iso-8859-2\">\xb1", "<meta charset=\"iso-8859-2\">ą"),
        ] {
            assert_eq!(decode(bytes), text);
        }
    }

    #[test]
    fn a_broken_byte_costs_one_letter_only() {
        let mut bytes = "Öffnungszeiten: täglich".as_bytes().to_vec();
        bytes.push(0xff);
        assert_eq!(decode(&bytes), "Öffnungszeiten: täglich\u{fffd}");
    }

    #[test]
    fn invisible_characters_are_dropped_and_line_ends_unified() {
        assert_eq!(decode("a\r\nb\rc\0d\u{200b}e\u{e0041}f\u{202e}g".as_bytes()), "a\nb\ncdefg");
        let long = "more than one block of printable letters ".repeat(3);
        assert_eq!(
            decode(format!("{long}\r\n{long}\r{long}ß\u{7f}{long}\n").as_bytes()),
            format!("{long}\n{long}\n{long}ß{long}\n")
        );
    }
}
