//! Follows the queue that a bucket's events go to. The only file that knows the service's SDK. What an event says of an
//! object is not believed: the keeper looks at the object itself, so that doubled and late events do no harm.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName,
};

use super::naming::{Named, Naming};
use super::{Changes, causes, event};
use crate::document::DocumentKey;
use crate::keeper::Backoff;

/// What SQS gives and takes at once.
const BATCH_MESSAGES: u8 = 10;
/// Time for a request beyond the wait for messages.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Which queue, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// Address of the queue.
    pub url: String,
    /// How long a request waits for messages: whole seconds, at most 20.
    pub wait: Duration,
    /// How long messages stay hidden from others while they are worked on: whole seconds. It is extended as long as the
    /// work takes; when the work stops, they come back after this time.
    pub visibility: Duration,
}

/// A queue of a bucket's events.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    options: QueueOptions,
}

/// The messages that are done with once their documents were looked at.
#[derive(Debug, Default)]
struct Batch {
    receipts: Vec<String>,
    documents: BTreeSet<DocumentKey>,
}

impl Queue {
    /// Returns the queue with the region, credentials and endpoint of this configuration. Nothing is called yet.
    pub fn new(found: &SdkConfig, options: QueueOptions) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(REQUEST_TIMEOUT)
            .operation_timeout(options.wait.saturating_add(REQUEST_TIMEOUT));
        let config = Builder::from(found)
            .timeout_config(timeouts.build())
            // To wait for messages is no stall.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Self { client: Client::from_conf(config.build()), options }
    }

    /// Tells of changes as long as it is polled. A message is deleted after its documents were looked at; one that says
    /// nothing is left to the queue's own dead-letter rule.
    pub(super) async fn follow(&self, bucket: &str, naming: &Naming, changes: &Changes) {
        let mut backoff = Backoff::default();
        loop {
            match self.receive().await {
                Ok(messages) => {
                    backoff.reset();
                    self.handle(sort(messages, bucket, naming), changes).await;
                }
                Err(problem) => {
                    // Nothing is lost: the queue keeps what it has, and the next full comparison finds the rest.
                    tracing::warn!(problem, "the queue of the bucket's events cannot be read");
                    tokio::time::sleep(backoff.next_delay()).await;
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, String> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.options.url)
            .max_number_of_messages(BATCH_MESSAGES.into())
            .wait_time_seconds(seconds(self.options.wait))
            .visibility_timeout(seconds(self.options.visibility))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let output = request.send().await.map_err(|error| causes(&error))?;
        Ok(output.messages.unwrap_or_default())
    }

    async fn handle(&self, batch: Batch, changes: &Changes) {
        let Batch { receipts, documents } = batch;
        if !documents.is_empty() {
            let mut looked = std::pin::pin!(changes.look_at(documents));
            let was_heard = loop {
                tokio::select! {
                    was_heard = &mut looked => break was_heard,
                    () = tokio::time::sleep(self.options.visibility / 2) => self.keep(&receipts).await,
                }
            };
            if !was_heard {
                return;
            }
        }
        self.delete(receipts).await;
    }

    /// Keeps messages hidden while they are worked on. When that fails they are worked on once more.
    async fn keep(&self, receipts: &[String]) {
        let entry = |(id, receipt): (usize, &String)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(id.to_string())
                .receipt_handle(receipt)
                .visibility_timeout(seconds(self.options.visibility));
            entry.build().ok()
        };
        let entries = receipts.iter().enumerate().filter_map(entry).collect();
        let request = self.client.change_message_visibility_batch().queue_url(&self.options.url);
        if let Err(error) = request.set_entries(Some(entries)).send().await {
            tracing::debug!(problem = causes(&error), "messages may come once more");
        }
    }

    async fn delete(&self, receipts: Vec<String>) {
        if receipts.is_empty() {
            return;
        }
        let entry = |(id, receipt): (usize, String)| {
            DeleteMessageBatchRequestEntry::builder().id(id.to_string()).receipt_handle(receipt).build().ok()
        };
        let entries = receipts.into_iter().enumerate().filter_map(entry).collect();
        let request = self.client.delete_message_batch().queue_url(&self.options.url);
        if let Err(error) = request.set_entries(Some(entries)).send().await {
            tracing::debug!(problem = causes(&error), "messages may come once more");
        }
    }
}

/// Gathers what the messages name. Those that say nothing are left out of the batch: they come back, and after as many
/// times as the queue's rule says they go to its dead-letter queue.
fn sort(messages: Vec<Message>, bucket: &str, naming: &Naming) -> Batch {
    let mut batch = Batch::default();
    for message in messages {
        let Some(receipt) = message.receipt_handle else { continue };
        match event::parse(message.body.as_deref().unwrap_or_default()) {
            Ok(changes) => {
                batch.receipts.push(receipt);
                for changed in changes.into_iter().filter(|changed| changed.bucket == bucket) {
                    // What is refused or ignored is reported by the next full comparison.
                    if let Named::Document(key) = naming.document(&changed.object) {
                        batch.documents.insert(key);
                    }
                }
            }
            Err(problem) => {
                let received = MessageSystemAttributeName::ApproximateReceiveCount;
                let received = message.attributes.and_then(|mut attributes| attributes.remove(&received));
                let id = message.message_id.unwrap_or_default();
                tracing::warn!(%problem, message = id, received, "a message in the queue is left alone");
            }
        }
    }
    batch
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
