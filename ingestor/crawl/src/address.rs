//! Which network addresses may be asked. It looks at numbers only; names are resolved in `connect`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Addresses of the public internet.
    Public,
    /// Those of private networks and this machine as well, for an intranet. Link-local addresses, where clouds answer
    /// with credentials, stay forbidden.
    Private,
    /// Public ones and these.
    Also(Vec<IpAddr>),
}

impl Permission {
    /// Returns whether this address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        match (kind(address), self) {
            (Kind::Public, _) | (Kind::Private, Self::Private) => true,
            (_, Self::Also(more)) => more.contains(&address),
            (Kind::Private | Kind::Special, Self::Public | Self::Private) => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    /// Of a private network, or this machine.
    Private,
    /// Never a website: link-local, multicast, unspecified, reserved, or one address wrapped in another.
    Special,
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_of_four(address),
        IpAddr::V6(address) => kind_of_six(address),
    }
}

/// After the IANA registry of special-purpose IPv4 addresses.
fn kind_of_four(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [10 | 127, ..] | [192, 168, ..] => Kind::Private,
        [172, second, ..] if second & 0xf0 == 16 => Kind::Private,
        // Carrier-grade NAT.
        [100, second, ..] if second & 0xc0 == 64 => Kind::Private,
        [0 | 224..=255, ..] | [169, 254, ..] => Kind::Special,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => Kind::Special,
        [198, 51, 100, _] | [203, 0, 113, _] => Kind::Special,
        _ => Kind::Public,
    }
}

/// After the IANA registry of special-purpose IPv6 addresses: outside `2000::/3` nothing is public. What wraps an IPv4
/// address (mapped, NAT64, 6to4, Teredo) is refused whatever it wraps.
fn kind_of_six(address: Ipv6Addr) -> Kind {
    let [first, second, third, ..] = address.segments();
    match (first, second) {
        _ if address == Ipv6Addr::LOCALHOST => Kind::Private,
        // Where Amazon's machines find their credentials.
        (0xfd00, 0x0ec2) => Kind::Special,
        (0xfc00..=0xfdff, _) => Kind::Private,
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) => Kind::Special,
        (0x2620, 0x004f) if third == 0x8000 => Kind::Special,
        (0x3fff, 0..=0x0fff) => Kind::Special,
        (0x2000..=0x3fff, _) => Kind::Public,
        _ => Kind::Special,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::Permission;

    fn check(addresses: &[&str], is_public: bool, is_private: bool) {
        for text in addresses {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(Permission::Public.allows(address), is_public, "{text}");
            assert_eq!(Permission::Private.allows(address), is_private, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_always_allowed() {
        check(
            &["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1"],
            true,
            true,
        );
        check(&["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888"], true, true);
    }

    #[test]
    fn private_addresses_need_the_permission() {
        check(
            &["10.0.0.1", "127.0.0.1", "127.9.9.9", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
            false,
            true,
        );
        check(&["100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fd12:3456::1"], false, true);
    }

    #[test]
    fn special_addresses_are_never_allowed() {
        let four =
            ["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"];
        check(&four, false, false);
        check(
            &["255.255.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"],
            false,
            false,
        );
        check(
            &["::", "fe80::1", "ff02::1", "fec0::1", "2001:db8::1", "2002:7f00:1::", "2001::1"],
            false,
            false,
        );
        check(
            &["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"],
            false,
            false,
        );
        check(&["fd00:ec2::254", "100::1", "3fff::1"], false, false);
    }

    #[test]
    fn a_single_address_can_be_allowed_beside_the_public_ones() {
        let one = Permission::Also(vec!["127.0.0.1".parse().expect("an address")]);
        for (text, expected) in
            [("127.0.0.1", true), ("127.0.0.2", false), ("1.1.1.1", true), ("10.0.0.1", false)]
        {
            assert_eq!(one.allows(text.parse().expect("an address")), expected, "{text}");
        }
    }
}
