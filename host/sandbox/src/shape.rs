//! Names the field in which a component's idea of the contract differs from this host's. The engine compares positions and
//! counts; whoever has to repair a plugin looks for a name.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Type};

use crate::exports::without_version;

/// The contract, whose records and enums are looked up here. The tests compare this reading of it with that of a whole parser.
const CONTRACT: [&str; 3] = [
    include_str!("../../../wit/types.wit"),
    include_str!("../../../wit/imports.wit"),
    include_str!("../../../wit/exports.wit"),
];
/// Most types within types that are looked into.
const DEPTH_MAX: usize = 16;

/// A sentence on each record and enum of this interface of a component that has other members than the contract says.
pub(crate) fn differences(engine: &Engine, component: &Component, interface: &str) -> Vec<String> {
    let component = component.component_type();
    let item = component.get_import(engine, interface).or_else(|| component.get_export(engine, interface));
    let Some(ComponentItem::ComponentInstance(instance)) = item.map(|item| item.ty) else { return Vec::new() };
    let mut found = Vec::new();
    for (function, shape) in shapes(engine, &instance) {
        let sentence =
            known(interface).iter().filter_map(|known| difference(known, &shape)).min_by_key(|(far, _)| *far);
        if let Some((_, sentence)) = sentence {
            let sentence = format!("of `{function}`: {sentence}");
            if !found.contains(&sentence) {
                found.push(sentence);
            }
        }
    }
    found
}

/// What has named members.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    /// `record`, `enum` or `variant`.
    kind: &'static str,
    /// As the contract calls it; empty for one of a component, where names are gone.
    name: String,
    members: Vec<String>,
}

/// How far a component's shape is from one of the contract, and in what; nothing if they are the same, or hardly related.
fn difference(known: &Shape, other: &Shape) -> Option<(usize, String)> {
    if known.kind != other.kind || known.members == other.members {
        return None;
    }
    let lacking = |of: &Shape, from: &Shape| -> Vec<String> {
        from.members.iter().filter(|member| !of.members.contains(member)).map(|member| format!("`{member}`")).collect()
    };
    let (more, fewer) = (lacking(known, other), lacking(other, known));
    let shared = other.members.len() - more.len();
    if shared == 0 || shared < more.len().max(fewer.len()) {
        return None;
    }
    let Shape { kind, name, .. } = known;
    let sentence = match (more.is_empty(), fewer.is_empty()) {
        (true, true) => format!("the {kind} `{name}` has its members in another order: {}", other.members.join(", ")),
        (false, true) => format!("the {kind} `{name}` has {}, which this host does not know", more.join(", ")),
        (true, false) => format!("the {kind} `{name}` lacks {}", fewer.join(", ")),
        (false, false) => format!("the {kind} `{name}` has {} in place of {}", more.join(", "), fewer.join(", ")),
    };
    Some((more.len() + fewer.len(), sentence))
}

/// The shapes within the functions of an interface, each with its function.
fn shapes(engine: &Engine, instance: &ComponentInstance) -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for (name, item) in instance.exports(engine) {
        let ComponentItem::ComponentFunc(function) = item.ty else { continue };
        let mut shapes = Vec::new();
        function.params().for_each(|(_, ty)| collect(&ty, &mut shapes, DEPTH_MAX));
        function.results().for_each(|ty| collect(&ty, &mut shapes, DEPTH_MAX));
        all.extend(shapes.into_iter().map(|shape| (name.to_owned(), shape)));
    }
    all
}

fn collect(ty: &Type, shapes: &mut Vec<Shape>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut into = |ty: Type| collect(&ty, shapes, depth);
    let (kind, members): (_, Vec<String>) = match ty {
        Type::Record(record) => {
            record.fields().for_each(|field| into(field.ty));
            ("record", record.fields().map(|field| field.name.to_owned()).collect())
        }
        Type::Variant(variant) => {
            variant.cases().filter_map(|case| case.ty).for_each(into);
            ("variant", variant.cases().map(|case| case.name.to_owned()).collect())
        }
        Type::Enum(cases) => ("enum", cases.names().map(str::to_owned).collect()),
        Type::List(list) => return into(list.ty()),
        Type::Option(option) => return into(option.ty()),
        Type::Tuple(tuple) => return tuple.types().for_each(into),
        Type::Result(result) => return result.ok().into_iter().chain(result.err()).for_each(into),
        _ => return,
    };
    shapes.push(Shape { kind, name: String::new(), members });
}

/// The shapes that the contract has for an interface: its own, and those that interfaces share.
fn known(interface: &str) -> Vec<Shape> {
    let bare = without_version(interface).strip_prefix("hookyard:plugin/").unwrap_or(interface);
    CONTRACT
        .iter()
        .flat_map(|text| interfaces(text))
        .filter(|(name, _)| name == bare || name == "types")
        .flat_map(|(_, shapes)| shapes)
        .collect()
}

/// The interfaces of a WIT file with their records, enums and variants, without anything else.
fn interfaces(text: &str) -> Vec<(String, Vec<Shape>)> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join(" ");
    let mut interfaces: Vec<(String, Vec<Shape>)> = Vec::new();
    let mut words = code.split_inclusive(['{', '}', ';', ' ']).map(str::trim).filter(|word| !word.is_empty());
    let mut before = "";
    while let Some(word) = words.next() {
        let name = || word.trim_end_matches('{').to_owned();
        match before {
            "interface" => interfaces.push((name(), Vec::new())),
            "record" | "enum" | "variant" => {
                let kind = ["record", "enum", "variant"].into_iter().find(|kind| *kind == before).unwrap_or("record");
                let body: Vec<&str> = words.by_ref().take_while(|word| *word != "}").collect();
                let shape = Shape { kind, name: name(), members: members(&body.join(" ")) };
                if let Some((_, shapes)) = interfaces.last_mut() {
                    shapes.push(shape);
                }
            }
            _ => {}
        }
        before = word;
    }
    interfaces
}

/// `a` and `b` of `{ a: list<tuple<u8, u8>>, b, }`.
fn members(body: &str) -> Vec<String> {
    let (mut members, mut member, mut depth) = (Vec::new(), String::new(), 0_usize);
    for character in body.chars() {
        match character {
            '<' | '(' => depth += 1,
            '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => members.push(std::mem::take(&mut member)),
            _ if depth == 0 => member.push(character),
            _ => {}
        }
    }
    members.push(member);
    let name = |member: String| member.split(':').next().unwrap_or_default().trim_matches(['{', '}', ' ']).to_owned();
    members.into_iter().map(name).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wit_parser::{Resolve, TypeDefKind};

    use super::*;

    #[test]
    fn the_contract_is_read_as_its_own_parser_reads_it() {
        let mut resolve = Resolve::default();
        resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).expect("the contract parses");
        let mut expected = BTreeMap::new();
        for (_, interface) in &resolve.interfaces {
            for (name, id) in &interface.types {
                let (kind, members): (_, Vec<String>) = match &resolve.types[*id].kind {
                    TypeDefKind::Record(record) => ("record", record.fields.iter().map(|f| f.name.clone()).collect()),
                    TypeDefKind::Enum(cases) => ("enum", cases.cases.iter().map(|case| case.name.clone()).collect()),
                    TypeDefKind::Variant(cases) => {
                        ("variant", cases.cases.iter().map(|case| case.name.clone()).collect())
                    }
                    _ => continue,
                };
                let interface = interface.name.clone().expect("an interface of the package");
                expected.insert((interface, name.clone()), Shape { kind, name: name.clone(), members });
            }
        }
        let mut read = BTreeMap::new();
        for (interface, shapes) in CONTRACT.iter().flat_map(|text| interfaces(text)) {
            read.extend(shapes.into_iter().map(|shape| ((interface.clone(), shape.name.clone()), shape)));
        }
        assert_eq!(read, expected);
    }

    #[test]
    fn a_member_that_differs_is_named() {
        let shape = |name: &str, members: &[&str]| Shape {
            kind: "record",
            name: name.to_owned(),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        };
        let known = shape("entry", &["value", "revision"]);
        let said = |members: &[&str]| difference(&known, &shape("", members)).map(|(_, sentence)| sentence);
        assert_eq!(said(&["value", "revision"]), None);
        assert_eq!(said(&["something", "else"]), None, "another record altogether");
        assert_eq!(
            said(&["value", "revision", "age"]).as_deref(),
            Some("the record `entry` has `age`, which this host does not know")
        );
        assert_eq!(said(&["value"]).as_deref(), Some("the record `entry` lacks `revision`"));
        assert_eq!(said(&["value", "etag"]).as_deref(), Some("the record `entry` has `etag` in place of `revision`"));
        assert_eq!(
            said(&["revision", "value"]).as_deref(),
            Some("the record `entry` has its members in another order: revision, value")
        );
    }
}
