//! The gateway's JSON, read only as far as a load needs it and without a copy, so that the harness stays out of the way.

use std::borrow::Cow;

use serde::Deserialize;
use tokio::time::Instant;

use super::{Exchange, Stages};

/// One frame of a WebSocket, or the data of one server-sent event.
#[derive(Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(borrow, default)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    answer_id: Cow<'a, str>,
    #[serde(default)]
    epoch: u64,
    #[serde(default)]
    seq: u64,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    code: Cow<'a, str>,
    #[serde(default)]
    stage_times: Option<Stages>,
}

/// Where an answer was read up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) answer_id: String,
    pub(super) epoch: u64,
    pub(super) seq: u64,
}

/// Takes a frame into the exchange. Returns how the answer ended, if it did.
pub(super) fn take(
    text: &str,
    exchange: &mut Exchange,
    place: &mut Place,
) -> Option<Result<Instant, String>> {
    let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
        return Some(Err("UNEXPECTED_FRAME".to_owned()));
    };
    exchange.bytes += text.len() as u64;
    if frame.seq > 0 {
        if frame.answer_id != place.answer_id {
            place.answer_id = frame.answer_id.into_owned();
        } else if frame.seq != place.seq + 1 && frame.r#type != "end" {
            return Some(Err("LOST_OR_DOUBLED_EVENT".to_owned()));
        }
        (place.epoch, place.seq) = (frame.epoch, frame.seq);
    }
    match frame.r#type.as_ref() {
        "chunk" if !frame.text.is_empty() => exchange.heard(),
        "end" => {
            exchange.stages = frame.stage_times;
            return Some(Ok(Instant::now()));
        }
        "error" => return Some(Err(frame.code.into_owned())),
        "resync" => return Some(Err("RESYNC".to_owned())),
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Exchange, Place, take};

    #[test]
    fn events_are_counted_and_a_gap_or_a_repeat_is_an_error() {
        let (mut exchange, mut place) = (Exchange::default(), Place::default());
        let frame = |seq, kind, text| {
            format!(r#"{{"type":"{kind}","answer_id":"A","epoch":7,"seq":{seq},"text":"{text}"}}"#)
        };
        for (seq, kind, text) in
            [(1, "start", ""), (2, "chunk", "Open"), (3, "chunk", " \\u00fc"), (4, "citation", "")]
        {
            assert_eq!(take(&frame(seq, kind, text), &mut exchange, &mut place), None);
        }
        assert_eq!((exchange.tokens, exchange.gaps.len(), place.seq), (2, 1, 4));
        let (doubled, lost) = (frame(4, "chunk", "x"), frame(6, "chunk", "x"));
        for wrong in [doubled, lost] {
            let ended = take(&wrong, &mut exchange.clone(), &mut place.clone());
            assert_eq!(ended, Some(Err("LOST_OR_DOUBLED_EVENT".to_owned())));
        }
        let end =
            r#"{"type":"end","answer_id":"A","epoch":7,"seq":5,"text":"","stage_times":{"search_ms":2.5}}"#;
        assert!(matches!(take(end, &mut exchange, &mut place), Some(Ok(_))));
        assert_eq!(exchange.stages.and_then(|stages| stages.search_ms), Some(2.5));
    }
}
