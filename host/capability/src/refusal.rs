//! The two ways in which a call of a guest does not succeed.

use std::error::Error;

/// Why a host call was refused: a value that the guest sees and may handle. Nothing has happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Refusal {
    /// A stable word.
    pub code: RefusalCode,
    /// What is wrong and what would be right, for the plugin's author.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Invalid, message)
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::TooLarge, message)
    }

    pub(crate) fn too_many(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::TooMany, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Unsupported, message)
    }
}

/// The words of the contract (`types.refusal`). Guests must expect others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// The operator has not granted it.
    Denied,
    /// The arguments cannot be right.
    Invalid,
    /// Beyond a bound in bytes.
    TooLarge,
    /// Beyond a bound in number.
    TooMany,
    /// This host does not offer it, or not to this plugin.
    Unsupported,
}

impl RefusalCode {
    /// The word that guests see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::TooLarge => "too-large",
            Self::TooMany => "too-many",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The host itself could not do what it promises (its disk, its store). It ends the invocation, which is tried again later;
/// a guest never sees it.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed")]
pub struct HostFailure {
    doing: &'static str,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl HostFailure {
    /// `doing` (a noun phrase, such as "reading keys") failed because of `source`.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }
}
