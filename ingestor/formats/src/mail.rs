//! Reads one mail: who wrote it and when, its text, and the names of its attachments, which are not opened.

use mail_parser::{MessageParser, MessagePart, MimeHeaders, PartType};

use crate::budget::Budget;
use crate::collector::{Collector, one_line};
use crate::properties::property;
use crate::{Contents, Failure};

/// Headers that are longer were not written for a mail.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Contents, Failure> {
    check_cost(bytes, budget)?;
    let mail = MessageParser::default().parse(bytes).ok_or_else(|| budget.damaged("it has no headers"))?;
    let author =
        mail.from().and_then(|from| from.first()).and_then(|from| match (from.name(), from.address()) {
            (Some(name), Some(address)) => property(&format!("{name} <{address}>")),
            (name, address) => name.or(address).and_then(property),
        });
    let mut collector = Collector::new(budget);
    let texts: Vec<&MessagePart<'_>> = mail.text_bodies().collect();
    // Most mails say the same twice; the plain text counts unless it is empty.
    let is_blank = texts.iter().all(|part| part.text_contents().is_none_or(|text| text.trim().is_empty()));
    let bodies = if is_blank { mail.html_bodies().collect() } else { texts };
    for part in bodies {
        match &part.body {
            PartType::Html(html) if !html.trim().is_empty() => collector.html(html)?,
            PartType::Text(text) => paragraphs(text, is_flowed(part), &mut collector)?,
            _ => {}
        }
    }
    let names: Vec<String> = mail.attachments().filter_map(attachment_name).collect();
    if !names.is_empty() {
        collector.paragraph(&format!("Attachments: {}", names.join(", ")))?;
    }
    Ok(Contents {
        title: mail.subject().and_then(property),
        author,
        created: mail.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_rfc3339),
        pieces: collector.finish(),
        ..Contents::default()
    })
}

/// Every part and every header takes far more memory than the few bytes that begin it.
fn check_cost(bytes: &[u8], budget: &Budget) -> Result<(), Failure> {
    let limits = budget.limits();
    budget.unpack(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    let boundaries = bytes.windows(3).filter(|window| *window == b"\n--").count();
    if u32::try_from(boundaries).map_or(true, |count| count > limits.parts) {
        return Err(budget.over("has too many parts", format!("{} parts", limits.parts)));
    }
    let mut headers = 0_usize;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        headers = headers.saturating_add(line.len());
        if headers > MAX_HEADER_BYTES {
            return Err(budget.over("has headers that are too long", format!("{MAX_HEADER_BYTES} bytes")));
        }
    }
    Ok(())
}

fn is_flowed(part: &MessagePart<'_>) -> bool {
    let kind = part.content_type();
    kind.and_then(|kind| kind.attribute("format")).is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
}

/// Adds the paragraphs of a plain text. In a flowed one (RFC 3676) a line goes on in the next when it ends with a space.
fn paragraphs(text: &str, is_flowed: bool, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let mut paragraph = String::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            collector.paragraph(&std::mem::take(&mut paragraph))?;
            continue;
        }
        paragraph.push_str(line);
        let goes_on = is_flowed && line.ends_with(' ') && line != "-- ";
        if !goes_on {
            paragraph.push('\n');
        }
    }
    collector.paragraph(&paragraph)
}

/// Returns an attachment's name; a mail inside goes by its subject.
fn attachment_name(part: &MessagePart<'_>) -> Option<String> {
    let subject = || part.message().and_then(|mail| mail.subject());
    let name = one_line(part.attachment_name().or_else(subject)?);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::testing::sketch;
    use crate::{Failure, Format, Limits, read};

    fn mail(text: &str) -> crate::Contents {
        read(Format::Mail, text.as_bytes(), &Limits::DEFAULT).unwrap()
    }

    #[test]
    fn a_plain_mail_is_read_with_its_headers() {
        let mail = mail(
            "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nSubject: Opening\r\n hours\r\n\
             Date: Wed, 1 May 2024 10:20:30 +0200\r\n\r\nDear all,\r\nwe open at 9.\r\n\r\nJ\r\n",
        );
        assert_eq!(mail.title.as_deref(), Some("Opening hours"));
        assert_eq!(mail.author.as_deref(), Some("Jörg <joerg@example.org>"));
        assert_eq!(mail.created.as_deref(), Some("2024-05-01T10:20:30+02:00"));
        assert_eq!(sketch(&mail), ["p Dear all,\nwe open at 9.", "p J"]);
    }

    #[test]
    fn the_plain_text_of_two_alternatives_is_read_and_attachments_are_named() {
        let mail = mail(
            "From: a@b.c\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=M\n\n--M\n\
             Content-Type: multipart/alternative; boundary=A\n\n\
             --A\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n\
             --A\nContent-Type: text/html\n\n<p>Other</p>\n--A--\n\
             --M\nContent-Type: application/pdf; name=\"price list.pdf\"\nContent-Disposition: attachment\n\nJVBERi0=\n--M--\n",
        );
        assert_eq!(sketch(&mail), ["p Grüße", "p Attachments: price list.pdf"]);
    }

    #[test]
    fn a_mail_of_html_alone_is_handed_on_as_html() {
        let mail = mail("From: a@b.c\nContent-Type: text/html\n\n<p>We are <b>open</b>.</p>\n");
        assert_eq!(sketch(&mail).len(), 1);
        assert!(sketch(&mail).concat().starts_with("html <p>We are <b>open</b>.</p>"));
    }

    #[test]
    fn flowed_lines_are_joined() {
        let mail = mail("From: a@b.c\nContent-Type: text/plain; format=flowed\n\nWe are \nopen.\nBye\n");
        assert_eq!(sketch(&mail), ["p We are open.\nBye"]);
    }

    #[test]
    fn too_many_parts_are_refused() {
        let text =
            format!("From: a@b.c\nContent-Type: multipart/mixed; boundary=M\n\n{}", "--M\n".repeat(20_000));
        let failure = read(Format::Mail, text.as_bytes(), &Limits::DEFAULT).unwrap_err();
        assert!(matches!(failure, Failure::OverLimit { .. }), "{failure}");
    }
}
