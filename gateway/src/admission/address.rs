//! The address that stands for a visitor, behind any number of proxies of our own.

use std::net::{IpAddr, Ipv6Addr};

/// Returns the client's address. Each trusted proxy appends the address it was called from to `X-Forwarded-For`, so
/// the client is the entry at that distance from the right; what stands further left is the client's own claim. With
/// too few entries, or one that is no address, the peer's address counts.
pub(crate) fn client_address(peer: IpAddr, forwarded: &[&str], trusted_hops: usize) -> IpAddr {
    if trusted_hops == 0 {
        return peer.to_canonical();
    }
    let entries: Vec<&str> = forwarded.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    let place = entries.len().checked_sub(trusted_hops);
    place.and_then(|place| entries[place].parse().ok()).unwrap_or(peer).to_canonical()
}

/// Returns the name under which an address is counted: the address, or the first 64 bits of an IPv6 one, because a
/// single customer is given all the rest.
pub(super) fn visitor(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) if address.is_loopback() => "127.0.0.1".to_owned(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Returns the network of an address: the first 24 bits of an IPv4 one, the first 64 of an IPv6 one.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(_) => visitor(address),
    }
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, client_address, visitor};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_entries_of_trusted_proxies_count() {
        let peer = address("10.0.0.1");
        for (lines, hops, expected) in [
            (vec!["1.2.3.4"], 0, "10.0.0.1"),
            (vec!["1.2.3.4"], 1, "1.2.3.4"),
            (vec!["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
            (vec!["6.6.6.6", "1.2.3.4, 10.0.0.2"], 2, "1.2.3.4"),
            (vec!["1.2.3.4"], 2, "10.0.0.1"),
            (vec!["nonsense"], 1, "10.0.0.1"),
            (vec![], 1, "10.0.0.1"),
        ] {
            assert_eq!(client_address(peer, &lines, hops), address(expected));
        }
    }

    #[test]
    fn one_customer_is_one_visitor() {
        assert_eq!(visitor(address("2001:db8:1:2:aaaa::1")), visitor(address("2001:db8:1:2:bbbb::9")));
        assert_ne!(visitor(address("2001:db8:1:2::1")), visitor(address("2001:db8:1:3::1")));
        assert_eq!(visitor(address("::ffff:1.2.3.4")), "1.2.3.4");
    }
}
