//! Guests written by hand: a core module in text, made a component against the contract, or against one that differs.

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

pub(crate) const MANIFEST: &str = r#"{"name":"hand-made","version":"1.0.0"}"#;
/// Where the manifest lies in the guest's memory.
const MANIFEST_AT: usize = 1024;
const PAGE_BYTES: usize = 64 * 1024;
const WIT_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
const WIT_FILES: [&str; 4] = ["types.wit", "imports.wit", "exports.wit", "world.wit"];

/// A guest that says what it is and handles webhooks.
#[derive(Clone)]
pub(crate) struct Guest {
    wit: String,
    worlds: &'static str,
    version: &'static str,
    imports: String,
    manifest: String,
    describe: String,
    handle: String,
    more: String,
}

impl Guest {
    /// Answers that all is well after `handle`, the body of its function in text. Its locals `$path` and `$path_len` and so
    /// on are the request's; memory from 64 on is the answer, all zeros; from 512 to 1023 it is free.
    pub(crate) fn handling(handle: &str) -> Self {
        Self {
            wit: contract(),
            worlds: "world guest { include imports; export definition; export webhook-handler; }",
            version: "0.1.0",
            imports: String::new(),
            manifest: MANIFEST.into(),
            describe: String::new(),
            handle: handle.into(),
            more: String::new(),
        }
    }

    /// Takes the compiler long: so many functions, each of which keeps its registers busy from its first loop to its last.
    pub(crate) fn heavy(functions: usize) -> Self {
        const LOCALS: usize = 64;
        const STEPS: usize = 400;
        let steps = (0..STEPS).map(|step| {
            let (a, b, c) = (step % LOCALS, (step * 7 + 1) % LOCALS, (step * 13 + 5) % LOCALS);
            format!(
                "(loop $l{step} (local.set {a} (i64.add (local.get {b}) (i64.mul (local.get {c}) (local.get {a}))))
                 (br_if $l{step} (i64.lt_s (local.get {a}) (local.get {b}))))"
            )
        });
        let function = format!("(func (local {}) {})\n", "i64 ".repeat(LOCALS), steps.collect::<String>());
        let mut guest = Self::handling("");
        guest.more = function.repeat(functions);
        guest
    }

    /// With these imports, in the words of the core module.
    pub(crate) fn importing(mut self, imports: &str) -> Self {
        self.imports = imports.replace("VERSION", self.version);
        self
    }

    /// Says this of itself; its memory is as large as that takes.
    pub(crate) fn saying(mut self, manifest: impl Into<String>) -> Self {
        self.manifest = manifest.into();
        self
    }

    /// Does this before it describes itself.
    pub(crate) fn describing(mut self, describe: &str) -> Self {
        self.describe = describe.into();
        self
    }

    /// With another world, and further functions in the module.
    pub(crate) fn of_world(mut self, worlds: &'static str, more: &str) -> Self {
        self.worlds = worlds;
        self.more = more.into();
        self
    }

    /// Made against a contract in which `from` reads `to`.
    pub(crate) fn with_contract(mut self, from: &str, to: &str) -> Self {
        assert!(self.wit.contains(from), "the contract does not say {from:?}");
        self.wit = self.wit.replace(from, to);
        self
    }

    /// Made against a contract of another version.
    pub(crate) fn of_version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).expect("the module is well-formed");
        let mut resolve = Resolve::default();
        let wit = format!("package hookyard:plugin@{};\n{}\n{}", self.version, self.wit, self.worlds);
        let package = resolve.push_str("guest.wit", &wit).expect("the contract is well-formed");
        let world = resolve.select_world(&[package], Some("guest")).expect("there is such a world");
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("the module can be labelled");
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module).expect("the module fits the world").validate(true).encode().expect("a component")
    }

    /// The core module.
    pub(crate) fn module(&self) -> String {
        let Self { version, manifest, imports, describe, handle, more, .. } = self;
        let free = (MANIFEST_AT + manifest.len()).next_multiple_of(8).max(2048);
        let pages = (free / PAGE_BYTES) + 1;
        let definition = if self.worlds.contains("export definition") {
            format!(
                r#"(func (export "hookyard:plugin/definition@{version}#describe") (result i32)
                    {describe}
                    (i32.store (i32.const 16) (i32.const 1024))
                    (i32.store (i32.const 20) (i32.const {length}))
                    (i32.const 16))"#,
                length = manifest.len()
            )
        } else {
            String::new()
        };
        let handler = if self.worlds.contains("export webhook-handler") {
            format!(
                r#"(func $handle (export "hookyard:plugin/webhook-handler@{version}#handle")
                    (param $method i32) (param $method_len i32) (param $path i32) (param $path_len i32)
                    (param $query i32) (param $query_len i32) (param $headers i32) (param $headers_len i32)
                    (param $body i32) (param $body_len i32) (result i32)
                    {handle}
                    (i32.const 64))"#
            )
        } else {
            String::new()
        };
        format!(
            r#"(module $hand_made
                {imports}
                (memory (export "memory") {pages})
                (global $free (mut i32) (i32.const {free}))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (global.get $free))
                    (global.set $free (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 7)) (i32.const -8)))
                    (local.get $at))
                (data (i32.const 1024) "{manifest}")
                {definition}
                {handler}
                {more})"#,
            manifest = manifest.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>()
        )
    }
}

/// The contract without its worlds, as one text without a package name.
fn contract() -> String {
    let files =
        WIT_FILES.map(|file| std::fs::read_to_string(format!("{WIT_DIR}/{file}")).expect("the contract is there"));
    let mut text = String::new();
    for line in files.iter().flat_map(|file| file.lines()) {
        if !line.starts_with("package ") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
