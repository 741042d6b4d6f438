//! Where the body that is built differs from the one that the target documents.

use std::collections::BTreeMap;

use hookyard_sdk::{Error, RawValue, json};
use schemars::JsonSchema;
use serde::Serialize;

use crate::problem::escaped;

/// A place where two documents differ in their members or types; their values do not count.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Difference {
    /// JSON pointer to it.
    pub(crate) pointer: String,
    /// What is different.
    pub(crate) problem: Different,
}

/// How two documents differ at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Different {
    /// The target has it, and what is built has not.
    Missing,
    /// What is built has it, and the target has not.
    Extra,
    /// Both have it, with different types.
    Type,
}

/// Where `built` differs from `target`. Elements of arrays are compared by position. Both are JSON that [`json::parse`] takes.
pub(crate) fn between(built: &RawValue, target: &RawValue) -> Result<Vec<Difference>, Error> {
    let mut differences = Vec::new();
    compare(built, target, "", &mut differences)?;
    Ok(differences)
}

fn compare(built: &RawValue, target: &RawValue, at: &str, differences: &mut Vec<Difference>) -> Result<(), Error> {
    if type_of(built) != type_of(target) {
        differences.push(Difference { pointer: at.to_owned(), problem: Different::Type });
        return Ok(());
    }
    let (built, target) = (parts(built)?, parts(target)?);
    for (name, value) in &target {
        let pointer = format!("{at}/{}", name.pointer());
        match built.get(name) {
            Some(built) => compare(built, value, &pointer, differences)?,
            None => differences.push(Difference { pointer, problem: Different::Missing }),
        }
    }
    for name in built.keys().filter(|name| !target.contains_key(*name)) {
        differences.push(Difference { pointer: format!("{at}/{}", name.pointer()), problem: Different::Extra });
    }
    Ok(())
}

/// The name of a member, or a position.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(String),
    Position(usize),
}

impl Step {
    fn pointer(&self) -> String {
        match self {
            Self::Member(name) => escaped(name),
            Self::Position(position) => position.to_string(),
        }
    }
}

fn parts(value: &RawValue) -> Result<BTreeMap<Step, &RawValue>, Error> {
    Ok(match type_of(value) {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = json::parse(value.get().as_bytes())?;
            members.into_iter().map(|(name, value)| (Step::Member(name), value)).collect()
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = json::parse(value.get().as_bytes())?;
            elements.into_iter().enumerate().map(|(nth, value)| (Step::Position(nth), value)).collect()
        }
        _ => BTreeMap::new(),
    })
}

/// The first byte of JSON says its type; all numbers are one, and so are `true` and `false`.
fn type_of(value: &RawValue) -> Option<u8> {
    Some(match value.get().as_bytes().first()? {
        b'-' | b'0'..=b'9' => b'0',
        b't' | b'f' => b't',
        other => *other,
    })
}
