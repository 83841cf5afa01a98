//! Writes the committed bindings, the descriptor set and the list of fields from the `.proto` files.
//!
//! `cargo run -p proto --example contract` after each change of a `.proto` file. The tests call the same functions
//! and fail when the committed files differ from what they return.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};

/// Where the committed files live, relative to the crate.
pub const GENERATED: &str = "src/generated";
/// The list of fields that may never change number or type.
pub const FIELDS: &str = "fields.txt";
const PACKAGE: &str = "smallbiz.chatbot.v1";
const FILES: [&str; 5] = ["types", "chat", "retriever", "generator", "ingestor"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, bytes) in generate()? {
        fs::write(root.join(path), bytes)?;
    }
    let committed = fs::read_to_string(root.join(FIELDS)).unwrap_or_default();
    let broken = broken_fields(&committed, &fields(&descriptors()?));
    if !broken.is_empty() {
        return Err(
            format!("these fields were promised to callers and changed:\n{}", broken.join("\n")).into()
        );
    }
    fs::write(root.join(FIELDS), fields(&descriptors()?).join("\n") + "\n")?;
    Ok(())
}

/// Returns every generated file as its path relative to the crate and its bytes.
///
/// # Errors
/// When a `.proto` file does not parse.
pub fn generate() -> Result<BTreeMap<PathBuf, Vec<u8>>, Box<dyn std::error::Error>> {
    let out = tempfile::tempdir()?;
    let descriptor_path = out.path().join("descriptor.bin");
    tonic_prost_build::configure()
        .out_dir(out.path())
        .file_descriptor_set_path(&descriptor_path)
        .bytes(".smallbiz.chatbot.v1.UploadRequest")
        .codec_path("crate::codec::Codec")
        .compile_fds(descriptors()?)?;
    let set = descriptors_without_comments()?;
    let mut files = BTreeMap::new();
    let bindings = fs::read(out.path().join(format!("{PACKAGE}.rs")))?;
    files.insert(Path::new(GENERATED).join(format!("{PACKAGE}.rs")), bindings);
    files.insert(Path::new(GENERATED).join("descriptor.bin"), prost::Message::encode_to_vec(&set));
    Ok(files)
}

/// Returns the parsed `.proto` files with their comments.
///
/// # Errors
/// When a `.proto` file does not parse.
pub fn descriptors() -> Result<FileDescriptorSet, Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = FILES.iter().map(|name| root.join(format!("smallbiz/chatbot/v1/{name}.proto")));
    Ok(protox::compile(files, [root])?)
}

fn descriptors_without_comments() -> Result<FileDescriptorSet, Box<dyn std::error::Error>> {
    let mut set = descriptors()?;
    for file in &mut set.file {
        file.source_code_info = None;
    }
    Ok(set)
}

/// Returns one line per field, enum value and method: its full name, number and type, sorted.
pub fn fields(set: &FileDescriptorSet) -> Vec<String> {
    let mut lines = Vec::new();
    for file in &set.file {
        for message in &file.message_type {
            message_fields(&format!("{}.{}", file.package(), message.name()), message, &mut lines);
        }
        for item in &file.enum_type {
            for value in &item.value {
                lines.push(format!("{}.{} = {}", file.package(), value.name(), value.number()));
            }
        }
        for service in &file.service {
            for method in &service.method {
                lines.push(format!(
                    "{}.{}/{} = {}{} -> {}{}",
                    file.package(),
                    service.name(),
                    method.name(),
                    if method.client_streaming() { "stream " } else { "" },
                    method.input_type(),
                    if method.server_streaming() { "stream " } else { "" },
                    method.output_type(),
                ));
            }
        }
    }
    lines.sort();
    lines
}

fn message_fields(name: &str, message: &DescriptorProto, lines: &mut Vec<String>) {
    for field in &message.field {
        let kind = match field.r#type() {
            Type::Message | Type::Enum => field.type_name().to_owned(),
            scalar => format!("{scalar:?}").to_lowercase(),
        };
        let label = match field.label() {
            Label::Repeated => "repeated ",
            Label::Optional | Label::Required => "",
        };
        lines.push(format!("{name}.{} = {} {label}{kind}", field.name(), field.number()));
    }
    for item in &message.enum_type {
        for value in &item.value {
            lines.push(format!("{name}.{} = {}", value.name(), value.number()));
        }
    }
    for nested in &message.nested_type {
        message_fields(&format!("{name}.{}", nested.name()), nested, lines);
    }
}

/// Returns the committed lines that `now` no longer holds: what would break a caller built before.
pub fn broken_fields(committed: &str, now: &[String]) -> Vec<String> {
    committed.lines().filter(|line| !now.iter().any(|other| other == line)).map(str::to_owned).collect()
}
