//! Text of a page that a person does not see: an editor decides whether visitors get it.

use scraper::ElementRef;

use super::{SKIPPED, is_concealed, is_frame_or_ornament, lines_of};
use crate::extract::builder::Builder;

/// Fewer words are a mark or the name of a button.
const FEWEST_WORDS: usize = 2;

/// Adds the text of every concealed element below this one.
pub(super) fn read(root: ElementRef<'_>, builder: &mut Builder) {
    let mut open = vec![root];
    while let Some(element) = open.pop() {
        if SKIPPED.contains(&element.value().name()) || is_frame_or_ornament(element) {
            continue;
        }
        if is_concealed(element) {
            // What is concealed once more inside of it has its own turn.
            let text = lines_of(element, 0);
            if text.split_whitespace().nth(FEWEST_WORDS - 1).is_some() {
                builder.hidden(|builder| builder.paragraph(&text));
            }
        }
        let children: Vec<ElementRef<'_>> = element.child_elements().collect();
        open.extend(children.into_iter().rev());
    }
}
