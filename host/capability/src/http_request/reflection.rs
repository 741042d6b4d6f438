//! Whether an answer gives away a secret.

use std::sync::Arc;

use hookyard_domain::credential::{Credential, How};
use hookyard_domain::host_pattern::Origin;
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use hookyard_domain::secret::Secret;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};

use crate::outbound::Outbound;
use crate::vault::KnownSecret;

use super::failure::{Failure, HttpErrorCode, shown};
use super::fill::FilledRequest;

/// What must not turn up in the answers to one request: the secrets of the connection, and derived ones that this request
/// holds. A credential that says `reflects` excepts its own.
pub(super) struct Watch {
    connection: Arc<Redactor>,
    /// Of the request's own; `None` when they are all the connection's.
    request: Option<Redactor>,
    /// Whether there is anything to look for.
    pub(super) looks: bool,
}

impl Watch {
    pub(super) fn new(request: &FilledRequest, origin: &Origin, outbound: &Outbound) -> Self {
        let vault = outbound.vault();
        let mine: Vec<_> = request.secrets.iter().filter(|filled| filled.reflects).map(|filled| &filled.text).collect();
        let own: Vec<_> = request.secrets.iter().filter(|filled| !filled.reflects).map(|filled| &filled.text).collect();
        let looks = !own.is_empty() || vault.holds_any();
        let (redactor, tokens) = vault.watched();
        let watched = |text: &Secret| tokens.contains(text) && !mine.contains(&text);
        let unwatched: Vec<_> = own.into_iter().filter(|text| !watched(text)).collect();
        let request = (!unwatched.is_empty()).then(|| Redactor::new(unwatched));
        let tokens = tokens.iter().filter(|token| !mine.contains(token));
        Self { connection: connection_redactor(origin, outbound, redactor, tokens), request, looks }
    }

    /// Fails if a header, or the beginning of the body, holds a secret; and if nobody can tell, because the body is compressed
    /// though the request asked for it as it is.
    pub(super) fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Failure> {
        let searched = &body[..body.len().min(limit::EGRESS_SEARCHED_BYTES)];
        let names_too = headers.iter().any(|(name, value)| self.finds(name.as_ref()) || self.finds(value.as_bytes()));
        if names_too || self.finds(searched) {
            let why = "the answer held a secret and was withheld";
            return Err(Failure::new(HttpErrorCode::SecretReflected, why).noted());
        }
        let mut encodings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
        let encoding = encodings.find(|encoding| !encoding.trim_ascii().eq_ignore_ascii_case(b"identity"));
        match encoding.filter(|_| self.looks && !body.is_empty()) {
            Some(encoding) => {
                let encoding = shown(&String::from_utf8_lossy(encoding));
                let why = format!(
                    "the answer's content-encoding is {encoding}, though the request asked for none, so that secrets cannot be \
                     looked for in it; it was withheld"
                );
                Err(Failure::new(HttpErrorCode::Protocol, why).noted())
            }
            None => Ok(()),
        }
    }

    fn finds(&self, bytes: &[u8]) -> bool {
        self.connection.finds(bytes) || self.request.as_ref().is_some_and(|request| request.finds(bytes))
    }
}

/// `all` finds every secret of the connection; `tokens` are those fetched ones that answers must not hold.
fn connection_redactor<'t>(
    origin: &Origin,
    outbound: &'t Outbound,
    all: Arc<Redactor>,
    tokens: impl Iterator<Item = &'t Secret>,
) -> Arc<Redactor> {
    let reflecting: Vec<_> = outbound.credentials.for_origin(origin).filter(|credential| credential.reflects).collect();
    if reflecting.is_empty() {
        return all;
    }
    let watched =
        outbound.vault().secrets().filter(|known| !reflecting.iter().any(|credential| sends(credential, known)));
    Arc::new(Redactor::new(watched.map(|known| &known.text).chain(tokens)))
}

/// Whether this secret goes out with this credential.
fn sends(credential: &Credential, known: &KnownSecret) -> bool {
    match &credential.how {
        How::Header { value, .. } => value.expose().contains(known.text.expose()),
        How::Token { value, .. } => value.holds(&known.text),
        How::Basic { parts, .. } => parts.iter().any(|part| part.expose().contains(known.text.expose())),
        How::Place { secrets, .. } => known.pointers.iter().any(|pointer| secrets.matches(pointer)),
    }
}
