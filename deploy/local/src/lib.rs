//! All four services in one process, joined by pipes in memory over the same gRPC clients and servers.
//!
//! It assembles and chooses defaults for a laptop; it knows nothing of what a service does.

mod arguments;
mod assembly;
mod settings;

pub use arguments::Arguments;
pub use assembly::{Running, start};
pub use settings::{PREFIXES, Settings};
