//! Whether a request can be right at all, before anybody asks whether it is granted.

use std::time::Duration;

use bytes::Bytes;
use hookyard_domain::host_pattern::Origin;
use hookyard_domain::limit;
use http::{HeaderName, Method};
use url::{Position, Url};

use crate::placeholder;

use super::HttpRequest;
use super::failure::{Failure, shown};

/// A request that can be sent once its placeholders are filled in.
pub(super) struct CheckedRequest {
    pub(super) method: Method,
    /// Holds placeholders in its path and its query only.
    pub(super) url: Url,
    pub(super) origin: Origin,
    /// With placeholders in the values only.
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Option<Bytes>,
    pub(super) timeout: Duration,
    pub(super) max_redirects: u32,
    /// Where the guest wants the body to be cut; `None`: no smaller bound than the host's.
    pub(super) cut: Option<usize>,
}

impl CheckedRequest {
    pub(super) fn of(request: HttpRequest) -> Result<Self, Failure> {
        let HttpRequest { method, url, headers, body, timeout, max_redirects, max_body_bytes } = request;
        let method = check_method(&method)?;
        let (url, origin) = check_url(&url)?;
        let body_bytes = body.as_ref().map_or(0, Bytes::len);
        if body_bytes > limit::EGRESS_BODY_BYTES_MAX {
            let bound = limit::EGRESS_BODY_BYTES_MAX;
            return Err(Failure::invalid(format!("the body has {body_bytes} bytes; at most {bound} are sent")));
        }
        let headers = check_headers(headers, &url, body_bytes)?;
        let cut = max_body_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        Ok(Self {
            method,
            url,
            origin,
            headers,
            body,
            timeout: timeout.unwrap_or(limit::EGRESS_TIMEOUT_DEFAULT).min(limit::EGRESS_TIMEOUT_MAX),
            max_redirects: max_redirects.min(limit::REDIRECTS_MAX),
            cut: cut.filter(|bytes| *bytes <= limit::EGRESS_ANSWER_BYTES_MAX),
        })
    }
}

fn check_method(text: &str) -> Result<Method, Failure> {
    let short = text.len() <= limit::EGRESS_METHOD_BYTES_MAX;
    let method = Method::from_bytes(text.as_bytes()).ok().filter(|_| short);
    let method = method.ok_or_else(|| Failure::invalid("this is no method, such as GET or POST"))?;
    if method == Method::CONNECT || method == Method::TRACE {
        return Err(Failure::invalid(format!("the host does not send {method}")));
    }
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Err(Failure::invalid("methods are written in capital letters"));
    }
    no_placeholder(text, "the method")?;
    Ok(method)
}

fn check_url(text: &str) -> Result<(Url, Origin), Failure> {
    check_url_length(text.len())?;
    let mut url: Url = text.parse().map_err(|error| Failure::invalid(format!("this is no absolute URL: {error}")))?;
    url.set_fragment(None);
    no_placeholder(&url[..Position::BeforePath], "the URL before its path")?;
    let origin = Origin::of(&url).map_err(|error| Failure::invalid(error.to_string()))?;
    Ok((url, origin))
}

pub(super) fn check_url_length(bytes: usize) -> Result<(), Failure> {
    if bytes <= limit::EGRESS_URL_BYTES_MAX {
        return Ok(());
    }
    let bound = limit::EGRESS_URL_BYTES_MAX;
    Err(Failure::invalid(format!("the URL has {bytes} bytes; at most {bound} are sent")))
}

fn no_placeholder(text: &str, place: &str) -> Result<(), Failure> {
    match placeholder::first(text.as_bytes()) {
        Some(found) => {
            Err(Failure::denied(format!("{place} holds the placeholder {found}, and no secret may go there")))
        }
        None => Ok(()),
    }
}

/// Headers without those that the host writes by itself and that say what it will say.
fn check_headers(
    headers: Vec<(String, String)>,
    url: &Url,
    body_bytes: usize,
) -> Result<Vec<(HeaderName, String)>, Failure> {
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    check_header_bounds(headers.len(), bytes)?;
    let mut checked = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        no_placeholder(&name, "the name of a header")?;
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Failure::invalid(format!("{:?} is no name of a header", shown(&name))))?;
        if !is_header_value(&value) {
            return Err(Failure::invalid(format!(
                "the header {parsed} holds more than visible ASCII characters, blanks and tabs"
            )));
        }
        match host_header(parsed.as_str(), value.trim(), url, body_bytes) {
            HostHeader::No => checked.push((parsed, value)),
            HostHeader::Agrees => {}
            HostHeader::Differs => {
                return Err(Failure::invalid(format!("the header {parsed} is written by the host; leave it out")));
            }
        }
    }
    Ok(checked)
}

pub(super) fn check_header_bounds(headers: usize, bytes: usize) -> Result<(), Failure> {
    if headers > limit::EGRESS_HEADERS_MAX {
        let bound = limit::EGRESS_HEADERS_MAX;
        return Err(Failure::invalid(format!("there are {headers} headers; at most {bound} are sent")));
    }
    if bytes > limit::EGRESS_HEADERS_BYTES_MAX {
        let bound = limit::EGRESS_HEADERS_BYTES_MAX;
        return Err(Failure::invalid(format!("the headers have {bytes} bytes; at most {bound} are sent")));
    }
    Ok(())
}

/// Visible ASCII, blanks and tabs: nothing that ends a line.
pub(super) fn is_header_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

enum HostHeader {
    No,
    /// Says what the host will say anyway: libraries like to write them.
    Agrees,
    Differs,
}

fn host_header(name: &str, value: &str, url: &Url, body_bytes: usize) -> HostHeader {
    let agrees = match name {
        "host" => {
            let host = url.host_str().unwrap_or_default();
            let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
            value.eq_ignore_ascii_case(host) || with_port.is_some_and(|host| value.eq_ignore_ascii_case(&host))
        }
        "content-length" => value.parse() == Ok(body_bytes),
        "connection" => value.eq_ignore_ascii_case("keep-alive") || value.eq_ignore_ascii_case("close"),
        name if is_hop_by_hop(name) || name == "expect" => false,
        _ => return HostHeader::No,
    };
    if agrees { HostHeader::Agrees } else { HostHeader::Differs }
}

/// Headers that speak of one connection rather than of the message (RFC 9110, section 7.6.1), and those of proxies.
pub(super) fn is_hop_by_hop(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    NAMES.contains(&name)
}
