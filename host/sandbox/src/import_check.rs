//! Says exactly which import of a component this host cannot serve.

use wasmtime::component::{Component, InstancePre, Linker};

use crate::exports::{same_track, without_version};
use crate::guest::Guest;
use crate::rejection::Rejection;
use crate::shape;

/// What [`crate::imports::linker`] offers of the contract.
const CONTRACT: [&str; 10] = [
    "hookyard:plugin/types@0.1.0",
    "hookyard:plugin/http-request@0.1.0",
    "hookyard:plugin/emit-event@0.1.0",
    "hookyard:plugin/kv-store@0.1.0",
    "hookyard:plugin/connection@0.1.0",
    "hookyard:plugin/invocation@0.1.0",
    "hookyard:plugin/timers@0.1.0",
    "hookyard:plugin/secrets@0.1.0",
    "hookyard:plugin/crypto@0.1.0",
    "hookyard:plugin/log@0.1.0",
];
/// The packages of WASI that it offers, all at the same version.
const WASI: [&str; 7] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:http/", "wasi:io/", "wasi:random/", "wasi:sockets/"];
const WASI_VERSION: &str = "0.2";

/// Binds a component to what it imports, or says what does not fit.
pub(crate) fn bind(linker: &Linker<Guest>, component: &Component) -> Result<InstancePre<Guest>, Rejection> {
    linker.instantiate_pre(component).map_err(|error| {
        let said = error.to_string();
        let imports = component.component_type();
        let mut names = imports.imports(component.engine()).map(|(name, _)| name);
        let differs = error.chain().skip(1).map(ToString::to_string).collect::<Vec<_>>().join(": ");
        match names.find(|name| said.contains(&format!("`{name}`"))) {
            Some(import) => {
                let members = shape::differences(component.engine(), component, import);
                unserved(import, [vec![differs], members].concat().join("; "))
            }
            None => Rejection::Instantiate { reason: format!("{error:#}") },
        }
    })
}

fn unserved(import: &str, reason: String) -> Rejection {
    let contract = CONTRACT.into_iter().find(|offered| without_version(offered) == without_version(import));
    let wasi = WASI.iter().any(|package| import.starts_with(package));
    let import = import.to_owned();
    match contract {
        Some(offered) if same_track(&import, offered) => Rejection::ImportMismatch { import, reason },
        Some(offered) => Rejection::UnknownImport { import, hint: format!("; it offers {offered}") },
        None if wasi && same_track(&import, &format!("wasi@{WASI_VERSION}")) => {
            Rejection::ImportMismatch { import, reason }
        }
        None if wasi => Rejection::UnknownImport { import, hint: format!("; it offers WASI {WASI_VERSION}") },
        None => Rejection::UnknownImport { import, hint: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_world_imports_is_what_is_offered() {
        let world = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/world.wit");
        let world = std::fs::read_to_string(world).expect("the contract is there");
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import ")?.strip_suffix(';'));
        let mut imported: Vec<&str> = imports.chain(["types"]).collect();
        let mut offered: Vec<&str> =
            CONTRACT.into_iter().filter_map(|name| without_version(name).strip_prefix("hookyard:plugin/")).collect();
        imported.sort_unstable();
        offered.sort_unstable();
        assert_eq!(imported, offered);
    }
}
