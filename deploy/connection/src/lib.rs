//! What the connections of a port may do: how many are open, in all and from each address, and how slow one may be.
//!
//! It knows no protocol beyond how an HTTP/2 client begins, and reads no setting; `lifecycle` serves with it.

mod doors;
mod guarded;

pub use doors::{Doors, Place};
pub use guarded::{Guarded, Waits};
