//! The shapes that a webhook may have: which of them Selarti uses is not documented.

use serde_json::{Map, Value, json};

/// How webhooks look.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// How flags are written.
    pub booleans: Booleans,
    /// How contact data is written.
    pub contacts: Contacts,
    /// What the body is.
    pub encoding: Encoding,
    /// What the fields stand in.
    pub wrapper: Wrapper,
    /// How the author's kind is written.
    pub types: Types,
    /// Ids are numbers above 2^53; the chat's stays as it was sent.
    pub ids_as_numbers: bool,
    /// The names of fields begin with a capital letter.
    pub capitals: bool,
    /// Fields that are left out.
    pub without: Vec<&'static str>,
    /// Further fields.
    pub more: Map<String, Value>,
    /// Every webhook comes so many times more.
    pub extra_copies: usize,
    /// The answer comes before the echo of what it answers.
    pub answer_first: bool,
}

/// How a flag is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Booleans {
    /// `true`, `false`.
    #[default]
    Json,
    /// `"yes"`, `"no"`.
    Yes,
    /// `"да"`, `"нет"`.
    Da,
    /// `1`, `0`.
    Digits,
    /// `"TRUE "`, `""`.
    Text,
    /// `null`, whatever it is.
    Null,
    /// `"maybe"`, whatever it is.
    Odd,
}

/// How contact data is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Contacts {
    /// `""`.
    #[default]
    Empty,
    /// `"+79990001122"`.
    Text,
    /// `[]`.
    EmptyList,
    /// `[{"type": "phone", "value": "+79990001122"}]`.
    List,
    /// `{"phone": "+79990001122", "username": "@anna_p"}`.
    Object,
    /// `null`.
    Null,
}

/// What the body of a webhook is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`; a wrapper is ignored.
    Form,
}

/// What the fields of a webhook stand in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing.
    #[default]
    None,
    /// An object's only member of this name: `data`, `body`, `response`.
    Member(&'static str),
    /// A list of one.
    List,
}

/// How the author's kind is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Types {
    /// `bot`, `operator`, `user`.
    #[default]
    English,
    /// `бот`, `оператор`, `пользователь`.
    Russian,
    /// `assistant`, `manager`, `client`.
    Other,
}

impl Booleans {
    pub(super) fn write(self, flag: bool) -> Value {
        match self {
            Self::Json => json!(flag),
            Self::Yes => json!(if flag { "yes" } else { "no" }),
            Self::Da => json!(if flag { "да" } else { "нет" }),
            Self::Digits => json!(u8::from(flag)),
            Self::Text => json!(if flag { "TRUE " } else { "" }),
            Self::Null => Value::Null,
            Self::Odd => json!("maybe"),
        }
    }
}

impl Contacts {
    pub(super) fn write(self) -> Value {
        const PHONE: &str = "+79990001122";
        match self {
            Self::Empty => json!(""),
            Self::Text => json!(PHONE),
            Self::EmptyList => json!([]),
            Self::List => json!([{ "type": "phone", "value": PHONE }]),
            Self::Object => json!({ "phone": PHONE, "username": "@anna_p" }),
            Self::Null => Value::Null,
        }
    }
}

impl Types {
    pub(super) fn write(self, author: &str) -> &str {
        match (self, author) {
            (Self::Russian, "bot") => "бот",
            (Self::Russian, "operator") => "оператор",
            (Self::Russian, "user") => "пользователь",
            (Self::Other, "bot") => "assistant",
            (Self::Other, "operator") => "manager",
            (Self::Other, "user") => "client",
            (_, author) => author,
        }
    }
}

impl Style {
    /// The body of a webhook with these fields, and its content type.
    pub(super) fn write(&self, fields: &Value) -> (String, &'static str) {
        let fields = self.named(fields);
        match (self.encoding, self.wrapper) {
            (Encoding::Form, _) => (form(&fields), "application/x-www-form-urlencoded"),
            (Encoding::Json, Wrapper::None) => (Value::Object(fields).to_string(), "application/json"),
            (Encoding::Json, Wrapper::Member(name)) => (json!({ name: fields }).to_string(), "application/json"),
            (Encoding::Json, Wrapper::List) => (json!([fields]).to_string(), "application/json"),
        }
    }

    fn named(&self, fields: &Value) -> Map<String, Value> {
        let kept = fields.as_object().into_iter().flatten().filter(|(name, _)| !self.without.contains(&name.as_str()));
        let all = kept.map(|(name, value)| (name.clone(), value.clone())).chain(self.more.clone());
        if self.capitals { all.map(|(name, value)| (capital(&name), value)).collect() } else { all.collect() }
    }
}

fn capital(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Texts as they are, all else as JSON, nothing for `null`.
fn form(fields: &Map<String, Value>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        match value {
            Value::Null => form.append_pair(name, ""),
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}
