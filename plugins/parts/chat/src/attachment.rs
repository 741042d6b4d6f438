//! Pictures, films and files.

use std::fmt;

use hookyard_sdk::http::percent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something beside the text, by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: AttachmentKind,
    /// Where it is: absolute, `https:`.
    #[schemars(url, regex(pattern = r"^https://[^/?#\s\u0000-\u001f\u007f]+([/?#][^\s\u0000-\u001f\u007f]*)?$"))]
    pub url: String,
    /// Its name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its media type: `image/png`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

impl Attachment {
    /// One of which nothing but its kind and its place are known. `None` if the place is no absolute `https:` URL: what cannot be
    /// handed on to another messenger is none.
    ///
    /// Providers write addresses with characters that RFC 3986 does not have: the letters of a file's name, brackets, a lone `%`.
    /// They are encoded as browsers do it, for the schema accepts nothing else.
    pub fn from_provider(kind: AttachmentKind, url: impl AsRef<str>) -> Option<Self> {
        let rest = url.as_ref().strip_prefix("https://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let usable = is_authority(authority) && !path.chars().any(char::is_control);
        let url = usable.then(|| format!("https://{authority}{}", encoded(path)))?;
        Some(Self { kind, url, name: None, content_type: None, size_bytes: None })
    }
}

/// A name of ASCII, or an address of IPv4, and perhaps a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "443"));
    let of_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.bytes().all(of_host) && port.parse::<u16>().is_ok() && !port.starts_with('+')
}

/// Path, query and fragment with everything percent-encoded that may not stand there; what is encoded stays as it is.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut in_fragment = false;
    for (at, c) in text.char_indices() {
        let may_stand = match c {
            '%' => text[at + 1..].bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2,
            '#' => !std::mem::replace(&mut in_fragment, true),
            _ => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?".contains(c),
        };
        if may_stand {
            encoded.push(c);
        } else {
            encoded.push_str(&percent(c.encode_utf8(&mut [0; 4])));
        }
    }
    encoded
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Anything else.
    File,
}

impl fmt::Display for AttachmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::File => "file",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_https_url_is_a_place() {
        let of = |url: &str| Attachment::from_provider(AttachmentKind::Image, url).is_some();
        assert!(of("https://cdn.example/a.png?x=1#y") && of("https://cdn.example"));
        for url in [
            "",
            "http://cdn.example/a.png",
            "/a.png",
            "https://",
            "https:///a",
            "https://a b",
            "https://a/\n",
            "https://a/\u{85}",
            "https://[a]/b",
            "https://a@b/c",
            "https://a:b/c",
            "https://a:+1/c",
            "https://é.example/c",
            "data:x",
        ] {
            assert!(!of(url), "{url}");
        }
    }

    #[test]
    fn what_may_not_stand_in_a_url_is_encoded() {
        let rows = [
            ("https://a.example/año 1.png", "https://a.example/a%C3%B1o%201.png"),
            ("https://a.example?é=[1]&b=%c3%A9#é#", "https://a.example?%C3%A9=%5B1%5D&b=%c3%A9#%C3%A9%23"),
            ("https://a.example/100%/%4/%zz/%é", "https://a.example/100%25/%254/%25zz/%25%C3%A9"),
            ("https://a.example:8443/-._~!$&'()*+,;=:@/?#x", "https://a.example:8443/-._~!$&'()*+,;=:@/?#x"),
        ];
        for (written, expected) in rows {
            let attachment = Attachment::from_provider(AttachmentKind::File, written);
            assert_eq!(attachment.map(|attachment| attachment.url).as_deref(), Some(expected), "{written}");
        }
    }
}
