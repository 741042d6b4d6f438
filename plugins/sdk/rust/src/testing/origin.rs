//! Which hosts a plugin may reach: the host's rules for patterns and URLs. The tables in `tests/vectors/host_patterns.json` hold
//! both to them.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;
use url::{Host, Url};

/// Longest label of a name, in bytes.
const LABEL_BYTES_MAX: usize = 63;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 253;

/// Scheme, host and port of a URL. Names are in lower case and Punycode, addresses are addresses however they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    https: bool,
    host: Host<String>,
    port: u16,
}

impl Origin {
    /// Of an `http:` or `https:` URL without user and password, whose host is an address or a name as DNS knows them.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host()?.to_owned();
        let is_host = !matches!(&host, Host::Domain(name) if !is_name(name));
        let port = url.port_or_known_default().filter(|port| *port > 0)?;
        is_host.then_some(Self { https, host, port })
    }
}

/// `[http://]NAME[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    plain: bool,
    name: Name,
    /// None means any.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Exact(Host<String>),
    /// What follows `*.`.
    Below(String),
}

impl Pattern {
    /// What an entry of the manifest means with this config (defaults filled in): nothing, where the config does not have the
    /// URL that it names. The error is a sentence.
    pub(super) fn resolve(entry: &str, config: &Value) -> Result<Option<Self>, String> {
        let Some(pointer) = entry.strip_prefix("{config:").and_then(|rest| rest.strip_suffix('}')) else {
            return Self::parse(entry).map(Some).ok_or_else(|| format!("{entry:?} is no [http://]NAME[:PORT]"));
        };
        let text = match config.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text,
            Some(_) => return Err(format!("the config's {pointer} is not a text with a URL")),
        };
        let origin = Url::parse(text).ok().as_ref().and_then(Origin::of);
        let origin = origin.ok_or_else(|| format!("the config's {pointer} is no http: or https: URL: {text:?}"))?;
        Ok(Some(Self { plain: !origin.https, name: Name::Exact(origin.host), port: Some(origin.port) }))
    }

    /// Reads a pattern, which is in lower case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (plain, authority) = text.strip_prefix("http://").map_or((false, text), |authority| (true, authority));
        let (name, port) = split_port(authority);
        let port = match port {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port > 0)?)
            }
            Some(_) => return None,
            None => None,
        };
        Some(Self { plain, name: Name::parse(name)?, port })
    }

    /// Whether it grants an origin by itself. For plain HTTP it needs the prefix: without it, the real host asks whether the
    /// operator granted the private address that is dialled, and nothing is dialled here.
    pub(super) fn matches(&self, origin: &Origin) -> bool {
        self.plain != origin.https
            && self.port.is_none_or(|port| port == origin.port)
            && self.name.matches(&origin.host)
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        if let Some(literal) = text.strip_prefix('[') {
            return literal.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(|address| Self::Exact(Host::Ipv6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Exact(Host::Ipv4(address)));
        }
        match text.strip_prefix("*.") {
            Some(name) => is_name(name).then(|| Self::Below(name.to_owned())),
            None => is_name(text).then(|| Self::Exact(Host::Domain(text.to_owned()))),
        }
    }

    fn matches(&self, host: &Host<String>) -> bool {
        match (self, host) {
            (Self::Exact(exact), host) => exact == host,
            (Self::Below(name), Host::Domain(host)) => {
                host.strip_suffix(name.as_str()).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
            }
            (Self::Below(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

/// Name and port; the colons of a literal address of IPv6 stand within brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rfind(':') {
        Some(colon) if colon > authority.rfind(']').unwrap_or(0) => {
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        _ => (authority, None),
    }
}

/// Whether this is a name in lower case, and not one that a URL would take for an IPv4 address.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let ends_in_number = hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label) && !ends_in_number
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../../tests/vectors/host_patterns.json")).expect("JSON")
    }

    fn texts<'v>(vectors: &'v Value, table: &str) -> Vec<&'v str> {
        vectors[table].as_array().expect(table).iter().map(|text| text.as_str().expect("a text")).collect()
    }

    fn origin(url: &str) -> Option<Origin> {
        Url::parse(url).ok().as_ref().and_then(Origin::of)
    }

    #[test]
    fn what_the_real_host_grants_is_granted_and_nothing_else() {
        let vectors = vectors();
        let rows = vectors["matches"].as_array().expect("a table");
        assert!(rows.len() > 40);
        for row in rows {
            let text = |member: &str| row[member].as_str().expect("a text");
            let pattern = Pattern::parse(text("pattern")).expect("a pattern");
            let origin = origin(text("url")).expect("a URL");
            assert_eq!(pattern.matches(&origin), text("matches") == "yes", "{row}");
        }
    }

    #[test]
    fn patterns_and_urls_are_told_from_what_is_none() {
        let vectors = vectors();
        for good in texts(&vectors, "patterns") {
            assert!(Pattern::parse(good).is_some(), "{good:?}");
        }
        for bad in texts(&vectors, "not_patterns") {
            assert_eq!(Pattern::parse(bad), None, "{bad:?}");
        }
        for bad in texts(&vectors, "not_origins") {
            assert_eq!(origin(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_entry_may_name_a_url_of_the_config() {
        let config =
            json!({ "base": "http://127.0.0.1:8080/v4", "empty": "", "number": 1, "file": "file:///etc/passwd" });
        let resolved = |pointer: &str| Pattern::resolve(&format!("{{config:{pointer}}}"), &config);
        let base = resolved("/base").expect("a URL").expect("it is set");
        for (url, matches) in [
            ("http://127.0.0.1:8080/other", true),
            ("http://127.0.0.1:8081/v4", false),
            ("https://127.0.0.1:8080/v4", false),
        ] {
            assert_eq!(base.matches(&origin(url).expect("a URL")), matches, "{url}");
        }
        assert_eq!((resolved("/empty"), resolved("/absent")), (Ok(None), Ok(None)));
        assert!(resolved("/number").is_err() && resolved("/file").is_err());
        assert!(Pattern::resolve("https://api.x.com", &config).is_err());
    }
}
