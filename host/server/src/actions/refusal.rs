//! What keeps an action from being run at all.

use crate::http::problem::Problem;

/// Why a call was refused before the action ran, with what a client is answered. A variant for each thing that a delivery does
/// about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The connection is disabled or invalid.
    Unready(Problem),
    /// The connection's plugin has no such action.
    NoAction(Problem),
    /// The connection is deleted.
    Gone(Problem),
    /// What is asked is wrong, and will be wrong again.
    Input(Problem),
    /// Not now.
    Later(Problem),
}

impl Refusal {
    pub(crate) const fn problem(&self) -> &Problem {
        match self {
            Self::Unready(problem) | Self::NoAction(problem) | Self::Gone(problem) => problem,
            Self::Input(problem) | Self::Later(problem) => problem,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unready(problem) | Refusal::NoAction(problem) | Refusal::Gone(problem) => problem,
            Refusal::Input(problem) | Refusal::Later(problem) => problem,
        }
    }
}
