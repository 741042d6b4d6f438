mod deliveries;

use std::collections::BTreeMap;
use std::time::Duration;

use hookyard_domain::grant::Grant;
use serde_json::json;

use super::*;

/// A directory with files, variables and flags: everything that settings are made of.
struct World {
    directory: tempfile::TempDir,
    variables: BTreeMap<&'static str, &'static str>,
    flags: Flags,
}

impl World {
    fn new(file: &str) -> Self {
        let world = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            variables: BTreeMap::new(),
            flags: Flags::default(),
        };
        world.file(DEFAULT_FILE, file)
    }

    fn file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.directory.path().join(name), content).expect("the directory is writable");
        self
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.insert(name, value);
        self
    }

    fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    fn load(&self) -> Result<Settings, Problems> {
        let environment = |name: &str| self.variables.get(name).map(ToString::to_string);
        load(&self.flags, self.directory.path(), &environment)
    }

    fn problems(&self) -> String {
        self.load().expect_err("the settings are wrong").to_string()
    }

    fn connection(&self, id: &str) -> ConnectionSettings {
        let settings = self.load().expect("the host's own settings are right");
        settings.connections[&id.parse().expect("an id")].clone()
    }
}

fn strict() -> Flags {
    Flags { strict: true, ..Flags::default() }
}

const WRONG: &str = r#"
listen = "localhost"
admin_listen = 8081
public-url = "https://hooks.example.com"
public_url = "ftp://hooks.example.com"
pluginz = "x"
pool_slots = 99_999_999
log_format = "xml"

[egress]
private_addresses = ["10.0.0.0/8", "10.0.0.1/8", 5]
allow = true

[rollback]
enable = true
invocations = 3
threshold = 1.0

[deliveries]
pause_after_hours = 0
retention = 7

[subscriptions.parcel-to-crm]
types = ["aftership.*"]
endpoint = { url = "${CRM_URL}" }

[subscriptions.Parcels]

[subscriptions.sub_1]

[connections."Shop EU"]
plugin = "aftership"

[connections.nameless]
plugn = "aftership"

[connections.shop]
plugin = "After Ship"
grants = "everything"

[connections.shop-eu]
plugin = "aftership"
enabled = "yes"
grants = { hosts = ["https://a.example", "b.example"], allow_unsigned = 1, private = [] }

[connections.shop-eu.config]
api_key = "${AFTERSHIP_API_KEY}"
webhook_secret = ["${file:missing.txt}", "fine", "${", "${not a name}"]
since = 2026-03-04
ratio = inf
huge = 99999999999999999999
"#;

#[test]
fn everything_wrong_is_reported_at_once_with_file_line_and_way_out() {
    insta::assert_snapshot!(World::new(WRONG).problems());
}

#[test]
fn mistakes_in_the_toml_itself_are_reported_without_quoting_the_line() {
    let problems =
        World::new("listen = \"127.0.0.1:1\"\n[connections.a]\nconfig = { key = hunter2hunter2 }\nx = \n").problems();
    assert!(!problems.contains("hunter2"), "{problems}");
    assert!(problems.contains("hookyard.toml:3: not TOML") && problems.contains("hookyard.toml:4"), "{problems}");
}

#[test]
fn a_problem_of_one_connection_leaves_the_others_and_the_host_alone() {
    let world = World::new(
        "[connections.good]\nplugin = \"aftership\"\n\n[connections.bad]\nplugin = \"aftership\"\nconfig = { key = \"${MISSING}\" }\n\n[connections.worse]\nplugin = 5\n",
    );
    let settings = world.load().expect("the host starts");
    assert!(settings.connections[&"good".parse().expect("an id")].problems.is_empty());
    let bad = &settings.connections[&"bad".parse().expect("an id")];
    assert_eq!(
        bad.problems,
        ["hookyard.toml:6: connections.bad.config.key: the variable MISSING is not set in the host's environment"]
    );
    assert_eq!(settings.problems, ["hookyard.toml:9: connections.worse.plugin: must be a string, not an integer"]);
    let world = world.flags(strict());
    assert_eq!(world.load().expect_err("strict refuses").iter().count(), 2);
}

#[test]
fn a_missing_default_file_means_defaults_and_a_missing_named_one_is_an_error() {
    let world = World::new("");
    std::fs::remove_file(world.directory.path().join(DEFAULT_FILE)).expect("it is there");
    let settings = world.load().expect("defaults");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.plugins, world.directory.path().join("plugins"));
    assert_eq!(settings.data, world.directory.path().join("data"));
    assert_eq!((settings.file, settings.admin_listen, settings.strict), (None, None, false));

    let named = world.flags(Flags { config: Some("other.toml".into()), ..Flags::default() });
    assert!(named.problems().starts_with("other.toml: cannot be read"), "{}", named.problems());
    let by_variable = World::new("").variable("HOOKYARD_CONFIG", "other.toml");
    assert!(by_variable.problems().starts_with("other.toml: cannot be read"));
}

#[test]
fn flags_override_variables_which_override_the_file() {
    let file = "listen = \"127.0.0.1:1\"\nplugins = \"p\"\ndata = \"d\"\nlog_format = \"json\"\npool_slots = 7\nadmin_on_listen = true\n";
    let world = World::new(file);
    let path = world.directory.path().to_owned();
    let settings = world.load().expect("right");
    assert_eq!(
        (
            settings.listen.port(),
            settings.plugins,
            settings.data,
            settings.log_format,
            settings.pool_slots,
            settings.admin_on_listen
        ),
        (1, path.join("p"), path.join("d"), LogFormat::Json, 7, true)
    );

    let world = world
        .variable("HOOKYARD_LISTEN", "127.0.0.1:2")
        .variable("HOOKYARD_DATA", "/srv/data")
        .variable("HOOKYARD_LOG_FORMAT", "text")
        .variable("HOOKYARD_POOL_SLOTS", "")
        .variable("HOOKYARD_ADMIN_ON_LISTEN", "false");
    let settings = world.load().expect("right");
    assert_eq!(
        (
            settings.listen.port(),
            settings.plugins,
            settings.data,
            settings.log_format,
            settings.pool_slots,
            settings.admin_on_listen
        ),
        (2, path.join("p"), "/srv/data".into(), LogFormat::Text, 7, false)
    );

    let world = world.flags(Flags {
        listen: Some(([127, 0, 0, 1], 3).into()),
        data: Some("elsewhere".into()),
        ..Flags::default()
    });
    let settings = world.load().expect("right");
    assert_eq!((settings.listen.port(), settings.data), (3, path.join("elsewhere")));
}

#[test]
fn wrong_variables_are_named_but_never_shown() {
    let world = World::new("")
        .variable("HOOKYARD_TOKEN", "short-secret")
        .variable("HOOKYARD_LISTEN", "hunter2")
        .variable("HOOKYARD_STRICT", "maybe");
    insta::assert_snapshot!(world.problems());
}

#[test]
fn paths_of_a_named_file_start_where_the_file_is() {
    let world = World::new("");
    std::fs::create_dir(world.directory.path().join("etc")).expect("writable");
    let world = world
        .file(
            "etc/host.toml",
            "plugins = \"p\"\n[connections.a]\nplugin = \"x\"\nconfig = { key = \"${file:key.txt}\" }\n",
        )
        .file("etc/key.txt", "abc\n\n")
        .flags(Flags { config: Some("etc/host.toml".into()), ..Flags::default() });
    let settings = world.load().expect("right");
    assert_eq!(settings.plugins, world.directory.path().join("etc/p"));
    assert_eq!(settings.data, world.directory.path().join("etc/data"));
    assert_eq!(
        world.connection("a").config,
        json!({ "key": "abc\n" }),
        "one trailing newline is dropped, and only one"
    );
}

#[test]
fn a_config_becomes_json_without_losing_anything() {
    let world = World::new(
        r#"
[connections.a]
plugin = "x"
[connections.a.config]
small = -9223372036854775808
large = 18446744073709551615
hex = 0xff_ff
float = 1.5
yes = true
text = "${A}-$${A}-$5"
list = [1, "two", { three = 3 }]
"~/odd" = "key"
nested.deep = "x"
"#,
    )
    .variable("A", "${B}");
    let settings = world.connection("a");
    assert_eq!(
        settings.config,
        json!({
            "small": i64::MIN, "large": u64::MAX, "hex": 65535, "float": 1.5, "yes": true,
            "text": "${B}-${A}-$5", "list": [1, "two", { "three": 3 }], "~/odd": "key", "nested": { "deep": "x" },
        }),
        "values of variables are not filled in again"
    );
}

#[test]
fn the_line_of_a_member_is_found_by_its_pointer() {
    let world = World::new(
        "\n[connections.a]\nplugin = \"x\"\n[connections.a.config]\nkey = 1\nlist = [\n  1,\n  { \"a/b\" = 2 },\n]\n",
    );
    let settings = world.connection("a");
    assert_eq!(settings.location, "hookyard.toml:2");
    for (pointer, expected) in [
        ("/key", "hookyard.toml:5: connections.a.config.key"),
        ("/list/1/a~1b", "hookyard.toml:8: connections.a.config.list.1.a/b"),
        ("/missing", "hookyard.toml:4: connections.a.config.missing"),
        ("", "hookyard.toml:4: connections.a.config"),
    ] {
        assert_eq!(settings.line_of(pointer), expected, "{pointer}");
    }
    let without = World::new("[connections.a]\nplugin = \"x\"\n").connection("a");
    assert_eq!(without.line_of("/api_key"), "hookyard.toml:1: connections.a.config.api_key");
    let of_no_file = ConnectionSettings::new("x".parse().expect("a name"), json!({}));
    assert_eq!(of_no_file.line_of("/api_key"), "no file: config.api_key");
}

#[test]
fn grants_are_as_asked_or_what_the_table_says() {
    let world = World::new(
        "[connections.a]\nplugin = \"x\"\ngrants = \"as-asked\"\n[connections.b]\nplugin = \"x\"\n[connections.c]\nplugin = \"x\"\n[connections.c.grants]\nhosts = [\"http://crm:8080\"]\nallow_unsigned = true\nprivate_addresses = [\"10.0.0.0/8\"]\n",
    );
    assert_eq!(world.connection("a").grant, Grant::default());
    assert_eq!(world.connection("b").grant, Grant::default());
    let beyond = Grant {
        hosts: vec!["http://crm:8080".parse().expect("a pattern")],
        allow_unsigned: true,
        private_addresses: vec!["10.0.0.0/8".parse().expect("a range")],
    };
    assert_eq!(world.connection("c").grant, beyond);
}

#[test]
fn nothing_that_came_from_a_variable_shows_in_debug_or_problems() {
    let world = World::new("public_url = \"${S}\"\nlisten = \"a${S}\"\n[connections.a]\nplugin = \"${S} \"\ngrants = { hosts = [\"${S} \"] }\nconfig = { key = \"${S}\" }\n")
        .variable("S", "hunter2-hunter2");
    let problems = world.problems();
    assert!(!problems.contains("hunter2") && problems.lines().count() == 4, "{problems}");

    let world = World::new("[connections.a]\nplugin = \"x\"\nconfig = { key = \"${S}\" }\n")
        .variable("S", "hunter2-hunter2")
        .variable("HOOKYARD_TOKEN", "hunter2-hunter2-hunter2");
    let settings = world.load().expect("right");
    assert_eq!(settings.connections[&"a".parse().expect("an id")].config, json!({ "key": "hunter2-hunter2" }));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn clients_find_the_data_directory_of_a_host_whose_variables_they_lack() {
    let world =
        World::new("data = \"d\"\nnonsense = 1\n[connections.a]\nplugin = \"x\"\nconfig = { key = \"${MISSING}\" }\n");
    let path = world.directory.path();
    let find = |flags: &Flags, data: Option<&'static str>| {
        data_directory(flags, path, &|name: &str| (name == "HOOKYARD_DATA").then_some(data?.to_owned()))
    };
    let flag = Flags { data: Some("flag".into()), ..Flags::default() };
    assert_eq!(find(&Flags::default(), None), Ok(path.join("d")));
    assert_eq!(find(&Flags::default(), Some("variable")), Ok(path.join("variable")));
    assert_eq!(find(&flag, Some("variable")), Ok(path.join("flag")));
    let other = Flags { config: Some("missing.toml".into()), ..Flags::default() };
    assert!(find(&other, None).is_err());
}

#[test]
fn one_address_for_both_listeners_is_refused() {
    let world = World::new("listen = \"127.0.0.1:8080\"\nadmin_listen = \"127.0.0.1:8080\"\n");
    assert!(world.problems().contains("admin_on_listen = true"));
}

#[test]
fn going_back_has_defaults_and_can_be_changed_or_switched_off() {
    let rollback = |file: &str| World::new(file).load().expect("the settings are right").rollback;
    assert_eq!(rollback(""), RollbackSettings { enabled: true, invocations: 50, threshold: 0.25 });
    let changed = rollback("[rollback]\nenabled = false\ninvocations = 1_000\nthreshold = 5e-1\n");
    assert_eq!(changed, RollbackSettings { enabled: false, invocations: 1_000, threshold: 0.5 });
}

#[test]
fn bounds_of_going_back_are_named_with_the_way_out() {
    for (line, problem) in [
        (
            "threshold = 0",
            "rollback.threshold: 0 is not a share above 0 and below 1, such as 0.25; enabled = false switches it off",
        ),
        (
            "threshold = inf",
            "rollback.threshold: inf is not a share above 0 and below 1, such as 0.25; enabled = false switches it off",
        ),
        ("threshold = -1", "rollback.threshold: is not a number that is understood here"),
        ("threshold = \"0.5\"", "rollback.threshold: must be a number, not a string"),
        (
            "invocations = 4",
            "rollback.invocations: 4 is too few: a version goes back after 5 failures at least; use 5 to 10000",
        ),
        ("invocations = 10001", "rollback.invocations: 10001 is not a whole number from 0 to 10000"),
        ("enabled = 1", "rollback.enabled: must be true or false, not an integer"),
    ] {
        let found = World::new(&format!("[rollback]\n{line}\n")).problems();
        assert_eq!(found.trim_end(), format!("hookyard.toml:2: {problem}"), "{line}");
    }
}

#[test]
fn what_the_inbox_keeps_has_defaults_and_can_be_changed() {
    let inbox = |file: &str| World::new(file).load().expect("the settings are right").inbox;
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    assert_eq!(inbox(""), InboxSettings { keep_all: false, settled_retention: days(7) });
    let changed = inbox("[inbox]\nkeep_all = true\nretention_days = 365\n");
    assert_eq!(changed, InboxSettings { keep_all: true, settled_retention: days(365) });
}

#[test]
fn what_is_wrong_with_the_inbox_is_named_with_the_way_out() {
    for (line, problem) in [
        (
            "retention_days = 0",
            "inbox.retention_days: 0 is too few: what was handled is kept for a day at least, so that it can be replayed; use 1 to 365",
        ),
        ("retention_days = 366", "inbox.retention_days: 366 is not a whole number from 0 to 365"),
        ("retention_days = \"7\"", "inbox.retention_days: must be a whole number, not a string"),
        ("keep_all = 1", "inbox.keep_all: must be true or false, not an integer"),
        ("keepall = true", "inbox.keepall: unknown key; did you mean keep_all?"),
        ("retention = 7", "inbox.retention: unknown key; did you mean retention_days?"),
    ] {
        let found = World::new(&format!("[inbox]\n{line}\n")).problems();
        assert_eq!(found.trim_end(), format!("hookyard.toml:2: {problem}"), "{line}");
    }
}

#[test]
fn a_file_that_is_gone_is_no_file_without_connections() {
    let world = World::new("[connections.a]\nplugin = \"x\"\n");
    let again = |before: Option<&Path>| {
        load_again(&world.flags, world.directory.path(), &|_| None, before).map(|settings| settings.connections.len())
    };
    let file = world.load().expect("right").file.expect("it was read");
    assert_eq!(again(Some(&file)), Ok(1));
    std::fs::remove_file(&file).expect("it is there");
    let problems = again(Some(&file)).expect_err("gone").to_string();
    assert!(problems.contains("hookyard.toml") && problems.contains("gone"), "{problems}");
    assert_eq!(again(None), Ok(0), "there was none before either");
}

#[test]
fn a_connection_without_a_plugin_is_known_by_its_id() {
    let settings = World::new("[connections]\na = 1\nb = { plugni = \"x\" }\n\"C!\" = {}\n").load().expect("startable");
    assert!(settings.connections.is_empty());
    assert_eq!(settings.unlisted, ["a", "b"].map(|id| id.parse().expect("an id")).into());
}
