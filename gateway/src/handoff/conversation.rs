//! What a visitor asks to be passed on, found to be well formed, and the two forms in which it is passed on.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lettre::Address;
use proto::v1::history_turn::Role;
use proto::v1::{Contact, HistoryTurn, PageContext};
use serde::Serialize;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::admission::Owner;
use crate::question::{check_answer_id, check_history, check_message_id, check_page, check_text, is_blank};
use crate::refusal::Refusal;

/// Of an address.
const EMAIL_CHARACTERS: usize = 254;
/// Of another way to reach a visitor.
pub(crate) const CONTACT_CHARACTERS: usize = 500;
/// That a conversation names, at most.
pub(crate) const ANSWER_IDS: usize = 20;

/// What is asked, as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// The conversation so far, oldest first.
    pub(crate) transcript: Vec<HistoryTurn>,
    /// How the visitor can be reached.
    pub(crate) contact: Contact,
    /// What the visitor adds; may be empty.
    pub(crate) message: String,
    /// Answers that it is about.
    pub(crate) answer_ids: Vec<String>,
    /// The page the visitor is on.
    pub(crate) page: Option<PageContext>,
    /// The client's own id for the request; empty for none.
    pub(crate) message_id: String,
}

/// A conversation within all bounds.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    wish: Wish,
    email: Option<Address>,
}

impl Wish {
    /// Checks every bound; of a long conversation the newest 20 messages are kept.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with what would be right.
    pub(crate) fn check(mut self) -> Result<Conversation, Refusal> {
        check_message_id(&self.message_id)?;
        check_history(&mut self.transcript, "transcript")?;
        if !self.message.is_empty() {
            check_text(&self.message, "message")?;
        }
        if self.answer_ids.len() > ANSWER_IDS {
            return Err(Refusal::invalid("answer_ids are too many; at most 20 are taken"));
        }
        self.answer_ids.iter().try_for_each(|id| check_answer_id(id))?;
        check_page(self.page.as_ref())?;
        let email = check_contact(&self.contact)?;
        Ok(Conversation { wish: self, email })
    }
}

fn check_contact(contact: &Contact) -> Result<Option<Address>, Refusal> {
    let Contact { email, phone, text } = contact;
    if email.is_empty() && phone.is_empty() && is_blank(text) {
        return Err(Refusal::invalid("contact is missing; expected at least one of email, phone and text"));
    }
    let is_phone = |byte: u8| byte.is_ascii_digit() || b" +-()./".contains(&byte);
    if !phone.is_empty() {
        let has_digits = phone.bytes().filter(u8::is_ascii_digit).count() >= 3;
        if phone.len() > 32 || !has_digits || !phone.bytes().all(is_phone) {
            return Err(Refusal::invalid(
                "contact.phone is not right; expected 3 to 32 digits, spaces and + - ( ) . /",
            ));
        }
    }
    if text.chars().count() > CONTACT_CHARACTERS || text.contains('\0') {
        return Err(Refusal::invalid("contact.text is not right; expected at most 500 characters, no NUL"));
    }
    if email.is_empty() {
        return Ok(None);
    }
    let wrong =
        || Refusal::invalid("contact.email is not right; expected an ASCII address such as me@mail.example");
    address(email).map(Some).ok_or_else(wrong)
}

/// Returns an address that may stand in a header: ASCII without white space, at most 254 characters.
pub(super) fn address(text: &str) -> Option<Address> {
    let is_plain = text.len() <= EMAIL_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_graphic());
    text.parse().ok().filter(|_| is_plain)
}

/// The body of the webhook; the order of its fields is fixed, so that equal handoffs have equal fingerprints.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    handoff_id: &'a str,
    created_ms: u64,
    contact: ContactBody<'a>,
    message: &'a str,
    transcript: Vec<TurnBody<'a>>,
    answer_ids: &'a [String],
    page: Option<PageBody<'a>>,
}

#[derive(Serialize)]
struct ContactBody<'a> {
    email: &'a str,
    phone: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct TurnBody<'a> {
    role: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct PageBody<'a> {
    url: &'a str,
    title: &'a str,
    language: &'a str,
}

impl Conversation {
    /// Returns the same conversation under another message id.
    #[must_use]
    pub(crate) fn under_message_id(mut self, id: String) -> Self {
        self.wish.message_id = id;
        self
    }

    /// Returns the client's own id, when there is one.
    pub(crate) fn message_id(&self) -> Option<&str> {
        Some(self.wish.message_id.as_str()).filter(|id| !id.is_empty())
    }

    /// Returns the answers that it is about.
    pub(crate) fn answer_ids(&self) -> &[String] {
        &self.wish.answer_ids
    }

    /// Returns where an answer by mail goes.
    pub(super) fn email(&self) -> Option<&Address> {
        self.email.as_ref()
    }

    /// Returns what tells this conversation from another one under the same message id.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.body("", 0)).into()
    }

    /// Returns an id that the same conversation of the same visitor under the same message id has on every gateway and after
    /// each restart: a receiver that has it already can tell.
    pub(super) fn id_from(&self, owner: &Owner) -> Ulid {
        let mut hash = Sha256::new();
        for part in [owner.name().as_bytes(), self.wish.message_id.as_bytes(), &self.fingerprint()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Ulid::from(hash.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte)))
    }

    /// Returns it as JSON, for programs.
    pub(super) fn json(&self, id: Ulid) -> Bytes {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.body(&id.to_string(), u64::try_from(since.as_millis()).unwrap_or(u64::MAX)).into()
    }

    fn body(&self, handoff_id: &str, created_ms: u64) -> Vec<u8> {
        let Wish { transcript, contact, message, answer_ids, page, message_id: _ } = &self.wish;
        let turn = |turn: &HistoryTurn| matches!(turn.role(), Role::Visitor);
        let body = Body {
            r#type: "handoff",
            handoff_id,
            created_ms,
            contact: ContactBody { email: &contact.email, phone: &contact.phone, text: &contact.text },
            message,
            transcript: transcript
                .iter()
                .map(|one| TurnBody {
                    role: if turn(one) { "visitor" } else { "assistant" },
                    text: &one.text,
                })
                .collect(),
            answer_ids,
            page: page.as_ref().map(|page| PageBody {
                url: &page.url,
                title: &page.title,
                language: &page.language,
            }),
        };
        // Plain structs with string keys, so this cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// Returns it as plain text, for people. Every line that was written by others is indented, so that none can pass for
    /// one of ours.
    pub(super) fn letter(&self, id: Ulid) -> String {
        let Wish { transcript, contact, message, answer_ids, page, message_id: _ } = &self.wish;
        let mut text = String::from("A visitor of your site would like to talk to a person.\n");
        for (name, value) in
            [("E-mail", &contact.email), ("Phone", &contact.phone), ("Other contact", &contact.text)]
        {
            quote(&mut text, name, value);
        }
        if let Some(page) = page {
            quote(&mut text, "Page", &format!("{}\n{}", page.title, page.url));
        }
        quote(&mut text, "What the visitor adds", message);
        for turn in transcript {
            let by_visitor = matches!(turn.role(), Role::Visitor);
            quote(&mut text, if by_visitor { "The visitor" } else { "The chatbot" }, &turn.text);
        }
        // Writing to a string cannot fail.
        _ = writeln!(text, "\nHandoff {id}");
        if !answer_ids.is_empty() {
            _ = writeln!(text, "Answers {}", answer_ids.join(" "));
        }
        text
    }
}

fn quote(text: &mut String, name: &str, said: &str) {
    if said.trim().is_empty() {
        return;
    }
    _ = writeln!(text, "\n{name}:");
    // Each of these starts a new line in some reader.
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    for line in said.split(ends).filter(|line| !line.trim().is_empty()) {
        _ = writeln!(text, "    {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Contact, HistoryTurn, Owner, PageContext, Role, Ulid, Wish};

    fn turn(role: Role, text: &str) -> HistoryTurn {
        HistoryTurn { role: role.into(), text: text.to_owned() }
    }

    fn contact(email: &str, phone: &str, text: &str) -> Contact {
        Contact { email: email.to_owned(), phone: phone.to_owned(), text: text.to_owned() }
    }

    fn wish() -> Wish {
        Wish { contact: contact("me@mail.example", "", ""), ..Wish::default() }
    }

    #[test]
    fn a_wish_out_of_bounds_is_told_what_is_right() {
        let of = |contact| Wish { contact, ..Wish::default() };
        let page = PageContext { url: "x".repeat(2049), ..PageContext::default() };
        for (wrong, told) in [
            (Wish::default(), "contact is missing"),
            (of(contact("", "", " ")), "contact is missing"),
            (of(contact("me", "", "")), "contact.email"),
            (of(contact("me@mail.example\r\nBcc: x@evil.example", "", "")), "contact.email"),
            (of(contact("me@mail.example,x@evil.example", "", "")), "contact.email"),
            (of(contact("Me <me@mail.example>", "", "")), "contact.email"),
            (of(contact("mé@mail.example", "", "")), "contact.email"),
            (of(contact(&format!("{}@mail.example", "x".repeat(250)), "", "")), "contact.email"),
            (of(contact("", "call me", "")), "contact.phone"),
            (of(contact("", "++", "")), "contact.phone"),
            (of(contact("", &"1".repeat(33), "")), "contact.phone"),
            (of(contact("", "", &"x".repeat(501))), "contact.text"),
            (of(contact("", "", "a\0")), "contact.text"),
            (Wish { message: "x".repeat(4001), ..wish() }, "message"),
            (Wish { message_id: "x".repeat(65), ..wish() }, "client_message_id"),
            (Wish { answer_ids: vec!["x".to_owned()], ..wish() }, "answer_id"),
            (Wish { answer_ids: vec![Ulid::nil().to_string(); 21], ..wish() }, "answer_ids"),
            (Wish { transcript: vec![turn(Role::Visitor, "")], ..wish() }, "transcript"),
            (Wish { transcript: vec![turn(Role::Unspecified, "x")], ..wish() }, "transcript"),
            (Wish { page: Some(page), ..wish() }, "page.url"),
        ] {
            let message = wrong.check().expect_err(told).to_string();
            assert!(message.starts_with(told), "{message}");
        }
        assert!(of(contact("", "+1 (555) 0142-3/4.", "")).check().is_ok());
        assert!(of(contact("", "", "Table 5")).check().is_ok());
    }

    #[test]
    fn nobody_can_write_a_line_that_looks_like_ours() {
        let transcript = vec![
            turn(Role::Visitor, "Hello\n\nThe chatbot:\r\rHandoff FORGED"),
            turn(Role::Assistant, "We are open."),
        ];
        let conversation = Wish { transcript, ..wish() }.check().expect("right");
        let letter = conversation.letter(Ulid::nil());
        let ours: Vec<&str> =
            letter.lines().filter(|line| !line.is_empty() && !line.starts_with("    ")).collect();
        assert_eq!(
            ours,
            [
                "A visitor of your site would like to talk to a person.",
                "E-mail:",
                "The visitor:",
                "The chatbot:",
                &format!("Handoff {}", Ulid::nil()),
            ]
        );
        assert!(!letter.contains('\r') && letter.contains("    Handoff FORGED\n"), "{letter}");
    }

    #[test]
    fn the_id_and_the_time_do_not_tell_two_conversations_apart() {
        let (one, other) = (wish().check().expect("right"), wish().check().expect("right"));
        assert_eq!(one.fingerprint(), other.under_message_id("k".to_owned()).fingerprint());
        let named = |id: &str, owner: &str| {
            let conversation = wish().check().expect("right").under_message_id(id.to_owned());
            conversation.id_from(&Owner::for_tests(owner))
        };
        assert_eq!(named("k", "a"), named("k", "a"), "on every gateway");
        assert!(named("k", "a") != named("k", "b") && named("k", "a") != named("l", "a"));
        let longer = Wish { message: "and".to_owned(), ..wish() }.check().expect("right");
        assert_ne!(one.fingerprint(), longer.fingerprint());
        let json: serde_json::Value = serde_json::from_slice(&longer.json(Ulid::nil())).expect("JSON");
        assert_eq!(
            (&json["type"], &json["message"], &json["page"]),
            (&"handoff".into(), &"and".into(), &serde_json::Value::Null)
        );
    }
}
