//! The fields of the call that sends a message.

use hookyard_chat::invalid_input;
use hookyard_key_path::{Leaf, RowError, Tree, ValueError};
use hookyard_sdk::{Error, RawValue};

use super::SendMessage;
use crate::config::{Config, SendEncoding};

/// The code of fields that make no body together.
const FIELDS_INVALID: &str = "send-fields-invalid";

/// Rows of key path and value, in the order in which they are sent.
pub(super) struct Fields<'a>(Vec<Field<'a>>);

struct Field<'a> {
    source: Source,
    name: &'a str,
    key: &'a str,
    value: Value<'a>,
}

/// Who can put a field right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// `send_fields` of the config.
    Named,
    /// `send_extra` of the config.
    Extra,
    /// `selarti.extra` of the call.
    Call,
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Text(&'a str),
    Json(&'a RawValue),
}

impl<'a> Fields<'a> {
    /// Those of a call. What the call says of a key path counts more than what the config says.
    pub(super) fn of(config: &'a Config, input: &'a SendMessage) -> Self {
        let call = &input.selarti.extra;
        let text = input.text.as_deref().unwrap_or_default();
        let mut fields = Self::of_config(config, input.conversation_id.as_str(), text);
        fields.0.retain(|field| field.source != Source::Extra || !call.contains_key(field.key));
        fields.0.extend(call.iter().map(|(key, value)| Field {
            source: Source::Call,
            name: key,
            key,
            value: Value::Json(value),
        }));
        fields
    }

    fn of_config(config: &'a Config, chat_id: &'a str, text: &'a str) -> Self {
        let keys = &config.send_fields;
        let named = [
            ("chat_id", &keys.chat_id, chat_id),
            ("task", &keys.task, config.task_id.trim()),
            ("text", &keys.text, text),
        ];
        let named =
            named.map(|(name, key, value)| Field { source: Source::Named, name, key, value: Value::Text(value) });
        let extra = config.send_extra.iter().map(|(key, value)| Field {
            source: Source::Extra,
            name: key,
            key,
            value: Value::Json(value),
        });
        Self(named.into_iter().chain(extra).collect())
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<String, Error> {
        let tree = self.tree(|value| match value {
            Value::Text(text) => Ok(Leaf::text(text)),
            Value::Json(json) => Leaf::json(json.get()),
        });
        Ok(tree.into_json().map_err(|errors| self.invalid(&errors))?.unwrap_or_default())
    }

    /// The body as the pairs of a form. Numbers and `true` are written as they are, `null` as nothing.
    pub(super) fn form(&self) -> Result<Vec<(String, String)>, Error> {
        let tree = self.tree(|value| {
            let json = match value {
                Value::Text(text) => return Ok(Leaf::text(text)),
                Value::Json(json) => json.get(),
            };
            match json.as_bytes().first() {
                Some(b'{' | b'[') => Err(ValueError::FormNeedsText),
                Some(b'n') => Ok(Leaf::text("")),
                Some(b'"') => {
                    let text = hookyard_sdk::json::parse::<String>(json.as_bytes());
                    text.map(Leaf::Text).map_err(|error| ValueError::BadJson(error.message))
                }
                _ => Ok(Leaf::text(json)),
            }
        });
        tree.into_form().map_err(|errors| self.invalid(&errors))
    }

    fn tree(&self, leaf: impl Fn(Value<'a>) -> Result<Leaf, ValueError>) -> Tree {
        let mut tree = Tree::default();
        for Field { key, value, .. } in &self.0 {
            if tree.add(key, leaf(*value)).is_break() {
                break;
            }
        }
        tree
    }

    /// What is wrong with the config is `failed`: whoever calls cannot put it right. What is wrong with the call is `invalid`.
    fn invalid(&self, errors: &[RowError]) -> Error {
        let at = |error: &RowError| self.0.get(error.row);
        let of_call = |error: &&RowError| at(error).is_some_and(|field| field.source == Source::Call);
        if let Some(error) = errors.iter().find(|error| !of_call(error)) {
            return Error::failed(FIELDS_INVALID, self.sentence(error));
        }
        let Some(error) = errors.first() else { return Error::failed(FIELDS_INVALID, "the fields make no body") };
        let name = at(error).map_or("", |field| field.name).replace('~', "~0").replace('/', "~1");
        invalid_input(error.code(), &format!("/selarti/extra/{name}"), &self.sentence(error))
    }

    /// `send_fields.text, column 5: the bracket is not closed`.
    fn sentence(&self, error: &RowError) -> String {
        let (list, name) = match self.0.get(error.row) {
            Some(Field { source: Source::Named, name, .. }) => ("send_fields", *name),
            Some(Field { source: Source::Extra, name, .. }) => ("send_extra", *name),
            Some(Field { source: Source::Call, name, .. }) => ("selarti.extra", *name),
            None => ("send_extra", ""),
        };
        let column = error.column().map(|column| format!(", column {column}")).unwrap_or_default();
        format!("{list}.{}{column}: {}", hookyard_sdk::http::excerpt(name), error.problem)
    }
}

/// Whether the fields of the config make a body: `invalid` `send-fields-invalid` if not.
pub(crate) fn check(config: &Config) -> Result<(), Error> {
    let fields = Fields::of_config(config, "1", "text");
    let made = match config.send_encoding {
        SendEncoding::Json => fields.json().map(drop),
        SendEncoding::Form => fields.form().map(drop),
    };
    made.map_err(|error| Error::invalid(error.code, error.message))
}
