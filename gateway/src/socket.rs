//! The WebSocket port: the handshake, the caps on open ones, and the task that serves each. Frames themselves stand in `frame`.
//!
//! The handshake is made here and not by axum, whose upgrade hides the connection: an oversize message could then not
//! be answered with a close frame that arrives, and shutdown would not wait for the task.

mod echo;
mod places;
mod session;
mod wire;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use hyper_util::rt::TokioIo;
use proto::ErrorCode;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::http::{Edge, credential, header};
use crate::refusal::Refusal;

pub(crate) use places::Sockets;

/// Bytes of a Sec-WebSocket-Key: 16 in Base64.
const KEY_BYTES: usize = 24;

/// `GET /ws`.
pub(crate) async fn upgrade(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match open(&edge, request, Purpose::Chat) {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

/// `GET /ws/echo`, for conformance tests of the WebSocket protocol itself.
pub(crate) async fn upgrade_echo(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match open(&edge, request, Purpose::Echo) {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

#[derive(Clone, Copy)]
enum Purpose {
    Chat,
    Echo,
}

fn open(edge: &Arc<Edge>, mut request: Request, purpose: Purpose) -> Result<Response, Refusal> {
    let upgraded = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let accept = handshake(&head)?;
    let whence = edge.whence(&head);
    // Whoever names no key yet may do so in the first frame; whoever names a wrong one is told here.
    let waits_for_key = edge.chat.admission().needs_key() && credential(&head).is_none();
    let caller = if waits_for_key { None } else { Some(edge.caller(&head)?) };
    let place = edge.sockets.take(edge.address(&head))?;
    let shared = Arc::clone(edge);
    edge.shutdown.spawn("websocket", async move {
        let (_place, _counted) = (place, shared.chat.metrics().open_socket());
        let handshake = lifecycle::within(shared.settings.connections.header, upgraded).await;
        let Ok(Ok(upgraded)) = handshake else { return };
        let wire = wire::Wire::new(TokioIo::new(upgraded), &shared.settings.connections).await;
        match purpose {
            // Boxed, because ten thousand idle sockets should not each hold room for what few of them do.
            Purpose::Chat => Box::pin(session::Session::new(shared, wire, (caller, whence)).run()).await,
            Purpose::Echo => Box::pin(echo::run(wire, shared.shutdown.token())).await,
        }
    });
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Checks the opening handshake (RFC 6455, section 4.2.1) and returns the value that accepts it.
fn handshake(head: &Parts) -> Result<HeaderValue, Refusal> {
    if head.method != Method::GET {
        return Err(Refusal::new(ErrorCode::MethodNotAllowed, "a WebSocket is opened with GET"));
    }
    let has_token = |name: &str, token: &str| {
        let lines = head.headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|entry| entry.trim().eq_ignore_ascii_case(token))
    };
    if !has_token("connection", "upgrade") || !has_token("upgrade", "websocket") {
        return Err(Refusal::invalid("this path takes a WebSocket handshake; for plain HTTP use POST /chat"));
    }
    if header(head, "sec-websocket-version") != Some("13") {
        return Err(Refusal::invalid("the handshake needs `sec-websocket-version: 13`"));
    }
    let key = header(head, "sec-websocket-key").filter(|key| key.len() == KEY_BYTES);
    let accept = key.and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok());
    accept.ok_or_else(|| Refusal::invalid("the handshake needs a `sec-websocket-key` of 24 characters"))
}
