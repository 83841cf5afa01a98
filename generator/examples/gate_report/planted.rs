//! The planted set: true sentences of passages, the same in other words, and the same with one error each.

#[path = "spots.rs"]
pub(crate) mod spots;
#[path = "words.rs"]
pub(crate) mod words;

use fastrand::Rng;
use unicode_segmentation::UnicodeSegmentation;

use spots::{Kind, Spot};
use words::{STRANGERS, Tongue};

/// A sentence that a passage states, or does not.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    /// What was done to it, such as `verbatim` or `price`.
    pub(crate) rule: &'static str,
    /// Whether the passage states it.
    pub(crate) is_true: bool,
    /// The sentence.
    pub(crate) text: String,
}

/// Returns the sentences of a passage that are long enough to say something.
pub(crate) fn sentences(passage: &str) -> Vec<&str> {
    let sentences = passage.split_sentence_bounds().map(str::trim);
    sentences
        .filter(|text| text.split(' ').count() >= 5 && text.len() < 600 && text.ends_with(['.', '!']))
        .collect()
}

/// Returns a sentence in other words: each rule that applies, once.
pub(crate) fn paraphrases(sentence: &str, tongue: Tongue) -> Vec<Planted> {
    let mut planted = vec![Planted { rule: "verbatim", is_true: true, text: sentence.to_owned() }];
    let mut add = |rule, text: Option<String>| {
        planted.extend(text.filter(|text| text != sentence).map(|text| Planted {
            rule,
            is_true: true,
            text,
        }));
    };
    add("clauses reordered", reordered(sentence));
    // Words of a quotation stay as they are.
    let spots = if sentence.contains(['"', '“', '„', '«']) {
        Vec::new()
    } else {
        spots::spots(sentence, tongue)
    };
    for spot in spots {
        let Some(old) = sentence.get(spot.range.clone()) else { continue };
        let with = |new: String| Some(replaced(sentence, &spot, &new));
        match spot.kind {
            Kind::NumberWord => add(
                "number words as digits",
                digits_of(old, tongue).and_then(|number| with(number.to_string())),
            ),
            Kind::Number => {
                add("digits as number words", word_of(old, tongue).and_then(|word| with(word.to_owned())));
                add("thousands grouped anew", regrouped(old, tongue).and_then(with));
            }
            Kind::Price => add("thousands grouped anew", regrouped(old, tongue).and_then(with)),
            Kind::Time => add("time in another form", clock(old, tongue).and_then(with)),
            Kind::Day => add("date in another form", date(sentence, &spot, tongue)),
            _ => {}
        }
    }
    add("currency in another form", currency(sentence));
    planted
}

/// Returns a sentence with one error for each place that can hold one. Every error says something that the passage does not
/// have anywhere, but `swapped` and `denied`, which only mean something else.
pub(crate) fn errors(sentence: &str, passage: &str, tongue: Tongue, rng: &mut Rng) -> Vec<Planted> {
    let mut planted = Vec::new();
    let found = spots::spots(sentence, tongue);
    for spot in &found {
        let Some(old) = sentence.get(spot.range.clone()) else { continue };
        for _ in 0..tries(spot.kind) {
            let Some(new) = wrong(old, spot.kind, passage, tongue, rng) else { continue };
            planted.push(Planted {
                rule: rule(spot.kind),
                is_true: false,
                text: replaced(sentence, spot, &new),
            });
        }
    }
    planted.extend(swapped(sentence, passage, tongue, &found));
    let denial = tongue.denials().iter().find(|(verb, _)| sentence.contains(verb));
    planted.extend(denial.map(|(verb, denied)| Planted {
        rule: "denied",
        is_true: false,
        text: sentence.replacen(verb, denied, 1),
    }));
    planted
}

/// Returns how many errors are planted at a place: more where such places are rare.
fn tries(kind: Kind) -> u32 {
    match kind {
        Kind::Time | Kind::Weekday | Kind::Phone | Kind::Percent | Kind::Price => 12,
        Kind::Day | Kind::Month | Kind::NumberWord | Kind::Quotation => 3,
        Kind::Number | Kind::Year | Kind::FullName | Kind::Name | Kind::Mail => 2,
    }
}

fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "number",
        Kind::NumberWord => "number in words",
        Kind::Price => "price",
        Kind::Percent => "percentage",
        Kind::Day | Kind::Month => "date",
        Kind::Year => "year",
        Kind::Time => "time",
        Kind::Weekday => "weekday",
        Kind::FullName => "full name",
        Kind::Name => "name",
        Kind::Quotation => "quotation",
        Kind::Mail => "mail address",
        Kind::Phone => "telephone number",
    }
}

/// Returns something else in the same form that the passage does not have.
fn wrong(old: &str, kind: Kind, passage: &str, tongue: Tongue, rng: &mut Rng) -> Option<String> {
    (0..20).find_map(|_| {
        let new = match kind {
            Kind::Number | Kind::Price | Kind::Percent | Kind::Year | Kind::Phone => other_digit(old, rng)?,
            Kind::Day => (1 + rng.u32(0..28)).to_string(),
            Kind::Month => (*rng.choice(&tongue.months())?).to_owned(),
            Kind::Weekday => (*rng.choice(&tongue.days())?).to_owned(),
            Kind::NumberWord => rng.choice(tongue.numbers())?.0.to_owned(),
            Kind::Time => other_hour(old, rng)?,
            Kind::FullName | Kind::Name => (*rng.choice(&STRANGERS)?).to_owned(),
            Kind::Quotation => {
                (*rng.choice(&["umbrella", "gearbox", "velvet", "lantern", "saxophone"])?).to_owned()
            }
            Kind::Mail => format!("x{old}"),
        };
        let digits = digits_of(&new, tongue).map(|number| number.to_string());
        let also = digits.as_deref().unwrap_or(&new);
        let is_meant = kind == Kind::Weekday && is_between(passage, &new, tongue);
        let is_stated = is_meant || has(passage, &new) || has(passage, also);
        (new != old && !is_stated).then_some(new)
    })
}

/// Returns whether a passage means a day by a span such as "Monday to Friday".
fn is_between(passage: &str, day: &str, tongue: Tongue) -> bool {
    let days = tongue.days();
    let place =
        |text: &str| days.iter().position(|day| *day == text.trim_matches(|c: char| !c.is_alphanumeric()));
    let words: Vec<&str> = passage.split_whitespace().collect();
    words.windows(3).any(|words| {
        let [from, joint, until] = words else { return false };
        let ends = place(from).zip(place(until)).filter(|_| matches!(*joint, "to" | "bis" | "au" | "a"));
        ends.zip(place(day)).is_some_and(|((from, until), day)| (from..=until).contains(&day))
    })
}

/// Returns whether a passage has these words or digits, not as a part of others.
fn has(passage: &str, words: &str) -> bool {
    let plain = |text: &str| text.to_lowercase();
    passage.split(|c: char| c.is_whitespace()).any(|piece| {
        let bare = piece.trim_matches(|c: char| !c.is_alphanumeric());
        plain(bare) == plain(words)
            || piece.split(|c: char| !c.is_alphanumeric()).any(|part| plain(part) == plain(words))
    })
}

fn other_digit(old: &str, rng: &mut Rng) -> Option<String> {
    let digits: Vec<usize> =
        old.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(place, _)| place).collect();
    let place = *rng.choice(&digits)?;
    let digit = char::from_digit(rng.u32(1..10), 10)?;
    let mut new = old.to_owned();
    new.replace_range(place..place + 1, &digit.to_string());
    Some(new)
}

fn other_hour(old: &str, rng: &mut Rng) -> Option<String> {
    let (hour, minute) = old.split_once(':')?;
    let hour = (hour.parse::<u32>().ok()? + 1 + rng.u32(0..8)) % 24;
    Some(format!("{hour}:{minute}"))
}

/// Puts another value of the same passage in a number's place.
fn swapped(sentence: &str, passage: &str, tongue: Tongue, found: &[Spot]) -> Option<Planted> {
    let spot = found.iter().find(|spot| matches!(spot.kind, Kind::Number | Kind::Price | Kind::Percent))?;
    let old = sentence.get(spot.range.clone())?;
    let others = sentences(passage);
    let mut values = others.iter().flat_map(|other| {
        let spots = spots::spots(other, tongue);
        spots
            .into_iter()
            .filter(|other| other.kind == spot.kind)
            .filter_map(|spot| other.get(spot.range))
            .collect::<Vec<_>>()
    });
    let new = values.find(|new| *new != old)?;
    Some(Planted { rule: "swapped", is_true: false, text: replaced(sentence, spot, new) })
}

fn replaced(sentence: &str, spot: &Spot, new: &str) -> String {
    let mut text = sentence.to_owned();
    text.replace_range(spot.range.clone(), new);
    text
}

fn reordered(sentence: &str) -> Option<String> {
    let (first, second) = sentence.strip_suffix('.')?.split_once(", ")?;
    let is_number = first.ends_with(|c: char| c.is_numeric()) && second.starts_with(|c: char| c.is_numeric());
    let has_quote = sentence.contains(['"', '“', '„', '«']);
    (!is_number && !has_quote).then(|| format!("{second}, {first}."))
}

fn digits_of(word: &str, tongue: Tongue) -> Option<u32> {
    tongue.numbers().iter().find(|(name, _)| *name == word).map(|(_, number)| *number)
}

fn word_of(digits: &str, tongue: Tongue) -> Option<&'static str> {
    let number: u32 = digits.parse().ok()?;
    tongue.numbers().iter().find(|(_, known)| *known == number).map(|(name, _)| *name)
}

fn regrouped(old: &str, tongue: Tongue) -> Option<String> {
    let separator = if tongue == Tongue::English { ',' } else { '.' };
    if let Some((_, after)) = old.split_once(separator) {
        return (after.len() == 3).then(|| old.replace(separator, ""));
    }
    let is_plain = (5..=6).contains(&old.len()) && old.bytes().all(|byte| byte.is_ascii_digit());
    let (head, tail) = old.split_at_checked(old.len().checked_sub(3)?)?;
    is_plain.then(|| format!("{head}{separator}{tail}"))
}

fn clock(old: &str, tongue: Tongue) -> Option<String> {
    let (hour, minute) = old.split_once(':')?;
    let hour: u32 = hour.parse().ok()?;
    match tongue {
        Tongue::English if hour > 12 => Some(format!("{}:{minute} pm", hour - 12)),
        Tongue::English => None,
        Tongue::German => Some(format!("{hour}.{minute} Uhr")),
        Tongue::French | Tongue::Spanish => Some(format!("{hour}h{minute}")),
    }
}

/// Writes day, month and year as numbers.
fn date(sentence: &str, day: &Spot, tongue: Tongue) -> Option<String> {
    let rest = sentence.get(day.range.start..)?;
    let mut words = rest.split(' ').filter(|word| *word != "de");
    let number: u32 = words.next()?.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    let (month, year) = (words.next()?, words.next()?);
    let place = tongue.months().iter().position(|name| *name == month)? + 1;
    let length = rest.find(year)? + 4;
    let year: u32 = year.get(..4)?.parse().ok()?;
    let new = match tongue {
        Tongue::English => format!("{year}-{place:02}-{number:02}"),
        Tongue::German => format!("{number:02}.{place:02}.{year}"),
        Tongue::French | Tongue::Spanish => format!("{number:02}/{place:02}/{year}"),
    };
    let spot = Spot { kind: Kind::Day, range: day.range.start..day.range.start + length };
    Some(replaced(sentence, &spot, &new))
}

fn currency(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split(' ').collect();
    let place = words.windows(2).position(|pair| {
        let is_amount = pair.first().is_some_and(|word| {
            word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with(|c: char| c.is_ascii_digit())
        });
        is_amount
            && pair.last().is_some_and(|word| matches!(*word, "USD" | "EUR" | "dollars" | "euros" | "Euro"))
    })?;
    let (amount, unit) = (*words.get(place)?, *words.get(place + 1)?);
    let sign = if matches!(unit, "USD" | "dollars") { "$" } else { "€" };
    let mut new = words.clone();
    let joined = if sign == "$" { format!("${amount}") } else { format!("{amount} €") };
    new.splice(place..place + 2, [joined.as_str()]);
    Some(new.join(" "))
}
