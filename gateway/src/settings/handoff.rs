//! Settings of "talk to a person": where conversations go, and how long that is tried.

use std::net::IpAddr;
use std::time::Duration;

use http::Uri;
use lettre::message::{Mailbox, Mailboxes};
use lifecycle::{Reader, Secret};

use crate::handoff::{Key, Relay};

/// Where conversations go, and how long that is tried.
#[derive(Clone, Debug)]
pub struct HandoffSettings {
    /// The receiver over HTTP, if any.
    pub(crate) webhook: Option<WebhookSettings>,
    /// The mail server, if any.
    pub(crate) mail: Option<MailSettings>,
    /// `GATEWAY_CONTACT`: what a visitor can do instead when nothing arrived, at most 500 characters, such as "Call us at
    /// +1 555 0142."; default none.
    pub contact: String,
    /// `GATEWAY_HANDOFF_PATIENCE_SECONDS`: how long a visitor waits for the first attempt, 0.1 to 30; default 4.
    pub patience: Duration,
    /// `GATEWAY_HANDOFF_ATTEMPT_SECONDS`: for one attempt, 0.1 to 120; default 10.
    pub attempt: Duration,
    /// `GATEWAY_HANDOFF_RETRY_SECONDS`: the first pause between attempts lasts at most this long, the later ones twice as
    /// long each time, up to a minute; 0.001 to 60, default 2.
    pub pause: Duration,
    /// `GATEWAY_HANDOFF_SECONDS`: all attempts together, 0.1 to 86,400; default 900.
    pub total: Duration,
    /// `GATEWAY_HANDOFF_QUEUE`: conversations on their way at once, 1 to 4,096; default 64.
    pub queue: usize,
}

/// The receiver over HTTP.
#[derive(Clone)]
pub(crate) struct WebhookSettings {
    /// `GATEWAY_HANDOFF_WEBHOOK`: https, or http on a loopback address. May hold a token, so it never prints.
    pub(crate) address: Uri,
    /// `GATEWAY_HANDOFF_SECRET`: at least 16 bytes, or `whsec_` and Base64; signs what is sent.
    pub(crate) key: Key,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a webhook")
    }
}

/// The mail server, and the addresses.
#[derive(Clone, Debug)]
pub(crate) struct MailSettings {
    /// `GATEWAY_HANDOFF_SMTP`: `smtps://user:password@host`, `smtp://user:password@host:587?tls=required`, or `smtp://` on a
    /// loopback address.
    pub(crate) relay: Relay,
    /// `GATEWAY_HANDOFF_FROM`: the sender.
    pub(crate) from: Mailbox,
    /// `GATEWAY_HANDOFF_TO`: the receivers, separated by commas.
    pub(crate) to: Mailboxes,
}

/// Reads every setting of handoffs; wrong ones are noted with the reader.
pub(super) fn read(reader: &mut Reader) -> HandoffSettings {
    let contact = reader.text("GATEWAY_CONTACT", "");
    if contact.chars().count() > 500 || contact.chars().any(char::is_control) {
        reader.mistake("GATEWAY_CONTACT", "expected one line of at most 500 characters");
    }
    let webhook = read_webhook(reader);
    let mail = read_mail(reader);
    let mut seconds = |name, default, range| reader.seconds(name, Duration::from_secs(default), range);
    HandoffSettings {
        webhook,
        mail,
        contact,
        patience: seconds("GATEWAY_HANDOFF_PATIENCE_SECONDS", 4, 0.1..=30.0),
        attempt: seconds("GATEWAY_HANDOFF_ATTEMPT_SECONDS", 10, 0.1..=120.0),
        pause: seconds("GATEWAY_HANDOFF_RETRY_SECONDS", 2, 0.001..=60.0),
        total: seconds("GATEWAY_HANDOFF_SECONDS", 900, 0.1..=86_400.0),
        queue: reader.number("GATEWAY_HANDOFF_QUEUE", 64, 1..=4096),
    }
}

fn read_webhook(reader: &mut Reader) -> Option<WebhookSettings> {
    const NAME: &str = "GATEWAY_HANDOFF_WEBHOOK";
    const SECRET: &str = "GATEWAY_HANDOFF_SECRET";
    let (address, secret) = (reader.secret(NAME), reader.secret(SECRET));
    let Some(address) = address else {
        if secret.is_some() {
            reader.mistake(SECRET, "signs nothing; set GATEWAY_HANDOFF_WEBHOOK as well or leave it out");
        }
        return None;
    };
    let parsed = address.expose().parse::<Uri>().ok().filter(is_right_webhook);
    if parsed.is_none() {
        reader.mistake(
            NAME,
            "expected https://HOST/PATH, or http:// on a loopback address, without user and #",
        );
    }
    let key = secret.as_ref().map(Secret::expose).and_then(Key::parse);
    if key.is_none() {
        reader.mistake(
            SECRET,
            "expected at least 16 bytes, or whsec_ and Base64 of as many, to sign the webhook",
        );
    }
    Some(WebhookSettings { address: parsed?, key: key? })
}

fn is_right_webhook(address: &Uri) -> bool {
    let Some(authority) = address.authority() else { return false };
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    is_plain
        && match address.scheme_str() {
            Some("https") => true,
            Some("http") => is_loopback(authority.host()),
            _ => false,
        }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn read_mail(reader: &mut Reader) -> Option<MailSettings> {
    const SERVER: &str = "GATEWAY_HANDOFF_SMTP";
    let server = reader.secret(SERVER);
    let (from, to) =
        (reader.optional_text("GATEWAY_HANDOFF_FROM"), reader.optional_text("GATEWAY_HANDOFF_TO"));
    let Some(server) = server else {
        for (name, value) in [("GATEWAY_HANDOFF_FROM", from), ("GATEWAY_HANDOFF_TO", to)] {
            if value.is_some() {
                reader.mistake(name, "is of no use alone; set GATEWAY_HANDOFF_SMTP as well or leave it out");
            }
        }
        return None;
    };
    let relay = Relay::parse(server.expose(), is_loopback);
    if relay.is_none() {
        let right = "expected smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required; smtp:// \
                     without TLS only on a loopback address";
        reader.mistake(SERVER, right);
    }
    let from: Option<Mailbox> = from.and_then(|from| from.parse().ok());
    if from.is_none() {
        reader.mistake("GATEWAY_HANDOFF_FROM", "expected an address such as Shop <chat@shop.example>");
    }
    let to =
        to.and_then(|to| to.parse::<Mailboxes>().ok()).filter(|to| (1..=16).contains(&to.iter().count()));
    if to.is_none() {
        reader.mistake("GATEWAY_HANDOFF_TO", "expected 1 to 16 addresses separated by commas");
    }
    Some(MailSettings { relay: relay?, from: from?, to: to? })
}

#[cfg(test)]
mod tests {
    use super::{Reader, read};

    const SECRET: (&str, &str) = ("GATEWAY_HANDOFF_SECRET", "hunter2-hunter2-hunter2");

    fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut reader = Reader::from_pairs(pairs.iter().copied());
        let settings = format!("{:?}", read(&mut reader));
        assert!(!settings.contains("hunter2"), "{settings}");
        reader.finish(&["GATEWAY_"]).map_or_else(|mistakes| mistakes.0, |_| Vec::new())
    }

    #[test]
    fn a_webhook_is_https_or_loopback_and_signed() {
        for right in [
            "https://desk.example/hook?token=hunter2",
            "http://127.0.0.1:9/x",
            "http://[::1]:9/",
            "http://localhost/",
        ] {
            assert_eq!(mistakes(&[("GATEWAY_HANDOFF_WEBHOOK", right), SECRET]), [""; 0], "{right}");
        }
        for wrong in [
            "http://desk.example/hook",
            "http://127.0.0.1.desk.example/",
            "http://10.0.0.1/",
            "https://hunter2@desk.example/",
            "ftp://127.0.0.1/",
            "/hook",
            "hunter2 hunter2",
        ] {
            let told = mistakes(&[("GATEWAY_HANDOFF_WEBHOOK", wrong), SECRET]);
            assert!(
                told.len() == 1 && told[0].starts_with("GATEWAY_HANDOFF_WEBHOOK: expected https"),
                "{told:?}"
            );
            assert!(!told[0].contains("hunter2"), "{told:?}");
        }
        for secret in ["", "short", "whsec_c2hvcnQ=", "whsec_no base64 at all, really not"] {
            let told = mistakes(&[
                ("GATEWAY_HANDOFF_WEBHOOK", "https://desk.example/"),
                ("GATEWAY_HANDOFF_SECRET", secret),
            ]);
            assert!(
                told.len() == 1 && told[0].starts_with("GATEWAY_HANDOFF_SECRET: expected"),
                "{secret} {told:?}"
            );
        }
        assert_eq!(mistakes(&[SECRET]).len(), 1, "a secret without a webhook");
    }

    #[test]
    fn mail_goes_out_encrypted_or_over_loopback() {
        let addresses = |server| {
            mistakes(&[
                ("GATEWAY_HANDOFF_SMTP", server),
                ("GATEWAY_HANDOFF_FROM", "Shop <chat@shop.example>"),
                ("GATEWAY_HANDOFF_TO", "a@shop.example, B <b@shop.example>"),
            ])
        };
        for right in [
            "smtps://me:hunter2@mail.example",
            "smtp://me:hunter2@mail.example:587?tls=required",
            "smtp://127.0.0.1:2525",
        ] {
            assert_eq!(addresses(right), [""; 0], "{right}");
        }
        for wrong in [
            "smtp://mail.example",
            "smtp://me:hunter2@mail.example?tls=opportunistic",
            "https://x",
            "hunter2",
            "smtps://",
            "smtp://mail.example#@127.0.0.1",
        ] {
            let told = addresses(wrong);
            assert!(
                told.len() == 1 && told[0].starts_with("GATEWAY_HANDOFF_SMTP: expected"),
                "{wrong} {told:?}"
            );
            assert!(!told[0].contains("hunter2"), "{told:?}");
        }
        let server = ("GATEWAY_HANDOFF_SMTP", "smtp://127.0.0.1:2525");
        let addresses = [("GATEWAY_HANDOFF_FROM", "nobody"), ("GATEWAY_HANDOFF_TO", "a@b\r\nBcc: c@d")];
        assert_eq!(mistakes(&[server, addresses[0], addresses[1]]).len(), 2);
        assert_eq!(mistakes(&[server]).len(), 2);
        assert_eq!(mistakes(&addresses).len(), 2);
    }
}
