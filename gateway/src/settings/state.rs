//! Where gateways keep what outlives a request: in their own memory, or in a Redis that several share.

use std::time::Duration;

use lifecycle::{Reader, Secret};

/// Where limits, what was spent and the events of answers are kept.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// `GATEWAY_STATE`: `memory` (the default), or the address of a Redis or Valkey that all gateways of one installation
    /// share, such as `redis://:password@127.0.0.1:6379/0` or, over TLS, `rediss://…`. It is a secret.
    pub redis: Option<Secret>,
    /// `GATEWAY_STATE_PREFIX`: beginning of every key there; default `chatbot`. Installations that share a Redis differ in it.
    pub prefix: String,
    /// `GATEWAY_STATE_TIMEOUT_MS`: for one call; default 100. After one that is late or fails this gateway goes on alone until the
    /// Redis answers again.
    pub deadline: Duration,
    /// `GATEWAY_STATE_ALONE_PERCENT`: share of the caps of `GATEWAY_SPEND_*` that a gateway may spend on its own while the Redis
    /// does not answer; default 10.
    pub alone_percent: u64,
}

impl StateSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        const NAME: &str = "GATEWAY_STATE";
        let place = reader.secret(NAME).filter(|place| place.expose() != "memory");
        if place.as_ref().is_some_and(|place| redis::Client::open(place.expose()).is_err()) {
            reader.mistake(NAME, "expected memory, redis://HOST:PORT or rediss://HOST:PORT");
        }
        let prefix = reader.text("GATEWAY_STATE_PREFIX", "chatbot");
        if !super::is_collection(&prefix) {
            reader.mistake("GATEWAY_STATE_PREFIX", "expected 1 to 64 characters of a-z 0-9 - _");
        }
        Self {
            redis: place,
            prefix,
            deadline: reader.millis("GATEWAY_STATE_TIMEOUT_MS", Duration::from_millis(100), 5..=5_000),
            alone_percent: reader.number("GATEWAY_STATE_ALONE_PERCENT", 10, 0..=100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, StateSettings};

    fn read(place: &str) -> (StateSettings, Vec<String>) {
        let mut reader = Reader::from_pairs([("GATEWAY_STATE", place)]);
        let settings = StateSettings::read(&mut reader);
        let mistakes = reader.finish(&["GATEWAY_"]).err().map(|mistakes| mistakes.0);
        (settings, mistakes.unwrap_or_default())
    }

    #[test]
    fn a_place_is_memory_or_a_redis_and_its_password_never_prints() {
        assert!(read("memory").0.redis.is_none());
        assert!(read("").0.redis.is_none());
        let (settings, mistakes) = read("rediss://:hush@example.org:6379/2");
        assert!(settings.redis.is_some() && mistakes.is_empty(), "{mistakes:?}");
        assert!(!format!("{settings:?}").contains("hush"));
        for wrong in ["postgres://hush@example.org", "redis", "127.0.0.1:6379"] {
            let (_, mistakes) = read(wrong);
            assert!(
                mistakes.len() == 1 && mistakes[0].starts_with("GATEWAY_STATE: expected"),
                "{mistakes:?}"
            );
            assert!(!mistakes[0].contains("hush"));
        }
    }
}
