//! The interface to read: one page of plain HTML, made from its two descriptions. Everything that comes from them is escaped.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns the page.
pub(super) fn page(openapi: &Value, asyncapi: &Value) -> String {
    let (mut contents, mut body) = (String::new(), String::new());
    let operations = operations(openapi);
    contents.push_str("<h2>HTTP</h2><ul>");
    body.push_str("<h2 id=\"http\">HTTP</h2>");
    for (method, path, operation) in &operations {
        let id = text(&operation["operationId"]);
        _ = write!(contents, "<li><a href=\"#{id}\">{}</a></li>", text(&operation["summary"]));
        body.push_str(&operation_card(method, path, operation));
    }
    contents.push_str("</ul><h2>WebSocket</h2><ul>");
    _ = write!(body, "<h2 id=\"websocket\">WebSocket</h2><p>{}</p>", prose(&asyncapi["info"]["description"]));
    for (name, message) in entries(&asyncapi["components"]["messages"]) {
        let name = escaped(name);
        _ = write!(contents, "<li><a href=\"#frame-{name}\"><code>{name}</code></a></li>");
        body.push_str(&frame_card(&name, message));
    }
    contents.push_str("</ul><h2>Shapes</h2><ul>");
    body.push_str("<h2 id=\"shapes\">Shapes</h2>");
    let mut shapes: Vec<(&str, &Value)> = entries(&openapi["components"]["schemas"]).collect();
    let more = entries(&asyncapi["components"]["schemas"]);
    shapes.extend(more.filter(|(name, _)| openapi["components"]["schemas"].get(*name).is_none()));
    for (name, schema) in shapes {
        let name = escaped(name);
        _ = write!(contents, "<li><a href=\"#shape-{name}\"><code>{name}</code></a></li>");
        body.push_str(&shape_card(&name, schema));
    }
    contents.push_str("</ul>");
    let (title, version) = (text(&openapi["info"]["title"]), text(&openapi["info"]["version"]));
    let about = prose(&openapi["info"]["description"]);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><title>{title}: interface</title><link rel=\"stylesheet\" href=\"/docs.css\"></head><body><main><nav \
         aria-label=\"Contents\">{contents}</nav><div><h1>{title}</h1><p>Version {version}. {about}</p><p>For programs: <a \
         href=\"/openapi.json\">OpenAPI</a>, <a href=\"/asyncapi.json\">AsyncAPI</a>.</p>{body}</div></main></body></html>"
    )
}

fn operations(openapi: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = entries(&openapi["paths"]);
    paths
        .flat_map(|(path, methods)| {
            entries(methods).map(move |(method, operation)| (method, path, operation))
        })
        .collect()
}

fn operation_card(method: &str, path: &str, operation: &Value) -> String {
    let mut card = format!(
        "<article id=\"{}\"><h3><span class=\"verb\">{}</span><code>{}</code></h3><p>{}. {}</p>",
        text(&operation["operationId"]),
        escaped(&method.to_uppercase()),
        escaped(path),
        prose(&operation["summary"]),
        prose(&operation["description"]),
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        card.push_str("<h4>Parameters</h4><div class=\"scroll\"><table><tr><th>Name</th><th>Where</th><th>Meaning</th></tr>");
        for parameter in parameters {
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let meaning = prose(&parameter["description"]);
            _ = write!(card, "<tr><td><code>{name}</code></td><td>{place}</td><td>{meaning}</td></tr>");
        }
        card.push_str("</table></div>");
    }
    if let Some((kind, content)) = entries(&operation["requestBody"]["content"]).next() {
        _ = write!(
            card,
            "<h4>Body</h4><p>{} as <code>{}</code></p>",
            shape(&content["schema"]),
            escaped(kind)
        );
        _ = write!(card, "<pre>{}</pre>", pretty(&content["example"]));
    }
    card.push_str(
        "<h4>Replies</h4><div class=\"scroll\"><table><tr><th>Status</th><th>Meaning</th><th>Body</th></tr>",
    );
    for (status, response) in entries(&operation["responses"]) {
        let bodies: Vec<String> = entries(&response["content"])
            .map(|(kind, content)| {
                format!("{} <span class=\"must\">{}</span>", shape(&content["schema"]), escaped(kind))
            })
            .collect();
        let (status, meaning) = (escaped(status), prose(&response["description"]));
        _ = write!(card, "<tr><td>{status}</td><td>{meaning}</td><td>{}</td></tr>", bodies.join("<br>"));
    }
    card.push_str("</table></div></article>");
    card
}

fn frame_card(name: &str, message: &Value) -> String {
    let payload = &message["payload"];
    let shapes: Vec<String> = references(payload).iter().map(|name| link(name)).collect();
    let is_taken = payload.pointer("/properties/action").is_some();
    let way = if is_taken { "from the browser" } else { "to the browser" };
    let mut card = format!(
        "<article id=\"frame-{name}\"><h3><code>{name}</code> <span class=\"must\">{way}</span></h3><p>{}</p>",
        prose(&message["summary"])
    );
    if is_taken {
        card.push_str(&fields(payload));
    } else if !shapes.is_empty() {
        _ = write!(card, "<p>{}</p>", shapes.join(" or "));
    }
    _ = write!(card, "<pre>{}</pre></article>", pretty(&message["examples"][0]["payload"]));
    card
}

fn shape_card(name: &str, schema: &Value) -> String {
    let mut card = format!(
        "<article id=\"shape-{name}\"><h3><code>{name}</code></h3><p>{}</p>",
        prose(&schema["description"])
    );
    if let Some(values) = schema["enum"].as_array() {
        _ = write!(card, "<p>One of {}.</p>", values.iter().map(code).collect::<Vec<_>>().join(", "));
    }
    for variant in schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()).into_iter().flatten() {
        _ = write!(card, "<p>{} {}</p>{}", shape(variant), prose(&variant["description"]), fields(variant));
    }
    card.push_str(&fields(schema));
    card.push_str("</article>");
    card
}

/// Returns the table of an object's fields; nothing for what has none.
fn fields(schema: &Value) -> String {
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut rows = String::new();
    for (name, field) in entries(&schema["properties"]) {
        let must = if required.iter().any(|required| required == name) {
            ""
        } else {
            "<span class=\"must\">may be left out</span>"
        };
        let (name, kind) = (escaped(name), shape(field));
        let (meaning, bounds) = (prose(&field["description"]), bounds(field));
        _ = write!(
            rows,
            "<tr><td><code>{name}</code> {must}</td><td>{kind}</td><td>{meaning} {bounds}</td></tr>"
        );
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<div class=\"scroll\"><table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>{rows}</table></div>"
    )
}

fn bounds(field: &Value) -> String {
    let mut told = Vec::new();
    for (key, words) in [
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("minItems", "items at least"),
        ("maxItems", "items at most"),
        ("minimum", "at least"),
        ("maximum", "at most"),
    ] {
        if let Some(bound) = field.get(key).filter(|bound| bound.as_f64() != Some(0.0) || key == "maxItems") {
            told.push(format!("{} {words}", code(bound)));
        }
    }
    if let Some(values) = field["enum"].as_array() {
        told.push(format!("one of {}", values.iter().map(code).collect::<Vec<_>>().join(", ")));
    }
    if told.is_empty() { String::new() } else { format!("({})", told.join(", ")) }
}

/// Returns a schema's name or kind in a few words.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return link(name);
    }
    if let Some(value) = schema.get("const") {
        return code(value);
    }
    if schema["type"] == "array" {
        return format!("list of {}", shape(&schema["items"]));
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(variants) = schema[key].as_array() {
            return variants.iter().map(shape).collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind),
    }
}

fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(fields) => {
            let own =
                fields.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn link(name: &str) -> String {
    let name = escaped(name);
    format!("<a href=\"#shape-{name}\"><code>{name}</code></a>")
}

fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn code(value: &Value) -> String {
    format!("<code>{}</code>", escaped(&value.to_string()))
}

fn pretty(value: &Value) -> String {
    escaped(&serde_json::to_string_pretty(value).unwrap_or_default())
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

/// Returns a sentence, with what stands between backticks as code.
fn prose(value: &Value) -> String {
    let mut html = String::new();
    for (place, part) in value.as_str().unwrap_or_default().split('`').enumerate() {
        let part = escaped(part);
        if place % 2 == 1 {
            _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
    html
}
