//! Words that the planting knows, apart from the gate's own tables: a mistake there must not hide here.

/// A language of the planted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tongue {
    /// `en`
    English,
    /// `de`
    German,
    /// `fr`
    French,
    /// `es`
    Spanish,
}

impl Tongue {
    /// Returns the language of an ISO 639-1 code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        [Self::English, Self::German, Self::French, Self::Spanish]
            .into_iter()
            .find(|tongue| tongue.code() == code)
    }

    /// Returns the ISO 639-1 code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
        }
    }

    /// Returns the words for numbers, with their values.
    pub(crate) fn numbers(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Spanish => &SPANISH,
        }
    }

    /// Returns the months, January first.
    pub(crate) fn months(self) -> [&'static str; 12] {
        match self {
            Self::English => ENGLISH_MONTHS,
            Self::German => GERMAN_MONTHS,
            Self::French => FRENCH_MONTHS,
            Self::Spanish => SPANISH_MONTHS,
        }
    }

    /// Returns the days of the week, Monday first.
    pub(crate) fn days(self) -> [&'static str; 7] {
        match self {
            Self::English => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
            Self::German => ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
            Self::French => ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
            Self::Spanish => ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        }
    }

    /// Returns verbs with the same verbs denied.
    pub(crate) fn denials(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::English => &[
                (" is ", " is not "),
                (" are ", " are not "),
                (" was ", " was not "),
                (" were ", " were not "),
            ],
            Self::German => {
                &[(" ist ", " ist nicht "), (" sind ", " sind nicht "), (" wurde ", " wurde nicht ")]
            }
            Self::French => &[(" est ", " n'est pas "), (" sont ", " ne sont pas ")],
            Self::Spanish => &[(" es ", " no es "), (" son ", " no son "), (" fue ", " no fue ")],
        }
    }
}

#[rustfmt::skip]
const ENGLISH: [(&str, u32); 24] = [
    ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6), ("seven", 7), ("eight", 8), ("nine", 9), ("ten", 10), ("eleven", 11), ("twelve", 12),
    ("thirteen", 13), ("fourteen", 14), ("fifteen", 15), ("twenty", 20), ("twenty-four", 24), ("thirty", 30), ("thirty-five", 35), ("forty", 40),
    ("fifty", 50), ("sixty", 60), ("seventy", 70), ("eighty", 80), ("ninety", 90),
];
#[rustfmt::skip]
const GERMAN: [(&str, u32); 23] = [
    ("zwei", 2), ("drei", 3), ("vier", 4), ("fünf", 5), ("sechs", 6), ("sieben", 7), ("acht", 8), ("neun", 9), ("zehn", 10), ("elf", 11), ("zwölf", 12),
    ("dreizehn", 13), ("vierzehn", 14), ("zwanzig", 20), ("vierundzwanzig", 24), ("dreißig", 30), ("fünfunddreißig", 35), ("vierzig", 40),
    ("fünfzig", 50), ("sechzig", 60), ("siebzig", 70), ("achtzig", 80), ("neunzig", 90),
];
#[rustfmt::skip]
const FRENCH: [(&str, u32); 22] = [
    ("deux", 2), ("trois", 3), ("quatre", 4), ("cinq", 5), ("six", 6), ("sept", 7), ("huit", 8), ("neuf", 9), ("dix", 10), ("onze", 11), ("douze", 12),
    ("treize", 13), ("quatorze", 14), ("vingt", 20), ("vingt-quatre", 24), ("trente", 30), ("trente-cinq", 35), ("quarante", 40),
    ("cinquante", 50), ("soixante", 60), ("soixante-dix", 70), ("quatre-vingt-dix", 90),
];
#[rustfmt::skip]
const SPANISH: [(&str, u32); 22] = [
    ("dos", 2), ("tres", 3), ("cuatro", 4), ("cinco", 5), ("seis", 6), ("siete", 7), ("ocho", 8), ("nueve", 9), ("diez", 10), ("once", 11), ("doce", 12),
    ("trece", 13), ("catorce", 14), ("veinte", 20), ("veinticuatro", 24), ("treinta", 30), ("treinta y cinco", 35), ("cuarenta", 40),
    ("cincuenta", 50), ("sesenta", 60), ("setenta", 70), ("ochenta", 80),
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const SPANISH_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// Before or after an amount of money.
#[rustfmt::skip]
pub(crate) const CURRENCIES: [&str; 16] = [
    "$", "€", "£", "USD", "EUR", "GBP", "CHF", "dollars", "dollar", "euros", "euro", "Euro", "Dollar", "dólares", "pounds", "Pfund",
];
/// After a share of a hundred.
pub(crate) const PERCENTS: [&str; 6] = ["%", "percent", "per", "Prozent", "pour", "por"];
/// Names that no passage has.
pub(crate) const STRANGERS: [&str; 8] =
    ["Okonkwo", "Petrosyan", "Vanterpool", "Quillfeather", "Zubiri", "Haldorsen", "Mbeki-Tran", "Ostrowicz"];
