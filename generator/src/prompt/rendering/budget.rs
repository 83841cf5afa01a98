//! What of a prompt is kept when it has too many tokens. It knows sizes only, no text.

use crate::error::Error;

/// What a turn or a passage costs beside its text.
const EACH_TOKENS: u32 = 8;
/// History may take one part in this many of the room beside rules and question, so that passages are never crowded out.
const HISTORY_SHARE: u32 = 4;
/// A passage whose text is shortened to less says nothing.
const SHORTEST_PASSAGE: u32 = 40;

/// Tokens of the parts of a prompt.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Of what always stays.
    pub(super) fixed: u32,
    /// Of each message, oldest first.
    pub(super) history: Vec<u32>,
    /// Of each passage in its tags, best first.
    pub(super) passages: Vec<u32>,
    /// Of the best passage's tags alone.
    pub(super) tags: u32,
}

/// What is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Place of the oldest message that stays.
    pub(super) history_from: usize,
    /// How many passages stay, from the best one on.
    pub(super) passages: usize,
    /// The tokens that the text of the only passage may have, where it must be shortened.
    pub(super) shortened_to: Option<u32>,
    /// Tokens of all that stays.
    pub(super) tokens: u32,
}

/// Adds what one more turn or passage costs.
pub(super) fn add(sum: u32, more: u32) -> u32 {
    sum.saturating_add(more).saturating_add(EACH_TOKENS)
}

/// Chooses what stays within the limit.
///
/// # Errors
/// [`Error::PromptTooLarge`] when there is no room for a part of the best passage.
pub(super) fn keep(sizes: &Sizes, limit: u32) -> Result<Kept, Error> {
    let room = limit.saturating_sub(sizes.fixed);
    // The best passage comes before any message.
    let best = sizes.passages.first().map_or(0, |size| add(0, *size));
    let for_history = (room / HISTORY_SHARE).min(room.saturating_sub(best));
    let (history_from, history) = newest(&sizes.history, for_history);
    let room = room.saturating_sub(history);
    let (mut passages, mut used) = (0, 0);
    for size in &sizes.passages {
        let with = add(used, *size);
        if with > room {
            break;
        }
        (passages, used) = (passages + 1, with);
    }
    let mut kept = Kept { history_from, passages, shortened_to: None, tokens: 0 };
    if passages == 0 && !sizes.passages.is_empty() {
        let text = room.saturating_sub(add(0, sizes.tags));
        if text < SHORTEST_PASSAGE {
            return Err(Error::PromptTooLarge { tokens: sizes.fixed, limit });
        }
        (kept.passages, kept.shortened_to, used) = (1, Some(text), room);
    }
    kept.tokens = sizes.fixed.saturating_add(history).saturating_add(used);
    Ok(kept)
}

/// Returns the place of the oldest message that stays when the newest ones may take this many tokens, and what they take.
fn newest(history: &[u32], room: u32) -> (usize, u32) {
    let mut used = 0;
    for (place, size) in history.iter().enumerate().rev() {
        let with = add(used, *size);
        if with > room {
            return (place + 1, used);
        }
        used = with;
    }
    (0, used)
}

#[cfg(test)]
mod tests {
    use super::{EACH_TOKENS, Error, Kept, Sizes, keep};
    use proptest::prelude::*;

    fn sizes(fixed: u32, history: &[u32], passages: &[u32]) -> Sizes {
        Sizes { fixed, history: history.to_vec(), passages: passages.to_vec(), tags: 10 }
    }

    #[test]
    fn the_lowest_passages_go_first_and_the_newest_messages_stay() {
        let all = sizes(100, &[40, 40], &[92, 92, 92]);
        let kept = keep(&all, 1_000).expect("room");
        assert_eq!(kept, Kept { history_from: 0, passages: 3, shortened_to: None, tokens: 496 });
        let kept = keep(&all, 400).expect("room");
        assert_eq!((kept.history_from, kept.passages), (1, 2));
        let kept = keep(&all, 200).expect("room");
        assert_eq!((kept.history_from, kept.passages, kept.shortened_to), (2, 1, None));
        let kept = keep(&all, 190).expect("room");
        assert_eq!((kept.passages, kept.shortened_to), (1, Some(190 - 100 - 10 - EACH_TOKENS)));
        assert!(matches!(keep(&all, 150), Err(Error::PromptTooLarge { tokens: 100, limit: 150 })));
    }

    proptest! {
        #[test]
        fn what_is_kept_never_passes_the_limit(
            fixed in any::<u32>(),
            history in prop::collection::vec(0_u32..5_000, 0..20),
            passages in prop::collection::vec(0_u32..70_000, 0..20),
            limit in 500_u32..200_000,
        ) {
            for fixed in [fixed, fixed % 2_000] {
                match keep(&sizes(fixed, &history, &passages), limit) {
                    Ok(kept) if fixed <= limit => {
                        prop_assert!(kept.tokens <= limit && kept.history_from <= history.len());
                        prop_assert_eq!(kept.passages == 0, passages.is_empty());
                    }
                    Ok(_) => prop_assert!(passages.is_empty()),
                    Err(_) => prop_assert!(fixed.saturating_add(60) > limit),
                }
            }
        }
    }
}
