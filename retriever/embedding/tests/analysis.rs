//! Tables of texts and the terms they become, and what every text whatever must keep.

use embedding::analysis::{analyse, detect_language};
use embedding::{DEFAULT_DIMENSIONS, OfflineEmbedder};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

fn terms(text: &str, language: &str) -> Vec<String> {
    analyse(text, language).into_iter().map(|term| term.text).collect()
}

fn check(table: &[(&str, &str, &str)]) {
    for (text, language, expected) in table {
        let expected: Vec<&str> = expected.split_ascii_whitespace().collect();
        assert_eq!(terms(text, language), expected, "{text:?} in {language:?}");
    }
}

#[test]
fn words_are_stemmed_folded_and_freed_of_stop_words() {
    check(&[
        ("The returns of the orders", "en", "return order"),
        ("What's the shop's address?", "en", "shop address"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "en", "full width"),
        ("Straße STRASSE", "de", "strass strass"),
        ("Müller Mueller MÜLLER", "de", "mull mull mull"),
        ("Kündigungsfristen, Kuendigungsfrist", "de", "kundigungsfrist kundigungsfrist"),
        ("neue Quelle", "de", "neu quell"),
        ("cancelación cancelacion cancelaciones", "es", "cancel cancel cancel"),
        ("entrega devolução devolucao", "pt", "entreg devolu devolu"),
        ("l'huile d'olive", "fr", "huil oliv"),
        ("café CAFÉ cafe\u{301}", "", "cafe cafe cafe"),
        ("доставка доставки", "ru", "доставк доставк"),
        ("lead_time_days U.S. e-mail", "en", "lead time day us e mail email"),
        ("", "en", ""),
        ("?!… 🦀", "en", ""),
    ]);
}

#[test]
fn a_product_code_has_one_term_however_it_is_typed() {
    for typed in [
        "HL-365V93",
        "hl 365v93",
        "HL365V93",
        "hl365 v93",
        "Hl–365v93",
        "HL/365V93",
        "hl 365 v93",
        "HL 365 V 93",
    ] {
        let found = terms(&format!("price of {typed} please"), "en");
        assert!(found.iter().any(|term| term == "hl365v93"), "{typed}: {found:?}");
    }
    for (typed, code) in [
        ("500 ml", "500ml"),
        ("500ml", "500ml"),
        ("iPhone 15", "iphone15"),
        ("+1 800-555-1234", "18005551234"),
        ("6945 5046 55283", "6945504655283"),
        ("6945504655283", "6945504655283"),
        ("Wi-Fi", "wifi"),
        ("COVID-19", "covid19"),
    ] {
        assert!(terms(typed, "en").iter().any(|term| term == code), "{typed}: {:?}", terms(typed, "en"));
    }
}

#[test]
fn numbers_are_kept_whole_and_lists_of_them_apart() {
    check(&[
        ("49.99 49,99", "en", "49.99 49.99"),
        ("1,299.00 1.299,00 1 299", "en", "1299.00 1299.00 1 299"),
        ("1,299 or 1.299", "en", "1299 1299"),
        ("open 10:30-18:00", "en", "open 10:30 18:00"),
        ("at 9am or 9 am", "en", "9 9"),
        ("12 24 36", "en", "12 24 36"),
        ("version 1.2.3 from 192.168.0.1", "en", "version 1.2.3 192.168.0.1"),
        ("in 2019", "en", "2019"),
        ("٤٩ ५", "", "49 5"),
    ]);
}

#[test]
fn scripts_without_spaces_become_pairs() {
    check(&[
        ("退货政策", "zh", "退货 货政 政策"),
        ("退货的政策", "zh", "退货 政策"),
        ("東京タワー", "ja", "東京 京タ タワ ワー"),
        ("환불 정책", "ko", "환불 정책"),
        ("水", "zh", "水"),
        ("USB充电器", "zh", "usb 充电 电器"),
    ]);
    for text in ["ขอบคุณครับ", "ຂອບໃຈ", "អរគុណ", "ကျေးဇူး"]
    {
        let found = terms(text, "");
        assert!(found.len() > 1 && found.iter().all(|term| term.chars().count() < 9), "{text}: {found:?}");
    }
}

#[test]
fn text_from_right_to_left_is_freed_of_its_signs() {
    check(&[
        ("كِتَابٌ كتـــاب", "", "كتاب كتاب"),
        ("أحمد احمد", "", "احمد احمد"),
        ("שָׁלוֹם שלום", "he", "שלום שלום"),
        ("\u{202b}שלום\u{202c}", "he", "שלום"),
    ]);
    let [with_article, without] = ["الكتاب", "كتاب"].map(|word| terms(word, "ar"));
    assert_eq!(with_article, without);
}

#[test]
fn long_text_tells_its_language_and_short_text_does_not() {
    for (text, language) in [
        ("The delivery of your order takes about three working days from now on.", Some("en")),
        ("Die Lieferung Ihrer Bestellung dauert in der Regel etwa drei Werktage.", Some("de")),
        ("La entrega de su pedido tarda normalmente unos tres días laborables.", Some("es")),
        ("商品可以在三十天内退货，请保留您的收据和原包装。", Some("zh")),
        ("ok", None),
        ("", None),
    ] {
        assert_eq!(detect_language(text), language, "{text}");
    }
}

#[test]
fn vectors_never_change() {
    // Another sum here means that every stored vector is of another model: give it another id.
    let vector =
        OfflineEmbedder::new(DEFAULT_DIMENSIONS).unwrap().vector("Returns of HL-365V93 within 30 days, 退货");
    let sum = vector.iter().zip(1u16..).map(|(number, place)| number * f32::from(place)).sum::<f32>();
    assert!((sum - PINNED).abs() < 1e-3, "{sum}");
}

const PINNED: f32 = 346.527_95;

#[test]
fn near_texts_have_near_vectors() {
    let embedder = OfflineEmbedder::new(DEFAULT_DIMENSIONS).unwrap();
    let cosine = |left: &str, right: &str| -> f32 {
        embedder.vector(left).iter().zip(embedder.vector(right)).map(|(left, right)| left * right).sum()
    };
    let question = "How do I cancel my delivery?";
    for (near, far) in [
        ("Cancelling a delivery", "Opening hours on Sundays"),
        ("how do i cancle my delvery", "how do i reach your office"),
        ("HOW DO I CANCEL MY DELIVERY", "who made this delicious cake"),
    ] {
        assert!(cosine(question, near) > cosine(question, far) + 0.1, "{near}");
    }
    assert!(OfflineEmbedder::new(63).is_err() && OfflineEmbedder::new(4_097).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn every_text_has_clean_terms_and_a_vector_of_unit_length(text in any::<String>(), pick in 0usize..6) {
        let language = ["en", "de", "ar", "zh", "", "xx"][pick];
        for term in analyse(&text, language) {
            let is_clean = |character: char| character.is_alphanumeric() || matches!(character, '.' | ',' | ':') || !character.is_ascii();
            prop_assert!(!term.text.is_empty() && term.text.chars().all(is_clean), "{:?}", term);
            prop_assert!(!term.text.contains(char::is_whitespace) && term.first <= term.last);
        }
        let vector = OfflineEmbedder::new(64).unwrap().vector(&text);
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        prop_assert!((length - 1.0).abs() < 1e-4);
        prop_assert_eq!(vector, OfflineEmbedder::new(64).unwrap().vector(&text));
    }
}
