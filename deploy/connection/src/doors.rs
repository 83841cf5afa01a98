//! How many connections a port has open, in all and from each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Open connections of one port.
#[derive(Debug)]
pub struct Doors {
    most: usize,
    most_per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of one open connection; dropping it makes room.
#[derive(Debug)]
pub struct Place {
    doors: Arc<Doors>,
    address: IpAddr,
}

impl Doors {
    /// Returns a count of none.
    pub fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_address, open: Mutex::default() })
    }

    /// Takes a place, or returns nothing where there is none for this address.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = customer(address);
        let mut open = self.open();
        let own = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.most || own >= self.most_per_address {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, own + 1);
        drop(open);
        Some(Place { doors: Arc::clone(self), address })
    }

    // Counts stay right whoever panics.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.doors.open();
        open.all -= 1;
        match open.by_address.get_mut(&self.address) {
            Some(own) if *own > 1 => *own -= 1,
            _ => _ = open.by_address.remove(&self.address),
        }
    }
}

/// Returns what is counted as one address: of IPv6 the first 64 bits, because one customer is given all the rest.
fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Doors, IpAddr};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let doors = Doors::new(4, 2);
        let first = [doors.take(address("2001:db8::1")), doors.take(address("2001:db8::ffff:2"))];
        assert!(first.iter().all(Option::is_some));
        assert!(doors.take(address("2001:db8::3")).is_none(), "a third of the same customer");
        let others = [doors.take(address("10.0.0.1")), doors.take(address("::ffff:10.0.0.1"))];
        assert!(others.iter().all(Option::is_some));
        assert!(doors.take(address("10.0.0.2")).is_none(), "a fifth of anybody");
        drop(first);
        assert!(doors.take(address("10.0.0.1")).is_none() && doors.take(address("10.0.0.2")).is_some());
        drop(others);
        assert!(
            doors.open().by_address.is_empty() && doors.open().all == 0,
            "nothing is kept of who is gone"
        );
    }
}
