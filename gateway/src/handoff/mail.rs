//! A handoff as an e-mail. Nothing that a visitor wrote stands in a header, but for an address that was checked.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, MessageBuilder};
use lettre::transport::smtp::{AsyncSmtpTransport, AsyncSmtpTransportBuilder, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::delivery::{Parcel, Setback};
use crate::settings::MailSettings;

const SUBJECT: &str = "A visitor would like to talk to a person";

/// A mail server with its credentials; never prints.
#[derive(Clone)]
pub(crate) struct Relay(AsyncSmtpTransportBuilder);

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a mail server")
    }
}

impl Relay {
    /// Reads an address with the scheme `smtps`, or `smtp` with `?tls=required`; `smtp` alone only where
    /// `may_be_plain` says so of the host. Encryption that the network could switch off is not taken.
    pub(crate) fn parse(text: &str, may_be_plain: impl Fn(&str) -> bool) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").filter(|_| !text.contains('#'))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let host = place.split('/').next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => name,
            _ => host,
        };
        let is_right = match (scheme, query) {
            ("smtps", "") | ("smtp", "tls=required") => !name.is_empty(),
            ("smtp", "") => may_be_plain(name),
            _ => false,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(text).ok();
        builder.filter(|_| is_right).map(Self)
    }
}

/// The mail server, and who writes to whom.
#[derive(Debug)]
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Mailboxes,
}

impl Mail {
    /// Returns the way by mail; nothing is called yet. `limit` is for each step of a dialogue.
    pub(super) fn new(settings: &MailSettings, limit: Duration) -> Self {
        let builder = settings.relay.0.clone().timeout(Some(limit));
        Self { transport: builder.build(), from: settings.from.clone(), to: settings.to.clone() }
    }

    /// Makes one attempt.
    pub(super) async fn send(&self, parcel: &Parcel) -> Result<(), Setback> {
        let message = self.message(parcel).map_err(|error| Setback::lasting(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(setback(&error)),
        }
    }

    fn message(&self, parcel: &Parcel) -> Result<Message, lettre::error::Error> {
        let own_id = format!("<{}@{}>", parcel.id, self.from.email.domain());
        let mut builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .subject(SUBJECT)
            .date_now()
            // The same for every attempt, so that a mailbox can show it once.
            .message_id(Some(own_id))
            .header(ContentType::TEXT_PLAIN)
            // Keeps absence notes from answering the visitor (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in self.to.iter() {
            builder = builder.to(to.clone());
        }
        if let Some(address) = &parcel.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address.clone()));
        }
        builder.body(parcel.text.clone())
    }
}

/// A server may repeat an address in what it says, so the log keeps its code alone.
fn setback(error: &Error) -> Setback {
    let cause = match error.status() {
        Some(status) => format!("the mail server said {status}"),
        None if error.is_timeout() => "the mail server took too long".to_owned(),
        None if error.is_tls() => "TLS with the mail server failed".to_owned(),
        None => "the mail server could not be reached or was not understood".to_owned(),
    };
    if error.is_permanent() { Setback::lasting(cause) } else { Setback::passing(cause) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ulid::Ulid;

    use super::super::conversation::address;
    use super::{Mail, MailSettings, Parcel, Relay};

    #[test]
    fn what_a_visitor_wrote_stands_in_no_header() {
        let settings = MailSettings {
            relay: Relay::parse("smtp://127.0.0.1:1", |_| true).expect("a server"),
            from: "Grüße <chat@shop.example>".parse().expect("an address"),
            to: "a@shop.example, b@shop.example".parse().expect("addresses"),
        };
        let mail = Mail::new(&settings, std::time::Duration::from_secs(1));
        let parcel = Parcel {
            id: Ulid::from_parts(1, 1),
            json: Bytes::new(),
            text: "Hello\r\nBcc: c@evil.example\r\n.\r\nMAIL FROM:<x@evil.example>\r\n".to_owned(),
            reply_to: address("visitor@mail.example"),
        };
        let text = String::from_utf8(mail.message(&parcel).expect("a message").formatted()).expect("UTF-8");
        let (head, _) = text.split_once("\r\n\r\n").expect("a head");
        assert!(!head.contains("Bcc") && !head.contains("evil"), "{head}");
        for line in [
            "To: a@shop.example, b@shop.example",
            "Reply-To: visitor@mail.example",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(head.lines().any(|found| found == line), "{line} is missing: {head}");
        }
        assert!(head.contains(&format!("Message-ID: <{}@shop.example>", parcel.id)), "{head}");
    }
}
