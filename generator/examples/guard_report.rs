//! Tells how many texts of files the local guardrail stops, and how well it finds personal data.
//!
//! A file holds one JSON object a line: `text` or `question`, and where they are known `category` (`benign...` for what must
//! pass) or `entities` (`type`, `start`, `end` in characters). Lines are told apart by a hash, so that rules can be made while
//! looking at one half and judged by the other: `cargo run -p generator --example guard_report -- FILE...`. With
//! `GENERATOR_GUARDRAILS_FILE` other rules than the built-in ones are judged; with `--pieces` the time per piece is measured.

#![expect(clippy::print_stdout, reason = "a report is printed")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use generator::guard::{
    Action, Checked, Direction, Entity, EntityRule, Guard, GuardSettings, GuardrailConfig, LocalGuardrail,
    Sides,
};
use lifecycle::Reader;
use serde_json::Value;

/// Names of entities in files, and the kinds that they are.
const ENTITIES: [(&str, Entity); 6] = [
    ("card", Entity::CreditDebitCardNumber),
    ("iban", Entity::InternationalBankAccountNumber),
    ("ssn", Entity::UsSocialSecurityNumber),
    ("email", Entity::Email),
    ("ip", Entity::IpAddress),
    ("phone", Entity::Phone),
];

/// Stopped, changed and all texts of a kind.
type Counts = BTreeMap<String, [u32; 3]>;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut reader = Reader::from_environment();
    let settings = GuardSettings::read(&mut reader);
    reader.finish(&[])?;
    let guardrail = LocalGuardrail::new(&settings.config, settings.max_text_bytes)?;
    for path in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let text = std::fs::read_to_string(path).with_context(|| path.clone())?;
        let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        println!("{path}");
        if lines.iter().any(|line| line.get("entities").is_some()) {
            personal_data(&lines)?;
        } else {
            questions(&guardrail, &lines, arguments.iter().any(|argument| argument == "--show"))?;
        }
    }
    if arguments.iter().any(|argument| argument == "--pieces") {
        pieces(&Guard::local(&settings)?)?;
    }
    Ok(())
}

/// FNV-1a; its first bit tells the halves apart.
fn half(text: &str) -> &'static str {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    if hash >> 63 == 0 { "seen" } else { "unseen" }
}

fn questions(guardrail: &LocalGuardrail, lines: &[Value], shows: bool) -> anyhow::Result<()> {
    let mut counts = Counts::new();
    for line in lines {
        let text = line.get("text").or_else(|| line.get("question")).and_then(Value::as_str);
        let text = text.context("a line without text and question")?;
        let category = line.get("category").and_then(Value::as_str).unwrap_or("benign");
        let is_harmless = category.starts_with("benign");
        let checked = guardrail.examine(Direction::Input, text)?.checked;
        let half = half(text);
        let total = if is_harmless { "harmless" } else { "hostile" };
        for kind in [format!("{half:7} {total} in all"), format!("{half:7} {category}")] {
            let counted = counts.entry(kind).or_default();
            counted[2] += 1;
            match checked {
                Checked::Blocked { .. } => counted[0] += 1,
                Checked::Redacted(_) => counted[1] += 1,
                Checked::Clean => {}
            }
        }
        if shows && half == "seen" && is_harmless == (checked != Checked::Clean) {
            println!("  {category}: {}", text.chars().take(300).collect::<String>());
        }
    }
    for (kind, [stopped, changed, all]) in counts {
        println!("  {kind:60} {stopped:5} of {all:5} stopped, {changed} changed");
    }
    Ok(())
}

/// Compares what is found with what is marked: a finding is right where it covers a marked one of its kind.
fn personal_data(lines: &[Value]) -> anyhow::Result<()> {
    for (name, entity) in ENTITIES {
        let action = Some(Action::Anonymize);
        let entities = vec![EntityRule { entity, sides: Sides { input: action, output: action } }];
        let config = GuardrailConfig { entities, ..GuardrailConfig::default() };
        let guardrail = LocalGuardrail::new(&config, 65_536)?;
        let (mut right, mut wrong, mut marked) = (0, 0, 0);
        for line in lines {
            let text = line.get("text").and_then(Value::as_str).context("a line without text")?;
            let of = line.get("entities").and_then(Value::as_array).into_iter().flatten();
            let of = of.filter(|entity| entity.get("type").and_then(Value::as_str) == Some(name));
            let values: Vec<&str> = of.filter_map(|entity| entity.get("value")?.as_str()).collect();
            marked += values.len();
            let checked = guardrail.examine(Direction::Output, text)?.checked;
            let Checked::Redacted(redacted) = checked else { continue };
            let hidden = redacted.matches(entity.name()).count();
            let gone = values.iter().filter(|value| !redacted.contains(**value)).count().min(hidden);
            right += gone;
            wrong += hidden - gone;
        }
        println!("  {name:8} {right:4} of {marked:4} found, {wrong} wrongly");
    }
    Ok(())
}

/// Measures an answer of ordinary words that comes in pieces of one word, as models send them.
fn pieces(guard: &Guard) -> anyhow::Result<()> {
    const ROUNDS: u32 = 2_000;
    let answer = "We are open from Monday to Friday from 9:00 to 18:00 and on Saturdays until 14:00. Please call us on \
        our usual number, or write to us; the workshop is closed in August. A repair takes three days and costs 49.90. ";
    let words: Vec<&str> = answer.split_inclusive(' ').collect();
    let mut out = String::with_capacity(answer.len() + 64);
    let mut measure = |rounds: u32| -> anyhow::Result<f64> {
        let start = Instant::now();
        for _ in 0..rounds {
            out.clear();
            let mut filter = guard.answer();
            for word in &words {
                filter.push(black_box(word), &mut out)?;
            }
            filter.finish(&mut out)?;
        }
        Ok(start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds) / words.len() as f64)
    };
    measure(ROUNDS / 10)?;
    println!("{:.0} ns for each piece of one word", measure(ROUNDS)?);
    Ok(())
}
