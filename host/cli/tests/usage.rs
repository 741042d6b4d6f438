//! The command as a shell sees it: what it prints, and how it exits.

use std::path::Path;
use std::process::{Command, Output};

fn hookyard(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hookyard"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("TMPDIR", directory)
        .output()
        .expect("the binary runs")
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All but the hidden one.
const SUBCOMMANDS: [&str; 16] = [
    "serve",
    "dev",
    "new",
    "build",
    "check",
    "trigger",
    "call",
    "events",
    "plugins",
    "connections",
    "subscriptions",
    "deliveries",
    "timers",
    "webhooks",
    "invocations",
    "tokens",
];

#[test]
fn help_names_every_subcommand_but_the_hidden_one() {
    let output = hookyard(directory().path(), &["--help"]);
    assert_eq!(code(&output), 0);
    let help = stdout(&output);
    for name in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{name} is missing:\n{help}");
    }
    assert!(!help.contains("compile-component"));
}

#[test]
fn each_subcommand_explains_itself() {
    let directory = directory();
    for name in SUBCOMMANDS {
        let output = hookyard(directory.path(), &[name, "--help"]);
        assert_eq!(code(&output), 0, "{name}");
        assert!(stdout(&output).contains("Usage: hookyard "), "{name}");
    }
    assert!(stdout(&hookyard(directory.path(), &["events", "--help"])).contains("HOOKYARD_URL"));
}

#[test]
fn wrong_usage_ends_with_2() {
    let directory = directory();
    for arguments in [
        &["launch"][..],
        &[],
        &["check"],
        &["serve", "--listen", "nowhere"],
        &["trigger", "Not An Id"],
        &["webhooks", "replay"],
        &["deliveries", "retry"],
        &["subscriptions", "replay", "crm"],
    ] {
        let output = hookyard(directory.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn without_a_host_clients_end_with_1_and_say_how_to_start_one() {
    let directory = directory();
    std::fs::write(directory.path().join("hookyard.toml"), "data = \"state\"\n").expect("writable");
    for arguments in [
        &["events"][..],
        &["plugins"],
        &["connections", "show", "demo"],
        &["webhooks"],
        &["webhooks", "replay", "--all-failed", "demo"],
        &["invocations"],
        &["subscriptions"],
        &["subscriptions", "pause", "crm"],
        &["deliveries", "retry", "--all"],
        &["trigger", "demo", "x"],
        &["tokens", "create"],
    ] {
        let output = hookyard(directory.path(), arguments);
        assert_eq!(code(&output), 1, "{arguments:?}");
        let said = stderr(&output);
        assert!(said.contains("no host is running at ") && said.contains("`hookyard serve`"), "{arguments:?}: {said}");
        assert!(said.contains("state/hookyard.sock"), "the file says where the socket is: {said}");
    }
    let output = hookyard(directory.path(), &["events", "--data", "other"]);
    assert!(stderr(&output).contains("other/hookyard.sock"));
}

#[test]
fn a_host_of_a_url_is_reached_at_that_url() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let run = |url: &str| {
        Command::new(env!("CARGO_BIN_EXE_hookyard"))
            .arg("plugins")
            .env_clear()
            .env("HOOKYARD_URL", url)
            .output()
            .expect("it runs")
    };
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{unused}");
        let output = run(&url);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains(&format!("no host is running at {url}")), "{}", stderr(&output));
    }
    assert_eq!(code(&run("127.0.0.1:8080")), 2, "a URL has a scheme");
}

#[test]
fn a_broken_component_is_refused_with_the_reason() {
    let directory = directory();
    std::fs::write(directory.path().join("broken.wasm"), b"\0asm but not really").expect("writable");
    let output = hookyard(directory.path(), &["check", "broken.wasm"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).starts_with("error: broken.wasm: "), "{}", stderr(&output));
    let output = hookyard(directory.path(), &["check", "missing.wasm"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("missing.wasm: it cannot be read: No such file"), "{}", stderr(&output));
}

#[test]
fn a_configuration_is_checked_as_a_whole() {
    let directory = directory();
    let file = |content: &str| std::fs::write(directory.path().join("x.toml"), content).expect("writable");
    file("lisen = 1\n[connections.a]\nplugin = \"x\"\nconfig = { key = \"${MISSING}\" }\n");
    let output = hookyard(directory.path(), &["check", "--config", "x.toml"]);
    assert_eq!(code(&output), 1);
    let said = stderr(&output);
    assert!(said.contains("x.toml:1: lisen: unknown key; did you mean listen?"), "{said}");
    assert!(said.contains("x.toml:4: connections.a.config.key: the variable MISSING is not set"), "{said}");

    file("[connections.a]\nplugin = \"x\"\n");
    let output = hookyard(directory.path(), &["check", "--config", "x.toml"]);
    assert_eq!(code(&output), 1);
    let said = stderr(&output);
    assert_eq!(said, "error: 1 problem\nx.toml:1: no plugin x is loaded (loaded: none)\n");
    let left = std::fs::read_dir(directory.path()).expect("readable").count();
    assert_eq!(left, 1, "compiled code is removed, and no data directory is made");
}

#[test]
fn a_configuration_is_checked_against_the_plugins_that_it_names() {
    let directory = directory();
    let plugins = directory.path().join("plugins");
    std::fs::create_dir(&plugins).expect("writable");
    std::fs::copy(hookyard_tests::guests::AFTERSHIP, plugins.join("aftership.wasm")).expect("a guest can be copied");
    let check = |content: &str| {
        std::fs::write(directory.path().join("x.toml"), content).expect("writable");
        hookyard(directory.path(), &["check", "--config", "x.toml"])
    };
    let right = "[connections.right]\nplugin = \"aftership\"\nconfig = { api_key = \"k\", webhook_secret = \"s\" }\n";
    let output = check(right);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(
        stderr(&output).ends_with("1 plugin, 1 connection and 0 subscriptions: nothing is wrong\n"),
        "{}",
        stderr(&output)
    );
    assert!(stdout(&output).contains("x.toml:1"), "{}", stdout(&output));

    std::fs::write(plugins.join("broken.wasm"), b"hello").expect("writable");
    let output = check(&format!(
        "strict = true\n{right}\
         [connections.schema]\nplugin = \"aftership\"\nconfig = {{ api_key = \"\", webhook_secret = \"s\" }}\n\
         [connections.lost]\nplugin = \"parcels\"\n\
         [connections.unset]\nplugin = \"aftership\"\nconfig = {{ api_key = \"${{MISSING}}\" }}\n"
    ));
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    for problem in [
        "x.toml:7: connections.schema.config.api_key: ",
        "x.toml:8: no plugin parcels is loaded (loaded: aftership)",
        "x.toml:12: connections.unset.config.api_key: the variable MISSING is not set",
        "plugins/broken.wasm: ",
    ] {
        assert!(said.contains(problem), "{problem} is missing:\n{said}");
    }
    assert!(said.starts_with("error: 4 problems\n") && !said.contains("connections.right"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn subscriptions_are_checked_with_what_they_name() {
    let directory = directory();
    let plugins = directory.path().join("plugins");
    std::fs::create_dir(&plugins).expect("writable");
    std::fs::copy(hookyard_tests::guests::AFTERSHIP, plugins.join("aftership.wasm")).expect("a guest can be copied");
    let check = |content: &str| {
        let shop = "[connections.shop]\nplugin = \"aftership\"\nconfig = { api_key = \"k\", webhook_secret = \"s\" }\n";
        std::fs::write(directory.path().join("x.toml"), format!("{shop}{content}")).expect("writable");
        hookyard(directory.path(), &["check", "--config", "x.toml"])
    };
    let right =
        "[subscriptions.crm]\ntypes = [\"aftership.*\"]\nendpoint = { url = \"https://crm.example.com/hooks\" }\n";
    let output = check(right);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let all = "1 plugin, 1 connection and 1 subscription: nothing is wrong\n";
    assert!(stderr(&output).ends_with(all), "{}", stderr(&output));
    assert!(stdout(&output).contains("https://crm.example.com/hooks") && stdout(&output).contains("x.toml:4"));

    let output = check(
        "[subscriptions.lost]\ntypes = []\nendpoint = { connection = \"nowhere\", action = \"x\" }\n\
         [subscriptions.idle]\ntypes = [\"a.b\"]\nendpoint = { connection = \"shop\", action = \"fly\" }\n\
         [subscriptions.wrong]\ntypes = [\"a.b\"]\nwhen = \"event.\"\n\
         endpoint = { connection = \"shop\", action = \"track-shipment\", input = { tracking_number = 7 } }\n\
         [subscriptions.flat]\ntypes = [\"a*b\"]\nendpoint = { url = \"http://crm.example.com\", secret = \"${MISSING}\" }\n",
    );
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    for problem in [
        "x.toml:6: subscriptions.lost.endpoint.connection: there is no connection nowhere",
        "x.toml:9: subscriptions.idle.endpoint.action: connection shop has no action fly; it has ",
        "x.toml:12: subscriptions.wrong.when: ",
        "x.toml:16: subscriptions.flat.endpoint.secret: the variable MISSING is not set",
    ] {
        assert!(said.contains(problem), "{problem} is missing:\n{said}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn a_directory_without_a_crate_is_no_plugin() {
    let directory = directory();
    let output = hookyard(directory.path(), &["build", "."]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("no Cargo.toml"), "{}", stderr(&output));
}

#[test]
fn where_no_plugin_is_dev_says_how_to_make_one() {
    let directory = directory();
    let output = hookyard(directory.path(), &["dev"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("cannot look into plugins"), "{}", stderr(&output));
    let output = hookyard(directory.path(), &["dev", "."]);
    assert_eq!(code(&output), 1);
    let said = stderr(&output);
    assert!(said.contains("no plugin below .") && said.contains("`hookyard new NAME`"), "{said}");
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 0, "and makes nothing");
}

#[test]
fn a_new_plugin_needs_a_language_and_an_sdk_that_exist() {
    let directory = directory();
    let output = hookyard(directory.path(), &["new", "parcels", "--lang", "cobol"]);
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output).contains("rust only") && stderr(&output).contains("plugins/README.md"),
        "{}",
        stderr(&output)
    );
    let output = hookyard(directory.path(), &["new", "parcels"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("--sdk CLONE/plugins/sdk/rust"), "{}", stderr(&output));
    assert_eq!(code(&hookyard(directory.path(), &["new", "match"])), 2);
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 0, "nothing is made");
}

#[test]
fn check_says_in_words_what_a_plugin_asks() {
    let output = hookyard(directory().path(), &["check", hookyard_tests::guests::AFTERSHIP]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let said = stdout(&output);
    assert!(
        said.contains("send requests to the host of the URL at /api_base of the config, by default https://"),
        "{said}"
    );
    assert!(said.contains("have the host send {secret:/api_key} to"), "{said}");
    assert!(!stderr(&output).contains("warning:"), "{}", stderr(&output));
}

hookyard_tests::with_python_guest! {
    #[test]
    fn a_frozen_interpreter_is_a_hazard() {
        let file = hookyard_tests::guests::PYTHON.expect("it was built");
        let output = hookyard(directory().path(), &["check", file]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("warning: its code was started when it was built (componentize-py)"), "{said}");
        assert!(!said.contains("its manifest depends"), "{said}");
    }
}

#[test]
fn a_host_does_not_start_with_a_wrong_configuration() {
    let directory = directory();
    std::fs::write(directory.path().join("hookyard.toml"), "listen = 5\npublic_url = \"x\"\n").expect("writable");
    let output = hookyard(directory.path(), &["serve"]);
    assert_eq!(code(&output), 1);
    assert_eq!(stderr(&output).matches("hookyard.toml:").count(), 2, "{}", stderr(&output));
    assert!(!directory.path().join("data").exists(), "nothing is made before the configuration is right");
}

#[test]
fn a_strict_host_does_not_start_with_a_wrong_subscription() {
    let directory = directory();
    let file = "listen = \"127.0.0.1:0\"\npool_slots = 0\n[subscriptions.crm]\nendpoint = { url = \"https://x.example/\" }\n";
    std::fs::write(directory.path().join("hookyard.toml"), file).expect("writable");
    let output = hookyard(directory.path(), &["serve", "--strict"]);
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("hookyard.toml:3: subscriptions.crm.types: types is required"), "{said}");
}
