//! The descriptions beside what they describe.

use std::collections::BTreeSet;

use proto::v1::{AnswerSource, FinishReason};
use serde_json::{Value, json};

use super::{ASYNCAPI, OPENAPI, PAGE};
use crate::frame;

fn operations() -> BTreeSet<(String, String)> {
    let paths = OPENAPI["paths"].as_object().expect("paths");
    let methods = |(path, methods): (&String, &Value)| {
        let path = path.clone();
        let methods: Vec<String> = methods.as_object().expect("methods").keys().cloned().collect();
        methods.into_iter().map(move |method| (method, path.clone()))
    };
    paths.iter().flat_map(methods).collect()
}

#[test]
fn every_route_is_described_and_every_description_has_a_route() {
    let routes = crate::http::interface();
    let routes: BTreeSet<_> =
        routes.iter().map(|route| (route.method.to_owned(), route.path.replace('*', ""))).collect();
    assert_eq!(operations(), routes);
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [&*OPENAPI, &*ASYNCAPI] {
        let mut seen = 0;
        walk(document, &mut |reference| {
            seen += 1;
            let place = reference.strip_prefix('#').expect("a place in the document");
            assert!(document.pointer(place).is_some(), "{reference}");
        });
        assert!(seen > 20, "{seen}");
    }
}

fn walk(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                visit(reference);
            }
            fields.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    jsonschema::draft202012::new(&whole).expect("a schema")
}

#[test]
fn every_example_of_a_frame_is_what_its_schema_says_and_nothing_less_is() {
    let messages = ASYNCAPI["components"]["messages"].as_object().expect("messages");
    assert_eq!(messages.len(), 20);
    for (name, message) in messages {
        let validator = validator(&ASYNCAPI, &message["payload"]);
        let example = &message["examples"][0]["payload"];
        let told: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
        assert!(told.is_empty(), "{name}: {told:?}");
        for other in messages.keys().filter(|other| *other != name) {
            assert!(!validator.is_valid(&messages[other]["examples"][0]["payload"]), "{name} takes {other}");
        }
        assert!(!validator.is_valid(&json!({})), "{name}");
    }
}

#[test]
fn every_example_of_a_body_is_taken_and_says_so() {
    for (method, path) in operations() {
        let content = &OPENAPI["paths"][&path][&method]["requestBody"]["content"]["application/json"];
        if content.is_null() {
            continue;
        }
        let validator = validator(&OPENAPI, &content["schema"]);
        assert!(
            validator.is_valid(&content["example"]),
            "{path}: {:?}",
            validator.validate(&content["example"])
        );
        assert!(!validator.is_valid(&json!([])), "{path}");
    }
}

#[test]
fn names_that_the_schemas_list_are_those_that_are_sent() {
    let listed = |pointer: &str| OPENAPI.pointer(pointer).expect("a list").clone();
    let reasons = [
        FinishReason::Complete,
        FinishReason::NoEvidence,
        FinishReason::Length,
        FinishReason::Blocked,
        FinishReason::Stopped,
    ];
    let reasons: Vec<&str> = reasons.into_iter().map(frame::finish_reason).collect();
    assert_eq!(listed("/components/schemas/Answer/properties/finish_reason/enum"), json!(reasons));
    let sources = (1..).map_while(|number| AnswerSource::try_from(number).ok()).map(frame::answer_source);
    let sources: Vec<&str> = sources.collect();
    assert_eq!(listed("/components/schemas/Answer/properties/source/enum"), json!(sources));
}

#[test]
fn the_page_shows_every_operation_and_every_frame() {
    let page = std::str::from_utf8(&PAGE).expect("text");
    for (method, path) in operations() {
        let id = OPENAPI["paths"][&path][&method]["operationId"].as_str().expect("an id");
        assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
    }
    for name in ASYNCAPI["components"]["messages"].as_object().expect("messages").keys() {
        assert!(page.contains(&format!("<article id=\"frame-{name}\">")), "{name}");
    }
    assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("href=\"#shape-\""));
}
