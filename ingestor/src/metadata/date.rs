//! Reads dates as people and programs write them, year first.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Returns a date, with or without a time and a zone, as RFC 3339; without a zone it is UTC.
pub(crate) fn rfc_3339(text: &str) -> Option<String> {
    read(text)?.format(&Rfc3339).ok()
}

/// Returns a date in milliseconds since the Unix epoch.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    let date = read(text)?;
    date.unix_timestamp().checked_mul(1_000)?.checked_add(i64::from(date.millisecond()))
}

fn read(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let (day, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let day = day.replace('/', "-");
    let rest = rest.trim();
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let clock = match clock.trim() {
        "" => "00:00:00".to_owned(),
        clock if clock.matches(':').count() == 1 => format!("{clock}:00"),
        clock => clock.to_owned(),
    };
    let zone = match zone {
        "" | "Z" | "z" => "Z".to_owned(),
        zone if zone.len() == 5 => {
            let (hours, minutes) = zone.split_at_checked(3)?;
            format!("{hours}:{minutes}")
        }
        zone => zone.to_owned(),
    };
    OffsetDateTime::parse(&format!("{day}T{clock}{zone}"), &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{milliseconds, rfc_3339};

    #[test]
    fn dates_are_read_with_and_without_time_and_zone() {
        for (text, expected) in [
            ("2026-05-01", Some("2026-05-01T00:00:00Z")),
            ("2026/05/01", Some("2026-05-01T00:00:00Z")),
            ("2026-05-01 10:30", Some("2026-05-01T10:30:00Z")),
            ("2026-05-01T10:30:15.250Z", Some("2026-05-01T10:30:15.25Z")),
            ("2026-05-01T10:30:15+0200", Some("2026-05-01T10:30:15+02:00")),
            (" 2026-05-01T10:30:15 +02:00 ", Some("2026-05-01T10:30:15+02:00")),
            ("2026-02-30", None),
            ("01.05.2026", None),
            ("1 May 2026", None),
            ("2026-05-01T10:30:15+é", None),
            ("", None),
        ] {
            assert_eq!(rfc_3339(text).as_deref(), expected, "{text}");
        }
        assert_eq!(milliseconds("1970-01-01T01:00:00.5+01:00"), Some(500));
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in any::<String>()) {
            prop_assert_eq!(rfc_3339(&text).is_some(), milliseconds(&text).is_some());
        }
    }
}
