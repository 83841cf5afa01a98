//! How a process starts, is watched and stops: settings, logs, trace context, serving, deadlines, shutdown.
//!
//! It knows no word of the domain; a module lives here only if three or more services call it.

mod access;
mod deadline;
mod grpc;
mod http;
mod listener;
mod readiness;
mod run;
mod settings;
mod shutdown;
mod tls;

pub use access::Access;
pub use connection::Http2;
pub use deadline::{TimedOut, remaining, request, within};
pub use grpc::{GrpcLimits, GrpcOptions, serve_grpc};
pub use http::{HttpLimits, PeerAddress, serve_http1, serve_internal};
pub use listener::{Listener, memory_listener};
pub use readiness::Readiness;
pub use run::{Failure, run, run_with};
pub use settings::{Mistakes, Reader, Secret};
pub use shutdown::Shutdown;
pub use telemetry::{Collector, LogFormat, Span, TraceContext, flush_spans, start_spans};
pub use tls::{Port, Tls};
