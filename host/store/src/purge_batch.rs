//! How much of a deleted connection goes at a time: the same for every backend.

use hookyard_domain::limit;

/// A batch that fills up as rows are found that are to go.
#[derive(Debug, Default)]
pub(crate) struct PurgeBatch {
    rows: usize,
    bytes: usize,
}

impl PurgeBatch {
    /// Whether another row may go with this batch.
    pub(crate) const fn has_room(&self) -> bool {
        self.rows < limit::PURGE_ROWS_MAX && self.bytes < limit::PURGE_BYTES_MAX
    }

    /// A row with a value of this size goes.
    pub(crate) const fn take(&mut self, bytes: usize) {
        self.rows += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
