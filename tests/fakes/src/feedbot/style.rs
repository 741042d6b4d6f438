//! The shapes that an answer may have: which of them Feedbot uses is not documented, or hard to believe.

use serde_json::{Value, json};

/// How answers look. Without any change as the documentation prints them.
#[derive(Debug, Clone)]
pub struct Style {
    /// What the ids stand under: `ids:` or `ids`.
    pub ids: &'static str,
    /// Whether a comma stands behind the last id.
    pub trailing_comma: bool,
    /// How error codes are written.
    pub codes: Codes,
    /// The status of an error: 200, or what its code means.
    pub errors_are_200: bool,
    /// Whether a message's status is a text.
    pub status_is_text: bool,
    /// Ids that are left out at the end.
    pub ids_missing: usize,
}

/// How an error code is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Codes {
    /// `99`.
    #[default]
    Numbers,
    /// `"99"`.
    Texts,
    /// `"USER_NOT_AUTHORIZED"`.
    Names,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            ids: "ids:",
            trailing_comma: true,
            codes: Codes::Numbers,
            errors_are_200: true,
            status_is_text: false,
            ids_missing: 0,
        }
    }
}

impl Codes {
    /// 2 or 99.
    pub(super) fn write(self, code: u16) -> Value {
        match (self, code) {
            (Self::Numbers, _) => json!(code),
            (Self::Texts, _) => json!(code.to_string()),
            (Self::Names, 2) => json!("MISSING_PARAMS"),
            (Self::Names, _) => json!("USER_NOT_AUTHORIZED"),
        }
    }
}

impl Style {
    /// The body that says that these ids are in the queue.
    pub(super) fn accepted(&self, ids: &[String]) -> String {
        let given = &ids[..ids.len().saturating_sub(self.ids_missing)];
        let mut listed: Vec<String> = given.iter().map(|id| json!(id).to_string()).collect();
        if self.trailing_comma {
            listed.push(String::new());
        }
        format!("{{\n\"errorCode\":null,\n\"success\":true,\n\"{}\" : [\n{}\n]\n}}", self.ids, listed.join(",\n"))
    }
}
