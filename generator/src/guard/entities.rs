//! Kinds of personal data, and how each is written. Which of them are looked for is a matter of the rules.

mod checks;
mod numbers;
mod patterns;
mod searching;

pub(super) use searching::{Entities, EntityCache, may_begin};

/// A kind of personal data, by Bedrock's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Entity {
    Address,
    Age,
    AwsAccessKey,
    AwsSecretKey,
    CaHealthNumber,
    CaSocialInsuranceNumber,
    CreditDebitCardCvv,
    CreditDebitCardExpiry,
    CreditDebitCardNumber,
    DriverId,
    Email,
    InternationalBankAccountNumber,
    IpAddress,
    LicensePlate,
    MacAddress,
    Name,
    Password,
    Phone,
    Pin,
    SwiftCode,
    UkNationalHealthServiceNumber,
    UkNationalInsuranceNumber,
    UkUniqueTaxpayerReferenceNumber,
    Url,
    Username,
    UsBankAccountNumber,
    UsBankRoutingNumber,
    UsIndividualTaxIdentificationNumber,
    UsPassportNumber,
    UsSocialSecurityNumber,
    VehicleIdentificationNumber,
}

impl Entity {
    /// All of them by their names.
    pub(super) const NAMES: [(&'static str, Self); 31] = [
        ("ADDRESS", Self::Address),
        ("AGE", Self::Age),
        ("AWS_ACCESS_KEY", Self::AwsAccessKey),
        ("AWS_SECRET_KEY", Self::AwsSecretKey),
        ("CA_HEALTH_NUMBER", Self::CaHealthNumber),
        ("CA_SOCIAL_INSURANCE_NUMBER", Self::CaSocialInsuranceNumber),
        ("CREDIT_DEBIT_CARD_CVV", Self::CreditDebitCardCvv),
        ("CREDIT_DEBIT_CARD_EXPIRY", Self::CreditDebitCardExpiry),
        ("CREDIT_DEBIT_CARD_NUMBER", Self::CreditDebitCardNumber),
        ("DRIVER_ID", Self::DriverId),
        ("EMAIL", Self::Email),
        ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", Self::InternationalBankAccountNumber),
        ("IP_ADDRESS", Self::IpAddress),
        ("LICENSE_PLATE", Self::LicensePlate),
        ("MAC_ADDRESS", Self::MacAddress),
        ("NAME", Self::Name),
        ("PASSWORD", Self::Password),
        ("PHONE", Self::Phone),
        ("PIN", Self::Pin),
        ("SWIFT_CODE", Self::SwiftCode),
        ("UK_NATIONAL_HEALTH_SERVICE_NUMBER", Self::UkNationalHealthServiceNumber),
        ("UK_NATIONAL_INSURANCE_NUMBER", Self::UkNationalInsuranceNumber),
        ("UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER", Self::UkUniqueTaxpayerReferenceNumber),
        ("URL", Self::Url),
        ("USERNAME", Self::Username),
        ("US_BANK_ACCOUNT_NUMBER", Self::UsBankAccountNumber),
        ("US_BANK_ROUTING_NUMBER", Self::UsBankRoutingNumber),
        ("US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", Self::UsIndividualTaxIdentificationNumber),
        ("US_PASSPORT_NUMBER", Self::UsPassportNumber),
        ("US_SOCIAL_SECURITY_NUMBER", Self::UsSocialSecurityNumber),
        ("VEHICLE_IDENTIFICATION_NUMBER", Self::VehicleIdentificationNumber),
    ];

    /// Returns Bedrock's name, which also stands in place of what is hidden.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, entity)| *entity == self).map_or("", |(name, _)| name)
    }

    /// Returns whether it is found locally: names and postal addresses have no form of their own.
    pub fn has_pattern(self) -> bool {
        patterns::PATTERNS.iter().any(|pattern| pattern.entity == Some(self))
    }
}

#[cfg(test)]
mod tests;
