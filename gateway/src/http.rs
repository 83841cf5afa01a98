//! The public HTTP/1 port: which path leads where, and what every response carries.

mod access;
mod assets;
mod body;
mod chat;
mod contract;
mod documents;
mod grpc_web;
mod guard;
mod handoff;
mod openai;
mod page;
mod problem;
mod search;
mod session;
mod status;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use axum::routing::{self, MethodRouter, any, get, post};
use http::Uri;
use lifecycle::Readiness;
use proto::ErrorCode;

use crate::admission::{Caller, Origins, Whence, client_address};
use crate::chat::Chat;
use crate::handoff::Desk;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::{self, Sockets};

pub(crate) use problem::problem;

/// What every handler of the port shares.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The core.
    pub(crate) chat: Chat,
    /// Where conversations are passed on to a person.
    pub(crate) desk: Desk,
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

    /// Returns where a request comes from.
    pub(crate) fn whence(&self, request: &http::request::Parts) -> Whence {
        // One that is no text is no browser's; it must match nothing.
        let origin =
            request.headers.get(http::header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
        Whence {
            address: Some(self.address(request)),
            is_listed: self.origins.allows(origin, header(request, "host")),
            origin: origin.map(Into::into),
        }
    }

    /// Lets the caller of a request in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a known key or a good token where one is needed, `PERMISSION_DENIED` for a page that may not use
    /// the key.
    pub(crate) fn caller(&self, request: &http::request::Parts) -> Result<Caller, Refusal> {
        let caller = self.chat.admission().admit(credential(request), &self.whence(request), "")?;
        Ok(caller.noted_in(request.extensions.get().cloned()))
    }

    /// Counts a refusal and returns it as a response.
    pub(crate) fn refuse(&self, refusal: &Refusal) -> Response {
        self.chat.metrics().refused(refusal.code());
        problem(refusal)
    }

    /// The same, in the shape that the clients of this path read.
    pub(crate) fn refuse_at(&self, path: &str, refusal: &Refusal) -> Response {
        if openai::is_path(path) { openai::refuse(self, refusal) } else { self.refuse(refusal) }
    }
}

/// Returns the key or token that a request names: `x-api-key`, or else `authorization: Bearer`.
pub(crate) fn credential(request: &http::request::Parts) -> Option<&str> {
    header(request, "x-api-key").or_else(|| bearer(header(request, "authorization")?))
}

/// Returns the credential of an `authorization` header.
pub(crate) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, credential) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

/// Returns a header's text, when it is there once and is text.
pub(crate) fn header<'a>(request: &'a http::request::Parts, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

/// A path of the interface and the method that it takes.
pub(crate) struct Route {
    /// In small letters.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what the description of the interface is held beside")
    )]
    pub(crate) method: &'static str,
    /// As the router reads it.
    pub(crate) path: &'static str,
    to: MethodRouter<Arc<Edge>>,
}

/// Returns every path that the description of the interface tells of.
pub(crate) fn interface() -> Vec<Route> {
    let get = |path, to| Route { method: "get", path, to };
    let post = |path, to| Route { method: "post", path, to };
    vec![
        post("/chat", routing::post(chat::ask)),
        get("/chat/{answer_id}/events", routing::get(chat::events)),
        post("/v1/search", routing::post(search::search)),
        post("/v1/session", routing::post(session::open)),
        get("/v1/suggestions", routing::get(handoff::suggestions)),
        post("/feedback", routing::post(search::feedback)),
        post("/handoff", routing::post(handoff::take)),
        post("/v1/chat/completions", routing::post(openai::complete)),
        get("/v1/models", routing::get(openai::models)),
        get("/v1/models/{model}", routing::get(openai::model)),
        get("/documents/{collection}/{*document_id}", routing::get(documents::show)),
        get("/healthz", routing::get(status::alive)),
        get("/readyz", routing::get(status::ready)),
    ]
}

/// Returns the service of the public HTTP port.
pub(crate) fn router(edge: Arc<Edge>) -> Router {
    let mut router = interface()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.to))
        .route("/ws", any(socket::upgrade))
        .route(grpc_web::PATH, post(grpc_web::call))
        .route("/widget.js", get(assets::widget))
        .route("/languages/{file}", get(assets::language))
        .route("/favicon.ico", get(assets::icon))
        .route("/documents.css", get(assets::documents_css))
        .route("/openapi.json", get(contract::openapi_json))
        .route("/asyncapi.json", get(contract::asyncapi_json))
        .route("/docs", get(contract::docs))
        .route("/docs.css", get(contract::docs_css));
    if edge.settings.echo {
        router = router.route("/ws/echo", any(socket::upgrade_echo));
    }
    if edge.settings.demo {
        router = router
            .route("/", get(assets::demo))
            .route("/demo.css", get(assets::demo_css))
            .route("/demo.js", get(assets::demo_js))
            .route("/playground", get(assets::playground))
            .route("/playground/state", get(assets::playground_state))
            .route("/playground/{file}", get(assets::playground_file));
    }
    router
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        // Around everything, because preflights reach no route of their own.
        .layer(middleware::from_fn_with_state(Arc::clone(&edge), guard::origin))
        .layer(middleware::map_response(guard::security_headers))
        .layer(middleware::from_fn_with_state(Arc::clone(&edge), access::log))
        .with_state(edge)
}

async fn unknown_route(State(edge): State<Arc<Edge>>, path: Uri) -> Response {
    edge.refuse_at(path.path(), &nothing_there())
}

fn nothing_there() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "there is nothing at this path; see /docs for what there is")
}

async fn wrong_method(State(edge): State<Arc<Edge>>, path: Uri) -> Response {
    let message = "this path does not take that method; see /docs for what it takes";
    edge.refuse_at(path.path(), &Refusal::new(ErrorCode::MethodNotAllowed, message))
}
