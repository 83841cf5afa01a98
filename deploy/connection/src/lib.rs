//! What the connections of a port may do: how many are open, in all and from each address, how slow one may be, and how HTTP/2 is served
//! to them.
//!
//! It reads no setting; `lifecycle` serves with it.

mod doors;
mod guarded;
mod http2;

pub use doors::{Doors, Place};
pub use guarded::{Guarded, Waits};
pub use http2::{Http2, serve_http2, timeout_of};
