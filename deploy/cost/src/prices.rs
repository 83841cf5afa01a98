//! The price list, read once and checked.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;

const PRICES: &str = include_str!("../prices.toml");
/// What the generator counts with: one list for what is told before and what is counted after.
const MODELS: &str = include_str!("../../../generator/prices.toml");

/// Prices by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day on which they were looked up.
    pub checked: String,
    /// Machines by the hour, by their names at AWS.
    hour: BTreeMap<String, f64>,
    /// Where these stand.
    hour_source: BTreeMap<String, String>,
    price: BTreeMap<String, Price>,
    #[serde(skip)]
    models: BTreeMap<String, Tokens>,
    /// For each 1,000 texts of up to 1,000 characters, by policy.
    #[serde(skip)]
    guardrail: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    dollars: f64,
    source: String,
}

/// Dollars for each million tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) input: f64,
    pub(crate) output: f64,
}

#[derive(Deserialize)]
struct Models {
    model: BTreeMap<String, Tokens>,
    guardrail: BTreeMap<String, f64>,
}

impl Prices {
    /// Returns the list that comes with the program.
    ///
    /// # Errors
    /// When the list is broken, which a test rules out.
    pub fn read() -> anyhow::Result<Self> {
        let mut prices: Self = toml::from_str(PRICES).context("prices.toml")?;
        let models: Models = toml::from_str(MODELS).context("the generator's prices.toml")?;
        (prices.models, prices.guardrail) = (models.model, models.guardrail);
        Ok(prices)
    }

    /// Returns what something costs.
    ///
    /// # Errors
    /// When the list does not know it.
    pub(crate) fn of(&self, name: &str) -> anyhow::Result<f64> {
        let price = self.price.get(name).with_context(|| format!("prices.toml has no price of {name}"))?;
        Ok(price.dollars)
    }

    /// Returns what an hour of a machine costs.
    ///
    /// # Errors
    /// When the list does not know it, with what it knows.
    pub(crate) fn hour_of(&self, machine: &str) -> anyhow::Result<f64> {
        let known = || {
            let known: Vec<&str> = self.hour.keys().map(String::as_str).collect();
            format!("no price of {machine} is known; prices.toml has {}", known.join(", "))
        };
        self.hour.get(machine).copied().with_context(known)
    }

    /// Returns what tokens of a model cost: of the profile where it has a price of its own, else of the model.
    ///
    /// # Errors
    /// When the list does not know it.
    pub(crate) fn model(&self, id: &str) -> anyhow::Result<Tokens> {
        let plain = id.split_once('.').map_or(id, |(_, plain)| plain);
        let found = self.models.get(id).or_else(|| self.models.get(plain));
        found.copied().with_context(|| format!("no price of the model {id} is known"))
    }

    /// Returns what a policy of a guardrail costs for a text of up to 1,000 characters.
    pub(crate) fn policy(&self, name: &str) -> f64 {
        self.guardrail.get(name).copied().unwrap_or(0.0) / 1000.0
    }

    /// Returns where each price stands, for whoever wants to look it up.
    pub fn sources(&self) -> impl Iterator<Item = (&str, f64, &str)> {
        let source = |machine: &str| match machine {
            _ if machine.starts_with("db.") => "databases",
            _ if machine.starts_with("cache.") => "caches",
            _ => "hosts",
        };
        let hours = self.hour.iter().map(move |(machine, dollars)| {
            let source = self.hour_source.get(source(machine)).map_or("", String::as_str);
            (machine.as_str(), *dollars, source)
        });
        let others =
            self.price.iter().map(|(name, price)| (name.as_str(), price.dollars, price.source.as_str()));
        hours.chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::Prices;

    #[test]
    fn every_price_is_positive_and_says_where_it_stands() {
        let prices = Prices::read().expect("a list");
        assert_eq!(prices.checked.len(), 10, "a day");
        for (name, dollars, source) in prices.sources() {
            assert!(
                dollars > 0.0 && source.starts_with("https://aws.amazon.com/"),
                "{name} {dollars} {source}"
            );
        }
    }

    #[test]
    fn what_the_list_does_not_know_is_said_with_what_it_knows() {
        let prices = Prices::read().expect("a list");
        let error = prices.hour_of("x9.huge").expect_err("no price").to_string();
        assert!(error.contains("x9.huge") && error.contains("t4g.small"), "{error}");
        assert!(prices.model("amazon.unknown-v1:0").is_err() && prices.of("tea").is_err());
        let (plain, profile) =
            (prices.model("amazon.nova-lite-v1:0"), prices.model("us.amazon.nova-lite-v1:0"));
        assert_eq!(plain.expect("known").input.to_bits(), profile.expect("known").input.to_bits());
    }
}
