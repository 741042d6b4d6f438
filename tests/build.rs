//! Builds the guests that the tests load, so that `cargo test` is the only command.
//!
//! The Rust guests are built by a second cargo, in a target directory of its own below the outer one (a shared one would wait for
//! the outer cargo for ever). The guests in JavaScript and Python need tools that Rust does not bring along; without its tool, a guest
//! is left out with a warning, or with `HOOKYARD_REQUIRE_ALL_GUESTS=1` the build fails. The same is true of the consumers in these
//! languages (`tests/consumers`) and the packages that they need.

use std::env::var_os;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

const TARGET: &str = "wasm32-wasip2";

/// The plugins of this project, by the names of their packages.
const PLUGINS: [&str; 6] = ["aftership", "doorbell", "feedbot", "freshchat", "generic-http", "selarti"];

/// The outer cargo's wishes for the build machine; they mean nothing to a guest.
const OUTER_ONLY: [&str; 5] =
    ["CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTFLAGS"];

/// A guest that a tool of another language makes.
struct Foreign {
    /// Its folder, its component, and with `_guest` the cfg of its tests.
    name: &'static str,
    tool: &'static str,
    /// Names the tool's executable, where it is not on the PATH.
    variable: &'static str,
    install: &'static str,
    source: &'static str,
    /// Adds what the tool is to do.
    arguments: fn(&mut Command, &Files),
}

/// What a tool reads and writes.
struct Files<'a> {
    wit: &'a Path,
    source: &'a Path,
    component: &'a Path,
}

const FOREIGN: [Foreign; 4] = [
    Foreign {
        name: "javascript",
        tool: "componentize-qjs",
        variable: "HOOKYARD_COMPONENTIZE_QJS",
        install: "npm install --global componentize-qjs@0.4.5",
        source: "plugin.js",
        arguments: |command, Files { wit, source, component }| {
            command.args(["--sync", "--world", "webhook-plugin", "--wit"]).arg(wit);
            command.arg("--js").arg(source).arg("--output").arg(component);
        },
    },
    Foreign {
        name: "fetch",
        tool: "componentize-js",
        variable: "HOOKYARD_COMPONENTIZE_JS",
        install: "npm install --global @bytecodealliance/componentize-js@0.23.0",
        source: "plugin.js",
        arguments: |command, Files { wit, source, component }| {
            command.arg(source).args(["--world-name", "action-plugin", "--wit"]).arg(wit).arg("--out").arg(component);
        },
    },
    Foreign {
        name: "python",
        tool: "componentize-py",
        variable: "HOOKYARD_COMPONENTIZE_PY",
        install: "pip install componentize-py==0.25.1",
        source: "app.py",
        arguments: |command, files| componentize_py(command, files, "python"),
    },
    Foreign {
        name: "swap_python",
        tool: "componentize-py",
        variable: "HOOKYARD_COMPONENTIZE_PY",
        install: "pip install componentize-py==0.25.1",
        source: "app.py",
        arguments: |command, files| componentize_py(command, files, "swap_python"),
    },
];

/// What a consumer of `tests/consumers` needs to run.
struct Consumer {
    /// Its language, and with `_consumer` the cfg of its tests.
    name: &'static str,
    /// Names it.
    variable: &'static str,
    install: &'static str,
}

const CONSUMERS: [Consumer; 2] = [
    Consumer {
        name: "python",
        variable: "HOOKYARD_CONSUMER_PYTHON",
        install: "the `python` of a virtual environment with `pip install standardwebhooks==1.1.0 cloudevents==2.2.0`",
    },
    Consumer {
        name: "javascript",
        variable: "HOOKYARD_CONSUMER_NODE_MODULES",
        install: "the `node_modules` of `npm install standardwebhooks@1.1.1 cloudevents@10.0.0`",
    },
];

fn componentize_py(command: &mut Command, Files { wit, component, .. }: &Files<'_>, folder: &str) {
    command.arg("-d").arg(wit).args(["-w", "webhook-plugin", "componentize", "-p", folder, "app"]);
    command.arg("--output").arg(component);
}

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={}", problem.replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let tests = PathBuf::from(required("CARGO_MANIFEST_DIR")?);
    let root = tests.parent().ok_or("the tests stand in a folder of the workspace")?;
    let output = outer_target(Path::new(&required("OUT_DIR")?))?.join("guests");
    watch(root);
    ensure_target()?;
    let plugins = PLUGINS.iter().flat_map(|plugin| ["--package", plugin]);
    build_rust(root, &output, &plugins.chain(["--lib"]).collect::<Vec<_>>())?;
    build_rust(&root.join("tests/guests"), &output, &["--workspace", "--lib", "--examples"])?;
    let built = output.join(TARGET).join("plugin");
    for guest in PLUGINS.iter().chain(&["echo", "misbehaving", "swap", "tally", "wasi"]) {
        let guest = guest.replace('-', "_");
        hand_over(&guest, &built.join(format!("{guest}.wasm")))?;
    }
    for contract in contracts(&tests.join("guests/contract/examples"))? {
        hand_over(&contract, &built.join(format!("examples/{contract}.wasm")))?;
    }
    FOREIGN.iter().try_for_each(|foreign| build_foreign(foreign, root, &output))?;
    CONSUMERS.iter().try_for_each(hand_over_consumer)?;
    look_for_curl()
}

/// What makes this script run again.
fn watch(root: &Path) {
    let inputs = [
        "tests/build.rs",
        "tests/guests",
        "plugins/aftership",
        "plugins/example",
        "plugins/feedbot",
        "plugins/freshchat",
        "plugins/generic-http",
        "plugins/parts",
        "plugins/selarti",
        "plugins/sdk/rust/Cargo.toml",
        "plugins/sdk/rust/src",
        "wit",
        ".cargo/config.toml",
        "Cargo.toml",
        "Cargo.lock",
    ];
    for input in inputs {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    println!("cargo::rerun-if-env-changed=HOOKYARD_REQUIRE_ALL_GUESTS");
    println!("cargo::rerun-if-env-changed=PATH");
    for Foreign { name, variable, .. } in &FOREIGN {
        println!("cargo::rerun-if-env-changed={variable}");
        println!("cargo::rustc-check-cfg=cfg({name}_guest)");
    }
    println!("cargo::rustc-check-cfg=cfg(shell_consumer)");
    for Consumer { name, variable, .. } in &CONSUMERS {
        println!("cargo::rerun-if-env-changed={variable}");
        println!("cargo::rustc-check-cfg=cfg({name}_consumer)");
    }
}

/// The directory that holds the outer profile's: `target` or `target/TRIPLE`.
fn outer_target(out_dir: &Path) -> Result<PathBuf, String> {
    // OUT_DIR is PROFILE/build/PACKAGE/out within it.
    let above_profile = || out_dir.ancestors().skip(4);
    let marked = above_profile().find(|dir| dir.join("CACHEDIR.TAG").is_file());
    let target = marked.or_else(|| above_profile().next()).ok_or("OUT_DIR does not lie in a target directory")?;
    Ok(target.to_owned())
}

fn ensure_target() -> Result<(), String> {
    let sysroot = Command::new(required("RUSTC")?)
        .args(["--print", "sysroot"])
        .output()
        .map_err(|error| format!("rustc does not start: {error}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    match added {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "the guests need the Rust target {TARGET}, and `rustup target add {TARGET}` did not succeed: install it and try again"
        )),
    }
}

fn build_rust(workspace: &Path, output: &Path, what: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(required("CARGO")?);
    cargo.current_dir(workspace).args(["build", "--locked", "--profile", "plugin", "--target", TARGET]);
    cargo.arg("--target-dir").arg(output).args(what);
    for variable in OUTER_ONLY {
        cargo.env_remove(variable);
    }
    run(cargo, &format!("the guests in {}", workspace.display()))
}

/// The names of the guests against the contract, against contracts that are off by one, and against released ones.
fn contracts(examples: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", examples.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(examples).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if let (Some(stem), Some("rs")) = (path.file_stem(), path.extension().and_then(|extension| extension.to_str()))
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn build_foreign(foreign: &Foreign, root: &Path, output: &Path) -> Result<(), String> {
    let Foreign { name, tool, variable, install, source, arguments } = foreign;
    let Some(executable) = var_os(variable).map(PathBuf::from).or_else(|| on_path(tool)) else {
        let how = format!("`{install}` puts it on the PATH, or {variable} names it");
        if all_are_required() {
            return Err(format!("the guest `{name}` is required and there is no {tool}: {how}"));
        }
        println!("cargo::warning=the tests of the guest `{name}` are left out, because there is no {tool}: {how}");
        return Ok(());
    };
    let source = root.join("tests/guests").join(name).join(source);
    let component = output.join(format!("{name}.wasm"));
    let wit = root.join("wit");
    if !is_newer(&component, &[&source, &wit, &executable])? {
        let copy = copied(&source, &output.join(name))?;
        let mut command = Command::new(&executable);
        command.current_dir(output);
        arguments(&mut command, &Files { wit: &wit, source: &copy, component: &component });
        run(command, &format!("the guest `{name}`"))?;
    }
    println!("cargo::rustc-cfg={name}_guest");
    hand_over(name, &component)
}

/// Tells the crate what a consumer needs: `CONSUMER_PYTHON`.
fn hand_over_consumer(Consumer { name, variable, install }: &Consumer) -> Result<(), String> {
    let Some(needed) = var_os(variable).map(PathBuf::from).filter(|needed| needed.exists()) else {
        if all_are_required() {
            return Err(format!("the consumer in {name} is required: {variable} is to name {install}"));
        }
        println!("cargo::warning=the tests of the consumer in {name} are left out: {variable} may name {install}");
        return Ok(());
    };
    println!("cargo::rustc-cfg={name}_consumer");
    println!("cargo::rustc-env=CONSUMER_{}={}", name.to_uppercase(), needed.display());
    Ok(())
}

/// What the consumer in a shell runs.
fn look_for_curl() -> Result<(), String> {
    if on_path("curl").is_some() {
        println!("cargo::rustc-cfg=shell_consumer");
    } else if all_are_required() {
        return Err("the consumer in a shell is required, and there is no curl on the PATH".to_owned());
    } else {
        println!(
            "cargo::warning=the test of the consumer in a shell is left out, because there is no curl on the PATH"
        );
    }
    Ok(())
}

fn all_are_required() -> bool {
    var_os("HOOKYARD_REQUIRE_ALL_GUESTS").is_some_and(|value| value == "1")
}

/// The copy of a file in another folder: the tools write beside their sources.
fn copied(file: &Path, folder: &Path) -> Result<PathBuf, String> {
    let copy = folder.join(file.file_name().ok_or("a source is a file")?);
    let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(file, &copy));
    done.map(|_| copy).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Whether a file is there and none of its sources has changed since; of a folder every file counts.
fn is_newer(made: &Path, sources: &[&Path]) -> Result<bool, String> {
    let Ok(made_at) = made.metadata().and_then(|metadata| metadata.modified()) else { return Ok(false) };
    let changed_at = |path: &Path| -> std::io::Result<SystemTime> {
        let mut newest = path.metadata()?.modified()?;
        if path.is_dir() {
            for entry in std::fs::read_dir(path)? {
                newest = newest.max(entry?.metadata()?.modified()?);
            }
        }
        Ok(newest)
    };
    for source in sources {
        if changed_at(source).map_err(|error| format!("{}: {error}", source.display()))? > made_at {
            return Ok(false);
        }
    }
    Ok(true)
}

fn on_path(tool: &str) -> Option<PathBuf> {
    let path = var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file())
}

fn run(mut command: Command, what: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} did not build ({status}); the reasons stand above")),
        Err(error) => Err(format!("{what} did not build: {} does not start: {error}", command.get_program().display())),
    }
}

/// Tells the crate where a component is: `GUEST_ECHO`.
fn hand_over(name: &str, component: &Path) -> Result<(), String> {
    if !component.is_file() {
        return Err(format!("{} should be there by now", component.display()));
    }
    println!("cargo::rustc-env=GUEST_{}={}", name.to_uppercase(), component.display());
    Ok(())
}

fn required(variable: &str) -> Result<OsString, String> {
    var_os(variable).ok_or_else(|| format!("cargo sets {variable}"))
}
