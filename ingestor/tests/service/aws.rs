//! S3 and SQS on real sockets: moto behind `aws_server`, one for all tests of a process.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use ingestor::store::{Bucket, Queue, QueueOptions, S3Options};
use serde_json::{Value, json};

struct Server {
    /// It ends with its input, so with this process.
    _process: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
    port: String,
}

impl Server {
    fn start() -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/service/aws_server");
        let started = Command::new(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.unwrap_or_else(|error| panic!("{script:?}, which needs python3: {error}"));
        let calls = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut server = Self { _process: process, calls, answers, port: String::new() };
        server.port = server.answer().expect("starts");
        server
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the script answers");
        match line.trim_end().split_once(' ') {
            Some(("ok", said)) => Ok(said.to_owned()),
            Some(("error", why)) => Err(why.to_owned()),
            _ => panic!("the AWS for tests: {line}"),
        }
    }
}

fn with_server<T>(work: impl FnOnce(&mut Server) -> T) -> T {
    static SERVER: OnceLock<Mutex<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Mutex::new(Server::start()));
    work(&mut server.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Calls a service through boto3, which shares no code with the product.
pub(crate) fn call(service: &str, operation: &str, arguments: &Value) -> Value {
    let answer = with_server(|server| {
        writeln!(server.calls, "{}", json!([service, operation, arguments])).expect("the script listens");
        server.answer()
    });
    let said = answer.unwrap_or_else(|why| panic!("{service} {operation}: {why}"));
    serde_json::from_str(&said).expect("JSON")
}

/// Credentials and region for a server at this address.
pub(crate) fn config(endpoint: String) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build()
}

pub(crate) fn options(bucket: &str) -> S3Options {
    S3Options {
        bucket: bucket.to_owned(),
        prefix: "docs".to_owned(),
        path_style: true,
        page_objects: 2,
        max_objects: 1_000,
        attempts: 1,
        attempt_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(30),
    }
}

/// A bucket of one test, with a queue for its events and one for what is no event.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) bucket: String,
    queue: String,
    dead_letters: String,
}

impl Shop {
    pub(crate) fn open() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let bucket = format!("shop-number-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        call("s3", "create_bucket", &json!({ "Bucket": bucket }));
        let create = |name: String, attributes: Value| {
            let queue = call("sqs", "create_queue", &json!({ "QueueName": name, "Attributes": attributes }));
            queue["QueueUrl"].as_str().expect("a text").to_owned()
        };
        let dead_letters = create(format!("{bucket}-dead"), json!({}));
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{bucket}-dead");
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "2" }).to_string();
        let queue = create(bucket.clone(), json!({ "RedrivePolicy": redrive }));
        Self { bucket, queue, dead_letters }
    }

    fn endpoint() -> String {
        with_server(|server| format!("http://127.0.0.1:{}", server.port))
    }

    /// The bucket as a store, without its queue.
    pub(crate) fn store(&self) -> Bucket {
        self.store_with(options(&self.bucket))
    }

    #[expect(clippy::unused_self, reason = "reads like its neighbours where it is called")]
    pub(crate) fn store_with(&self, options: S3Options) -> Bucket {
        Bucket::new(&config(Self::endpoint()), options, None)
    }

    /// The bucket as a store that follows its queue.
    pub(crate) fn followed(&self) -> Bucket {
        self.followed_with(options(&self.bucket))
    }

    pub(crate) fn followed_with(&self, options: S3Options) -> Bucket {
        let config = config(Self::endpoint());
        let second = Duration::from_secs(1);
        let options_of_queue = QueueOptions { url: self.queue.clone(), wait: second, visibility: second };
        Bucket::new(&config, options, Some(Queue::new(&config, options_of_queue)))
    }

    pub(crate) fn put(&self, object: &str, text: &str) {
        self.put_with(object, text, &json!({}));
    }

    pub(crate) fn put_with(&self, object: &str, text: &str, metadata: &Value) {
        let arguments = json!({ "Bucket": self.bucket, "Key": object, "Body": text, "Metadata": metadata });
        call("s3", "put_object", &arguments);
    }

    pub(crate) fn remove(&self, object: &str) {
        call("s3", "delete_object", &json!({ "Bucket": self.bucket, "Key": object }));
    }

    /// Lets the bucket send its own events to the queue.
    pub(crate) fn connect(&self) {
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{}", self.bucket);
        let rule = json!({ "QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] });
        let rules = json!({ "QueueConfigurations": [rule] });
        let arguments = json!({ "Bucket": self.bucket, "NotificationConfiguration": rules });
        call("s3", "put_bucket_notification_configuration", &arguments);
    }

    pub(crate) fn send(&self, body: &str) {
        call("sqs", "send_message", &json!({ "QueueUrl": self.queue, "MessageBody": body }));
    }

    /// An event as S3 writes it.
    pub(crate) fn event(&self, name: &str, object: &str, sequencer: u32) -> String {
        let key: String = object.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let object = json!({ "key": key, "sequencer": format!("{sequencer:016X}"), "later": {} });
        let s3 = json!({ "s3SchemaVersion": "1.0", "bucket": { "name": self.bucket }, "object": object });
        let record = json!({ "eventVersion": "2.6", "eventSource": "aws:s3", "eventName": name, "s3": s3 });
        json!({ "Records": [record] }).to_string()
    }

    /// Waits until the queue is empty, with nothing under way.
    pub(crate) async fn until_handled(&self) {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let arguments = json!({ "QueueUrl": self.queue, "AttributeNames": names });
        patiently("the queue is empty", || {
            let said = call("sqs", "get_queue_attributes", &arguments);
            names.iter().all(|name| said["Attributes"][name] == "0")
        })
        .await;
    }

    /// Waits until this many messages lie in the dead-letter queue, and returns them.
    pub(crate) async fn dead_letters(&self, count: usize) -> Vec<String> {
        let mut dead = Vec::new();
        let arguments = json!({ "QueueUrl": self.dead_letters, "MaxNumberOfMessages": 10 });
        patiently("the dead letters arrive", || {
            let said = call("sqs", "receive_message", &arguments);
            let messages = said["Messages"].as_array().cloned().unwrap_or_default();
            dead.extend(
                messages.iter().map(|message| message["Body"].as_str().unwrap_or_default().to_owned()),
            );
            dead.len() >= count
        })
        .await;
        dead
    }
}

/// Asks again and again, as there is nobody to tell when it is so.
async fn patiently(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..300 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("in vain until {what}");
}
