//! Which operation a method and a path mean. REST has no header that names it; ids in a path are percent-encoded, ARNs too.

use hyper::Method;
use percent_encoding::percent_decode_str;

/// Names of the operations.
pub(super) const OPERATIONS: [&str; 4] = ["ConverseStream", "Converse", "InvokeModel", "ApplyGuardrail"];
/// The one that streams.
pub(super) const STREAMED: &str = "ConverseStream";
/// What the ids of inference profiles begin with.
const GEOGRAPHIES: [&str; 8] = ["us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"];

/// An operation and what it is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulate) struct Call {
    pub(super) operation: Operation,
    /// Id or ARN of the model or the guardrail, decoded.
    pub(in crate::simulate) resource: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    ConverseStream,
    Converse,
    InvokeModel,
    ApplyGuardrail { version: String },
}

impl Call {
    /// Reads a call; nothing when the path is none of Bedrock's.
    pub(in crate::simulate) fn read(method: &Method, path: &str) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        let decoded =
            |part: &str| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let parts: Option<Vec<String>> = path.split('/').skip(1).map(decoded).collect();
        let parts = parts?;
        let (operation, resource) = match parts.as_slice() {
            [model, id, operation] if model == "model" => {
                let operation = match operation.as_str() {
                    "converse-stream" => Operation::ConverseStream,
                    "converse" => Operation::Converse,
                    "invoke" => Operation::InvokeModel,
                    _ => return None,
                };
                (operation, id)
            }
            [guardrail, id, at, version, apply]
                if guardrail == "guardrail" && at == "version" && apply == "apply" =>
            {
                (Operation::ApplyGuardrail { version: version.clone() }, id)
            }
            _ => return None,
        };
        Some(Self { operation, resource: resource.clone() })
    }

    /// Returns the operation's name.
    pub(in crate::simulate) fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// Whether its model is meant by an id, in which `*` at the end stands for anything.
    pub(super) fn is_of(&self, id: &str) -> bool {
        is_model(&self.resource, id)
    }
}

impl Operation {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::ConverseStream => STREAMED,
            Self::Converse => "Converse",
            Self::InvokeModel => "InvokeModel",
            Self::ApplyGuardrail { .. } => "ApplyGuardrail",
        }
    }
}

/// Whether an id, an inference profile's id or an ARN of either names the model that a pattern means.
pub(super) fn is_model(resource: &str, pattern: &str) -> bool {
    let name = last_part(resource);
    let is = |name: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    is(name) || without_geography(name).is_some_and(is)
}

/// Whether a model is named through an inference profile.
pub(super) fn is_profile(resource: &str) -> bool {
    resource.contains("inference-profile/") || without_geography(last_part(resource)).is_some()
}

/// Returns an id, of an ARN that may be one.
pub(super) fn last_part(resource: &str) -> &str {
    let is_arn = resource.starts_with("arn:");
    resource.rsplit_once('/').filter(|_| is_arn).map_or(resource, |(_, name)| name)
}

fn without_geography(name: &str) -> Option<&str> {
    name.split_once('.').filter(|(start, _)| GEOGRAPHIES.contains(start)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{Call, Method, Operation, is_model, is_profile};

    #[test]
    fn ids_and_arns_come_percent_encoded() {
        let read = |path: &str| Call::read(&Method::POST, path);
        let call = read("/model/amazon.nova-lite-v1%3A0/converse-stream").expect("a call");
        assert_eq!((call.name(), call.resource.as_str()), ("ConverseStream", "amazon.nova-lite-v1:0"));
        let arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aguardrail%2Fgr1";
        let call = read(&format!("/guardrail/{arn}/version/DRAFT/apply")).expect("a call");
        assert_eq!(call.resource, "arn:aws:bedrock:us-east-1:1:guardrail/gr1");
        assert_eq!(call.operation, Operation::ApplyGuardrail { version: "DRAFT".to_owned() });
        for path in
            ["/", "/model/a/invoke-with-response-stream", "/model/a/b/converse", "/model/%ff/converse"]
        {
            assert_eq!(read(path), None, "{path}");
        }
        assert_eq!(Call::read(&Method::GET, "/model/a/converse"), None);
    }

    #[test]
    fn a_profile_and_an_arn_name_the_same_model() {
        let id = "amazon.nova-lite-v1:0";
        let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0";
        let plain = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
        for resource in [id, "eu.amazon.nova-lite-v1:0", profile, plain] {
            assert!(is_model(resource, id) && is_model(resource, "amazon.nova-*"), "{resource}");
        }
        assert!(!is_model("amazon.nova-lite-v2:0", id));
        assert!(is_profile(profile) && is_profile("us.amazon.nova-lite-v1:0"));
        assert!(!is_profile(plain) && !is_profile(id));
    }
}
