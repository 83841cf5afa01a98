//! Prints what was measured, for people and as JSON. The only place that prints.

#![expect(clippy::print_stdout, reason = "printing the result is what the command is for")]

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use crate::eval;
use crate::floor::Below;
use crate::refusal::{Point, Separation};

/// Prints the quality of search and refusals, with what fell below its floor.
pub(crate) fn quality(outcome: &eval::Outcome, below: &[Below], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let whole = json!({ "outcome": outcome, "below_floor": below });
        println!("{}", serde_json::to_string_pretty(&whole)?);
        return Ok(());
    }
    println!("set {}, {} passages asked for", outcome.set, outcome.top_k);
    if let Some(search) = outcome.search {
        println!(
            "  {:<12} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "questions", "R@1", "R@5", "R@10", "hit@5", "MRR@10", "nDCG@10"
        );
        println!(
            "  {:<12} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3}",
            search.questions,
            search.recall_at_1,
            search.recall_at_5,
            search.recall_at_10,
            search.hit_at_5,
            search.mrr_at_10,
            search.ndcg_at_10
        );
    }
    if let Some(refusals) = outcome.refusals {
        println!("  refused where nothing answers  {} of {}", refusals.refused, refusals.unanswerable);
        println!("  refused although answerable    {} of {}", refusals.falsely_refused, refusals.answerable);
    }
    if let Some(Point { precision, recall, f1 }) = outcome.refusal {
        println!("  refusal  precision {precision:.3}, recall {recall:.3}, F1 {f1:.3}");
    }
    if let Some(Separation { auroc, best_threshold, best }) = outcome.evidence {
        println!("  evidence AUROC {auroc:.3}, best F1 {:.3} below {best_threshold:.3}", best.f1);
    }
    errors(&outcome.errors);
    for miss in below {
        let value = miss.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}"));
        println!("  BELOW FLOOR {}: {value}, floor {:.3}", miss.measure, miss.floor);
    }
    Ok(())
}

/// Prints a result that is for programs first.
pub(crate) fn as_json(outcome: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(outcome)?);
    Ok(())
}

/// Prints what was written for people.
pub(crate) fn text(text: &str) {
    print!("{text}");
}

/// Tells how far something is: in place in a terminal, on a line of its own elsewhere. Not among the results.
#[expect(clippy::print_stderr, reason = "what goes on is for whoever looks, not for what reads the result")]
pub(crate) fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{line}");
    } else {
        eprintln!("{line}");
    }
}

/// Prints how many documents were written.
pub(crate) fn documents(count: usize, folder: &Path) {
    println!("{count} documents in {}", folder.display());
}

fn errors(errors: &BTreeMap<String, u32>) {
    for (code, count) in errors {
        println!("  error {code}: {count}");
    }
}

/// Prints where the simulated services are.
pub(crate) fn listening(address: std::net::SocketAddr) {
    println!("listening on http://{address}");
}
