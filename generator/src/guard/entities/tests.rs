//! Each kind of personal data in a sentence, and what only looks like it. All of it is invented or a published example.

use super::Entity;
use crate::guard::Direction;
use crate::guard::config::{Action, EntityRule, GuardrailConfig, Sides};
use crate::guard::redaction::{Redaction, Scan};

/// Hides kinds of personal data in a text.
fn hidden(entities: &[Entity], text: &str) -> String {
    let action = Some(Action::Anonymize);
    let sides = Sides { input: action, output: action };
    let entities = entities.iter().map(|entity| EntityRule { entity: *entity, sides }).collect();
    let config = GuardrailConfig { entities, ..GuardrailConfig::default() };
    let redaction = Redaction::new(&config, Direction::Output).expect("compiled");
    let (mut caches, mut scan, mut out) = (redaction.caches(), Scan::default(), String::new());
    scan.push(text);
    scan.write(&redaction, &mut caches, (0, true), &mut out).expect("nothing is blocked");
    out
}

#[test]
fn each_kind_is_hidden_where_it_proves_itself() {
    use Entity::*;
    for (entity, found, spared) in [
        (CreditDebitCardNumber, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (CreditDebitCardNumber, "5555-5555-5555-4444", "order 1234567812345670"),
        (CreditDebitCardNumber, "378282246310005", "378282246310006"),
        (CreditDebitCardNumber, "４１１１１１１１１１１１１１１１", "4006381333931"),
        (InternationalBankAccountNumber, "DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 01"),
        (InternationalBankAccountNumber, "GB29NWBK60161331926819", "GB29NWBK6016133192681"),
        (UsSocialSecurityNumber, "078-05-1120", "000-12-3456"),
        (UsSocialSecurityNumber, "457 55 5462", "666-12-3456"),
        (UsIndividualTaxIdentificationNumber, "912-70-1234", "912-10-1234"),
        (CaSocialInsuranceNumber, "130 692 544", "130 692 545"),
        (UkNationalHealthServiceNumber, "943 476 5919", "943 476 5918"),
        (UkNationalInsuranceNumber, "AB 12 34 56 C", "BG 12 34 56 C"),
        (VehicleIdentificationNumber, "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
        (AwsAccessKey, "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7"),
        (Email, "ada.lovelace+x@mail.example.co.uk", "ada@home"),
        (Email, "jürgen@müller.example", "@ada"),
        (Url, "https://example.com/a?b=c", "example"),
        (IpAddress, "192.168.1.10", "1.2.3.4.5"),
        (IpAddress, "2001:db8::1", "10:30:45"),
        (IpAddress, "10.0.0.1", "300.1.1.1"),
        (MacAddress, "00:1B:44:11:3A:B7", "00:1B:44:11:3A"),
        (Phone, "+49 (0) 1744 103173", "2024-11-05"),
        (Phone, "(532)885-5547", "05.11.2024 10:00"),
        (Phone, "001-866-636-4422x93132", "978-3-16-148410-0"),
    ] {
        let name = entity.name();
        assert_eq!(hidden(&[entity], &format!("It is {found}.")), format!("It is {{{name}}}."), "{found}");
        assert_eq!(hidden(&[entity], &format!("It is {spared}.")), format!("It is {spared}."), "{spared}");
    }
}

#[test]
fn what_no_form_proves_is_hidden_behind_the_word_that_announces_it() {
    use Entity::*;
    for (entity, before, value, spared) in [
        (CreditDebitCardCvv, "The CVV is ", "123", "room 123"),
        (CreditDebitCardExpiry, "Valid until 05", "", "valid until May"),
        (SwiftCode, "SWIFT code: ", "DEUTDEFF", "SWIFT DELIVERY"),
        (UsBankRoutingNumber, "Routing number: ", "021000021", "routing number: 021000022"),
        (UsBankAccountNumber, "Account number: ", "000123456789", "account 12"),
        (UsPassportNumber, "Passport number ", "A12345678", "passport number"),
        (UkUniqueTaxpayerReferenceNumber, "UTR: ", "1123456789", "UTR: 1123456780"),
        (CaHealthNumber, "Health card number: ", "1234-567-890", "health card"),
        (DriverId, "Driver's license number: ", "D1234567", "driver's license number: please"),
        (LicensePlate, "Licence plate: ", "AB12-CDE", "licence plate: none"),
        (Password, "Your password is ", "hunter2!x", "your password is required."),
        (Username, "Username: ", "ada_l", "username: optional"),
        (Pin, "PIN: ", "4921", "pin board"),
        (Age, "I am ", "34 years old", "I am 34 km away"),
        (AwsSecretKey, "aws_secret_access_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret = no"),
    ] {
        if !value.is_empty() {
            let expected = format!("{before}{{{}}} it is", entity.name());
            assert_eq!(hidden(&[entity], &format!("{before}{value} it is")), expected, "{value}");
        }
        assert_eq!(hidden(&[entity], spared), spared);
    }
    assert_eq!(hidden(&[CreditDebitCardExpiry], "Exp: 05/27, ok"), "Exp: {CREDIT_DEBIT_CARD_EXPIRY}, ok");
}

#[test]
fn every_kind_but_two_has_a_pattern() {
    let without = Entity::NAMES.iter().filter(|(_, entity)| !entity.has_pattern());
    let names: Vec<&str> = without.map(|(name, _)| *name).collect();
    assert_eq!(names, ["ADDRESS", "NAME"]);
}

#[test]
fn hidden_characters_do_not_protect_a_number() {
    for text in [
        "4111\u{200b}1111\u{200b}1111\u{200b}1111",
        "4111\u{a0}1111\u{2009}1111\u{202f}1111",
        "4111–1111–1111–1111",
    ] {
        assert_eq!(hidden(&[Entity::CreditDebitCardNumber], text), "{CREDIT_DEBIT_CARD_NUMBER}", "{text:?}");
    }
    assert_eq!(
        hidden(&[Entity::CreditDebitCardNumber], "电话4111111111111111号"),
        "电话{CREDIT_DEBIT_CARD_NUMBER}号"
    );
}

#[test]
fn several_findings_of_several_kinds_are_hidden_in_one_text() {
    use Entity::*;
    let text =
        "Ada (ada@example.com, +44 20 7946 0958) pays with 4111111111111111 or DE89370400440532013000.";
    let expected =
        "Ada ({EMAIL}, {PHONE}) pays with {CREDIT_DEBIT_CARD_NUMBER} or {INTERNATIONAL_BANK_ACCOUNT_NUMBER}.";
    let all = [Email, Phone, CreditDebitCardNumber, InternationalBankAccountNumber, IpAddress, Url, Age];
    assert_eq!(hidden(&all, text), expected);
}
