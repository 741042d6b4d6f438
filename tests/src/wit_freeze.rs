//! Whether a newer contract still links every guest that was built for an older one.
//!
//! On one track, what a guest imports may grow: new interfaces, new functions. What a guest exports is closed for ever, because
//! the host asks for all of an exported interface; a new export comes as a new interface. Nothing else may change: linking
//! compares types by structure, so one more record field breaks every old guest.

pub mod changes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Function, Handle, PackageId, Resolve, Type, TypeDefKind, World, WorldItem, WorldKey};

/// The world that names everything a plugin may import and export.
const WORLD: &str = "plugin";

/// The namespace of the contract's package; what a component has beside it is WASI.
const NAMESPACE: &str = "hookyard";

/// The version that a directory of `.wit` files says it is.
///
/// # Errors
/// The directory cannot be read, is no package, or its package has no version.
pub fn version(directory: &Path) -> anyhow::Result<String> {
    let (resolve, package) = parsed(directory)?;
    let version = resolve.packages[package].name.version.as_ref();
    version.map(ToString::to_string).with_context(|| format!("{} has no version", directory.display()))
}

/// The directories of a directory of released contracts with their versions, the newest last.
///
/// # Errors
/// One of them cannot be read, or does not have the name of its version.
pub fn releases(directory: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut releases = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| format!("reading {}", directory.display()))? {
        let path = entry?.path();
        let (resolve, package) = parsed(&path)?;
        let version = resolve.packages[package].name.version.clone().context("a release has a version")?;
        anyhow::ensure!(path.ends_with(version.to_string()), "{} holds the version {version}", path.display());
        releases.push((version, path));
    }
    releases.sort();
    Ok(releases.into_iter().map(|(version, path)| (version.to_string(), path)).collect())
}

/// A contract, reduced to what linking compares.
#[derive(Debug, PartialEq, Eq)]
pub struct Contract {
    imports: BTreeMap<String, Interface>,
    exports: BTreeMap<String, Interface>,
}

/// What stands before the name of an item that is a type.
const TYPE: &str = "type ";

/// Functions and the types' structure, by name.
type Interface = BTreeMap<String, String>;

impl Contract {
    /// Reads a directory of `.wit` files.
    ///
    /// # Errors
    /// The directory cannot be read or is not a package with a world `plugin`.
    pub fn read(directory: &Path) -> anyhow::Result<Self> {
        let (resolve, package) = parsed(directory)?;
        Self::of(&resolve, package)
    }

    /// Reads what a component imports and exports of the contract.
    ///
    /// # Errors
    /// The bytes are no component.
    pub fn of_component(bytes: &[u8]) -> anyhow::Result<Self> {
        match decode(bytes).map_err(|error| anyhow!("{error:?}"))? {
            DecodedWasm::Component(resolve, world) => Ok(Self::of_world(&resolve, &resolve.worlds[world])),
            DecodedWasm::WitPackage(..) => Err(anyhow!("a package of WIT, and no component")),
        }
    }

    /// Parses one text that holds a whole package.
    ///
    /// # Errors
    /// The text is not a package with a world `plugin`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("contract.wit", text).map_err(|error| anyhow!("{error:?}"))?;
        Self::of(&resolve, package)
    }

    fn of(resolve: &Resolve, package: PackageId) -> anyhow::Result<Self> {
        let world = resolve.packages[package].worlds.get(WORLD).with_context(|| format!("no world {WORLD}"))?;
        Ok(Self::of_world(resolve, &resolve.worlds[*world]))
    }

    fn of_world(resolve: &Resolve, world: &World) -> Self {
        let side = |items: &[(&WorldKey, &WorldItem)]| {
            items.iter().filter_map(|(_, item)| interface(resolve, item)).collect::<BTreeMap<_, _>>()
        };
        let imports = side(&world.imports.iter().collect::<Vec<_>>());
        let exports = side(&world.exports.iter().collect::<Vec<_>>());
        Self { imports, exports }
    }

    /// The functions of this contract that a guest neither imports nor exports.
    pub fn unused_by(&self, guest: &Self) -> Vec<String> {
        let sides = [("import", &self.imports, &guest.imports), ("export", &self.exports, &guest.exports)];
        let mut unused = Vec::new();
        for (side, ours, used) in sides {
            for (name, interface) in ours {
                let functions = interface.keys().filter(|item| !item.starts_with(TYPE));
                let left = functions.filter(|item| !used.get(name).is_some_and(|used| used.contains_key(*item)));
                unused.extend(left.map(|item| format!("{side} {name}: {item}")));
            }
        }
        unused
    }

    /// Everything that keeps guests of `older` from linking against this contract; empty when all of them do.
    pub fn breaks(&self, older: &Self) -> Vec<String> {
        let mut breaks = Vec::new();
        for (name, old) in &older.imports {
            match self.imports.get(name) {
                Some(new) => compare(&format!("import {name}"), old, new, &mut breaks),
                None => breaks.push(format!("import {name}: is gone")),
            }
        }
        for (name, old) in &older.exports {
            match self.exports.get(name) {
                Some(new) => {
                    let place = format!("export {name}");
                    compare(&place, old, new, &mut breaks);
                    let added = new.keys().filter(|item| !old.contains_key(*item));
                    breaks.extend(added.map(|item| format!("{place}: {item} is new; exported interfaces are closed")));
                }
                None => breaks.push(format!("export {name}: is gone")),
            }
        }
        breaks
    }
}

fn parsed(directory: &Path) -> anyhow::Result<(Resolve, PackageId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(directory).with_context(|| format!("reading {}", directory.display()))?;
    Ok((resolve, package))
}

fn compare(place: &str, old: &Interface, new: &Interface, breaks: &mut Vec<String>) {
    for (item, was) in old {
        match new.get(item) {
            None => breaks.push(format!("{place}: {item} is gone")),
            Some(is) if is != was => breaks.push(format!("{place}: {item} was {was}, is {is}")),
            Some(_) => {}
        }
    }
}

/// The name of an interface of the contract, without the package's version, and its items. Items outside interfaces do not occur.
fn interface(resolve: &Resolve, item: &WorldItem) -> Option<(String, Interface)> {
    let WorldItem::Interface { id, .. } = item else { return None };
    let interface = &resolve.interfaces[*id];
    if resolve.packages[interface.package?].name.namespace != NAMESPACE {
        return None;
    }
    let functions = interface.functions.values().map(|f| (f.name.clone(), signature(resolve, f)));
    let types = interface.types.iter().map(|(name, id)| (format!("{TYPE}{name}"), shape(resolve, &Type::Id(*id))));
    Some((interface.name.clone()?, functions.chain(types).collect()))
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params: Vec<_> =
        function.params.iter().map(|param| format!("{}: {}", param.name, shape(resolve, &param.ty))).collect();
    let result = function.result.as_ref().map_or(String::new(), |ty| format!(" -> {}", shape(resolve, ty)));
    format!("{} func({}){result}", kind(function), params.join(", "))
}

fn kind(function: &Function) -> &'static str {
    if function.kind.is_async() { "async" } else { "sync" }
}

/// A type written out to its last field, aliases resolved.
fn shape(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let of = |ty: &Type| shape(resolve, ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), of);
    match &resolve.types[*id].kind {
        TypeDefKind::Type(alias) => of(alias),
        TypeDefKind::Record(record) => {
            list("record", record.fields.iter().map(|field| format!("{}: {}", field.name, of(&field.ty))))
        }
        TypeDefKind::Tuple(tuple) => list("tuple", tuple.types.iter().map(of)),
        TypeDefKind::Enum(cases) => list("enum", cases.cases.iter().map(|case| case.name.clone())),
        TypeDefKind::Flags(flags) => list("flags", flags.flags.iter().map(|flag| flag.name.clone())),
        TypeDefKind::Variant(variant) => {
            list("variant", variant.cases.iter().map(|case| format!("{}({})", case.name, maybe(&case.ty))))
        }
        TypeDefKind::Option(inner) => format!("option<{}>", of(inner)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err)),
        TypeDefKind::List(inner) => format!("list<{}>", of(inner)),
        TypeDefKind::Map(key, value) => format!("map<{}, {}>", of(key), of(value)),
        TypeDefKind::FixedLengthList(inner, length) => format!("list<{}, {length}>", of(inner)),
        TypeDefKind::Future(inner) => format!("future<{}>", maybe(inner)),
        TypeDefKind::Stream(inner) => format!("stream<{}>", maybe(inner)),
        TypeDefKind::Handle(Handle::Own(resource)) => format!("own<{}>", of(&Type::Id(*resource))),
        TypeDefKind::Handle(Handle::Borrow(resource)) => format!("borrow<{}>", of(&Type::Id(*resource))),
        TypeDefKind::Resource => format!("resource {}", resolve.types[*id].name.as_deref().unwrap_or("_")),
        TypeDefKind::Unknown => "unknown".to_owned(),
    }
}

fn list(word: &str, items: impl Iterator<Item = String>) -> String {
    format!("{word} {{ {} }}", items.collect::<Vec<_>>().join(", "))
}
