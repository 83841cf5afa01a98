//! Tells the language of a text, as an ISO 639-1 code.

use whatlang::Lang;

/// Detection looks at this much text: more changes nothing but the time.
const SAMPLE_BYTES: usize = 8 * 1024;
/// It first looks at four stretches of this length, one from each quarter of the sample: mostly they are enough.
const STRETCH_BYTES: usize = 512;

/// Returns the language when detection is sure of it.
pub(super) fn detect(text: &str) -> Option<&'static str> {
    let sample = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    if sample.len() > SAMPLE_BYTES / 2 {
        let quarter = sample.len() / 4;
        let stretch = |start: usize| {
            &sample[sample.floor_char_boundary(start)..sample.floor_char_boundary(start + STRETCH_BYTES)]
        };
        let stretches = [0, quarter, 2 * quarter, 3 * quarter].map(stretch).join(" ");
        let sure = whatlang::detect(&stretches).filter(whatlang::Info::is_reliable);
        if let Some(info) = sure {
            return Some(code(info.lang()));
        }
    }
    let info = whatlang::detect(sample)?;
    info.is_reliable().then(|| code(info.lang()))
}

/// Returns the code of a declared language tag such as `de-AT`; empty when the tag is strange.
pub(crate) fn declared(tag: &str) -> &'static str {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    Lang::all().iter().map(|lang| code(*lang)).find(|code| *code == primary).unwrap_or("")
}

/// Maps whatlang's ISO 639-3 languages to ISO 639-1 (<https://www.loc.gov/standards/iso639-2/php/code_list.php>).
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::{declared, detect};

    #[test]
    fn plain_prose_is_told_apart() {
        for (text, code) in [
            ("We are open from Monday to Friday and we deliver every order within three working days.", "en"),
            (
                "Wir haben von Montag bis Freitag geöffnet und liefern jede Bestellung innerhalb von drei Tagen.",
                "de",
            ),
            (
                "Nous sommes ouverts du lundi au vendredi et nous livrons chaque commande en trois jours.",
                "fr",
            ),
            ("我们周一至周五营业，每个订单都在三个工作日内送达。", "zh"),
        ] {
            assert_eq!(detect(text), Some(code), "{text}");
        }
    }

    #[test]
    fn a_short_lead_in_another_language_does_not_decide() {
        let german = "Wir haben von Montag bis Freitag geöffnet und liefern jede Bestellung innerhalb von drei Tagen. ";
        let lead = "We are open from Monday to Friday and deliver every order within three working days. ";
        assert_eq!(detect(&format!("{}{}", lead.repeat(7), german.repeat(100))), Some("de"));
    }

    #[test]
    fn what_is_no_language_has_none() {
        assert_eq!(detect("12345 67890 ---"), None);
        assert_eq!(declared("klingon"), "");
        assert_eq!(declared("de-AT"), "de");
    }
}
