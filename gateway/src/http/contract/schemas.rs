//! JSON Schemas of what is read and of what is sent, by name. It knows no operation.

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

/// Collects the schemas that a document refers to.
#[derive(Debug)]
pub(super) struct Schemas {
    taken: SchemaGenerator,
    sent: SchemaGenerator,
}

impl Schemas {
    /// Returns none yet; references point to `#/components/schemas/`.
    pub(super) fn new() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
        };
        Self {
            taken: settings().for_deserialize().into_generator(),
            sent: settings().for_serialize().into_generator(),
        }
    }

    /// Returns the schema of what clients send: what has a default may be left out.
    pub(super) fn taken<T: JsonSchema>(&mut self) -> Value {
        self.taken.subschema_for::<T>().to_value()
    }

    /// Returns the schema of what clients are sent: what is always there may be relied upon.
    pub(super) fn sent<T: JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().to_value()
    }

    /// Returns the schemas of an enum's variants, which then need no name together.
    pub(super) fn take_variants<T: JsonSchema>(&mut self) -> Vec<Value> {
        let schema = T::json_schema(&mut self.taken).to_value();
        let variants = schema.get("oneOf").and_then(Value::as_array);
        variants.cloned().unwrap_or_default()
    }

    /// Returns all of them by name.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut all = self.taken.take_definitions(true);
        all.extend(self.sent.take_definitions(true));
        all
    }
}
