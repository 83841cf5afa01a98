//! How text becomes the terms that are indexed and searched: normalising, cutting into words, joining product codes,
//! stemming. Index and question go through the same functions, so that both agree; no index is known here.

mod codes;
mod dense;
mod language;
mod normalise;
mod pieces;
mod stem;
mod stop_words;

pub use codes::is_code;
pub use dense::is_dense;
pub use language::detect_language;
pub use normalise::{fold, normalise};
pub use stem::Stems;
pub use stop_words::{is_stop_word, is_stop_word_anywhere, stop_words};

use normalise::folded;
use pieces::Piece;

/// What a term is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A word of an alphabet, stemmed where the language has a stemmer.
    Word,
    /// A number, price, time or date: begins with a digit and holds no letter.
    Number,
    /// Letters and digits in one, such as `365v93`.
    Code,
    /// Neighbouring pieces written together, such as `hl365v93` for `HL-365 V93`; stands beside its pieces.
    Joined,
    /// Two neighbouring characters of a script without spaces.
    Dense,
}

/// A term and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The form that is indexed and searched: lower case, folded, without spaces or quotes.
    pub text: String,
    /// What it is made of.
    pub kind: Kind,
    /// Position of its first piece in the text, counted from 0.
    pub first: usize,
    /// Position of its last piece, inclusive; larger than `first` for joined terms only.
    pub last: usize,
    /// Whether a joined term is spelt like a product code (`HL-365`, `hl 365v93`), so that its pieces alone mean little.
    pub is_code: bool,
}

/// Returns the terms of a text in order, stop words left out. `language` is an ISO 639-1 code; an unknown or empty
/// one means no stemming and no stop words.
pub fn analyse(text: &str, language: &str) -> Vec<Term> {
    analyse_with(text, &mut Stems::new(language))
}

/// The same for many texts of one language, whose words are stemmed once.
pub fn analyse_with(text: &str, stems: &mut Stems) -> Vec<Term> {
    let language = stems.language().to_owned();
    let pieces = pieces::cut(&normalise(text));
    let joined = codes::join(&pieces, &language);
    let mut terms = Vec::with_capacity(pieces.len() + joined.len());
    for (place, Piece { text, kind, .. }) in pieces.into_iter().enumerate() {
        let text = match kind {
            Kind::Word if is_stop_word(&text, &language) => continue,
            Kind::Word => stems.stem(text),
            _ => text,
        };
        if !text.is_empty() {
            terms.push(Term { text, kind, first: place, last: place, is_code: false });
        }
    }
    terms.extend(joined);
    terms
}

/// Returns the folded words of a text without stemming and with its stop words, and the joined codes: what an embedder
/// that is told no language works on.
pub fn surface(text: &str) -> Vec<Term> {
    let pieces = pieces::cut(&normalise(text));
    let joined = codes::join(&pieces, "en");
    let one = |(place, Piece { text, kind, .. })| Term {
        text: folded(text),
        kind,
        first: place,
        last: place,
        is_code: false,
    };
    pieces.into_iter().enumerate().map(one).chain(joined).collect()
}
