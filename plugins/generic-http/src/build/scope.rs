//! What values can come from.

use crate::config::Config;
use crate::definition::Value;
use crate::fields::{Fields, NoText};
use crate::problem::Problems;

/// The config and a call's fields; none, where only the definition is looked at.
pub(crate) struct Scope<'a> {
    pub(crate) config: &'a Config,
    pub(crate) fields: Option<&'a Fields>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// This text, which may hold the placeholder of a secret.
    Known { text: String, of_call: bool },
    /// The field is missing.
    Missing,
    /// Only a call can tell.
    Unknown,
}

impl Scope<'_> {
    /// The text of a value. Nothing, if the definition names what is not there; that is added to `problems`.
    pub(crate) fn resolve(&self, value: &Value, pointer: &str, problems: &mut Problems) -> Option<Resolved> {
        match value {
            Value::Text { text } => Some(Resolved::Known { text: text.clone(), of_call: false }),
            Value::Field { field } => self.field(field, pointer, problems),
            Value::Secret { secret, prefix } => self.secret(secret, prefix.as_deref(), pointer, problems),
        }
    }

    /// The placeholder of a secret, with what stands before it.
    pub(crate) fn secret(
        &self,
        name: &str,
        prefix: Option<&str>,
        pointer: &str,
        problems: &mut Problems,
    ) -> Option<Resolved> {
        let Some(kept) = self.config.secrets.get(name) else {
            problems.at(pointer, "unknown_secret", format!("the config has no secret {name:?} in `secrets`"));
            return None;
        };
        let text = format!("{}{}", prefix.unwrap_or_default(), kept.placeholder());
        Some(Resolved::Known { text, of_call: false })
    }

    /// The text of a field.
    pub(crate) fn field(&self, id: &str, pointer: &str, problems: &mut Problems) -> Option<Resolved> {
        if !self.config.has_field(id) {
            problems.at(pointer, "unknown_field", format!("the config has no field {id:?} in `fields`"));
            return None;
        }
        let Some(fields) = self.fields else { return Some(Resolved::Unknown) };
        match fields.text(id) {
            Ok(Some(text)) => Some(Resolved::Known { text: text.into_owned(), of_call: true }),
            Ok(None) => Some(Resolved::Missing),
            Err(NoText) => {
                let detail = "half a character, as of an emoji that was cut, cannot be sent";
                problems.push(true, pointer, "bad_text", detail);
                None
            }
        }
    }
}

/// The field at `pointer` has to be there and is not.
pub(crate) fn missing(pointer: &str, problems: &mut Problems) {
    problems.push(true, pointer, "missing_field", "the call has no value for this field");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_in_a_field_is_no_missing_field() {
        let config: Config = serde_json::from_str("{}").expect("a config");
        let fields: Fields = serde_json::from_str(r#"{"half": "a\ud83d"}"#).expect("fields");
        let scope = Scope { config: &config, fields: Some(&fields) };
        let mut problems = Problems::default();
        assert_eq!(scope.field("none", "/x", &mut problems), Some(Resolved::Missing));
        assert!(problems.is_empty());
        assert_eq!(scope.field("half", "/x", &mut problems), None);
        assert!(problems.are_of_call(), "another call can be right");
        let problems = problems.below("/request");
        assert_eq!(
            (problems.len(), problems[0].pointer.as_str(), problems[0].code.as_str()),
            (1, "/request/x", "bad_text")
        );
    }
}
