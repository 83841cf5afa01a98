//! What models and guardrails cost, read from a file, and the price of an answer. It knows no model.

use std::collections::BTreeMap;

use lifecycle::Reader;
use serde::Deserialize;

const BUILT_IN: &str = include_str!("../prices.toml");
/// Of the file, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Nobody charges more for a million tokens or a thousand units, in dollars; a higher number is a slip of the unit.
const MAX_PRICE: f64 = 100_000.0;
/// A dollar for a million of something is a millionth of a dollar for one, which is a million of these.
const PICODOLLARS_PER_MICRODOLLAR: u64 = 1_000_000;

/// What models and guardrails cost.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    model: BTreeMap<String, ModelPrice>,
    #[serde(default)]
    guardrail: GuardrailPrice,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Tokens read.
    pub input: f64,
    /// Tokens read from the provider's cache.
    pub cached_input: f64,
    /// Tokens written.
    pub output: f64,
}

/// What a guardrail costs, in US dollars for 1,000 text units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardrailPrice {
    /// Denied topics.
    pub topics: f64,
    /// Filters of content.
    pub content: f64,
    /// Personal data; patterns of one's own are free.
    pub personal_data: f64,
    /// Comparison with the passages.
    pub grounding: f64,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, those from the cache included.
    pub input_tokens: u32,
    /// Tokens read from the cache.
    pub cached_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
    /// What guardrails read.
    pub guardrail: GuardrailUnits,
}

/// Text units that a guardrail charges for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardrailUnits {
    /// Of denied topics.
    pub topics: u32,
    /// Of filters of content.
    pub content: u32,
    /// Of personal data.
    pub personal_data: u32,
    /// Of the comparison with the passages.
    pub grounding: u32,
}

impl Prices {
    /// Reads the prices: the built-in ones, or the file that `GENERATOR_PRICES` names.
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let path = reader.optional_text("GENERATOR_PRICES");
        let prices = path.map_or_else(|| Self::parse(BUILT_IN), |path| Self::parse(&file(&path)?));
        prices.unwrap_or_else(|mistake| {
            reader.mistake("GENERATOR_PRICES", mistake);
            Self { model: BTreeMap::new(), guardrail: GuardrailPrice::default() }
        })
    }

    /// Reads prices from their text.
    ///
    /// # Errors
    /// Says what is wrong: no TOML, an unknown name, or a price that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let prices: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let guardrail = &prices.guardrail;
        let guardrail = [guardrail.topics, guardrail.content, guardrail.personal_data, guardrail.grounding];
        let models = prices.model.values().flat_map(|price| [price.input, price.cached_input, price.output]);
        match models.chain(guardrail).find(|price| !(0.0..=MAX_PRICE).contains(price)) {
            Some(wrong) => Err(format!("expected prices from 0 to {MAX_PRICE} dollars, got {wrong}")),
            None => Ok(prices),
        }
    }

    /// Returns what a model costs, by its id, the id of its inference profile, or an ARN that ends in one of them.
    pub fn of(&self, model: &str) -> Option<ModelPrice> {
        let id = model.rsplit('/').next().unwrap_or(model);
        let base = id.split_once('.').map_or(id, |(_, base)| base);
        self.model.get(id).or_else(|| self.model.get(base)).copied()
    }

    /// Returns the most that an answer may cost in millionths of a dollar: so many tokens read and written, and so many units
    /// read by each policy of a guardrail.
    pub(crate) fn most_microdollars(&self, price: ModelPrice, tokens: (u32, u32), units: u32) -> u64 {
        let guardrail =
            GuardrailUnits { topics: units, content: units, personal_data: units, grounding: units };
        let (input_tokens, output_tokens) = tokens;
        self.cost_microdollars(price, &Usage { input_tokens, cached_tokens: 0, output_tokens, guardrail })
    }

    /// Returns the price of a guardrail that was asked by itself, in millionths of a dollar, rounded up.
    pub fn guardrail_microdollars(&self, units: GuardrailUnits) -> u64 {
        self.cost_microdollars(ModelPrice::default(), &Usage { guardrail: units, ..Usage::default() })
    }

    /// Returns the price of an answer in millionths of a dollar, rounded up.
    pub fn cost_microdollars(&self, price: ModelPrice, usage: &Usage) -> u64 {
        let Usage { input_tokens, cached_tokens, output_tokens, guardrail: units } = *usage;
        let of_guardrail = self.guardrail;
        // Units are priced by the thousand, tokens by the million.
        let parts = [
            (price.input, u64::from(input_tokens.saturating_sub(cached_tokens))),
            (price.cached_input, u64::from(cached_tokens.min(input_tokens))),
            (price.output, u64::from(output_tokens)),
            (of_guardrail.topics, 1_000 * u64::from(units.topics)),
            (of_guardrail.content, 1_000 * u64::from(units.content)),
            (of_guardrail.personal_data, 1_000 * u64::from(units.personal_data)),
            (of_guardrail.grounding, 1_000 * u64::from(units.grounding)),
        ];
        let picodollars = parts.iter().fold(0_u64, |sum, (price, count)| {
            sum.saturating_add(picodollars(*price).saturating_mul(*count))
        });
        picodollars.div_ceil(PICODOLLARS_PER_MICRODOLLAR)
    }
}

impl GuardrailUnits {
    /// Returns the units of all policies together.
    pub fn total(&self) -> u32 {
        let parts = [self.topics, self.content, self.personal_data, self.grounding];
        parts.into_iter().fold(0, u32::saturating_add)
    }
}

/// Returns the price of one when a million cost this many dollars; whole numbers add up without drifting.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a checked price is 0 to 100,000"
)]
fn picodollars(price: f64) -> u64 {
    (price * 1e6).round() as u64
}

fn file(path: &str) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{path} cannot be read: {error}"))?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("{path} has {size} bytes, at most {MAX_FILE_BYTES} are read"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, GuardrailUnits, Prices, Usage};

    #[test]
    fn the_built_in_prices_are_right_and_found_by_profile_and_arn() {
        let prices = Prices::parse(BUILT_IN).expect("prices");
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0";
        for (id, input) in [
            ("amazon.nova-lite-v1:0", 0.06),
            ("us.amazon.nova-lite-v1:0", 0.06),
            ("eu.amazon.nova-lite-v1:0", 0.078),
            (arn, 0.06),
        ] {
            assert_eq!(prices.of(id).map(|price| price.input), Some(input), "{id}");
        }
        assert!(prices.of("meta.llama").is_none() && prices.of("").is_none());
    }

    #[test]
    fn an_answer_costs_its_tokens_and_its_guardrail() {
        let prices = Prices::parse(BUILT_IN).expect("prices");
        let lite = prices.of("amazon.nova-lite-v1:0").expect("a price");
        let usage = Usage { input_tokens: 2_650, output_tokens: 220, ..Usage::default() };
        // 2,650 x 0.06 + 220 x 0.24 = 211.8 millionths of a dollar.
        assert_eq!(prices.cost_microdollars(lite, &usage), 212);
        let cached = Usage { cached_tokens: 2_000, ..usage };
        // 650 x 0.06 + 2,000 x 0.015 + 52.8 = 121.8.
        assert_eq!(prices.cost_microdollars(lite, &cached), 122);
        let units = GuardrailUnits { topics: 1, content: 2, personal_data: 1, grounding: 0 };
        // 150 + 300 + 100 millionths for the guardrail.
        assert_eq!(prices.cost_microdollars(lite, &Usage { guardrail: units, ..usage }), 762);
        assert_eq!(units.total(), 4);
        assert_eq!(prices.guardrail_microdollars(units), 550);
        let most = Usage { input_tokens: u32::MAX, output_tokens: u32::MAX, ..cached };
        assert!(prices.cost_microdollars(lite, &most) > 1_000_000_000);
    }

    #[test]
    fn a_wrong_price_is_said() {
        let wrong = [
            ("x = 1", "x"),
            ("[model.a]\ninput = -1\ncached_input = 0\noutput = 0", "-1"),
            ("[model.a]\ninput = nan\ncached_input = 0\noutput = 0", "NaN"),
        ];
        for (text, part) in wrong {
            let mistake = Prices::parse(text).expect_err("a mistake");
            assert!(mistake.contains(part), "{mistake}");
        }
    }
}
