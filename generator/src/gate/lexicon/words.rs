//! The words of the lexicon, folded: numbers, units, currencies, months, and words that count things. Tables only.

use super::Unit;
use crate::extractive::language::Language;

/// Numbers from 0, with the words for them in English, French and Spanish. German ones are put together by rule.
#[rustfmt::skip]
pub(super) const NUMBERS: [(u32, &[&str]); 46] = [
    (0, &["zero", "null", "cero"]), (2, &["two", "zwei", "zwo", "deux", "dos"]), (3, &["three", "drei", "trois", "tres"]),
    (4, &["four", "vier", "quatre", "cuatro"]), (5, &["five", "funf", "cinq", "cinco"]), (6, &["six", "sechs", "seis"]),
    (7, &["seven", "sieben", "sept", "siete"]), (8, &["eight", "acht", "huit", "ocho"]), (9, &["nine", "neun", "neuf", "nueve"]),
    (10, &["ten", "zehn", "dix", "diez"]), (11, &["eleven", "elf", "onze", "once"]), (12, &["twelve", "zwolf", "douze", "doce", "dozen", "dutzend", "docena", "douzaine"]),
    (13, &["thirteen", "dreizehn", "treize", "trece"]), (14, &["fourteen", "vierzehn", "quatorze", "catorce"]),
    (15, &["fifteen", "funfzehn", "quinze", "quince"]), (16, &["sixteen", "sechzehn", "seize", "dieciseis"]),
    (17, &["seventeen", "siebzehn", "diecisiete"]), (18, &["eighteen", "achtzehn", "dieciocho"]), (19, &["nineteen", "neunzehn", "diecinueve"]),
    (20, &["twenty", "zwanzig", "vingt", "vingts", "veinte"]), (21, &["veintiuno", "veintiun", "veintiuna"]), (22, &["veintidos"]),
    (23, &["veintitres"]), (24, &["veinticuatro"]), (25, &["veinticinco"]), (26, &["veintiseis"]), (27, &["veintisiete"]), (28, &["veintiocho"]),
    (29, &["veintinueve"]), (30, &["thirty", "dreissig", "trente", "treinta"]), (40, &["forty", "vierzig", "quarante", "cuarenta"]),
    (50, &["fifty", "funfzig", "cinquante", "cincuenta"]), (60, &["sixty", "sechzig", "soixante", "sesenta"]),
    (70, &["seventy", "siebzig", "septante", "setenta"]), (80, &["eighty", "achtzig", "octante", "huitante", "ochenta"]),
    (90, &["ninety", "neunzig", "nonante", "noventa"]), (200, &["doscientos", "doscientas"]), (300, &["trescientos", "trescientas"]),
    (400, &["cuatrocientos", "cuatrocientas"]), (500, &["quinientos", "quinientas"]), (600, &["seiscientos", "seiscientas"]),
    (700, &["setecientos", "setecientas"]), (800, &["ochocientos", "ochocientas"]), (900, &["novecientos", "novecientas"]),
    (1, &["one", "ein", "eine", "einen", "einem", "einer", "eines", "eins", "un", "une", "uno", "una"]), (1_000, &["eintausend"]),
];

/// What German puts before `und` and a ten, or before `hundert` and `tausend`, from 1.
pub(super) const GERMAN_UNITS: [&str; 9] =
    ["ein", "zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun"];
/// German tens, from 20.
pub(super) const GERMAN_TENS: [&str; 8] =
    ["zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig"];

/// Words that multiply what stands before them.
#[rustfmt::skip]
pub(super) const MULTIPLIERS: [(u64, &[&str]); 4] = [
    (100, &["hundred", "hundert", "cent", "cents", "cien", "ciento"]),
    (1_000, &["thousand", "tausend", "mille", "mil", "k"]),
    (1_000_000, &["million", "millions", "millionen", "mio", "millon", "millones"]),
    (1_000_000_000, &["billion", "billions", "milliarde", "milliarden", "mrd", "milliard", "milliards"]),
];

/// Words that are a number in one language only, and another word elsewhere.
#[rustfmt::skip]
pub(super) const ONLY_IN: [(Language, &[&str]); 3] = [
    (Language::German, &["null", "elf"]),
    (Language::French, &["sept", "neuf", "seize", "cent", "cents", "un", "une"]),
    (Language::Spanish, &["once", "tres", "quince", "mil", "uno", "una"]),
];

/// Ordinals whole, from the first.
#[rustfmt::skip]
pub(super) const ORDINALS: [&[&str]; 20] = [
    &["first", "premier", "premiere", "primero", "primera", "primer"], &["second", "deuxieme", "seconde", "segundo", "segunda"],
    &["third", "troisieme", "tercero", "tercera", "tercer"], &["fourth", "quatrieme", "cuarto", "cuarta"], &["fifth", "cinquieme", "quinto", "quinta"],
    &["sixth", "sixieme", "sexto", "sexta"], &["seventh", "septieme", "septimo", "septima"], &["eighth", "huitieme", "octavo", "octava"],
    &["ninth", "neuvieme", "noveno", "novena"], &["tenth", "dixieme", "decimo", "decima"], &["eleventh", "onzieme"], &["twelfth", "douzieme"],
    &["thirteenth"], &["fourteenth"], &["fifteenth"], &["sixteenth"], &["seventeenth"], &["eighteenth"], &["nineteenth"], &["twentieth"],
];
/// German ordinals without their endings, from the first.
pub(super) const GERMAN_ORDINALS: [&str; 12] = [
    "erst", "zweit", "dritt", "viert", "funft", "sechst", "siebt", "acht", "neunt", "zehnt", "elft", "zwolft",
];
pub(super) const GERMAN_ENDINGS: [&str; 6] = ["", "e", "en", "er", "es", "em"];
pub(super) const ORDINAL_SUFFIXES: [&str; 15] =
    ["st", "nd", "rd", "th", "er", "ers", "ern", "ere", "e", "eme", "o", "a", "s", "ste", "ten"];

/// Units with their words.
#[rustfmt::skip]
pub(super) const UNITS: [(Unit, &[&str]); 40] = [
    (Unit::UsDollar, &["usd", "us$"]), (Unit::Dollar, &["dollar", "dollars", "dolar", "dolares", "bucks"]),
    (Unit::AustralianDollar, &["aud"]), (Unit::CanadianDollar, &["cad"]), (Unit::Euro, &["eur", "euro", "euros"]),
    (Unit::Pound, &["gbp", "pound", "pounds", "livres", "pfund", "libras"]), (Unit::Franc, &["chf", "franken", "sfr", "francs"]),
    (Unit::Yen, &["jpy", "yen"]), (Unit::Yuan, &["cny", "rmb", "yuan"]), (Unit::Rupee, &["inr", "rupee", "rupees", "rs"]),
    (Unit::Dirham, &["aed", "dirham", "dirhams"]), (Unit::Cent, &["cent", "cents", "centimes", "centimos", "pence"]),
    (Unit::Percent, &["percent", "prozent", "prozentige", "pct"]),
    (Unit::Second, &["second", "seconds", "sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos", "sec", "secs", "sek"]),
    (Unit::Minute, &["minute", "minutes", "minuten", "minuto", "minutos", "min", "mins"]),
    (Unit::Hour, &["hour", "hours", "stunde", "stunden", "heure", "heures", "hora", "horas", "h", "hr", "hrs", "std"]),
    (Unit::Day, &["day", "days", "tag", "tage", "tagen", "tages", "werktag", "werktage", "werktagen", "arbeitstag", "arbeitstage", "arbeitstagen", "kalendertage", "kalendertagen", "jour", "jours", "journee", "dia", "dias"]),
    (Unit::Week, &["week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas", "wk", "wks"]),
    (Unit::Month, &["month", "months", "monat", "monate", "monaten", "monats", "mois", "mes", "meses"]),
    (Unit::Year, &["year", "years", "jahr", "jahre", "jahren", "jahres", "an", "ans", "annee", "annees", "ano", "anos", "yr", "yrs"]),
    (Unit::Millimetre, &["mm", "millimeter", "millimeters", "millimetre", "millimetres"]),
    (Unit::Centimetre, &["cm", "centimeter", "centimeters", "zentimeter", "centimetre", "centimetres", "centimetros"]),
    (Unit::Metre, &["m", "meter", "meters", "metern", "metre", "metres", "metro", "metros"]),
    (Unit::Kilometre, &["km", "kilometer", "kilometers", "kilometern", "kilometre", "kilometres", "kilometro", "kilometros"]),
    (Unit::Inch, &["inch", "inches", "zoll", "pouces", "pulgadas"]), (Unit::Foot, &["foot", "feet", "ft"]),
    (Unit::Yard, &["yard", "yards"]), (Unit::Mile, &["mile", "miles", "meile", "meilen", "milla", "millas"]),
    (Unit::Gram, &["g", "gram", "grams", "gramm", "grammes", "gramos"]),
    (Unit::Kilogram, &["kg", "kilo", "kilos", "kilogram", "kilograms", "kilogramm", "kilogramme", "kilogrammes", "kilogramos"]),
    (Unit::Tonne, &["tonne", "tonnes", "tonnen", "tonelada", "toneladas"]), (Unit::PoundWeight, &["lb", "lbs"]),
    (Unit::Ounce, &["oz", "ounce", "ounces"]), (Unit::Litre, &["l", "litre", "litres", "liter", "liters", "litro", "litros"]),
    (Unit::Millilitre, &["ml", "milliliter", "millilitre", "millilitres"]), (Unit::Watt, &["w", "watt", "watts", "vatios"]),
    (Unit::Kilowatt, &["kw", "kilowatt"]), (Unit::KilowattHour, &["kwh"]), (Unit::Volt, &["v", "volt", "volts"]),
    (Unit::Byte, &["gb", "mb", "tb"]),
];

/// German adjectives of a time, without endings: `14-tägig`.
pub(super) const GERMAN_PERIODS: [(&str, Unit); 6] = [
    ("minutig", Unit::Minute),
    ("stundig", Unit::Hour),
    ("tagig", Unit::Day),
    ("wochig", Unit::Week),
    ("monatig", Unit::Month),
    ("jahrig", Unit::Year),
];

/// Months from January.
#[rustfmt::skip]
pub(super) const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janner", "janvier", "enero", "jan"], &["february", "februar", "feber", "fevrier", "febrero", "feb"],
    &["march", "marz", "mars", "marzo", "mar"], &["april", "avril", "abril", "apr"], &["may", "mai", "mayo"],
    &["june", "juni", "juin", "junio", "jun"], &["july", "juli", "juillet", "julio", "jul"], &["august", "aout", "agosto", "aug"],
    &["september", "septembre", "septiembre", "setiembre", "sep", "sept"], &["october", "oktober", "octobre", "octubre", "oct", "okt"],
    &["november", "novembre", "noviembre", "nov"], &["december", "dezember", "decembre", "diciembre", "dec", "dez", "dic"],
];
/// Months that are other words too, and short forms: believed only beside a number.
pub(super) const UNSURE_MONTHS: [&str; 19] = [
    "march", "may", "mars", "mai", "mar", "jan", "feb", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "okt", "nov", "dec", "dez", "dic",
];

/// What a span is written with.
#[rustfmt::skip]
pub(super) const UNTIL: [&str; 15] =
    ["to", "through", "thru", "until", "till", "and", "or", "bis", "und", "oder", "a", "al", "au", "hasta", "et"];
/// Words between a number and its unit: `5 working days`, `640 square metres`.
#[rustfmt::skip]
pub(super) const BEFORE_UNIT: [&str; 16] = [
    "working", "business", "calendar", "full", "whole", "consecutive", "square", "cubic", "additional", "more", "further", "weitere",
    "weiteren", "volle", "ganze", "us",
];
/// Things that an answer counts because it lists them.
#[rustfmt::skip]
pub(super) const LISTED: [&str; 62] = [
    "option", "options", "way", "ways", "step", "steps", "thing", "things", "reason", "reasons", "type", "types", "kind", "kinds", "point",
    "points", "method", "methods", "item", "items", "possibility", "possibilities", "category", "categories", "group", "groups", "part", "parts",
    "choices", "ones", "optionen", "moglichkeiten", "schritte", "schritten", "dinge", "grunde", "arten", "punkte", "methoden", "wege", "varianten",
    "kategorien", "gruppen", "teile", "opciones", "formas", "maneras", "pasos", "cosas", "razones", "tipos", "puntos", "metodos", "categorias",
    "facons", "etapes", "choses", "raisons", "sortes", "points", "methodes", "manieres",
];
/// Words before a number that only points into a text.
pub(super) const STEPS: [&str; 14] = [
    "step",
    "steps",
    "schritt",
    "paso",
    "etape",
    "option",
    "opcion",
    "moglichkeit",
    "note",
    "passage",
    "source",
    "quelle",
    "fuente",
    "number",
];
/// Words for every one of something.
pub(super) const EVERY: [&str; 8] = ["every", "each", "jeden", "jeder", "todos", "tous", "chaque", "cada"];
/// Titles before the name of a person or company.
pub(super) const TITLES: [&str; 14] = [
    "herr", "herrn", "frau", "familie", "firma", "mr", "mrs", "ms", "dr", "prof", "senor", "senora",
    "monsieur", "madame",
];
