//! The bytes of one commit, counted while it is collected.

use hookyard_domain::limit;

use crate::refusal::Refusal;

/// What a record costs besides the texts in it: ids, times, revisions and the row around them.
pub(crate) const RECORD_BYTES: usize = 256;

/// Counts what a draft holds, so that a guest learns at once which call was one too many.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    used: usize,
}

impl Budget {
    /// Replaces `old` bytes, which were taken before, by `new` bytes; refuses and changes nothing beyond the bound.
    pub(crate) fn exchange(&mut self, old: usize, new: usize) -> Result<(), Refusal> {
        let used = self.used.saturating_sub(old).saturating_add(new);
        if used > limit::COMMIT_BYTES_MAX {
            return Err(Refusal::too_large(format!(
                "the events, keys and timers of one invocation may hold {} bytes together; this call would make it {used}",
                limit::COMMIT_BYTES_MAX
            )));
        }
        self.used = used;
        Ok(())
    }

    /// Takes `bytes` more.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.exchange(0, bytes)
    }
}
