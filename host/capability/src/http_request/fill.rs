//! Puts secrets where the manifest's credentials say, each encoded for its place.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use hookyard_domain::credential::{Credential, How, Place};
use hookyard_domain::fetched_token::TokenFetch;
use hookyard_domain::host_pattern::Origin;
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use hookyard_domain::secret::Secret;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use serde::de::IgnoredAny;
use url::Url;

use crate::outbound::Outbound;
use crate::placeholder::{self, Exposed};
use crate::secrets::{Derivations, PlacedToken, encode};
use crate::vault::KnownSecret;

use super::check::{CheckedRequest, check_header_bounds, check_url_length, is_header_value};
use super::failure::Failure;
use super::supply::Supplied;

/// A request as it goes onto the wire, and what of it may not go to another origin.
pub(super) struct FilledRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<FilledHeader>,
    pub(super) body: Option<Bytes>,
    /// Whether a secret is in the body.
    pub(super) secret_body: bool,
    /// Secrets in it that are none of the connection's own: derived ones, and those of Basic authentication.
    pub(super) secrets: Vec<FilledSecret>,
    /// Whether a fetched token is in it.
    pub(super) holds_token: bool,
    /// Tokens that it needs, and that were not at hand: until they are, it must not be sent.
    pub(super) missing: Vec<Arc<TokenFetch>>,
}

/// A secret in a request.
pub(super) struct FilledSecret {
    pub(super) text: Secret,
    /// Whether the provider's answers may hold it.
    pub(super) reflects: bool,
}

/// One header.
pub(super) struct FilledHeader {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    /// Whether a placeholder stood in it, or the host put it there.
    pub(super) secret: bool,
}

/// Fills in what the guest placed, then adds what the host puts in. A header that the host puts in replaces the guest's.
pub(super) fn fill(
    request: &CheckedRequest,
    outbound: &Outbound,
    derived: &Derivations,
    supplied: &[Supplied],
) -> Result<FilledRequest, Failure> {
    let credentials: Vec<_> = outbound.credentials.for_origin(&request.origin).collect();
    let mut filling = Filling {
        outbound,
        derived,
        origin: &request.origin,
        credentials: &credentials,
        supplied,
        secrets: Vec::new(),
        holds_token: false,
        missing: Vec::new(),
    };
    let url = filling.url(&request.url)?;
    let secret_url = url != request.url;
    let put = filling.put_headers()?;
    let mut headers = Vec::with_capacity(request.headers.len() + put.len() + 1);
    for (name, value) in request.headers.iter().filter(|(name, _)| put.iter().all(|put| put.name != *name)) {
        headers.push(filling.header(name, value)?);
    }
    headers.extend(put);
    let (body, secret_body) = filling.body(request)?;
    let Filling { secrets, holds_token, missing, .. } = filling;
    let secret_header = headers.iter().any(|header| header.secret);
    if outbound.vault().holds_any() || secret_body || !secrets.is_empty() || secret_url || secret_header {
        // A compressed answer could hold a secret that nobody finds, also one of an earlier request.
        headers.retain(|header| header.name != ACCEPT_ENCODING);
        let value = HeaderValue::from_static("identity");
        headers.push(FilledHeader { name: ACCEPT_ENCODING, value, secret: false });
    }
    let bytes = headers.iter().map(|header| header.name.as_str().len() + header.value.len()).sum();
    check_header_bounds(headers.len(), bytes)?;
    Ok(FilledRequest { method: request.method.clone(), url, headers, body, secret_body, secrets, holds_token, missing })
}

struct Filling<'a> {
    outbound: &'a Outbound,
    derived: &'a Derivations,
    origin: &'a Origin,
    credentials: &'a [&'a Credential],
    supplied: &'a [Supplied],
    secrets: Vec<FilledSecret>,
    holds_token: bool,
    missing: Vec<Arc<TokenFetch>>,
}

impl Filling<'_> {
    fn url(&mut self, url: &Url) -> Result<Url, Failure> {
        let mut filled = url.clone();
        let bound = limit::EGRESS_URL_BYTES_MAX;
        if let Cow::Owned(path) = self.text(url.path(), Place::Path, "the path", bound)? {
            check_segments(url.path(), &path)?;
            filled.set_path(&path);
        }
        if let Some(query) = url.query() {
            let query = self.text(query, Place::Query, "the query", bound)?;
            filled.set_query(Some(&query));
        }
        check_url_length(filled.as_str().len())?;
        Ok(filled)
    }

    fn header(&mut self, name: &HeaderName, value: &str) -> Result<FilledHeader, Failure> {
        let what = format!("the header {name}");
        let filled = self.text(value, Place::Header, &what, limit::EGRESS_HEADERS_BYTES_MAX)?;
        header(name.clone(), &filled, matches!(filled, Cow::Owned(_)))
    }

    /// What the host puts in by itself. The first credential of a header counts.
    fn put_headers(&mut self) -> Result<Vec<FilledHeader>, Failure> {
        let mut headers: Vec<FilledHeader> = Vec::new();
        for credential in self.credentials {
            let name = match &credential.how {
                How::Header { name, .. } | How::Token { name, .. } => name.clone(),
                How::Basic { .. } => AUTHORIZATION,
                How::Place { .. } => continue,
            };
            if headers.iter().all(|header| header.name != name) {
                let value = match &credential.how {
                    How::Header { value, .. } | How::Basic { value, .. } => value.clone(),
                    How::Token { value, fetch, .. } => value.with(&self.token(fetch, credential.reflects)),
                    How::Place { .. } => continue,
                };
                headers.push(header(name, value.expose(), true)?);
                // Other values hold secrets of the vault as they are, and those are looked for anyway.
                if let (How::Basic { .. }, Some((_, encoded))) = (&credential.how, value.expose().split_once(' ')) {
                    self.secrets.push(FilledSecret { text: Secret::new(encoded), reflects: credential.reflects });
                }
            }
        }
        Ok(headers)
    }

    fn body(&mut self, request: &CheckedRequest) -> Result<(Option<Bytes>, bool), Failure> {
        let Some(body) = &request.body else { return Ok((None, false)) };
        let Some(found) = placeholder::first(body) else { return Ok((Some(body.clone()), false)) };
        let text = std::str::from_utf8(body).ok();
        let (text, place, what) = match (body_place(&request.headers), text) {
            (Some(Place::Json), Some(text)) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                (text, Place::Json, "the JSON body")
            }
            (Some(Place::Form), Some(text)) => (text, Place::Form, "the form"),
            _ => {
                let why = format!(
                    "the body holds the placeholder {found}, but secrets go only into bodies that are JSON or a form, and \
                     whose content-type says so"
                );
                return Err(Failure::denied(why));
            }
        };
        let filled = self.text(text, place, what, limit::EGRESS_BODY_BYTES_MAX)?;
        Ok((Some(Bytes::from(filled.into_owned())), true))
    }

    /// Fills in each placeholder of `text`, up to `bound` bytes in all.
    fn text<'t>(&mut self, text: &'t str, place: Place, what: &str, bound: usize) -> Result<Cow<'t, str>, Failure> {
        let mut left = bound.saturating_sub(text.len());
        placeholder::fill_text(text, |placeholder| {
            let encoded = match self.derived.token(placeholder) {
                Some(token) => self.placed_token(&token, place, what)?,
                None => self.placed_secret(placeholder, place, what)?,
            };
            let bytes = encoded.expose().len();
            left = left
                .checked_sub(bytes)
                .ok_or_else(|| Failure::invalid(format!("{what} has more than {bound} bytes with its secrets")))?;
            if place == Place::Header && !is_header_value(encoded.expose()) {
                let name =
                    self.known(placeholder, what).map_or_else(|_| "the token".to_owned(), |secret| secret.name());
                return Err(Failure::invalid(format!("{name} cannot stand in a header: {NO_HEADER_VALUE}")));
            }
            Ok(Exposed(encoded))
        })
    }

    /// A secret of the config, or one that was derived, encoded for its place.
    fn placed_secret(&mut self, placeholder: &str, place: Place, what: &str) -> Result<Secret, Failure> {
        let secret = self.known(placeholder, what)?;
        let reflects = check_place(self.credentials, self.origin, &secret, place, what).map_err(Failure::denied)?;
        if self.outbound.vault().secret(placeholder).is_none() {
            self.secrets.push(FilledSecret { text: secret.text.clone(), reflects });
        }
        Ok(match place {
            Place::Header => secret.text.clone(),
            Place::Path => Secret::new(encode::path_segment(secret.text.expose())),
            Place::Query | Place::Form => Secret::new(encode::percent(secret.text.expose())),
            Place::Json => Secret::new(encode::json_string(secret.text.expose())),
        })
    }

    /// A token that the guest has named: it goes into headers, to its own hosts.
    fn placed_token(&mut self, token: &PlacedToken, place: Place, what: &str) -> Result<Secret, Failure> {
        if place != Place::Header {
            return Err(Failure::denied(format!(
                "{what} holds a fetched token, which stands in values of headers only"
            )));
        }
        if !self.outbound.credentials.reach(&token.hosts, self.origin) {
            let why = format!("{what} holds a fetched token whose document does not name {}", self.origin);
            return Err(Failure::denied(why));
        }
        let text = self.token(&token.fetch, false);
        // Else a provider that repeats a secret would let the guest send it on to hosts that no credential names.
        let bytes = text.expose().as_bytes();
        if self.outbound.vault().configured().finds(bytes) || Redactor::new(token.fetch.secrets()).finds(bytes) {
            return Err(Failure::denied(format!("{what} holds a fetched token that is a secret of the config")));
        }
        Ok(text)
    }

    /// The token that this fetch gives; where it is not at hand, something in its place, and it is noted as missing.
    fn token(&mut self, fetch: &Arc<TokenFetch>, reflects: bool) -> Secret {
        let Some(supplied) = self.supplied.iter().find(|supplied| Arc::ptr_eq(&supplied.fetch, fetch)) else {
            if self.missing.iter().all(|missing| !Arc::ptr_eq(missing, fetch)) {
                self.missing.push(Arc::clone(fetch));
            }
            return Secret::new("0");
        };
        let text = supplied.taken.token().clone();
        self.outbound.vault().learn(supplied.taken.way(), &text);
        self.secrets.push(FilledSecret { text: text.clone(), reflects });
        self.holds_token = true;
        text
    }

    fn known(&self, placeholder: &str, what: &str) -> Result<Arc<KnownSecret>, Failure> {
        let known = self.outbound.vault().secret(placeholder).cloned().or_else(|| self.derived.secret(placeholder));
        known.ok_or_else(|| {
            Failure::denied(format!("{what} holds {placeholder}, which stands for no secret of this invocation"))
        })
    }
}

/// Fails if a segment, once it is filled in, is one that means another path: whoever reads it next would drop it.
fn check_segments(path: &str, filled: &str) -> Result<(), Failure> {
    // No secret brings a slash of its own.
    let mut segments = path.split('/').zip(filled.split('/'));
    if segments.any(|(before, after)| before != after && means_another_path(after)) {
        return Err(Failure::invalid(
            "with its secrets, the path has a segment that is empty, `.` or `..`, which means another path",
        ));
    }
    Ok(())
}

/// Whether this segment is empty, `.` or `..`, also to those who decode it once more than they should.
fn means_another_path(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%25", "%").replace("%2e", ".");
    matches!(plain.as_str(), "" | "." | "..")
}

/// Fails unless one of these credentials, which are those for the origin, lets each secret that is in this one go to this place. Then
/// says whether answers may hold it.
pub(crate) fn check_place(
    credentials: &[&Credential],
    origin: &Origin,
    secret: &KnownSecret,
    place: Place,
    what: &str,
) -> Result<bool, String> {
    let mut reflects = !secret.pointers.is_empty();
    for pointer in &secret.pointers {
        let mut allowing = credentials.iter().filter(|credential| allows(credential, place, pointer)).peekable();
        if allowing.peek().is_none() {
            let name = secret.name();
            return Err(format!("no credential of the manifest lets {name} into {what} of a request to {origin}"));
        }
        reflects &= allowing.any(|credential| credential.reflects);
    }
    Ok(reflects)
}

fn allows(credential: &Credential, place: Place, pointer: &str) -> bool {
    match &credential.how {
        How::Place { places, secrets } => places.contains(&place) && secrets.matches(pointer),
        How::Header { .. } | How::Token { .. } | How::Basic { .. } => false,
    }
}

const NO_HEADER_VALUE: &str = "it holds more than visible ASCII characters, blanks and tabs";

fn header(name: HeaderName, value: &str, secret: bool) -> Result<FilledHeader, Failure> {
    let parsed = HeaderValue::from_str(value).ok().filter(|_| is_header_value(value));
    let mut value =
        parsed.ok_or_else(|| Failure::invalid(format!("the header {name} cannot be sent: {NO_HEADER_VALUE}")))?;
    value.set_sensitive(secret);
    Ok(FilledHeader { name, value, secret })
}

/// What the content-type says that the body is. Several of them, or none, say nothing.
fn body_place(headers: &[(HeaderName, String)]) -> Option<Place> {
    let mut types = headers.iter().filter(|(name, _)| *name == CONTENT_TYPE).map(|(_, value)| value);
    let (Some(only), None) = (types.next(), types.next()) else { return None };
    let essence = only.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Some(Place::Form),
        "application/json" => Some(Place::Json),
        other if other.ends_with("+json") => Some(Place::Json),
        _ => None,
    }
}
