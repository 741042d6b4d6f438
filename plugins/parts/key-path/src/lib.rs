//! Keys with brackets, such as `deal[name]` or `contacts[0][name]`, and the JSON that rows of them make.
//!
//! ```
//! use hookyard_key_path::{Leaf, build};
//!
//! let rows = [("deal[name]", Leaf::text("Maria")), ("deal[rating]", Leaf::json("1")?), ("contacts[0][name]", Leaf::text("Maria"))];
//! let body = build(rows).expect("the rows agree with each other");
//! assert_eq!(body.as_deref(), Some(r#"{"deal":{"name":"Maria","rating":1},"contacts":[{"name":"Maria"}]}"#));
//!
//! let errors = build([("deal[name", Leaf::text("Maria"))]).expect_err("a bracket is missing");
//! assert_eq!((errors[0].row, errors[0].column(), errors[0].code()), (0, Some(5), "unclosed_bracket"));
//! # Ok::<(), hookyard_key_path::ValueError>(())
//! ```
//!
//! What is unclear is refused and not guessed, since a person who writes rows sees the error at once: see [`Path`] for what a
//! key is, and [`Tree`] for what rows may say together. A value becomes a leaf of a tree and the tree is written as JSON, so
//! that no value can change the shape of what it is put into.

mod json;
mod leaf;
mod path;
mod row_error;
mod tree;

pub use json::compact;
pub use leaf::{Leaf, ValueError, ValueType};
pub use path::{Path, PathError, PathProblem, Segment};
pub use row_error::{RowError, RowProblem};
pub use tree::{Tree, build, form};

/// Rows of one tree.
pub const ROWS_MAX: usize = 200;
/// Bytes of a key, without the blanks around it.
pub const KEY_BYTES_MAX: usize = 256;
/// Segments of a key.
pub const SEGMENTS_MAX: usize = 16;
/// The largest position in an array, counted from 0.
pub const INDEX_MAX: usize = ROWS_MAX - 1;
