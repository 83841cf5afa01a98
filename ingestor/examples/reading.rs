//! Reads files as the service does and prints one JSON object for each: its text, or why there is none.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::time::Instant;

use ingestor::Settings;
use lifecycle::Reader;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(&mut Reader::from_environment()).ok_or("the settings are incomplete")?;
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file)?;
        let started = Instant::now();
        let read = settings.reading.read(&file, bytes.into()).await;
        let seconds = started.elapsed().as_secs_f64();
        let line = match read {
            Ok(read) => serde_json::json!({
                "file": file, "kind": read.kind.name(), "title": read.title, "language": read.language,
                "unread_pages": read.unread_pages, "text": read.text, "seconds": seconds,
            }),
            Err(why) => serde_json::json!({ "file": file, "reason": why.to_string(), "seconds": seconds }),
        };
        println!("{line}");
    }
    Ok(())
}
