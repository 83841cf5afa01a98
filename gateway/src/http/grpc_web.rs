//! gRPC-Web: the methods of `smallbiz.chatbot.v1.Chat` for scripts of pages, over HTTP/1.
//!
//! Bodies are read here, under the limits of every other path; what they mean is `tonic-web`'s and the service's.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use lifecycle::PeerAddress;
use proto::ErrorCode;
use proto::v1::chat_server::ChatServer;
use tonic::transport::server::TcpConnectInfo;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, ServiceExt};

use super::{Edge, body, header};
use crate::refusal::Refusal;
use crate::service::ChatService;

/// The path of each method.
pub(super) const PATH: &str = "/smallbiz.chatbot.v1.Chat/{method}";

type Calls = GrpcWebService<ChatServer<ChatService>>;

/// `POST /smallbiz.chatbot.v1.Chat/{method}`.
pub(super) async fn call(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    match answered(&edge, request).await {
        Ok(response) => response,
        Err(refusal) => edge.refuse(&refusal),
    }
}

async fn answered(edge: &Arc<Edge>, request: Request) -> Result<Response, Refusal> {
    let (mut head, content) = request.into_parts();
    if !header(&head, "content-type").is_some_and(|kind| kind.starts_with("application/grpc-web")) {
        let expected =
            "send the body as `content-type: application/grpc-web+proto`; gRPC itself has a port of its own";
        return Err(Refusal::new(ErrorCode::UnsupportedMedia, expected));
    }
    let content = body::read(content, &edge.settings.connections).await?;
    let peer: Option<SocketAddr> = head.extensions.get::<PeerAddress>().map(|peer| peer.0);
    head.extensions.insert(TcpConnectInfo { local_addr: None, remote_addr: peer });
    let service = ChatServer::new(ChatService::new(Arc::clone(edge)))
        .max_decoding_message_size(edge.settings.connections.message_bytes);
    let calls: Calls = GrpcWebLayer::new().layer(service);
    let Ok(response) = calls.oneshot(Request::from_parts(head, Body::from(content))).await;
    let mut response = response.into_response();
    // Reverse proxies such as nginx hold a response back unless told not to.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
