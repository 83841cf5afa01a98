//! The settings of the whole: those of each service, with defaults that fit one process on a laptop.

use lifecycle::Reader;

/// Prefixes of every name that may be set; others are left alone.
pub const PREFIXES: [&str; 6] = ["CHATBOT_", "GATEWAY_", "RETRIEVER_", "GENERATOR_", "INGESTOR_", "RATE_"];

/// Settings of the four services.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The edge.
    pub gateway: gateway::Settings,
    /// Search and the store.
    pub retriever: retriever::Settings,
    /// Answers.
    pub generator: generator::Settings,
    /// Documents.
    pub ingestor: ingestor::Settings,
}

impl Settings {
    /// Reads every setting. `CHATBOT_PORT` (8080) is the first of four ports, `CHATBOT_DOCUMENTS` (`documents`) the
    /// folder of documents, `CHATBOT_DATA` (`data`) the folder of the index; `CHATBOT_EMBEDDER`, `CHATBOT_TITAN_MODEL` and
    /// `CHATBOT_EMBEDDING_DIMENSIONS` go to both services that embed. A service's own setting wins over them.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let port = reader.number("CHATBOT_PORT", 8080_u16, 0..=65532);
        let nth = |n: u16| if port == 0 { 0 } else { port + n };
        let listeners =
            ["GATEWAY_HTTP_LISTEN", "GATEWAY_GRPC_LISTEN", "GATEWAY_INTERNAL_LISTEN", "INGESTOR_LISTEN"];
        for (place, name) in (0..).zip(listeners) {
            reader.set_default(name, format!("127.0.0.1:{}", nth(place)));
        }
        let documents = reader.text("CHATBOT_DOCUMENTS", "documents");
        let data = reader.text("CHATBOT_DATA", "data");
        reader.set_default("INGESTOR_DOCUMENTS", documents);
        reader.set_default("RETRIEVER_DATA_DIR", data);
        share_the_embedder(reader);
        reader.set_default("GATEWAY_DOCUMENT_PAGES", "main");
        reader.set_default("GATEWAY_DEMO", "true");
        share_the_contact(reader);
        // All are read before any is missed, so that every mistake is reported.
        let (gateway, retriever) = (gateway::Settings::read(reader), retriever::Settings::read(reader));
        let (generator, ingestor) = (generator::Settings::read(reader), ingestor::Settings::read(reader));
        Some(Self { gateway: gateway?, retriever: retriever?, generator: generator?, ingestor: ingestor? })
    }
}

/// Whom to ask instead is the same, whether no answer is found or nobody can be reached.
fn share_the_contact(reader: &mut Reader) {
    if let Some(contact) = reader.optional_text("GENERATOR_CONTACT") {
        reader.set_default("GATEWAY_CONTACT", contact);
    }
}

/// Vectors of questions and of chunks are only comparable when one model made both.
fn share_the_embedder(reader: &mut Reader) {
    for name in ["EMBEDDER", "TITAN_MODEL", "EMBEDDING_DIMENSIONS"] {
        if let Some(value) = reader.optional_text(&format!("CHATBOT_{name}")) {
            reader.set_default(&format!("RETRIEVER_{name}"), value.clone());
            reader.set_default(&format!("INGESTOR_{name}"), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PREFIXES, Reader, Settings};

    #[test]
    fn one_choice_of_the_embedder_reaches_both_services() {
        let mut reader = Reader::from_pairs([
            ("CHATBOT_EMBEDDER", "titan"),
            ("CHATBOT_EMBEDDING_DIMENSIONS", "256"),
            ("INGESTOR_EMBED_TIMEOUT_SECONDS", "90"),
        ]);
        let settings = Settings::read(&mut reader).expect("complete");
        reader.finish(&PREFIXES).expect("no mistake");
        for choice in [settings.retriever.embedder, settings.ingestor.embedder] {
            let choice = format!("{choice:?}");
            assert!(choice.contains("Titan") && choice.contains("dimensions: 256"), "{choice}");
        }
    }
}
