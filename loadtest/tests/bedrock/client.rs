//! AWS's own client of a simulated Bedrock, and what it hears of a stream.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::error::SdkError;
use aws_sdk_bedrockruntime::operation::converse_stream::{ConverseStreamError, ConverseStreamOutput};
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamMetadataEvent,
    ConverseStreamOutput as Event, GuardrailStreamConfiguration, Message, StopReason,
};
use aws_smithy_types::event_stream::RawMessage;
use loadtest::simulate::scenario::Scenario;
use loadtest::simulate::{Request, Simulator};
use tokio::net::TcpListener;

pub(crate) const MODEL: &str = "amazon.nova-lite-v1:0";

/// What was heard of a stream.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) text: String,
    /// One letter for each event: start, delta, end of the block, end of the message, metadata, unknown.
    pub(crate) events: String,
    pub(crate) stop: Option<StopReason>,
    pub(crate) metadata: Option<ConverseStreamMetadataEvent>,
    pub(crate) error: Option<SdkError<ConverseStreamOutputError, RawMessage>>,
}

pub(crate) async fn start(scenario: &str) -> Simulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Simulator::start(listener, Scenario::parse(scenario).expect("a scenario")).expect("started")
}

/// Returns a client that tries so many times.
pub(crate) fn client(simulator: &Simulator, attempts: u32) -> Client {
    let config = aws_sdk_bedrockruntime::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "example", None, None, "test"))
        .endpoint_url(format!("http://{}", simulator.address()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::standard().with_max_attempts(attempts));
    Client::from_conf(config.build())
}

pub(crate) fn user(text: &str) -> Message {
    let content = ContentBlock::Text(text.to_owned());
    Message::builder().role(ConversationRole::User).content(content).build().expect("a message")
}

pub(crate) fn guardrail() -> GuardrailStreamConfiguration {
    GuardrailStreamConfiguration::builder()
        .guardrail_identifier("arn:aws:bedrock:us-east-1:123456789012:guardrail/gr1")
        .guardrail_version("1")
        .trace(aws_sdk_bedrockruntime::types::GuardrailTrace::Enabled)
        .build()
}

/// Asks once and returns the beginning of the stream.
pub(crate) async fn ask(
    simulator: &Simulator,
    text: &str,
) -> Result<ConverseStreamOutput, Box<SdkError<ConverseStreamError>>> {
    let asked = client(simulator, 1).converse_stream().model_id(MODEL).messages(user(text));
    asked.send().await.map_err(Box::new)
}

/// Listens to a stream until it ends or fails.
pub(crate) async fn hear(mut output: ConverseStreamOutput) -> Heard {
    let mut heard = Heard::default();
    loop {
        match output.stream.recv().await {
            Ok(Some(event)) => heard.take(event),
            Ok(None) => return heard,
            Err(error) => return Heard { error: Some(error), ..heard },
        }
    }
}

impl Heard {
    pub(crate) fn take(&mut self, event: Event) {
        self.events.push(match event {
            Event::MessageStart(_) => 's',
            Event::ContentBlockDelta(delta) => {
                if let Some(ContentBlockDelta::Text(text)) = delta.delta {
                    self.text.push_str(&text);
                }
                'd'
            }
            Event::ContentBlockStop(_) => 'b',
            Event::MessageStop(stop) => {
                self.stop = Some(stop.stop_reason);
                'e'
            }
            Event::Metadata(metadata) => {
                self.metadata = Some(metadata);
                'm'
            }
            _ => 'u',
        });
    }
}

/// Waits until the journal says of the last request what is wanted.
pub(crate) async fn until(simulator: &Simulator, is_wanted: impl Fn(&Request) -> bool) -> Request {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(5));
    let waiting = async {
        loop {
            ticks.tick().await;
            if let Some(last) = simulator.requests().requests.pop().filter(&is_wanted) {
                return last;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waiting)
        .await
        .expect("the journal says so in time")
}
