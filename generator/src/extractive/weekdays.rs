//! Days of the week in several languages, with the days that a span such as "Mon–Fri" holds.

use super::terms::fold;

/// A day, counted from Monday as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Weekday(pub(crate) u8);

/// Names, folded, Monday first.
#[rustfmt::skip]
pub(crate) const NAMES: [[&str; 7]; 8] = [
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"],
    ["lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"],
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["lunedi", "martedi", "mercoledi", "giovedi", "venerdi", "sabato", "domenica"],
    ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"],
    ["الاثنين", "الثلاثاء", "الاربعاء", "الخميس", "الجمعة", "السبت", "الاحد"],
];

/// Short forms, believed only beside another day or a number.
#[rustfmt::skip]
pub(crate) const SHORT: [[&str; 7]; 3] = [
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    ["mo", "di", "mi", "do", "fr", "sa", "so"],
    ["lun", "mar", "mie", "jue", "vie", "sab", "dom"],
];

pub(crate) const OTHER_NAMES: [(&str, u8); 8] = [
    ("sonnabend", 5),
    ("среду", 2),
    ("пятницу", 4),
    ("субботу", 5),
    ("tues", 1),
    ("thur", 3),
    ("thurs", 3),
    ("احد", 6),
];

/// Words for several days at once.
pub(crate) const GROUPS: [(&str, &[u8]); 9] = [
    ("weekend", &[5, 6]),
    ("weekends", &[5, 6]),
    ("wochenende", &[5, 6]),
    ("daily", &[0, 1, 2, 3, 4, 5, 6]),
    ("everyday", &[0, 1, 2, 3, 4, 5, 6]),
    ("taglich", &[0, 1, 2, 3, 4, 5, 6]),
    ("diario", &[0, 1, 2, 3, 4, 5, 6]),
    ("weekdays", &[0, 1, 2, 3, 4]),
    ("werktags", &[0, 1, 2, 3, 4]),
];

const UNTIL: [&str; 14] =
    ["to", "through", "thru", "until", "till", "bis", "a", "al", "hasta", "au", "tot", "по", "الى", "حتى"];
const UNSPACED_PREFIXES: [&str; 3] = ["星期", "礼拜", "周"];
const UNSPACED_DAYS: [(char, u8); 8] =
    [('一', 0), ('二', 1), ('三', 2), ('四', 3), ('五', 4), ('六', 5), ('日', 6), ('天', 6)];

/// Returns the day with this folded name, in the singular or with a final `s`.
pub(crate) fn of_name(folded: &str) -> Option<Weekday> {
    let is_name =
        |name: &str| name == folded || folded.strip_suffix('s').is_some_and(|singular| singular == name);
    let among = NAMES.iter().find_map(|names| names.iter().position(|name| is_name(name)));
    let other = || OTHER_NAMES.iter().find(|(name, _)| *name == folded).map(|(_, day)| *day);
    among.and_then(|day| u8::try_from(day).ok()).or_else(other).map(Weekday)
}

/// Returns every day that a text names or spans, once each, in order of the week.
pub(crate) fn named_in(text: &str) -> Vec<Weekday> {
    let folded = fold(text);
    let pieces = pieces(&folded);
    let mut days = Vec::new();
    let mut span_from: Option<Weekday> = None;
    let mut last: Option<Weekday> = None;
    for (place, piece) in pieces.iter().enumerate() {
        if let Some(day) = of_name(piece).or_else(|| short(piece).filter(|_| is_among_times(&pieces, place)))
        {
            match span_from.take() {
                Some(from) => days.extend(span(from, day)),
                None => days.push(day),
            }
            last = Some(day);
            continue;
        }
        span_from = last.take().filter(|_| is_until(piece));
        let group = GROUPS.iter().find(|(name, _)| name == piece);
        days.extend(group.into_iter().flat_map(|(_, members)| members.iter().copied().map(Weekday)));
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// Returns an unspaced run without the days that it names.
pub(crate) fn without_unspaced(run: &str) -> String {
    let mut rest = run.to_owned();
    for prefix in UNSPACED_PREFIXES {
        for (day, _) in UNSPACED_DAYS {
            rest = rest.replace(&format!("{prefix}{day}"), " ");
        }
    }
    rest
}

fn short(piece: &str) -> Option<Weekday> {
    let place = SHORT.iter().find_map(|names| names.iter().position(|name| *name == piece));
    place.and_then(|day| u8::try_from(day).ok()).map(Weekday).or_else(|| of_name(piece))
}

/// Whether a short form stands before a number or at an end of a span, as in "Mo-Fr 9-18"; else `so` is a word.
fn is_among_times(pieces: &[String], place: usize) -> bool {
    let near = |place: Option<usize>| place.and_then(|place| pieces.get(place)).map_or("", String::as_str);
    let is_end = |between: &str, beyond: &str| is_until(between) && short(beyond).is_some();
    near(Some(place + 1)).starts_with(char::is_numeric)
        || is_end(near(Some(place + 1)), near(Some(place + 2)))
        || is_end(near(place.checked_sub(1)), near(place.checked_sub(2)))
}

fn is_until(piece: &str) -> bool {
    matches!(piece, "-" | "–" | "—" | "~" | "至" | "到") || UNTIL.contains(&piece)
}

fn span(from: Weekday, to: Weekday) -> impl Iterator<Item = Weekday> {
    let length = (to.0 + 7 - from.0) % 7;
    (0..=length).map(move |step| Weekday((from.0 + step) % 7))
}

/// Splits into words, dashes, and names of days inside unspaced runs (given by their English names).
fn pieces(folded: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let prefix = UNSPACED_PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix));
        let named = prefix.and_then(|after| {
            let first = after.chars().next()?;
            let (_, day) = UNSPACED_DAYS.iter().find(|(name, _)| *name == first)?;
            Some((NAMES[0][usize::from(*day)], &after[first.len_utf8()..]))
        });
        if let Some((name, after_name)) = named {
            spaced.push_str(&format!(" {name} "));
            rest = after_name;
            continue;
        }
        match c {
            '-' | '–' | '—' | '~' | '至' | '到' => spaced.extend([' ', c, ' ']),
            _ if c.is_alphanumeric() => spaced.push(c),
            _ => spaced.push(' '),
        }
        rest = after;
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::named_in;

    #[test]
    fn a_text_names_its_days_and_those_between() {
        let cases: [(&str, &[u8]); 12] = [
            ("Closed on Sundays.", &[6]),
            ("Monday to Friday: 9:00–18:00", &[0, 1, 2, 3, 4]),
            ("Mon–Fri 9–18, Sat 10–14", &[0, 1, 2, 3, 4, 5]),
            ("Mo-Fr 9-18 Uhr", &[0, 1, 2, 3, 4]),
            ("Dienstag bis Donnerstag", &[1, 2, 3]),
            ("de lunes a viernes", &[0, 1, 2, 3, 4]),
            ("Saturday and Sunday", &[5, 6]),
            ("Friday to Monday", &[0, 4, 5, 6]),
            ("周一至周五营业", &[0, 1, 2, 3, 4]),
            ("星期天休息", &[6]),
            ("يوم الأحد من 11", &[6]),
            ("The sun is so bright, do sit.", &[]),
        ];
        for (text, days) in cases {
            assert_eq!(named_in(text).into_iter().map(|day| day.0).collect::<Vec<_>>(), days, "{text}");
        }
    }
}
