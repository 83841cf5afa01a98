//! `InvokeModel` of Titan's text embeddings: vectors that are near for texts with the same words, and the same on every machine.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::request::invalid;
use super::tokens;
use crate::simulate::reply::ServiceError;

const MOST_TOKENS: usize = 8_192;
const MOST_CHARACTERS: usize = 50_000;
const V1_DIMENSIONS: usize = 1_536;
const V2_DIMENSIONS: [u64; 3] = [1_024, 512, 256];

/// A family of models that takes its own body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Titan {
    V1,
    V2,
}

/// A vector and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Embedded {
    pub(super) tokens: usize,
    pub(super) body: Value,
}

impl Titan {
    /// Returns the family of a model; nothing when it embeds no text.
    pub(super) fn of(resource: &str) -> Option<Self> {
        let is = |pattern| super::path::is_model(resource, pattern);
        if is("amazon.titan-embed-text-v2*") {
            return Some(Self::V2);
        }
        is("amazon.titan-embed-text-v1*").then_some(Self::V1)
    }

    /// Embeds what the body of a call holds.
    pub(super) fn embed(self, body: &Value) -> Result<Embedded, ServiceError> {
        let members = body.as_object().ok_or_else(|| malformed("expected type: JSONObject"))?;
        let known: &[&str] = match self {
            Self::V1 => &["inputText"],
            Self::V2 => &["inputText", "dimensions", "normalize", "embeddingTypes"],
        };
        if let Some(extraneous) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(malformed(&format!("extraneous key [{extraneous}] is not permitted")));
        }
        let text = text(members)?;
        let tokens = tokens::count(text);
        if tokens > MOST_TOKENS {
            return Err(invalid(format!(
                "Too many input tokens. Max input tokens: {MOST_TOKENS}, request input token count: {tokens}"
            )));
        }
        let body = match self {
            Self::V1 => {
                json!({ "embedding": vector(text, V1_DIMENSIONS, true), "inputTextTokenCount": tokens })
            }
            Self::V2 => v2(members, text, tokens)?,
        };
        Ok(Embedded { tokens, body })
    }
}

fn v2(members: &Map<String, Value>, text: &str, tokens: usize) -> Result<Value, ServiceError> {
    let dimensions = match members.get("dimensions") {
        None => 1_024,
        Some(value) => {
            let known = value.as_u64().filter(|number| V2_DIMENSIONS.contains(number));
            known.ok_or_else(|| malformed(&format!("{value} is not a valid enum value for dimensions")))?
        }
    };
    let is_unit = match members.get("normalize") {
        None => true,
        Some(value) => {
            value.as_bool().ok_or_else(|| malformed("expected type: Boolean, found: normalize"))?
        }
    };
    let types: Vec<&str> = match members.get("embeddingTypes") {
        None => vec!["float"],
        Some(value) => {
            let types: Option<Vec<&str>> =
                value.as_array().map(|types| types.iter().filter_map(Value::as_str).collect());
            let types = types.filter(|types| !types.is_empty());
            types.ok_or_else(|| malformed("expected minimum item count: 1, found: embeddingTypes"))?
        }
    };
    let vector = vector(text, usize::try_from(dimensions).unwrap_or_default(), is_unit);
    let (mut by_type, mut answer) = (Map::new(), Map::new());
    for kind in types {
        let value = match kind {
            "float" => json!(vector),
            "binary" => vector.iter().map(|number| json!(u8::from(*number > 0.0))).collect(),
            other => return Err(malformed(&format!("{other} is not a valid enum value"))),
        };
        by_type.insert(kind.to_owned(), value);
    }
    if let Some(floats) = by_type.get("float") {
        answer.insert("embedding".to_owned(), floats.clone());
    }
    answer.insert("embeddingsByType".to_owned(), by_type.into());
    answer.insert("inputTextTokenCount".to_owned(), tokens.into());
    Ok(answer.into())
}

fn text(members: &Map<String, Value>) -> Result<&str, ServiceError> {
    let Some(value) = members.get("inputText") else {
        return Err(malformed("required key [inputText] not found"));
    };
    let text = value.as_str().ok_or_else(|| malformed("expected type: String, found: inputText"))?;
    let characters = text.chars().count();
    if characters == 0 {
        return Err(malformed("expected minLength: 1, actual: 0"));
    }
    if characters > MOST_CHARACTERS {
        return Err(malformed(&format!("expected maxLength: {MOST_CHARACTERS}, actual: {characters}")));
    }
    Ok(text)
}

/// Returns the sum of the words' vectors. A word's has a few places that its hash chooses, so that two words have little in common,
/// and a text without words is one.
fn vector(text: &str, dimensions: usize, is_unit: bool) -> Vec<f32> {
    let mut sum = vec![0.0_f32; dimensions];
    let mut add = |word: &str| {
        for pair in Sha256::digest(word).chunks_exact(2) {
            let number = pair.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
            let place = number.checked_rem(dimensions).unwrap_or_default();
            // The highest bit says which way; with at most 1,536 places the rest says where.
            let step = if number & 0x8000 == 0 { 1.0 } else { -1.0 };
            sum.get_mut(place).into_iter().for_each(|number| *number += step);
        }
    };
    let mut words = tokens::words(text).peekable();
    if words.peek().is_none() {
        add(text);
    }
    words.for_each(|word| add(&word));
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length == 0.0 {
        // All cancelled out: a vector needs a direction.
        sum.iter_mut().take(1).for_each(|first| *first = 1.0);
    } else if is_unit {
        sum.iter_mut().for_each(|number| *number /= length);
    }
    sum
}

fn malformed(what: &str) -> ServiceError {
    invalid(format!("Malformed input request: {what}, please reformat your input and try again."))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Titan, vector};

    fn dot(one: &[f32], other: &[f32]) -> f32 {
        one.iter().zip(other).map(|(one, other)| one * other).sum()
    }

    fn refused(titan: Titan, body: &Value) -> String {
        let error = titan.embed(body).expect_err("refused");
        assert_eq!(error.name, "ValidationException");
        error.message
    }

    #[test]
    fn texts_with_the_same_words_are_near_and_others_are_not() {
        let of = |text| vector(text, 256, true);
        let asked = of("When does the shop open?");
        assert!((dot(&asked, &asked) - 1.0).abs() < 1e-5);
        assert_eq!(of("Shop, OPEN."), of("open shop"));
        let (near, far) =
            (dot(&asked, &of("The shop does open at nine")), dot(&asked, &of("Dogs are welcome")));
        assert!(near > 0.5 && far < 0.3, "{near} {far}");
        assert_ne!(of("!"), of("?"));
    }

    #[test]
    fn each_version_has_its_own_body() {
        let embedded = Titan::V1.embed(&json!({ "inputText": "Hello there" })).expect("a vector");
        assert_eq!(embedded.body["embedding"].as_array().map(Vec::len), Some(1_536));
        assert_eq!((embedded.tokens, &embedded.body["inputTextTokenCount"]), (2, &json!(2)));
        let both = json!({ "inputText": "Hello", "dimensions": 512, "normalize": false, "embeddingTypes": ["binary", "float"] });
        let body = Titan::V2.embed(&both).expect("a vector").body;
        assert_eq!(body["embedding"].as_array().map(Vec::len), Some(512));
        assert_eq!(body["embeddingsByType"]["binary"].as_array().map(Vec::len), Some(512));
        let binary = Titan::V2
            .embed(&json!({ "inputText": "Hello", "embeddingTypes": ["binary"] }))
            .expect("a vector");
        assert!(binary.body.get("embedding").is_none());
        assert_eq!(Titan::of("us.amazon.titan-embed-text-v2:0"), Some(Titan::V2));
        assert_eq!(Titan::of("amazon.nova-lite-v1:0"), None);
    }

    #[test]
    fn what_a_model_does_not_take_is_refused() {
        for (titan, body, part) in [
            (Titan::V2, json!("text"), "JSONObject"),
            (Titan::V2, json!({}), "inputText"),
            (Titan::V2, json!({ "inputText": "" }), "minLength: 1"),
            (Titan::V2, json!({ "inputText": "x".repeat(50_001) }), "maxLength: 50000"),
            (Titan::V2, json!({ "inputText": "a ".repeat(8_193) }), "Too many input tokens"),
            (Titan::V2, json!({ "inputText": "a", "dimensions": 100 }), "dimensions"),
            (Titan::V2, json!({ "inputText": "a", "embeddingTypes": ["int8"] }), "int8"),
            (Titan::V1, json!({ "inputText": "a", "dimensions": 256 }), "extraneous key [dimensions]"),
        ] {
            let message = refused(titan, &body);
            assert!(message.contains(part), "{message}");
        }
    }
}
