//! One WebSocket as a wire: bounded buffers, bounded writes, and a close frame that reaches the other side.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use proto::ErrorCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::settings::ConnectionBounds;

/// The library would otherwise take 128 KiB for each idle connection.
const READ_BUFFER_BYTES: usize = 1024;
/// Frames that wait for [`Wire::flush`] up to this size travel in one write.
pub(super) const GATHERED_BYTES: usize = 2048;
/// Holds one frame that the client has not taken yet, with room for control frames.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
/// How long the other side may take to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
const PROTOCOL_ERROR: u16 = 1002;

/// What came in.
#[derive(Debug)]
pub(super) enum Received {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// A ping or a pong: the other side lives.
    Sign,
    /// The other side closed; the wire is to be drained and dropped.
    Closing,
    /// The other side broke the protocol or a limit; the code says how.
    Broken(u16),
    /// The connection is lost.
    Lost,
}

/// The other side takes nothing any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

#[derive(Debug)]
pub(super) struct Wire {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    slow_write: Duration,
}

impl Wire {
    pub(super) async fn new(upgraded: TokioIo<Upgraded>, bounds: &ConnectionBounds) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(GATHERED_BYTES)
            .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES + bounds.message_bytes)
            .max_message_size(Some(bounds.message_bytes))
            .max_frame_size(Some(bounds.message_bytes));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
        Self { stream, slow_write: bounds.slow_write }
    }

    /// Waits for the next message. May be dropped and called again without losing any.
    pub(super) async fn receive(&mut self) -> Received {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Received::Text(text),
            Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Received::Sign,
            Some(Ok(Message::Close(_))) => Received::Closing,
            Some(Err(Error::Capacity(_))) => Received::Broken(ErrorCode::TooLarge.close()),
            Some(Err(Error::Utf8(_))) => Received::Broken(ErrorCode::InvalidUtf8.close()),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => Received::Lost,
            Some(Err(Error::Protocol(_))) => Received::Broken(PROTOCOL_ERROR),
            Some(Err(_)) | None => Received::Lost,
        }
    }

    /// Sends a JSON frame; waits until the connection has taken it.
    pub(super) async fn send(&mut self, frame: Bytes) -> Result<(), Gone> {
        let text = Utf8Bytes::try_from(frame).map_err(|_| Gone)?;
        self.deliver(Message::Text(text)).await
    }

    /// Takes a JSON frame that travels with the next [`Wire::flush`], or before it.
    pub(super) async fn feed(&mut self, frame: Bytes) -> Result<(), Gone> {
        let text = Utf8Bytes::try_from(frame).map_err(|_| Gone)?;
        match lifecycle::within(self.slow_write, self.stream.feed(Message::Text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    /// Waits until the connection has taken every frame.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        match lifecycle::within(self.slow_write, self.stream.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    pub(super) async fn send_back(&mut self, message: Message) -> Result<(), Gone> {
        self.deliver(message).await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Gone> {
        self.deliver(Message::Ping(Bytes::new())).await
    }

    async fn deliver(&mut self, message: Message) -> Result<(), Gone> {
        match lifecycle::within(self.slow_write, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    /// Closes with a code. What the other side still sends is read and dropped until it closes too: closing a
    /// connection with unread bytes resets it, and a reset overtakes the close frame.
    pub(super) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        if self.deliver(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        _ = lifecycle::within(CLOSE_WAIT, async {
            // Ends at the other side's close frame, or at once when the stream is broken already.
            while self.stream.next().await.is_some_and(|received| received.is_ok()) {}
            let connection = self.stream.get_mut();
            _ = connection.shutdown().await;
            let mut dropped = [0; READ_BUFFER_BYTES];
            while connection.read(&mut dropped).await.is_ok_and(|bytes| bytes > 0) {}
        })
        .await;
    }

    /// Answers the other side's close frame and waits for the end.
    pub(super) async fn finish(mut self) {
        _ = lifecycle::within(CLOSE_WAIT, async {
            while self.stream.next().await.is_some_and(|received| received.is_ok()) {}
            _ = self.stream.get_mut().shutdown().await;
        })
        .await;
    }
}
