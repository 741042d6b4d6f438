//! `secrets.token`: a placeholder for a token that the host fetches when a request needs it.
//!
//! Scope: the connection's secrets, for the length of the invocation. Grant: each secret goes to the token endpoint only where a
//! `place` credential lets it, and the token to the hosts of the document only. Limit: number and bytes of documents. Act: noted;
//! nothing is fetched here.

use std::sync::Arc;

use hookyard_domain::credential::Place;
use hookyard_domain::fetched_token::{TextPlace, Texts, TokenDocument, TokenFetch, TokenSource};
use hookyard_domain::hex::hex;
use hookyard_domain::host_pattern::{HostPattern, Origin};
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;

use crate::effects::Effects;
use crate::http_request::check_place;
use crate::placeholder::{self, Exposed};
use crate::refusal::{Refusal, RefusalCode};

/// What a placeholder for a fetched token stands for.
pub(crate) struct PlacedToken {
    /// Where it may go.
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) fetch: Arc<TokenFetch>,
}

impl Effects {
    /// A placeholder for the token that `document` tells how to fetch; good for this invocation, in values of headers. The same
    /// document gives the same placeholder.
    pub fn fetch_token(&self, document: &str) -> Result<String, Refusal> {
        let document = TokenDocument::parse(document).map_err(|error| Refusal::invalid(error.to_string()))?;
        let url = match &document.source {
            TokenSource::Exchange(exchange) => &exchange.url,
            TokenSource::OAuth2(oauth2) => &oauth2.token_url,
        };
        let origin = url.parse().ok().and_then(|url| Origin::of(&url).ok());
        let mut texts = GuestTexts {
            effects: self,
            origin,
            at: "",
            left: limit::DERIVED_SECRETS_BYTES_MAX,
            filled: vec![],
            refusal: None,
        };
        let fetch = match &document.source {
            TokenSource::Exchange(exchange) => {
                texts.at = "/exchange";
                TokenFetch::of_exchange(exchange, &mut texts)
            }
            TokenSource::OAuth2(oauth2) => {
                texts.at = "/oauth2";
                TokenFetch::of_oauth2(oauth2, &mut texts)
            }
        };
        let GuestTexts { refusal, filled, .. } = texts;
        let fetch = match (fetch, refusal) {
            (Some(fetch), None) => fetch.with_secrets(filled),
            (_, Some(refusal)) => return Err(refusal),
            (None, None) => return Err(Refusal::invalid("the document tells of no token")),
        };
        let placeholder = self.placeholder_of(&fetch, &document.hosts);
        self.derived.keep_token(&placeholder, PlacedToken { hosts: document.hosts, fetch: Arc::new(fetch) })?;
        Ok(placeholder)
    }

    fn placeholder_of(&self, fetch: &TokenFetch, hosts: &[HostPattern]) -> String {
        let key = &self.scope.hash_key;
        let fingerprint = fetch.fingerprint(key, &self.scope.connection);
        let mut hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let parts: Vec<&[u8]> =
            [&b"fetched"[..], &fingerprint].into_iter().chain(hosts.iter().map(String::as_bytes)).collect();
        format!("hysec_{}", hex(&key.hash16(&parts)))
    }
}

/// The texts of a document: literal, with placeholders of the invocation in them.
struct GuestTexts<'a> {
    effects: &'a Effects,
    /// Of the token endpoint; `None` where that has none, which is told when its URL is read.
    origin: Option<Origin>,
    at: &'static str,
    /// Bytes of secrets that still fit.
    left: usize,
    /// The secrets that were filled in.
    filled: Vec<Secret>,
    /// The first one.
    refusal: Option<Refusal>,
}

impl Texts for GuestTexts<'_> {
    fn text(&mut self, at: &str, template: &str, place: TextPlace) -> Option<String> {
        let at = format!("{}{at}", self.at);
        match self.fill(&at, template, place) {
            Ok(text) => Some(text),
            Err(refusal) => {
                self.refusal.get_or_insert(refusal);
                None
            }
        }
    }

    fn wrong(&mut self, at: &str, why: &str) {
        let refusal = Refusal::invalid(format!("{}{at}: {why}", self.at));
        self.refusal.get_or_insert(refusal);
    }
}

impl GuestTexts<'_> {
    fn fill(&mut self, at: &str, template: &str, place: TextPlace) -> Result<String, Refusal> {
        let Some(found) = placeholder::first(template.as_bytes()) else { return Ok(template.to_owned()) };
        let denied = |why: String| Refusal::new(RefusalCode::Denied, format!("{at}: {why}"));
        let (place, what) = match place {
            TextPlace::Header => (Place::Header, "a header"),
            TextPlace::Json => (Place::Json, "the JSON body"),
            TextPlace::Form => (Place::Form, "the form"),
            TextPlace::Url | TextPlace::Name => {
                return Err(denied(format!("it holds the placeholder {found}, and no secret may go there")));
            }
        };
        let outbound = &self.effects.scope.outbound;
        let Some(origin) = &self.origin else { return Ok(String::new()) };
        let credentials: Vec<_> = outbound.credentials.for_origin(origin).collect();
        let (mut left, mut secrets) = (self.left, Vec::new());
        let filled = placeholder::fill_text(template, |placeholder| {
            let secret = self.effects.known_secret(placeholder).map_err(|refusal| denied(refusal.message))?;
            check_place(&credentials, origin, &secret, place, what).map_err(denied)?;
            left = left.checked_sub(secret.text.expose().len()).ok_or_else(|| {
                let max = limit::DERIVED_SECRETS_BYTES_MAX;
                Refusal::too_large(format!("{at}: the document has more than {max} bytes of secrets"))
            })?;
            secrets.push(secret.text.clone());
            Ok(Exposed(secret.text.clone()))
        })?;
        self.left = left;
        self.filled.extend(secrets);
        Ok(filled.into_owned())
    }
}
