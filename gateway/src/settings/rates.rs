//! Settings of how often somebody may ask.

use lifecycle::Reader;

/// How often one visitor, address, key or site may ask, in a minute and in an hour; 0 lifts a limit. Questions, searches,
/// opinions and sessions are each counted apart.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// `RATE_PER_MINUTE`, default 10, and `RATE_PER_HOUR`, default 100: one visitor.
    pub visitor: (u32, u32),
    /// `GATEWAY_ADDRESS_RATE_PER_MINUTE` and `GATEWAY_ADDRESS_RATE_PER_HOUR`: all visitors of one address, or /64 of IPv6; default
    /// six times a visitor's, for people behind one connection. Names that a secret key gives its visitors are counted
    /// without it.
    pub address: (u32, u32),
    /// `GATEWAY_KEY_RATE_PER_MINUTE`, default 600, and `GATEWAY_KEY_RATE_PER_HOUR`, default 0: all visitors of one key.
    pub key: (u32, u32),
    /// `GATEWAY_SITE_RATE_PER_MINUTE` and `GATEWAY_SITE_RATE_PER_HOUR`: all visitors of the keys of one name; default 0.
    pub site: (u32, u32),
}

impl Rates {
    /// Reads the settings; wrong ones are noted with the reader.
    pub(super) fn read(reader: &mut Reader) -> Self {
        const PEOPLE: u32 = 6;
        let mut rate = |name: &str, default: u32| reader.number(name, default, 0..=10_000_000);
        let visitor = (rate("RATE_PER_MINUTE", 10), rate("RATE_PER_HOUR", 100));
        let (minute, hour) = (visitor.0.saturating_mul(PEOPLE), visitor.1.saturating_mul(PEOPLE));
        let address = (
            rate("GATEWAY_ADDRESS_RATE_PER_MINUTE", minute.min(10_000_000)),
            rate("GATEWAY_ADDRESS_RATE_PER_HOUR", hour.min(10_000_000)),
        );
        let key = (rate("GATEWAY_KEY_RATE_PER_MINUTE", 600), rate("GATEWAY_KEY_RATE_PER_HOUR", 0));
        let site = (rate("GATEWAY_SITE_RATE_PER_MINUTE", 0), rate("GATEWAY_SITE_RATE_PER_HOUR", 0));
        Self { visitor, address, key, site }
    }
}
