//! What kind of answer a question expects, and whether a text holds one.

use super::concepts::{self, Concepts};
use super::terms::fold;

/// The kind of answer that a question's form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    Time,
    Duration,
    Price,
    Number,
    Place,
    Person,
    Contact,
    Anything,
}

use Expectation::{Anything, Contact, Duration, Number, Person, Place, Price, Time};

/// Phrases, folded; the first that occurs decides, so longer ones stand first. Phrases of scripts with spaces match whole words.
#[rustfmt::skip]
const PHRASES: [(&str, Expectation); 95] = [
    ("how long", Duration), ("how much time", Duration), ("how many days", Duration), ("how many hours", Duration), ("lead time", Duration),
    ("how much does", Price), ("how much do", Price), ("how much is", Price), ("how much are", Price), ("how much would", Price),
    ("cost", Price), ("costs", Price), ("price", Price), ("prices", Price), ("fee", Price),
    ("how many", Number), ("how much", Number), ("how far", Number), ("how high", Number), ("how old", Number), ("how large", Number),
    ("how big", Number), ("percentage", Number), ("percent", Number), ("how often", Number),
    ("phone number", Contact), ("telephone", Contact), ("phone", Contact), ("email", Contact), ("e mail", Contact),
    ("what time", Time), ("when", Time), ("what year", Time), ("which year", Time), ("what hours", Time), ("opening hours", Time), ("what date", Time), ("what day", Time),
    ("where", Place), ("address", Place), ("who", Person), ("whom", Person), ("whose", Person),
    ("wie lange", Duration), ("lieferzeit", Duration), ("wie viel kostet", Price), ("wieviel kostet", Price), ("wie viel kosten", Price), ("was kostet", Price),
    ("was kosten", Price), ("kostet", Price), ("kosten", Price), ("preis", Price), ("um wie viel uhr", Time), ("wie viel", Number), ("wieviel", Number),
    ("wie viele", Number), ("wieviele", Number), ("wie hoch", Number), ("wie weit", Number), ("wann", Time), ("offnungszeiten", Time), ("in welchem jahr", Time),
    ("telefonnummer", Contact), ("wo", Place), ("adresse", Place), ("wer", Person), ("wem", Person),
    ("cuanto tiempo", Duration), ("cuanto tarda", Duration), ("cuantos dias", Duration), ("cuanto cuesta", Price), ("cuanto cuestan", Price), ("precio", Price), ("cuanto", Number), ("cuantos", Number), ("cuantas", Number),
    ("que porcentaje", Number), ("a que hora", Time), ("cuando", Time), ("horario", Time), ("en que ano", Time), ("donde", Place), ("direccion", Place), ("telefono", Contact), ("quien", Person), ("quienes", Person),
    ("combien de temps", Duration), ("combien coute", Price), ("combien", Number), ("quand", Time), ("a quelle heure", Time),
    ("horaires", Time), ("ou se trouve", Place), ("qui", Person),
];

#[rustfmt::skip]
const UNSPACED_PHRASES: [(&str, Expectation); 24] = [
    ("多长时间", Duration), ("多久", Duration), ("几天", Duration), ("多少钱", Price), ("价格", Price), ("几点", Time), ("什么时候", Time), ("何时", Time),
    ("营业时间", Time), ("哪年", Time), ("多少", Number), ("几个", Number), ("哪里", Place), ("哪儿", Place), ("在哪", Place), ("地址", Place), ("电话", Contact), ("谁", Person),
    ("كم تستغرق", Duration), ("كم يستغرق", Duration), ("كم سعر", Price), ("بكم", Price), ("متى", Time), ("اين", Place),
];

const CURRENCIES: [&str; 22] = [
    "€",
    "$",
    "£",
    "¥",
    "₹",
    "usd",
    "eur",
    "gbp",
    "chf",
    "euro",
    "dollar",
    "pound",
    "cent",
    "元",
    "人民币",
    "درهم",
    "ريال",
    "free",
    "kostenlos",
    "gratis",
    "免费",
    "مجان",
];

const TIME_UNITS: [&str; 30] = [
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "tag",
    "stunde",
    "woche",
    "monat",
    "jahr",
    "werktag",
    "minuto",
    "hora",
    "dia",
    "semana",
    "mes",
    "ano",
    "jour",
    "heure",
    "mois",
    "天",
    "小时",
    "分钟",
    "工作日",
    "个月",
    "ايام",
    "يوم",
    "ساعة",
    "اسبوع",
];

const TIME_WORDS: [&str; 26] = [
    "a.m",
    "p.m",
    " am",
    " pm",
    "uhr",
    "o'clock",
    "noon",
    "midnight",
    "点",
    "年",
    "月",
    "الساعة",
    "صباح",
    "مساء",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "century",
];

impl Expectation {
    /// Returns what a question expects.
    pub(crate) fn of(question: &str) -> Self {
        let folded = fold(question);
        if let Some((_, found)) = UNSPACED_PHRASES.iter().find(|(phrase, _)| folded.contains(phrase)) {
            return *found;
        }
        let words: Vec<&str> =
            folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let spaced = format!(" {} ", words.join(" "));
        let occurs = |phrase: &str| spaced.contains(&format!(" {phrase} "));
        PHRASES.iter().find(|(phrase, _)| occurs(phrase)).map_or(Anything, |(_, found)| *found)
    }

    /// Returns whether a folded word is part of how questions ask, such as "hour" in "at what hour".
    pub(crate) fn is_asking_word(word: &str) -> bool {
        PHRASES.iter().any(|(phrase, _)| phrase.split(' ').any(|part| part == word))
    }

    /// Returns the matter that the question is about when no word of it says so.
    pub(crate) fn implied(self) -> Concepts {
        match self {
            Time => concepts::OPENING,
            Price => concepts::PRICE,
            Place => concepts::LOCATION,
            Contact => concepts::CONTACT,
            Duration | Number | Person | Anything => Concepts::default(),
        }
    }

    /// Returns whether a text may hold such an answer.
    pub(crate) fn is_met_by(self, text: &str) -> bool {
        let folded = fold(text);
        let has_digit = folded.contains(char::is_numeric);
        let has_any = |words: &[&str]| words.iter().any(|word| folded.contains(word));
        match self {
            Time => {
                has_clock(&folded)
                    || has_year(&folded)
                    || has_any(&TIME_WORDS)
                    || !super::weekdays::named_in(text).is_empty()
            }
            Duration => {
                has_digit && (has_any(&TIME_UNITS) || folded.contains("time")) || has_any(&TIME_UNITS)
            }
            Price => {
                has_any(&CURRENCIES)
                    && (has_digit
                        || folded.contains(['免', 'ن'])
                        || has_any(&["free", "kostenlos", "gratis"]))
            }
            Number => {
                has_digit
                    || has_any(&[
                        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
                        "half", "hundred", "zwei", "drei", "vier", "dos", "tres", "cuatro",
                    ])
            }
            Contact => folded.contains('@') || folded.chars().filter(char::is_ascii_digit).count() >= 6,
            Place | Person => has_inner_capital(text) || has_digit,
            Anything => true,
        }
    }
}

/// Whether a time such as `9:30` or `9.30` occurs.
fn has_clock(folded: &str) -> bool {
    let bytes = folded.as_bytes();
    bytes.windows(4).any(|four| {
        four[0].is_ascii_digit()
            && matches!(four[1], b':' | b'h' | b'.')
            && four[2].is_ascii_digit()
            && four[3].is_ascii_digit()
    })
}

fn has_year(folded: &str) -> bool {
    folded
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 4 && digits.starts_with(['1', '2']))
}

/// Whether a word after the first begins with a capital, or the script has none.
fn has_inner_capital(text: &str) -> bool {
    let mut words = text.split_whitespace().map(|word| word.trim_start_matches(['"', '(', '“', '„', '\'']));
    let is_cased = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    !is_cased || words.by_ref().skip(1).any(|word| word.starts_with(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::Expectation::{self, Anything, Contact, Duration, Number, Person, Place, Price, Time};

    #[test]
    fn a_question_expects_a_kind_of_answer() {
        let cases = [
            ("When are you open on Sundays?", Time),
            ("How long does delivery take?", Duration),
            ("What does HL-365V93 cost?", Price),
            ("How many units are in stock?", Number),
            ("Where is the shop?", Place),
            ("Who founded it?", Person),
            ("What is your phone number?", Contact),
            ("Wie lange dauert der Versand?", Duration),
            ("¿Cuánto cuesta el envío?", Price),
            ("¿A qué hora abren?", Time),
            ("这个多少钱？", Price),
            ("متى تفتحون؟", Time),
            ("Do you sell lamps?", Anything),
        ];
        for (question, expected) in cases {
            assert_eq!(Expectation::of(question), expected, "{question}");
        }
    }

    #[test]
    fn a_text_meets_what_is_expected() {
        let cases = [
            (Time, "Sunday 11:00 to 16:00", true),
            (Time, "We sell lamps.", false),
            (Price, "price: 35.74 USD", true),
            (Price, "It has 35 pages.", false),
            (Duration, "Delivery takes 3 days.", true),
            (Contact, "Call +49 30 123456.", true),
            (Person, "It was founded by Ada Lovelace.", true),
        ];
        for (expectation, text, is_met) in cases {
            assert_eq!(expectation.is_met_by(text), is_met, "{text}");
        }
    }
}
