//! Bounds of what one guest may allocate in the engine.

use hookyard_domain::limit;
use wasmtime::{ResourceLimiter, Result};

/// Counts linear memory and table elements over all modules of a guest. Growth beyond the bound fails within the guest, as
/// on a machine that has no more memory.
#[derive(Debug)]
pub(crate) struct Bounds {
    memory_bytes_max: usize,
    memory: Counted,
    tables: Counted,
    refused: bool,
}

/// Grows only. A growth that was granted and then failed in the engine stays counted: the engine also reports failures of
/// growth that it never asked about, so taking one back would let a guest earn room by asking for the impossible.
#[derive(Debug, Default)]
struct Counted(usize);

impl Counted {
    fn grow(&mut self, current: usize, desired: usize, max: usize) -> bool {
        let total = self.0.saturating_add(desired.saturating_sub(current));
        let granted = total <= max;
        if granted {
            self.0 = total;
        }
        granted
    }
}

impl Bounds {
    /// For a guest that may have so much linear memory.
    pub(crate) fn new(memory_bytes_max: usize) -> Self {
        Self { memory_bytes_max, memory: Counted::default(), tables: Counted::default(), refused: false }
    }

    /// Linear memory in use.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.0
    }

    /// The bound on memory, if the guest has met it.
    pub(crate) fn memory_refused(&self) -> Option<usize> {
        self.refused.then_some(self.memory_bytes_max)
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let declared = maximum.is_none_or(|maximum| desired <= maximum);
        let granted = declared && self.memory.grow(current, desired, self.memory_bytes_max);
        self.refused |= declared && !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        let declared = maximum.is_none_or(|maximum| desired <= maximum);
        Ok(declared && self.tables.grow(current, desired, limit::GUEST_TABLE_ELEMENTS_MAX))
    }

    fn instances(&self) -> usize {
        limit::GUEST_CORE_INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        limit::GUEST_TABLES_MAX
    }

    fn memories(&self) -> usize {
        limit::GUEST_MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_bound() {
        let mut bounds = Bounds::new(100);
        assert!(bounds.memory_growing(0, 60, None).expect("no trap"));
        assert!(!bounds.memory_growing(0, 50, None).expect("no trap"));
        assert_eq!(bounds.memory_refused(), Some(100));
        assert!(bounds.memory_growing(0, 40, None).expect("no trap"));
        assert_eq!(bounds.memory_bytes(), 100);
    }

    #[test]
    fn a_growth_that_fails_gives_no_room_back() {
        let mut bounds = Bounds::new(100);
        assert!(bounds.memory_growing(0, 60, None).expect("no trap"));
        bounds.memory_grow_failed(wasmtime::Error::msg("beyond what a memory can be")).expect("no trap");
        assert!(!bounds.memory_growing(60, 120, None).expect("no trap"));
        assert_eq!(bounds.memory_bytes(), 60);
    }

    #[test]
    fn what_the_module_itself_excludes_is_not_counted() {
        let mut bounds = Bounds::new(100);
        assert!(!bounds.memory_growing(0, 60, Some(50)).expect("no trap"));
        assert_eq!((bounds.memory_bytes(), bounds.memory_refused()), (0, None));
    }
}
