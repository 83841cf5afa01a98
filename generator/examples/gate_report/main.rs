//! Measures the sentence gate on a planted set: `gate_report [--show N] LANGUAGE:FILE...`, where a file is text with blank lines
//! between passages, or JSON lines with a field `text`. It prints catch rates and false alarms, and the time for a token.
#![expect(clippy::print_stdout, reason = "what it measured is its output")]

mod planted;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use fastrand::Rng;
use generator::gate::{Gate, GateEvent, GateMode};
use generator::prompt::{Passage, Prompt, Task};
use planted::Planted;
use planted::words::Tongue;

/// Bytes of a token of text, about.
const TOKEN_BYTES: f64 = 4.0;
/// Sentences of one rule and language that are looked at, at most.
const MOST_OF_A_RULE: u32 = 4_000;

/// Sentences of a rule: how many, and how many of them were marked.
#[derive(Clone, Debug, Default)]
struct Count {
    sentences: u32,
    marked: u32,
    examples: Vec<String>,
}

type Counts = BTreeMap<(bool, &'static str, Tongue), Count>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut show = 0;
    if arguments.first().is_some_and(|first| first == "--show") {
        show = arguments.get(1).ok_or("expected a number after --show")?.parse()?;
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        return Err("expected [--show N] LANGUAGE:FILE..., such as en:faq.md".into());
    }
    let (mut counts, mut rng, mut passages) = (Counts::new(), Rng::with_seed(7), Vec::new());
    for argument in &arguments {
        let (code, path) = argument.split_once(':').ok_or("expected LANGUAGE:FILE")?;
        let tongue = Tongue::of_code(code).ok_or("expected one of the languages en, de, fr, es")?;
        let text = std::fs::read_to_string(path)?;
        passages.extend(passages_of(&text)?.into_iter().map(|passage| (tongue, passage)));
    }
    for (tongue, passage) in &passages {
        measure(passage, *tongue, show, &mut rng, &mut counts);
    }
    print(&counts);
    speed(&passages);
    Ok(())
}

fn passages_of(text: &str) -> Result<Vec<String>, Box<dyn Error>> {
    if !text.starts_with('{') {
        return Ok(text.split("\n\n").map(str::to_owned).collect());
    }
    let mut passages = Vec::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        passages.extend(value.get("text").and_then(|text| text.as_str()).map(str::to_owned));
    }
    Ok(passages)
}

fn measure(passage: &str, tongue: Tongue, show: usize, rng: &mut Rng, counts: &mut Counts) {
    let whole: Vec<&str> = planted::sentences(passage);
    // Rows of a table are sentences of their own.
    let rows: Vec<&str> = if whole.is_empty() { vec![passage] } else { whole };
    for sentence in rows {
        for planted in planted::paraphrases(sentence, tongue) {
            count(&planted, passage, tongue, show, counts);
        }
        // An error that is planted where something else is marked anyway would count as caught.
        if marks(sentence, passage, tongue).is_empty() {
            for planted in planted::errors(sentence, passage, tongue, rng) {
                count(&planted, passage, tongue, show, counts);
            }
        }
    }
}

fn count(planted: &Planted, passage: &str, tongue: Tongue, show: usize, counts: &mut Counts) {
    let count = counts.entry((planted.is_true, planted.rule, tongue)).or_default();
    if count.sentences >= MOST_OF_A_RULE {
        return;
    }
    let marks = marks(&planted.text, passage, tongue);
    count.sentences += 1;
    count.marked += u32::from(!marks.is_empty());
    if marks.is_empty() != planted.is_true && count.examples.len() < show {
        count.examples.push(format!("{} {marks:?}", planted.text));
    }
}

/// Returns what the gate marks in a sentence that cites a passage.
fn marks(sentence: &str, passage: &str, tongue: Tongue) -> Vec<String> {
    let mut gate = Gate::new(&prompt(passage, tongue), GateMode::Mark);
    let mut marks = Vec::new();
    let mut see = |event| {
        if let GateEvent::Unsupported(unsupported) = event {
            marks.extend(
                unsupported.what.into_iter().map(|claim| format!("{} {}", claim.kind.name(), claim.text)),
            );
        }
    };
    gate.text(sentence.to_owned(), &mut see);
    gate.cite(0, String::new(), &mut see);
    gate.finish(&mut see);
    marks
}

fn prompt(passage: &str, tongue: Tongue) -> Prompt {
    let passage =
        Passage { text: passage.to_owned(), language: tongue.code().to_owned(), ..Passage::default() };
    Prompt {
        question: "?".to_owned(),
        passages: vec![passage],
        history: Vec::new(),
        language: tongue.code().to_owned(),
        max_output_tokens: 1,
        task: Task::Answer,
        earlier: None,
    }
}

fn print(counts: &Counts) {
    for (is_true, heading) in [(true, "true sentences: false alarms"), (false, "planted errors: caught")] {
        println!("{heading}");
        for ((_, rule, tongue), count) in counts.iter().filter(|((is, _, _), _)| *is == is_true) {
            let share = 100.0 * f64::from(count.marked) / f64::from(count.sentences.max(1));
            println!(
                "  {rule:<26} {} {:>6} of {:>6} {share:>6.1} %",
                tongue.code(),
                count.marked,
                count.sentences
            );
            count.examples.iter().for_each(|example| println!("      {example}"));
        }
    }
}

/// Prints the time that the gate adds to a token of text, passages read included and not.
fn speed(passages: &[(Tongue, String)]) {
    let (mut bytes, mut cold, mut warm) = (0, 0.0, 0.0);
    for (tongue, passage) in passages.iter().take(2_000) {
        let mut gate = Gate::new(&prompt(passage, *tongue), GateMode::Mark);
        for nanoseconds in [&mut cold, &mut warm] {
            let start = Instant::now();
            gate.text(passage.clone(), &mut |_| {});
            gate.cite(0, String::new(), &mut |_| {});
            gate.finish(&mut |_| {});
            *nanoseconds += start.elapsed().as_secs_f64() * 1e9;
        }
        bytes += passage.len();
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of bytes")]
    let tokens = bytes as f64 / TOKEN_BYTES;
    println!("{:.0} ns for a token of text, {:.0} ns with reading the passage", warm / tokens, cold / tokens);
}
