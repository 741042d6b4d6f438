//! What a file holds as the processes of a machine see it, and which part of that has not reached the disk.

use std::collections::BTreeMap;
use std::ops::Range;

/// The content of a file, and what has changed since it was last synced.
#[derive(Debug, Default)]
pub(crate) struct Image {
    bytes: Vec<u8>,
    /// Ranges that were written, by their start; they neither overlap nor touch.
    written: BTreeMap<usize, usize>,
    /// The shortest that the file has been.
    cut: Option<usize>,
}

/// What a sync has to bring to the disk: first the cut, then the ranges.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unsynced {
    /// The length to which the file was cut.
    pub(crate) cut: Option<usize>,
    /// What was written; within the file.
    pub(crate) written: Vec<Range<usize>>,
}

impl Image {
    /// A file with this content, all of it on the disk.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What stands at `at`, at most `max` bytes; less where the file ends.
    pub(crate) fn read(&self, at: usize, max: usize) -> &[u8] {
        let end = at.saturating_add(max).min(self.bytes.len());
        self.bytes.get(at..end).unwrap_or_default()
    }

    /// Writes; a gap before it is zeros.
    pub(crate) fn write(&mut self, at: usize, content: &[u8]) {
        let end = at + content.len();
        let from = at.min(self.bytes.len());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[at..end].copy_from_slice(content);
        // A gap is part of what was written.
        self.note(from, end);
    }

    /// Cuts the file to this length, or extends it by zeros.
    pub(crate) fn truncate(&mut self, length: usize) {
        if length > self.bytes.len() {
            let from = self.bytes.len();
            self.bytes.resize(length, 0);
            self.note(from, length);
            return;
        }
        self.bytes.truncate(length);
        self.cut = Some(self.cut.map_or(length, |cut| cut.min(length)));
        self.written.split_off(&length);
        if let Some(mut last) = self.written.last_entry() {
            *last.get_mut() = (*last.get()).min(length);
        }
    }

    /// What has to reach the disk; from now on it counts as being there.
    pub(crate) fn take_unsynced(&mut self) -> Unsynced {
        let written = std::mem::take(&mut self.written).into_iter().map(|(start, end)| start..end).collect();
        Unsynced { cut: self.cut.take(), written }
    }

    /// How many bytes were written and not synced.
    pub(crate) fn unsynced_bytes(&self) -> usize {
        self.written.iter().map(|(start, end)| end - start).sum()
    }

    fn note(&mut self, mut start: usize, mut end: usize) {
        if start == end {
            return;
        }
        let touching: Vec<_> =
            self.written.range(..=end).rev().take_while(|(_, other)| **other >= start).map(|(at, _)| *at).collect();
        for at in touching {
            let other = self.written.remove(&at).unwrap_or(at);
            (start, end) = (start.min(at), end.max(other));
        }
        self.written.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsynced(cut: Option<usize>, written: &[Range<usize>]) -> Unsynced {
        Unsynced { cut, written: written.to_vec() }
    }

    #[test]
    fn what_is_written_is_read_and_waits_for_a_sync_once() {
        let mut image = Image::of(vec![1; 4]);
        image.write(2, &[2; 4]);
        assert_eq!((image.read(0, 10), image.read(5, 1)), ([1, 1, 2, 2, 2, 2].as_slice(), [2].as_slice()));
        assert_eq!(image.read(6, 1), []);
        assert_eq!(image.take_unsynced(), unsynced(None, std::slice::from_ref(&(2..6))));
        assert_eq!(image.take_unsynced(), Unsynced::default());
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut image = Image::of(vec![0; 20]);
        for at in [0, 8, 4, 16] {
            image.write(at, &[1; 4]);
        }
        assert_eq!(image.unsynced_bytes(), 16);
        assert_eq!(image.take_unsynced(), unsynced(None, &[0..12, 16..20]));
        image.write(0, &[1; 2]);
        image.write(6, &[1; 2]);
        image.write(1, &[1; 10]);
        assert_eq!(image.take_unsynced(), unsynced(None, std::slice::from_ref(&(0..11))));
    }

    #[test]
    fn what_was_cut_off_is_not_written_and_what_comes_in_its_place_is() {
        let mut image = Image::of(vec![9; 10]);
        image.write(4, &[1; 6]);
        image.truncate(6);
        image.truncate(2);
        image.write(4, &[3]);
        assert_eq!(image.bytes(), [9, 9, 0, 0, 3]);
        assert_eq!(image.take_unsynced(), unsynced(Some(2), std::slice::from_ref(&(2..5))));
    }
}
