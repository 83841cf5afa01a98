//! Puts neighbouring parts together up to a target length.

use std::ops::Range;

use super::Sizes;

/// Returns the end of a slice that begins at `start`.
pub(super) fn span(start: usize, slice: &str) -> usize {
    start + slice.len()
}

/// Groups parts that follow each other up to the target length; a longer part is a group of its own.
pub(super) fn pack(parts: &[Range<usize>], text: &str, sizes: &Sizes) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut group_chars = 0;
    for part in parts {
        let chars = text[part.clone()].chars().count() + 1;
        match groups.last_mut() {
            Some(group) if group_chars + chars <= sizes.target_chars => {
                group.end = part.end;
                group_chars += chars;
            }
            _ => {
                groups.push(part.clone());
                group_chars = chars;
            }
        }
    }
    groups
}
