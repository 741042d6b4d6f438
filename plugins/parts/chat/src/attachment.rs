//! Pictures, films and files.

use std::fmt;

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
    pub fn from_provider(kind: AttachmentKind, url: impl Into<String>) -> Option<Self> {
        let url = url.into();
        let host = url.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
        let usable = !host.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control());
        usable.then_some(Self { kind, url, name: None, content_type: None, size_bytes: None })
    }
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
            "data:x",
        ] {
            assert!(!of(url), "{url}");
        }
    }
}
