//! Whether a returned passage is the one that answers.
//!
//! A hit: the passage with its headings contains the gold passage, or the gold passage contains the passage, or at
//! least half of the gold passage's words (each as often as it occurs) are in it. White space is normalised. Where the
//! gold passage states its own id, such as the number of an article, a passage without that id is no hit: rows of one
//! table have half of their words in common anyway.

use std::collections::HashMap;

/// Share of the gold passage's words that make a hit.
const WORD_SHARE: f64 = 0.5;

/// A passage as search returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its text.
    pub text: String,
}

/// A passage that answers, prepared for comparing.
#[derive(Clone, Debug)]
pub struct Gold {
    text: String,
    words: HashMap<String, usize>,
    count: usize,
    /// Its own id, where its text states it.
    id: Option<String>,
}

impl Gold {
    /// Prepares a passage; `id` counts only where the passage states it.
    pub fn new(passage: &str, id: Option<&str>) -> Self {
        let text = normal(passage);
        let words = words(&text);
        let count = words.values().sum();
        let id = id.filter(|id| !id.is_empty() && text.contains(*id)).map(str::to_owned);
        Self { text, words, count, id }
    }

    /// Returns whether a returned passage is this one.
    pub fn is_hit_by(&self, returned: &Returned) -> bool {
        let text = normal(&returned.text);
        let whole = normal(&format!("{} {}", returned.headings.join(" "), returned.text));
        if self.count == 0 || self.id.as_ref().is_some_and(|id| !whole.contains(id.as_str())) {
            return false;
        }
        if whole.contains(&self.text) || (!text.is_empty() && self.text.contains(&text)) {
            return true;
        }
        let found = words(&whole);
        let shared: usize =
            self.words.iter().map(|(word, count)| (*count).min(found.get(word).copied().unwrap_or(0))).sum();
        shared as f64 >= self.count as f64 * WORD_SHARE
    }
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *words.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Gold, Returned};

    #[test]
    fn a_hit_contains_is_contained_or_shares_half_of_the_words() {
        let gold = "We open at nine.\nWe close at five.";
        let cases = [
            ("We open at nine. We close at five.", true),
            ("Hours. We open   at nine. We close at five. Welcome.", true),
            ("We close at five.", true),
            ("we open; AT nine", true),
            ("We open the door.", false),
            ("at at at at", false),
            ("", false),
        ];
        for (text, is_hit) in cases {
            let returned = Returned { headings: Vec::new(), text: text.to_owned() };
            assert_eq!(Gold::new(gold, None).is_hit_by(&returned), is_hit, "{text}");
        }
    }

    #[test]
    fn headings_count_for_the_passage_under_them() {
        let returned =
            Returned { headings: vec!["## Parking".to_owned()], text: "Behind the shop.".to_owned() };
        assert!(
            Gold::new("## Parking\n\nBehind the shop. Free for an hour, then 2 EUR.", None)
                .is_hit_by(&returned)
        );
        assert!(Gold::new("## Parking Behind the shop.", None).is_hit_by(&returned));
    }

    #[test]
    fn a_row_of_the_same_table_is_no_hit_without_the_rows_id() {
        let gold = Gold::new("sku: HL-1; name: lamp Eco green; price: 5 USD; stock: 3", Some("HL-1"));
        let row = |text: &str| Returned { headings: Vec::new(), text: text.to_owned() };
        assert!(gold.is_hit_by(&row("HL-1, lamp Eco green, price 5 USD, stock 3")));
        assert!(!gold.is_hit_by(&row("sku: HL-2; name: lamp Eco white; price: 5 USD; stock: 3")));
        assert!(Gold::new("No id in here", Some("FAQ_7")).is_hit_by(&row("No id in here")));
    }
}
