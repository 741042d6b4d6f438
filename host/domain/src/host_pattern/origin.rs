//! Where a request goes.

use std::fmt;

use url::{Host, Url};

use crate::limit;

/// Scheme, host and port of a URL.
///
/// The host is in its one normal form: names in lower case and Punycode; addresses as addresses, however they were written
/// (`2130706433`, `0x7f.1`, `[::ffff:7f00:1]`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether the scheme is https; else it is http.
    pub https: bool,
    /// The host.
    pub host: Host<String>,
    /// The port, also where it is the scheme's own.
    pub port: u16,
}

/// Why a request cannot go to a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Another scheme than http and https.
    #[error("the scheme is {0}, not https or http")]
    Scheme(String),
    /// A user or a password, which would end up in logs.
    #[error("the URL holds a user or a password; use a credential of the manifest")]
    Userinfo,
    /// The host is neither an address nor a name as DNS knows them.
    #[error("{0:?} is not a host name")]
    Host(String),
}

impl Origin {
    /// Where a request to this URL goes.
    pub fn of(url: &Url) -> Result<Self, OriginError> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(OriginError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::Userinfo);
        }
        let no_host = || OriginError::Host(url.host_str().unwrap_or_default().to_owned());
        let host = url.host().ok_or_else(no_host)?.to_owned();
        // `*.example.com` and `example.com.` are hosts for a URL; as names they would be mistaken for others.
        if let Host::Domain(name) = &host
            && !is_name(name)
        {
            return Err(no_host());
        }
        // Port 0 is none: it means "any" to those who listen, and nothing to those who dial.
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or_else(no_host)?;
        Ok(Self { https, host, port })
    }

    /// Whether the port is that of the scheme.
    pub fn has_default_port(&self) -> bool {
        self.port == if self.https { 443 } else { 80 }
    }
}

impl fmt::Display for Origin {
    /// `https://api.example.com`, with the port where it is not the scheme's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.has_default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Whether this is a name in lower case, and not one that a URL would take for an IPv4 address.
pub(super) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=limit::HOST_LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_hex =
        |text: &str| text.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let ends_in_number = last.bytes().all(|byte| byte.is_ascii_digit()) || is_hex(last);
    text.len() <= limit::HOST_NAME_BYTES_MAX && text.split('.').all(is_label) && !ends_in_number
}
