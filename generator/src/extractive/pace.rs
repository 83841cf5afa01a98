//! How fast and in what pieces an answer is written.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use unicode_segmentation::UnicodeSegmentation;

use crate::error::Error;
use crate::model::ModelEvent;

/// Words of one delta when there is no pace, so that a client sees a stream without paying for each word.
const WORDS_AT_ONCE: usize = 4;
/// Letters of a word that count as one token, the usual rule of thumb.
const LETTERS_PER_TOKEN: usize = 4;

/// Words per second; none means at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    between: Option<Duration>,
}

impl Pace {
    pub(super) fn new(tokens_per_second: u32) -> Self {
        Self { between: (tokens_per_second > 0).then(|| Duration::from_secs(1) / tokens_per_second) }
    }

    /// Cuts text into deltas that join to it, within a budget of tokens; says whether the budget cut it.
    pub(super) fn deltas(self, text: &str, budget: &mut u32) -> (Vec<String>, bool) {
        let words_each = if self.between.is_some() { 1 } else { WORDS_AT_ONCE };
        let (mut deltas, mut delta, mut words) = (Vec::new(), String::new(), 0);
        let mut is_cut = false;
        for piece in text.split_word_bounds() {
            let is_word = piece.chars().any(char::is_alphanumeric);
            if is_word {
                let tokens =
                    u32::try_from(piece.chars().count().div_ceil(LETTERS_PER_TOKEN)).unwrap_or(u32::MAX);
                let Some(left) = budget.checked_sub(tokens) else {
                    is_cut = true;
                    break;
                };
                *budget = left;
                if words == words_each {
                    deltas.push(std::mem::take(&mut delta));
                    words = 0;
                }
                words += 1;
            }
            delta.push_str(piece);
        }
        let rest = if is_cut { delta.trim_end() } else { &delta };
        if !rest.is_empty() {
            deltas.push(rest.to_owned());
        }
        (deltas, is_cut)
    }

    /// Streams events, waiting before each delta but the first.
    pub(super) fn stream(self, events: Vec<ModelEvent>) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let paced = stream::iter(events).enumerate().then(move |(place, event)| async move {
            if let (Some(between), true, ModelEvent::Text(_)) = (self.between, place > 0, &event) {
                tokio::time::sleep(between).await;
            }
            Ok(event)
        });
        paced.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, ModelEvent, Pace, StreamExt};

    #[test]
    fn deltas_join_to_the_text() {
        for text in [
            "We open at 9:30 on Sundays, all year round.",
            "星期天营业时间为上午11点。",
            " two\n\n- lines of five words",
        ] {
            for speed in [0, 5] {
                let (deltas, is_cut) = Pace::new(speed).deltas(text, &mut 4096);
                assert_eq!((deltas.concat().as_str(), is_cut), (text, false));
                assert!(deltas.len() > 1 && deltas.iter().all(|delta| !delta.is_empty()), "{deltas:?}");
            }
        }
    }

    #[test]
    fn a_budget_cuts_between_words() {
        let mut budget = 3;
        assert_eq!(
            Pace::new(0).deltas("one two three four", &mut budget),
            (vec!["one two".to_owned()], true)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn words_come_at_the_pace() {
        let start = tokio::time::Instant::now();
        let events = ["a ", "b ", "c"].map(|text| ModelEvent::Text(text.to_owned())).to_vec();
        assert_eq!(Pace::new(10).stream(events).count().await, 3);
        assert_eq!(start.elapsed(), Duration::from_millis(200));
    }
}
