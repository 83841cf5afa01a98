//! Settings from the environment: read once, every mistake reported together, secrets unprintable.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Reads settings by name and collects what is wrong with them.
///
/// A wrong value yields the default, so that reading goes on and [`Reader::finish`] can report every mistake.
#[derive(Debug)]
pub struct Reader {
    values: BTreeMap<String, String>,
    resolved: Vec<(String, String)>,
    mistakes: Vec<String>,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings are wrong:\n  {}", .0.join("\n  "))]
pub struct Mistakes(pub Vec<String>);

/// A value that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns the value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Reader {
    /// Reads the environment of the process. A value that is not UTF-8 is a mistake.
    pub fn from_environment() -> Self {
        let mut mistakes = Vec::new();
        let mut values = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => _ = values.insert(name, value),
                Err(_) => mistakes.push(format!("{name}: not UTF-8")),
            }
        }
        // Only our own names matter; they are ASCII, and so is every right value's encoding.
        mistakes.retain(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
        Self { values, resolved: Vec::new(), mistakes }
    }

    /// Reads from these pairs; later pairs replace earlier ones.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, resolved: Vec::new(), mistakes: Vec::new() }
    }

    /// Sets a value unless it is there already: how an assembly gives its parts other defaults.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        self.values.entry(name.to_owned()).or_insert_with(|| value.into());
    }

    /// Sets a value, whatever stood there: how a command-line flag wins over the environment.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Notes a mistake of the caller's own checks.
    pub fn mistake(&mut self, name: &str, message: impl Display) {
        self.mistakes.push(format!("{name}: {message}"));
    }

    /// Returns the text of a setting, or the default.
    pub fn text(&mut self, name: &str, default: &str) -> String {
        let value = self.values.get(name).map_or(default, String::as_str).to_owned();
        self.resolve(name, &value);
        value
    }

    /// Returns the text of a setting; an empty one counts as absent.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        let value = self.values.get(name).filter(|value| !value.is_empty()).cloned();
        self.resolve(name, value.as_deref().unwrap_or(""));
        value
    }

    /// Returns a secret; an empty one counts as absent. Its value never appears among the resolved settings.
    pub fn secret(&mut self, name: &str) -> Option<Secret> {
        let value = self.values.get(name).filter(|value| !value.is_empty()).cloned().map(Secret);
        self.resolve(name, if value.is_some() { "***" } else { "" });
        value
    }

    /// Returns `SERVICE_TOKEN`, by which services know each other: at least 16 visible ASCII characters. A listener, given with
    /// its setting's name, that is not a loopback one needs it.
    pub fn service_token(&mut self, listener: Option<(&str, SocketAddr)>) -> Option<Secret> {
        const NAME: &str = "SERVICE_TOKEN";
        let token = self.secret(NAME);
        let right =
            |token: &Secret| token.0.len() >= 16 && token.0.bytes().all(|byte| byte.is_ascii_graphic());
        if token.as_ref().is_some_and(|token| !right(token)) {
            self.mistake(
                NAME,
                "expected at least 16 visible ASCII characters, such as those of `openssl rand -hex 32`",
            );
        }
        let open = listener.filter(|(_, address)| token.is_none() && !address.ip().is_loopback());
        if let Some((name, address)) = open {
            let needs = "is not a loopback address, so callers must show a token";
            self.mistake(
                name,
                format!("{address} {needs}; set SERVICE_TOKEN to the same secret in every service"),
            );
        }
        token
    }

    /// Returns `true` for `true`, `1` or `yes`, `false` for `false`, `0` or `no`.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let parsed = match self.values.get(name).map(String::as_str) {
            None => Some(default),
            Some("true" | "1" | "yes") => Some(true),
            Some("false" | "0" | "no") => Some(false),
            Some(_) => None,
        };
        if parsed.is_none() {
            self.wrong(name, "true or false");
        }
        let value = parsed.unwrap_or(default);
        self.resolve(name, &value.to_string());
        value
    }

    /// Returns a number within the range.
    pub fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let parsed = self.values.get(name).map_or(Some(default), |text| text.trim().parse().ok());
        let value = match parsed.filter(|value| range.contains(value)) {
            Some(value) => value,
            None => {
                self.wrong(name, &format!("a number from {} to {}", range.start(), range.end()));
                default
            }
        };
        self.resolve(name, &value.to_string());
        value
    }

    /// Returns a length of time given in seconds, fractions allowed.
    pub fn seconds(&mut self, name: &str, default: Duration, range: RangeInclusive<f64>) -> Duration {
        Duration::from_secs_f64(self.number(name, default.as_secs_f64(), range).max(0.0))
    }

    /// Returns a length of time given in whole milliseconds.
    pub fn millis(&mut self, name: &str, default: Duration, range: RangeInclusive<u64>) -> Duration {
        let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.number(name, default, range))
    }

    /// Returns a parsed value; `expected` completes the sentence "expected ..." of the mistake. A default that does
    /// not parse is a mistake too, so `None` only comes with one.
    pub fn parsed<T: FromStr>(&mut self, name: &str, default: &str, expected: &str) -> Option<T> {
        let text = self.text(name, default);
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong(name, expected);
        }
        value
    }

    /// Returns every setting with the value in force, secrets masked.
    ///
    /// # Errors
    /// All mistakes together. A name that starts with one of the prefixes and that nobody asked for is one.
    pub fn finish(mut self, prefixes: &[&str]) -> Result<Vec<(String, String)>, Mistakes> {
        for name in self.values.keys() {
            let ours = prefixes.iter().any(|prefix| name.starts_with(prefix));
            if ours && !self.resolved.iter().any(|(known, _)| known == name) {
                let near = self.nearest(name);
                self.mistakes.push(format!("{name}: no such setting; did you mean {near}?"));
            }
        }
        if self.mistakes.is_empty() { Ok(self.resolved) } else { Err(Mistakes(self.mistakes)) }
    }

    fn nearest(&self, name: &str) -> &str {
        let shared = |known: &str| known.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let known = self.resolved.iter().map(|(known, _)| known.as_str());
        known.max_by_key(|known| shared(known)).unwrap_or("another")
    }

    fn wrong(&mut self, name: &str, expected: &str) {
        let value = self.values.get(name).map_or("", String::as_str);
        self.mistakes.push(format!("{name}: expected {expected}, got `{value}`"));
    }

    fn resolve(&mut self, name: &str, value: &str) {
        if !self.resolved.iter().any(|(known, _)| known == name) {
            self.resolved.push((name.to_owned(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Reader};

    #[test]
    fn every_mistake_is_reported_together() {
        let mut reader = Reader::from_pairs([
            ("X_PORT", "eighty"),
            ("X_RATE", "-1"),
            ("X_DEMO", "maybe"),
            ("X_PROT", "1"),
        ]);
        assert_eq!(reader.number("X_PORT", 80_u16, 1..=65535), 80);
        reader.number("X_RATE", 10_u32, 0..=100);
        reader.flag("X_DEMO", false);
        let mistakes = reader.finish(&["X_"]).expect_err("four mistakes").0;
        assert_eq!(
            mistakes,
            [
                "X_PORT: expected a number from 1 to 65535, got `eighty`",
                "X_RATE: expected a number from 0 to 100, got `-1`",
                "X_DEMO: expected true or false, got `maybe`",
                "X_PROT: no such setting; did you mean X_PORT?",
            ]
        );
    }

    #[test]
    fn a_secret_prints_nowhere() {
        let mut reader = Reader::from_pairs([("X_KEY", "hunter2")]);
        let secret = reader.secret("X_KEY").expect("it is set");
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("hunter2", "***"));
        assert_eq!(reader.finish(&["X_"]).expect("no mistake"), [("X_KEY".to_owned(), "***".to_owned())]);
    }

    #[test]
    fn a_listener_that_others_reach_needs_the_service_token() {
        let token = "0123456789abcdef";
        for (token, address, mistakes) in [
            ("", "127.0.0.1:1", 0),
            ("", "[::1]:1", 0),
            (token, "127.0.0.1:1", 0),
            (token, "0.0.0.0:1", 0),
            ("", "0.0.0.0:1", 1),
            ("", "192.0.2.1:1", 1),
            ("short", "192.0.2.1:1", 1),
            ("0123456789 abcdef", "127.0.0.1:1", 1),
        ] {
            let mut reader = Reader::from_pairs([("SERVICE_TOKEN", token)]);
            let read = reader.service_token(Some(("X_LISTEN", address.parse().expect("an address"))));
            assert_eq!(read.is_some(), !token.is_empty());
            let noted = reader.finish(&["X_"]).err().map_or(Vec::new(), |mistakes| mistakes.0);
            assert_eq!(noted.len(), mistakes, "{token} {address} {noted:?}");
            assert!(
                noted.iter().all(|line| line.contains("SERVICE_TOKEN") && !line.contains("short")),
                "{noted:?}"
            );
        }
    }

    #[test]
    fn seconds_may_be_fractions_and_names_of_others_are_left_alone() {
        let mut reader = Reader::from_pairs([("X_WAIT", "0.25"), ("PATH", "/bin")]);
        assert_eq!(reader.seconds("X_WAIT", Duration::from_secs(1), 0.0..=10.0), Duration::from_millis(250));
        assert!(reader.finish(&["X_"]).is_ok());
    }
}
