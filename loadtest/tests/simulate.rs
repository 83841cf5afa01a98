//! The simulated Textract as a caller meets it: HTTP on a real socket, nothing shared but the wire.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use loadtest::simulate::scenario::Scenario;
use loadtest::simulate::{Requests, Simulator};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SCENARIO: &str = r#"
[textract]
max_results = 5
in_progress = 2
[[textract.document]]
key = "menu.pdf"
[[textract.document.page]]
[[textract.document.page.part]]
kind = "title"
lines = ["Lunch menu"]
[[textract.document.page.part]]
kind = "table"
rows = [["Dish", "Price"], ["Soup", ""]]
header_rows = 1
[[textract.document.page]]
[[textract.document.page.part]]
kind = "form"
fields = [{ key = "Vegan", selected = true }]
[[textract.document.answer]]
query = "title"
text = "Menu"
confidence = 97.0
[[textract.document]]
key = "broken.pdf"
status = "FAILED"
status_message = "no page is readable"
[[textract.document]]
sha256 = "2b4cc0aa4a2b0fa4d8a21be1e8a8eb8ef0e8a0c3b0e2a7d4ac4f2f0c5f5e7d10"
[[textract.document.page]]
"#;

async fn start(scenario: &str) -> Simulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    Simulator::start(listener, Scenario::parse(scenario).expect("a scenario")).expect("started")
}

async fn send(simulator: &Simulator, operation: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = hyper::Request::post(format!("http://{}/", simulator.address()))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("Textract.{operation}"));
    if let Some(key) = key {
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261123/us-east-1/textract/aws4_request, Signature=0"
        );
        request = request.header("authorization", signed);
    }
    let request = request.body(Full::new(Bytes::from(body.to_string()))).expect("a request");
    let response = client.request(request).await.expect("a response");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

async fn call(simulator: &Simulator, operation: &str, body: Value) -> (u16, Value) {
    send(simulator, operation, Some("AKIDEXAMPLE"), &body).await
}

/// Returns the name of the error that a call is refused with.
async fn refused(simulator: &Simulator, operation: &str, body: Value) -> String {
    let (status, body) = call(simulator, operation, body).await;
    assert_eq!(status, 400, "{body}");
    body["__type"].as_str().expect("a name").to_owned()
}

fn in_s3(key: &str, token: &str) -> Value {
    json!({
        "DocumentLocation": { "S3Object": { "Bucket": "docs", "Name": key } },
        "FeatureTypes": ["LAYOUT", "TABLES", "FORMS", "QUERIES"],
        "QueriesConfig": { "Queries": [{ "Text": "What is its title?", "Alias": "title" }, { "Text": "Who?" }] },
        "ClientRequestToken": token,
    })
}

/// Runs a job to its end and returns all of its blocks and how many answers they came in.
async fn finished(simulator: &Simulator, job: &Value) -> (Vec<Value>, usize) {
    let (mut blocks, mut parts, mut token) = (Vec::new(), 0, Value::Null);
    loop {
        let (status, part) =
            call(simulator, "GetDocumentAnalysis", json!({ "JobId": job, "NextToken": token })).await;
        assert_eq!((status, &part["JobStatus"]), (200, &json!("SUCCEEDED")));
        blocks.extend(part["Blocks"].as_array().expect("blocks").clone());
        parts += 1;
        token = part["NextToken"].clone();
        if token.is_null() {
            return (blocks, parts);
        }
    }
}

#[tokio::test]
async fn a_job_is_in_progress_for_a_while_and_hands_its_blocks_out_in_parts() {
    let simulator = start(SCENARIO).await;
    let (_, started) = call(&simulator, "StartDocumentAnalysis", in_s3("menu.pdf", "one")).await;
    let job = &started["JobId"];
    for _ in 0..2 {
        let (_, part) = call(&simulator, "GetDocumentAnalysis", json!({ "JobId": job })).await;
        assert_eq!(part, json!({ "JobStatus": "IN_PROGRESS", "AnalyzeDocumentModelVersion": "1.0" }));
    }
    let (blocks, parts) = finished(&simulator, job).await;
    assert_eq!(parts, blocks.len().div_ceil(5));
    let of = |kind: &str| blocks.iter().filter(|block| block["BlockType"] == kind).collect::<Vec<_>>();
    assert_eq!((of("PAGE").len(), of("CELL").len(), of("KEY_VALUE_SET").len()), (2, 4, 2));
    assert!(of("LAYOUT_TITLE")[0].get("Text").is_none());
    assert_eq!(of("CELL")[0]["EntityTypes"], json!(["COLUMN_HEADER"]));
    let empty = of("CELL").into_iter().find(|cell| cell["RowIndex"] == 2 && cell["ColumnIndex"] == 2);
    assert!(empty.expect("a cell").get("Relationships").is_none(), "absent, not empty");
    assert_eq!(of("SELECTION_ELEMENT")[0]["SelectionStatus"], "SELECTED");
    assert_eq!(of("QUERY_RESULT")[0]["Text"], "Menu");
    assert_eq!(of("QUERY").len(), 2);
    let ids: std::collections::HashSet<&str> =
        blocks.iter().filter_map(|block| block["Id"].as_str()).collect();
    assert_eq!(ids.len(), blocks.len());
    let named = blocks.iter().flat_map(|block| block["Relationships"].as_array().into_iter().flatten());
    let named = named.flat_map(|relationship| relationship["Ids"].as_array().expect("ids"));
    assert!(named.into_iter().all(|id| ids.contains(id.as_str().expect("an id"))));
}

#[tokio::test]
async fn a_token_starts_one_job_and_other_parameters_are_refused() {
    let simulator = start(SCENARIO).await;
    let (_, first) = call(&simulator, "StartDocumentAnalysis", in_s3("menu.pdf", "one")).await;
    let (_, again) = call(&simulator, "StartDocumentAnalysis", in_s3("menu.pdf", "one")).await;
    let (_, other) = call(&simulator, "StartDocumentAnalysis", in_s3("menu.pdf", "two")).await;
    assert_eq!(first, again);
    assert_ne!(first, other);
    let error = refused(&simulator, "StartDocumentAnalysis", in_s3("broken.pdf", "one")).await;
    assert_eq!(error, "IdempotentParameterMismatchException");
}

#[tokio::test]
async fn each_mistake_has_the_services_own_name() {
    let simulator = start(SCENARIO).await;
    let bytes = |bytes: &str| json!({ "Document": { "Bytes": bytes }, "FeatureTypes": ["LAYOUT"] });
    // `%PDF-` with two pages, and eleven mebibytes of nothing.
    let pages = "JVBERi0xLjQgPDwgL1R5cGUgL1BhZ2UgPj4gPDwgL1R5cGUgL1BhZ2UgPj4=";
    let large = "AAAA".repeat(11 * 1024 * 1024 / 3);
    let mut unasked = in_s3("menu.pdf", "x");
    unasked["QueriesConfig"] = Value::Null;
    let mut odd = in_s3("menu.pdf", "x");
    odd["FeatureTypes"] = json!(["COLOURS"]);
    for (operation, body, error) in [
        ("AnalyzeDocument", bytes("not base64!"), "SerializationException"),
        ("AnalyzeDocument", bytes("aGVsbG8="), "UnsupportedDocumentException"),
        ("AnalyzeDocument", bytes(pages), "UnsupportedDocumentException"),
        ("AnalyzeDocument", bytes(&large), "DocumentTooLargeException"),
        ("DetectDocumentText", json!({}), "InvalidParameterException"),
        ("StartDocumentAnalysis", in_s3("missing.pdf", "y"), "InvalidS3ObjectException"),
        ("StartDocumentAnalysis", in_s3("menu.pdf", "no spaces"), "ValidationException"),
        ("StartDocumentAnalysis", unasked, "InvalidParameterException"),
        ("StartDocumentAnalysis", odd, "ValidationException"),
        ("GetDocumentAnalysis", json!({ "JobId": "unknown" }), "InvalidJobIdException"),
        ("AnalyzeID", json!({}), "UnknownOperationException"),
    ] {
        assert_eq!(refused(&simulator, operation, body).await, error, "{operation}");
    }
    let (status, body) = send(&simulator, "DetectDocumentText", None, &json!({})).await;
    assert_eq!((status, body["__type"].as_str()), (400, Some("MissingAuthenticationTokenException")));
}

#[tokio::test]
async fn a_failed_job_says_why_and_belongs_to_its_own_operation() {
    let simulator = start(SCENARIO).await;
    let (_, started) = call(&simulator, "StartDocumentAnalysis", in_s3("broken.pdf", "one")).await;
    let job = json!({ "JobId": started["JobId"] });
    let error = refused(&simulator, "GetDocumentTextDetection", job.clone()).await;
    assert_eq!(error, "InvalidJobIdException");
    let mut last = Value::Null;
    for _ in 0..3 {
        (_, last) = call(&simulator, "GetDocumentAnalysis", job.clone()).await;
    }
    assert_eq!(
        (&last["JobStatus"], &last["StatusMessage"]),
        (&json!("FAILED"), &json!("no page is readable"))
    );
    assert!(last.get("Blocks").is_none());
}

#[tokio::test]
async fn too_many_jobs_and_a_script_of_faults_are_refused_and_all_is_kept_for_reading() {
    let simulator = start(
        "access_keys = [\"AKIDEXAMPLE\"]\n[textract]\nmax_jobs = 1\n[[fault]]\noperation = \"DetectDocumentText\"\n\
         error = \"InternalServerError\"\ntimes = 1",
    )
    .await;
    call(&simulator, "StartDocumentAnalysis", in_s3("a.pdf", "one")).await;
    assert_eq!(
        refused(&simulator, "StartDocumentAnalysis", in_s3("b.pdf", "two")).await,
        "LimitExceededException"
    );
    let picture = json!({ "Document": { "Bytes": "iVBORw0KGgo=" } });
    let (status, body) = call(&simulator, "DetectDocumentText", picture.clone()).await;
    assert_eq!((status, body["__type"].as_str()), (500, Some("InternalServerError")));
    let (status, body) = call(&simulator, "DetectDocumentText", picture.clone()).await;
    let kinds: Vec<&str> =
        body["Blocks"].as_array().expect("blocks").iter().filter_map(|b| b["BlockType"].as_str()).collect();
    assert_eq!(status, 200);
    assert!(kinds.iter().all(|kind| ["PAGE", "LINE", "WORD"].contains(kind)), "{kinds:?}");
    let (_, body) = send(&simulator, "DetectDocumentText", Some("AKIDOTHER"), &picture).await;
    assert_eq!(body["__type"], "UnrecognizedClientException");
    let Requests { counts, requests } = simulator.requests();
    assert_eq!((counts["DetectDocumentText"], counts["StartDocumentAnalysis"]), (3, 2));
    let outcomes: Vec<&str> = requests.iter().map(|request| request.outcome.as_str()).collect();
    let expected = [
        "answered",
        "LimitExceededException",
        "InternalServerError",
        "answered",
        "UnrecognizedClientException",
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(requests[3].body["Document"]["Bytes"]["bytes"], 8, "documents are described, not kept");
}
