//! Which version of its plugin a connection works with.

/// How a version of a plugin fits a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// Its schema takes the config, and what follows from the config can be made.
    pub(super) usable: bool,
    /// It asks for more than the connection was granted.
    pub(super) asks_more: bool,
}

impl Fit {
    /// Nothing keeps the connection from moving on to it.
    pub(super) fn fits(self) -> bool {
        self.usable && !self.asks_more
    }
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The version that serves. Where it does not fit, the connection does without what was not granted, or is invalid.
    Current,
    /// The version that the connection has, until the operator has seen to it.
    Stay,
}

/// `held` is the version that the connection has, where that is another one and loaded.
pub(super) fn choose(current: Fit, held: Option<Fit>) -> Choice {
    match held {
        Some(held) if held.usable && !current.fits() => Choice::Stay,
        _ => Choice::Current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_moves_on_when_it_can_and_stays_as_long_as_it_works() {
        let fit = |usable, asks_more| Fit { usable, asks_more };
        let (fits, more, wrong) = (fit(true, false), fit(true, true), fit(false, false));
        for (current, held, choice) in [
            (fits, None, Choice::Current),
            (fits, Some(fits), Choice::Current),
            (fits, Some(wrong), Choice::Current),
            (more, None, Choice::Current),
            (more, Some(fits), Choice::Stay),
            (more, Some(more), Choice::Stay),
            (more, Some(wrong), Choice::Current),
            (wrong, None, Choice::Current),
            (wrong, Some(fits), Choice::Stay),
            (wrong, Some(wrong), Choice::Current),
            (fit(false, true), Some(fits), Choice::Stay),
        ] {
            assert_eq!(choose(current, held), choice, "{current:?}, {held:?}");
        }
    }
}
