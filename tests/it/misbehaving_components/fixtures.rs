//! One component for each way to misbehave while it is loaded. Made here, byte by byte, because no compiler would.

use std::fmt::Write as _;

use hookyard_domain::limit;
use serde_json::{Value, json};

use super::hand_made::Guest;

/// The file's name and its bytes.
pub(super) type Fixture = (&'static str, Vec<u8>);

/// Files that are no plugin at all.
pub(super) fn no_plugins() -> Vec<Fixture> {
    let whole = Guest::handling("").component();
    vec![
        ("empty", Vec::new()),
        ("not-wasm", b"#!/bin/sh\necho hello\n".to_vec()),
        ("core-module", wat("(module)")),
        ("half-copied", whole[..whole.len() / 2].to_vec()),
        ("no-definition", wat("(component)")),
    ]
}

/// Plugins that say of themselves what cannot be used.
pub(super) fn ill_described() -> Vec<Fixture> {
    let nested = |open: &str, close: &str| open.repeat(200) + &close.repeat(200);
    vec![
        ("manifest-not-json", saying("name: hand-made\nversion: 1.0.0\n")),
        ("manifest-of-wrong-shape", saying(&json!({ "name": 5, "webhook": { "methods": "POST" } }).to_string())),
        ("manifest-giant", saying(&format!(r#"{{"title":"{}"}}"#, "x".repeat(limit::MANIFEST_BYTES_MAX)))),
        ("manifest-nested", saying(&format!(r#"{{"name":"x","version":"1.0.0","x":{}}}"#, nested("[", "]")))),
        ("config-schema-wrong", configured_by(&json!({ "type": "strin" }))),
        ("config-schema-giant", configured_by(&json!({ "description": "x".repeat(limit::SCHEMA_BYTES_MAX) }))),
        ("config-schema-endless", configured_by(&json!({ "properties": { "a": { "$ref": "#" } } }))),
        ("config-schema-exploding", configured_by(&doubling(30))),
        ("ref-to-http", configured_by(&json!({ "$ref": "http://127.0.0.1:9/config.json" }))),
        ("ref-to-file", configured_by(&json!({ "properties": { "a": { "$ref": "file:///etc/passwd" } } }))),
        ("regex-exploding", configured_by(&matching("(a{1000}){1000}"))),
        ("regex-looking-ahead", configured_by(&matching("^(?=(a+)+$)b"))),
        ("regex-looking-back", configured_by(&matching("(a+)\\1$"))),
    ]
}

/// Plugins that do something else when they are asked to describe themselves.
pub(super) fn busy_describing() -> Vec<Fixture> {
    let send = r#"(import "hookyard:plugin/http-request@VERSION" "send" (func $send
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let call = format!("(call $send {})", "(i32.const 0) ".repeat(16));
    let describing = |describe: &str| Guest::handling("").describing(describe).component();
    vec![
        ("describe-calls-out", Guest::handling("").importing(send).describing(&call).component()),
        ("describe-spins", describing("(loop $on (br $on))")),
        // As an allocator does: once the memory does not grow any more, it gives up.
        (
            "describe-allocates",
            describing("(loop $on (br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable"),
        ),
        ("describe-traps", describing("unreachable")),
    ]
}

/// Plugins that are too much for the compiler or the engine.
pub(super) fn too_much() -> Vec<Fixture> {
    let whole = Guest::handling("").component();
    vec![
        ("compile-takes-minutes", Guest::heavy(1_000).component()),
        ("core-instances-65", with_core_instances(&whole, 65)),
        ("types-nested", nested_types(5_000)),
        ("lists-nested", wat(&nested_lists(5_000))),
        ("components-nested", nested_components(500)),
    ]
}

/// Of those that are busy or too much, the ones that need no bound of their own to be quick.
pub(super) fn too_quick_to_bound() -> Vec<Fixture> {
    let slow = ["describe-spins", "compile-takes-minutes"];
    busy_describing().into_iter().chain(too_much()).filter(|(name, _)| !slow.contains(name)).collect()
}

/// A manifest whose config has an id that must match this; everything else about it is right.
pub(super) fn manifest_with_pattern(pattern: &str) -> Value {
    json!({ "name": "hand-made", "version": "1.0.0", "config": matching(pattern) })
}

/// A plugin with so many core instances in all, as a runtime in many parts has: Python's have up to 38.
pub(super) fn of_core_instances(instances: u8) -> Vec<u8> {
    with_core_instances(&Guest::handling("").component(), instances)
}

/// A plugin in which so many blocks stand within each other.
pub(super) fn of_nested_blocks(depth: usize) -> Vec<u8> {
    Guest::handling(&format!("{}{}", "block ".repeat(depth), "end ".repeat(depth))).component()
}

fn saying(manifest: &str) -> Vec<u8> {
    Guest::handling("").saying(manifest).component()
}

fn configured_by(schema: &Value) -> Vec<u8> {
    saying(&json!({ "name": "hand-made", "version": "1.0.0", "config": schema }).to_string())
}

/// A schema of a config with an id that must match this.
fn matching(pattern: &str) -> Value {
    json!({ "type": "object", "properties": { "id": { "type": "string", "pattern": pattern } } })
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is well-formed")
}

/// A schema whose every level refers twice to the one below.
fn doubling(levels: usize) -> Value {
    let mut schema = json!({ "$defs": { "d0": {} }, "$ref": format!("#/$defs/d{levels}") });
    for level in 1..=levels {
        let below = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
        schema["$defs"][format!("d{level}")] = json!({ "allOf": [below, below] });
    }
    schema
}

const CORE_MODULE: u8 = 1;
const CORE_INSTANCE: u8 = 2;
const COMPONENT: u8 = 4;
const COMPONENT_TYPE: u8 = 7;
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// Adds an empty module, and as many instances of it as are missing.
fn with_core_instances(component: &[u8], instances: u8) -> Vec<u8> {
    let (modules, there) = count(component);
    let more = instances - there;
    let mut grown = component.to_vec();
    grown.extend(section(CORE_MODULE, &wat("(module (global (mut i32) (i32.const 0)))")));
    // Each: of a module, of this one, with no arguments.
    let instances: Vec<u8> = (0..more).flat_map(|_| [0, modules, 0]).collect();
    grown.extend(section(CORE_INSTANCE, &[&[more][..], &instances].concat()));
    grown
}

/// The core modules of a component, and its instances of core modules; those made of single exports are not counted.
fn count(component: &[u8]) -> (u8, u8) {
    let (mut modules, mut instances, mut at) = (0, 0, COMPONENT_HEADER.len());
    while let Some(id) = component.get(at) {
        let (length, start) = number(component, at + 1);
        match *id {
            CORE_MODULE => modules += 1,
            CORE_INSTANCE => instances += instantiations(&component[start..start + length]),
            _ => {}
        }
        at = start + length;
    }
    (modules, instances)
}

/// How many instances of a section are made of a module.
fn instantiations(section: &[u8]) -> u8 {
    let (entries, mut at) = number(section, 0);
    let mut made = 0;
    for _ in 0..entries {
        let of_module = section[at] == 0;
        made += u8::from(of_module);
        at += 1;
        if of_module {
            at = number(section, at).1;
        }
        let (arguments, after) = number(section, at);
        at = after;
        for _ in 0..arguments {
            let (name, after) = number(section, at);
            // A byte for the kind, then the index.
            at = number(section, after + name + 1).1;
        }
    }
    made
}

/// A number in LEB128 and where it ends.
fn number(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        value |= usize::from(byte & 0x7f) << shift;
        (at, shift) = (at + 1, shift + 7);
        if byte & 0x80 == 0 {
            return (value, at);
        }
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    let mut length = content.len();
    while length >= 0x80 {
        section.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    section.push(length as u8);
    section.extend_from_slice(content);
    section
}

/// Component types within component types.
fn nested_types(depth: usize) -> Vec<u8> {
    // A type section with one type: a component (0x41) of no, or of one declaration, which is a type (0x01).
    let types = [&[1][..], &[0x41, 1, 1].repeat(depth), &[0x41, 0]].concat();
    [COMPONENT_HEADER, &section(COMPONENT_TYPE, &types)].concat()
}

/// A list of lists of lists.
fn nested_lists(depth: usize) -> String {
    let mut text = "(component (type $t0 (list u8))".to_owned();
    for level in 1..depth {
        let _written = write!(text, "(type $t{level} (list $t{}))", level - 1);
    }
    text + ")"
}

/// Components within components.
fn nested_components(depth: usize) -> Vec<u8> {
    (0..depth).fold(COMPONENT_HEADER.to_vec(), |inner, _| [COMPONENT_HEADER, &section(COMPONENT, &inner)].concat())
}
