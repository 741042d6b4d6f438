//! Rows, put together.

mod node;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::path::{Parsed, parse};
use crate::{Leaf, Path, ROWS_MAX, RowError, RowProblem, Segment, ValueError, json};
use node::{Kind, Node, NodeId};

/// The compact JSON that the rows make, or everything that is wrong with them: see [`Tree`]. Nothing if there is no row, or if
/// all are [omitted](Leaf::Omitted).
pub fn build<K: AsRef<str>>(rows: impl IntoIterator<Item = (K, Leaf)>) -> Result<Option<String>, Vec<RowError>> {
    Tree::of(rows).into_json()
}

/// The fields of a form that the rows make, names and values not encoded, or everything that is wrong with them: see
/// [`Tree::into_form`].
pub fn form<K: AsRef<str>>(rows: impl IntoIterator<Item = (K, Leaf)>) -> Result<Vec<(String, String)>, Vec<RowError>> {
    Tree::of(rows).into_form()
}

/// What rows of keys and values make together.
///
/// - The first key that leads through a container says whether it is an object (a name follows) or an array (`[0]` or `[]`). A
///   key that uses it otherwise is a `conflict`, and so is one that leads through a value, or to where a container is.
/// - A key stands once (`duplicate_key`); only one with `[]` may stand several times, and each is one more element.
/// - An array has either positions or `[]` (`mixed_append_index`). Positions may come in any order and have no gaps in the end
///   (`sparse_array`); whether they have is not looked at while there are keys that cannot be read.
/// - Members stand in the order in which rows first name them.
///
/// All rows are looked at; of each, the first thing that is wrong is reported.
#[derive(Debug, Default)]
pub struct Tree {
    /// In the order in which rows first name them, the root first. A node comes after the one that it is in.
    nodes: Vec<Node>,
    /// The keys of the rows, and the names that they have as fields of a form with the node of their leaf, if they have one.
    rows: Vec<Row>,
    errors: BTreeMap<usize, RowProblem>,
    /// There is a key that cannot be read, so that nobody knows what it would have filled.
    has_unread_key: bool,
}

#[derive(Debug)]
struct Row {
    key: String,
    field: Option<(Path, NodeId)>,
}

impl Tree {
    /// The tree of these rows.
    pub fn of<K: AsRef<str>>(rows: impl IntoIterator<Item = (K, Leaf)>) -> Self {
        let mut tree = Self::default();
        for (key, leaf) in rows {
            if tree.add(key.as_ref(), Ok(leaf)).is_break() {
                break;
            }
        }
        tree
    }

    /// Adds a row. A value that is none is reported with the other errors; its key counts all the same. `Break` once there are
    /// too many rows: whatever else is added makes no difference.
    pub fn add(&mut self, key: &str, value: Result<Leaf, ValueError>) -> ControlFlow<()> {
        let row = self.rows.len();
        if row > ROWS_MAX {
            return ControlFlow::Break(());
        }
        self.rows.push(Row { key: key.to_owned(), field: None });
        if row == ROWS_MAX {
            self.errors.insert(row, RowProblem::TooManyRows);
            return ControlFlow::Break(());
        }
        let (leaf, value_error) = match value {
            Ok(leaf) => (leaf, None),
            Err(error) => (Leaf::Omitted, Some(RowProblem::Value(error))),
        };
        let placed = match parse(key) {
            Ok(parsed) => self.place(row, parsed, leaf),
            Err(error) => {
                self.has_unread_key = true;
                Err(RowProblem::Key(error))
            }
        };
        // What is wrong with the key comes first.
        if let Some(problem) = placed.err().or(value_error) {
            self.errors.insert(row, problem);
        }
        ControlFlow::Continue(())
    }

    /// Compact JSON; nothing if there is nothing in it.
    pub fn into_json(mut self) -> Result<Option<String>, Vec<RowError>> {
        self.check()?;
        let mut json = String::new();
        if !self.nodes.is_empty() {
            self.push_json(&mut json, 0);
        }
        Ok(Some(json).filter(|json| !json.is_empty()))
    }

    /// One field for each row that is not omitted, in the order of the rows, with its name as [`Path::field_name`] has it. The
    /// rules of the tree hold for forms, too, since servers read them as trees; values must be texts (`form_needs_text`).
    pub fn into_form(mut self) -> Result<Vec<(String, String)>, Vec<RowError>> {
        for (row, Row { field, .. }) in self.rows.iter().enumerate() {
            if let Some((_, node)) = field
                && matches!(self.nodes[*node].kind, Kind::Leaf(Leaf::Json(_)))
            {
                self.errors.entry(row).or_insert(RowProblem::Value(ValueError::FormNeedsText));
            }
        }
        self.check()?;
        let fields = self.rows.iter().filter_map(|row| {
            let (path, node) = row.field.as_ref()?;
            match &self.nodes[*node].kind {
                Kind::Leaf(Leaf::Text(text)) => Some((path.field_name(), text.clone())),
                _ => None,
            }
        });
        Ok(fields.collect())
    }

    /// Puts the leaf where the path leads. Nothing changes if it cannot stand there: once a step leads to a node that was not
    /// there before, no later step can meet another row's.
    fn place(&mut self, row: usize, parsed: Parsed, leaf: Leaf) -> Result<(), RowProblem> {
        let Parsed { path, columns } = parsed;
        let segments = path.segments();
        if self.nodes.is_empty() {
            self.nodes.push(Node { kind: Kind::holding(&segments[0]), row, column: columns[0] });
        }
        let mut here = 0;
        for (nth, (segment, &column)) in segments.iter().zip(&columns).enumerate() {
            let new = self.nodes.len();
            let conflict = |is, would_be| {
                let container = written(&segments[..nth]);
                RowProblem::Conflict { column, container, is, would_be }
            };
            let entry = self.nodes[here].kind.enter(segment, new, column, conflict)?;
            match (entry, segments.get(nth + 1)) {
                (Some(node), Some(_)) => here = node,
                (Some(node), None) => {
                    let is = self.nodes[node].kind.name();
                    return Err(match self.nodes[node].kind {
                        Kind::Leaf(_) => RowProblem::DuplicateKey { column },
                        _ => RowProblem::Conflict { column, container: written(segments), is, would_be: "a value" },
                    });
                }
                (None, next) => {
                    let kind = next.map_or(Kind::Leaf(Leaf::Omitted), Kind::holding);
                    self.nodes.push(Node { kind, row, column });
                    here = new;
                }
            }
        }
        self.nodes[here].kind = Kind::Leaf(leaf);
        self.rows[row].field = Some((path, here));
        Ok(())
    }

    fn check(&mut self) -> Result<(), Vec<RowError>> {
        if !self.has_unread_key {
            for node in &self.nodes {
                let Kind::Positions(elements) = &node.kind else { continue };
                let gap = elements.iter().enumerate().find(|(expected, (position, _))| expected != *position);
                if let Some((missing, (_, &after))) = gap {
                    let Node { row, column, .. } = self.nodes[after];
                    self.errors.entry(row).or_insert(RowProblem::SparseArray { column, missing });
                }
            }
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        let errors = std::mem::take(&mut self.errors).into_iter();
        Err(errors.map(|(row, problem)| RowError { row, key: self.rows[row].key.clone(), problem }).collect())
    }

    /// Writes the node, or nothing if it is omitted.
    fn push_json(&self, json: &mut String, node: NodeId) {
        match &self.nodes[node].kind {
            Kind::Leaf(leaf) => json::push_leaf(json, leaf),
            Kind::Object(members) => {
                let mut members: Vec<_> = members.iter().map(|(name, node)| (*node, Some(name.as_str()))).collect();
                members.sort_unstable_by_key(|(node, _)| *node);
                self.push_container(json, ['{', '}'], members.into_iter());
            }
            Kind::Positions(elements) => {
                self.push_container(json, ['[', ']'], elements.values().map(|node| (*node, None)));
            }
            Kind::Appended(elements) => {
                self.push_container(json, ['[', ']'], elements.iter().map(|node| (*node, None)));
            }
        }
    }

    fn push_container<'n>(
        &self,
        json: &mut String,
        [open, close]: [char; 2],
        parts: impl Iterator<Item = (NodeId, Option<&'n str>)>,
    ) {
        let start = json.len();
        for (node, name) in parts {
            let before = json.len();
            json.push(if before == start { open } else { ',' });
            if let Some(name) = name {
                json::push_string(json, name);
                json.push(':');
            }
            let value = json.len();
            self.push_json(json, node);
            if json.len() == value {
                json.truncate(before);
            }
        }
        if json.len() > start {
            json.push(close);
        }
    }
}

/// The key of a container.
fn written(segments: &[Segment]) -> String {
    if segments.is_empty() { "the whole body".to_owned() } else { Path::from_segments(segments).to_string() }
}
