//! Numbers that prove themselves: check digits, and ranges that were never given out.

/// Lengths of IBANs by country, from the registry of ISO 13616.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 \
    KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 \
    PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Weights of the places of a vehicle's number, from ISO 3779 as North America uses it.
const VEHICLE_WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// Most digits of any number here.
const MOST_DIGITS: usize = 24;

/// The digits of a value, without what stands between them.
struct Digits {
    digits: [u32; MOST_DIGITS],
    count: usize,
}

impl Digits {
    fn of(value: &[u8]) -> Self {
        let mut of = Self { digits: [0; MOST_DIGITS], count: 0 };
        let found = value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
        for (place, digit) in of.digits.iter_mut().zip(found) {
            *place = digit;
            of.count += 1;
        }
        of
    }

    fn all(&self) -> &[u32] {
        self.digits.get(..self.count).unwrap_or_default()
    }

    fn at(&self, place: usize) -> u32 {
        self.all().get(place).copied().unwrap_or_default()
    }

    /// The number that so many digits from a place make.
    fn number(&self, start: usize, length: usize) -> u32 {
        self.all().iter().skip(start).take(length).fold(0, |number, digit| number * 10 + digit)
    }

    fn weighted(&self, weights: &[u32]) -> u32 {
        self.all().iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
    }

    fn is_luhn(&self) -> bool {
        let sum: u32 = self
            .all()
            .iter()
            .rev()
            .enumerate()
            .map(|(place, digit)| match (place % 2, digit * 2) {
                (0, _) => *digit,
                (_, doubled) => doubled / 10 + doubled % 10,
            })
            .sum();
        sum.is_multiple_of(10)
    }

    /// An article number of 13 digits, as barcodes hold it.
    fn is_article(&self) -> bool {
        let sum: u32 = self
            .all()
            .iter()
            .enumerate()
            .map(|(place, digit)| if place % 2 == 0 { *digit } else { digit * 3 })
            .sum();
        self.count == 13 && sum.is_multiple_of(10)
    }
}

/// Lengths and first digits of the card networks, and Luhn's check digit.
pub(super) fn is_card(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    let (two, four) = (digits.number(0, 2), digits.number(0, 4));
    let is_issued = match digits.count {
        12 => two == 50 || (56..=69).contains(&two),
        13 => digits.at(0) == 4 && !digits.is_article(),
        14 => two == 36 || two == 38 || two == 39 || (300..=305).contains(&digits.number(0, 3)),
        15 => two == 34 || two == 37 || four == 1800 || four == 2131,
        16 => matches!(digits.at(0), 3..=6) || (2221..=2720).contains(&four) || two == 81,
        17..=19 => matches!(digits.at(0), 4..=6),
        _ => false,
    };
    is_issued && digits.is_luhn()
}

/// The country's length and the remainder of 97.
pub(super) fn is_iban(value: &[u8]) -> bool {
    let plain = || value.iter().filter(|byte| **byte != b' ').map(u8::to_ascii_uppercase);
    let country: Vec<u8> = plain().take(2).collect();
    let length = IBAN_LENGTHS.split(' ').find_map(|entry| {
        let (of, length) = entry.split_at_checked(2)?;
        (of.as_bytes() == country).then(|| length.parse::<usize>().ok())?
    });
    if length != Some(plain().count()) {
        return false;
    }
    let rotated = plain().skip(4).chain(plain().take(4));
    let remainder = rotated.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    });
    remainder == 1
}

/// Areas, groups and serial numbers that were never given out; from 900 on they are numbers of another kind.
pub(super) fn is_social_security(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    let (area, group, serial) = (digits.number(0, 3), digits.number(3, 2), digits.number(5, 4));
    digits.count == 9 && area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

pub(super) fn is_tax_number(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    let group = digits.number(3, 2);
    digits.at(0) == 9 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

pub(super) fn is_social_insurance(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    digits.count == 9 && !matches!(digits.at(0), 0 | 8) && digits.is_luhn()
}

/// The remainder of 11.
pub(super) fn is_health_service(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    let check = 11 - digits.weighted(&[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.count == 10 && check != 10 && digits.at(9) == check % 11
}

/// The first digit proves the others.
pub(super) fn is_taxpayer_reference(value: &[u8]) -> bool {
    const CHECKS: [u32; 11] = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    let digits = Digits::of(value);
    let sum = digits.weighted(&[0, 6, 7, 8, 9, 10, 5, 4, 3, 2]);
    let check = usize::try_from(sum % 11).ok().and_then(|place| CHECKS.get(place));
    digits.count == 10 && check == Some(&digits.at(0))
}

pub(super) fn is_routing(value: &[u8]) -> bool {
    let digits = Digits::of(value);
    let sum = digits.weighted(&[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    let is_assigned = matches!(digits.number(0, 2), 0..=12 | 21..=32 | 61..=72 | 80);
    digits.count == 9 && is_assigned && sum != 0 && sum.is_multiple_of(10)
}

/// The check digit in the ninth place.
pub(super) fn is_vehicle(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let worth = |byte: u8| match byte.to_ascii_uppercase() {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        letter @ b'A'..=b'H' => u32::from(letter - b'A') + 1,
        letter @ b'J'..=b'R' => u32::from(letter - b'J') + 1,
        letter @ b'S'..=b'Z' => u32::from(letter - b'S') + 2,
        _ => 0,
    };
    let sum: u32 = value.iter().zip(VEHICLE_WEIGHTS).map(|(byte, weight)| worth(*byte) * weight).sum();
    let check = match value.get(8).copied().unwrap_or_default().to_ascii_uppercase() {
        b'X' => 10,
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        _ => return false,
    };
    value.len() == 17 && (3..15).contains(&letters) && sum % 11 == check
}

/// An international number, one that begins with a zero as national ones do, or a North American one. Dates and article
/// numbers are none.
pub(super) fn is_phone(value: &[u8]) -> bool {
    let extension = value.iter().position(|byte| matches!(byte, b'x' | b'X' | b'e' | b'E'));
    let number = value.get(..extension.unwrap_or(value.len())).unwrap_or_default();
    let digits = Digits::of(number);
    let opened = number.iter().filter(|byte| **byte == b'(').count();
    if opened != number.iter().filter(|byte| **byte == b')').count() || opened > 1 {
        return false;
    }
    let north_american = |start: usize| digits.at(start) >= 2 && digits.at(start + 3) >= 2;
    match (number.first(), digits.count) {
        (Some(b'+'), 8..=15) => true,
        _ if is_date(number) => false,
        (_, 10) if digits.at(0) != 0 => north_american(0),
        (_, 11) if digits.at(0) == 1 => north_american(1),
        (_, 9..=14) => digits.at(0) == 0 && digits.number(0, 3) != 0,
        _ => false,
    }
}

/// Day, month and year, or the other way round, before anything else.
fn is_date(number: &[u8]) -> bool {
    let mut groups = number.split(|byte| matches!(byte, b'.' | b'/' | b'-')).map(<[u8]>::len);
    match (groups.next(), groups.next(), groups.next()) {
        (Some(1..=2), Some(1..=2), Some(2..)) | (Some(4), Some(2), Some(2..)) => {
            !number.contains(&b'(') && number.iter().filter(|byte| byte.is_ascii_digit()).count() <= 14
        }
        _ => false,
    }
}
