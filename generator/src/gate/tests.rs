//! The gate over small texts: what is borne out, what is not, and that the cut of the stream changes nothing.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{Gate, GateEvent, GateMode, Unsupported};
use crate::prompt::{Passage, Prompt, Task};

const ENGLISH: &str = "Brightwater Cycles is open Mon-Fri 9:00 to 18:30. A small service costs 75 USD, a full service $165.00. \
    Maren Oakley founded it on 5 March 2024; parcels take 5 to 8 working days. \
    We give 12 percent off for students. Call +1 555 0142 or write to hello@brightwater.example. \
    The sign says: \"Ride on, whatever the weather\". The lock HL-365V93 weighs 1,250 g.";
const GERMAN: &str = "Wir haben Montag bis Freitag von 9 bis 18 Uhr geöffnet. Der Versand kostet 4,90 EUR, ab 1.299,00 EUR ist er frei. \
    Am 24. Dezember schließen wir um 12:30 Uhr. Die Rückgabe ist dreißig Tage lang möglich. Frau Maren Oakley leitet die Werkstatt.";

fn prompt(question: &str, passages: &[(&str, &str)]) -> Prompt {
    let passage = |(language, text): &(&str, &str)| Passage {
        text: (*text).to_owned(),
        language: (*language).to_owned(),
        ..Passage::default()
    };
    Prompt {
        question: question.to_owned(),
        passages: passages.iter().map(passage).collect(),
        history: Vec::new(),
        language: String::new(),
        max_output_tokens: 100,
        task: Task::Answer,
        earlier: None,
    }
}

/// Returns the number of a piece that is a citation.
fn citation(piece: &str) -> Option<usize> {
    piece.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Sends an answer through a gate; `[1]` cites the first passage.
fn pass(prompt: &Prompt, mode: GateMode, pieces: &[&str]) -> Vec<GateEvent> {
    let (mut gate, mut events) = (Gate::new(prompt, mode), Vec::new());
    for piece in pieces {
        match citation(piece) {
            Some(number) => {
                gate.cite(number.saturating_sub(1), String::new(), &mut |event| events.push(event));
            }
            None => gate.text((*piece).to_owned(), &mut |event| events.push(event)),
        }
    }
    gate.finish(&mut |event| events.push(event));
    events
}

fn marked(events: &[GateEvent]) -> Vec<&Unsupported> {
    let mut marked = Vec::new();
    for event in events {
        if let GateEvent::Unsupported(unsupported) = event {
            marked.push(unsupported);
        }
    }
    marked
}

/// Returns what one sentence, which cites the only passage, says beyond it.
fn beyond(passage: (&str, &str), sentence: &str) -> Vec<String> {
    let question = if passage.0 == "de" { "Wann haben Sie geöffnet?" } else { "When are you open?" };
    let events = pass(&prompt(question, &[passage]), GateMode::Mark, &[sentence, "[1]"]);
    marked(&events)
        .iter()
        .flat_map(|one| &one.what)
        .map(|claim| format!("{} {}", claim.kind.name(), claim.text))
        .collect()
}

#[test]
fn what_the_passage_states_is_borne_out_however_it_is_written() {
    for sentence in [
        "It is open from Monday to Friday, 9am to 6:30 p.m.",
        "On Wednesday they close at 18:30.",
        "The small service is $75 and the full one 165 dollars.",
        "Founded on 2024-03-05 by Maren Oakley.",
        "Founded 03/05/2024, or 5.3.2024.",
        "Parcels need five to eight days.",
        "Students save 12%, that is twelve per cent.",
        "Call +1-555-0142, 5550142 or mail hello@brightwater.example.",
        "It says “Ride on, whatever the weather”.",
        "The lock HL-365V93 weighs 1250 g.",
        "You have three options: walk, call or write.",
        "1. Call Brightwater's workshop.",
        "## Full Service Details Of Everything",
        "Parcels take 5–8 working days.",
    ] {
        assert_eq!(beyond(("en", ENGLISH), sentence), [""; 0], "{sentence}");
    }
    for sentence in [
        "Von Mo-Fr zwischen 9:00 und 18:00 Uhr, auch am Mittwoch.",
        "Der Versand kostet 4,90 €.",
        "Ab 1299 Euro ist der Versand frei.",
        "Am 24.12. schließen wir um 12.30 Uhr.",
        "Sie haben 30 Tage Zeit für die Rücksendung im Originalkarton.",
        "Frau Oakley hilft Ihnen.",
    ] {
        assert_eq!(beyond(("de", GERMAN), sentence), [""; 0], "{sentence}");
    }
}

#[test]
fn what_the_passage_does_not_state_is_named() {
    for (sentence, expected) in [
        ("A small service costs $79.", "price $79"),
        ("A small service costs 75 EUR.", "price 75 EUR"),
        ("Parcels take nine days.", "number nine days"),
        ("Parcels take 5 weeks.", "number 5 weeks"),
        ("Students save 15%.", "percentage 15%"),
        ("It was founded on 6 March 2024.", "date 6 March 2024"),
        ("It was founded in April.", "date April"),
        ("It opens at 10:00.", "time 10:00"),
        ("It is open on Sunday.", "weekday Sunday"),
        ("Call +1 555 0143.", "phone 1 555 0143"),
        ("Write to info@brightwater.example now.", "address info@brightwater.example"),
        ("The lock HL-366V93 is heavy.", "code HL-366V93"),
        ("Ask for Peter today.", "name Peter"),
        ("It says “Ride on, whatever the season”.", "quotation Ride on, whatever the season"),
    ] {
        let found = beyond(("en", ENGLISH), sentence);
        assert!(
            found.len() == 1 && found[0].ends_with(expected.trim_start_matches("phone ")),
            "{sentence}: {found:?}"
        );
    }
    for (sentence, expected) in [
        ("Der Versand kostet 5,90 EUR.", "price 5,90 EUR"),
        ("Am 23. Dezember ist zu.", "date 23. Dezember"),
        ("Wir schließen um 19 Uhr.", "time 19 Uhr"),
        ("Sie haben vierzig Tage.", "number vierzig Tage"),
        ("Frau Lindholm hilft Ihnen.", "name Lindholm"),
        ("Wir liefern mit DHL.", "name DHL"),
    ] {
        assert_eq!(beyond(("de", GERMAN), sentence), [expected], "{sentence}");
    }
}

#[test]
fn a_sentence_is_judged_by_the_passages_that_it_cites() {
    let prompt = prompt("What does it cost?", &[("en", "A costs $5."), ("en", "B costs $6.")]);
    let right = ["A is $5", "[1]", ". B is $6.", "[2]", " Both end in 5 and 6."];
    assert_eq!(marked(&pass(&prompt, GateMode::Mark, &right)), [] as [&Unsupported; 0]);
    let events = pass(&prompt, GateMode::Mark, &["A is $5.", "[2]", " B is $6.", "[2]"]);
    let [wrong] = marked(&events)[..] else { unreachable!("{events:?}") };
    assert_eq!((wrong.range.clone(), wrong.is_uncited), (0..8, false));
    let events = pass(&prompt, GateMode::Mark, &["B is $6", "[2]", ". A is $5", "[2]", ". So"]);
    let [wrong] = marked(&events)[..] else { unreachable!("{events:?}") };
    // "B is $6 [1]. A is $5 [1]." with the marks as they are written.
    assert_eq!(wrong.range, 13..25);
}

#[test]
fn facts_without_a_citation_in_their_paragraph_are_marked_uncited() {
    let prompt = prompt("What does it cost?", &[("en", "A costs $5."), ("en", "B costs $6.")]);
    let ranges = |pieces: &[&str]| -> Vec<_> {
        let events = pass(&prompt, GateMode::Mark, pieces);
        marked(&events).iter().map(|one| (one.range.clone(), one.what.len(), one.is_uncited)).collect()
    };
    assert_eq!(
        ranges(&["A is $5. It is good.", "[1]", "\n\nYes."]),
        [],
        "a later citation of the paragraph counts"
    );
    assert_eq!(ranges(&["A is $5.\n\nIt is good.", "[1]"]), [(0..8, 0, true)]);
    assert_eq!(ranges(&["A is $7. It is good.", "[1]"]), [(0..8, 1, true)]);
    assert_eq!(ranges(&["Hello, how nice."]), []);
}

#[test]
fn names_and_quotations_are_not_asked_of_passages_in_another_language() {
    let english = |passages: &[(&str, &str)], sentence: &str| {
        let mut prompt = prompt("When are you open?", passages);
        prompt.language = "en".to_owned();
        marked(&pass(&prompt, GateMode::Mark, &[sentence, "[1]"])).len()
    };
    let sentence = "On Christmas Eve the Workshop in Cologne is “closed early”, at 12:30.";
    assert_eq!(
        english(
            &[("de", "Heiligabend schließt die Werkstatt in Köln „etwas früher“, um 12.30 Uhr.")],
            sentence
        ),
        0
    );
    assert_eq!(
        english(&[("de", "Heiligabend schließt die Werkstatt in Köln „etwas früher“, um 13 Uhr.")], sentence),
        1
    );
    assert_eq!(english(&[("en", "On Christmas Eve it closes at 12:30.")], sentence), 1);
}

#[test]
fn a_sentence_of_many_quotations_is_searched_for_the_first_ones() {
    let quotations = "“never said” ".repeat(300);
    let found = beyond(("en", ENGLISH), &format!("They say {quotations}."));
    assert_eq!(found.iter().filter(|claim| claim.starts_with("quotation")).count(), 24);
}

#[test]
fn what_the_visitor_said_may_be_repeated() {
    let prompt = prompt("Is it $99, Anna?", &[("en", "A costs $5.")]);
    assert_eq!(
        marked(&pass(&prompt, GateMode::Mark, &["No, it is not $99, dear Anna.", "[1]"])),
        [] as [&Unsupported; 0]
    );
}

#[test]
fn a_withheld_sentence_is_left_out_with_its_citations() {
    let prompt = prompt("What does it cost?", &[("en", "A costs $5. B costs $6.")]);
    let events =
        pass(&prompt, GateMode::Withhold, &["A is $5.", "[1]", " B is", " $7", "[1]", ". B is $6.", "[1]"]);
    let shown: String = events
        .iter()
        .map(|event| match event {
            GateEvent::Text(text) => text.as_str(),
            GateEvent::Cite { .. } => " [1]",
            _ => "",
        })
        .collect();
    assert_eq!(shown, "A is $5. [1] B is $6. [1]");
    let withheld = events.iter().find_map(|event| match event {
        GateEvent::Withheld { at, what } => Some((*at, what.len())),
        _ => None,
    });
    assert_eq!(withheld, Some((12, 1)));
}

#[test]
fn an_answer_that_is_withheld_whole_has_not_spoken() {
    let prompt = prompt("What does it cost?", &[("en", "A costs $5.")]);
    let mut gate = Gate::new(&prompt, GateMode::Withhold);
    gate.text("It is $7.".to_owned(), &mut |_| {});
    gate.finish(&mut |_| {});
    assert!(!gate.has_spoken());
    gate.text("It is $5.".to_owned(), &mut |_| {});
    gate.finish(&mut |_| {});
    assert!(gate.has_spoken());
    gate.retract();
    assert!(!gate.has_spoken());
}

#[test]
fn a_gate_that_is_off_lets_everything_pass() {
    let prompt = prompt("What does it cost?", &[("en", "A costs $5.")]);
    let events = pass(&prompt, GateMode::Off, &["A is $7.", "[1]"]);
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn abbreviations_ordinals_and_marks_of_lists_do_not_end_a_sentence() {
    let prompt = prompt("?", &[("de", "x")]);
    let ends = |text: &str| -> Vec<String> {
        let mut splitter = super::Splitter::default();
        let mut sentences = Vec::new();
        for character in text.chars() {
            if let super::Step::Ended(end) = splitter.push(character) {
                sentences.push(splitter.take(end).trim().to_owned());
            }
        }
        if let super::Step::Ended(end) = splitter.finish() {
            sentences.push(splitter.take(end).trim().to_owned());
        }
        sentences.push(splitter.held().trim().to_owned());
        sentences
    };
    assert_eq!(prompt.passages.len(), 1);
    for whole in [
        "Dr. Oakley ist da.",
        "Am 5. März z. B. Montag.",
        "1. Call us at 9 a.m. on Monday.",
        "Es kostet 3.50 EUR.",
    ] {
        assert_eq!(ends(whole), [whole]);
    }
    assert_eq!(ends("It costs $5. Next one! \"Yes.\" No"), ["It costs $5.", "Next one!", "\"Yes.\"", "No"]);
    assert_eq!(ends("- A\n- B\n\nC"), ["- A", "- B", "C"]);
    assert_eq!(ends("We have 12. Nobody knows."), ["We have 12.", "Nobody knows."]);
    assert_eq!(ends("五个。六个。"), ["五个。", "六个。"]);
}

/// Returns the events with neighbouring pieces of text joined, and what was said about them after them.
fn joined(events: Vec<GateEvent>) -> (String, Vec<GateEvent>) {
    let (mut text, mut rest) = (String::new(), Vec::new());
    for event in events {
        match event {
            GateEvent::Text(piece) => text.push_str(&piece),
            GateEvent::Cite { passage, .. } => text.push_str(&format!("[{passage}]")),
            other => rest.push(other),
        }
    }
    (text, rest)
}

fn answers() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        Just("5"),
        Just("$"),
        Just("1,299.00"),
        Just("."),
        Just(". "),
        Just("\n"),
        Just("\n\n"),
        Just(" "),
        Just("March"),
        Just("Mo"),
        Just("-"),
        Just("Fr "),
        Just("9:30"),
        Just(" Uhr"),
        Just("“"),
        Just("”"),
        Just("\""),
        Just("Dr. "),
        Just("twenty"),
        Just("-five"),
        Just("+49 30 123"),
        Just("a@b.de"),
        Just("https://x.de/a"),
        Just("[1]"),
        Just("[2]"),
        Just("[9]"),
        Just("Übermaß"),
        Just("**"),
        Just("| "),
        Just("½"),
        Just("٣"),
        Just("cien"),
        Just("3. "),
        Just("HL-3"),
        Just("。"),
        Just("' "),
        Just("Maren Oakley"),
        Just("’s "),
        Just("%"),
        Just("(030) 55")
    ];
    proptest::collection::vec(prop_oneof![8 => word.prop_map(str::to_owned), 1 => any::<String>()], 0..40)
}

proptest! {
    #[test]
    fn the_cut_into_pieces_changes_nothing(answer in answers(), is_held in any::<bool>()) {
        let prompt = prompt("Is it 5?", &[("en", ENGLISH), ("de", GERMAN)]);
        let mode = if is_held { GateMode::Withhold } else { GateMode::Mark };
        let whole: Vec<&str> = answer.iter().map(String::as_str).collect();
        let characters: Vec<String> = answer.iter().flat_map(|piece| {
            if citation(piece).is_some() { vec![piece.clone()] } else { piece.chars().map(String::from).collect() }
        }).collect();
        let single: Vec<&str> = characters.iter().map(String::as_str).collect();
        let (first, second) = (pass(&prompt, mode, &whole), pass(&prompt, mode, &single));
        if mode == GateMode::Withhold {
            prop_assert_eq!(&first, &second);
        }
        prop_assert_eq!(joined(first), joined(second));
    }

    #[test]
    fn text_passes_unchanged_and_marks_stand_in_it(answer in answers()) {
        let prompt = prompt("Is it 5?", &[("en", ENGLISH), ("de", GERMAN)]);
        let pieces: Vec<&str> = answer.iter().map(String::as_str).collect();
        let events = pass(&prompt, GateMode::Mark, &pieces);
        let mut numbers: Vec<usize> = Vec::new();
        let mut shown = String::new();
        for event in &events {
            match event {
                GateEvent::Text(text) => shown.push_str(text),
                GateEvent::Cite { passage, .. } if *passage < 2 => {
                    if !numbers.contains(passage) {
                        numbers.push(*passage);
                    }
                    let number = numbers.iter().position(|known| known == passage).unwrap_or(0) + 1;
                    shown.push_str(&format!(" [{number}]"));
                }
                GateEvent::Cite { .. } => {}
                GateEvent::Unsupported(Unsupported { range, .. }) => {
                    let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
                    let sentence = shown.get(range.clone());
                    prop_assert!(sentence.is_some_and(|text| !text.trim().is_empty()), "{range:?} of {shown:?}");
                }
                GateEvent::Withheld { .. } => prop_assert!(false),
            }
        }
        let text: String = answer.iter().filter(|piece| citation(piece).is_none()).map(String::as_str).collect();
        let shown = |event: &GateEvent| if let GateEvent::Text(text) = event { text.clone() } else { String::new() };
        let passed: String = events.iter().map(shown).collect();
        prop_assert_eq!(passed, text);
    }

    #[test]
    fn a_passage_of_any_text_bears_itself_out(text in any::<String>()) {
        let prompt = prompt("?", &[("en", &text)]);
        let events = pass(&prompt, GateMode::Mark, &[&text, "[1]"]);
        prop_assert!(events.len() < 10_000);
    }
}
