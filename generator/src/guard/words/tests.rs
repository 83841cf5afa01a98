//! Words however they are written, and words that only look like them.

use super::{Direction, Folder, GuardrailConfig, Words};

fn words(listed: &[&str], profanity: bool) -> Words {
    let listed: Vec<String> = listed.iter().map(|word| format!(r#"{{"text":"{word}"}}"#)).collect();
    let managed = if profanity { r#"{"type":"PROFANITY"}"# } else { "" };
    let text = format!(
        r#"{{"name":"a","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.",
        "wordPolicyConfig":{{"managedWordListsConfig":[{managed}],"wordsConfig":[{}]}}}}"#,
        listed.join(",")
    );
    let config = GuardrailConfig::parse(&text).expect("right rules");
    Words::new(&config, Direction::Input).expect("compiled").expect("words")
}

fn finds(words: &Words, text: &str) -> bool {
    let (mut folder, mut walk, mut found) = (Folder::default(), words.begin(), false);
    let mut read = |word: super::Word<'_>| {
        let mut alone = words.begin();
        let walk = if word.is_spelled { &mut alone } else { &mut walk };
        found |= words.read(walk, word.text).blocked;
    };
    text.chars().for_each(|character| folder.push(character, &mut read));
    folder.finish(&mut read);
    found
}

#[test]
fn a_word_is_found_however_it_is_written() {
    let words = words(&["rival shop", "Küche", "secret"], false);
    for text in [
        "Is the Rival  Shop open?",
        "RIVAL-SHOP!",
        "(rival\nshop)",
        "rívàl shop",
        "r1v4l sh0p",
        "ri\u{200b}val sh\u{ad}op",
        "ｒｉｖａｌ shop",
        "rivаl shоp",
        "riiival shop",
        "kuche",
        "s e c r e t",
        "s.e.c.r.e.t",
        "$ecret",
        "s*ecret",
        "sécret!",
    ] {
        assert!(finds(&words, text), "{text}");
    }
}

#[test]
fn a_part_of_a_word_or_phrase_is_not_found() {
    let words = words(&["rival shop", "sex", "455"], false);
    for text in
        ["rival", "arrival shop", "rival shops", "rival the shop", "Essex", "Sextant", "ass", "1455", ""]
    {
        assert!(!finds(&words, text), "{text}");
    }
    assert!(finds(&words, "It is 455."));
}

#[test]
fn words_of_scripts_without_spaces_are_found_inside_a_text() {
    let words = words(&["竞争对手"], false);
    assert!(finds(&words, "你们的竞争对手是谁？"));
    assert!(!finds(&words, "竞争"));
}

#[test]
fn the_managed_list_spares_ordinary_words() {
    let words = words(&[], true);
    for text in ["fuck", "FUUUCK", "sh1t", "f.u.c.k", "Scheiße!", "fück", "hurensohn", "putain", "сука"]
    {
        assert!(finds(&words, text), "{text}");
    }
    for text in [
        "The Scunthorpe shop sells cocktails, shuttlecocks and Dickens.",
        "Eine dicke Jacke von Hitchcock.",
        "Class, assess, bass, grass, Essex, shiitake, analysis, titles.",
        "Die Analyse der Massen, Kunststoff.",
        "Computadora, disputa, reputación, culinario.",
        "a b c d e f g h i j k",
    ] {
        assert!(!finds(&words, text), "{text}");
    }
}

#[test]
fn endless_text_is_read_in_one_pass_and_little_memory() {
    let words = words(&["secret"], true);
    for unit in ["a", "\u{200b}", "\u{202e}", "\0", "1 ", "a ", "!", "é"] {
        let text = unit.repeat(100_000 / unit.len());
        let mut folder = Folder::default();
        text.chars().for_each(|character| folder.push(character, &mut |_| {}));
        assert!(folder.word.capacity() < 4_096 && folder.spelled.capacity() < 1_024, "{unit:?}");
        assert!(finds(&words, &format!("{text} secret")), "{unit:?}");
    }
}
