//! A field of a config that a client gives as a text.

use serde_json::{Number, Value};

use super::ConfigSchema;

impl ConfigSchema {
    /// The value of the top-level field `name` that this text stands for: the text itself, unless the schema takes no text there
    /// but a number or a boolean, and the text is one. What is none stays a text, for validation to refuse.
    pub fn value_of_text(&self, name: &str, text: &str) -> Value {
        let types = self.schema.place().named(name).types();
        if types.is_empty() || types.contains("string") {
            return Value::from(text);
        }
        let boolean = || text.parse::<bool>().ok().map(Value::Bool).filter(|_| types.contains("boolean"));
        let number = || text.parse::<Number>().ok().map(Value::Number);
        let number = || number().filter(|_| types.contains("number") || types.contains("integer"));
        boolean().or_else(number).unwrap_or_else(|| Value::from(text))
    }
}
