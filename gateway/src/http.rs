//! The public HTTP/1 port: which path leads where, and what every response carries.

mod assets;
mod body;
mod chat;
mod documents;
mod guard;
mod page;
mod problem;
mod search;
mod status;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use axum::routing::{any, get, post};
use lifecycle::Readiness;
use proto::ErrorCode;

use crate::admission::{Caller, Origins, client_address};
use crate::chat::Chat;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::{self, Sockets};

pub(crate) use problem::problem;

/// What every handler of the port shares.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The core.
    pub(crate) chat: Chat,
    /// Open WebSocket connections.
    pub(crate) sockets: Arc<Sockets>,
    /// Which pages may call.
    pub(crate) origins: Origins,
    /// Whether the process can serve.
    pub(crate) readiness: Readiness,
    /// The process's shutdown.
    pub(crate) shutdown: lifecycle::Shutdown,
    /// Limits and switches.
    pub(crate) settings: Settings,
}

impl Edge {
    /// Returns the client's address.
    pub(crate) fn address(&self, request: &http::request::Parts) -> IpAddr {
        let peer = request.extensions.get::<lifecycle::PeerAddress>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let forwarded = request.headers.get_all("x-forwarded-for").into_iter();
        let forwarded: Vec<&str> = forwarded.filter_map(|line| line.to_str().ok()).collect();
        client_address(peer, &forwarded, self.settings.trusted_hops)
    }

    /// Lets the caller of a request in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a known key where one is needed.
    pub(crate) fn caller(&self, request: &http::request::Parts) -> Result<Caller, Refusal> {
        self.chat.admission().admit(header(request, "x-api-key"), Some(self.address(request)), "")
    }

    /// Counts a refusal and returns it as a response.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response {
        self.chat.metrics().refused(refusal.code());
        problem(refusal)
    }
}

/// Returns a header's text, when it is there once and is text.
pub(crate) fn header<'a>(request: &'a http::request::Parts, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns the service of the public HTTP port.
pub(crate) fn router(edge: Arc<Edge>) -> Router {
    let api = Router::new()
        .route("/ws", any(socket::upgrade))
        .route("/chat", post(chat::ask))
        .route("/chat/{answer_id}/events", get(chat::events))
        .route("/v1/search", post(search::search))
        .route("/feedback", post(search::feedback));
    let mut open = Router::new()
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/widget.js", get(assets::widget))
        .route("/favicon.ico", get(assets::icon))
        .route("/openapi.json", get(assets::openapi))
        .route("/documents.css", get(assets::documents_css))
        .route("/documents/{collection}/{*id}", get(documents::show));
    if edge.settings.echo {
        open = open.route("/ws/echo", any(socket::upgrade_echo));
    }
    if edge.settings.demo {
        open = open
            .route("/", get(assets::demo))
            .route("/demo.css", get(assets::demo_css))
            .route("/demo.js", get(assets::demo_js));
    }
    api.merge(open)
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        // Around everything, because preflights reach no route of their own.
        .layer(middleware::from_fn_with_state(Arc::clone(&edge), guard::origin))
        .layer(middleware::map_response(guard::security_headers))
        .with_state(edge)
}

async fn unknown_route(State(edge): State<Arc<Edge>>) -> Response {
    edge.refuse(&Refusal::new(
        ErrorCode::NotFound,
        "there is nothing at this path; see /openapi.json for what there is",
    ))
}

async fn wrong_method(State(edge): State<Arc<Edge>>) -> Response {
    let message = "this path does not take that method; see /openapi.json for what it takes";
    edge.refuse(&Refusal::new(ErrorCode::MethodNotAllowed, message))
}
