//! Why a subscription is not changed.

use hookyard_domain::id::SubscriptionId;
use hookyard_store::{SaveSubscriptionError, StoreError};

use crate::dispatcher::DispatchError;
use crate::http::problem::InputError;

/// Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is none of this name.
    #[error("there is no subscription {0}")]
    NotFound(SubscriptionId),
    /// It was taken out of the file; what it had is kept.
    #[error("subscription {0} was taken out of hookyard.toml; what it had is kept until it comes back, or is deleted")]
    TakenOut(SubscriptionId),
    /// Only the file changes that.
    #[error("hookyard.toml defines {0}; change it there and send the host SIGHUP")]
    FileDefined(SubscriptionId),
    /// The file gives the secrets.
    #[error("hookyard.toml gives the secret of {0}; put a new one before it there and send the host SIGHUP")]
    SecretInFile(SubscriptionId),
    /// What would come of it is wrong, with everything that is.
    #[error("what would come of it is wrong")]
    Invalid(InvalidDefinition),
    /// What is kept of it cannot be read; the text says why.
    #[error("what is stored of subscription {0} cannot be read: {1}; or delete it")]
    Unreadable(SubscriptionId, String),
    /// It is invalid, so that nothing is delivered to it.
    #[error("subscription {0} is invalid: {1}")]
    NotWorking(SubscriptionId, String),
    /// Its endpoint is an action.
    #[error("the endpoint of {0} is an action, and nothing is signed for it")]
    NotSigned(SubscriptionId),
    /// Nothing can be sealed; the text says why.
    #[error("secrets cannot be sealed: {0}")]
    NoKey(String),
    /// As many as may exist.
    #[error("there are {max} subscriptions already; delete one that is no longer needed")]
    TooMany {
        /// How many may.
        max: usize,
    },
    /// The dispatcher refuses.
    #[error(transparent)]
    Dispatch(DispatchError),
    /// The store cannot be read or written.
    #[error("the store is unavailable")]
    Unavailable(#[from] StoreError),
}

/// What is wrong with a document, each with its place.
#[derive(Debug)]
pub struct InvalidDefinition(pub(crate) Vec<InputError>);

impl From<SaveSubscriptionError> for ChangeError {
    fn from(error: SaveSubscriptionError) -> Self {
        match error {
            SaveSubscriptionError::TooMany { max } => Self::TooMany { max },
            SaveSubscriptionError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<DispatchError> for ChangeError {
    fn from(error: DispatchError) -> Self {
        match error {
            DispatchError::Unavailable(error) => Self::Unavailable(error),
            other => Self::Dispatch(other),
        }
    }
}
