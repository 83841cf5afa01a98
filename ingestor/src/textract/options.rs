//! What is asked of the service, what it costs and what it may take.

use std::time::Duration;

/// What is looked for in a document. Without any only lines of text are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Titles, headings, paragraphs, lists, in reading order.
    Layout,
    /// Tables with their cells.
    Tables,
    /// Forms: names with their values.
    Forms,
}

/// How documents are read, and how much that may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextractOptions {
    /// What is looked for.
    pub features: Vec<Feature>,
    /// Whether the service is asked for title, author and date.
    pub queries: bool,
    /// What a page costs, in millionths of a dollar; absent for the list price of what is looked for.
    pub page_microdollars: Option<u64>,
    /// Most pages of a document: each costs money.
    pub max_pages: u32,
    /// Most blocks of a document: a page of text has about 600.
    pub max_blocks: usize,
    /// Most cells of all tables together.
    pub max_cells: u64,
    /// Most text.
    pub max_text_bytes: u64,
    /// Attempts for each call, at least 1. Throttling and faults are tried again.
    pub attempts: u32,
    /// Longest pause before the second attempt; it doubles from then on, up to 20 s.
    pub backoff: Duration,
    /// Time for one attempt, from connecting to the last byte.
    pub attempt_timeout: Duration,
    /// Time for one document, waiting for its job included.
    pub time: Duration,
    /// Pause before a job is first asked for; each is half as long again as the one before.
    pub poll: Duration,
    /// Longest such pause.
    pub max_poll: Duration,
}

impl Feature {
    /// Returns the service's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Layout => "LAYOUT",
            Self::Tables => "TABLES",
            Self::Forms => "FORMS",
        }
    }

    /// Reads the service's name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::Layout, Self::Tables, Self::Forms];
        all.into_iter().find(|feature| feature.name().eq_ignore_ascii_case(name))
    }
}

impl TextractOptions {
    /// Returns whether anything beyond lines of text is asked for.
    pub(super) fn is_analysis(&self) -> bool {
        self.queries || !self.features.is_empty()
    }

    /// Returns what a page costs in millionths of a dollar: the list prices of us-east-1 for the first million pages of a
    /// month. Layout comes free with the others.
    pub(super) fn page_microdollars(&self) -> u64 {
        let price = |feature: &Feature| match feature {
            Feature::Layout => 0,
            Feature::Tables => 15_000,
            Feature::Forms => 50_000,
        };
        let listed = self.features.iter().map(price).sum::<u64>() + if self.queries { 15_000 } else { 0 };
        let listed = match listed {
            0 if self.features.is_empty() => 1_500,
            0 => 4_000,
            more => more,
        };
        self.page_microdollars.unwrap_or(listed)
    }

    /// Returns what distinguishes the work of these options from that of others, in a few letters.
    pub(super) fn fingerprint(&self) -> String {
        let names: Vec<&str> = self.features.iter().map(|feature| feature.name()).collect();
        format!("{} {}", names.join(","), self.queries)
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Feature, TextractOptions};

    #[test]
    fn a_page_costs_what_is_looked_for_unless_a_price_is_set() {
        let second = Duration::from_secs(1);
        let options = |features: &[Feature], queries, page_microdollars| TextractOptions {
            features: features.to_vec(),
            queries,
            page_microdollars,
            max_pages: 1,
            max_blocks: 1,
            max_cells: 1,
            max_text_bytes: 1,
            attempts: 1,
            backoff: second,
            attempt_timeout: second,
            time: second,
            poll: second,
            max_poll: second,
        };
        use Feature::{Forms, Layout, Tables};
        for (features, queries, set, price) in [
            (&[][..], false, None, 1_500),
            (&[Layout], false, None, 4_000),
            (&[Layout, Tables], false, None, 15_000),
            (&[Layout, Tables, Forms], false, None, 65_000),
            (&[Layout], true, None, 15_000),
            (&[Layout, Tables, Forms], true, Some(70_000), 70_000),
        ] {
            assert_eq!(options(features, queries, set).page_microdollars(), price, "{features:?} {queries}");
        }
    }
}
