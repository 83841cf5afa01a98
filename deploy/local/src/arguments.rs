//! The command line of the chatbot; each flag is also an environment variable.

use std::path::PathBuf;

use clap::Parser;
use lifecycle::Reader;

/// A chatbot that answers from your own documents.
///
/// Starts everything in one process: put documents into a folder, open the printed address, ask. Files that are added,
/// changed or deleted while it runs change the answers within seconds. Every other setting is an environment variable.
#[derive(Clone, Debug, Parser)]
#[command(name = "chatbot", version)]
pub struct Arguments {
    /// Folder with the documents to answer from (`CHATBOT_DOCUMENTS`, default `documents`)
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// Folder for the index; it can be deleted and is made anew (`CHATBOT_DATA`, default `data`)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port of the page and of HTTP; gRPC, health and the ingestor take the next three; 0 takes free ones
    /// (`CHATBOT_PORT`, default 8080)
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

impl Arguments {
    /// Puts the flags before what the environment says.
    pub fn apply(&self, reader: &mut Reader) {
        if let Some(documents) = &self.documents {
            reader.set("CHATBOT_DOCUMENTS", documents.to_string_lossy());
        }
        if let Some(data) = &self.data {
            reader.set("CHATBOT_DATA", data.to_string_lossy());
        }
        if let Some(port) = self.port {
            reader.set("CHATBOT_PORT", port.to_string());
        }
    }
}
