//! Prints what is read from a document, as JSON-like Rust or plain text.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use formats::{Content, Format, Limits};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file)?;
        let Some(format) = Format::of(&bytes, &file) else {
            println!("{file}: no packed format");
            continue;
        };
        let contents = match formats::read(format, &bytes, &Limits::DEFAULT) {
            Ok(contents) => contents,
            Err(failure) => {
                println!("{file}: {failure}");
                continue;
            }
        };
        for piece in contents.pieces {
            if let Some(hidden) = piece.hidden {
                println!("[{hidden:?}]");
            }
            match piece.content {
                Content::Heading { level, text } => println!("{} {text}", "#".repeat(usize::from(level))),
                Content::Paragraph { text } | Content::Code { text } | Content::Html { text } => {
                    println!("{text}");
                }
                Content::List { items } => println!("{}", items.join("\n")),
                Content::Table { header, rows } => {
                    println!("| {} |", header.join(" | "));
                    rows.iter().for_each(|row| println!("| {} |", row.join(" | ")));
                }
                Content::Scan => println!("[scan]"),
            }
            println!();
        }
    }
    Ok(())
}
