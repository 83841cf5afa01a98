//! Whether two questions ask for the same. Embeddings put "with" beside "without" and 2 beside 3, so what tells them apart is looked
//! for in their words: nearness proposes, words veto. Precision before recall: most paraphrases are turned down.

use std::collections::BTreeSet;

use proto::v1::Passage;

use super::wording::Wording;

/// Letters that two forms of a word share at least.
const STEM_CHARACTERS: usize = 4;

/// Returns the cosine of two vectors of length 1; 0 for vectors of different lengths.
pub(super) fn cosine(one: &[f32], other: &[f32]) -> f32 {
    if one.len() != other.len() {
        return 0.0;
    }
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Returns whether the answer to an earlier question answers this one, as far as words tell. Vetoes are: another number, name,
/// negation or opposite, and any other word of one question alone that the found passages hold, for there it tells things apart.
/// A word that is only asked for now may stand in the earlier answer.
pub(super) fn asks_the_same(asked: &Wording, earlier: &Wording, answer: &str, found: &[Passage]) -> bool {
    if asked.names() != earlier.names() || numbers(asked) != numbers(earlier) {
        return false;
    }
    let (now, before) = (words(asked.normal()), words(earlier.normal()));
    if changes(&now) != changes(&before) {
        return false;
    }
    let (new, gone) = (only_in(&now, &before), only_in(&before, &now));
    if new.is_empty() && gone.is_empty() {
        return true;
    }
    let answer = words(answer);
    let passages: BTreeSet<String> = found.iter().flat_map(passage_words).collect();
    let is_in = |all: &BTreeSet<String>, word: &str| all.iter().any(|other| are_forms(word, other));
    gone.iter().all(|word| !is_in(&passages, word))
        && new.iter().all(|word| is_in(&answer, word) || !is_in(&passages, word))
}

fn passage_words(passage: &Passage) -> BTreeSet<String> {
    let mut all = words(&passage.text);
    all.extend(words(&passage.title));
    passage.heading_path.iter().for_each(|heading| all.extend(words(heading)));
    all
}

/// Words with a digit, marks inside included, in order: "2", "3.5", "9:30", "€5".
fn numbers(wording: &Wording) -> Vec<&str> {
    let has_digit = |word: &&str| word.chars().any(char::is_numeric);
    wording.normal().split(' ').filter(has_digit).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let folded = text.to_lowercase();
    folded
        .split(|c: char| !c.is_alphanumeric() && c != '%')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Words of one question whose like the other has not, but for those that ask and join.
fn only_in<'a>(one: &'a BTreeSet<String>, other: &BTreeSet<String>) -> Vec<&'a str> {
    let is_alone = |word: &&String| !other.iter().any(|known| are_forms(word, known));
    let is_plain = |word: &&String| PLAIN.contains(&word.as_str());
    one.iter().filter(is_alone).filter(|word| !is_plain(word)).map(String::as_str).collect()
}

/// Words that turn a question into another one wherever they stand.
fn changes(words: &BTreeSet<String>) -> BTreeSet<&str> {
    words.iter().map(String::as_str).filter(|word| CHANGES.contains(word)).collect()
}

/// Whether two words are forms of one, by their beginnings: "open" and "opening", "shop" and "shops".
fn are_forms(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let shared = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let longer = one.chars().count().max(other.chars().count());
    shared >= STEM_CHARACTERS && shared + 3 >= longer
}

/// Negations, bounds, times and opposites of the languages that questions come in.
#[rustfmt::skip]
const CHANGES: &[&str] = &[
    // English.
    "not", "no", "never", "none", "nobody", "nothing", "without", "except", "unless", "cannot", "don", "doesn", "isn", "aren", "won",
    "before", "after", "until", "since", "more", "less", "most", "least", "fewer", "minimum", "maximum", "min", "max", "over", "under",
    "above", "below", "first", "last", "next", "previous", "start", "end", "open", "close", "closed", "in", "out", "on", "off", "up",
    "down", "from", "to", "buy", "sell", "cancel", "return", "include", "included", "exclude", "excluded", "allowed", "forbidden",
    "today", "tomorrow", "yesterday", "morning", "afternoon", "evening", "night", "weekend", "weekday", "weekdays", "day", "days",
    "week", "weeks", "month", "months", "year", "years", "hour", "minute", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday", "mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays", "january", "february",
    "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "christmas", "easter",
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "half", "double", "only", "all",
    "any", "some", "every", "both", "either", "neither", "old", "new", "big", "small", "large", "men", "women", "child", "children",
    "adult", "adults", "kg", "g", "lb", "km", "m", "cm", "mm", "l", "ml", "inch", "mile", "miles", "percent", "%", "euro", "euros",
    "dollar", "dollars", "pound", "pounds", "my", "your", "their", "who", "where", "when", "why",
    // German.
    "nicht", "kein", "keine", "keinen", "nie", "niemand", "nichts", "ohne", "außer", "vor", "nach", "bis", "seit", "mehr", "weniger",
    "mindestens", "höchstens", "über", "unter", "erste", "letzte", "nächste", "offen", "geöffnet", "geschlossen", "auf", "zu", "ein",
    "aus", "mit", "kaufen", "verkaufen", "stornieren", "heute", "morgen", "gestern", "früh", "abends", "montag", "dienstag", "mittwoch",
    "donnerstag", "freitag", "samstag", "sonntag", "feiertag", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember",
    "tag", "tage", "woche", "wochen", "monat", "monate", "jahr", "jahre", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben",
    "acht", "neun", "zehn", "alle", "jede", "nur", "wer", "wo", "wann", "warum",
    // French, Spanish, Italian, Portuguese.
    "pas", "ne", "jamais", "sans", "aucun", "aucune", "avant", "après", "plus", "moins", "fermé", "ouvert", "avec", "aujourd", "demain",
    "hier", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "deux", "trois", "quatre", "cinq",
    "nunca", "sin", "ningún", "ninguna", "nada", "antes", "después", "más", "menos", "abierto", "cerrado", "con", "hoy", "mañana",
    "ayer", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "dos", "tres", "cuatro", "cinco",
    "non", "mai", "senza", "prima", "dopo", "più", "meno", "aperto", "chiuso", "oggi", "domani", "ieri", "lunedì", "martedì",
    "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "due", "tre", "quattro", "cinque",
    "não", "sem", "nenhum", "nenhuma", "depois", "mais", "aberto", "fechado", "hoje", "amanhã", "ontem", "segunda", "terça", "quarta",
    "quinta", "sexta", "dois", "três",
];

/// Words that ask, join and are polite, and tell no question from another.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "a", "an", "the", "is", "are", "was", "be", "do", "does", "did", "can", "could", "would", "will", "shall", "should", "i", "me", "we",
    "us", "you", "it", "its", "there", "this", "that", "these", "those", "of", "for", "at", "by", "with", "and", "or", "what", "which",
    "how", "s", "re", "ll", "ve", "d", "please", "tell", "know", "like", "want", "need", "hello", "hi", "hey", "thanks", "thank", "about",
    "have", "has", "get", "let", "so", "just", "also", "as",
    "der", "die", "das", "den", "dem", "des", "eine", "einen", "einem", "einer", "ist", "sind", "war", "wird", "werden", "kann", "können",
    "könnte", "könnten", "möchte", "ich", "wir", "sie", "ihr", "es", "und", "oder", "was", "wie", "welche", "welcher", "bitte", "hallo",
    "danke", "mir", "uns", "für", "von", "bei", "im", "am", "haben", "hat", "habe",
    "le", "la", "les", "un", "une", "des", "du", "de", "est", "sont", "je", "vous", "nous", "il", "elle", "et", "ou", "que", "quel",
    "quelle", "quels", "quelles", "comment", "merci", "bonjour", "pour", "peut", "puis",
    "el", "los", "las", "una", "es", "son", "qué", "cuál", "cuáles", "cómo", "por", "favor", "hola", "gracias", "puedo", "puede", "y", "o",
    "lo", "gli", "uno", "sono", "che", "quale", "quali", "come", "ciao", "grazie", "posso", "può", "e", "di", "da", "per",
    "os", "as", "um", "uma", "são", "qual", "quais", "como", "olá", "obrigado", "posso", "pode", "é",
];

#[cfg(test)]
mod tests {
    use proto::v1::Passage;

    use super::{Wording, asks_the_same, cosine};

    const ANSWER: &str = "The red bike costs 300 euros and is delivered within 5 days [1].";
    const PASSAGE: &str = "The red bike costs 300 euros, the blue one 400. Bikes are delivered within 5 days, without a fee on \
                           Sundays. Returns are free for 30 days. Anna and Bob repair bikes in Berlin.";

    fn same(asked: &str, earlier: &str) -> bool {
        let found = [Passage { text: PASSAGE.to_owned(), ..Passage::default() }];
        asks_the_same(&Wording::of(asked), &Wording::of(earlier), ANSWER, &found)
    }

    #[test]
    fn the_same_asked_politely_is_the_same() {
        for asked in [
            "how much does the red bike cost",
            "Please tell me how much the red bike costs!",
            "Hi, how much would a red bike cost?",
            "What does the red bike cost?",
        ] {
            assert!(same(asked, "How much does the red bike cost?"), "{asked}");
        }
    }

    #[test]
    fn another_thing_number_name_time_or_negation_is_not_the_same() {
        for (asked, earlier) in [
            ("How much does the blue bike cost?", "How much does the red bike cost?"),
            ("How much do 3 red bikes cost?", "How much do 2 red bikes cost?"),
            ("Is the delivery of the red bike free?", "Is the delivery of the red bike not free?"),
            ("Do you deliver with a fee?", "Do you deliver without a fee?"),
            ("Do you deliver on Sundays?", "Do you deliver on Mondays?"),
            ("does Anna repair it?", "does Bob repair it?"),
            ("Is it delivered before May?", "Is it delivered after May?"),
            ("Is it $5?", "Is it €5?"),
            ("Do you open at 9:30?", "Do you open at 9:00?"),
            ("Kann ich es mit Rechnung kaufen?", "Kann ich es ohne Rechnung kaufen?"),
            ("When is it delivered?", "Where is it delivered?"),
        ] {
            assert!(!same(asked, earlier), "{asked} / {earlier}");
            assert!(!same(earlier, asked), "{earlier} / {asked}");
        }
        let (vague, exact) = ("How much does the bike cost?", "How much does the red bike cost?");
        assert!(!same(vague, exact), "there are others");
        assert!(same(exact, vague), "the earlier answer says that it is about the red one");
    }

    #[test]
    fn vectors_of_different_lengths_are_not_near() {
        assert!((cosine(&[0.6, 0.8], &[0.6, 0.8]) - 1.0).abs() < 1e-6);
        assert!(cosine(&[1.0], &[1.0, 0.0]).abs() < f32::EPSILON);
        assert!(cosine(&[], &[]).abs() < f32::EPSILON);
    }
}
