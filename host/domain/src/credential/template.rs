//! Templates of credentials: text with `{config:/pointer}` and `{secret:/pointer}` in it.

use serde_json::Value;

use crate::config::Config;
use crate::secret::Secret;
use crate::signature::place::json_pointer;

/// A template, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Stands for itself.
    Text(String),
    /// What stands at a pointer of the config.
    Config(String),
    /// The secret at a pointer of the config; of a list, the first.
    Secret(String),
    /// The token that the host fetches.
    Token,
}

/// What a template stands for. There is no `Debug`, because the text holds secrets.
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// The secrets within the text.
    pub(crate) secrets: Vec<Secret>,
}

impl Template {
    /// Reads a template; the error is a sentence for the author. An empty one stands for the empty text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let template = Self::parse_with_token(text)?;
        if template.0.contains(&Piece::Token) {
            return Err(
                "{token} stands only in the value of a header, where token or oauth2 says how it is fetched".to_owned()
            );
        }
        Ok(template)
    }

    /// The same, where `{token}` may stand for a token that the host fetches.
    pub(crate) fn parse_with_token(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once('{') {
            let (variable, after) = from.split_once('}').ok_or_else(|| format!("\"{{{from}\" has no closing brace"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(match variable.split_once(':') {
                Some(("config", pointer)) => json_pointer(pointer).map(Piece::Config)?,
                Some(("secret", pointer)) => json_pointer(pointer).map(Piece::Secret)?,
                None if variable == "token" => Piece::Token,
                _ => return Err(format!("{{{variable}}} is not {{config:/POINTER}} or {{secret:/POINTER}}")),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The template of one piece.
    pub(crate) fn of(piece: Piece) -> Self {
        Self(vec![piece])
    }

    /// The pieces, in order.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// What stands before, between and after its tokens; `None` and the error as for [`Template::render`].
    pub(crate) fn render_around_token(&self, config: &Config) -> Result<Option<Vec<Secret>>, String> {
        let mut parts = Vec::new();
        for pieces in self.0.split(|piece| *piece == Piece::Token) {
            let Some(Rendered { text, .. }) = Self(pieces.to_vec()).render(config)? else { return Ok(None) };
            parts.push(Secret::new(text));
        }
        Ok(Some(parts))
    }

    /// The text for this config; `None` where something that it names is not set. The error is a sentence for the operator
    /// and shows no value.
    pub(crate) fn render(&self, config: &Config) -> Result<Option<Rendered>, String> {
        let mut rendered = Rendered { text: String::new(), secrets: Vec::new() };
        for piece in &self.0 {
            let (pointer, is_secret) = match piece {
                Piece::Text(text) => {
                    rendered.text.push_str(text);
                    continue;
                }
                Piece::Token => continue,
                Piece::Config(pointer) => (pointer, false),
                Piece::Secret(pointer) => (pointer, true),
            };
            let found = config.effective().pointer(pointer);
            let first = found.and_then(Value::as_array).filter(|_| is_secret).map(|items| items.first());
            let text = match first.unwrap_or(found) {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::String(text)) if text.is_empty() => return Ok(None),
                Some(Value::String(text)) => text.clone(),
                Some(scalar @ (Value::Number(_) | Value::Bool(_))) => scalar.to_string(),
                Some(_) => return Err(format!("the config's {pointer} is not a text")),
            };
            rendered.text.push_str(&text);
            if is_secret {
                rendered.secrets.push(Secret::new(text));
            }
        }
        Ok(Some(rendered))
    }
}
