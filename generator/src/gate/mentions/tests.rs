//! What is read from small texts.

use super::{Mention, What, read};
use crate::extractive::language::Language;
use crate::gate::tokens::tokens;

fn mentions(text: &str, language: Language) -> Vec<What> {
    read(&tokens(text), language).into_iter().map(|Mention { what, .. }| what).collect()
}

fn check(language: Language, groups: &[&[&str]]) {
    for group in groups {
        let first = mentions(group[0], language);
        assert_eq!(first.len(), 1, "{}: {first:?}", group[0]);
        for other in &group[1..] {
            let other_mentions = mentions(other, language);
            assert_eq!(
                format!("{first:?}"),
                format!("{other_mentions:?}").replace("Words", "Digits"),
                "{other}"
            );
        }
    }
}

#[test]
fn one_amount_is_the_same_however_it_is_written() {
    check(
        Language::English,
        &[
            &["25 days", "twenty-five days", "twenty five days", "25-day", "25 working days"],
            &["1,299.00 euros", "1.299,00 EUR", "€1299", "1299 €", "€ 1,299"],
            &["105", "one hundred and five", "one hundred five", "a hundred and five"],
            &["5 percent", "5%", "5 per cent", "five %"],
            &["2500000", "2.5 million"],
            &["5kg", "5 kg", "five kilograms"],
        ],
    );
    check(
        Language::German,
        &[&["25 Tage", "fünfundzwanzig Tage", "25-tägig"], &["12 Prozent", "zwölf Prozent", "12 %"]],
    );
    check(
        Language::French,
        &[&["95 jours", "quatre-vingt-quinze jours"], &["71 %", "soixante et onze pour cent"]],
    );
    check(Language::Spanish, &[&["35 días", "treinta y cinco días"], &["105 %", "ciento cinco por ciento"]]);
}

#[test]
fn one_date_is_the_same_however_it_is_written() {
    check(
        Language::English,
        &[
            &[
                "2024-03-05",
                "5 March 2024",
                "March 5, 2024",
                "March 5th, 2024",
                "5th of March 2024",
                "5.3.2024",
                "5 Mar. 2024",
            ],
            &["5 March", "March 5", "the fifth of March"],
        ],
    );
    check(Language::German, &[&["5. März 2024", "05.03.2024", "5 de marzo de 2024", "5 mars 2024"]]);
    assert!(matches!(mentions("03/05/2024", Language::English).as_slice(), [What::Date(_, Some(_))]));
    assert!(matches!(mentions("13/05/2024", Language::English).as_slice(), [What::Date(_, None)]));
}

#[test]
fn one_time_is_the_same_however_it_is_written() {
    let minutes = |text: &str, language| match mentions(text, language).as_slice() {
        [What::Time { minutes, .. }] => Some(*minutes),
        _ => None,
    };
    for text in
        ["9:30", "09:30", "9.30 Uhr", "9 Uhr 30", "9:30 Uhr", "9h30", "9:30 am", "9.30 a.m.", "9:30:00"]
    {
        assert_eq!(minutes(text, Language::English), Some(570), "{text}");
    }
    for text in ["9pm", "9 p.m.", "21:00", "21 Uhr", "nine pm"] {
        assert_eq!(minutes(text, Language::English), Some(1260), "{text}");
    }
    assert_eq!(minutes("noon", Language::English), Some(720));
    assert_eq!(minutes("9 am Montag", Language::German), None);
}

#[test]
fn days_between_two_days_are_meant_too() {
    for text in [
        "Monday to Friday",
        "Mon-Fri",
        "Mon.–Fri.",
        "Montag bis Freitag",
        "lunes a viernes",
        "lundi au vendredi",
    ] {
        assert_eq!(mentions(text, Language::English), [What::Days(0b1_1111, Some((1, 0b1_0000)))], "{text}");
    }
    assert_eq!(mentions("Sat 10-14", Language::English).first(), Some(&What::Days(0b10_0000, None)));
    assert_eq!(mentions("The sun is so bright, do sit.", Language::English), []);
    assert_eq!(
        mentions("Friday to Monday", Language::English),
        [What::Days(0b111_0001, Some((0b1_0000, 1)))]
    );
}

#[test]
fn telephone_numbers_addresses_and_codes_are_whole() {
    let phone = |digits: &str| [What::Phone(digits.to_owned())];
    assert_eq!(mentions("+1 555 0142", Language::English), phone("15550142"));
    assert_eq!(mentions("030 / 123 45-67", Language::German), phone("301234567"));
    assert_eq!(mentions("(555) 123-4567", Language::English), phone("5551234567"));
    assert_eq!(mentions("555-0142", Language::English), phone("5550142"));
    assert_eq!(mentions("HL-365V93", Language::English), [What::Code("hl365v93".to_owned())]);
    let address = What::Address("a.example/b".to_owned());
    assert_eq!(mentions("https://www.a.example/b/.", Language::English), [address]);
    assert!(matches!(
        mentions("1990-1995", Language::English).as_slice(),
        [What::Number { .. }, What::Number { .. }]
    ));
}

#[test]
fn a_span_shares_its_unit_and_its_month() {
    assert_eq!(format!("{:?}", mentions("5–8 days", Language::English)).matches("Some(Day)").count(), 2);
    assert!(matches!(mentions("5–8 March", Language::English).as_slice(), [What::Date(..), What::Date(..)]));
    assert!(matches!(
        mentions("5 and 8 March", Language::English).as_slice(),
        [What::Date(..), What::Date(..)]
    ));
}
