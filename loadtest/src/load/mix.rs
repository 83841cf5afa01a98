//! Who arrives: visitors of several kinds by their weights, each with a transport, a number of questions and its habits.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::client::{
    Client, Exchange, GenerateClient, GrpcClient, Habits, HttpClient, SearchClient, Transport,
    WebSocketClient,
};

/// Where the services are. What no visitor of a scenario needs may be left out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// Such as `ws://127.0.0.1:8080/ws`.
    pub websocket: Option<String>,
    /// Such as `http://127.0.0.1:8080`, for events and answers in one piece.
    pub http: Option<String>,
    /// The gateway's gRPC, such as `http://127.0.0.1:8081`.
    pub grpc: Option<String>,
    /// Such as `http://127.0.0.1:7001`.
    pub retriever: Option<String>,
    /// Such as `http://127.0.0.1:7002`.
    pub generator: Option<String>,
    /// What a retriever alone is asked to search; default `main`.
    pub collection: Option<String>,
}

/// One kind of visitor.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// `websocket`, `sse`, `rest`, `grpc`, `retriever` or `generator`.
    pub client: ClientKind,
    /// Share among all arrivals, beside the others' weights.
    #[serde(default = "one")]
    pub weight: u32,
    /// Questions, one after the other.
    #[serde(default = "one")]
    pub turns: u32,
    /// Between an answer and the next question.
    #[serde(default)]
    pub think_seconds: f64,
    /// What else a visitor with a WebSocket does.
    #[serde(default)]
    pub habits: Habits,
}

fn one() -> u32 {
    1
}

/// Over what a visitor asks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// The gateway's WebSocket.
    Websocket,
    /// `POST /chat`, as server-sent events.
    Sse,
    /// `POST /chat`, in one piece.
    Rest,
    /// The gateway's gRPC.
    Grpc,
    /// A search at the retriever itself.
    Retriever,
    /// An answer from one passage at the generator itself.
    Generator,
}

impl ClientKind {
    /// Returns the name that a scenario has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Sse => "sse",
            Self::Rest => "rest",
            Self::Grpc => "grpc",
            Self::Retriever => "retriever",
            Self::Generator => "generator",
        }
    }
}

/// A visitor who can ask.
#[derive(Clone, Debug)]
pub struct Visitor<Asker> {
    /// What the report calls it.
    pub name: &'static str,
    /// How it asks.
    pub client: Asker,
    /// Questions.
    pub turns: u32,
    /// Between them.
    pub think: Duration,
}

/// Visitors in the order of their arrival.
#[derive(Clone, Debug)]
pub struct Mix<Asker> {
    visitors: Vec<(u32, Visitor<Asker>)>,
    whole: u32,
}

impl<Asker: Clone> Mix<Asker> {
    /// Returns a mix of visitors by their weights.
    ///
    /// # Errors
    /// When nobody would arrive.
    pub fn new(visitors: Vec<(u32, Visitor<Asker>)>) -> anyhow::Result<Self> {
        let whole = visitors.iter().map(|(weight, _)| *weight).sum();
        ensure!(whole > 0, "mix: every weight is 0, so nobody would arrive");
        Ok(Self { visitors, whole })
    }

    /// Returns the visitor of arrival number `place`. In every run of as many arrivals as all weights together each kind comes as
    /// often as its weight, and no two runs differ.
    pub fn visitor(&self, place: usize) -> Visitor<Asker> {
        // A stride that shares no divisor with the whole mixes kinds instead of sending one after the other.
        let whole = u64::from(self.whole);
        let stride =
            (1..whole).rev().find(|step| step * 8 <= whole * 5 && gcd(*step, whole) == 1).unwrap_or(1);
        let mut at = place as u64 % whole * stride % whole;
        let found = self.visitors.iter().find(|(weight, _)| match at.checked_sub(u64::from(*weight)) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        // The weights add up to the whole, so one is always found.
        found.unwrap_or(&self.visitors[0]).1.clone()
    }
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// A client of any kind.
#[derive(Clone, Debug)]
pub enum AnyClient {
    /// See [`WebSocketClient`].
    WebSocket(Box<WebSocketClient>),
    /// See [`HttpClient`].
    Http(Box<HttpClient>),
    /// See [`GrpcClient`].
    Grpc(Box<GrpcClient>),
    /// See [`SearchClient`].
    Search(Box<SearchClient>),
    /// See [`GenerateClient`].
    Generate(Box<GenerateClient>),
}

impl Client for AnyClient {
    async fn ask(&self, question: &str, exchange: &mut Exchange) {
        match self {
            Self::WebSocket(client) => client.ask(question, exchange).await,
            Self::Http(client) => client.ask(question, exchange).await,
            Self::Grpc(client) => client.ask(question, exchange).await,
            Self::Search(client) => client.ask(question, exchange).await,
            Self::Generate(client) => client.ask(question, exchange).await,
        }
    }
}

/// Returns the visitors of a scenario.
///
/// # Errors
/// When a kind has no address, or a number is out of range.
pub fn mix(kinds: &[Kind], targets: &Targets, key: Option<&str>) -> anyhow::Result<Mix<AnyClient>> {
    let visitors = kinds.iter().map(|kind| Ok((kind.weight, visitor(kind, targets, key)?)));
    Mix::new(visitors.collect::<anyhow::Result<_>>()?)
}

fn visitor(kind: &Kind, targets: &Targets, key: Option<&str>) -> anyhow::Result<Visitor<AnyClient>> {
    let name = kind.client.name();
    let key = key.map(str::to_owned);
    let missing = |target: &str| format!("mix: a visitor with the client `{name}` needs targets.{target}");
    let address = |address: &Option<String>, target: &str| address.clone().with_context(|| missing(target));
    let client = match kind.client {
        ClientKind::Websocket => {
            let url = address(&targets.websocket, "websocket")?;
            AnyClient::WebSocket(Box::new(WebSocketClient::new(&url, key, kind.habits)?))
        }
        ClientKind::Sse | ClientKind::Rest => {
            let transport = if kind.client == ClientKind::Sse { Transport::Sse } else { Transport::Rest };
            AnyClient::Http(Box::new(HttpClient::new(&address(&targets.http, "http")?, key, transport)?))
        }
        ClientKind::Grpc => {
            AnyClient::Grpc(Box::new(GrpcClient::new(&address(&targets.grpc, "grpc")?, key)?))
        }
        ClientKind::Retriever => {
            let collection = targets.collection.as_deref().unwrap_or("main");
            let url = address(&targets.retriever, "retriever")?;
            AnyClient::Search(Box::new(SearchClient::new(&url, collection)?))
        }
        ClientKind::Generator => {
            AnyClient::Generate(Box::new(GenerateClient::new(&address(&targets.generator, "generator")?)?))
        }
    };
    ensure!(kind.turns > 0, "mix: `turns` is 0; a visitor asks at least once");
    let is_idle = kind.habits == Habits::default();
    ensure!(is_idle || kind.client == ClientKind::Websocket, "mix: `habits` are for the client `websocket`");
    let think = Duration::try_from_secs_f64(kind.think_seconds)
        .with_context(|| format!("mix: `think_seconds` is {}; expected 0 or more", kind.think_seconds))?;
    Ok(Visitor { name, client, turns: kind.turns, think })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ClientKind, Duration, Kind, Mix, Targets, Visitor, mix};

    #[test]
    fn each_kind_comes_as_often_as_its_weight_and_no_kind_all_at_once() {
        let visitor = |name| Visitor { name, client: (), turns: 1, think: Duration::ZERO };
        let visitors = vec![(6, visitor("a")), (3, visitor("b")), (0, visitor("c")), (1, visitor("d"))];
        let mix = Mix::new(visitors).expect("a mix");
        let mut census: BTreeMap<&str, usize> = BTreeMap::new();
        (0..40).for_each(|place| *census.entry(mix.visitor(place).name).or_default() += 1);
        assert_eq!(census, [("a", 24), ("b", 12), ("d", 4)].into());
        let first: Vec<_> = (0..6).map(|place| mix.visitor(place).name).collect();
        assert!(first.iter().any(|name| *name != "a"), "{first:?}");
        assert!(Mix::new(vec![(0, visitor("a"))]).is_err());
    }

    #[tokio::test]
    async fn a_kind_without_an_address_says_which_one_it_needs() {
        let kind = |text: &str| toml::from_str::<Kind>(text).expect("a kind");
        let error = mix(&[kind("client = \"grpc\"")], &Targets::default(), None).expect_err("no address");
        assert!(error.to_string().contains("targets.grpc"), "{error}");
        let targets = Targets { http: Some("http://127.0.0.1:1".to_owned()), ..Targets::default() };
        let habits = kind("client = \"sse\"\nhabits = { cut_after = 1 }");
        assert!(mix(&[habits], &targets, None).expect_err("habits").to_string().contains("websocket"));
        let mixed =
            mix(&[kind("client = \"rest\"\nturns = 3\nthink_seconds = 0.5")], &targets, None).expect("a mix");
        assert_eq!(mixed.visitor(7).name, ClientKind::Rest.name());
        assert!(toml::from_str::<Kind>("client = \"ftp\"").is_err());
    }
}
