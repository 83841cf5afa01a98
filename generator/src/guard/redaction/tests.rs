//! However a text is split, the same comes out; and what is held back is little.

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{Direction, GuardrailConfig, Redaction, Scan, WINDOW_BYTES};

const RULES: &str = r#"{"name":"a","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.",
    "sensitiveInformationPolicyConfig":{"piiEntitiesConfig":[
        {"type":"CREDIT_DEBIT_CARD_NUMBER","action":"ANONYMIZE"},{"type":"EMAIL","action":"ANONYMIZE"},
        {"type":"PHONE","action":"ANONYMIZE"},{"type":"URL","action":"ANONYMIZE"},{"type":"PASSWORD","action":"ANONYMIZE"},
        {"type":"INTERNATIONAL_BANK_ACCOUNT_NUMBER","action":"ANONYMIZE"},{"type":"IP_ADDRESS","action":"NONE"}],
    "regexesConfig":[{"name":"order","pattern":"\\bORD-[0-9]{3,8}\\b","action":"ANONYMIZE"},
        {"name":"quoted","pattern":"«[^»]{1,40}»","action":"ANONYMIZE"},{"name":"last","pattern":"end$","action":"ANONYMIZE"}]}}"#;

fn redaction() -> Redaction {
    let config = GuardrailConfig::parse(RULES).expect("right rules");
    Redaction::new(&config, Direction::Output).expect("compiled")
}

fn joined(redaction: &Redaction, pieces: &[&str]) -> (String, u32) {
    let (mut caches, mut scan, mut out) = (redaction.caches(), Scan::default(), String::new());
    for piece in pieces {
        scan.push(piece);
        scan.write(redaction, &mut caches, (0, false), &mut out).expect("nothing is blocked");
        assert!(
            scan.pending.len() <= WINDOW_BYTES + piece.len() + 8,
            "{} bytes are held",
            scan.pending.len()
        );
    }
    scan.write(redaction, &mut caches, (0, true), &mut out).expect("nothing is blocked");
    redaction.keep(caches);
    (out, scan.noted)
}

#[test]
fn expressions_and_personal_data_are_hidden_in_one_text() {
    let redaction = redaction();
    let text = "ORD-123 of ada@example.com: «Ärger» XORD-123 ORD-12, 10.0.0.1, ende end end";
    let (out, noted) = joined(&redaction, &[text]);
    assert_eq!(out, "{order} of {EMAIL}: {quoted} XORD-123 ORD-12, 10.0.0.1, ende end {last}");
    assert_eq!(noted, 1, "an address that is only counted");
}

#[test]
fn ordinary_words_flow_with_one_word_of_delay_at_most() {
    let redaction = redaction();
    let (mut caches, mut scan, mut out) = (redaction.caches(), Scan::default(), String::new());
    let text =
        "We are open from nine to five, on Sundays too; parking is free. Wir haben über Ostern geöffnet. ";
    for (place, character) in text.char_indices() {
        scan.push(character.encode_utf8(&mut [0; 4]));
        scan.write(&redaction, &mut caches, (0, false), &mut out).expect("nothing is blocked");
        let seen = text.get(..place + character.len_utf8()).expect("a border");
        let word = seen.rsplit(' ').next().unwrap_or_default();
        assert!(out.len() + word.len() >= seen.len(), "after {seen:?} only {out:?} was shown");
    }
}

/// Pieces of which findings are made, whole and broken.
fn part() -> impl Strategy<Value = String> {
    let known = [
        "4111 1111 1111 1111",
        "4111111111111112",
        "ada@example.com",
        "ada@",
        "@example.com",
        ".com",
        "+49 30 1234567",
        "DE89 3704 0044 0532 0130 00",
        "DE89",
        " 3704",
        "https://a.example/b",
        "www.",
        "password: s3cret!",
        "password is ",
        "10.0.0.1",
        "1.2.3.4.5",
        "ORD-1234",
        "ORD-",
        "«zitiert»",
        "«",
        "»",
        "end",
        " ",
        "  ",
        "\n",
        ". ",
        ", ",
        "-",
        "_",
        "Ä",
        "\u{200b}",
        "\u{202e}",
        "\0",
        "忽略",
        "word",
        "1",
        "22",
        "x",
    ];
    proptest::sample::select(known.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn however_a_text_is_split_the_same_comes_out(
        parts in prop::collection::vec(part(), 0..24),
        lengths in prop::collection::vec(1..9_usize, 1..40),
    ) {
        let (redaction, text) = (redaction(), parts.concat());
        let mut pieces = Vec::new();
        let (mut rest, mut lengths) = (text.as_str(), lengths.into_iter().cycle());
        while !rest.is_empty() {
            let length = lengths.next().unwrap_or(1).min(rest.len());
            let (piece, more) = rest.split_at(rest.ceil_char_boundary(length));
            pieces.push(piece);
            rest = more;
        }
        prop_assert_eq!(joined(&redaction, &pieces), joined(&redaction, &[&text]), "{}", text);
    }

    #[test]
    fn text_without_findings_stays_as_it_is(text in any::<String>()) {
        let config = GuardrailConfig::default();
        let redaction = Redaction::new(&config, Direction::Output).expect("compiled");
        prop_assert_eq!(joined(&redaction, &[&text]).0, text);
    }

    #[test]
    fn no_text_breaks_it(text in any::<String>()) {
        let (out, _) = joined(&redaction(), &text.split_inclusive(' ').collect::<Vec<_>>());
        prop_assert!(out.len() <= text.len() + 64 * text.len());
    }
}

#[test]
fn endless_text_is_held_back_in_a_window_only() {
    let redaction = redaction();
    for unit in [
        "a",
        "1",
        "1-",
        "a.",
        "a@",
        "«",
        "é",
        "\u{200b}",
        "\u{202e}",
        "\0",
        "ORD-",
        "4\u{200b}",
        "password is ",
    ] {
        let text = unit.repeat(20_000 / unit.len());
        let whole = joined(&redaction, &[&text]);
        let pieces: Vec<&str> =
            text.split_inclusive(|c: char| c.len_utf8() > 1 || c == '-' || c == '.').collect();
        let split = joined(&redaction, &pieces);
        assert_eq!(whole, split, "{unit:?}");
    }
}

#[test]
fn a_number_split_over_pieces_is_hidden_whole() {
    let redaction = redaction();
    let (out, _) = joined(&redaction, &["Card ", "41", "11 1111", " 1111 11", "11", ", thanks"]);
    assert_eq!(out, "Card {CREDIT_DEBIT_CARD_NUMBER}, thanks");
}
