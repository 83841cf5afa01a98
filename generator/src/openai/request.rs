//! A rendered prompt as the body of a request. What it says was decided before.

use serde::Serialize;

use crate::error::Error;
use crate::prompt::rendering::{Part, Rendered, Turn};

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    max_tokens: u32,
    temperature: f32,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: std::borrow::Cow<'a, str>,
}

/// Returns the body: rules, turns, and the limits of the answer.
pub(super) fn body(
    model: &str,
    rendered: &Rendered,
    max_output_tokens: u32,
    temperature: f32,
) -> Result<Vec<u8>, Error> {
    let system = Message { role: "system", content: rendered.system.as_str().into() };
    let body = Body {
        model,
        messages: std::iter::once(system).chain(rendered.turns.iter().map(message)).collect(),
        max_tokens: max_output_tokens,
        temperature,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
    };
    serde_json::to_vec(&body).map_err(|error| Error::Internal(error.to_string()))
}

fn message(turn: &Turn) -> Message<'_> {
    let texts: Vec<&str> = turn.parts.iter().map(Part::text).collect();
    let role = if turn.is_visitor { "user" } else { "assistant" };
    Message { role, content: texts.join("\n\n").into() }
}
