//! Which web pages may call. An origin protects the visitors of honest browsers; it is no proof of anything.

/// The rule for the `Origin` header.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    allowed: Vec<String>,
    loopback: bool,
}

impl Origins {
    /// Returns the rule: exactly these origins or, when there are none, the page's own origin and, with `loopback`,
    /// loopback origins.
    pub(crate) fn new(allowed: Vec<String>, loopback: bool) -> Self {
        Self { allowed, loopback }
    }

    /// Returns whether a page of this origin may call; `host` is the `Host` header. Callers that are no browser send
    /// no origin and are let through.
    pub(crate) fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        if !self.allowed.is_empty() {
            return self.allowed.iter().any(|allowed| allowed == origin);
        }
        let Some(place) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
            return false;
        };
        if self.loopback {
            // The host header is not enough here: a foreign name that resolves to this machine would match itself.
            return is_loopback(place);
        }
        host == Some(place)
    }
}

/// Returns whether the text is an origin as browsers send it: scheme, host in lower-case ASCII, and the port if it is not the
/// scheme's own.
pub(crate) fn is_origin(text: &str) -> bool {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_own = |url: url::Url| url.origin().ascii_serialization() == text;
    // A star stands for many, and would match none.
    is_web && !text.contains('*') && text.len() <= 255 && url::Url::parse(text).is_ok_and(is_own)
}

fn is_loopback(place: &str) -> bool {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") && port.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::{Origins, is_origin};

    #[test]
    fn an_origin_is_what_browsers_send() {
        for right in [
            "https://shop.example",
            "http://localhost:3000",
            "https://xn--bcher-kva.example",
            "http://[::1]:8080",
        ] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "",
            "null",
            "*",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/chat",
            "https://Shop.example",
            "HTTPS://shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://bücher.example",
            "https://*.shop.example",
            "https://a@shop.example",
            "https://shop.example?",
            "ftp://shop.example",
            "https://shop.example:",
            "https://shop .example",
            "data:text/html,x",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_list_admits_exactly_its_origins() {
        let origins = Origins::new(vec!["https://shop.example".to_owned()], true);
        assert!(origins.allows(Some("https://shop.example"), None));
        assert!(origins.allows(None, None), "no browser");
        for wrong in [
            "null",
            "",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://SHOP.example",
            "https://shop.example.",
            "https://shop.example/",
            "http://localhost",
        ] {
            assert!(!origins.allows(Some(wrong), Some("shop.example")), "{wrong}");
        }
    }

    #[test]
    fn without_a_list_only_the_same_origin_calls() {
        let origins = Origins::new(Vec::new(), false);
        assert!(origins.allows(Some("https://chat.example"), Some("chat.example")));
        assert!(!origins.allows(Some("https://evil.example"), Some("chat.example")));
        assert!(!origins.allows(Some("http://localhost:3000"), Some("chat.example")));
        assert!(!origins.allows(Some("null"), Some("chat.example")));
    }

    #[test]
    fn on_a_loopback_listener_only_loopback_pages_call() {
        let origins = Origins::new(Vec::new(), true);
        for right in [
            "http://localhost",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://[::1]",
        ] {
            assert!(origins.allows(Some(right), Some("127.0.0.1:8080")), "{right}");
        }
        for wrong in [
            "http://rebound.example:8080",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost:x",
        ] {
            assert!(!origins.allows(Some(wrong), Some("rebound.example:8080")), "{wrong}");
        }
    }
}
