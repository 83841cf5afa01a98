//! What embedding costs, where that is known. Models made on this machine cost nothing.

/// Dollars for a million tokens, by the model's id without its region: the list prices of Amazon Bedrock on demand.
const PRICES: &[(&str, f64)] =
    &[("amazon.titan-embed-text-v2:0", 0.02), ("amazon.titan-embed-text-v1", 0.10)];

/// Returns what embedding so many tokens costs in dollars; `None` when the model's price is not known.
pub(super) fn dollars(model: &str, tokens: u64) -> Option<f64> {
    if model.starts_with("offline-") {
        return Some(0.0);
    }
    let (_, price) = PRICES.iter().find(|(known, _)| model.ends_with(known))?;
    // Far below 2^53 tokens.
    let tokens = tokens.to_string().parse::<f64>().ok()?;
    Some(tokens / 1_000_000.0 * price)
}

/// Returns billionths of a dollar in dollars.
pub(super) fn dollars_of(nano_dollars: u64) -> f64 {
    // Far below 2^53.
    nano_dollars.to_string().parse::<f64>().unwrap_or_default() / 1_000_000_000.0
}

/// Returns the amount as people read it.
pub(super) fn shown(dollars: Option<f64>) -> String {
    match dollars {
        None => "at an unknown price".to_owned(),
        Some(0.0) => "free of charge".to_owned(),
        Some(amount) if amount < 0.01 => format!("${amount:.6}"),
        Some(amount) => format!("${amount:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{dollars, shown};

    #[test]
    fn a_price_is_known_for_the_models_that_the_product_uses() {
        for (model, tokens, expected) in [
            ("amazon.titan-embed-text-v2:0", 1_000_000, "$0.02"),
            (
                "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0",
                1_000,
                "$0.000020",
            ),
            ("offline-ngram-v1", 5_000, "free of charge"),
            ("other", 1, "at an unknown price"),
        ] {
            assert_eq!(shown(dollars(model, tokens)), expected, "{model}");
        }
    }
}
