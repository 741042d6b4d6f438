//! A place in the tree, and what can stand there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::{Leaf, RowProblem, Segment};

/// A place of [`Tree::nodes`](super::Tree).
pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The row that has made it, and the column of the segment that leads to it.
    pub(super) row: usize,
    pub(super) column: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Leaf(Leaf),
    /// Nodes are numbered in the order of their first appearance.
    Object(BTreeMap<String, NodeId>),
    Positions(BTreeMap<usize, NodeId>),
    Appended(Vec<NodeId>),
}

impl Kind {
    /// An empty container for what `segment` leads to.
    pub(super) fn holding(segment: &Segment) -> Self {
        match segment {
            Segment::Member(_) => Self::Object(BTreeMap::new()),
            Segment::Index(_) => Self::Positions(BTreeMap::new()),
            Segment::Append => Self::Appended(Vec::new()),
        }
    }

    /// The node to which `segment` leads; nothing if it has led to none before, and now leads to `new`.
    pub(super) fn enter(
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
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Leaf(_) => "a value",
            Self::Object(_) => "an object",
            Self::Positions(_) | Self::Appended(_) => "an array",
        }
    }
}
