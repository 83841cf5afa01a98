//! How a process is watched from outside: logs, W3C trace context that travels with every call, spans, and profiles.
//!
//! It knows no word of the domain and reads no setting; `lifecycle` reads them, starts it and shows it to the services.

mod logs;
mod profile;
mod spans;
mod trace;

pub use logs::{LogFormat, start_logs};
pub use profile::{NoProfile, Profile, allow_profiles};
pub use spans::{Collector, Span, flush_spans, start_spans};
pub use trace::TraceContext;
