//! How each kind of personal data is written. A pattern says only the form; what the form holds is checked by numbers.
//!
//! Patterns read folded bytes: ASCII as it is, `\x80` for a letter of another script, `\x81` for anything else.

use super::Entity;
use super::checks;
use super::numbers;

/// How a kind is written.
#[derive(Debug)]
pub(super) struct Pattern {
    /// None where a form only looks like personal data and hides what else would be found in it.
    pub(super) entity: Option<Entity>,
    pub(super) expression: &'static str,
    pub(super) value: Value,
    /// Whether a value of this form is one.
    pub(super) is_right: fn(&[u8]) -> bool,
}

/// Which part of a match is personal; words that announce it are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    All,
    /// From the first digit on.
    FromDigit,
    /// After the last space, colon, equals sign, number sign or quotation mark.
    LastToken,
}

const fn pattern(
    entity: Entity,
    expression: &'static str,
    value: Value,
    is_right: fn(&[u8]) -> bool,
) -> Pattern {
    Pattern { entity: Some(entity), expression, value, is_right }
}

/// A form that is none, such as a version of five numbers, which is no address of a network.
const fn decoy(expression: &'static str) -> Pattern {
    Pattern { entity: None, expression, value: Value::All, is_right: |_| true }
}

use Value::{All, FromDigit, LastToken};

/// All patterns. Of those that end at the same place the first one wins. Codes are written in large letters or in small ones:
/// were they mixed, the first word of each sentence would have to wait for the next.
#[rustfmt::skip]
pub(super) const PATTERNS: [Pattern; 38] = [
    decoy(r"[0-9]+(?:\.[0-9]+){4,}"),
    pattern(Entity::CreditDebitCardNumber, r"[0-9](?:[ -]?[0-9]){11,18}", All, numbers::is_card),
    pattern(Entity::InternationalBankAccountNumber, r"[A-Z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}", All, numbers::is_iban),
    pattern(Entity::InternationalBankAccountNumber, r"[a-z]{2}[0-9]{2}(?: ?[a-z0-9]){11,30}", All, numbers::is_iban),
    pattern(Entity::UsSocialSecurityNumber, r"[0-9]{3}(?:-[0-9]{2}-| [0-9]{2} )[0-9]{4}", All, numbers::is_social_security),
    pattern(Entity::UsSocialSecurityNumber,
        r"(?i)(?:ssn|social security(?: number| no\.?| #)?)(?: is)?[ :=#]{1,3}[0-9]{9}", LastToken, numbers::is_social_security),
    pattern(Entity::UsIndividualTaxIdentificationNumber, r"9[0-9]{2}(?:-[0-9]{2}-| [0-9]{2} )[0-9]{4}", All, numbers::is_tax_number),
    pattern(Entity::CaSocialInsuranceNumber, r"[0-9]{3}(?:-[0-9]{3}-| [0-9]{3} )[0-9]{3}", All, numbers::is_social_insurance),
    pattern(Entity::UkNationalHealthServiceNumber, r"[0-9]{3}(?:-[0-9]{3}-| [0-9]{3} )[0-9]{4}", All, numbers::is_health_service),
    pattern(Entity::UkNationalHealthServiceNumber,
        r"(?i)nhs(?: number| no\.?| #)?(?: is)?[ :=#]{1,3}[0-9]{10}", LastToken, numbers::is_health_service),
    pattern(Entity::UkNationalInsuranceNumber,
        r"[A-CEGHJ-PRSTW-Z][A-CEGHJ-NPRSTW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", All, checks::is_national_insurance),
    pattern(Entity::UkNationalInsuranceNumber,
        r"[a-ceghj-prstw-z][a-ceghj-nprstw-z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]", All, checks::is_national_insurance),
    pattern(Entity::UkUniqueTaxpayerReferenceNumber,
        r"(?i)(?:utr|unique taxpayer(?: reference)?)(?: number| no\.?)?(?: is)?[ :=#]{1,3}[0-9]{5} ?[0-9]{5}", FromDigit, numbers::is_taxpayer_reference),
    pattern(Entity::CaHealthNumber,
        r"(?i)(?:health (?:card|insurance|number)|ohip|phn)(?: number| no\.?)?(?: is)?[ :=#]{1,3}[0-9]{4}[ -]?[0-9]{3}[ -]?[0-9]{3}", FromDigit, checks::any),
    pattern(Entity::UsBankRoutingNumber,
        r"(?i)(?:routing|aba|rtn|routing transit)(?: number| no\.?| code)?(?: is)?[ :=#]{1,3}[0-9]{9}", LastToken, numbers::is_routing),
    pattern(Entity::UsBankAccountNumber,
        r"(?i)(?:bank )?(?:account|acct)(?: number| no\.?| num| #)?(?: is)?[ :=#]{1,3}[0-9]{6,17}", LastToken, checks::any),
    pattern(Entity::UsPassportNumber, r"(?i)passport(?: number| no\.?| #)?(?: is)?[ :=#]{1,3}[a-z]?[0-9]{8,9}", LastToken, checks::any),
    pattern(Entity::DriverId,
        r"(?i)(?:driver'?s? licen[cs]e|driving licen[cs]e)(?: number| no\.?| id| #)?(?: is)?[ :=#]{1,3}[a-z0-9-]{5,18}", LastToken, checks::has_four_digits),
    pattern(Entity::LicensePlate,
        r"(?i)(?:licen[cs]e plate|number plate|plate number|kennzeichen|registration (?:plate|number))(?: number| no\.?)?(?: is)?[ :=#]{1,3}[a-z0-9]+(?:-[a-z0-9]+)*", LastToken, checks::is_plate),
    pattern(Entity::VehicleIdentificationNumber, r"(?i)[a-hj-npr-z0-9]{17}", All, numbers::is_vehicle),
    pattern(Entity::AwsAccessKey, r"(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}", All, checks::any),
    pattern(Entity::AwsSecretKey,
        r#"(?i)(?:aws_?)?secret[a-z_ ]*["']? ?[:= ]{1,3}["']?[a-z0-9/+]{40}"#, LastToken, checks::is_secret),
    pattern(Entity::CreditDebitCardCvv,
        r"(?i)(?:cvv2?|cvc2?|card verification(?: code| value)?|security code)(?: number| code)?(?: is)?[ :=#]{1,3}[0-9]{3,4}", LastToken, checks::any),
    pattern(Entity::CreditDebitCardExpiry,
        r"(?i)(?:exp(?:iry|ires|iration)?(?: date)?|valid (?:thru|until)|good thru)(?: on| is)?[ .:=]{1,3}(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?[0-9]{2}", FromDigit, checks::any),
    pattern(Entity::Pin, r"(?i)pin(?: code| number)?(?: is)?[ :=#]{1,3}[0-9]{4,8}", LastToken, checks::any),
    pattern(Entity::SwiftCode,
        r"(?:(?i:swift|bic)(?i:[ /-](?:code|bic|swift))?(?i: is)?[ ]?[:=#] ?|(?i:swift|bic) (?i:code|is) (?i:is )?)[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", LastToken, checks::any),
    pattern(Entity::Password,
        r#"(?i)(?:password|passwort|passcode|passphrase|pwd|mot de passe|contrase\x80a)(?: ?[:=] ?| is:? | ist:? | est:? | es:? )["']?[^\x00-\x20"']{4,64}"#, LastToken, checks::is_password),
    pattern(Entity::Username,
        r"(?i)(?:user ?name|user ?id|login|benutzername)(?: ?[:=] ?| is | ist )[a-z0-9\x80][a-z0-9\x80._@-]{2,63}", LastToken, checks::is_user),
    pattern(Entity::Email,
        r"(?i)[a-z0-9\x80][a-z0-9\x80._%+'-]*@(?:[a-z0-9\x80-]+\.)+[a-z\x80]{2,24}", All, checks::any),
    pattern(Entity::Url, r#"(?i)(?:https?|ftp)://[^\x00-\x20"<>]+"#, All, checks::any),
    pattern(Entity::Url, r#"(?i)www\.[a-z0-9\x80-]+\.[^\x00-\x20"<>]+"#, All, checks::any),
    pattern(Entity::IpAddress, r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", All, checks::is_ip),
    pattern(Entity::IpAddress, r"(?i)[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}", All, checks::is_ip),
    pattern(Entity::MacAddress, r"(?i)[0-9a-f]{2}(?::[0-9a-f]{2}){5}", All, checks::any),
    pattern(Entity::MacAddress, r"(?i)[0-9a-f]{2}(?:-[0-9a-f]{2}){5}", All, checks::any),
    pattern(Entity::Phone,
        r"(?i)\+?\(?[0-9](?:[ ./()-]{0,3}[0-9]){6,16}(?: ?x[0-9]{1,6}| ext\.? ?[0-9]{1,6})?", All, numbers::is_phone),
    pattern(Entity::Age, r"(?i)(?:i am|i'm|aged?|he is|she is|he's|she's)[ :]{1,2}[0-9]{1,3} years? old", FromDigit, checks::any),
    pattern(Entity::Age, r"(?i)(?:my age is|aged|age:) ?[0-9]{1,3}", FromDigit, checks::any),
];
