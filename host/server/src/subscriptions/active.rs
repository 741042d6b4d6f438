//! A subscription that is right, ready to be worked with.

use std::fmt;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::flow::Flow;
use hookyard_domain::secret::Secret;
use hookyard_domain::subscription::Subscription;

/// A subscription with its texts checked and its secrets open.
pub(crate) struct Active {
    pub(crate) definition: Subscription,
    /// Its `when`, and its `input` if its endpoint is an action.
    pub(crate) flow: Flow,
    /// What signs its deliveries to a URL, newest first.
    pub(crate) secrets: Vec<SigningSecret>,
    /// When it was made: tells it from others that had its name.
    pub(crate) made_at: Timestamp,
}

/// A secret that signs deliveries.
#[derive(Clone)]
pub(crate) struct SigningSecret {
    /// `whsec_…`.
    pub(crate) secret: Secret,
    /// It signs no more from then on.
    pub(crate) until: Option<Timestamp>,
}

impl fmt::Debug for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Active").field("definition", &self.definition).finish_non_exhaustive()
    }
}
