//! How much is measured.

use std::time::Duration;

/// The size of everything.
pub(crate) struct Size {
    /// Marks that are present, spread over the days of their retention.
    pub(crate) marks: i64,
    /// Marks that have expired and are to be cleared away.
    pub(crate) expired: i64,
    /// Keys that are present; the work sets one of them.
    pub(crate) keys: i64,
    /// One window.
    pub(crate) window: Duration,
    /// Windows of each kind.
    pub(crate) windows: usize,
    /// The time at half of the ceiling.
    pub(crate) open_loop: Duration,
}

impl Size {
    /// What is worth a figure.
    pub(crate) const WHOLE: Self = Self {
        marks: 2_000_000,
        expired: 4_000_000,
        keys: 100_000,
        window: Duration::from_secs(4),
        windows: 5,
        open_loop: Duration::from_secs(20),
    };

    /// What shows that everything works.
    pub(crate) const QUICK: Self = Self {
        marks: 4_000,
        expired: 8_000,
        keys: 1_000,
        window: Duration::from_millis(100),
        windows: 2,
        open_loop: Duration::from_millis(200),
    };
}
