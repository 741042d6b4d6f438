//! A plugin that `hookyard new` makes builds, passes its tests, and serves; `hookyard dev` builds it again when it is saved.
//!
//! The crates stand below the target directory, at the same place each time, and are built where the guests of these tests are, with the
//! same flags: their dependencies are compiled already.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hookyard_tests::host::Builder;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");

/// What the outer cargo says of this crate and of the build machine; it is none of the new crate's business.
const OUTER_ONLY: [&str; 7] = [
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

/// How the guests were built: `.cargo/config.toml` of this repository, which does not hold where a target directory lies elsewhere.
const GUEST_FLAGS: &str = "-Clink-arg=-zstack-size=65536";

fn target() -> &'static Path {
    Path::new(BINARY).ancestors().nth(2).expect("the binary lies in a target directory")
}

/// A directory for one test, empty.
fn workplace(name: &str) -> PathBuf {
    let place = target().join("new-test").join(name);
    if place.exists() {
        std::fs::remove_dir_all(&place).expect("what an earlier run left can be removed");
    }
    std::fs::create_dir_all(&place).expect("a directory can be made");
    place
}

/// The target directory of all crates that the tests here make.
fn shared() -> PathBuf {
    target().join("guests")
}

fn command(program: &str, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env("CARGO_TARGET_DIR", shared()).env("CARGO_NET_OFFLINE", "true");
    OUTER_ONLY.iter().for_each(|variable| {
        command.env_remove(variable);
    });
    match program {
        // Components: nothing but them is built with these flags.
        BINARY => command.env("CARGO_ENCODED_RUSTFLAGS", GUEST_FLAGS),
        // Tests: nobody debugs them.
        _ => command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0"),
    };
    command
}

fn run(program: &str, directory: &Path, arguments: &[&str]) -> Output {
    let output = command(program, directory, arguments).output().expect("it starts");
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[tokio::test]
async fn a_new_plugin_builds_passes_its_tests_and_takes_its_sample() {
    let place = workplace("new");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/sdk/rust");
    run(BINARY, &place, &["new", "parcel-post", "--sdk", &sdk.display().to_string()]);
    let made = place.join("parcel-post");
    let again = command(BINARY, &place, &["new", "parcel-post"]).output().expect("it starts");
    assert_eq!(again.status.code(), Some(1), "what is there is not touched");

    run("cargo", &made, &["test", "--quiet"]);
    run(BINARY, &made, &["build", "--out", "built.wasm"]);
    let checked = run(BINARY, &made, &["check", "built.wasm"]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("it asks for nothing"), "{checked:?}");
    assert!(checked.stderr.is_empty(), "no hazard: {}", String::from_utf8_lossy(&checked.stderr));

    let config = std::fs::read_to_string(made.join("hookyard.toml")).expect("there is one");
    let component = made.join("built.wasm").display().to_string();
    let host = Builder::new(BINARY).plugin(&component).config(&config).start().await;
    let sample = json!({ "sample": "order-shipped", "fresh": true });
    let report = host.post("/v1/connections/parcel-post/webhooks", &sample).await.json();
    assert_eq!(report["status"], 200, "{report}");
    let events = host.get("/v1/events").await.json();
    assert_eq!(events["events"][0]["type"], "parcel-post.order.updated", "{events}");
    let order = host.call("parcel-post", "get-order", &json!({ "order": "A-1001" })).await.json();
    assert_eq!(order, json!({ "order": "A-1001", "state": "shipped" }));
}

/// Reads on until a line has all these words, and returns what came until then.
async fn wait_for<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>, words: &[&str]) -> String {
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.expect("readable") {
        said.push_str(&line);
        said.push('\n');
        if words.iter().all(|word| line.contains(word)) {
            return said;
        }
    }
    panic!("it ended without saying {words:?}:\n{said}");
}

#[tokio::test]
async fn dev_serves_a_plugin_and_builds_it_again_when_it_is_saved() {
    let place = workplace("dev");
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/sdk/rust");
    run(BINARY, &place, &["new", "parcel-dev", "--sdk", &sdk.display().to_string()]);
    let made = place.join("parcel-dev");
    let (source, config) = (made.join("src/lib.rs"), made.join("hookyard.toml"));
    let component = shared().join("hookyard/plugins/parcel-dev.wasm");
    // A run that failed leaves its own behind, and what is the same as that would not be built.
    std::fs::remove_file(&component).unwrap_or_default();
    let right = std::fs::read_to_string(&source).expect("readable");

    let mut dev = command(BINARY, &made, &["dev", ".", "--listen", "127.0.0.1:0"]);
    dev.stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("RUST_LOG");
    let mut dev = tokio::process::Command::from(dev).kill_on_drop(true).spawn().expect("it starts");
    let mut stdout = BufReader::new(dev.stdout.take().expect("piped")).lines();
    let mut stderr = BufReader::new(dev.stderr.take().expect("piped")).lines();
    wait_for(&mut stderr, &["built", "parcel-dev@0.1.0", "KiB"]).await;
    wait_for(&mut stdout, &["webhooks", "http://127.0.0.1:"]).await;
    let first = std::fs::read(&component).expect("it serves from there");

    run(BINARY, &made, &["trigger", "parcel-dev", "order-shipped"]);
    let connections = std::fs::read_to_string(&config).expect("readable");
    std::fs::write(&config, format!("{connections}[connections.second]\nplugin = \"parcel-dev\"\n")).expect("writable");
    let mut said = wait_for(&mut stderr, &["configuration read again", "added=\"second\""]).await;
    run(BINARY, &made, &["connections", "show", "second"]);

    std::fs::write(&source, right.replace("use serde::", "use serdes::")).expect("writable");
    said += &wait_for(&mut stderr, &["error", "unresolved import"]).await;
    // Cargo has left out of the lock file what the plugin does not need.
    assert_eq!(
        said.matches("building ").count(),
        1,
        "no data, no configuration and no lock of its own is a source: {said}"
    );
    wait_for(&mut stderr, &["not built", "parcel-dev"]).await;
    assert_eq!(std::fs::read(&component).expect("readable"), first, "the last good version stays");

    std::fs::write(&source, right.replace("order.updated", "order.changed")).expect("writable");
    wait_for(&mut stderr, &["built", "parcel-dev@0.1.0", "KiB"]).await;
    assert_ne!(std::fs::read(&component).expect("readable"), first);
    wait_for(&mut stderr, &["plugin swapped", "parcel-dev"]).await;

    std::fs::remove_file(made.join("Cargo.toml")).expect("it was there");
    wait_for(&mut stderr, &["gone", "parcel-dev@0.1.0"]).await;
    assert!(!component.exists());

    let id = dev.id().expect("it runs").to_string();
    run("kill", &place, &["-TERM", &id]);
    assert!(dev.wait().await.expect("it ends").success());
}
