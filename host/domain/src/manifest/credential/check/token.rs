//! What the declaration of a fetched token must fulfil beyond its shape.

use super::{Credential, check_template};
use crate::credential::template::{Piece, Template};
use crate::fetched_token::{TextPlace, Texts, TokenFetch};
use crate::manifest::credential::fetched::FetchedToken;
use crate::manifest::problem::Problems;
use crate::schema::Schema;

/// Checks `token` and `oauth2` of the credential at the pointer `at`, and that its value has a place for the token.
pub(super) fn check(credential: &Credential, at: &str, config: Option<&Schema>, problems: &mut Problems) {
    let Credential { value, token, oauth2, .. } = credential;
    let member = if token.is_some() { "token" } else { "oauth2" };
    if let Some(FetchedToken { exchange }) = token {
        let mut texts = CheckedTexts { at: format!("{at}/token/exchange"), config, problems };
        // What is missing is the config, and what is wrong has been noted.
        let _unfinished = TokenFetch::of_exchange(exchange, &mut texts);
    }
    if let Some(oauth2) = oauth2 {
        let mut texts = CheckedTexts { at: format!("{at}/oauth2"), config, problems };
        let _unfinished = TokenFetch::of_oauth2(oauth2, &mut texts);
    }
    if token.is_some() && oauth2.is_some() {
        problems.at(format!("{at}/oauth2"), "stands in place of token: leave one of them out");
    }
    if token.is_none() && oauth2.is_none() {
        return;
    }
    match value.as_deref().map(Template::parse_with_token) {
        None => problems.at(format!("{at}/{member}"), "goes with header and value"),
        Some(Ok(template)) if !template.pieces().contains(&Piece::Token) => {
            problems.at(format!("{at}/value"), "has no {token}, where the fetched token goes");
        }
        // What is no template is told elsewhere.
        Some(Ok(_) | Err(_)) => {}
    }
}

/// Checks templates; has the text of those only that hold none.
struct CheckedTexts<'a> {
    at: String,
    config: Option<&'a Schema>,
    problems: &'a mut Problems,
}

impl Texts for CheckedTexts<'_> {
    fn text(&mut self, at: &str, text: &str, place: TextPlace) -> Option<String> {
        let pointer = format!("{}{at}", self.at);
        let template = self.problems.accept(&pointer, Template::parse(text))?;
        check_template(&template, &pointer, self.config, self.problems);
        let secret_at = template.pieces().iter().position(|piece| matches!(piece, Piece::Secret(_)));
        if let Some(secret_at) = secret_at {
            let in_query = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('?'));
            if place == TextPlace::Name {
                self.problems.at(&pointer, "a secret can be neither a name nor a pointer");
            } else if place == TextPlace::Url && !template.pieces()[..secret_at].iter().any(in_query) {
                self.problems.at(&pointer, "a secret may stand in the query of a URL only");
            }
        }
        let is_constant = template.pieces().iter().all(|piece| matches!(piece, Piece::Text(_)));
        is_constant.then(|| text.to_owned())
    }

    fn wrong(&mut self, at: &str, why: &str) {
        self.problems.at(format!("{}{at}", self.at), why);
    }
}
