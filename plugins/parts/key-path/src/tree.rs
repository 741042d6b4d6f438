//! Rows, put together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::path::{Parsed, parse};
use crate::{Leaf, Path, ROWS_MAX, RowError, RowProblem, Segment, ValueError, json};

/// The compact JSON that the rows make, or everything that is wrong with them: see [`Tree`]. Nothing if there is no row, or if all are
/// [omitted](Leaf::Omitted).
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
/// - The first key that leads through a container says whether it is an object (a name follows) or an array (`[0]` or `[]`). A key that
///   uses it otherwise is a `conflict`, and so is one that leads through a value, or to where a container is.
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

/// A place of [`Tree::nodes`].
type NodeId = usize;

#[derive(Debug)]
struct Node {
    kind: Kind,
    /// The row that has made it, and the column of the segment that leads to it.
    row: usize,
    column: usize,
}

#[derive(Debug)]
enum Kind {
    Leaf(Leaf),
    /// Nodes are numbered in the order of their first appearance.
    Object(BTreeMap<String, NodeId>),
    Positions(BTreeMap<usize, NodeId>),
    Appended(Vec<NodeId>),
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

    /// Adds a row. A value that is none is reported with the other errors; its key counts all the same. `Break` once there are too
    /// many rows: whatever else is added makes no difference.
    pub fn add(&mut self, key: &str, value: Result<Leaf, ValueError>) -> std::ops::ControlFlow<()> {
        let row = self.rows.len();
        if row > ROWS_MAX {
            return std::ops::ControlFlow::Break(());
        }
        self.rows.push(Row { key: key.to_owned(), field: None });
        if row == ROWS_MAX {
            self.errors.insert(row, RowProblem::TooManyRows);
            return std::ops::ControlFlow::Break(());
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
        std::ops::ControlFlow::Continue(())
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

    /// One field for each row that is not omitted, in the order of the rows, with its name as [`Path::field_name`] has it. The rules of
    /// the tree hold for forms, too, since servers read them as trees; values must be texts (`form_needs_text`).
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

    /// Puts the leaf where the path leads. Nothing changes if it cannot stand there: once a step leads to a node that was not there
    /// before, no later step can meet another row's.
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
                (None, Some(next)) => {
                    self.nodes.push(Node { kind: Kind::holding(next), row, column });
                    here = new;
                }
                (None, None) => {
                    self.nodes.push(Node { kind: Kind::Leaf(leaf), row, column });
                    self.rows[row].field = Some((path, new));
                    return Ok(());
                }
            }
        }
        unreachable!("the last segment leads to a leaf or to an error, and no path is without one")
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

impl Kind {
    /// An empty container for what `segment` leads to.
    fn holding(segment: &Segment) -> Self {
        match segment {
            Segment::Member(_) => Self::Object(BTreeMap::new()),
            Segment::Index(_) => Self::Positions(BTreeMap::new()),
            Segment::Append => Self::Appended(Vec::new()),
        }
    }

    /// The node to which `segment` leads; nothing if it has led to none before, and now leads to `new`.
    fn enter(
        &mut self,
        segment: &Segment,
        new: NodeId,
        column: usize,
        conflict: impl FnOnce(&'static str, &'static str) -> RowProblem,
    ) -> Result<Option<NodeId>, RowProblem> {
        let is = self.name();
        match (self, segment) {
            (Self::Object(members), Segment::Member(name)) => Ok(match members.entry(name.clone()) {
                Entry::Occupied(node) => Some(*node.get()),
                Entry::Vacant(place) => {
                    place.insert(new);
                    None
                }
            }),
            (Self::Positions(elements), Segment::Index(index)) => Ok(match elements.entry(*index) {
                Entry::Occupied(node) => Some(*node.get()),
                Entry::Vacant(place) => {
                    place.insert(new);
                    None
                }
            }),
            (Self::Appended(elements), Segment::Append) => {
                elements.push(new);
                Ok(None)
            }
            (Self::Positions(_), Segment::Append) | (Self::Appended(_), Segment::Index(_)) => {
                Err(RowProblem::MixedAppendIndex { column })
            }
            (_, other) => Err(conflict(is, Self::holding(other).name())),
        }
    }

    /// For messages.
    fn name(&self) -> &'static str {
        match self {
            Self::Leaf(_) => "a value",
            Self::Object(_) => "an object",
            Self::Positions(_) | Self::Appended(_) => "an array",
        }
    }
}

/// The key of a container.
fn written(segments: &[Segment]) -> String {
    if segments.is_empty() { "the whole body".to_owned() } else { Path::from_segments(segments).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The row, counted from 0, the code and the column.
    type Seen = (usize, &'static str, Option<usize>);

    fn built(keys: &[&str]) -> Result<String, Vec<Seen>> {
        let built = build(keys.iter().map(|key| (key, Leaf::text("x"))));
        let errors = |errors: Vec<RowError>| errors.iter().map(|e| (e.row, e.code(), e.column())).collect();
        built.map(Option::unwrap_or_default).map_err(errors)
    }

    #[test]
    fn rows_that_do_not_agree_are_refused_where_they_meet() {
        let rows: [(&[&str], &[Seen]); 12] = [
            (&["a", "a"], &[(1, "duplicate_key", Some(1))]),
            (&["a[0]", " [a][0]"], &[(1, "duplicate_key", Some(5))]),
            (&["a", "a[b]"], &[(1, "conflict", Some(2))]),
            (&["a[b][c]", "a[b]"], &[(1, "conflict", Some(2))]),
            (&["a[b]", "a[0]", "a[]"], &[(1, "conflict", Some(2)), (2, "conflict", Some(2))]),
            (&["[0]", "b"], &[(1, "conflict", Some(1))]),
            (&["b", "[0]"], &[(1, "conflict", Some(1))]),
            (&["a[0]", "a[]"], &[(1, "mixed_append_index", Some(2))]),
            (&["a[]", "a[0]"], &[(1, "mixed_append_index", Some(2))]),
            (&["a[1]"], &[(0, "sparse_array", Some(2))]),
            (&["a[3]", "a[0]", "b[0][5]", "a[4]"], &[(0, "sparse_array", Some(2)), (2, "sparse_array", Some(5))]),
            (&["a[", "a[1]", "b]"], &[(0, "unclosed_bracket", Some(2)), (2, "unexpected_bracket", Some(2))]),
        ];
        for (keys, errors) in rows {
            assert_eq!(built(keys), Err(errors.to_vec()), "{keys:?}");
        }
    }

    #[test]
    fn errors_read_as_sentences_for_people() {
        let rows = [
            (vec!["deal[name"], r#"row 1, column 5: the bracket is not closed, in "deal[name""#),
            (
                vec!["a[b][c]", "a[b]"],
                r#"row 2, column 2: rows before make something else of `a[b]`, which is an object and here a value, in "a[b]""#,
            ),
            (
                vec!["b", "[0]"],
                r#"row 2, column 1: rows before make something else of `the whole body`, which is an object and here an array, in "[0]""#,
            ),
            (
                vec!["a[0]", "a[2]"],
                r#"row 2, column 2: no row has the position 1 of this array; positions count from 0 without gaps, in "a[2]""#,
            ),
            (vec![""], "row 1, column 1: the key is empty"),
        ];
        for (keys, message) in rows {
            let errors = build(keys.iter().map(|key| (key, Leaf::text("x")))).expect_err("they do not agree");
            assert_eq!(errors[0].to_string(), message);
        }
    }

    #[test]
    fn a_value_that_is_none_is_reported_and_its_place_counts() {
        let mut tree = Tree::default();
        for (key, value) in
            [("a[0]", Err(ValueError::BadNumber)), ("a[1]", Ok(Leaf::text("x"))), ("b[", Err(ValueError::BadNumber))]
        {
            assert!(tree.add(key, value).is_continue());
        }
        let errors = tree.into_json().expect_err("a number is none");
        let seen: Vec<_> = errors.iter().map(|error| (error.row, error.code())).collect();
        assert_eq!(seen, [(0, "bad_number"), (2, "unclosed_bracket")]);
    }

    #[test]
    fn rows_beyond_the_bound_are_not_read() {
        let rows = |count: usize| (0..count).map(|nth| (format!("a[{}]", nth.min(199)), Leaf::text("x")));
        assert!(build(rows(ROWS_MAX)).is_ok());
        let mut taken = 0;
        let errors = build(rows(usize::MAX).inspect(|_| taken += 1)).expect_err("endless");
        assert_eq!((errors.len(), errors[0].row, errors[0].code()), (1, ROWS_MAX, "too_many_rows"));
        assert_eq!(taken, ROWS_MAX + 1);
    }

    #[test]
    fn what_is_omitted_leaves_no_trace() {
        let row = |key, leaf| (key, leaf);
        let rows = [
            row("a[0]", Leaf::Omitted),
            row("a[2]", Leaf::text("c")),
            row("a[1]", Leaf::text("b")),
            row("o[p][q]", Leaf::Omitted),
            row("l[]", Leaf::Omitted),
            row("l[]", Leaf::text("z")),
        ];
        assert_eq!(build(rows.clone()).expect("no error").as_deref(), Some(r#"{"a":["b","c"],"l":["z"]}"#));
        assert_eq!(form(rows).expect("no error").len(), 3);
        assert_eq!(build([("a[b][0]", Leaf::Omitted)]).expect("no error"), None);
        assert!(build([("a[1]", Leaf::Omitted)]).is_err(), "positions count as they are written");
    }

    #[test]
    fn a_form_has_one_field_for_each_row() {
        let rows = [("c[0][n]", "1"), ("filter\\[x\\]", "a&b"), ("t[]", "2"), (" t[] ", "3")];
        let fields = form(rows.map(|(key, text)| (key, Leaf::text(text)))).expect("a form");
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, [("c[0][n]", "1"), ("filter[x]", "a&b"), ("t[]", "2"), ("t[]", "3")]);
        let number = Leaf::json("1").expect("JSON");
        let errors = form([("a", number.clone()), ("a", Leaf::text("x")), ("b[", number)]).expect_err("a number");
        let codes: Vec<_> = errors.iter().map(RowError::code).collect();
        assert_eq!(codes, ["form_needs_text", "duplicate_key", "unclosed_bracket"]);
    }

    #[test]
    fn a_row_makes_at_most_one_node_for_each_of_its_segments() {
        let keys: Vec<_> = (0..ROWS_MAX).map(|nth| format!("a[b][{}][c{nth}][d]", nth % 7)).collect();
        let tree = Tree::of(keys.iter().map(|key| (key, Leaf::text("x"))));
        assert_eq!(tree.nodes.len(), 1 + 2 + 7 + 2 * ROWS_MAX);
    }
}
