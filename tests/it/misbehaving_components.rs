//! A component that cannot serve is refused with a reason that says what is wrong and what to do, and costs the host and the
//! other plugins nothing.

#[allow(dead_code, reason = "shared with tests that need more of it")]
#[path = "../../host/sandbox/tests/sandbox/guest.rs"]
mod hand_made;

mod fixtures;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hookyard_domain::limit;
use hookyard_domain::manifest::Manifest;
use hookyard_sandbox::LoadBounds;
use hookyard_tests::guests;
use hookyard_tests::host::{Builder, TestHost};
use serde_json::{Value, json};

use fixtures::Fixture;

const BINARY: &str = env!("CARGO_BIN_EXE_hookyard");
const TRACKING_UPDATE: &[u8] = include_bytes!("../vectors/a1_tracking_update.json");

/// Enough for every component that is meant to load, and little for one that is not.
const BOUNDS: LoadBounds = LoadBounds {
    compile_wall: Duration::from_secs(300),
    compile_cpu: Duration::from_secs(2),
    compile_address_bytes: limit::COMPILE_ADDRESS_BYTES_MAX,
    compile_turn: limit::COMPILE_TURN,
    describe_wall: Duration::from_secs(60),
    describe_cpu: Duration::from_millis(100),
};

/// A host with these files in its plugin directory beside a good plugin.
async fn host_with(fixtures: &[Fixture]) -> TestHost {
    let host = Builder::new(BINARY).plugin(guests::AFTERSHIP).aftership("shop").load_bounds(BOUNDS);
    let with = |host: Builder, (name, wasm): &Fixture| host.plugin_bytes(&format!("{name}.wasm"), wasm);
    fixtures.iter().fold(host, with).start().await
}

/// What the API says of the files in this state, by name.
async fn files(host: &TestHost, state: &str) -> Vec<(String, Value)> {
    let listed = host.get("/v1/plugins").await.json();
    let files = listed["plugins"].as_array().expect("a list").iter().filter(|file| file["state"] == state);
    let named = files.map(|file| {
        let name = Path::new(file["file"].as_str().expect("a path")).file_name().expect("a name");
        (name.display().to_string(), file.clone())
    });
    let mut files: Vec<_> = named.collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// Why each file was rejected.
async fn reasons(host: &TestHost) -> Vec<(String, String)> {
    let rejected = files(host, "rejected").await.into_iter();
    rejected.map(|(name, file)| (name, file["last_error"].as_str().expect("a reason").to_owned())).collect()
}

fn in_lines(reasons: &[(String, String)]) -> String {
    reasons.iter().map(|(name, reason)| format!("{name}: {reason}\n")).collect()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).expect("readable").map(|entry| entry.expect("readable").path()).collect()
}

/// Everything that must hold whatever was in the directory beside the good plugin.
async fn unharmed(host: &TestHost) {
    assert_eq!(host.webhook("shop", TRACKING_UPDATE).await.status(), 200, "the good plugin serves");
    let serving = files(host, "serving").await;
    assert!(serving.len() == 1 && serving[0].1["name"] == "aftership", "{serving:?}");
    let compiled = entries(&host.directory().join("data/compiled"));
    let good = serving[0].1["sha256"].as_str().expect("a hash");
    let is_good = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(good));
    assert!(!compiled.is_empty() && compiled.iter().all(is_good), "only the good plugin's code is kept: {compiled:?}");
    assert!(compilers_of(host.directory()).is_empty(), "no compiler runs on");
}

/// The running processes that compile into this directory.
fn compilers_of(directory: &Path) -> Vec<PathBuf> {
    let directory = directory.to_string_lossy();
    let compiles = |process: &PathBuf| {
        fs::read(process.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*directory))
    };
    fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path()).filter(compiles).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_is_named_for_what_it_is() {
    let host = host_with(&fixtures::no_plugins()).await;
    insta::assert_snapshot!(in_lines(&reasons(&host).await));
    unharmed(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_says_of_itself_is_refused_by_place_and_value() {
    let host = host_with(&fixtures::ill_described()).await;
    insta::assert_snapshot!(in_lines(&reasons(&host).await));
    unharmed(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn describing_oneself_is_bounded_and_leads_nowhere() {
    let host = host_with(&fixtures::busy_describing()).await;
    insta::assert_snapshot!(in_lines(&reasons(&host).await));
    unharmed(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_the_compiler_is_given_up() {
    let host = host_with(&fixtures::too_much()).await;
    insta::assert_snapshot!(in_lines(&reasons(&host).await));
    unharmed(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_the_same() {
    let quick = [fixtures::no_plugins(), fixtures::ill_described(), fixtures::too_quick_to_bound()].concat();
    let host = host_with(&quick).await;
    let reasons = reasons(&host).await;
    assert_eq!(reasons.len(), quick.len());
    let mut first = None;
    for (name, reason) in reasons {
        let mut check = Command::new(BINARY);
        let output = check.arg("check").arg(&name).current_dir(host.directory().join("plugins")).output();
        let output = output.expect("the command runs");
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(without_addresses(&said).contains(&without_addresses(&reason)), "{name}: {said} instead of {reason}");
        first.get_or_insert(said);
    }
    insta::assert_snapshot!(first.expect("some were rejected"));
}

/// Without the place in the code at which a component trapped: two runs need not name the same byte.
fn without_addresses(text: &str) -> String {
    text.split(' ').filter(|word| !word.starts_with("0x")).collect::<Vec<_>>().join(" ")
}

/// A runtime in many parts, as Python's, serves and is pooled.
#[tokio::test]
async fn a_component_of_38_core_instances_serves_from_the_pool() {
    let host = Builder::new(BINARY).plugin_bytes("parts.wasm", &fixtures::of_core_instances(38)).start().await;
    let serving = files(&host, "serving").await;
    assert!(serving.len() == 1 && serving[0].1["pooled"] == true, "{serving:?}");
    let most = u8::try_from(limit::GUEST_CORE_INSTANCES_MAX).expect("a small number");
    let host = Builder::new(BINARY).plugin_bytes("parts.wasm", &fixtures::of_core_instances(most)).start().await;
    assert_eq!(files(&host, "serving").await.len(), 1, "{:?}", reasons(&host).await);
}

#[tokio::test]
async fn deep_nesting_within_a_function_is_no_reason_to_refuse() {
    let host = Builder::new(BINARY).plugin_bytes("deep.wasm", &fixtures::of_nested_blocks(10_000)).start().await;
    assert_eq!(files(&host, "serving").await.len(), 1, "{:?}", reasons(&host).await);
}

/// Where other hosts backtrack for ever, the time to match is linear in the text: this would take longer than the universe.
#[test]
fn a_pattern_that_is_endless_elsewhere_is_matched_in_one_go() {
    let manifest = fixtures::manifest_with_pattern("^(([a-z])+.)+[A-Z]([a-z])+$");
    let manifest = Manifest::parse(&manifest.to_string()).expect("usable").manifest;
    let schema = hookyard_domain::config::ConfigSchema::compile(&manifest).expect("usable");
    let attack = "a".repeat(60_000);
    schema.resolve(json!({ "id": attack })).expect_err("it does not match");
}
