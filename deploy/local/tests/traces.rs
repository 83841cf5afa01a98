//! Traces of the whole chatbot, as an OTLP collector sees them: one trace for a question, from the edge to the model.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const QUESTION: &str = "When are you open on Sundays?";
/// Everything between the edge and the model, each with the span that it is part of.
const SPANS: [(&str, Option<&str>); 6] = [
    ("turn", None),
    ("search", Some("turn")),
    ("retriever.search", Some("search")),
    ("generate", Some("turn")),
    ("generator.generate", Some("generate")),
    ("model", Some("generator.generate")),
];
/// `GATEWAY_ANSWER_SECONDS` by default, which bounds everything within an answer.
const ANSWER: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(60);

struct Collector(mpsc::UnboundedSender<Span>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let spans =
            resources.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        for span in spans {
            self.0.send(span).map_err(|_| Status::cancelled("the test is over"))?;
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

struct Chatbot {
    child: Child,
    http: String,
}

impl Drop for Chatbot {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn start(collector: &str, data: &std::path::Path) -> Chatbot {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chatbot"))
        .args(["--port", "0", "--documents", concat!(env!("CARGO_MANIFEST_DIR"), "/samples"), "--data"])
        .arg(data)
        .env("LOG_FORMAT", "json")
        .env("OTLP_ENDPOINT", format!("http://{collector}"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut http = None;
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        if line["what"] == "http" {
            http = line["address"].as_str().map(str::to_owned);
        }
        if line["message"] == "chatbot ready" {
            break;
        }
    }
    Chatbot { child, http: http.expect("it says where it listens") }
}

fn ask(http: &str) -> String {
    let body = format!(r#"{{"message":"{QUESTION}","streaming":false}}"#);
    let length = body.len();
    let mut stream = TcpStream::connect(http).expect("it listens");
    write!(
        stream,
        "POST /chat HTTP/1.1\r\nhost: {http}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         traceparent: 00-{TRACE}-{CALLER}-01\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("answered");
    reply
}

async fn collected(mut spans: mpsc::UnboundedReceiver<Span>) -> HashMap<String, Span> {
    let mut found = HashMap::new();
    while !SPANS.iter().all(|(name, _)| found.contains_key(*name)) {
        let span =
            tokio::time::timeout(PATIENCE, spans.recv()).await.expect("every span comes").expect("open");
        if hex(&span.trace_id) == TRACE {
            assert!(found.insert(span.name.clone(), span).is_none(), "a span comes once");
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_one_trace_from_the_edge_to_the_model_without_a_word_of_it() {
    let (sender, spans) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let serving = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(Collector(sender)))
        .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener));
    let testing = async {
        let data = tempfile::tempdir().expect("a folder");
        let (folder, collector) = (data.path().to_owned(), address.clone());
        let started = tokio::task::spawn_blocking(move || {
            let chatbot = start(&collector, &folder);
            let reply = ask(&chatbot.http);
            (chatbot, reply)
        });
        let (_chatbot, reply) = started.await.expect("no panic");
        assert!(reply.contains("11:00"), "{reply}");
        collected(spans).await
    };
    let found = tokio::select! {
        served = serving => panic!("the collector ended: {served:?}"),
        found = testing => found,
    };
    for (name, parent) in SPANS {
        let span = &found[name];
        let expected = parent.map_or_else(|| CALLER.to_owned(), |parent| hex(&found[parent].span_id));
        assert_eq!(hex(&span.parent_span_id), expected, "the parent of {name}");
        let lasted = Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano);
        assert!(lasted <= ANSWER, "{name} outlived its deadline: {lasted:?}");
        if let Some(parent) = parent.map(|parent| &found[parent]) {
            assert!(
                span.start_time_unix_nano >= parent.start_time_unix_nano,
                "{name} began before its parent"
            );
        }
        let told = format!("{:?}", span.attributes);
        assert!(!told.contains("Sunday") && !told.contains("11:00"), "{name} tells what was said: {told}");
    }
    assert!(format!("{:?}", found["turn"].attributes).contains("first_token_ms"));
    assert!(format!("{:?}", found["retriever.search"].attributes).contains("search_ms"));
}
