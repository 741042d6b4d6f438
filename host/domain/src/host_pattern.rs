//! Host patterns: which hosts a manifest asks for and an operator grants. This is the only reader of them and the only matcher.

mod origin;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use origin::{Origin, OriginError};

/// `[http://]NAME[:PORT]`. `NAME` is exact, `*.NAME` (one or more labels before it) or an IP literal, in lower case; no port
/// means any.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPattern {
    plain: bool,
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Name {
    Exact(String),
    /// What follows `*.`.
    Below(String),
    Address(IpAddr),
}

/// How a pattern speaks of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostMatch {
    /// Not at all.
    No,
    /// It grants it.
    Yes,
    /// It names the host, but the scheme is http and the pattern has no `http://`: granted to private addresses only.
    PlainToPrivate,
}

/// Why a text is not a host pattern, as words that follow the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHostPattern {
    /// It begins with the scheme that is understood.
    #[error("needs no https://, which is the rule; write NAME[:PORT]")]
    Https,
    /// It has capital letters.
    #[error("must be in lower case, as host names are compared")]
    UpperCase,
    /// It has a slash or a path.
    #[error("has a path, but hosts are granted as a whole; write NAME[:PORT]")]
    Path,
    /// Anything else.
    #[error("is not a host pattern, such as api.example.com, *.example.com:8443 or http://10.0.0.5")]
    Shape,
}

impl HostPattern {
    /// Scheme, host and port of this URL, exactly.
    pub fn of_url(url: &Url) -> Result<Self, OriginError> {
        let origin = Origin::of(url)?;
        Ok(Self { port: Some(origin.port), ..Self::granting(&origin) })
    }

    /// The pattern that an operator would write to grant this origin: without the port where it is the scheme's own.
    pub fn granting(origin: &Origin) -> Self {
        let name = match &origin.host {
            Host::Domain(name) => Name::Exact(name.clone()),
            Host::Ipv4(address) => Name::Address(IpAddr::V4(*address)),
            Host::Ipv6(address) => Name::Address(IpAddr::V6(*address)),
        };
        Self { plain: !origin.https, name, port: (!origin.has_default_port()).then_some(origin.port) }
    }

    /// Whether this pattern grants an origin. A pattern with `http://` says nothing of https.
    pub fn matches(&self, origin: &Origin) -> HostMatch {
        let port_fits = self.port.is_none_or(|port| port == origin.port);
        if !port_fits || !self.name.matches(&origin.host) || (self.plain && origin.https) {
            HostMatch::No
        } else if origin.https || self.plain {
            HostMatch::Yes
        } else {
            HostMatch::PlainToPrivate
        }
    }

    /// Whether this pattern grants everything that `other` grants.
    pub fn covers(&self, other: &Self) -> bool {
        let port_fits = self.port.is_none() || self.port == other.port;
        self.plain == other.plain && port_fits && self.name.covers(&other.name)
    }
}

impl Name {
    fn matches(&self, host: &Host<String>) -> bool {
        match (self, host) {
            (Self::Exact(name), Host::Domain(host)) => name == host,
            (Self::Below(name), Host::Domain(host)) => is_below(host, name),
            (Self::Address(IpAddr::V4(address)), Host::Ipv4(host)) => address == host,
            (Self::Address(IpAddr::V6(address)), Host::Ipv6(host)) => address == host,
            _ => false,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Below(name), Self::Exact(other)) => is_below(other, name),
            (Self::Below(name), Self::Below(other)) => name == other || is_below(other, name),
            _ => self == other,
        }
    }
}

/// Whether there is at least one label before `.name`.
fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).and_then(|labels| labels.strip_suffix('.')).is_some_and(|labels| !labels.is_empty())
}

impl FromStr for HostPattern {
    type Err = InvalidHostPattern;

    fn from_str(text: &str) -> Result<Self, InvalidHostPattern> {
        if text.starts_with("https://") {
            return Err(InvalidHostPattern::Https);
        }
        let (plain, authority) = text.strip_prefix("http://").map_or((false, text), |authority| (true, authority));
        if authority.contains('/') {
            return Err(InvalidHostPattern::Path);
        }
        if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidHostPattern::UpperCase);
        }
        let (name, port) = split_port(authority);
        let port = port.map(parse_port).transpose()?;
        Ok(Self { plain, name: Name::parse(name).ok_or(InvalidHostPattern::Shape)?, port })
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    let end_of_literal = authority.rfind(']').unwrap_or(0);
    match authority.rfind(':') {
        Some(colon) if colon > end_of_literal => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    }
}

fn parse_port(text: &str) -> Result<u16, InvalidHostPattern> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0).ok_or(InvalidHostPattern::Shape)
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('[') {
            return literal.strip_suffix(']')?.parse().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        match text.strip_prefix("*.") {
            Some(name) => origin::is_name(name).then(|| Self::Below(name.to_owned())),
            None => origin::is_name(text).then(|| Self::Exact(text.to_owned())),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.plain {
            f.write_str("http://")?;
        }
        match &self.name {
            Name::Exact(name) => f.write_str(name)?,
            Name::Below(name) => write!(f, "*.{name}")?,
            Name::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Name::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for HostPattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format_args!("{text:?} {error}")))
    }
}

#[cfg(test)]
mod tests;
