//! Choices that a seed decides.

use hookyard_domain::entropy::{Entropy as _, SeededEntropy};

/// A sequence of choices; the same for the same seed.
#[derive(Debug)]
pub(super) struct Random(SeededEntropy);

impl Random {
    /// The `stream`-th sequence of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(SeededEntropy::new(seed.wrapping_mul(1_000_003).wrapping_add(stream)))
    }

    /// A number from `0` to `end`, without `end`, which is not 0.
    pub(super) fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        // The remainder is even enough for choosing what to test.
        usize::try_from(u64::from_le_bytes(bytes) % end as u64).unwrap_or_default()
    }

    /// Yes, in so many of a hundred cases.
    pub(super) fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them; there must be some.
    pub(super) fn one_of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
