//! What building a component left in it: an interpreter that was started then, paths, keys.
//!
//! Tools that bring an interpreter along start it while they build, let it run the top level of the plugin's code, and freeze
//! its memory. Whatever that code saw on the building machine is then the same in every instance, and readable in the file.

use std::fmt;

use wasmparser::{CustomSectionReader, Parser, Payload};

/// Bytes of a path that are shown.
const SHOWN_BYTES_MAX: usize = 80;
/// Base64 characters after a PEM head that make it a key: parsers of keys have heads in their data too, without anything behind.
const KEY_CHARACTERS_MIN: usize = 40;
/// Paths below a home directory that every build tool leaves, in messages of panics; they say nothing of the plugin.
const OF_TOOLS: [&str; 3] = ["/.cargo/", "/.rustup/", "/.cache/"];

/// The parts of a component file that are not code.
#[derive(Debug)]
pub struct Remains<'w> {
    interpreter: Option<Interpreter>,
    /// The data segments of all its modules: what is in memory when an instance begins.
    data: Vec<&'w [u8]>,
}

/// Tools that freeze a running interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpreter {
    /// QuickJS.
    ComponentizeQjs,
    /// StarlingMonkey, a SpiderMonkey.
    ComponentizeJs,
    /// CPython.
    ComponentizePy,
    /// Something else that Wizer has frozen.
    Wizer,
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ComponentizeQjs => "componentize-qjs",
            Self::ComponentizeJs => "componentize-js",
            Self::ComponentizePy => "componentize-py",
            Self::Wizer => "Wizer",
        })
    }
}

/// The file is not WebAssembly throughout.
#[derive(Debug, thiserror::Error)]
#[error("the file is not well-formed")]
pub struct Unreadable(#[source] wasmparser::BinaryReaderError);

impl<'w> Remains<'w> {
    /// Reads a component, with all modules and components within it. It is neither validated nor run.
    ///
    /// # Errors
    /// It is not well-formed. A component that was loaded is.
    pub fn of(wasm: &'w [u8]) -> Result<Self, Unreadable> {
        let mut remains = Self { interpreter: None, data: Vec::new() };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(Unreadable)? {
                Payload::DataSection(segments) => {
                    for segment in segments {
                        remains.data.push(segment.map_err(Unreadable)?.data);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        remains.saw_export(export.map_err(Unreadable)?.name);
                    }
                }
                Payload::CustomSection(section) if is_of_componentize_js(&section) => {
                    remains.interpreter = Some(Interpreter::ComponentizeJs);
                }
                _ => {}
            }
        }
        Ok(remains)
    }

    fn saw_export(&mut self, name: &str) {
        let interpreter = if name.starts_with("componentize_qjs_runtime.wasm:") {
            Interpreter::ComponentizeQjs
        } else if name.starts_with("libcomponentize_py_runtime.so:") {
            Interpreter::ComponentizePy
        } else if matches!(name, "wizer-initialize" | "wizer.initialize" | "wizer.resume") {
            Interpreter::Wizer
        } else {
            return;
        };
        // The names of a tool say more than those of what it uses.
        if self.interpreter.is_none_or(|known| known == Interpreter::Wizer) {
            self.interpreter = Some(interpreter);
        }
    }

    /// The tool that started an interpreter while it built this component.
    pub fn interpreter(&self) -> Option<Interpreter> {
        self.interpreter
    }

    /// The first path below this directory in its data, apart from those that build tools leave.
    pub fn path_below(&self, directory: &str) -> Option<String> {
        let start = format!("{}/", directory.trim_end_matches('/'));
        self.data.iter().find_map(|data| {
            places(data, start.as_bytes()).map(|place| path_at(&data[place..])).find(|path| {
                let rest = &path[start.len() - 1..];
                rest.len() > 1 && OF_TOOLS.iter().all(|tool| !rest.starts_with(tool))
            })
        })
    }

    /// The head of a private key that stands in its data, such as `-----BEGIN EC PRIVATE KEY-----`.
    pub fn private_key(&self) -> Option<String> {
        const HEAD: &[u8] = b"-----BEGIN ";
        self.data.iter().find_map(|data| places(data, HEAD).find_map(|place| key_at(&data[place..])))
    }

    /// Whether exactly these bytes stand in its data.
    pub fn contains(&self, bytes: &[u8]) -> bool {
        self.data.iter().any(|data| find(data, bytes).is_some())
    }
}

fn is_of_componentize_js(section: &CustomSectionReader<'_>) -> bool {
    section.name() == "producers" && find(section.data(), b"ComponentizeJS").is_some()
}

fn path_at(data: &[u8]) -> String {
    let part_of_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._-+@~".contains(byte);
    data.iter().take_while(part_of_path).take(SHOWN_BYTES_MAX).map(|byte| char::from(*byte)).collect()
}

/// The head, if a private key follows: a line end, as it is or escaped, and base64.
fn key_at(data: &[u8]) -> Option<String> {
    const TAIL: &[u8] = b"PRIVATE KEY-----";
    let head_bytes = find(data.get(..64).unwrap_or(data), TAIL)? + TAIL.len();
    let (head, rest) = data.split_at(head_bytes);
    let rest = rest.strip_prefix(b"\\r").or(rest.strip_prefix(b"\r")).unwrap_or(rest);
    let rest = rest.strip_prefix(b"\\n").or(rest.strip_prefix(b"\n"))?;
    let base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_key = rest.iter().take_while(base64).count() >= KEY_CHARACTERS_MIN;
    is_key.then(|| String::from_utf8_lossy(head).into_owned())
}

fn find(data: &[u8], bytes: &[u8]) -> Option<usize> {
    places(data, bytes).next()
}

/// Where these bytes begin. Looks for their first byte first, since files have some ten megabytes.
fn places<'d>(data: &'d [u8], bytes: &'d [u8]) -> impl Iterator<Item = usize> + 'd {
    let first = bytes.first().copied();
    data.iter()
        .enumerate()
        .filter(move |(_, byte)| Some(**byte) == first)
        .map(|(place, _)| place)
        .filter(move |place| data[*place..].starts_with(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(exports: &str, data: &str) -> Vec<u8> {
        let data: String = data.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let module = format!(r#"(core module (memory 1) (func $f) {exports} (data (i32.const 8) "{data}"))"#);
        wat::parse_str(format!("(component (component {module}))")).expect("well-formed")
    }

    #[test]
    fn a_frozen_interpreter_is_recognised_by_what_its_tool_exports() {
        let of = |name: &str| {
            let wasm = component(&format!(r#"(export "{name}" (func $f))"#), "");
            Remains::of(&wasm).expect("readable").interpreter()
        };
        assert_eq!(of("componentize_qjs_runtime.wasm:memory_base"), Some(Interpreter::ComponentizeQjs));
        assert_eq!(of("libcomponentize_py_runtime.so:PyBytes_Type"), Some(Interpreter::ComponentizePy));
        assert_eq!(of("wizer.resume"), Some(Interpreter::Wizer));
        assert_eq!(of("cabi_realloc"), None);
    }

    #[test]
    fn paths_of_the_building_machine_are_found_but_not_those_of_its_tools() {
        let path = |data: &str| {
            let wasm = component("", data);
            Remains::of(&wasm).expect("readable").path_below("/home/ada")
        };
        assert_eq!(path("x\0/home/ada/shop/settings.py\0y"), Some("/home/ada/shop/settings.py".to_owned()));
        assert_eq!(path("at /home/ada/.cargo/registry/src/x.rs and /home/adam/y"), None);
        assert_eq!(path("/home/ada/.cargo/x /home/ada/key.txt"), Some("/home/ada/key.txt".to_owned()));
    }

    #[test]
    fn a_private_key_is_found_but_not_a_parser_of_keys() {
        let key = |data: &str| {
            let wasm = component("", data);
            Remains::of(&wasm).expect("readable").private_key()
        };
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
        let head = "-----BEGIN RSA PRIVATE KEY-----";
        assert_eq!(key(&format!("k = '{head}\n{body}\n'")), Some(head.to_owned()));
        assert_eq!(key(&format!("{head}\\n{body}\\n")), Some(head.to_owned()));
        assert_eq!(key("-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----"), None);
        assert_eq!(key("-----BEGIN PRIVATE KEY-----\nno key"), None);
        assert_eq!(key(&format!("-----BEGIN PUBLIC KEY-----\n{body}")), None);
    }

    #[test]
    fn values_are_found_wherever_they_stand() {
        let wasm = component("", "env: TOKEN=ghp_0123456789;");
        let remains = Remains::of(&wasm).expect("readable");
        assert!(remains.contains(b"ghp_0123456789") && !remains.contains(b"ghp_1"));
    }

    #[test]
    fn what_is_no_component_is_an_error() {
        assert!(Remains::of(b"\0asm\x0d\0\x01\0 and rubbish").is_err());
    }
}
