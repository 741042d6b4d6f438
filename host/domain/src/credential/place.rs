//! Where in a request a guest may place a secret.

use std::fmt;
use std::str::FromStr;

/// A part of a request. What is placed there is encoded for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The value of a header.
    Header,
    /// A segment of the URL's path.
    Path,
    /// The value of a query parameter.
    Query,
    /// The value of a field of a form-encoded body.
    Form,
    /// A string within a JSON body.
    Json,
}

/// A word that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of header, path, query, form, json")]
pub struct UnknownPlace(String);

impl Place {
    const ALL: [Self; 5] = [Self::Header, Self::Path, Self::Query, Self::Form, Self::Json];

    /// The word of the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Path => "path",
            Self::Query => "query",
            Self::Form => "form",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Place {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        Self::ALL.into_iter().find(|place| place.as_str() == text).ok_or_else(|| UnknownPlace(text.to_owned()))
    }
}
