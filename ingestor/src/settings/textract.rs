//! How Amazon Textract is used and what that may cost, read from the settings.

use std::time::Duration;

use formats::Limits;
use lifecycle::Reader;

use crate::textract::{Feature, TextractOptions};

/// Reads the options; mistakes are noted in the reader. Region, credentials and endpoint are found as AWS's tools do: `AWS_REGION`,
/// `AWS_ENDPOINT_URL_TEXTRACT`, ... The limits of text and cells of other formats count as well, and `INGESTOR_MAX_OCR_PAGES`: each page costs money.
///
/// - `INGESTOR_TEXTRACT_FEATURES`: what is looked for, divided by commas: `LAYOUT`, `TABLES`, `FORMS`; default all three. Empty for
///   lines of text alone, which costs least.
/// - `INGESTOR_TEXTRACT_QUERIES`: whether the service is asked for title, author and date, which costs more; default `false`.
/// - `INGESTOR_TEXTRACT_PAGE_MICRODOLLARS`: price of a page in millionths of a dollar, 0 to 10,000,000; default the list price of
///   what is looked for, in us-east-1.
/// - `INGESTOR_TEXTRACT_MAX_BLOCKS`: words, lines and parts of a document, 1,000 to 10,000,000, default 200,000. One takes about
///   600 bytes of memory, and a page has about 600.
/// - `INGESTOR_TEXTRACT_ATTEMPTS`: attempts for each call, 1 to 10, default 5.
/// - `INGESTOR_TEXTRACT_BACKOFF_MILLIS`: longest pause before the second attempt, 1 to 10,000, default 1,000; it doubles.
/// - `INGESTOR_TEXTRACT_ATTEMPT_SECONDS`: time for one attempt, 0.05 to 600, default 60.
/// - `INGESTOR_TEXTRACT_SECONDS`: time for one document, 0.05 to 7,200, default 600.
/// - `INGESTOR_TEXTRACT_POLL_MILLIS`: pause before a job is first asked for, 1 to 60,000, default 2,000; it grows by half.
/// - `INGESTOR_TEXTRACT_MAX_POLL_MILLIS`: longest such pause, 1 to 600,000, default 15,000.
pub(super) fn read(reader: &mut Reader, limits: &Limits, max_pages: u32) -> TextractOptions {
    let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
    let set = reader.optional_text("INGESTOR_TEXTRACT_PAGE_MICRODOLLARS").is_some();
    let price = set.then(|| reader.number("INGESTOR_TEXTRACT_PAGE_MICRODOLLARS", 0, 0..=10_000_000));
    TextractOptions {
        features: features(reader),
        queries: reader.flag("INGESTOR_TEXTRACT_QUERIES", false),
        page_microdollars: price,
        max_pages,
        max_blocks: reader.number("INGESTOR_TEXTRACT_MAX_BLOCKS", 200_000, 1_000..=10_000_000),
        max_cells: limits.cells,
        max_text_bytes: limits.text_bytes,
        attempts: reader.number("INGESTOR_TEXTRACT_ATTEMPTS", 5, 1..=10),
        backoff: reader.millis("INGESTOR_TEXTRACT_BACKOFF_MILLIS", seconds(1), 1..=10_000),
        attempt_timeout: reader.seconds("INGESTOR_TEXTRACT_ATTEMPT_SECONDS", seconds(60), 0.05..=600.0),
        time: reader.seconds("INGESTOR_TEXTRACT_SECONDS", seconds(600), 0.05..=7_200.0),
        poll: reader.millis("INGESTOR_TEXTRACT_POLL_MILLIS", millis(2_000), 1..=60_000),
        max_poll: reader.millis("INGESTOR_TEXTRACT_MAX_POLL_MILLIS", seconds(15), 1..=600_000),
    }
}

fn features(reader: &mut Reader) -> Vec<Feature> {
    let text = reader.text("INGESTOR_TEXTRACT_FEATURES", "LAYOUT,TABLES,FORMS");
    let mut features = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match Feature::named(name) {
            Some(feature) => features.push(feature),
            None => reader.mistake(
                "INGESTOR_TEXTRACT_FEATURES",
                format!("expected LAYOUT, TABLES and FORMS, divided by commas, got `{name}`"),
            ),
        }
    }
    features.sort_unstable();
    features.dedup();
    features
}

#[cfg(test)]
mod tests {
    use super::{Feature, Limits, Reader, read};

    #[test]
    fn features_are_named_once_each_and_unknown_ones_are_mistakes() {
        use Feature::{Forms, Layout, Tables};
        for (text, features, is_right) in [
            ("LAYOUT,TABLES,FORMS", &[Layout, Tables, Forms][..], true),
            ("forms, layout,FORMS", &[Layout, Forms], true),
            ("", &[], true),
            ("LAYOUT,PRICES", &[Layout], false),
        ] {
            let mut reader = Reader::from_pairs([("INGESTOR_TEXTRACT_FEATURES", text)]);
            assert_eq!(read(&mut reader, &Limits::DEFAULT, 1).features, features, "{text}");
            assert_eq!(reader.finish(&["INGESTOR_"]).is_ok(), is_right, "{text}");
        }
    }

    #[test]
    fn a_price_of_nothing_is_a_price() {
        let price = |pairs: &[(&str, &str)]| {
            let mut reader = Reader::from_pairs(pairs.iter().copied());
            read(&mut reader, &Limits::DEFAULT, 1).page_microdollars
        };
        assert_eq!(price(&[]), None);
        assert_eq!(price(&[("INGESTOR_TEXTRACT_PAGE_MICRODOLLARS", "0")]), Some(0));
    }
}
