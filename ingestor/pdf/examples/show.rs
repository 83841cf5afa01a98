//! Prints what is read from a PDF: `show FILE`, or `show --time FILE` for pages a second.
#![expect(clippy::print_stdout, reason = "printing is all that this program does")]

use std::time::Instant;

use formats::{Content, Limits, Piece};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let timed = arguments.first().is_some_and(|argument| argument == "--time");
    let path = arguments.last().ok_or("usage: show [--time] FILE")?;
    let bytes = std::fs::read(path)?;
    let begin = Instant::now();
    let contents = pdf::read(&bytes, &Limits::DEFAULT)?;
    if timed {
        let seconds = begin.elapsed().as_secs_f64();
        let pages = contents.pages.unwrap_or(0);
        println!("{pages} pages in {seconds:.4} s, {:.0} pages/s", f64::from(pages) / seconds);
        return Ok(());
    }
    let properties =
        [&contents.title, &contents.author, &contents.created, &contents.modified, &contents.language];
    println!("<!-- {properties:?} {:?} pages -->", contents.pages);
    for piece in &contents.pieces {
        println!("{}\n", markdown(piece));
    }
    Ok(())
}

fn markdown(piece: &Piece) -> String {
    let text = match &piece.content {
        Content::Heading { level, text } => format!("{} {text}", "#".repeat(usize::from(*level))),
        Content::Paragraph { text } | Content::Html { text } => text.clone(),
        Content::List { items } => {
            items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
        }
        Content::Code { text } => format!("```\n{text}\n```"),
        Content::Table { header, rows } => {
            let lines = std::iter::once(header).chain(rows).map(|cells| format!("| {} |", cells.join(" | ")));
            lines.collect::<Vec<_>>().join("\n")
        }
        Content::Scan => format!("<!-- page {} is a scan -->", piece.page.unwrap_or(0)),
    };
    match piece.hidden {
        Some(hidden) => format!("<!-- hidden: {hidden:?} {text} -->"),
        None => text,
    }
}
