//! Sends back what comes in, for conformance tests on a loopback listener. It shares limits and closing with the chat.

use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::wire::{Received, Wire};

pub(super) async fn run(mut wire: Wire, leaving: &CancellationToken) {
    loop {
        let received = tokio::select! {
            received = wire.receive() => received,
            () = leaving.cancelled() => return wire.close(1012, "the service is moving").await,
        };
        let message = match received {
            Received::Text(text) => Message::Text(text),
            Received::Binary(bytes) => Message::Binary(bytes),
            Received::Sign => continue,
            Received::Closing => return wire.finish().await,
            Received::Broken(code) => return wire.close(code, "").await,
            Received::Lost => return,
        };
        if wire.send_back(message).await.is_err() {
            return;
        }
    }
}
