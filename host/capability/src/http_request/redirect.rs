//! Where an answer sends the request on to, and what of the request may go along.

use hookyard_domain::host_pattern::Origin;
use hookyard_domain::limit;
use hookyard_domain::redaction::Redactor;
use http::header::PROXY_AUTHORIZATION;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION,
};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use url::Url;

use crate::secrets::Derivations;
use crate::vault::Vault;

use super::failure::{Failure, HttpErrorCode};
use super::fill::FilledRequest;

/// The URL to go on with, if the answer is a redirect that names one.
pub(super) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, Failure> {
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = headers.get(LOCATION).filter(|_| redirects) else { return Ok(None) };
    let unreadable = || Failure::new(HttpErrorCode::Protocol, "the answer redirects to something that is no URL");
    let text = location.to_str().map_err(|_| unreadable())?;
    if text.len() > limit::EGRESS_URL_BYTES_MAX {
        return Err(Failure::too_large(format!("the answer redirects to a URL of {} bytes", text.len())));
    }
    let mut url = from.join(text).map_err(|_| unreadable())?;
    url.set_fragment(None);
    Ok(Some(url))
}

impl FilledRequest {
    /// The request after this redirect. Nothing secret crosses from one origin to another: headers that hold secrets are left
    /// out, for good; a body or a URL that holds one is not sent there at all.
    pub(super) fn redirected(
        mut self,
        status: StatusCode,
        to: Url,
        crossing: bool,
        vault: &Vault,
        derived: &Derivations,
    ) -> Result<Self, Failure> {
        let get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if get {
            self.method = Method::GET;
            self.body = None;
            self.secret_body = false;
            self.headers.retain(|header| !CONTENT_HEADERS.contains(&header.name));
        }
        if crossing {
            if self.secret_body {
                return Err(Failure::denied("its body holds a secret, which is not sent on to another origin"));
            }
            let url = to.as_str().as_bytes();
            if vault.redactor().finds(url) || self.own_secrets(derived, url.len()).any(|own| own.finds(url)) {
                return Err(Failure::denied(
                    "the URL it was redirected to holds a secret, which is not sent to another origin",
                ));
            }
            self.holds_token = false;
            self.headers.retain(|header| !header.secret && !CREDENTIAL_HEADERS.contains(&header.name));
        }
        self.url = to;
        Ok(self)
    }

    /// What this request holds, and the invocation has derived, beside the connection's own secrets: one at a time, and only
    /// what so many bytes can hold.
    fn own_secrets(&self, derived: &Derivations, bytes: usize) -> impl Iterator<Item = Redactor> {
        let derived = derived.all();
        let filled: Vec<_> = self.secrets.iter().map(|filled| filled.text.clone()).collect();
        let all = filled.into_iter().chain(derived.into_iter().map(|known| known.text.clone()));
        all.filter(move |text| text.expose().len() <= bytes).map(|text| Redactor::new([&text]))
    }
}

const CONTENT_HEADERS: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION];
const CREDENTIAL_HEADERS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// Where a redirect leads to.
pub(super) fn origin(url: &Url) -> Result<Origin, Failure> {
    let wrong =
        |error| Failure::new(HttpErrorCode::Protocol, format!("it was redirected to where nothing is sent: {error}"));
    Origin::of(url).map_err(wrong)
}
