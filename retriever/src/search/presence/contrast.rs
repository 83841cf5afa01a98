//! Words that turn a statement into its opposite.

use std::collections::HashMap;
use std::sync::LazyLock;

use embedding::analysis;

use super::sentences::Sentence;

/// Returns whether a sentence says that something is not so.
pub(super) fn is_negated(sentence: &Sentence, language: &str) -> bool {
    let list =
        NEGATIONS.iter().find(|(listed, _)| *listed == language).map_or(ENGLISH_NEGATIONS, |(_, list)| list);
    let is_negation = |word: &str| {
        word.ends_with("n't")
            || word.ends_with("n’t")
            || list.split_ascii_whitespace().any(|listed| listed == word)
    };
    sentence.words().any(|word| is_negation(&word.folded))
}

/// Returns whether a sentence holds the opposite of a word of the question, and neither holds both.
pub(super) fn opposes(question: &Sentence, sentence: &Sentence, language: &str) -> bool {
    let Some(opposites) = OPPOSITES.get(language).or_else(|| OPPOSITES.get("en")) else { return false };
    let forms = |sentence: &Sentence| -> Vec<String> {
        sentence.words().map(|word| form(&word.folded, language)).collect()
    };
    let asked = forms(question);
    if !asked.iter().any(|word| opposites.contains_key(word)) {
        return false;
    }
    let said = forms(sentence);
    asked.iter().filter(|word| !said.contains(word)).filter_map(|word| opposites.get(word)).any(|opposites| {
        opposites.iter().any(|opposite| said.contains(opposite) && !asked.contains(opposite))
    })
}

/// Returns the stem of a word, or the word itself where it is a stop word.
fn form(word: &str, language: &str) -> String {
    let term = analysis::analyse(word, language).into_iter().next();
    term.map_or_else(|| word.to_owned(), |term| term.text)
}

static OPPOSITES: LazyLock<HashMap<&'static str, HashMap<String, Vec<String>>>> = LazyLock::new(|| {
    let read = |(language, list): &(&'static str, &'static str)| {
        let mut opposites: HashMap<String, Vec<String>> = HashMap::new();
        for (left, right) in list.split_ascii_whitespace().filter_map(|pair| pair.split_once('/')) {
            let (left, right) = (form(left, language), form(right, language));
            opposites.entry(left.clone()).or_default().push(right.clone());
            opposites.entry(right).or_default().push(left);
        }
        (*language, opposites)
    };
    PAIRS.iter().map(read).collect()
});

const ENGLISH_NEGATIONS: &str =
    "not no never none nobody nothing neither nor without cannot unable failed lack lacks except unlike";

/// Folded words by language.
const NEGATIONS: [(&str, &str); 7] = [
    ("en", ENGLISH_NEGATIONS),
    ("de", "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder ausser"),
    ("es", "no nunca jamas sin ningun ninguna ninguno nadie nada tampoco excepto"),
    ("fr", "pas jamais aucun aucune sans rien personne ni sauf"),
    ("it", "non mai nessun nessuna nessuno senza niente nulla tranne"),
    ("nl", "niet geen nooit niemand niets zonder behalve"),
    ("pt", "nao nunca jamais sem nenhum nenhuma ninguem nada exceto"),
];

/// Opposites by language, folded.
const PAIRS: [(&str, &str); 3] = [
    (
        "en",
        "first/last more/less more/fewer most/least before/after north/south east/west northern/southern eastern/western \
         increase/decrease rise/fall rose/fell high/low higher/lower highest/lowest large/small larger/smaller \
         largest/smallest early/late earlier/later earliest/latest new/old newer/older youngest/oldest win/lose won/lost \
         gain/lose gained/lost begin/end began/ended start/end start/stop open/close allow/forbid allow/prohibit \
         legal/illegal accept/reject accept/refuse agree/disagree support/oppose above/below over/under inside/outside \
         internal/external public/private male/female men/women father/mother son/daughter king/queen maximum/minimum \
         upper/lower left/right day/night summer/winter import/export buy/sell bought/sold strong/weak always/never \
         all/none true/false positive/negative rich/poor same/different common/rare common/uncommon easy/difficult \
         simple/complex best/worst better/worse good/bad near/far short/long shorter/longer fast/slow faster/slower \
         arrive/leave enter/leave build/destroy create/destroy include/exclude major/minor majority/minority \
         possible/impossible known/unknown able/unable cause/prevent direct/indirect active/passive formal/informal \
         natural/artificial modern/ancient urban/rural solid/liquid friend/enemy victory/defeat attack/defend \
         offensive/defensive young/old approve/reject raise/lower expand/shrink reduce/increase strengthen/weaken \
         encourage/discourage wet/dry hot/cold warm/cool dark/light heavy/light single/multiple few/many little/much",
    ),
    (
        "de",
        "erste/letzte ersten/letzten mehr/weniger vor/nach nord/sud norden/suden osten/westen nordlich/sudlich ostlich/westlich \
         hoch/niedrig hoher/niedriger hochste/niedrigste gross/klein grosste/kleinste fruh/spat fruher/spater neu/alt \
         gewinnen/verlieren gewann/verlor beginn/ende anfang/ende offnen/schliessen geoffnet/geschlossen erlaubt/verboten \
         legal/illegal uber/unter innen/aussen intern/extern offentlich/privat mann/frau manner/frauen maximal/minimal \
         links/rechts tag/nacht sommer/winter kaufen/verkaufen stark/schwach immer/nie reich/arm gleich/verschieden \
         einfach/schwierig beste/schlechteste besser/schlechter gut/schlecht kurz/lang schnell/langsam moglich/unmoglich \
         bekannt/unbekannt jung/alt warm/kalt heiss/kalt mit/ohne",
    ),
    (
        "es",
        "primero/ultimo primera/ultima mas/menos antes/despues norte/sur este/oeste alto/bajo alta/baja mayor/menor \
         grande/pequeno temprano/tarde nuevo/viejo nueva/vieja ganar/perder gano/perdio comenzar/terminar inicio/fin \
         abrir/cerrar abierto/cerrado permitido/prohibido legal/ilegal sobre/bajo dentro/fuera interno/externo \
         publico/privado publica/privada hombre/mujer hombres/mujeres maximo/minimo izquierda/derecha dia/noche \
         verano/invierno comprar/vender fuerte/debil siempre/nunca rico/pobre igual/diferente facil/dificil mejor/peor \
         bueno/malo corto/largo rapido/lento posible/imposible conocido/desconocido joven/viejo caliente/frio con/sin",
    ),
];

#[cfg(test)]
mod tests {
    use super::{is_negated, opposes};
    use crate::search::presence::sentences::Sentence;

    fn contradicts(question: &str, sentence: &str, language: &str) -> bool {
        opposes(&Sentence::new(question, language), &Sentence::new(sentence, language), language)
    }

    #[test]
    fn negations_are_known_in_their_languages() {
        let negated = |text: &str, language: &str| is_negated(&Sentence::new(text, language), language);
        assert!(negated("We don't ship abroad.", "en") && negated("Nothing is free.", "en"));
        assert!(negated("Wir liefern nicht ins Ausland.", "de") && negated("Nunca abrimos.", "es"));
        assert!(!negated("We ship abroad.", "en") && !negated("Notable nights", "en"));
    }

    #[test]
    fn the_opposite_of_a_word_contradicts_in_every_form() {
        assert!(contradicts("What is the lowest price?", "The highest price is 90.", "en"));
        assert!(contradicts("Wann wird geöffnet?", "Abends wird geschlossen.", "de"));
        assert!(contradicts("What increased in May?", "Prices decrease in May.", "en"));
    }

    #[test]
    fn a_sentence_with_both_words_contradicts_nothing() {
        assert!(!contradicts(
            "What is the lowest price?",
            "The lowest and highest prices are 9 and 90.",
            "en"
        ));
        assert!(!contradicts("Lowest and highest price?", "The highest price is 90.", "en"));
        assert!(!contradicts("What is the price?", "The highest price is 90.", "en"));
    }
}
