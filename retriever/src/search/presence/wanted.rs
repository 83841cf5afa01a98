//! What kind of answer a question wants, told by its question words in the main languages.

use embedding::analysis;

/// The kind of answer that a question wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::search) enum Wanted {
    /// A person or an organisation.
    Who,
    /// A time, date, weekday or year.
    When,
    /// A place.
    Where,
    /// A number: how many, how much, how long.
    Number,
    /// A reason.
    Why,
    /// Anything else, or nothing that question words tell.
    Open,
}

impl Wanted {
    /// Returns what a question wants. The first question word decides, the word after it where that says more.
    pub(in crate::search) fn of(question: &str) -> Self {
        let normal = analysis::normalise(question);
        let words: Vec<String> = normal
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(analysis::fold)
            .collect();
        let kinds = words.iter().enumerate().filter_map(|(place, word)| {
            let next = words.get(place + 1).map_or("", String::as_str);
            Self::of_words(word, next)
        });
        kinds.take(1).next().unwrap_or(Self::Open)
    }

    /// Whether the same answer may do for questions that want one and the other.
    pub(in crate::search) fn agrees_with(self, other: Self) -> bool {
        self == other || self == Self::Open || other == Self::Open
    }

    fn of_words(word: &str, next: &str) -> Option<Self> {
        let is_among = |list: &str, word: &str| list.split_ascii_whitespace().any(|listed| listed == word);
        if is_among(HOW, word) && is_among(AMOUNTS, next) || is_among(HOW_MANY, word) {
            return Some(Self::Number);
        }
        if is_among(WHICH, word) {
            let by_noun =
                [(TIMES, Self::When), (PLACES, Self::Where), (COUNTS, Self::Number), (PEOPLE, Self::Who)];
            let known = by_noun.iter().find(|(list, _)| is_among(list, next));
            return Some(known.map_or(Self::Open, |(_, wanted)| *wanted));
        }
        let lists = [(WHO, Self::Who), (WHEN, Self::When), (WHERE, Self::Where), (WHY, Self::Why)];
        lists.iter().find(|(list, _)| is_among(list, word)).map(|(_, wanted)| *wanted)
    }
}

/// Returns whether a folded word is a month or a day of the week in English, German or Spanish.
pub(super) fn is_calendar_word(word: &str) -> bool {
    CALENDAR.split_ascii_whitespace().any(|listed| listed == word)
}

/// Returns whether a folded word is a number in English, German or Spanish.
pub(super) fn is_number_word(word: &str) -> bool {
    NUMBERS.split_ascii_whitespace().any(|listed| listed == word)
}

/// Question words of English, German, Spanish, French, Italian, Dutch and Portuguese, folded.
const WHO: &str = "who whom whose wer wen wem wessen quien quienes qui chi quem";
const WHEN: &str = "when wann cuando quand quando wanneer";
const WHERE: &str = "where wo wohin woher donde adonde dove waar onde";
const WHY: &str = "why warum wieso weshalb pourquoi perche waarom";
const HOW: &str = "how wie que hoe";
const HOW_MANY: &str = "wieviel wieviele cuanto cuanta cuantos cuantas combien quanto quanta quanti quante quantos quantas \
     hoeveel";
const WHICH: &str = "what which welche welcher welches welchem welchen que cual cuales quel quelle quels quelles quale quali \
     welk qual quais";
const AMOUNTS: &str = "many much long often far old tall high big large deep heavy viel viele vielen lange oft weit alt gross \
     hoch tief schwer veel lang vaak";
const TIMES: &str = "year years month day date time decade century jahr jahre monat tag datum uhrzeit ano mes dia fecha \
     hora annee mois jour anno mese giorno jaar maand dag";
const PLACES: &str = "country city state place town region county street stadt land ort ciudad pais lugar ville pays lieu citta \
     paese luogo cidade";
const COUNTS: &str = "percent percentage number amount prozent prozentsatz anzahl zahl porcentaje numero cantidad pourcentage \
     nombre";
const PEOPLE: &str = "person man woman author president king person persona mann frau";
const CALENDAR: &str = "january february march april may june july august september october november december monday tuesday \
     wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays weekdays \
     weekend januar februar marz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag \
     enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miercoles jueves \
     viernes sabado domingo noon midnight mittag mediodia";
const NUMBERS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty \
     sixty seventy eighty ninety hundred thousand million billion half dozen first second third fourth fifth once twice \
     single double several few free eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf zwanzig dreissig hundert \
     tausend million millionen milliarden halb dutzend kostenlos uno una dos tres cuatro cinco seis siete ocho nueve diez once \
     doce veinte treinta cien mil millon millones mitad docena gratis";

#[cfg(test)]
mod tests {
    use super::{Wanted, is_calendar_word, is_number_word};

    #[test]
    fn question_words_tell_what_is_wanted() {
        let cases = [
            ("Who repairs kites?", Wanted::Who),
            ("When do you open?", Wanted::When),
            ("What year was the shop founded?", Wanted::When),
            ("How long does delivery take?", Wanted::Number),
            ("How do I return a kite?", Wanted::Open),
            ("Wie viel kostet der Versand?", Wanted::Number),
            ("Wo ist der Laden?", Wanted::Where),
            ("¿Cuánto cuesta?", Wanted::Number),
            ("¿Por qué?", Wanted::Open),
            ("Warum?", Wanted::Why),
            ("Which city are you in?", Wanted::Where),
            ("kite repair", Wanted::Open),
            ("", Wanted::Open),
        ];
        for (question, wanted) in cases {
            assert_eq!(Wanted::of(question), wanted, "{question}");
        }
    }

    #[test]
    fn open_questions_agree_with_all_others() {
        assert!(Wanted::Open.agrees_with(Wanted::When) && Wanted::Who.agrees_with(Wanted::Open));
        assert!(Wanted::When.agrees_with(Wanted::When) && !Wanted::When.agrees_with(Wanted::Where));
    }

    #[test]
    fn months_days_and_numbers_are_told_from_other_words() {
        assert!(is_calendar_word("tuesday") && is_calendar_word("marz") && !is_calendar_word("kite"));
        assert!(is_number_word("twelve") && is_number_word("gratis") && !is_number_word("kite"));
    }
}
