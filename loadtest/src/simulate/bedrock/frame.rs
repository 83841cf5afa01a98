//! Frames of an event stream, made by AWS's own encoder.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::Value;

const JSON: &str = "application/json";

/// Returns the frame of an event.
pub(super) fn event(kind: &str, payload: &Value) -> anyhow::Result<Bytes> {
    frame(&[(":event-type", kind), (":content-type", JSON), (":message-type", "event")], payload.to_string())
}

/// Returns the frame of an exception, whose name is in lower camel case: `throttlingException`.
pub(super) fn exception(name: &str, message: &str) -> anyhow::Result<Bytes> {
    let payload = serde_json::json!({ "message": message }).to_string();
    frame(&[(":exception-type", name), (":content-type", JSON), (":message-type", "exception")], payload)
}

/// Returns the frame of an error that the service has no exception for.
pub(super) fn error(code: &str, message: &str) -> anyhow::Result<Bytes> {
    let headers = [(":error-code", code), (":error-message", message), (":message-type", "error")];
    frame(&headers, String::new())
}

/// Returns a frame with a checksum that is wrong in one bit.
pub(super) fn damaged(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    bytes.iter_mut().rev().take(1).for_each(|last| *last ^= 1);
    bytes.into()
}

fn frame(headers: &[(&str, &str)], payload: String) -> anyhow::Result<Bytes> {
    let header = |(name, value): &(&str, &str)| {
        Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into()))
    };
    let message = Message::new_from_parts(headers.iter().map(header).collect(), Bytes::from(payload));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).map_err(|error| anyhow::anyhow!("a frame cannot be: {error}"))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::read_message_from;
    use serde_json::json;

    use super::{damaged, error, event, exception};
    use crate::simulate::journal::hex_of;

    /// What another client of Amazon's has read as `messageStart`.
    const GOLDEN: &str = "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e\
                          74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700\
                          056576656e747b22726f6c65223a22617373697374616e74227d6fa8c599";

    #[test]
    fn a_frame_is_the_known_one_byte_for_byte() {
        let frame = event("messageStart", &json!({ "role": "assistant" })).expect("a frame");
        assert_eq!((frame.len(), hex_of(&frame).as_str()), (118, GOLDEN));
    }

    #[test]
    fn both_checksums_are_those_of_the_bytes_before_them() {
        let frames = [
            event("contentBlockDelta", &json!({ "delta": { "text": "Grüße 👋" } })),
            exception("throttlingException", "slow down"),
            error("InternalError", "broken"),
        ];
        for frame in frames {
            let frame = frame.expect("a frame");
            let number =
                |place: usize| u32::from_be_bytes(frame[place..place + 4].try_into().expect("4 bytes"));
            assert_eq!(number(0) as usize, frame.len());
            assert_eq!(number(8), crc32(&frame[..8]));
            assert_eq!(number(frame.len() - 4), crc32(&frame[..frame.len() - 4]));
            assert!(read_message_from(&mut frame.clone()).is_ok());
            assert!(read_message_from(&mut damaged(&frame)).is_err());
        }
    }

    /// The checksum of zlib, bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        let bit = |sum: u32, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xedb8_8320 };
        !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
    }
}
