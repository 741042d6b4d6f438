//! What a component may do wrong although a host accepts it: things that its build has frozen.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hookyard_domain::clock::Timestamp;
use hookyard_sandbox::{Component, Interpreter, Remains, Sandbox};
use serde_json::Value;

/// Shorter values are found by accident.
const SECRET_BYTES_MIN: usize = 10;
/// Endings and parts of the names of variables that hold secrets.
const SECRET_NAMES: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "_KEY", "CREDENTIAL"];
/// Another time and other chance than those of the first description, which are zero.
const OTHER_TIME: Timestamp = Timestamp::from_millis(1_767_225_600_123);
const OTHER_SEED: u64 = 0x5eed;

/// The machine that a component may have been built on: this one.
pub(super) struct Machine {
    /// Of the user.
    home: Option<String>,
    /// Variables of the environment that look like secrets.
    secrets: BTreeMap<String, String>,
}

impl Machine {
    /// The one with this environment.
    pub(super) fn with(environment: impl Iterator<Item = (String, String)>) -> Self {
        let all: BTreeMap<_, _> = environment.collect();
        // A home directory of one letter or of the root is no path of anybody.
        let home = all.get("HOME").filter(|home| home.starts_with('/') && home.len() > 2).cloned();
        let is_secret = |name: &String, value: &String| {
            let path_or_word = value.starts_with('/') || value.bytes().all(|byte| byte.is_ascii_lowercase());
            SECRET_NAMES.iter().any(|part| name.to_uppercase().contains(part))
                && value.len() >= SECRET_BYTES_MIN
                && !path_or_word
        };
        Self { home, secrets: all.into_iter().filter(|(name, value)| is_secret(name, value)).collect() }
    }
}

/// A sentence for each hazard: what it is, and what to do about it.
///
/// # Errors
/// The file of a component that was loaded is not well-formed after all.
pub(super) async fn find(
    sandbox: &Sandbox,
    component: &Component,
    wasm: &[u8],
    machine: &Machine,
) -> anyhow::Result<Vec<String>> {
    let remains = Remains::of(wasm).context("the component cannot be read")?;
    let described = sandbox.describe_at(component, OTHER_TIME, OTHER_SEED).await.map_err(|error| error.to_string());
    let mut found: Vec<String> = remains.interpreter().map(frozen).into_iter().collect();
    found.extend(changing(component.manifest_json(), &described));
    found.extend(left(&remains, machine));
    Ok(found)
}

fn frozen(interpreter: Interpreter) -> String {
    let random = match interpreter {
        Interpreter::ComponentizeQjs => {
            "; `Math.random()` was seeded then, too, and gives every invocation the same numbers, within functions as well: use \
             `random` of the contract's `crypto`"
        }
        Interpreter::ComponentizeJs => {
            "; if `Math.random()` was used there once, it may give every invocation the same numbers: use `random` of the contract's \
             `crypto`"
        }
        Interpreter::ComponentizePy => {
            "; the generator of `random` was seeded when it was imported: use `secrets` or `random.SystemRandom`"
        }
        Interpreter::Wizer => "",
    };
    format!(
        "its code was started when it was built ({interpreter}), and every invocation goes on from there: what its top level, or \
         that of a module, has read of time, chance or environment never changes; read them within functions{random}"
    )
}

fn changing(first: &str, second: &Result<String, String>) -> Option<String> {
    match second {
        Ok(second) if second == first => None,
        Ok(second) => {
            let values = (serde_json::from_str(first), serde_json::from_str(second));
            let place = match values {
                (Ok(first), Ok(second)) => difference(&first, &second).unwrap_or_default(),
                _ => String::new(),
            };
            let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
            Some(format!(
                "its manifest depends on time or chance: asked twice, it says something else{place}. A host keeps what it said first; \
                 let `describe` return what is constant"
            ))
        }
        Err(reason) => Some(format!(
            "its manifest depends on time or chance: asked again, at another time, it fails: {reason}. Let `describe` return what is \
             constant"
        )),
    }
}

/// A JSON pointer to the first place where two values differ; nothing where they do not.
fn difference(one: &Value, other: &Value) -> Option<String> {
    let within = |name: &str, one: &Value, other: &Value| difference(one, other).map(|rest| format!("/{name}{rest}"));
    match (one, other) {
        _ if one == other => None,
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys());
            let member = |members: &serde_json::Map<String, Value>, name: &String| {
                members.get(name).cloned().unwrap_or_default()
            };
            names.into_iter().find_map(|name| within(name, &member(one, name), &member(other, name)))
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(place, (one, other))| within(&place.to_string(), one, other))
        }
        _ => Some(String::new()),
    }
}

fn left(remains: &Remains<'_>, machine: &Machine) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(head) = remains.private_key() {
        found.push(format!(
            "a private key stands in its data ({head} …), where everybody finds it who has the file. Take it as a secret of the \
             config, and replace the key"
        ));
    }
    for name in machine.secrets.iter().filter(|(_, value)| remains.contains(value.as_bytes())).map(|(name, _)| name) {
        found.push(format!(
            "the value that ${name} has here stands in its data, where everybody finds it who has the file. Take it as a secret of \
             the config, and replace it where it came from"
        ));
    }
    if let Some(path) = machine.home.as_deref().and_then(|home| remains.path_below(home)) {
        found.push(format!(
            "a path of this machine stands in its data: {path}. There are no files where it runs; build it without that path if it \
             is nobody's business"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(variables: &[(&str, &str)]) -> Machine {
        Machine::with(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn wasm(data: &str) -> Vec<u8> {
        // A component of one module of one data segment: `(component (core module (memory 1) (data (i32.const 0) …)))`.
        let length = u8::try_from(data.len()).expect("short").min(127);
        let segment = [&[1, 0, 0x41, 0, 0x0b, length][..], data.as_bytes()].concat();
        let section = |id: u8, body: &[u8]| [&[id, u8::try_from(body.len()).expect("short")][..], body].concat();
        let module = [b"\0asm\x01\0\0\0".to_vec(), section(5, &[1, 0, 1]), section(11, &segment)].concat();
        [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &module)].concat()
    }

    #[test]
    fn what_the_building_machine_left_is_named_and_its_values_are_not_shown() {
        let machine = machine(&[
            ("HOME", "/home/ada"),
            ("SHOP_TOKEN", "tok-4711-4711"),
            ("SSH_KEY", "/home/ada/key"),
            ("TOKEN_KIND", "bearer"),
            ("EDITOR", "something-long"),
        ]);
        let wasm = wasm("a=/home/ada/shop.py t=tok-4711-4711 bearer something-long");
        let found = left(&Remains::of(&wasm).expect("well-formed"), &machine);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("$SHOP_TOKEN") && !found[0].contains("4711"), "{}", found[0]);
        assert!(found[1].contains("/home/ada/shop.py"), "{}", found[1]);
    }

    #[test]
    fn a_clean_component_has_no_hazard() {
        let machine = machine(&[("HOME", "/home/ada"), ("SHOP_TOKEN", "tok-4711-4711")]);
        let wasm = wasm("nothing of anybody");
        assert!(left(&Remains::of(&wasm).expect("well-formed"), &machine).is_empty());
    }

    #[test]
    fn a_manifest_that_changes_is_reported_with_its_place() {
        let first = r#"{"name":"x","events":[{"kind":"a"},{"kind":"b","title":"1"}]}"#;
        assert_eq!(changing(first, &Ok(first.to_owned())), None);
        let second = first.replace("\"1\"", "\"2\"");
        let said = changing(first, &Ok(second)).expect("a hazard");
        assert!(said.contains("time or chance") && said.contains(" at /events/1/title."), "{said}");
        assert!(changing(first, &Err("it trapped".to_owned())).expect("a hazard").contains("it trapped"));
    }

    #[test]
    fn a_frozen_interpreter_is_named_with_its_way_out() {
        let said = frozen(Interpreter::ComponentizePy);
        assert!(said.contains("componentize-py") && said.contains("within functions") && said.contains("SystemRandom"));
        assert!(frozen(Interpreter::ComponentizeQjs).contains("`random` of the contract's `crypto`"));
    }
}
