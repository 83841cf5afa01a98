//! What a PDF says of itself: title, author, dates, language.

use hayro_syntax::Pdf;
use hayro_syntax::object::{DateTime, Dict, String as PdfString};

/// Longer properties are no titles and no names.
const MOST_BYTES: usize = 1000;

/// The properties of a document, as [`formats::Contents`] has them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Properties {
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) modified: Option<String>,
    pub(crate) language: Option<String>,
}

pub(crate) fn of(pdf: &Pdf) -> Properties {
    let info = pdf.metadata();
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id());
    Properties {
        title: info.title.as_deref().and_then(text),
        author: info.author.as_deref().and_then(text),
        created: info.creation_date.as_ref().map(timestamp),
        modified: info.modification_date.as_ref().map(timestamp),
        language: catalog
            .and_then(|catalog| catalog.get::<PdfString<'_>>(b"Lang"))
            .and_then(|lang| text(&lang)),
    }
}

/// A text string: UTF-16 or UTF-8 by its mark, `PDFDocEncoding` otherwise, of which Latin-1 is the part that is used.
fn text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        plain => plain.iter().map(|byte| char::from(*byte)).collect(),
    };
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// RFC 3339.
fn timestamp(date: &DateTime) -> String {
    let DateTime { year, month, day, hour, minute, second, utc_offset_hour, utc_offset_minute } = *date;
    let zone = match (utc_offset_hour, utc_offset_minute) {
        (0, 0) => "Z".to_owned(),
        (hours, minutes) => {
            let sign = if hours < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{minutes:02}", hours.unsigned_abs())
        }
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_read_in_every_encoding() {
        assert_eq!(text(b"Opening hours").as_deref(), Some("Opening hours"));
        assert_eq!(text(b"Stra\xdfe").as_deref(), Some("Straße"));
        assert_eq!(text(b"\xfe\xff\x00S\x04\x10").as_deref(), Some("SА"));
        assert_eq!(text(b"\xef\xbb\xbfStra\xc3\x9fe").as_deref(), Some("Straße"));
        assert_eq!(text(b" \0 "), None);
    }

    #[test]
    fn dates_keep_their_zone() {
        let date = DateTime {
            year: 2024,
            month: 2,
            day: 9,
            hour: 7,
            minute: 45,
            second: 0,
            utc_offset_hour: -3,
            utc_offset_minute: 30,
        };
        assert_eq!(timestamp(&date), "2024-02-09T07:45:00-03:30");
    }
}
