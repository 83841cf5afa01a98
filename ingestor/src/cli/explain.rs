//! The command `explain`: every candidate of a search, as a table for people or as objects for programs.

use clap::{Args, ValueEnum};
use console::{Term, measure_text_width, pad_str, truncate_str};
use lifecycle::TraceContext;
use proto::v1::candidate::Outcome;
use proto::v1::{
    Candidate, ExplainRequest, ExplainResponse, Passage, RankingSettings, SearchFilter, SearchMode,
    SearchRequest,
};

use super::client::{Client, DEADLINE, shown};
use super::report::Report;
use super::{Ending, Trouble};

mod objects;

/// Where the output has no width of its own.
const DEFAULT_COLUMNS: usize = 100;
/// Columns in front of the document's name, and the fewest that the text after it gets.
const NUMBERS_COLUMNS: usize = 52;
const FEWEST_TEXT_COLUMNS: usize = 20;

/// What to explain, and with which settings.
#[derive(Args, Debug)]
pub(super) struct Question {
    /// The question
    #[arg(value_name = "QUESTION")]
    question: String,
    /// Passages to return
    #[arg(long, value_name = "N")]
    top_k: Option<u32>,
    /// Evidence below which a passage is dropped: 0 to 1
    #[arg(long, value_name = "X")]
    threshold: Option<f32>,
    /// Tokens that all passages together may hold
    #[arg(long, value_name = "TOKENS")]
    budget: Option<u32>,
    /// How far meaning counts beside words where it knows the question: 0 to 10
    #[arg(long, value_name = "W")]
    meaning_weight: Option<f32>,
    /// How far the share of the question that a passage holds counts beside its BM25 score: 0 to 10
    #[arg(long, value_name = "W")]
    evidence_weight: Option<f32>,
    /// Only documents of this kind, such as `md`; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only documents in this language, such as `en`; may be repeated
    #[arg(long, value_name = "CODE")]
    language: Vec<String>,
    /// Only this document; may be repeated
    #[arg(long, value_name = "DOCUMENT")]
    document: Vec<String>,
    /// Only documents with this attribute; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = attribute)]
    attribute: Vec<(String, String)>,
    /// Search the knowledge as it was at this generation
    #[arg(long, value_name = "N")]
    generation: Option<u64>,
    /// Search by one side alone
    #[arg(long, value_name = "SIDE")]
    mode: Option<Mode>,
    /// Chunks before and after a hit that are joined to it
    #[arg(long, value_name = "N")]
    neighbours: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Words,
    Meaning,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| "expected KEY=VALUE".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Question {
    fn request(&self, collections: &[String]) -> ExplainRequest {
        let filter = SearchFilter {
            document_ids: self.document.clone(),
            kinds: self.kind.clone(),
            languages: self.language.clone(),
            attributes: self.attribute.iter().cloned().collect(),
            ..SearchFilter::default()
        };
        let mode = match self.mode {
            None => SearchMode::Unspecified,
            Some(Mode::Words) => SearchMode::Words,
            Some(Mode::Meaning) => SearchMode::Meaning,
        };
        let search = SearchRequest {
            question: self.question.clone(),
            collections: collections.to_vec(),
            filter: Some(filter),
            top_k: self.top_k,
            evidence_threshold: self.threshold,
            budget_tokens: self.budget,
            generation: self.generation,
            mode: mode.into(),
            neighbours: self.neighbours,
            ..SearchRequest::default()
        };
        let ranking = RankingSettings {
            meaning_weight: self.meaning_weight,
            evidence_weight: self.evidence_weight,
            ..RankingSettings::default()
        };
        ExplainRequest { search: Some(search), ranking: Some(ranking) }
    }
}

impl Client {
    /// Prints how a search comes about.
    pub(super) async fn explain(
        &mut self,
        question: &Question,
        collections: &[String],
        report: &Report,
    ) -> Result<Ending, Trouble> {
        let request = lifecycle::request(question.request(collections), DEADLINE, &TraceContext::new());
        let answer = self.grpc.explain(request).await.map_err(|status| self.trouble(&status))?.into_inner();
        let columns =
            Term::stdout().size_checked().map_or(DEFAULT_COLUMNS, |(_, columns)| usize::from(columns));
        report.result(&objects::search(&answer), &summary(&answer).join("\n"));
        let table = Table::new(&answer.candidates, columns);
        report.note(&table.head());
        for (place, candidate) in answer.candidates.iter().enumerate() {
            report.result(&objects::candidate(place + 1, candidate), &table.row(place + 1, candidate));
        }
        Ok(Ending::AllWell)
    }
}

/// Returns what holds for the whole search, a line for each matter.
fn summary(answer: &ExplainResponse) -> Vec<String> {
    let ranking = answer.ranking.unwrap_or_default();
    let weight = |value: Option<f32>| value.map_or_else(|| "?".to_owned(), |value| format!("{value}"));
    let stages: Vec<String> =
        answer.stages.iter().map(|stage| format!("{} {:.2}", stage.name, stage.milliseconds)).collect();
    vec![
        format!("searched    {}", one_line(&answer.searched_question)),
        format!("terms       {}", one_line(&answer.terms.join(" · "))),
        format!(
            "limits      threshold {}, top k {}, budget {} tokens; generation {}",
            answer.evidence_threshold, answer.top_k, answer.budget_tokens, answer.generation
        ),
        format!(
            "weights     meaning {}, evidence {}, share of the cosine in the evidence {}, importance {}",
            weight(ranking.meaning_weight),
            weight(ranking.evidence_weight),
            weight(ranking.evidence_meaning_share),
            weight(ranking.importance_weight)
        ),
        format!("stages, ms  {}", stages.join(" · ")),
    ]
}

/// Widths of the columns that depend on the terminal and on the documents' names.
#[derive(Debug)]
struct Table {
    document: usize,
    text: usize,
}

impl Table {
    fn new(candidates: &[Candidate], columns: usize) -> Self {
        let rest = columns.saturating_sub(NUMBERS_COLUMNS).max(FEWEST_TEXT_COLUMNS * 2);
        let longest = candidates.iter().map(|candidate| measure_text_width(&document_name(candidate))).max();
        // The text needs the room more than the longest path does.
        let document = longest.unwrap_or(0).clamp("document".len(), rest * 2 / 5);
        Self { document, text: rest - document - 1 }
    }

    fn head(&self) -> String {
        let document = pad_str("document", self.document, console::Alignment::Left, None);
        format!(
            "{:>2} {:15} {:>6} {:>5} {:>10} {:>8} {document} heading › text",
            "#", "outcome", "score", "evid.", "words", "meaning"
        )
    }

    fn row(&self, rank: usize, candidate: &Candidate) -> String {
        let default = Passage::default();
        let passage = candidate.passage.as_ref().unwrap_or(&default);
        let side = |rank: Option<u32>, score: Option<f32>, digits: usize| match (rank, score) {
            (Some(rank), Some(score)) => format!("{rank} {score:.digits$}"),
            (None, Some(score)) => format!("- {score:.digits$}"),
            (Some(rank), None) => rank.to_string(),
            (None, None) => "-".to_owned(),
        };
        let words = side(candidate.word_rank, candidate.word_score, 2);
        let meaning = side(candidate.meaning_rank, candidate.meaning_score, 3);
        let document = keep_end(&document_name(candidate), self.document);
        let document = pad_str(&document, self.document, console::Alignment::Left, None);
        // The innermost heading tells most; the outermost is often the title.
        let text = match passage.heading_path.last() {
            Some(heading) => one_line(&format!("{heading} › {}", passage.text)),
            None => one_line(&passage.text),
        };
        format!(
            "{rank:>2} {:15} {:>6.4} {:>5.2} {words:>10} {meaning:>8} {document} {}",
            outcome_name(candidate.outcome()),
            passage.score,
            passage.evidence,
            truncate_str(&text, self.text, "…")
        )
    }
}

fn document_name(candidate: &Candidate) -> String {
    candidate.passage.as_ref().map_or_else(String::new, |passage| {
        format!("{}#{}", shown(&passage.collection, &passage.document_id), passage.ordinal)
    })
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unspecified => "unknown",
        Outcome::Kept => "kept",
        Outcome::BelowThreshold => "below threshold",
        Outcome::Duplicate => "duplicate",
        Outcome::OverBudget => "over budget",
        Outcome::OverTopK => "over top k",
        Outcome::Filtered => "filtered",
        Outcome::Joined => "joined",
    }
}

/// Returns the end of a name, which tells more than its beginning, in at most this many columns.
fn keep_end(name: &str, columns: usize) -> String {
    if measure_text_width(name) <= columns {
        return name.to_owned();
    }
    let starts = name.char_indices().map(|(start, _)| start);
    let mut ends = starts.map(|start| &name[start..]);
    let end = ends.find(|end| measure_text_width(end) < columns).unwrap_or_default();
    format!("…{end}")
}

/// Returns a text on one line, without what a terminal would obey.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests;
