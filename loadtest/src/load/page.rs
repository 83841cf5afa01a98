//! A report as one page that opens anywhere: no script, no request, charts as inline SVG, light and dark.

mod chart;

use std::fmt::Write;

use super::latency::Percentiles;
use super::record::HOPS;
use super::report::{Report, Run};
use chart::{Axis, Line, bars, lines};

const STYLE: &str = include_str!("page/page.css");

/// Returns the page.
pub fn page(report: &Report) -> String {
    let mut body = String::new();
    for (place, run) in report.runs.iter().enumerate() {
        // Writing to a string cannot fail.
        _ = section(&mut body, place + 1, run);
    }
    let name = escaped(&report.scenario);
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Load: {name}</title><style>{STYLE}</style><main><h1>{name}</h1>{body}</main></html>\n"
    )
}

fn section(body: &mut String, number: usize, run: &Run) -> std::fmt::Result {
    let measured = &run.measured;
    let counts = &measured.counts;
    write!(body, "<section><h2>Run {number}</h2>")?;
    for reason in &run.harness.void {
        write!(body, "<p class=\"bad\">Void: {}</p>", escaped(reason))?;
    }
    for miss in &run.missed {
        let value = miss.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}"));
        write!(
            body,
            "<p class=\"bad\">Limit missed: {} is {value}, limit {}</p>",
            escaped(&miss.limit),
            miss.wanted
        )?;
    }
    write!(
        body,
        "<p>{} planned, {} answered, {} failed, {} dropped; {:.0} pieces of text a second.</p>",
        counts.planned,
        counts.answered,
        counts.failed(),
        counts.dropped,
        measured.tokens_per_second
    )?;
    table(body, run)?;
    let named = [
        ("first token", &measured.first_token),
        ("whole answer", &measured.answer),
        ("between tokens", &measured.gap),
        ("connect", &measured.connect),
    ];
    let curves: Vec<Line<'_>> = named
        .iter()
        .filter_map(|(name, latency)| Some((name, latency.as_ref()?)))
        .map(|(name, latency)| Line { name, points: nines(latency) })
        .collect();
    let axis = Axis {
        label: "percentile",
        ticks: &[(0.0, "0"), (1.0, "90"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99")],
    };
    write!(body, "{}", lines("Latency by percentile, ms", &axis, &curves))?;
    timeline(body, run)?;
    waterfall(body, run)?;
    if let Some(gap) = &measured.gap {
        let points: Vec<(String, f64)> = gap
            .curve
            .iter()
            .map(|(quantile, value)| (format!("{:.2} %", quantile * 100.0), *value))
            .collect();
        write!(body, "{}", bars("Between two tokens, ms, by percentile", &points))?;
    }
    write!(body, "</section>")
}

fn timeline(body: &mut String, run: &Run) -> std::fmt::Result {
    let seconds = &run.measured.timeline;
    let line = |name, read: fn(&super::record::Second) -> f64| Line {
        name,
        points: seconds.iter().map(|second| (second.at as f64, read(second))).collect(),
    };
    let axis = Axis { label: "seconds", ticks: &[] };
    let counts = [
        line("planned", |second| f64::from(second.planned)),
        line("answered", |second| f64::from(second.answered)),
        line("failed or dropped", |second| f64::from(second.failed)),
    ];
    write!(body, "{}", lines("Questions each second", &axis, &counts))?;
    let worst = [line("longest first token", |second| second.worst_first_token_ms)];
    write!(
        body,
        "{}",
        lines("Longest wait for a first token, ms, by the second in which it was planned", &axis, &worst)
    )
}

fn waterfall(body: &mut String, run: &Run) -> std::fmt::Result {
    let hops = &run.measured.hops;
    let medians: Vec<(String, f64)> =
        HOPS.iter().filter_map(|name| Some(((*name).to_owned(), hops.get(*name)?.p50_ms))).collect();
    if medians.is_empty() {
        return Ok(());
    }
    write!(body, "{}", chart::waterfall("Where the first token's time goes, ms, medians", &medians))
}

fn table(body: &mut String, run: &Run) -> std::fmt::Result {
    let measured = &run.measured;
    write!(body, "<table><tr><th>ms<th>p50<th>p90<th>p95<th>p99<th>max</tr>")?;
    let plain = [
        ("first token", &measured.first_token),
        ("whole answer", &measured.answer),
        ("between tokens", &measured.gap),
        ("connect", &measured.connect),
    ];
    let plain = plain.into_iter().map(|(name, latency)| (name.to_owned(), latency.as_ref()));
    let hops = HOPS.iter().map(|name| (format!("first token: {name}"), measured.hops.get(*name)));
    let clients =
        measured.by_client.iter().map(|(name, latency)| (format!("first token by {name}"), Some(latency)));
    for (name, latency) in plain.chain(hops).chain(clients) {
        let Some(Percentiles { p50_ms, p90_ms, p95_ms, p99_ms, max_ms, .. }) = latency else { continue };
        write!(
            body,
            "<tr><th>{}<td>{p50_ms:.2}<td>{p90_ms:.2}<td>{p95_ms:.2}<td>{p99_ms:.2}<td>{max_ms:.2}</tr>",
            escaped(&name)
        )?;
    }
    write!(body, "</table>")?;
    if !run.usage.is_empty() {
        write!(body, "<table><tr><th>process<th>processors<th>us a token<th>most MiB<th>growth %</tr>")?;
    }
    for (name, usage) in &run.usage {
        let per_token = usage.processor_seconds * 1e6 / measured.counts.tokens.max(1) as f64;
        let growth = usage.growth_percent.map_or_else(String::new, |growth| format!("{growth:.1}"));
        write!(
            body,
            "<tr><th>{}<td>{:.2}<td>{per_token:.1}<td>{:.1}<td>{growth}</tr>",
            escaped(name),
            usage.processors,
            usage.most_resident_bytes as f64 / 1_048_576.0
        )?;
    }
    if !run.usage.is_empty() {
        write!(body, "</table>")?;
    }
    for (code, count) in &measured.counts.errors {
        write!(body, "<p class=\"bad\">{}: {count}</p>", escaped(code))?;
    }
    Ok(())
}

/// Returns a curve over the number of nines, so that the rare long waits get as much room as the common ones.
fn nines(latency: &Percentiles) -> Vec<(f64, f64)> {
    let curve = latency.curve.iter();
    curve.map(|(quantile, value)| ((1.0 / (1.0 - quantile.min(0.9999))).log10(), *value)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::page;
    use crate::load::client::{Exchange, Stages};
    use crate::load::record::{Finished, Recorder};
    use crate::load::report::{Report, Run};
    use crate::load::watch::{Harness, Usage};

    #[tokio::test]
    async fn a_page_needs_nothing_else_and_nothing_in_it_is_code() {
        let begun = Instant::now();
        let mut recorder = Recorder::new(begun, Duration::ZERO).expect("a recorder");
        for place in 0..50 {
            let planned = begun + Duration::from_millis(100 * place);
            recorder.planned(planned);
            let first = planned + Duration::from_millis(20 + place);
            let exchange = Exchange {
                connected: Some(planned + Duration::from_millis(1)),
                first_text: Some(first),
                gaps: vec![Duration::from_millis(5)],
                tokens: 2,
                stages: Some(Stages { embed_ms: Some(1.0), search_ms: Some(2.0), first_token_ms: Some(9.0) }),
                ended: Some(if place == 7 { Err("<script>".to_owned()) } else { Ok(first) }),
                ..Exchange::default()
            };
            recorder.add(&Finished { name: "fake", planned, started: planned, exchange });
        }
        let usage = [("<b>gateway</b>".to_owned(), Usage::default())].into();
        let harness = Harness { void: vec!["late".to_owned()], ..Harness::default() };
        let run = Run { measured: recorder.measured(), usage, harness, crowd: None, missed: Vec::new() };
        let mut report = Report::new("<img src=x> & co", 0);
        report.runs.push(run);
        let page = page(&report);
        for forbidden in ["<script", "<img", "<b>", "http://", "https://", "NaN", "inf"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert_eq!(page.matches("<svg").count(), 5, "curves, two timelines, waterfall, gaps");
        assert!(page.contains("&lt;script&gt;: 1") && page.contains("Void: late"));
    }
}
