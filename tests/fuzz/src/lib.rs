//! What has to hold for any input of the grammars. An input is a text whose parts are separated, so that a fuzzer can move them about
//! and a person can read what it found.

pub mod rows;
pub mod template;

/// Between the parts of a record.
pub const PART: char = '\u{1f}';
/// Between records.
pub const RECORD: char = '\u{1e}';
