//! Where a request comes from, as far as it can be known.

use std::net::IpAddr;
use std::sync::Arc;

use super::address;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct Whence {
    /// The client's address; none for a pipe inside the process.
    pub(crate) address: Option<IpAddr>,
    /// The origin of the page, as its browser sent it.
    pub(crate) origin: Option<Arc<str>>,
    /// Whether pages of this origin may call without a site key that names it; true where there is no origin.
    pub(crate) is_listed: bool,
}

impl Whence {
    /// Returns the name under which the address is counted.
    pub(super) fn place(&self) -> String {
        self.address.map_or_else(|| "pipe".to_owned(), address::visitor)
    }

    /// Returns the network that a token is bound to: /24 of IPv4, /64 of IPv6.
    pub(super) fn network(&self) -> String {
        self.address.map_or_else(|| "pipe".to_owned(), address::network)
    }
}
