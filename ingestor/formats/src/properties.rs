//! Reads the properties of an Office document: title, author, dates, language.

use crate::collector::one_line;
use crate::package::Package;
use crate::xml::Xml;
use crate::{Contents, Failure};

/// A longer property is no title or name.
const MAX_CHARS: usize = 500;

/// Reads what the package says of itself. Properties that cannot be read are no reason not to read the document.
pub(crate) fn read(package: &Package<'_>) -> Result<Contents, Failure> {
    let part = package.related("", "core-properties")?.unwrap_or_else(|| "docProps/core.xml".to_owned());
    let Some(text) = package.text(&part)? else { return Ok(Contents::default()) };
    Ok(parse(&text, package).unwrap_or_default())
}

fn parse(text: &str, package: &Package<'_>) -> Result<Contents, Failure> {
    let mut contents = Contents::default();
    let mut xml = Xml::new(text, package.budget());
    if xml.root()?.is_none() {
        return Ok(contents);
    }
    while let Some(element) = xml.child()? {
        let name = element.name().to_owned();
        let value = property(&xml.text()?);
        match name.as_str() {
            "title" => contents.title = value,
            "creator" => contents.author = value,
            "language" => contents.language = value,
            "created" => contents.created = value.as_deref().and_then(date),
            "modified" => contents.modified = value.as_deref().and_then(date),
            _ => {}
        }
    }
    Ok(contents)
}

/// Returns a property on one line, or `None` when it says nothing.
pub(crate) fn property(text: &str) -> Option<String> {
    let text: String = one_line(text).chars().take(MAX_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

/// Returns a date of the W3C's profile (`2024`, `2024-05`, `2024-05-01`, `2024-05-01T10:00Z`) as RFC 3339.
pub(crate) fn date(text: &str) -> Option<String> {
    let (day, time) = text.trim().split_once(['T', ' ']).unwrap_or_else(|| (text.trim(), ""));
    let mut parts = day.split('-');
    let year: u16 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next().unwrap_or("1").parse().ok()?;
    let day: u8 = parts.next().unwrap_or("1").parse().ok()?;
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let mut parts = clock.split(':').map(|part| part.split('.').next().unwrap_or_default());
    let mut number = |most: u8| match parts.next().filter(|part| !part.is_empty()) {
        Some(part) => part.parse().ok().filter(|number: &u8| *number <= most),
        None => Some(0),
    };
    let (hour, minute, second) = (number(23)?, number(59)?, number(60)?);
    let zone = match zone {
        "" | "Z" | "z" => "Z",
        zone if is_offset(zone) => zone,
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}

fn is_offset(zone: &str) -> bool {
    zone.len() == 6
        && zone.bytes().enumerate().all(|(place, byte)| match place {
            0 => matches!(byte, b'+' | b'-'),
            3 => byte == b':',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_of_any_precision_become_rfc_3339() {
        for (written, expected) in [
            ("2024-05-01T10:20:30Z", Some("2024-05-01T10:20:30Z")),
            ("2024-05-01T10:20:30.123+02:00", Some("2024-05-01T10:20:30+02:00")),
            ("2024-05-01", Some("2024-05-01T00:00:00Z")),
            ("2024", Some("2024-01-01T00:00:00Z")),
            ("2024-05-01T10:20", Some("2024-05-01T10:20:00Z")),
            ("2024-13-01", None),
            ("May 2024", None),
            ("", None),
            ("2024-05-01T10:20:30+é", None),
        ] {
            assert_eq!(date(written).as_deref(), expected, "{written}");
        }
    }
}
