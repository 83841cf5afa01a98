//! Asks one worker behind the gateway, to see its own share: the retriever a search, the generator an answer from one passage.

use prost::Message;
use proto::v1::generate_event::Event;
use proto::v1::generator_client::GeneratorClient;
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{GenerateRequest, Passage, SearchRequest};
use tokio::time::Instant;
use tonic::transport::Channel;

use super::grpc::{channel, code};
use super::{Client, Exchange};

const PASSAGE: &str =
    "On Saturdays we are open from 9:30 to 17:00. On Sundays we are open from 11:00 to 16:00.";

/// A client of a retriever. A search has no text: its first passages count as the first token.
#[derive(Clone, Debug)]
pub struct SearchClient {
    retriever: RetrieverClient<Channel>,
    collection: String,
}

impl SearchClient {
    /// Returns a client for an address such as `http://127.0.0.1:7001`, which searches one collection.
    ///
    /// # Errors
    /// When it is no address.
    pub fn new(url: &str, collection: &str) -> anyhow::Result<Self> {
        Ok(Self { retriever: RetrieverClient::new(channel(url)?), collection: collection.to_owned() })
    }
}

impl Client for SearchClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let collections = vec![self.collection.clone()];
        let request =
            SearchRequest { question: question.to_owned(), collections, ..SearchRequest::default() };
        exchange.asked = Some(Instant::now());
        exchange.ended = Some(match self.retriever.clone().search(request).await {
            Ok(found) => {
                exchange.bytes += found.get_ref().encoded_len() as u64;
                exchange.heard();
                Ok(Instant::now())
            }
            Err(status) => Err(code(&status)),
        });
    }
}

/// A client of a generator.
#[derive(Clone, Debug)]
pub struct GenerateClient {
    generator: GeneratorClient<Channel>,
}

impl GenerateClient {
    /// Returns a client for an address such as `http://127.0.0.1:7002`.
    ///
    /// # Errors
    /// When it is no address.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        Ok(Self { generator: GeneratorClient::new(channel(url)?) })
    }

    async fn exchange(&self, question: &str, exchange: &mut Exchange) -> Result<Instant, String> {
        let passage = Passage {
            document_id: "hours.md".to_owned(),
            title: "Opening hours".to_owned(),
            text: PASSAGE.to_owned(),
            evidence: 1.0,
            ..Passage::default()
        };
        let request = GenerateRequest {
            question: question.to_owned(),
            passages: vec![passage],
            ..GenerateRequest::default()
        };
        exchange.asked = Some(Instant::now());
        let mut generator = self.generator.clone();
        let mut events = generator.generate(request).await.map_err(|status| code(&status))?.into_inner();
        while let Some(event) = events.message().await.map_err(|status| code(&status))? {
            exchange.bytes += event.encoded_len() as u64;
            match event.event {
                Some(Event::Delta(delta)) if !delta.text.is_empty() => exchange.heard(),
                Some(Event::Finished(_)) => return Ok(Instant::now()),
                _ => {}
            }
        }
        Err("CONNECTION_LOST".to_owned())
    }
}

impl Client for GenerateClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        let ended = self.exchange(question, exchange).await;
        exchange.ended = Some(ended);
    }
}
