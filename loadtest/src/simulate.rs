//! Stands in for the services of AWS that the product calls: a server on a real socket that speaks their wire protocols, and
//! whose answers a scenario describes. It knows the services' public interfaces and nothing of the product.

pub mod bedrock;
mod fault;
mod journal;
mod reply;
pub mod scenario;
pub mod textract;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use bytes::Bytes;
use clap::Args;
use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use bedrock::{Bedrock, Call};
use fault::{Fault, Faults};
use journal::{Journal, Outcome};
pub use journal::{Request, Requests};
use reply::ServiceError;
use scenario::Scenario;
use textract::Textract;

/// Bytes of a request, at most: a document of 10 MiB in base64, and some.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;
/// Where what was asked can be read; no bucket's name begins like that, so it stands in no service's way.
const REQUESTS: &str = "/_simulator/requests";

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Address to listen on; port 0 takes a free one. The address in force is printed first.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What the services know and how they behave, see `src/simulate/scenario.rs`; without it all goes well.
    #[arg(long)]
    scenario: Option<PathBuf>,
}

/// Services that are simulated on one port; they end when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    journal: Arc<Journal>,
    server: JoinSet<std::io::Result<()>>,
}

#[derive(Clone)]
struct Services {
    access_keys: Arc<[String]>,
    faults: Arc<Faults>,
    journal: Arc<Journal>,
    textract: Arc<Textract>,
    bedrock: Arc<Bedrock>,
}

impl Simulator {
    /// Starts serving on a listener that is bound already.
    ///
    /// # Errors
    /// When the scenario contradicts itself or the listener has no address.
    pub fn start(listener: TcpListener, scenario: Scenario) -> anyhow::Result<Self> {
        let address = listener.local_addr().context("the listener has no address")?;
        let journal = Arc::<Journal>::default();
        let services = Services {
            access_keys: scenario.access_keys.into(),
            faults: Arc::new(Faults::new(scenario.fault)?),
            journal: Arc::clone(&journal),
            textract: Arc::new(Textract::new(scenario.textract)?),
            bedrock: Arc::new(Bedrock::new(scenario.bedrock)?),
        };
        let router = Router::new()
            .route(REQUESTS, get(list).delete(forget))
            .fallback(dispatch)
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(services);
        // Small frames go out when they are written.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, journal, server })
    }

    /// Returns where the services are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what the services were asked so far.
    pub fn requests(&self) -> Requests {
        self.journal.requests()
    }
}

/// Simulates until the process is asked to stop.
///
/// # Errors
/// When the scenario is wrong or the address cannot be used.
pub async fn run(args: SimulateArgs) -> anyhow::Result<()> {
    let scenario = args.scenario.as_deref().map(Scenario::read).transpose()?.unwrap_or_default();
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| format!("--listen: {} cannot be used", args.listen))?;
    let mut simulator = Simulator::start(listener, scenario)?;
    crate::report::listening(simulator.address());
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped.context("the signal to stop cannot be waited for"),
        ended = simulator.server.join_next() => match ended {
            Some(ended) => ended?.context("the server failed"),
            None => Ok(()),
        },
    }
}

async fn list(State(services): State<Services>) -> Json<Requests> {
    Json(services.journal.requests())
}

async fn forget(State(services): State<Services>) {
    services.journal.forget();
}

/// Finds the service and the operation, and answers as the service would.
async fn dispatch(
    State(services): State<Services>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let call = Call::read(&method, uri.path());
    let Ok(body) = body else {
        let error = ServiceError::new("RequestEntityTooLargeException", "the request is too long");
        return call.map_or_else(|| error.clone().into_response(), |_| bedrock::reply::refused(&error));
    };
    if let Some(call) = call {
        return services.rest(call, &headers, &body).await;
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some((service, operation)) = target.and_then(|target| target.split_once('.')) else {
        let text = format!("{method} {} is no path of Bedrock and has no x-amz-target", uri.path());
        return ServiceError::new("UnknownOperationException", text).into_response();
    };
    let access_key = access_key(&headers);
    let parsed: Result<Value, _> = serde_json::from_slice(&body);
    let mut entry = services.journal.open(Request {
        service: service.to_owned(),
        operation: operation.to_owned(),
        access_key: access_key.clone(),
        body: kept(&parsed, journal::MOST_TEXT_BYTES),
        outcome: Outcome::UnderWay.to_string(),
        ..Request::default()
    });
    if let Err(error) = services.admit(access_key.as_deref()) {
        return entry.refused(error);
    }
    match services.faults.next(operation) {
        Some(Fault::Error(error)) => return entry.refused(error),
        // Until the caller gives up: the entry then closes itself.
        Some(Fault::Stall) => std::future::pending::<()>().await,
        Some(Fault::Broken) => return entry.broken(),
        None => {}
    }
    let answered = match parsed {
        Err(error) => Err(ServiceError::new("SerializationException", error.to_string())),
        Ok(body) if service == "Textract" => services.textract.answer(operation, &body),
        Ok(_) => Err(ServiceError::unknown(service, operation)),
    };
    match answered {
        Ok(value) => entry.answered(&value),
        Err(error) => entry.refused(error),
    }
}

impl Services {
    /// Answers a call of a service that is told by its path.
    async fn rest(&self, call: Call, headers: &HeaderMap, body: &Bytes) -> Response {
        let access_key = access_key(headers);
        let parsed: Result<Value, _> = serde_json::from_slice(body);
        let mut entry = self.journal.open(Request {
            service: "Bedrock".to_owned(),
            operation: call.name().to_owned(),
            resource: Some(call.resource.clone()),
            access_key: access_key.clone(),
            body: kept(&parsed, self.bedrock.keep_text_bytes()),
            outcome: Outcome::UnderWay.to_string(),
            ..Request::default()
        });
        let error = self.admit(access_key.as_deref()).err();
        let error = error.map_or_else(|| self.faults.next(call.name()), |error| Some(Fault::Error(error)));
        match error {
            Some(Fault::Error(error)) => {
                entry.close(&error.name);
                bedrock::reply::refused(&error)
            }
            // Until the caller gives up: the entry then closes itself.
            Some(Fault::Stall) => std::future::pending().await,
            Some(Fault::Broken) => entry.broken(),
            None => {
                let wrong =
                    |error: serde_json::Error| ServiceError::new("SerializationException", error.to_string());
                self.bedrock.answer(&call, headers, parsed.map_err(wrong), entry).await
            }
        }
    }

    /// Refuses a caller who is not known; without known keys every signed request is taken.
    fn admit(&self, access_key: Option<&str>) -> Result<(), ServiceError> {
        let Some(access_key) = access_key else {
            let text = "Request is missing Authentication Token";
            return Err(ServiceError::new("MissingAuthenticationTokenException", text));
        };
        if self.access_keys.is_empty() || self.access_keys.iter().any(|known| known == access_key) {
            return Ok(());
        }
        let text = "The security token included in the request is invalid.";
        Err(ServiceError::new("UnrecognizedClientException", text))
    }
}

/// Returns the id of the access key that a request is signed with, or `bearer` when it carries a token instead.
fn access_key(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get("authorization")?.to_str().ok()?;
    if authorization.starts_with("Bearer ") {
        return Some("bearer".to_owned());
    }
    let (_, credential) = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split_once("Credential=")?;
    credential.split_once('/').map(|(key, _)| key.to_owned())
}

/// Returns as much of a body as the journal keeps.
fn kept(parsed: &Result<Value, serde_json::Error>, most_text_bytes: usize) -> Value {
    parsed.as_ref().map_or(Value::Null, |body| journal::without_bytes(body, most_text_bytes))
}
