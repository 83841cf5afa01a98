//! What is asked of the model: its id, the vector's size, and a body that it takes.

use std::time::Duration;

use serde_json::json;

use crate::embedder::Error;
use crate::tokens::estimate_tokens;

/// Most characters that Titan takes in a text.
pub const MAX_TEXT_CHARACTERS: usize = 50_000;
/// Most tokens that Titan takes in a text. The model's vocabulary is not known here, so tokens are estimated, see
/// [`crate::estimate_tokens`].
pub const MAX_TEXT_TOKENS: u32 = 8_192;

/// Fewest and most numbers in a vector of a model that is none of Titan's.
const OTHER_DIMENSIONS: std::ops::RangeInclusive<usize> = 64..=4_096;

/// Which model, and what a call may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitanOptions {
    /// Id or ARN of the model: `amazon.titan-embed-text-v2:0`, `amazon.titan-embed-text-v1`, or another model that
    /// answers `{"inputText": ...}` with `{"embedding": [...]}`. It names the vectors too.
    pub model: String,
    /// Numbers in a vector: 256, 512 or 1,024 for Titan v2, 1,536 for v1, 64 to 4,096 for others.
    pub dimensions: usize,
    /// Calls under way at the same time, at least 1: a call embeds one text.
    pub concurrency: usize,
    /// Attempts for each text, at least 1. Only throttling, timeouts and the model's own faults are tried again.
    pub attempts: u32,
    /// Time for one attempt, from connecting to the last byte.
    pub attempt_timeout: Duration,
    /// Time for one text: waiting for other calls, all attempts and the pauses between them.
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    TitanV1,
    TitanV2,
    Other,
}

impl TitanOptions {
    /// Checks that the numbers fit together.
    ///
    /// # Errors
    /// [`Error::Settings`] names what is wrong and what would be right.
    pub fn check(&self) -> Result<(), Error> {
        let (is_known, expected) = match self.family() {
            Family::TitanV2 => (matches!(self.dimensions, 256 | 512 | 1_024), "256, 512 or 1024"),
            Family::TitanV1 => (self.dimensions == 1_536, "1536"),
            Family::Other => (OTHER_DIMENSIONS.contains(&self.dimensions), "64 to 4096"),
        };
        let wrong = if self.model.is_empty() {
            "expected the id of an embedding model".to_owned()
        } else if !is_known {
            format!("{} makes vectors of {expected} numbers, not of {}", self.model, self.dimensions)
        } else if self.concurrency == 0 || self.attempts == 0 {
            "expected at least one call and one attempt".to_owned()
        } else if self.attempt_timeout.is_zero() || self.timeout < self.attempt_timeout {
            "expected a timeout no shorter than that of one attempt".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::Settings(wrong))
    }

    /// Returns what a token costs in us-east-1, in billionths of a US dollar; 0 for models that are not known.
    /// Source: <https://aws.amazon.com/bedrock/pricing/>.
    pub(super) fn nano_dollars_per_token(&self) -> u64 {
        match self.family() {
            Family::TitanV2 => 20,
            Family::TitanV1 => 100,
            Family::Other => 0,
        }
    }

    /// Returns the body of a call: the text, cut where it is too long, and what this model can be told.
    pub(super) fn body(&self, text: &str) -> Result<Vec<u8>, Error> {
        let text = cut(text);
        let body = match self.family() {
            Family::TitanV2 => json!({ "inputText": text, "dimensions": self.dimensions, "normalize": true }),
            Family::TitanV1 | Family::Other => json!({ "inputText": text }),
        };
        serde_json::to_vec(&body).map_err(|error| Error::Refused(error.to_string()))
    }

    /// Whether the model was asked for vectors of unit length.
    pub(super) fn is_normalised_by_the_model(&self) -> bool {
        self.family() == Family::TitanV2
    }

    /// An ARN holds the model's id.
    fn family(&self) -> Family {
        if self.model.contains("titan-embed-text-v2") {
            Family::TitanV2
        } else if self.model.contains("titan-embed-text-v1") {
            Family::TitanV1
        } else {
            Family::Other
        }
    }
}

/// Whether a validation error is about the model that was named rather than about the text.
pub(super) fn is_about_the_model(message: &str) -> bool {
    let message = message.to_lowercase();
    ["model identifier", "model id", "on-demand throughput", "dimensions"]
        .iter()
        .any(|part| message.contains(part))
}

/// Returns the longest beginning of a text that is within both limits, ended between two characters. What lies behind
/// it does not reach the vector; chunks and questions are far shorter.
fn cut(text: &str) -> &str {
    let end_of =
        |characters: usize| text.char_indices().nth(characters).map_or(text.len(), |(place, _)| place);
    let fits = |characters: usize| estimate_tokens(&text[..end_of(characters)]) <= MAX_TEXT_TOKENS;
    // In bytes there are at least as many as in characters, and no token is shorter than a byte.
    if text.len() <= MAX_TEXT_TOKENS as usize {
        return text;
    }
    let (mut within, mut beyond) = (0, MAX_TEXT_CHARACTERS + 1);
    while within + 1 < beyond {
        let middle = within.midpoint(beyond);
        if fits(middle) {
            within = middle;
        } else {
            beyond = middle;
        }
    }
    &text[..end_of(within)]
}

#[cfg(test)]
mod tests {
    use super::{Duration, MAX_TEXT_CHARACTERS, MAX_TEXT_TOKENS, TitanOptions, cut, estimate_tokens};

    fn options(model: &str, dimensions: usize) -> TitanOptions {
        TitanOptions {
            model: model.to_owned(),
            dimensions,
            concurrency: 1,
            attempts: 1,
            attempt_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn each_model_takes_its_own_sizes_only() {
        let arn = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0";
        let cases = [
            ("amazon.titan-embed-text-v2:0", 512, true),
            ("amazon.titan-embed-text-v2:0", 384, false),
            (arn, 256, true),
            (arn, 1_536, false),
            ("amazon.titan-embed-text-v1", 1_536, true),
            ("amazon.titan-embed-text-v1", 1_024, false),
            ("another-model", 384, true),
            ("another-model", 0, false),
            ("", 512, false),
        ];
        for (model, dimensions, is_right) in cases {
            assert_eq!(options(model, dimensions).check().is_ok(), is_right, "{model} {dimensions}");
        }
        let late = TitanOptions { attempt_timeout: Duration::from_secs(2), ..options("another-model", 384) };
        assert!(late.check().is_err());
    }

    #[test]
    fn only_titan_v2_is_told_a_size() {
        let body = |model, dimensions| {
            let bytes = options(model, dimensions).body("Größe?").expect("a body");
            String::from_utf8(bytes).expect("UTF-8")
        };
        assert_eq!(
            body("amazon.titan-embed-text-v2:0", 256),
            r#"{"inputText":"Größe?","dimensions":256,"normalize":true}"#
        );
        assert_eq!(body("amazon.titan-embed-text-v1", 1_536), r#"{"inputText":"Größe?"}"#);
    }

    #[test]
    fn a_long_text_is_cut_between_characters_at_the_first_limit_it_meets() {
        let cases = [
            ("short".to_owned(), 5),
            // One token each.
            ("退".repeat(9_000), 8_192),
            // Half a token each, so that characters come first to nothing and tokens decide.
            ("é ".repeat(30_000), 16_384),
            // White space costs no token.
            (" ".repeat(60_000), MAX_TEXT_CHARACTERS),
        ];
        for (text, characters) in cases {
            let kept = cut(&text);
            assert!(text.starts_with(kept) && estimate_tokens(kept) <= MAX_TEXT_TOKENS);
            assert_eq!(kept.chars().count(), characters);
        }
    }
}
