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

/// Keeps a webhook of the connection `bot` that fails until the key `mended` is there, and answers its id.
fn kept(host: &HostProcess, order: &str) -> String {
    let script = json!({ "order": order, "do": [
        { "fail_without": { "key": "mended", "kind": "failed", "code": "not-mended" } },
        { "emit": { "data": { "of": order } } },
        { "log": { "level": "info", "message": "heard\u{1b}[2J" } },
    ] });
    fs::write(host.directory().join("body.json"), script.to_string()).expect("writable");
    json_of(host, &["trigger", "filed", "--file", "body.json"])["webhook"].as_str().expect("an id").to_owned()
}

/// How a webhook stands once it is not pending any more.
fn settled(host: &HostProcess, id: &str) -> Value {
    loop {
        let webhook = json_of(host, &["webhooks", "show", id]);
        if webhook["state"] != "pending" {
            return webhook;
        }
    }
}

#[tokio::test]
async fn webhooks_are_listed_shown_tried_replayed_and_skipped() {
    let host = host().await;
    let (one, two, three) = (kept(&host, "1"), kept(&host, "2"), kept(&host, "3"));
    let listed = done(&host, &["webhooks", "--state", "failed", "--connection", "filed"]);
    let ids: Vec<_> = listed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids, [three.as_str(), &two, &one], "the newest first:\n{listed}");
    assert!(listed.starts_with("ID ") && listed.matches("not-mended").count() == 3, "{listed}");
    assert!(done(&host, &["webhooks", "list", "--state", "pending"]).lines().count() == 1);
    let page = json_of(&host, &["webhooks", "--limit", "2"]);
    let next = page["next"].as_str().expect("there are more");
    let rest = json_of(&host, &["webhooks", "--before", next]);
    assert_eq!((page["webhooks"].as_array().map(Vec::len), &rest["webhooks"][0]["id"]), (Some(2), &json!(one)));
    assert!(rest.get("next").is_none(), "that was all");
    let shown = done(&host, &["webhooks", "show", &one]);
    assert_eq!(fact(&shown, "state").as_deref(), Some("failed"), "{shown}");
    assert_eq!(
        (fact(&shown, "code").as_deref(), fact(&shown, "order key").as_deref()),
        (Some("not-mended"), Some("1"))
    );
    assert!(shown.contains("\n\n{") && shown.contains("fail_without"), "the body as it was: {shown}");

    let mend = r#"{"do": [{"set": {"key": "mended", "value": "yes"}}]}"#;
    done(&host, &["call", "filed", "do", mend]);
    let tried = run_with(&host, &["webhooks", "replay", &one, "--dry-run"], "");
    let (said, remark) = (text(&tried.stdout), text(&tried.stderr));
    assert!(tried.status.success() && remark.contains("a dry run: nothing was committed"), "{remark}");
    assert_eq!(fact(&said, "would be").as_deref(), Some("handled"), "{said}");
    assert!(said.contains("echo.any.heard") && said.contains("heard\u{fffd}[2J"), "{said}");
    let of_all = json_of(&host, &["webhooks", "replay", "--all-failed", "filed", "--dry-run"]);
    assert_eq!((&of_all["matched"], of_all["webhooks"].as_array().map(Vec::len)), (&json!(3), Some(3)));
    assert_eq!(json_of(&host, &["webhooks", "show", &one])["state"], "failed", "a dry run changes nothing");

    assert!(done(&host, &["webhooks", "skip", &three]).contains("is skipped"));
    assert!(done(&host, &["webhooks", "replay", &one]).contains(&format!("{one} is pending")));
    assert_eq!(settled(&host, &one)["state"], "handled");
    let of_the_rest = done(&host, &["webhooks", "replay", "--all-failed", "filed"]);
    assert!(of_the_rest.starts_with("1 replayed"), "{of_the_rest}");
    assert_eq!(settled(&host, &two)["state"], "handled");
    let heard = done(&host, &["events", "--connection", "filed", "--type", "echo.*"]);
    assert_eq!(heard.matches("echo.any.heard").count(), 2, "{heard}");

    assert!(refused(&host, &["webhooks", "skip", &one]).contains("webhook-handled"));
    let some = refused(&host, &["webhooks", "skip", &one, &three]);
    assert!(some.contains(&one) && some.contains("1 of 2 were refused"), "{some}");
    assert!(refused(&host, &["webhooks", "show", "whk_01h2xcejqtf2nbrexx3vqjhp41"]).contains("not-found"));
    assert!(refused(&host, &["webhooks", "replay", "--all-failed", "nobody"]).contains("no connection nobody"));

    let invocations = done(&host, &["invocations", "--connection", "filed", "--log"]);
    assert!(
        invocations.contains(&format!("dry-run {one}")) && invocations.contains("info  heard\u{fffd}"),
        "{invocations}"
    );
    let failed = json_of(&host, &["invocations", "--state", "failed", "--limit", "2"]);
    assert_eq!(failed["invocations"].as_array().map(Vec::len), Some(2));
    assert!(refused(&host, &["invocations", "--state", "broken"]).contains("/state"));
}
