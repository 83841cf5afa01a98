//! What the model answered, believed only once it is checked.

use serde::Deserialize;

use super::request::TitanOptions;
use crate::embedder::Error;

/// How far from 1 the length of a vector may be that the model made of unit length; rounding is far below.
const LENGTH_TOLERANCE: f32 = 0.01;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    embedding: Vec<f32>,
    /// Titan counts them; a model behind the same body may not.
    #[serde(default)]
    input_text_token_count: u64,
}

/// Returns the vector of a reply, of exactly unit length, and the tokens that were counted.
///
/// # Errors
/// [`Error::Unavailable`] for a reply that holds no usable vector; the text says why.
pub(super) fn vector(body: &[u8], options: &TitanOptions) -> Result<(Vec<f32>, u64), Error> {
    let broken = |why: String| Error::Unavailable(format!("a broken reply: {why}"));
    let reply: Reply = serde_json::from_slice(body).map_err(|error| broken(error.to_string()))?;
    let mut vector = reply.embedding;
    if vector.len() != options.dimensions {
        return Err(broken(format!("expected {} numbers, got {}", options.dimensions, vector.len())));
    }
    if !vector.iter().all(|number| number.is_finite()) {
        return Err(broken("a number without a value".to_owned()));
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if !length.is_normal() {
        return Err(broken(format!("a vector of length {length}")));
    }
    if options.is_normalised_by_the_model() && (length - 1.0).abs() > LENGTH_TOLERANCE {
        return Err(broken(format!("expected a vector of unit length, got {length}")));
    }
    vector.iter_mut().for_each(|number| *number /= length);
    Ok((vector, reply.input_text_token_count))
}
