//! A contract after each change that somebody could make to it: those that break guests, and those by which it may grow.

use std::path::Path;

use wit_parser::{Field, Function, InterfaceId, PackageId, Param, Resolve, Type, TypeDefKind, TypeId};

use super::{Contract, WORLD, interface, parsed};

/// A contract after one change.
#[derive(Debug)]
pub struct Changed {
    /// What was changed: `kv-store: get is gone`.
    pub what: String,
    /// What came of it.
    pub contract: Contract,
}

/// The contract after each change of one function, parameter, field or case that a guest built before would not link with.
///
/// # Errors
/// The directory is no contract.
pub fn breaking(directory: &Path) -> anyhow::Result<Vec<Changed>> {
    let mut changes = Changes::of(directory)?;
    for id in changes.interfaces() {
        let interface = changes.resolve.interfaces[id].clone();
        for name in interface.functions.keys() {
            changes.function(id, name);
        }
        for (name, ty) in &interface.types {
            changes.try_out(id, &format!("{name} is gone"), |resolve| {
                resolve.interfaces[id].types.shift_remove(name);
            });
            changes.type_(id, name, *ty);
        }
        if changes.is_exported(id) {
            changes.try_out(id, "a function more", |resolve| function_more(resolve, id));
        }
    }
    Ok(changes.made)
}

/// The contract after each change that no guest notices: a function more in an interface that guests import.
///
/// # Errors
/// The directory is no contract.
pub fn growing(directory: &Path) -> anyhow::Result<Vec<Changed>> {
    let mut changes = Changes::of(directory)?;
    for id in changes.interfaces() {
        // The world imports `types` for the sake of the others; it has no function of its own.
        if !changes.is_exported(id) && !changes.resolve.interfaces[id].functions.is_empty() {
            changes.try_out(id, "a function more", |resolve| function_more(resolve, id));
        }
    }
    Ok(changes.made)
}

struct Changes {
    resolve: Resolve,
    package: PackageId,
    made: Vec<Changed>,
}

impl Changes {
    fn of(directory: &Path) -> anyhow::Result<Self> {
        let (resolve, package) = parsed(directory)?;
        Ok(Self { resolve, package, made: Vec::new() })
    }

    fn interfaces(&self) -> Vec<InterfaceId> {
        self.resolve.packages[self.package].interfaces.values().copied().collect()
    }

    fn is_exported(&self, id: InterfaceId) -> bool {
        let world = &self.resolve.worlds[self.resolve.packages[self.package].worlds[WORLD]];
        let mut exports = world.exports.values().filter_map(|item| interface(&self.resolve, item));
        exports.any(|(name, _)| self.resolve.interfaces[id].name.as_ref() == Some(&name))
    }

    /// Makes one change to a copy.
    fn try_out(&mut self, id: InterfaceId, what: &str, change: impl FnOnce(&mut Resolve)) {
        let mut resolve = self.resolve.clone();
        change(&mut resolve);
        let name = resolve.interfaces[id].name.clone().unwrap_or_default();
        let contract = Contract::of(&resolve, self.package).expect("the world is still there");
        self.made.push(Changed { what: format!("{name}: {what}"), contract });
    }

    fn function(&mut self, id: InterfaceId, name: &str) {
        self.try_out(id, &format!("{name} is gone"), |resolve| {
            resolve.interfaces[id].functions.shift_remove(name);
        });
        let mut edit = |what: &str, edit: fn(&mut Function)| {
            self.try_out(id, &format!("{name} has {what}"), |resolve| {
                edit(&mut resolve.interfaces[id].functions[name]);
            });
        };
        edit("a parameter more", |function| {
            let span = function.span;
            function.params.push(Param { name: "more".to_owned(), ty: Type::Bool, span });
        });
        // No function of the contract returns this.
        edit("another result", |function| function.result = Some(Type::F64));
        if !self.resolve.interfaces[id].functions[name].params.is_empty() {
            let mut edit = |what: &str, edit: fn(&mut Function)| {
                let what = format!("{name} has {what}");
                self.try_out(id, &what, |resolve| edit(&mut resolve.interfaces[id].functions[name]));
            };
            edit("a parameter less", |function| drop(function.params.pop()));
            edit("a parameter of another type", |function| function.params[0].ty = Type::F64);
            edit("a parameter of another name", |function| function.params[0].name.push_str("-2"));
        }
    }

    fn type_(&mut self, id: InterfaceId, name: &str, ty: TypeId) {
        let kind = self.resolve.types[ty].kind.clone();
        let mut edit = |what: &str, edit: fn(&mut TypeDefKind)| {
            self.try_out(id, &format!("{name} {what}"), |resolve| edit(&mut resolve.types[ty].kind));
        };
        edit("is another type", |kind| *kind = TypeDefKind::Type(Type::F64));
        match kind {
            TypeDefKind::Record(_) => {
                edit("has a field more", |kind| {
                    let TypeDefKind::Record(record) = kind else { return };
                    let more = Field { name: "more".to_owned(), ..record.fields[0].clone() };
                    record.fields.push(more);
                });
                edit("has a field less", |kind| {
                    let TypeDefKind::Record(record) = kind else { return };
                    record.fields.pop();
                });
                edit("has its fields in another order", |kind| {
                    let TypeDefKind::Record(record) = kind else { return };
                    record.fields.rotate_left(1);
                });
            }
            TypeDefKind::Enum(_) => {
                edit("has a case more", |kind| {
                    let TypeDefKind::Enum(cases) = kind else { return };
                    let mut more = cases.cases[0].clone();
                    more.name.push_str("-2");
                    cases.cases.push(more);
                });
                edit("has a case less", |kind| {
                    let TypeDefKind::Enum(cases) = kind else { return };
                    cases.cases.pop();
                });
            }
            _ => {}
        }
    }
}

fn function_more(resolve: &mut Resolve, id: InterfaceId) {
    let functions = &mut resolve.interfaces[id].functions;
    let more = functions.values().next().expect("the interface has a function").clone();
    functions.insert("more".to_owned(), Function { name: "more".to_owned(), ..more });
}
