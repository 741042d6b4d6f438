//! The texts of a token's declaration: filled in from a config, or checked without one.

use serde_json::Value;

use super::template::{Piece, Template};
use crate::config::Config;
use crate::fetched_token::{TextPlace, Texts};
use crate::grant::Ask;
use crate::manifest::problem::Problems;

/// Fills templates in.
pub(super) struct ConfigTexts<'a> {
    /// Pointer to the declaration.
    pub(super) at: String,
    pub(super) config: &'a Config,
    pub(super) consented: &'a Ask,
    pub(super) problems: &'a mut Problems,
}

impl Texts for ConfigTexts<'_> {
    fn text(&mut self, at: &str, template: &str, place: TextPlace) -> Option<String> {
        let pointer = format!("{}{at}", self.at);
        let template = self.problems.accept(&pointer, Template::parse(template))?;
        if place != TextPlace::Url {
            let rendered = self.problems.accept(&pointer, template.render(self.config))?;
            return rendered.map(|rendered| rendered.text);
        }
        if !template.pieces().iter().all(|piece| self.is_consented(piece)) {
            return None;
        }
        // A secret is encoded for the query, which is the only part of a URL that it may stand in.
        let mut url = String::new();
        for piece in template.pieces() {
            let is_secret = matches!(piece, Piece::Secret(_));
            let rendered = self.problems.accept(&pointer, Template::of(piece.clone()).render(self.config))??;
            url.push_str(&if is_secret { crate::fetched_token::percent(&rendered.text) } else { rendered.text });
        }
        Some(url)
    }

    fn wrong(&mut self, at: &str, why: &str) {
        self.problems.at(format!("{}{at}", self.at), why);
    }
}

impl ConfigTexts<'_> {
    /// Where the operator sets nothing, a default decides where his secrets go: only one that he has consented to does.
    fn is_consented(&self, piece: &Piece) -> bool {
        let Piece::Config(pointer) = piece else { return true };
        if self.config.value().pointer(pointer).is_some() {
            return true;
        }
        match self.config.effective().pointer(pointer) {
            Some(Value::String(text)) => self.consented.has_default(pointer, text),
            Some(other) => self.consented.has_default(pointer, &other.to_string()),
            None => true,
        }
    }
}
