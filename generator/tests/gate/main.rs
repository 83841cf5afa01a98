//! A floor under the gate's catch rates and a ceiling over its false alarms, on small samples in four languages.

#[path = "../../examples/gate_report/planted.rs"]
#[expect(dead_code, reason = "the example uses more of it")]
mod planted;

use std::collections::BTreeMap;

use fastrand::Rng;
use generator::gate::{Gate, GateEvent, GateMode};
use generator::prompt::{Passage, Prompt, Task};
use planted::words::Tongue;

const SAMPLES: [(Tongue, &str); 4] = [
    (Tongue::English, include_str!("en.txt")),
    (Tongue::German, include_str!("de.txt")),
    (Tongue::French, include_str!("fr.txt")),
    (Tongue::Spanish, include_str!("es.txt")),
];

fn is_marked(sentence: &str, passage: &str, tongue: Tongue) -> bool {
    let passage =
        Passage { text: passage.to_owned(), language: tongue.code().to_owned(), ..Passage::default() };
    let prompt = Prompt {
        question: "?".to_owned(),
        passages: vec![passage],
        history: Vec::new(),
        language: tongue.code().to_owned(),
        max_output_tokens: 1,
        task: Task::Answer,
        earlier: None,
    };
    let (mut gate, mut is_marked) = (Gate::new(&prompt, GateMode::Mark), false);
    let mut see = |event| is_marked |= matches!(event, GateEvent::Unsupported(_));
    gate.text(sentence.to_owned(), &mut see);
    gate.cite(0, String::new(), &mut see);
    gate.finish(&mut see);
    is_marked
}

/// Returns sentences and marked ones by rule.
fn measured() -> BTreeMap<(bool, &'static str), (u32, u32)> {
    let (mut counts, mut rng) = (BTreeMap::new(), Rng::with_seed(7));
    for (tongue, sample) in SAMPLES {
        for passage in sample.split("\n\n") {
            for sentence in planted::sentences(passage) {
                let errors = planted::errors(sentence, passage, tongue, &mut rng);
                for planted in planted::paraphrases(sentence, tongue).into_iter().chain(errors) {
                    let (sentences, marked) = counts.entry((planted.is_true, planted.rule)).or_insert((0, 0));
                    *sentences += 1;
                    *marked += u32::from(is_marked(&planted.text, passage, tongue));
                }
            }
        }
    }
    counts
}

#[test]
fn planted_errors_are_caught_and_true_sentences_pass() {
    let counts = measured();
    // What no passage states as a word or value cannot be seen: another value of the passage, or a denial.
    let is_unseen = |rule: &str| matches!(rule, "swapped" | "denied");
    for ((is_true, rule), (sentences, marked)) in &counts {
        let percent = 100 * marked / sentences;
        if *is_true {
            assert!(percent <= 3, "{marked} of {sentences} true sentences are marked: {rule}");
        } else if !is_unseen(rule) {
            assert!(percent >= 90, "only {marked} of {sentences} errors are caught: {rule}");
        }
    }
    let sum = |is_true: bool| {
        let of_kind = counts.iter().filter(|((kind, rule), _)| *kind == is_true && !is_unseen(rule));
        of_kind.fold((0, 0), |(all, some), (_, (sentences, marked))| (all + sentences, some + marked))
    };
    let ((truths, alarms), (errors, caught)) = (sum(true), sum(false));
    assert!(truths > 150 && errors > 200, "{truths} true sentences and {errors} errors are too few");
    assert!(alarms * 100 < truths * 2, "{alarms} false alarms in {truths} sentences");
    assert!(caught * 100 > errors * 97, "{caught} of {errors} errors are caught");
}
