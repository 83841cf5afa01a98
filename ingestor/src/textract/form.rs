//! Forms: pairs of a name and what stands there; and the answers to queries.

use formats::Failure;

use super::blocks::{Block, Blocks, Kind, Relation, Role};
use super::budget::Budget;

/// Answers that the service is less sure of are not believed, 0 to 100.
const LEAST_CONFIDENCE: f32 = 50.0;

/// Returns a pair's name and value; nothing without a name.
///
/// # Errors
/// When they are longer than the budget allows.
pub(super) fn pair(
    blocks: &Blocks,
    key: &Block,
    budget: &mut Budget,
) -> Result<Option<Vec<String>>, Failure> {
    let name = budget.words(blocks.inside(key).map(|(_, word)| word))?;
    let values = blocks.related(key, Relation::Value, Kind::KeyValue);
    let value = budget.words(values.flat_map(|(_, value)| blocks.inside(value)).map(|(_, word)| word))?;
    Ok((!name.is_empty()).then(|| vec![name, value]))
}

/// Returns the places of what a pair is made of: words and boxes.
pub(super) fn parts<'a>(blocks: &'a Blocks, key: &'a Block) -> impl Iterator<Item = usize> + 'a {
    let values = blocks.related(key, Relation::Value, Kind::KeyValue).map(|(_, value)| value);
    std::iter::once(key).chain(values).flat_map(|half| blocks.inside(half)).map(|(place, _)| place)
}

/// Returns whether a block is the half of a pair that names it.
pub(super) fn is_key(block: &Block) -> bool {
    block.kind == Kind::KeyValue && block.has(Role::Key)
}

/// Returns the surest answer to the query of this name.
pub(super) fn answer<'a>(blocks: &'a Blocks, alias: &str) -> Option<&'a str> {
    let queries = blocks.all().filter(|(_, block)| block.kind == Kind::Query && block.alias == alias);
    let results = queries.flat_map(|(_, query)| blocks.related(query, Relation::Answer, Kind::QueryResult));
    let results = results.map(|(_, result)| result);
    let sure =
        results.filter(|result| result.confidence >= LEAST_CONFIDENCE && !result.text.trim().is_empty());
    sure.max_by(|a, b| a.confidence.total_cmp(&b.confidence)).map(|result| result.text.trim())
}
