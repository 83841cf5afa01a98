//! `ApplyGuardrail`: a guardrail alone, without a model.

use serde_json::{Value, json};

use super::assessment::{Detail, assessment, coverage, usage};
use super::{Guardrail, Piece, Way};
use crate::simulate::bedrock::request::{Block, constraint, invalid, list};
use crate::simulate::reply::ServiceError;

/// Examines what the body of a call holds.
pub(in crate::simulate::bedrock) fn apply(
    guardrail: &Guardrail,
    body: &Value,
) -> Result<Value, ServiceError> {
    let way = match body.get("source").and_then(Value::as_str) {
        Some("INPUT") => Way::Input,
        Some("OUTPUT") => Way::Output,
        other => {
            let rule = "Member must satisfy enum value set: [INPUT, OUTPUT]";
            return Err(constraint(other.unwrap_or("null"), "source", rule));
        }
    };
    let detail = match body.get("outputScope").and_then(Value::as_str) {
        None | Some("INTERVENTIONS") => Detail::Findings,
        Some("FULL") => Detail::All,
        Some(other) => {
            let rule = "Member must satisfy enum value set: [INTERVENTIONS, FULL]";
            return Err(constraint(other, "outputScope", rule));
        }
    };
    let content = list(body, "content")?.iter().enumerate();
    let blocks: Result<Vec<Block>, _> =
        content.map(|(place, block)| Block::guarded(block, &format!("content.{place}"))).collect();
    let blocks = blocks?;
    if blocks.is_empty() {
        return Err(invalid("The content to apply the guardrail to is empty. Add content and try again."));
    }
    let pieces: Vec<Piece<'_>> =
        blocks.iter().map(|block| Piece { text: &block.text, is_guarded: true }).collect();
    let examined = guardrail.examine(way, &pieces);
    let outputs: Vec<Value> = match (examined.is_blocked(), examined.is_masked()) {
        (true, _) => vec![json!({ "text": guardrail.blocked(way) })],
        (false, true) => {
            blocks.iter().map(|block| json!({ "text": guardrail.mask(way, &block.text) })).collect()
        }
        (false, false) => Vec::new(),
    };
    let action = if examined.reason().is_some() { "GUARDRAIL_INTERVENED" } else { "NONE" };
    Ok(json!({
        "usage": usage(&examined),
        "action": action,
        "actionReason": examined.reason().unwrap_or("No action."),
        "outputs": outputs,
        "assessments": [assessment(&examined, detail)],
        "guardrailCoverage": coverage(&examined),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::guardrail;
    use super::apply;

    const RULES: &str = r#"{ policy = "word", phrases = ["rival"] },
                           { policy = "regex", name = "order", phrases = ["ORD-1"], action = "anonymize" }"#;

    fn applied(text: &str) -> Value {
        let body = json!({ "source": "OUTPUT", "content": [{ "text": { "text": text } }, { "text": { "text": "Bye." } }] });
        apply(&guardrail(RULES), &body).expect("an answer")
    }

    #[test]
    fn a_text_is_let_through_masked_or_replaced() {
        let fine = applied("Hello.");
        assert_eq!((&fine["action"], &fine["outputs"]), (&json!("NONE"), &json!([])));
        let masked = applied("Order ORD-1 is here.");
        assert_eq!(masked["outputs"], json!([{ "text": "Order {order} is here." }, { "text": "Bye." }]));
        let blocked = applied("Our rival has ORD-1.");
        assert_eq!(blocked["outputs"].as_array().map(Vec::len), Some(1));
        for intervened in [masked, blocked] {
            assert_eq!(intervened["action"], "GUARDRAIL_INTERVENED");
        }
    }

    #[test]
    fn what_cannot_be_examined_is_refused() {
        let content = json!([{ "text": { "text": "a" } }]);
        for wrong in [
            json!({ "content": content }),
            json!({ "source": "BOTH", "content": content }),
            json!({ "source": "INPUT", "content": [] }),
            json!({ "source": "INPUT", "content": content, "outputScope": "HALF" }),
            json!({ "source": "INPUT", "content": [{ "text": { "text": " " } }] }),
        ] {
            let error = apply(&guardrail(RULES), &wrong).expect_err("wrong");
            assert_eq!(error.name, "ValidationException", "{wrong}");
        }
    }
}
