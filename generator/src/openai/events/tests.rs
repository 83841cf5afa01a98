//! Streams as servers send them, whole and cut anywhere.

use super::{Broken, Bytes, Error, EventSize, Piece, Stop, StreamExt, Usage, from_chunks, stream};
use futures_util::FutureExt;
use proptest::prelude::*;

/// As llama.cpp and Ollama send it, with a comment that keeps the connection open and fields that nobody knows.
const ANSWER: &str = concat!(
    ": ping\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}],\"new\":1}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"Grüße\"},\"finish_reason\":null}],\"error\":null}\r\n\r\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\" [1]\"},\"finish_reason\":\"\"}]}\n\n",
    "event: usage\nid: 7\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":4,",
    "\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\n",
    "data: [DONE]\n\n",
    "data: not looked at\n\n",
);

fn read(chunks: Vec<Bytes>, limit: usize) -> Vec<Result<Piece, Error>> {
    let mut size = EventSize { bytes: 0, line_is_empty: true, limit };
    let chunks = stream::iter(chunks).map(move |chunk| size.check(chunk));
    from_chunks(chunks).collect::<Vec<_>>().now_or_never().expect("nothing to wait for")
}

fn expected() -> Vec<Piece> {
    let used = Usage { input_tokens: 31, output_tokens: 4, cached_tokens: 16, ..Usage::default() };
    let text = |text: &str| Piece::Text(text.to_owned());
    vec![text("Grüße"), text(" [1]"), Piece::Stopped(Stop::Complete), Piece::Used(used)]
}

#[test]
fn an_answer_is_read_with_its_usage() {
    let pieces: Result<Vec<Piece>, Error> =
        read(vec![Bytes::from_static(ANSWER.as_bytes())], 1_000).into_iter().collect();
    assert_eq!(pieces.expect("all good"), expected());
}

#[test]
fn what_is_no_answer_is_an_error() {
    type Kind = fn(&Error) -> bool;
    let cut: Kind = |error| matches!(error, Error::ModelCut(_));
    let cases: [(&str, Kind); 6] = [
        ("data: <html>\n\n", cut),
        ("data: {\"choices\":[{\"finish_reason\":\"tool_calls\"}]}\n\n", cut),
        ("data: \u{fffd}{}\n\n", cut),
        (
            "data: {\"error\":{\"message\":\"busy\",\"code\":500}}\n\n",
            |error| matches!(error, Error::ModelUnavailable(text) if text.contains("busy")),
        ),
        ("data: {\"error\":{\"code\":\"content_filter\"}}\n\n", |error| matches!(error, Error::Blocked(_))),
        (
            "data: {\"error\":\"out of memory\"}\n\n",
            |error| matches!(error, Error::ModelUnavailable(text) if text.contains("memory")),
        ),
    ];
    for (text, is_right) in cases {
        let pieces = read(vec![Bytes::copy_from_slice(text.as_bytes())], 1_000);
        assert!(matches!(pieces.as_slice(), [Err(error)] if is_right(error)), "{text}: {pieces:?}");
    }
    let not_text = read(vec![Bytes::from_static(b"data: \xff\xfe\n\n")], 1_000);
    assert!(matches!(not_text.as_slice(), [Err(Error::ModelCut(_))]), "{not_text:?}");
}

#[test]
fn an_event_without_an_end_is_not_gathered() {
    for endless in ["data: x", "data: x\n", ": x\n", "data: "] {
        let chunks = (0..400).map(|_| Bytes::copy_from_slice(endless.as_bytes())).collect();
        let pieces = read(chunks, 1_000);
        assert!(
            matches!(pieces.as_slice(), [Err(Error::AnswerTooLarge { limit: 1_000 })]),
            "{endless}: {pieces:?}"
        );
    }
    assert!(Broken::TooLarge(5).to_string().contains("5 bytes"));
}

proptest! {
    #[test]
    fn every_cut_reads_the_same(first in 0..ANSWER.len(), second in 0..ANSWER.len()) {
        let (first, second) = (first.min(second), first.max(second));
        let bytes = Bytes::from_static(ANSWER.as_bytes());
        let chunks = vec![bytes.slice(..first), bytes.slice(first..second), bytes.slice(second..)];
        let pieces: Result<Vec<Piece>, Error> = read(chunks, 1_000).into_iter().collect();
        prop_assert_eq!(pieces.expect("all good"), expected());
    }

    #[test]
    fn no_bytes_stop_the_reader_from_ending(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let pieces = read(vec![Bytes::from(noise)], 200);
        prop_assert!(pieces.iter().filter(|piece| piece.is_err()).count() <= 1);
    }
}
