use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

use super::{Changed, NoEvent, parse};

fn record(key: &str) -> Value {
    json!({
        "eventVersion": "2.6", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "newField": [1, {"a": null}],
        "s3": {"bucket": {"name": "b", "arn": "arn:aws:s3:::b"}, "object": {"key": key, "sequencer": "0055"}}
    })
}

fn objects(body: &Value) -> Result<Vec<String>, NoEvent> {
    Ok(parse(&body.to_string())?.into_iter().map(|changed| changed.object).collect())
}

#[test]
fn every_envelope_names_its_objects() {
    let direct = json!({ "Records": [record("a%40b+c%2Bd.pdf"), record("%C3%BC.md")] });
    assert_eq!(objects(&direct), Ok(vec!["a@b c+d.pdf".to_owned(), "ü.md".to_owned()]));
    let topic = json!({ "Type": "Notification", "TopicArn": "arn", "Message": direct.to_string() });
    assert_eq!(objects(&topic), objects(&direct));
    let bridge = json!({
        "version": "0", "detail-type": "Object Deleted", "source": "aws.s3",
        "detail": {"bucket": {"name": "b"}, "object": {"key": "a+b%41.md"}, "reason": "DeleteObject"}
    });
    let expected = Changed { bucket: "b".to_owned(), object: "a+b%41.md".to_owned() };
    assert_eq!(parse(&bridge.to_string()), Ok(vec![expected]));
    let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b" });
    assert_eq!(objects(&test), Ok(Vec::new()));
}

#[test]
fn what_is_no_event_says_why() {
    for body in
        ["", "text", "{", "[]", "{\"Records\": 1}", "\u{0}", "{\"Records\": [{\"s3\": {\"object\": {}}}]}"]
    {
        assert!(matches!(parse(body), Err(NoEvent::Shape(_))), "{body}");
    }
    let nested = json!({ "Type": "Notification", "Message": json!({ "Type": "Notification", "Message": "{}" }).to_string() });
    for body in
        [json!({}), json!({"Records": [{}]}), json!({"source": "aws.s3"}), json!({"Event": "other"}), nested]
    {
        assert_eq!(objects(&body), Err(NoEvent::Nothing), "{body}");
    }
    assert_eq!(objects(&json!({ "Records": [record("%FF")] })), Err(NoEvent::Key));
    assert_eq!(parse(&" ".repeat(2 << 20)), Err(NoEvent::TooLong));
    assert!(matches!(parse(&"[".repeat(100_000)), Err(NoEvent::Shape(_))), "depth is bounded");
}

/// JSON that uses the names of events in all the wrong places.
fn odd_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("Notification")),
        Just(json!("aws.s3")),
        Just(json!("s3:TestEvent")),
    ];
    let name = prop_oneof![
        Just("Records"),
        Just("s3"),
        Just("bucket"),
        Just("object"),
        Just("key"),
        Just("name"),
        Just("detail"),
        Just("source"),
        Just("Type"),
        Just("Message"),
        Just("Event"),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_has_an_outcome(body in any::<String>()) {
        let outcome = parse(&body);
        prop_assert!(outcome.is_ok() || !outcome.expect_err("not fine").to_string().is_empty());
    }

    #[test]
    fn odd_json_has_an_outcome_and_invents_no_object(body in odd_json()) {
        if let Ok(changes) = parse(&body.to_string()) {
            let text = body.to_string();
            prop_assert!(changes.iter().all(|changed| text.contains("bucket") && changed.object.len() <= text.len()));
        }
    }

    #[test]
    fn a_key_arrives_as_it_is(key in "\\PC{1,40}") {
        let encoded = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
        prop_assert_eq!(objects(&json!({ "Records": [record(&encoded)] })), Ok(vec![key.clone()]));
        let spaced = encoded.replace("%20", "+");
        prop_assert_eq!(objects(&json!({ "Records": [record(&spaced)] })), Ok(vec![key]));
    }
}
