//! The command line against a host that runs, both the real binary.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use hookyard_tests::another_version::AnotherVersion;
use hookyard_tests::guests;
use hookyard_tests::process::HostProcess;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");

async fn host() -> HostProcess {
    HostProcess::start_with(BINARY, guests::ECHO, "[connections.filed]\nplugin = \"echo\"", "warn").await
}

/// Runs `hookyard` beside the host, with this on stdin.
fn run_with(host: &HostProcess, arguments: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(host.directory()).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("it starts");
    // Who does not read it has closed it.
    running.stdin.take().expect("piped").write_all(stdin.as_bytes()).unwrap_or_default();
    running.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What it prints.
fn done(host: &HostProcess, arguments: &[&str]) -> String {
    let output = run_with(host, arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it prints with `--json`.
fn json_of(host: &HostProcess, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(host, &[arguments, &["--json"]].concat())).expect("JSON")
}

/// Why it is refused.
fn refused(host: &HostProcess, arguments: &[&str]) -> String {
    let output = run_with(host, arguments, "");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stderr)
}

/// The value of a fact that a table shows, `None` where there is no such line.
fn fact(shown: &str, name: &str) -> Option<String> {
    let line = shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("  "))?;
    Some(line.trim().to_owned())
}

#[tokio::test]
async fn a_connection_is_made_used_changed_and_deleted() {
    let host = host().await;
    let set = ["connections", "set", "bot"];
    let nothing_there = run_with(&host, &[&set[..], &["greeting=hi"]].concat(), "");
    assert_eq!(nothing_there.status.code(), Some(2));
    assert!(text(&nothing_there.stderr).contains("--plugin NAME makes one"), "{}", text(&nothing_there.stderr));

    fs::write(host.directory().join("secret"), "sesame\n").expect("writable");
    let grants = r#"{"private_addresses": ["127.0.0.1/32"]}"#;
    let made =
        done(&host, &[&set[..], &["--plugin", "echo", "secret=@secret", "greeting=42", "--grants", grants]].concat());
    assert_eq!(fact(&made, "defined in").as_deref(), Some("api"), "{made}");
    assert!(
        fact(&made, "config").is_some_and(|config| config.contains(r#""greeting":"42""#)),
        "a text by its schema: {made}"
    );
    assert!(
        !made.contains("sesame") && fact(&made, "may reach").is_some_and(|hosts| hosts.contains("granted.example"))
    );

    assert_eq!(json_of(&host, &["call", "bot", "echo", r#"{"a": 1.50}"#])["a"], json!(1.5));
    let answered = done(&host, &["trigger", "bot", "emit"]);
    assert_eq!(fact(&answered, "status").as_deref(), Some("200"), "{answered}");

    let changed =
        run_with(&host, &[&set[..], &["--config", "-", "--disable", "--json"]].concat(), r#"{"greeting": null}"#);
    let changed: Value = serde_json::from_slice(&changed.stdout).expect("JSON");
    assert_eq!((&changed["enabled"], &changed["config"]), (&json!(false), &json!({ "secret": { "set": true } })));
    assert_eq!(changed["grants"]["private_addresses"], json!(["127.0.0.1/32"]), "what is not named stays");
    assert_eq!(json_of(&host, &["connections", "set", "bot", "--enable"])["enabled"], true);
    assert_eq!(json_of(&host, &["connections", "set", "bot", "--grants", "as-asked"])["grants"], "as-asked");

    let wrong = refused(&host, &["connections", "set", "bot", "colour=red", "greeting=[]"]);
    assert!(wrong.contains("/config/colour"), "{wrong}");
    assert!(json_of(&host, &["connections", "show", "bot"])["config"].get("colour").is_none());
    let of_file = refused(&host, &["connections", "set", "filed", "greeting=hi"]);
    assert!(of_file.contains("hookyard.toml"), "{of_file}");
    assert!(refused(&host, &["connections", "delete", "filed"]).contains("hookyard.toml"));

    done(&host, &["connections", "delete", "bot"]);
    assert!(refused(&host, &["connections", "show", "bot"]).contains("no connection bot"));
    assert!(!done(&host, &["connections"]).contains("bot"));
    assert!(done(&host, &["events", "--connection", "bot"]).contains("echo.any.heard"), "its events stay");
}

#[tokio::test]
async fn a_plugin_is_swapped_rolled_back_pinned_and_let_go() {
    let host = host().await;
    let version = |arguments: &[&str]| json_of(&host, arguments)["version"].clone();
    let put = |version: &str, name: &str| {
        let (half, whole) = (host.directory().join("half"), host.directory().join("plugins").join(name));
        fs::write(&half, AnotherVersion::of(guests::ECHO).version(version).bytes()).expect("writable");
        fs::rename(half, whole).expect("one file system");
    };
    assert!(refused(&host, &["plugins", "rollback", "echo"]).contains("echo"), "there is none before it");
    put("0.2.0", "echo.wasm");
    let shown = loop {
        let shown = done(&host, &["plugins", "show", "echo"]);
        if fact(&shown, "version").as_deref() == Some("0.2.0") {
            break shown;
        }
    };
    assert!(fact(&shown, "previous").is_some_and(|version| version.starts_with("0.1.0  ")), "{shown}");
    assert!(fact(&shown, "pinned").is_none() && fact(&shown, "held back").is_none(), "{shown}");

    assert_eq!(version(&["plugins", "rollback", "echo"]), "0.1.0");
    let shown = done(&host, &["plugins", "show", "echo"]);
    assert!(fact(&shown, "held back").is_some_and(|hash| hash.len() == 12), "{shown}");
    assert_eq!(version(&["plugins", "unpin", "echo"]), "0.2.0", "what was held back is forgotten");

    assert!(refused(&host, &["plugins", "pin", "echo", "9.9.9"]).contains("9.9.9"));
    assert_eq!(version(&["plugins", "pin", "echo", "0.1.0"]), "0.1.0");
    assert!(done(&host, &["plugins"]).contains("serving, pinned"));
    assert!(fact(&done(&host, &["plugins", "show", "echo"]), "pinned").is_some());
    assert!(refused(&host, &["plugins", "rollback", "echo"]).contains("pin"));
    assert_eq!(version(&["plugins", "unpin", "echo"]), "0.2.0");

    fs::write(host.directory().join("plugins/broken.wasm"), "hello").expect("writable");
    let listed = loop {
        let listed = run_with(&host, &["plugins"], "");
        if text(&listed.stdout).contains("rejected") {
            break listed;
        }
    };
    let said = text(&listed.stderr);
    assert!(said.matches("broken.wasm: ").count() == 1 && said.contains("WebAssembly"), "{said}");
}
